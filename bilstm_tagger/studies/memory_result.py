"""Settings and results of the study of memory: plain data, stored as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any

from bilstm_tagger.io.atomic import atomic_write
from bilstm_tagger.studies.copy_task import CopyTask, Recipe, Sizes

#: By mixture and network; the learning rate is the best of three or four between 0.001 and 0.02 that were tried.
RECIPES = {
    "even": {
        "rnn": Recipe(0.002),
        "gru": Recipe(0.02),
        "lstm0": Recipe(0.02),
        "lstm1": Recipe(0.01),
        "cnn": Recipe(0.003, batch=128, steps=900),
    },
    "short first": {
        "rnn": Recipe(0.01),
        "gru": Recipe(0.02),
        "lstm0": Recipe(0.02),
        "lstm1": Recipe(0.02),
        "cnn": Recipe(0.003, batch=128, steps=600),
    },
}


@dataclass(frozen=True, slots=True)
class MemorySettings:
    """All settings that the numbers of the study depend on.

    Attributes:
        task: the copy-a-mark task.
        sizes: sizes of the networks.
        recipes: how each network is trained, by mixture and network.
        seeds: each network is trained once per seed.
        lags: lags at which accuracy and gradient are measured, tokens.
        accuracy_count: number of new sequences per accuracy.
        gradient_count: number of sequences per gradient norm.
        scales: scales of the recurrent weights in the part on growth.
        clipping_task: the task of the part on clipping.
        clipping_recipe: how the network of that part is trained with plain SGD.
        clipping_scale: scale of its recurrent weights before training.
        clip: norm that longer gradients are shortened to.
    """

    task: CopyTask = field(default_factory=CopyTask)
    sizes: Sizes = field(default_factory=Sizes)
    recipes: dict[str, dict[str, Recipe]] = field(default_factory=lambda: RECIPES)
    seeds: tuple[int, ...] = (0, 1, 2)
    lags: tuple[int, ...] = (0, 1, 2, 5, 10, 15, 20, 21, 30, 40, 60, 80, 100)
    accuracy_count: int = 400
    gradient_count: int = 16
    scales: tuple[float, ...] = (0.5, 1.0, 1.5, 2.0, 4.0, 8.0)
    clipping_task: CopyTask = field(default_factory=lambda: CopyTask(max_lag=30))
    clipping_recipe: Recipe = field(default_factory=lambda: Recipe(0.5, steps=600))
    clipping_scale: float = 2.0
    clip: float = 1.0


@dataclass(frozen=True, slots=True)
class Recall:
    """One network trained on one mixture with one seed.

    Attributes:
        model: a key of `KINDS`.
        mixture: mixture of the lags in training.
        seed: seed of weights and data.
        steps: number of training steps.
        final_loss: mean loss of the last 20 steps, nats.
        accuracy: share of right answers at each lag of the study.
        gradient_before: norm of the gradient at the mark by lag, before training.
        gradient_after: the same after training.
        seconds: processor time.
    """

    model: str
    mixture: str
    seed: int
    steps: int
    final_loss: float
    accuracy: list[float]
    gradient_before: list[float]
    gradient_after: list[float]
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Growth:
    """The gradients of one untrained network with scaled recurrent weights.

    Attributes:
        model: a key of `KINDS`.
        scale: scale of the recurrent weights.
        seed: seed of weights and data.
        gradient: norm of the gradient at the mark by lag.
        seconds: processor time.
    """

    model: str
    scale: float
    seed: int
    gradient: list[float]
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Clipping:
    """One training with plain SGD.

    Attributes:
        clip: norm that longer gradients are shortened to; None without clipping.
        seed: seed of weights and data.
        losses: loss of every step, nats.
        norms: norm of the gradient of every step, before clipping.
        seconds: processor time.
    """

    clip: float | None
    seed: int
    losses: list[float]
    norms: list[float]
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class MemoryResult:
    """The results of the study.

    Attributes:
        settings: the `MemorySettings` as plain data.
        lags: the lags of `Recall` and `Growth`, tokens.
        chance: accuracy of guessing.
        window: number of tokens that the CNN reads.
        parameters: number of weights of each network's recurrent layer or convolutions.
        wide_cnn_parameters: number of weights of the convolutions of a CNN whose window contains the longest lag.
        forced_gates: see `forced_gates_differences`.
        recall: the trainings.
        growth: gradients with scaled recurrent weights.
        clipping: trainings with and without clipping.
        seconds: processor time of each part, and as `wall` the elapsed time of the study.
        torch_version: version of torch.
    """

    settings: dict[str, Any]
    lags: list[int]
    chance: float
    window: int
    parameters: dict[str, int]
    wide_cnn_parameters: int
    forced_gates: dict[str, float]
    recall: list[Recall]
    growth: list[Growth]
    clipping: list[Clipping]
    seconds: dict[str, float]
    torch_version: str

    def save(self, path: Path) -> None:
        """Write as JSON."""
        with atomic_write(path) as file:
            file.write(json.dumps(asdict(self), indent=1) + "\n")

    @classmethod
    def load(cls, path: Path) -> MemoryResult:
        """Read what `save` wrote."""
        data = json.loads(path.read_text(encoding="utf-8"))
        data["recall"] = [Recall(**item) for item in data["recall"]]
        data["growth"] = [Growth(**item) for item in data["growth"]]
        data["clipping"] = [Clipping(**item) for item in data["clipping"]]
        return cls(**data)

    def runs(self, mixture: str, model: str) -> list[Recall]:
        """The trainings of one network on one mixture, one per seed."""
        return [run for run in self.recall if (run.mixture, run.model) == (mixture, model)]

    def accuracy(self, mixture: str, model: str) -> list[float]:
        """Mean accuracy over the seeds, by lag."""
        return [fmean(shares) for shares in zip(*(run.accuracy for run in self.runs(mixture, model)), strict=True)]

    def gradient(self, model: str, *, mixture: str = "even", after: bool = False) -> list[float]:
        """Geometric mean over the seeds of the gradient norm at the mark, by lag.

        Args:
            model: a key of `KINDS`.
            mixture: mixture of the lags in training.
            after: after training instead of before.
        """
        runs = self.runs(mixture, model)
        return geometric_means([run.gradient_after if after else run.gradient_before for run in runs])

    def grown(self, model: str, scale: float) -> list[float]:
        """Geometric mean over the seeds of the gradient norm with scaled recurrent weights, untrained, by lag."""
        return geometric_means([item.gradient for item in self.growth if (item.model, item.scale) == (model, scale)])


def geometric_means(rows: Sequence[Sequence[float]]) -> list[float]:
    """Geometric mean of each column; 0 where any value is 0."""
    columns = zip(*rows, strict=True)
    return [math.exp(fmean(math.log(value) for value in column)) if all(column) else 0.0 for column in columns]
