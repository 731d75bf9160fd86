"""Dot plots: several measurements of several things."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True)
class Dots:
    """One measure of several things, each measured several times.

    Attributes:
        title: one short line above.
        x_label: the measure, with its unit.
        values: the measurements by the name of the thing.
        pattern: format of a mean, such as `{:.1f}`.
    """

    title: str
    x_label: str
    values: Mapping[str, Sequence[float]]
    pattern: str = "{:.1f}"


def save_dots(panels: Sequence[Dots], path: str | Path | BinaryIO) -> None:
    """Draw each measurement as a circle and each mean as a vertical bar with its number; one row per thing.

    Args:
        panels: from left to right; all of the same things.
        path: where the PNG goes.
    """
    from matplotlib.figure import Figure

    names = list(panels[0].values)
    figure = Figure(figsize=(1.6 + 3.1 * len(panels), 1.1 + 0.42 * len(names)), layout="constrained")
    for axes, panel in zip(figure.subplots(1, len(panels), sharey=True, squeeze=False)[0], panels, strict=True):
        _draw_dots(axes, panel)
        axes.set_ylim(len(names) - 0.5, -0.7)
        axes.set_yticks(range(len(names)), names)
    figure.savefig(path, dpi=130, metadata={"Software": None})


def _draw_dots(axes: Axes, panel: Dots) -> None:
    for row, values in enumerate(panel.values.values()):
        mean = sum(values) / len(values)
        axes.plot(values, [row] * len(values), "o", markersize=5, markeredgecolor="#0072b2", color="none")
        axes.plot([mean], [row], "|", markersize=15, markeredgewidth=2, color="black")
        text, above = panel.pattern.format(mean), (0, 9)
        axes.annotate(text, (mean, row), above, textcoords="offset points", ha="center", fontsize=8)
    axes.set_title(panel.title, fontsize=10)
    axes.set_xlabel(panel.x_label)
    axes.margins(x=0.15)
    axes.grid(axis="y", color="0.9")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
