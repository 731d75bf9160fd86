"""What a run tells, handed on to TensorBoard or Weights & Biases by the trackers of `accelerate`."""

from __future__ import annotations

import importlib.util
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from bilstm_tagger.errors import ConfigError, choose
from bilstm_tagger.settings.schema import Settings
from bilstm_tagger.training.progress import Progress, Row

TRACKERS = ("tensorboard", "wandb")
EVERY = 10  # steps


class Tracked:
    """A progress that hands on what it hears to trackers too; a context manager around training.

    Weights & Biases writes to the disk alone, and sends nothing unless the variable WANDB_MODE says so.

    Args:
        progress: who else hears of it.
        names: of the trackers.
        run: name of the run.
        folder: where they write.
        settings: of the run.

    Raises:
        ConfigError: for a tracker that there is not, or whose packages are not installed.
    """

    def __init__(
        self, progress: Progress, names: Sequence[str], *, run: str, folder: str | Path, settings: Settings
    ) -> None:
        for name in names:
            _check(name)
        self.progress = progress
        self._names = list(dict.fromkeys(names))
        self._run = run
        self._folder = Path(folder)
        self._settings = settings
        self._trackers: list[Any] = []
        self._at = 0  # the last step

    def __enter__(self) -> Tracked:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for tracker in self._trackers:
            tracker.finish()

    def step(
        self, *, epoch: int, step: int, steps: int, loss: float, learning_rate: float, tokens_per_second: float
    ) -> None:
        """Hands on every tenth step."""
        values = {"loss": loss, "learning_rate": learning_rate, "tokens_per_second": tokens_per_second}
        self.progress.step(epoch=epoch, step=step, steps=steps, **values)
        self._at = step
        if step % EVERY == 0:
            known = {name: value for name, value in values.items() if math.isfinite(value)}  # a GPU is asked seldom
            self._log({f"train/{name}": value for name, value in known.items()})

    def epoch(self, row: Row) -> None:
        """Hands on the scores on dev."""
        self.progress.epoch(row)
        self._log({f"dev/{task}": score for task, score in row["dev"].items()})

    def _log(self, values: Mapping[str, float]) -> None:
        if not self._trackers:  # not before the first step, when the processes of the run have met
            self._trackers = list(self._started())
        for tracker in self._trackers:
            tracker.log(dict(values), step=self._at)

    def _started(self) -> Iterator[Any]:
        from accelerate import PartialState
        from accelerate.tracking import TensorBoardTracker, WandBTracker

        PartialState()  # without it the trackers cannot tell which process they are in
        self._folder.mkdir(parents=True, exist_ok=True)
        for name in self._names:
            if name == "tensorboard":
                tracker: Any = TensorBoardTracker(self._run, self._folder)
            else:
                mode = os.environ.get("WANDB_MODE", "offline")
                tracker = WandBTracker("bilstm-tagger", name=self._run, dir=str(self._folder), mode=mode)
            tracker.start()
            tracker.store_init_configuration(dict(_flat(self._settings.model_dump(mode="json"))))
            yield tracker


def _check(name: str) -> None:
    if name not in TRACKERS:
        raise ConfigError(f"no tracker {name!r}; {choose(name, TRACKERS)}")
    missing = [package for package in ("accelerate", name) if importlib.util.find_spec(package) is None]
    if missing:
        raise ConfigError(
            f"tracker {name!r} needs {' and '.join(missing)}; install it: pip install 'bilstm-tagger[track]'"
        )


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, bool | str | float | int]]:
    """Settings by dotted key, in the kinds of values that trackers take; those that are not set are left out."""
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        elif value not in (None, "", [], ()):
            yield prefix + key, value if isinstance(value, bool | str | float | int) else str(value)
