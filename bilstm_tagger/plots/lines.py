"""Line plots: panels of lines with one legend; learning curves.

Lines differ in colour, dash pattern and marker at once, so a figure can be read in grey and by colour-blind readers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bilstm_tagger.errors import TaggerError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Colour, dash pattern and marker of the lines in order; the colours also differ in lightness (Okabe and Ito 2008).
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
MUTED = "#bbbbbb"
#: Later lines have smaller markers, so that the markers of lines that coincide can all be seen.
MARKER_SIZES = (6.6, 5.8, 5.4, 4.4, 4.0, 4.0, 3.6)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a panel.

    Attributes:
        label: name in the legend; lines of one label look the same in all panels of a figure.
        x: horizontal coordinates.
        y: values; None or NaN leaves a gap, and so does a value of 0 or less on a logarithmic axis.
        band: lowest and highest value at each coordinate, drawn as a shade.
        muted: draw it thin and grey, without markers and legend: as a background to compare with.
        end_label: text at the right end of the line.
    """

    label: str
    x: Sequence[float]
    y: Sequence[float | None]
    band: tuple[Sequence[float], Sequence[float]] | None = None
    muted: bool = False
    end_label: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """One pair of axes.

    Attributes:
        title: one short line above.
        x_label: name of the horizontal axis, with its unit.
        y_label: name of the vertical axis, with its unit.
        lines: the lines.
        log_y: whether the vertical axis is logarithmic.
        levels: horizontal dotted lines, their heights by name.
        marks: vertical dotted lines, their coordinates by name.
        y_limits: ends of the vertical axis; None fits them to the data.
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
    panels: Sequence[Panel],
    path: str | Path,
    *,
    columns: int | None = None,
    size: tuple[float, float] = (4.3, 3.2),
    share_y: bool = False,
    legend: bool = True,
) -> None:
    """Draw panels in rows.

    Args:
        panels: row by row, each from left to right.
        path: where the PNG goes.
        columns: panels per row; None puts all into one row.
        size: width and height of a panel, inches.
        share_y: give all panels the same vertical axis, labelled once per row.
        legend: draw one legend below the panels if there is more than one label.
    """
    from matplotlib.figure import Figure

    columns = columns or len(panels)
    rows = -(-len(panels) // columns)
    figure = Figure(figsize=(size[0] * columns, size[1] * rows + 0.3), layout="constrained")
    labels = list(dict.fromkeys(line.label for panel in panels for line in panel.lines))
    grid = figure.subplots(rows, columns, sharey=share_y, squeeze=False).flatten()
    handles: dict[str, Any] = {}
    for place, (axes, panel) in enumerate(zip(grid, panels, strict=False)):
        handles |= _draw_panel(axes, panel, labels, y_label=not (share_y and place % columns))
    for axes in grid[len(panels) :]:
        axes.set_visible(False)
    if legend and len(labels) > 1:
        figure.legend(
            [handles[label] for label in labels],
            labels,
            loc="outside lower center",
            ncols=min(6, len(labels)),
            frameon=False,
            handlelength=3.2,
        )
    figure.savefig(path, dpi=130, metadata={"Software": None})


def _draw_panel(axes: Axes, panel: Panel, labels: Sequence[str], *, y_label: bool) -> dict[str, Any]:
    """Draw one panel; returns the lines for the legend by label."""
    handles = {}
    for line in panel.lines:
        if line.muted:
            axes.plot(line.x, _with_gaps(line.y), color=MUTED, linewidth=1, zorder=1)
        else:
            handles[line.label] = _draw_line(axes, line, labels)
    if panel.log_y:
        axes.set_yscale("log", nonpositive="mask")
    _draw_guides(axes, panel)
    axes.set_title(panel.title, fontsize=10)
    axes.set_xlabel(panel.x_label)
    axes.set_ylabel(panel.y_label if y_label else "")
    axes.spines[["top", "right"]].set_visible(False)
    if panel.y_limits:
        axes.set_ylim(*panel.y_limits)
    return handles


def _draw_line(axes: Axes, line: Line, labels: Sequence[str]) -> Any:
    style = labels.index(line.label) % len(STYLES)
    colour, dashes, marker = STYLES[style]
    values = _with_gaps(line.y)
    if line.band:
        axes.fill_between(line.x, *line.band, color=colour, alpha=0.15, linewidth=0)
    (handle,) = axes.plot(
        line.x,
        values,
        color=colour,
        linestyle=dashes,
        marker=marker,
        markersize=MARKER_SIZES[style] if len(labels) > 1 else 4,
        markevery=max(1, len(values) // MOST_MARKERS),
        linewidth=1.8 if dashes == ":" else 1.4,
    )
    if line.end_label:
        end, beside = (line.x[-1], values[-1]), (7, 0)
        axes.annotate(line.end_label, end, beside, textcoords="offset points", va="center", fontsize=9, color=colour)
    return handle


def _with_gaps(values: Sequence[float | None]) -> list[float]:
    return [float("nan") if value is None else value for value in values]


def _draw_guides(axes: Axes, panel: Panel) -> None:
    """Draw the named dotted lines: levels and marks."""
    text: dict[str, Any] = {"textcoords": "offset points", "fontsize": 8, "color": "0.3"}
    for name, height in (panel.levels or {}).items():
        axes.axhline(height, color="0.5", linestyle=":", linewidth=1)
        axes.annotate(name, (1, height), (0, 3), xycoords=("axes fraction", "data"), ha="right", **text)
    for name, position in (panel.marks or {}).items():
        axes.axvline(position, color="0.5", linestyle=":", linewidth=1)
        axes.annotate(name, (position, 0), (3, 3), xycoords=("data", "axes fraction"), **text)


def learning_curves(rows: Sequence[Mapping[str, Any]], path: str | Path, *, best: int) -> None:
    """Draw loss, dev score and learning rate by epoch.

    Args:
        rows: the metrics of each epoch: `epoch`, `loss`, `score` in [0, 1], `learning_rate`.
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

    loss = panel("training loss", "loss (nats per sentence)", [row["loss"] for row in rows])
    score = panel(
        f"best dev score {100 * kept['score']:.2f} %, epoch {best}",
        "dev score (%)",
        [100 * row["score"] for row in rows],
        marks={"best": best},
    )
    rate = panel("learning rate", "learning rate at the epoch's end", [row["learning_rate"] for row in rows])
    save_panels([loss, score, rate], path)
