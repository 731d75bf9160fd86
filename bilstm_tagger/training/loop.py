"""The training loop: epochs, the best model by dev score, a checkpoint after each epoch."""

from __future__ import annotations

import math
import time
from pathlib import Path

import torch
from torch import nn

from bilstm_tagger.errors import TaggerError
from bilstm_tagger.evaluation.evaluate import headline
from bilstm_tagger.nn.batch import Batch
from bilstm_tagger.nn.device import pick_device, pick_precision
from bilstm_tagger.nn.language_model import language_models
from bilstm_tagger.nn.model import TaggingModel
from bilstm_tagger.settings.schema import Settings
from bilstm_tagger.tagging.tagger import Tagger
from bilstm_tagger.training.checkpoint import Checkpoint, State
from bilstm_tagger.training.data import EncodedCorpus, batches, batches_per_epoch, fitting_batch_size
from bilstm_tagger.training.optim import AveragedWeights, Optimizer, learning_rate
from bilstm_tagger.training.prepare import Prepared
from bilstm_tagger.training.progress import Progress, Row, Stopwatch, best_row
from bilstm_tagger.training.replace import SpanReplacer

SEED_STRIDE = 1_000_003  # a prime, so that no two (seed, epoch) pairs in use share a random state


class Trainer:
    """Trains a model on prepared corpora.

    Random states and data order depend on seed and epoch alone, and everything else is in the checkpoint: a run that is
    interrupted and resumed ends with exactly the weights of an unbroken one.
    """

    def __init__(self, settings: Settings, prepared: Prepared, *, folder: Path, progress: Progress) -> None:
        self.settings = settings
        self.progress = progress
        self.device = pick_device(settings.training.device)
        torch.manual_seed(settings.training.seed)
        self.model = prepared.model(settings).to(self.device)
        self.prepared = prepared = prepared.without_rows()
        self.model.precision = pick_precision(settings.training.precision, self.device)
        self.corpora = prepared.encode(settings)
        self.replacers = (
            [SpanReplacer(corpus, prepared.vocab.tags) for corpus in self.corpora] if settings.training.replace else []
        )
        self.batch_size = fitting_batch_size(self.corpora, settings.training.batch_size)
        # Smaller batches are noisier by the square root of what they lack.
        self.pace = (self.batch_size / settings.training.batch_size) ** 0.5
        self.steps_per_epoch = batches_per_epoch(self.corpora, self.batch_size)
        self.steps = self.steps_per_epoch * settings.training.epochs
        self.language_models = language_models(self.model, settings).to(self.device)
        learners = nn.ModuleList([self.model, *self.language_models])
        self.optimizer = Optimizer(learners, settings.training, members=len(self.model.members))
        share = settings.training.average_from
        start = self.steps if share is None else int(share * self.steps)
        self.average = AveragedWeights(self.model, start=start)
        self.state = State()
        self.checkpoint = Checkpoint(folder, self.model, self.language_models, self.optimizer, self.average)

    def resume(self) -> None:
        """Continues from the folder's checkpoint; a folder without one starts from nothing."""
        self.state = self.checkpoint.load() or self.state

    def run(self) -> TaggingModel:
        """Trains until the last epoch or until patience ends; the model with the best dev score."""
        training = self.settings.training
        while self.state.epochs < training.epochs and not self._out_of_patience():
            self._epoch(self.state.epochs)
            self.checkpoint.save(self.state)
        return self.best_model()

    def best_model(self) -> TaggingModel:
        """The model with the best dev score so far; training is over with it."""
        for each in self.language_models:
            each.release()  # type: ignore[operator]
        self.model.load_learned(self.state.best_weights)
        return self.model

    def _out_of_patience(self) -> bool:
        patience = self.settings.training.patience
        if patience is None or not self.state.history:
            return False
        return bool(self.state.epochs - best_row(self.state.history)["epoch"] >= patience)

    def _epoch(self, epoch: int) -> None:
        training = self.settings.training
        torch.manual_seed(training.seed * SEED_STRIDE + epoch + 1)
        self.model.train()
        began, cpu = time.perf_counter(), time.process_time()
        watch = Stopwatch()
        total = 0.0
        step = epoch * self.steps_per_epoch
        order = {"batch_size": self.batch_size, "seed": training.seed, "epoch": epoch}
        for batch in batches(self._corpora(epoch), **order, recase=training.recase):
            rate = self.pace * learning_rate(training, step, self.steps)
            total += self._step(batch, step, rate)
            step += 1
            loss = total / (step - epoch * self.steps_per_epoch)
            self.progress.step(
                epoch=epoch + 1,
                step=step,
                steps=self.steps,
                loss=loss,
                learning_rate=rate,
                tokens_per_second=watch.add(batch.tokens),
            )
        trained = time.perf_counter()
        row: Row = {
            "epoch": epoch + 1,
            "loss": loss,
            **self._judge(),
            "learning_rate": rate,
            "tokens_per_second": watch.tokens / (trained - began),
        }
        row |= {"seconds": time.perf_counter() - began, "cpu_seconds": time.process_time() - cpu}
        self._remember(row)
        self.progress.epoch(row)

    def _corpora(self, epoch: int) -> list[EncodedCorpus]:
        """The corpora as this epoch reads them."""
        share, seed = self.settings.training.replace, self.settings.training.seed
        replaced = [replacer.replaced(share, [seed, epoch, number]) for number, replacer in enumerate(self.replacers)]
        return replaced or self.corpora

    def _step(self, batch: Batch, step: int, rate: float) -> float:
        """One optimiser step; the loss of the tags per sentence."""
        batch = batch.to(self.device) if self.device.type != "cpu" else batch
        losses = self.model.losses(batch)
        weighted = [self.settings.tasks[task].weight * value for task, value in losses.items()]
        loss = torch.stack(weighted).sum() / len(batch.sentence_lengths)
        value = loss.item() / len(self.model.members)
        if self.language_models:
            neighbours = torch.stack([each.loss(batch) for each in self.language_models]).sum()  # type: ignore[operator]
            loss = loss + self.settings.training.language_model * neighbours / len(batch.sentence_lengths)
        if not math.isfinite(found := loss.item()):
            raise TaggerError(f"the loss is {found} at step {step + 1}: lower training.learning_rate ({rate:g} now)")
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step(rate)
        self.average.update(step)
        return value

    def _judge(self) -> Row:
        """Dev score of each task with the averaged weights, where averaging has begun; keeps the best weights."""
        self.average.swap()
        try:
            dev = self.dev_scores(self.tagger())
            row = {"dev": dev, "score": sum(dev.values()) / len(dev), "averaged": self.average.count > 0}
            if best_row([*self.state.history, row]) is row:
                self.state.best_weights = {name: weight.clone() for name, weight in self.model.learned().items()}
        finally:
            self.average.swap()
        return row

    def dev_scores(self, tagger: Tagger) -> dict[str, float]:
        """The tagger's headline score on the dev documents of each task."""
        scores = {}
        for source in self.prepared.sources:
            predicted = list(tagger.pipe(source.dev))
            scores.update({task: headline(source.dev, predicted, task) for task in source.tasks})
        return {task: scores[task] for task in self.settings.tasks}

    def _remember(self, row: Row) -> None:
        self.state.history.append(row)
        self.state.epochs = row["epoch"]
        row["best"] = best_row(self.state.history)["score"]

    def tagger(self) -> Tagger:
        """A tagger around the model as it is now."""
        return Tagger(self.model, self.prepared.vocab, settings=self.settings, schemes=self.prepared.schemes)
