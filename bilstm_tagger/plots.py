"""The one place that knows matplotlib.

Figures are described as plain data and written as PNG; nothing is shown and no global state is touched. Lines differ in
colour, stroke and marker at once, so a figure can be read in grey and by the colour-blind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
MARKER_SIZES = (7.5, 6.3, 5.6, 4.4, 3.6, 3.4, 3.0)


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
            markersize=MARKER_SIZES[style],
            markevery=max(1, len(values) // MOST_MARKERS),
            linewidth=1.4,
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


def learning_curves(rows: Sequence[Mapping[str, Any]], path: str | Path) -> None:
    """Loss, dev score and learning rate of each epoch as a PNG.

    Args:
        rows: an epoch's metrics each: `epoch`, `loss`, `score` in [0, 1], `learning_rate`.
        path: where the PNG goes.

    Raises:
        TaggerError: there is no epoch to draw.
    """
    if not rows:
        raise TaggerError("no learning curves without an epoch; train for at least one")
    epochs = [row["epoch"] for row in rows]
    best = max(rows, key=lambda row: row["score"])

    def panel(title: str, y_label: str, values: Sequence[float], **more: Any) -> Panel:
        return Panel(title, "epoch", y_label, [Line("", epochs, values)], **more)

    loss = panel("training loss", "loss (nats a sentence)", [row["loss"] for row in rows])
    score = panel(
        f"best dev score {100 * best['score']:.2f} %, epoch {best['epoch']}",
        "dev score (%)",
        [100 * row["score"] for row in rows],
        marks={"best": best["epoch"]},
    )
    rate = panel("learning rate", "learning rate at its end", [row["learning_rate"] for row in rows])
    save_panels([loss, score, rate], path)
