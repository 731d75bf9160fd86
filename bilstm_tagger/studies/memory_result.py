"""Settings of the study of memory and what it found: plain data, as JSON in a file."""

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

#: For each mixture and network the best of three or four learning rates between 0.001 and 0.02 tried for it.
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
    """Everything the study's numbers depend on.

    Attributes:
        task: the copy-a-mark task.
        sizes: sizes of the networks.
        recipes: by mixture and network, how to train it.
        seeds: each network is trained once for each.
        lags: lags at which accuracy and gradient are measured, tokens.
        accuracy_count: fresh sequences for each accuracy.
        gradient_count: sequences for each gradient norm.
        scales: factors by which the recurrent weights stretch in the part on growth.
        clipping_task: the task of the part on clipping.
        clipping_recipe: its training, by plain SGD.
        clipping_scale: factor by which its recurrent weights stretch at the start.
        clip: largest gradient norm let through where gradients are clipped.
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
        mixture: of lags in training.
        seed: of weights and data.
        steps: training steps made.
        final_loss: mean loss of the last 20 steps, nats.
        accuracy: at each lag of the study.
        gradient_before: norm of the gradient at the mark by lag, before training.
        gradient_after: the same, after training.
        seconds: of processor time.
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
    """Norm of the gradient by lag for one untrained network with scaled recurrent weights."""

    model: str
    scale: float
    seed: int
    gradient: list[float]
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Clipping:
    """Loss and gradient norm of every step of one training by plain SGD; `clip` None: not clipped."""

    clip: float | None
    seed: int
    losses: list[float]
    norms: list[float]
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class MemoryResult:
    """What the study found, in plain numbers.

    Attributes:
        settings: all that the numbers depend on, as plain data.
        lags: the lags of `Recall` and `Growth`, tokens.
        chance: accuracy of guessing.
        window: tokens the CNN sees.
        parameters: weights of each network's recurrent layer or convolutions.
        wide_cnn_parameters: weights of the convolutions of a CNN that sees the longest lag.
        forced_gates: see `forced_gates_differences`.
        recall: the trainings.
        growth: gradients with scaled recurrent weights.
        clipping: trainings with and without clipping.
        seconds: of processor time of each part, and `wall`, of all by the clock.
        torch_version: of the library that computed it.
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
        """The trainings of one network on one mixture, one for each seed."""
        return [run for run in self.recall if (run.mixture, run.model) == (mixture, model)]

    def accuracy(self, mixture: str, model: str) -> list[float]:
        """Mean accuracy over the seeds, by lag."""
        return [fmean(shares) for shares in zip(*(run.accuracy for run in self.runs(mixture, model)), strict=True)]

    def gradient(self, model: str, *, mixture: str = "even", after: bool = False) -> list[float]:
        """Geometric mean over the seeds of the gradient's norm at the mark, by lag."""
        runs = self.runs(mixture, model)
        return geometric_means([run.gradient_after if after else run.gradient_before for run in runs])

    def grown(self, model: str, scale: float) -> list[float]:
        """The same with scaled recurrent weights, before training."""
        return geometric_means([item.gradient for item in self.growth if (item.model, item.scale) == (model, scale)])


def geometric_means(rows: Sequence[Sequence[float]]) -> list[float]:
    """Geometric mean of each column; 0 where any value is 0."""
    columns = zip(*rows, strict=True)
    return [math.exp(fmean(math.log(value) for value in column)) if all(column) else 0.0 for column in columns]
