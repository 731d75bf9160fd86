"""How many sentences a batch has, how long steps are, and how many there are: by settings, corpus and device."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from bilstm_tagger.nn.device import is_queued
from bilstm_tagger.settings.schema import TrainingSettings
from bilstm_tagger.training.data import EncodedCorpus, batches_per_epoch, fitting_batch_size

MOST_EPOCHS = 100  # that `min_steps` asks for: of 100 sentences more steps teach nothing
# By which power of its size the learning rate of a smaller batch is lower. Its gradient is noisier by the square root;
# for AdamW, whose steps hardly depend on the gradient's length, a fifth power did best on dev.
SMALLER = {"sgd": 0.5, "adamw": 0.2}
LARGER = 0.5  # and by which power that of a larger batch, on a GPU, is higher


@dataclass(frozen=True, slots=True)
class Pace:
    """The size and number of training's steps.

    Attributes:
        batch_size: sentences in a batch.
        factor: of the learning rate that the settings name.
        steps_per_epoch: batches in an epoch.
        epochs: passes over the training data.
    """

    batch_size: int
    factor: float
    steps_per_epoch: int
    epochs: int

    @property
    def steps(self) -> int:
        """Steps of the whole run."""
        return self.steps_per_epoch * self.epochs

    @classmethod
    def of(cls, training: TrainingSettings, corpora: Sequence[EncodedCorpus], device: torch.device) -> Pace:
        """The pace of a run."""
        batch_size = fitting_batch_size(sum(map(len, corpora)), largest_batch_size(training, device))
        ratio = batch_size / training.batch_size
        factor = ratio ** (SMALLER[training.optimizer] if ratio <= 1 else LARGER)
        steps_per_epoch = batches_per_epoch(corpora, batch_size)
        enough = math.ceil(training.min_steps / steps_per_epoch)
        return cls(batch_size, factor, steps_per_epoch, max(training.epochs, min(enough, MOST_EPOCHS)))


def largest_batch_size(training: TrainingSettings, device: torch.device) -> int:
    """Sentences in a batch of a large corpus.

    On a GPU it is `gpu_batch_factor` times as large: one of the size that a CPU is quick with leaves a GPU waiting for
    work.
    """
    return training.batch_size * (training.gpu_batch_factor if is_queued(device) else 1)
