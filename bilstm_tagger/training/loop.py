"""The training loop: epochs, the best model by dev score, a checkpoint after each epoch."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from bilstm_tagger.errors import TrainingError
from bilstm_tagger.evaluation.evaluate import headline
from bilstm_tagger.model_folder.folder import ModelParts
from bilstm_tagger.nn.batch import Batch
from bilstm_tagger.nn.device import is_queued, pick_device, pick_precision
from bilstm_tagger.nn.model import TaggingModel
from bilstm_tagger.settings.schema import TrainingSettings
from bilstm_tagger.tagging.tagger import Tagger
from bilstm_tagger.training.checkpoint import Checkpoint, State
from bilstm_tagger.training.data import batch_plan, epoch_order, plan, sentences_at
from bilstm_tagger.training.losses import EpochLosses
from bilstm_tagger.training.optim import AveragedWeights, Optimizer, learning_rate
from bilstm_tagger.training.pace import Pace
from bilstm_tagger.training.prepare import Prepared
from bilstm_tagger.training.processes import Processes, told
from bilstm_tagger.training.progress import Progress, Row, Stopwatch, best_row

ASK_EVERY = 50  # steps after which a GPU or other processes are asked for their losses: each answer is waited for
NAMED = 5  # sentences in a message
PROCESS_STRIDE = 15_485_863  # another prime, between the random states of the processes of a run
SEED_STRIDE = 1_000_003  # a prime, so that no two (seed, epoch) pairs in use share a random state


class NotFiniteError(TrainingError):
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
        processes: Processes | None = None,
    ) -> None:
        """Builds the model and encodes the corpora.

        Args:
            training: how the weights are found.
            prepared: corpora, vocabulary and network.
            weights: for each task the factor of its loss.
            folder: where checkpoints go.
            progress: hears of every step and epoch.
            processes: that share the work; this one alone unless given.
        """
        self.training = training
        self.progress = progress
        self.processes = processes or Processes()
        self.device = pick_device(training.device)
        torch.manual_seed(training.seed)
        self.model = prepared.model().to(self.device)
        self.prepared = prepared = prepared.without_rows()
        self.model.precision = pick_precision(training.precision, self.device)
        self.corpora = prepared.encode(recase=training.recase > 0)
        self.pace = Pace.of(training, self.corpora, self.device)
        self.model.embedder.train_on(self.device)
        words = self.model.embedder.words
        self.optimizer = Optimizer(
            self.model, training, encoders=len(self.model.members), rows=[] if words.sparse else [words.weight]
        )
        share = training.average_from
        start = self.pace.steps if share is None else int(share * self.pace.steps)
        self.average = AveragedWeights(self.model, start=start)
        self.state = State()
        self.loss = self.processes.wrapped(_Loss(self.model, weights), leaves_out=len(self.corpora) > 1)
        self.checkpoint = Checkpoint(folder, self.model, self.optimizer, self.average)

    def resume(self) -> None:
        """Continues from the folder's checkpoint; a folder without one starts from nothing."""
        self.state = self.checkpoint.load() or self.state

    def run(self) -> TaggingModel:
        """Trains until the last epoch, or until patience ends or no later epoch can be better.

        Returns:
            The model with the best dev score; in all processes but the first, which alone keeps it, that of the last.
        """
        while self.state.epochs < self.pace.epochs and not self._out_of_patience() and not self.is_perfect:
            self._epoch(self.state.epochs)
            if self.processes.is_first:
                self.checkpoint.save(self.state)
        return self.best_model() if self.processes.is_first else self.model

    def best_model(self) -> TaggingModel:
        """The model with the best dev score so far; training is over with it."""
        self.model.load_learned(self.state.best_weights)
        return self.model

    @property
    def is_perfect(self) -> bool:
        """Whether an epoch that counts has a dev score of 1: the first such epoch is the best, whatever follows."""
        if not self.state.history:
            return False
        best = best_row(self.state.history)
        return bool(best["score"] >= 1.0 and (best["averaged"] or self.training.average_from is None))

    def _out_of_patience(self) -> bool:
        patience = self.training.patience
        if patience is None or not self.state.history:
            return False
        return bool(self.state.epochs - best_row(self.state.history)["epoch"] >= patience)

    def _epoch(self, epoch: int) -> None:
        training = self.training
        torch.manual_seed(training.seed * SEED_STRIDE + epoch + 1 + self.processes.number * PROCESS_STRIDE)
        self.model.train()
        began, cpu = time.perf_counter(), time.process_time()
        watch = Stopwatch()
        first = step = epoch * self.pace.steps_per_epoch
        order = {"batch_size": self.pace.batch_size, "seed": training.seed, "epoch": epoch}
        losses = EpochLosses(self.processes, first=step, encoders=len(self.model.members))
        for planned in plan(self.corpora, **order, recase=training.recase):
            rate = self._rate(step)
            batch, divisor = planned.share(self.processes.number, self.processes.count)
            losses.add(*self._step(batch, divisor, step, rate))
            step += 1
            if self._asks_each_step or step % ASK_EVERY == 0 or step == first + self.pace.steps_per_epoch:
                bad = losses.ask()
                if bad is not None:
                    raise self._not_finite(*bad, noticed=step)
            self.progress.step(
                epoch=epoch + 1,
                step=step,
                steps=self.pace.steps,
                loss=losses.mean,
                learning_rate=rate,
                tokens_per_second=watch.add(planned.tokens),
            )
        trained = time.perf_counter()
        row: Row = {
            "epoch": epoch + 1,
            "loss": losses.mean,
            **self.processes.of_first(self._judge() if self.processes.is_first else None),
            "learning_rate": rate,
            "tokens_per_second": watch.tokens / (trained - began),
        }
        row |= {"seconds": time.perf_counter() - began, "cpu_seconds": time.process_time() - cpu}
        self._remember(row)
        self.progress.epoch(row)

    @property
    def _asks_each_step(self) -> bool:
        """Whether the loss of each step is looked at, which only a process alone on a CPU does at no cost."""
        return self.processes.count == 1 and not is_queued(self.device)

    def _step(self, batch: Batch, divisor: float, step: int, rate: float) -> tuple[Tensor, Tensor]:
        """One optimiser step; the loss of the tags per sentence, and the norm of the gradient."""
        with told():
            loss = self.loss(batch.to(self.device)) / divisor
            if self._asks_each_step and not loss.isfinite():  # before it spoils the weights
                raise self._not_finite(step, f"the loss is {loss.item()}")
            loss.backward()
        try:
            norm = self.optimizer.step(rate)
        except FloatingPointError as error:
            raise self._not_finite(step, str(error)) from None
        self.average.update(step)
        return loss, norm

    def _not_finite(self, step: int, what: str, *, noticed: int = 0) -> NotFiniteError:
        """An error that names the sentences of a step, which are drawn once more.

        Args:
            step: number of the step, from 0.
            what: what is not finite.
            noticed: steps that had been made when it was looked at.
        """
        epoch, place = divmod(step, self.pace.steps_per_epoch)
        order = epoch_order(self.training.seed, epoch)
        corpus, members = batch_plan(self.corpora, batch_size=self.pace.batch_size, order=order)[place]
        rate = self._rate(step)
        late = f" (noticed at step {noticed})" if noticed > step + 1 else ""
        named = sentences_at(self.prepared.sources[corpus].train, sorted(members.tolist()))
        more = f" and {len(named) - NAMED} more" if len(named) > NAMED else ""
        return NotFiniteError(
            f"{what} at step {step + 1}{late}: lower training.learning_rate ({rate:g} now), or look at the sentences "
            f"of the batch: {', '.join(named[:NAMED])}{more}"
        )

    def _rate(self, step: int) -> float:
        """Learning rate of a step, from 0."""
        return self.pace.factor * learning_rate(self.training, step, self.pace.steps)

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
        best = best_row(self.state.history)
        row |= {"best": best["score"], "best_epoch": best["epoch"]}

    def tagger(self) -> Tagger:
        """A tagger around the model as it is now."""
        return Tagger.of(ModelParts(self.prepared.info, self.model))


class _Loss(nn.Module):
    """The weighted sum of the losses of a batch's sentences, as a module that DDP can wrap."""

    def __init__(self, model: TaggingModel, weights: Mapping[str, float]) -> None:
        super().__init__()
        self.model = model
        self.weights = weights

    def forward(self, batch: Batch) -> Tensor:
        """The loss, a scalar."""
        losses = self.model.losses(batch)
        return torch.stack([self.weights[task] * value for task, value in losses.items()]).sum()
