"""The training loop: epochs, the best model by dev score, a checkpoint after each epoch."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from pathlib import Path

import torch

from bilstm_tagger.errors import TaggerError
from bilstm_tagger.evaluation.evaluate import headline
from bilstm_tagger.model_folder.folder import ModelParts
from bilstm_tagger.nn.batch import Batch
from bilstm_tagger.nn.device import pick_device, pick_precision
from bilstm_tagger.nn.model import TaggingModel
from bilstm_tagger.settings.schema import TrainingSettings
from bilstm_tagger.tagging.tagger import Tagger
from bilstm_tagger.training.checkpoint import Checkpoint, State
from bilstm_tagger.training.data import (
    batch_plan,
    batches,
    batches_per_epoch,
    epoch_order,
    fitting_batch_size,
    sentences_at,
)
from bilstm_tagger.training.optim import AveragedWeights, Optimizer, learning_rate
from bilstm_tagger.training.prepare import Prepared
from bilstm_tagger.training.progress import Progress, Row, Stopwatch, best_row

MOST_EPOCHS = 100  # that `min_steps` asks for: of 100 sentences more steps teach nothing
# By which power of its size the learning rate of a smaller batch is lower. Its gradient is noisier by the square root;
# for AdamW, whose steps hardly depend on the gradient's length, a fifth power did best on dev.
PACE = {"sgd": 0.5, "adamw": 0.2}
NAMED = 5  # sentences in a message
SEED_STRIDE = 1_000_003  # a prime, so that no two (seed, epoch) pairs in use share a random state


class NotFiniteError(TaggerError):
    """A loss or a gradient is infinite or no number."""


class Trainer:
    """Trains a model on prepared corpora.

    Random states and data order depend on seed and epoch alone, and everything else is in the checkpoint: a run that is
    interrupted and resumed ends with exactly the weights of an unbroken one.
    """

    def __init__(
        self,
        training: TrainingSettings,
        prepared: Prepared,
        *,
        weights: Mapping[str, float],
        folder: Path,
        progress: Progress,
    ) -> None:
        """Builds the model and encodes the corpora.

        Args:
            training: how the weights are found.
            prepared: corpora, vocabulary and network.
            weights: for each task the factor of its loss.
            folder: where checkpoints go.
            progress: hears of every step and epoch.
        """
        self.training = training
        self.weights = weights
        self.progress = progress
        self.device = pick_device(training.device)
        torch.manual_seed(training.seed)
        self.model = prepared.model().to(self.device)
        self.prepared = prepared = prepared.without_rows()
        self.model.precision = pick_precision(training.precision, self.device)
        self.corpora = prepared.encode(recase=training.recase > 0)
        self.batch_size = fitting_batch_size(self.corpora, training.batch_size)
        self.pace = (self.batch_size / training.batch_size) ** PACE[training.optimizer]
        self.steps_per_epoch = batches_per_epoch(self.corpora, self.batch_size)
        enough = math.ceil(training.min_steps / self.steps_per_epoch)
        self.epochs = max(training.epochs, min(enough, MOST_EPOCHS))
        self.steps = self.steps_per_epoch * self.epochs
        self.optimizer = Optimizer(self.model, training, encoders=len(self.model.members))
        share = training.average_from
        start = self.steps if share is None else int(share * self.steps)
        self.average = AveragedWeights(self.model, start=start)
        self.state = State()
        self.checkpoint = Checkpoint(folder, self.model, self.optimizer, self.average)

    def resume(self) -> None:
        """Continues from the folder's checkpoint; a folder without one starts from nothing."""
        self.state = self.checkpoint.load() or self.state

    def run(self) -> TaggingModel:
        """Trains until the last epoch or until patience ends; the model with the best dev score."""
        while self.state.epochs < self.epochs and not self._out_of_patience():
            self._epoch(self.state.epochs)
            self.checkpoint.save(self.state)
        return self.best_model()

    def best_model(self) -> TaggingModel:
        """The model with the best dev score so far; training is over with it."""
        self.model.load_learned(self.state.best_weights)
        return self.model

    def _out_of_patience(self) -> bool:
        patience = self.training.patience
        if patience is None or not self.state.history:
            return False
        return bool(self.state.epochs - best_row(self.state.history)["epoch"] >= patience)

    def _epoch(self, epoch: int) -> None:
        training = self.training
        torch.manual_seed(training.seed * SEED_STRIDE + epoch + 1)
        self.model.train()
        began, cpu = time.perf_counter(), time.process_time()
        watch = Stopwatch()
        total = 0.0
        step = epoch * self.steps_per_epoch
        order = {"batch_size": self.batch_size, "seed": training.seed, "epoch": epoch}
        for batch in batches(self.corpora, **order, recase=training.recase):
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

    def _step(self, batch: Batch, step: int, rate: float) -> float:
        """One optimiser step; the loss of the tags per sentence."""
        batch = batch.to(self.device) if self.device.type != "cpu" else batch
        losses = self.model.losses(batch)
        weighted = [self.weights[task] * value for task, value in losses.items()]
        loss = torch.stack(weighted).sum() / len(batch.lengths)
        value = loss.item()
        if not math.isfinite(value):
            raise self._not_finite(f"the loss is {value}", step, rate)
        loss.backward()  # type: ignore[no-untyped-call]
        try:
            self.optimizer.step(rate)
        except FloatingPointError as error:
            raise self._not_finite(str(error), step, rate) from None
        self.average.update(step)
        return float(value / len(self.model.members))

    def _not_finite(self, what: str, step: int, rate: float) -> NotFiniteError:
        """An error that names the sentences of a step, which are drawn once more."""
        epoch, place = divmod(step, self.steps_per_epoch)
        corpus, members = batch_plan(
            self.corpora, batch_size=self.batch_size, order=epoch_order(self.training.seed, epoch)
        )[place]
        named = sentences_at(self.prepared.sources[corpus].train, sorted(members.tolist()))
        more = f" and {len(named) - NAMED} more" if len(named) > NAMED else ""
        return NotFiniteError(
            f"{what} at step {step + 1}: lower training.learning_rate ({rate:g} now), or look at the sentences of the "
            f"batch: {', '.join(named[:NAMED])}{more}"
        )

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
        return {task: scores[task] for task in self.prepared.info.tasks}

    def _remember(self, row: Row) -> None:
        self.state.history.append(row)
        self.state.epochs = row["epoch"]
        row["best"] = best_row(self.state.history)["score"]

    def tagger(self) -> Tagger:
        """A tagger around the model as it is now."""
        return Tagger.of(ModelParts(self.prepared.info, self.model))
