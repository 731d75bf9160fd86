"""What training tells the one who waits: a bar on a terminal, one line an epoch elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Protocol

Row = dict[str, Any]


def best_row(history: Sequence[Row]) -> Row:
    """The epoch whose weights are the model's: the best dev score of those whose weights are means, if there are any.

    The score of a single step's weights goes up and down by chance, and the highest of many is the luckiest.
    """
    return max(history, key=lambda row: (row["averaged"], row["score"]))  # the first of equals


AVERAGING = "from the next line on weights are means over many steps; * marks the best dev score of these alone"


class _Legend:
    """Says once that averaging has begun, since the best epoch so far no longer counts."""

    def __init__(self) -> None:
        self._told = False

    def of(self, row: Row) -> str | None:
        """What to print before the line of an epoch, if anything."""
        if self._told or not row["averaged"]:
            return None
        self._told = True
        return AVERAGING if row["epoch"] > 1 else None


class Progress(Protocol):
    """Hears of every step and epoch."""

    def step(
        self, *, epoch: int, step: int, steps: int, loss: float, learning_rate: float, tokens_per_second: float
    ) -> None:
        """One optimiser step is done; `step` of `steps` counts over the whole run."""

    def epoch(self, row: Row) -> None:
        """One epoch is done; `row` is its line of metrics."""


class Silent:
    """Says nothing."""

    def step(self, **_: Any) -> None:
        """Says nothing."""

    def epoch(self, row: Row) -> None:
        """Says nothing."""


class LineProgress:
    """One line an epoch on standard error, for logs."""

    def __init__(self) -> None:
        self._legend = _Legend()

    def step(self, **_: Any) -> None:
        """Says nothing."""

    def epoch(self, row: Row) -> None:
        """The epoch's line."""
        for line in filter(None, (self._legend.of(row), describe_epoch(row))):
            print(line, file=sys.stderr, flush=True)


class BarProgress:
    """A rich progress bar: a context manager around training."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        self._bar = RichProgress(
            TextColumn("epoch {task.fields[epoch]}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._bar.add_task("train", total=None, epoch=1, note="")
        self._best = ""
        self._legend = _Legend()

    def __enter__(self) -> BarProgress:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def step(
        self, *, epoch: int, step: int, steps: int, loss: float, learning_rate: float, tokens_per_second: float
    ) -> None:
        """Moves the bar."""
        note = f"loss {loss:.3f}  lr {learning_rate:.2g}  {tokens_per_second / 1000:.1f}k tokens/s{self._best}"
        self._bar.update(self._task, completed=step, total=steps, epoch=epoch, note=note)

    def epoch(self, row: Row) -> None:
        """The epoch's line above the bar."""
        self._best = f"  best dev {100 * row['best']:.2f}"
        for line in filter(None, (self._legend.of(row), describe_epoch(row))):
            self._bar.console.print(line, highlight=False)


def describe_epoch(row: Row) -> str:
    """One epoch in one line."""
    dev = "  ".join(f"dev {task} {100 * score:.2f}" for task, score in row["dev"].items())
    mark = " *" if row["epoch"] == row["best_epoch"] else ""
    return (
        f"epoch {row['epoch']:>3}  loss {row['loss']:.4f}  {dev}{mark}  "
        f"lr {row['learning_rate']:.2g}  {row['tokens_per_second'] / 1000:.1f}k tokens/s  {row['seconds']:.1f} s"
    )


class Stopwatch:
    """Tokens per second since it was made, pauses left out."""

    def __init__(self) -> None:
        self.tokens = 0
        self.start = time.perf_counter()

    def add(self, tokens: int) -> float:
        """The rate so far, these tokens included."""
        self.tokens += tokens
        return self.tokens / max(time.perf_counter() - self.start, 1e-9)
