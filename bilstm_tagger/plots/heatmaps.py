"""Heatmaps: tables of numbers as shades."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DPI = 130
SMALL = 0.3  # inches; a cell that is smaller has no room for a number
MOST_PIXELS = 60_000  # height or width of a figure; matplotlib refuses more than 2¹⁶


@dataclass(frozen=True, slots=True)
class Heatmap:
    """A table of numbers as shades.

    Attributes:
        title: one short line above.
        rows: names of the rows.
        columns: names of the columns.
        values: the numbers, row by row; NaN leaves a cell empty.
        limits: the numbers of the first and the last shade.
        unit: what the numbers are, beside the scale.
        axes: names of the horizontal and the vertical axis; empty where the names of columns and rows are enough.
        diverging: whether shades run from orange through white to blue, for numbers on both sides of 0; otherwise from
            white to blue.
        cell: width and height of a cell, inches. Small cells have no numbers.
    """

    title: str
    rows: Sequence[str]
    columns: Sequence[str]
    values: Sequence[Sequence[float]]
    limits: tuple[float, float]
    unit: str
    axes: tuple[str, str] = ("", "")
    diverging: bool = False
    cell: float = 0.42


def save_heatmaps(bands: Sequence[Sequence[Heatmap]], path: str | Path | BinaryIO) -> None:
    """Draw heatmaps as a PNG: bands below each other, each band of maps side by side.

    Args:
        bands: from top to bottom; the maps of one band have the same number of columns.
        path: where the PNG goes.
    """
    from matplotlib.figure import Figure

    heights = [max(heatmap.cell * len(heatmap.rows) for heatmap in band) + 1.35 for band in bands]
    width = max(7, *(sum(heatmap.cell * len(heatmap.columns) + 2.1 for heatmap in band) for band in bands))
    figure = Figure(figsize=(width, sum(heights)), layout="constrained")
    parts = figure.subfigures(len(bands), 1, height_ratios=heights, squeeze=False)[:, 0]
    for part, band in zip(parts, bands, strict=True):
        for axes, heatmap in zip(part.subplots(1, len(band), squeeze=False)[0], band, strict=True):
            _draw_heatmap(axes, heatmap)
    dpi = min(DPI, MOST_PIXELS / max(width, sum(heights)))
    figure.savefig(path, dpi=dpi, metadata={"Software": None})


def _draw_heatmap(axes: Axes, heatmap: Heatmap) -> None:
    low, high = heatmap.limits
    colours = "PuOr" if heatmap.diverging else "Blues"
    image = axes.imshow(heatmap.values, cmap=colours, vmin=low, vmax=high, aspect="auto")
    axes.set_title(heatmap.title, fontsize=10)
    words: dict[str, Any] = {"fontsize": 8, "parse_math": False, "fontfamily": _families()}
    axes.set_xticks(range(len(heatmap.columns)), heatmap.columns, rotation=50, ha="right", **words)
    axes.set_yticks(range(len(heatmap.rows)), heatmap.rows, **words)
    axes.set_xlabel(heatmap.axes[0])
    axes.set_ylabel(heatmap.axes[1])
    axes.tick_params(length=0)
    bar = axes.figure.colorbar(image, ax=axes, pad=0.02, aspect=12)
    bar.set_label(heatmap.unit, fontsize=8)
    bar.ax.tick_params(labelsize=7)
    if heatmap.cell < SMALL:
        return
    for y, row in enumerate(heatmap.values):
        for x, value in enumerate(row):
            if value and not math.isnan(value):
                dark = abs(value) > 0.65 * high if heatmap.diverging else value > low + 0.65 * (high - low)
                colour = "white" if dark else "black"
                axes.text(x, y, _short(value), ha="center", va="center", fontsize=6.5, color=colour)


def _families() -> list[str]:
    """Fonts for words of any language: matplotlib's own, which lacks Chinese, then installed ones that have it."""
    from matplotlib.font_manager import get_font_names

    wider = ("Noto Sans CJK SC", "Noto Sans SC", "WenQuanYi Micro Hei", "Microsoft YaHei", "PingFang SC", "SimHei")
    return ["DejaVu Sans", *(name for name in wider if name in get_font_names())]


def _short(value: float) -> str:
    """A number in about three characters: `.53`, `-.53`, `4.1`, `12`."""
    if abs(value) < 1:
        return f"{value:.2f}".replace("0.", ".", 1)
    return f"{value:.1f}" if abs(value) < 10 else f"{value:.0f}"
