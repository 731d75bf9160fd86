"""The one place that knows matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any


def learning_curves(rows: Sequence[dict[str, Any]], path: str | Path) -> None:
    """Loss and dev score of each epoch as a PNG.

    Args:
        rows: an epoch's metrics each: `epoch`, `loss`, `score` in [0, 1], `learning_rate`.
        path: where the PNG goes.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    epochs = [row["epoch"] for row in rows]
    left.plot(epochs, [row["loss"] for row in rows], color="black", marker="o", markersize=3)
    left.set(xlabel="epoch", ylabel="training loss (nats a sentence)")
    right.plot(epochs, [100 * row["score"] for row in rows], color="black", marker="s", markersize=3)
    best = max(rows, key=lambda row: row["score"])
    right.axvline(best["epoch"], color="grey", linestyle=":")
    right.set(xlabel="epoch", ylabel="dev score (%)", title=f"best {100 * best['score']:.2f}, epoch {best['epoch']}")
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=120)
