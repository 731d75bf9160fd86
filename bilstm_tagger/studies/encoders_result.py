"""What the study of encoders found: plain data, one JSON file a run and one for all."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean, stdev
from typing import Any


@dataclass(frozen=True, slots=True)
class EncoderRun:
    """One encoder trained with one seed.

    Attributes:
        encoder: a key of `ENCODERS`.
        seed: of weights and data order.
        dev: score of each task on dev, between 0 and 1, of the epoch that was best there.
        test: score of each task on test; empty where none was given.
        parameters: weights of the encoder alone.
        trained_per_second: tokens read a second in training, median over the epochs.
        tagged_per_second: tokens tagged a second, the best of several passes over dev.
        epochs: epochs trained.
        seconds: duration of the run by the clock; of an interrupted one, of its last part.
    """

    encoder: str
    seed: int
    dev: dict[str, float]
    test: dict[str, float]
    parameters: int
    trained_per_second: float
    tagged_per_second: float
    epochs: int
    seconds: float

    @property
    def score(self) -> float:
        """Score on dev, the mean over the tasks."""
        return fmean(self.dev.values())

    @property
    def test_score(self) -> float | None:
        """Score on test, the mean over the tasks; None where there is no test."""
        return fmean(self.test.values()) if self.test else None


@dataclass(frozen=True, slots=True)
class EncodersResult:
    """All runs, and what they were made with.

    Attributes:
        settings: of all runs; the encoder's kind and the seed differ from run to run.
        titles: the encoders' names for people, in the order they are shown.
        settings_of: for each encoder what differs from `settings`.
        measures: for each task what its score is, as `strict F1`.
        runs: one for each encoder and seed.
        threads: of the processor.
        torch_version: of the library that computed it.
    """

    settings: dict[str, Any]
    titles: dict[str, str]
    settings_of: dict[str, dict[str, Any]]
    measures: dict[str, str]
    runs: list[EncoderRun]
    threads: int
    torch_version: str

    def save(self, path: Path) -> None:
        """Write as JSON."""
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> EncodersResult:
        """Read what `save` wrote."""
        data = json.loads(path.read_text(encoding="utf-8"))
        return cls(**{**data, "runs": [EncoderRun(**run) for run in data["runs"]]})

    def runs_of(self, encoder: str) -> list[EncoderRun]:
        """The runs of one encoder, one for each seed."""
        return [run for run in self.runs if run.encoder == encoder]

    def scores(self, encoder: str) -> list[float]:
        """Its scores on dev, one for each seed."""
        return [run.score for run in self.runs_of(encoder)]

    def parameters(self, encoder: str) -> int:
        """Weights of the encoder alone."""
        return self.runs_of(encoder)[0].parameters

    def speeds(self, encoder: str, *, tagging: bool) -> list[float]:
        """Tokens per second, one for each seed."""
        return [run.tagged_per_second if tagging else run.trained_per_second for run in self.runs_of(encoder)]

    @property
    def seeds(self) -> list[int]:
        """The seeds of the runs."""
        return sorted({run.seed for run in self.runs})


def deviation(values: Sequence[float]) -> float | None:
    """Sample standard deviation; None of a single value."""
    return stdev(values) if len(values) > 1 else None


def standard_error(one: Sequence[float], other: Sequence[float]) -> float | None:
    """Standard error of the difference of two means (Welch 1947); None where a single value shows no spread."""
    if min(len(one), len(other)) < 2:
        return None
    return float((stdev(one) ** 2 / len(one) + stdev(other) ** 2 / len(other)) ** 0.5)
