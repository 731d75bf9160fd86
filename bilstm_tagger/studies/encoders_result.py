"""Results of the study of encoders: plain data, one JSON file per run and one for all runs."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from bilstm_tagger.io.atomic import atomic_write


@dataclass(frozen=True, slots=True)
class EncoderRun:
    """One encoder trained with one seed.

    Attributes:
        encoder: a key of `ENCODERS`.
        seed: of weights and data order.
        dev: score of each task on dev, between 0 and 1, with the weights of the best epoch.
        test: score of each task on test; empty without a test file.
        parameters: number of weights of the encoder alone.
        trained_per_second: tokens per second in training, median over the epochs.
        tagged_per_second: tokens per second in tagging, the best of several passes over dev.
        epochs: number of epochs trained.
        seconds: elapsed time of the run; of an interrupted run, the time since it was resumed.
        late_gain: by how much the best dev score of all epochs exceeds the best one of the first three quarters of
            them; None where it was not recorded.
        dev_units: number of gold spans on dev, or of tokens for plain tags, of the task that has the fewest; None where
            it was not recorded.
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
    late_gain: float | None = None
    dev_units: int | None = None

    @property
    def score(self) -> float:
        """Score on dev, the mean over the tasks."""
        return fmean(self.dev.values())

    @property
    def test_score(self) -> float | None:
        """Score on test, the mean over the tasks; None without a test file."""
        return fmean(self.test.values()) if self.test else None


@dataclass(frozen=True, slots=True)
class EncodersResult:
    """All runs, and what they were made with.

    Attributes:
        settings: the settings of all runs; the kind of encoder and the seed differ from run to run.
        titles: the names of the encoders in tables and figures, in the order they are shown.
        settings_of: the settings of each encoder that differ from `settings`.
        measures: the measure of each task, such as `strict F1`.
        runs: one per encoder and seed.
        threads: number of processor threads.
        torch_version: version of torch.
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
        with atomic_write(path) as stream:
            stream.write(json.dumps(asdict(self), indent=1) + "\n")

    @classmethod
    def load(cls, path: Path) -> EncodersResult:
        """Read what `save` wrote."""
        data = json.loads(path.read_text(encoding="utf-8"))
        return cls(**{**data, "runs": [EncoderRun(**run) for run in data["runs"]]})

    def runs_of(self, encoder: str) -> list[EncoderRun]:
        """The runs of one encoder, one per seed."""
        return [run for run in self.runs if run.encoder == encoder]

    def scores(self, encoder: str) -> list[float]:
        """The scores of one encoder on dev, one per seed."""
        return [run.score for run in self.runs_of(encoder)]

    def parameters(self, encoder: str) -> int:
        """The number of weights of the encoder alone."""
        return self.runs_of(encoder)[0].parameters

    def speeds(self, encoder: str, *, tagging: bool) -> list[float]:
        """Tokens per second of one encoder, one number per seed.

        Args:
            encoder: the encoder.
            tagging: the speed of tagging instead of that of training.
        """
        return [run.tagged_per_second if tagging else run.trained_per_second for run in self.runs_of(encoder)]

    @property
    def seeds(self) -> list[int]:
        """The seeds of the runs."""
        return sorted({run.seed for run in self.runs})

    def late_gain(self, encoder: str) -> float | None:
        """The mean of `EncoderRun.late_gain` over the seeds of one encoder; None where a run did not record it."""
        gains = [run.late_gain for run in self.runs_of(encoder)]
        recorded = [gain for gain in gains if gain is not None]
        return fmean(recorded) if recorded and len(recorded) == len(gains) else None

    @property
    def dev_units(self) -> int | None:
        """The smallest number of gold spans or tokens on dev that a score is based on; None where not recorded."""
        return min((run.dev_units for run in self.runs if run.dev_units is not None), default=None)
