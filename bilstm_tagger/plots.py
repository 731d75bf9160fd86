"""The one place that knows matplotlib.

Figures are described as plain data and written as PNG; nothing is shown and no global state is touched. Lines differ in
colour, stroke and marker at once, so a figure can be read in grey and by the colour-blind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from bilstm_tagger.errors import TaggerError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Colour, stroke and marker of the first, second … line; the colours differ in lightness too (Okabe and Ito 2008).
STYLES = (
    ("#000000", "-", "o"),
    ("#d55e00", "--", "s"),
    ("#56b4e9", "-.", "^"),
    ("#0072b2", (0, (5, 1, 1, 1, 1, 1)), "D"),
    ("#cc79a7", ":", "v"),
    ("#009e73", (0, (8, 2)), "P"),
    ("#999999", (0, (2, 1)), "X"),
)
MOST_MARKERS = 14
#: Later lines have smaller markers, so that those of lines that coincide can all be seen.
MARKER_SIZES = (6.6, 5.8, 5.4, 4.4, 4.0, 4.0, 3.6)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a panel.

    Attributes:
        label: name in the legend; lines of one label look the same in all panels of a figure.
        x: places.
        y: values; None or NaN leaves a gap, and so does a value of 0 or less on a logarithmic axis.
        band: lowest and highest value at each place, drawn as a shade.
    """

    label: str
    x: Sequence[float]
    y: Sequence[float | None]
    band: tuple[Sequence[float], Sequence[float]] | None = None


@dataclass(frozen=True, slots=True)
class Panel:
    """One pair of axes.

    Attributes:
        title: one short line above.
        x_label: what runs along, with its unit.
        y_label: what runs up, with its unit.
        lines: what is drawn.
        log_y: whether the upright axis is logarithmic.
        levels: dotted lines across, their heights by name.
        marks: dotted lines upright, their places by name.
        y_limits: ends of the upright axis; None: as the data ask for.
    """

    title: str
    x_label: str
    y_label: str
    lines: Sequence[Line]
    log_y: bool = False
    levels: Mapping[str, float] | None = None
    marks: Mapping[str, float] | None = None
    y_limits: tuple[float, float] | None = None


def save_panels(
    panels: Sequence[Panel], path: str | Path, *, share_y: bool = False, legend_title: str | None = None
) -> None:
    """Draw panels side by side, with one legend below where there is more than one label.

    Args:
        panels: from left to right.
        path: where the PNG goes.
        share_y: give all panels the same upright axis, labelled once.
        legend_title: what the labels have in common.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.3 * len(panels), 3.5), layout="constrained")
    labels = list(dict.fromkeys(line.label for panel in panels for line in panel.lines))
    columns = figure.subplots(1, len(panels), sharey=share_y, squeeze=False)[0]
    handles: dict[str, Any] = {}
    for place, (axes, panel) in enumerate(zip(columns, panels, strict=True)):
        handles |= _draw_lines(axes, panel, labels)
        _draw_guides(axes, panel)
        axes.set_title(panel.title, fontsize=10)
        axes.set_xlabel(panel.x_label)
        axes.set_ylabel("" if share_y and place else panel.y_label)
        axes.spines[["top", "right"]].set_visible(False)
        if panel.y_limits:
            axes.set_ylim(*panel.y_limits)
    if len(labels) > 1:
        shown = [handles[label] for label in labels]
        figure.legend(
            shown,
            labels,
            loc="outside lower center",
            ncols=min(6, len(labels)),
            title=legend_title,
            frameon=False,
            handlelength=3.2,
        )
    figure.savefig(path, dpi=130, metadata={"Software": None})


def _draw_lines(axes: Axes, panel: Panel, labels: Sequence[str]) -> dict[str, Any]:
    """The drawn lines by label."""
    handles = {}
    for line in panel.lines:
        style = labels.index(line.label) % len(STYLES)
        colour, stroke, marker = STYLES[style]
        values = [float("nan") if value is None else value for value in line.y]
        if line.band:
            axes.fill_between(line.x, *line.band, color=colour, alpha=0.15, linewidth=0)
        (handles[line.label],) = axes.plot(
            line.x,
            values,
            color=colour,
            linestyle=stroke,
            marker=marker,
            markersize=MARKER_SIZES[style] if len(labels) > 1 else 4,
            markevery=max(1, len(values) // MOST_MARKERS),
            linewidth=1.8 if stroke == ":" else 1.4,
        )
    if panel.log_y:
        axes.set_yscale("log", nonpositive="mask")
    return handles


def _draw_guides(axes: Axes, panel: Panel) -> None:
    """Named dotted lines: levels across, marks upright."""
    text: dict[str, Any] = {"textcoords": "offset points", "fontsize": 8, "color": "0.3"}
    for name, height in (panel.levels or {}).items():
        axes.axhline(height, color="0.5", linestyle=":", linewidth=1)
        axes.annotate(name, (1, height), (0, 3), xycoords=("axes fraction", "data"), ha="right", **text)
    for name, place in (panel.marks or {}).items():
        axes.axvline(place, color="0.5", linestyle=":", linewidth=1)
        axes.annotate(name, (place, 0), (3, 3), xycoords=("data", "axes fraction"), **text)


def learning_curves(rows: Sequence[Mapping[str, Any]], path: str | Path, *, best: int) -> None:
    """Loss, dev score and learning rate of each epoch as a PNG.

    Args:
        rows: an epoch's metrics each: `epoch`, `loss`, `score` in [0, 1], `learning_rate`.
        path: where the PNG goes.
        best: the epoch whose weights were kept.

    Raises:
        TaggerError: there is no epoch to draw.
    """
    if not rows:
        raise TaggerError("no learning curves without an epoch; train for at least one")
    epochs = [row["epoch"] for row in rows]
    kept = next(row for row in rows if row["epoch"] == best)

    def panel(title: str, y_label: str, values: Sequence[float], **more: Any) -> Panel:
        return Panel(title, "epoch", y_label, [Line("", epochs, values)], **more)

    loss = panel("training loss", "loss (nats a sentence)", [row["loss"] for row in rows])
    score = panel(
        f"best dev score {100 * kept['score']:.2f} %, epoch {best}",
        "dev score (%)",
        [100 * row["score"] for row in rows],
        marks={"best": best},
    )
    rate = panel("learning rate", "learning rate at the epoch's end", [row["learning_rate"] for row in rows])
    save_panels([loss, score, rate], path)


@dataclass(frozen=True, slots=True)
class Heatmap:
    """Numbers as shades, dark for large ones.

    Attributes:
        title: one short line above.
        rows: names of the rows.
        columns: names of the columns.
        values: the numbers, row by row.
        limits: numbers of the lightest and the darkest shade.
        unit: what the numbers are, beside the scale.
        axes: what the columns and the rows are; empty where their names say it.
    """

    title: str
    rows: Sequence[str]
    columns: Sequence[str]
    values: Sequence[Sequence[float]]
    limits: tuple[float, float]
    unit: str
    axes: tuple[str, str] = ("", "")


def save_heatmaps(bands: Sequence[Sequence[Heatmap]], path: str | Path | BinaryIO) -> None:
    """Draw heatmaps as a PNG: bands below each other, each of maps side by side.

    Args:
        bands: from top to bottom; the maps of a band have as many columns each.
        path: where the PNG goes.
    """
    from matplotlib.figure import Figure

    most = max(sum(len(heatmap.columns) for heatmap in band) for band in bands)
    cell = min(0.5, 16 / most)  # inches: long texts get small cells, not wide figures
    heights = [cell * max(len(heatmap.rows) for heatmap in band) + 1.25 for band in bands]
    width = max(7, cell * most + 2.1 * max(map(len, bands)))
    figure = Figure(figsize=(width, sum(heights)), layout="constrained")
    parts = figure.subfigures(len(bands), 1, height_ratios=heights, squeeze=False)[:, 0]
    for part, band in zip(parts, bands, strict=True):
        for axes, heatmap in zip(part.subplots(1, len(band), squeeze=False)[0], band, strict=True):
            _draw_heatmap(axes, heatmap, numbers=cell > 0.27)
    figure.savefig(path, dpi=130, metadata={"Software": None})


def _draw_heatmap(axes: Axes, heatmap: Heatmap, *, numbers: bool) -> None:
    low, high = heatmap.limits
    image = axes.imshow(heatmap.values, cmap="Blues", vmin=low, vmax=high, aspect="auto")
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
    if numbers:
        for y, row in enumerate(heatmap.values):
            for x, value in enumerate(row):
                colour = "white" if value > low + 0.65 * (high - low) else "black"
                if value:
                    axes.text(x, y, _short(value), ha="center", va="center", fontsize=6.5, color=colour)


def _families() -> list[str]:
    """Fonts for words of any language: matplotlib's own, which lacks Chinese, then installed ones that have it."""
    from matplotlib.font_manager import get_font_names

    wider = ("Noto Sans CJK SC", "Noto Sans SC", "WenQuanYi Micro Hei", "Microsoft YaHei", "PingFang SC", "SimHei")
    return ["DejaVu Sans", *(name for name in wider if name in get_font_names())]


def _short(value: float) -> str:
    """A number in three characters or so: `.53`, `4.1`, `12`."""
    return f"{value:.2f}".removeprefix("0") if abs(value) < 1 else f"{value:.1f}" if abs(value) < 10 else f"{value:.0f}"


@dataclass(frozen=True, slots=True)
class Dots:
    """One measure of several things, each measured several times.

    Attributes:
        title: one short line above.
        x_label: the measure, with its unit.
        values: the measurements by the name of the thing.
        pattern: how a mean is written, as `{:.1f}`.
    """

    title: str
    x_label: str
    values: Mapping[str, Sequence[float]]
    pattern: str = "{:.1f}"


def save_dots(panels: Sequence[Dots], path: str | Path | BinaryIO) -> None:
    """Draw each measurement as a circle, the mean as a stroke with its number; things below each other.

    Args:
        panels: from left to right; all of the same things.
        path: where the PNG goes.
    """
    from matplotlib.figure import Figure

    names = list(panels[0].values)
    figure = Figure(figsize=(1.6 + 3.1 * len(panels), 1.1 + 0.42 * len(names)), layout="constrained")
    for axes, panel in zip(figure.subplots(1, len(panels), sharey=True, squeeze=False)[0], panels, strict=True):
        for place, values in enumerate(panel.values.values()):
            mean = sum(values) / len(values)
            axes.plot(values, [place] * len(values), "o", markersize=5, markeredgecolor="#0072b2", color="none")
            axes.plot([mean], [place], "|", markersize=15, markeredgewidth=2, color="black")
            above = (0, 9)
            axes.annotate(
                panel.pattern.format(mean), (mean, place), above, textcoords="offset points", ha="center", fontsize=8
            )
        axes.set_title(panel.title, fontsize=10)
        axes.set_xlabel(panel.x_label)
        axes.set_ylim(len(names) - 0.5, -0.7)
        axes.set_yticks(range(len(names)), names)
        axes.margins(x=0.15)
        axes.grid(axis="y", color="0.9")
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=130, metadata={"Software": None})
