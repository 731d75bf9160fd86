"""Heatmaps: tables of numbers as shades."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DPI = 130
MOST_CHARACTERS = 30  # of a label
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


@dataclass(frozen=True, slots=True)
class _Box:
    """Size of a heatmap and of the margins for its labels, inches."""

    left: float
    width: float
    right: float
    top: float
    height: float
    bottom: float

    @classmethod
    def of(cls, heatmap: Heatmap) -> _Box:
        longest_row = max(map(_columns, heatmap.rows), default=0)
        longest_column = max(map(_columns, heatmap.columns), default=0)
        return cls(
            left=0.3 + 0.07 * longest_row + 0.2 * bool(heatmap.axes[1]),
            width=heatmap.cell * len(heatmap.columns),
            right=0.9,
            top=0.35,
            height=heatmap.cell * len(heatmap.rows),
            bottom=0.25 + 0.055 * longest_column + 0.2 * bool(heatmap.axes[0]),
        )


def save_heatmaps(bands: Sequence[Sequence[Heatmap]], path: str | Path | BinaryIO) -> None:
    """Draw heatmaps as a PNG: bands below each other, each band of maps side by side.

    Args:
        bands: from top to bottom.
        path: where the PNG goes.
    """
    from matplotlib.figure import Figure

    # Positions are computed here: matplotlib's own layout takes a minute for the maps of a long text.
    boxes = [[_Box.of(heatmap) for heatmap in band] for band in bands]
    heights = [max(box.top + box.height + box.bottom for box in row) for row in boxes]
    total = max(sum(box.left + box.width + box.right for box in row) for row in boxes), sum(heights)
    figure = Figure(figsize=total)
    top = total[1]
    for band, row, height in zip(bands, boxes, heights, strict=True):
        left = 0.0
        for heatmap, box in zip(band, row, strict=True):
            corner = left + box.left, top - box.top - box.height
            axes = figure.add_axes(_share(corner, (box.width, box.height), total))
            bar = figure.add_axes(_share((corner[0] + box.width + 0.12, corner[1]), (0.12, box.height), total))
            _draw_heatmap(axes, bar, heatmap)
            left += box.left + box.width + box.right
        top -= height
    figure.savefig(path, dpi=min(DPI, MOST_PIXELS / max(total)), metadata={"Software": None})


def _share(
    corner: tuple[float, float], size: tuple[float, float], total: tuple[float, float]
) -> tuple[float, float, float, float]:
    """A rectangle in inches as shares of the figure."""
    return corner[0] / total[0], corner[1] / total[1], size[0] / total[0], size[1] / total[1]


def _columns(text: str) -> int:
    """The width of a label in Latin letters; Chinese characters are twice as wide."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in _cut(text))


def _cut(text: str) -> str:
    """A label of at most `MOST_CHARACTERS` characters."""
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1] + "…"


def _draw_heatmap(axes: Axes, bar_axes: Axes, heatmap: Heatmap) -> None:
    low, high = heatmap.limits
    colours = "PuOr" if heatmap.diverging else "Blues"
    image = axes.imshow(heatmap.values, cmap=colours, vmin=low, vmax=high, aspect="auto")
    axes.set_title(heatmap.title, fontsize=10)
    words: dict[str, Any] = {"fontsize": 8, "parse_math": False, "fontfamily": _families()}
    axes.set_xticks(range(len(heatmap.columns)), list(map(_cut, heatmap.columns)), rotation=50, ha="right", **words)
    axes.set_yticks(range(len(heatmap.rows)), list(map(_cut, heatmap.rows)), **words)
    axes.set_xlabel(heatmap.axes[0])
    axes.set_ylabel(heatmap.axes[1])
    axes.tick_params(length=0)
    bar = axes.figure.colorbar(image, cax=bar_axes)
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


@cache
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
