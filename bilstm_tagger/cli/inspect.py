"""`bilstm-tagger inspect`."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bilstm_tagger.cli.app import note, screen
from bilstm_tagger.cli.output import check_places
from bilstm_tagger.errors import TaggerError, choose

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table
    from rich.text import Text

    from bilstm_tagger.inspection.inspect import Inspection, NamedArray

DARKEST = (8, 48, 107)
MOST_TRANSITIONS = 4


def inspect(
    *,
    text: Annotated[str, typer.Option("--text", "-t", help="Text to inspect: one or a few sentences.")],
    model: Annotated[
        Path, typer.Option("--model", "-m", help="Model folder, or a model that comes with the package.")
    ] = Path("en"),
    task: Annotated[
        str | None, typer.Option(help="Task whose predictions to explain; default: the first with spans.")
    ] = None,
    unit: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LAYER,DIRECTION,UNIT",
            help="Show this hidden unit at every token, as 1,forward,17; repeatable.",
        ),
    ] = None,
    png: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a figure to this file.")] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write an interactive page to this file.")] = None,
    json_file: Annotated[
        Path | None,
        typer.Option("--json", metavar="FILE", help="Write all numbers to this file; - is standard output."),
    ] = None,
) -> None:
    """Look into the network while it tags a text: gates, states, and what each prediction depends on."""
    from bilstm_tagger.inspection.inspect import inspect as look_inside
    from bilstm_tagger.inspection.views import draw, write_page
    from bilstm_tagger.io.atomic import atomic_write
    from bilstm_tagger.tagging.tagger import Tagger

    units = [_unit_names(names) for names in unit or []]
    check_places(png, html, json_file)
    inspection = look_inside(Tagger.load(model), text, task=task)
    inspection = inspection.with_units(_known_unit(inspection, *names) for names in units)
    if png is not None:
        draw(inspection, png)
        note(f"figure: {png}")
    if html is not None:
        write_page(inspection, html)
        note(f"page: {html}")
    values = json.dumps(inspection.to_json(), ensure_ascii=False)
    if json_file == Path("-"):
        typer.echo(values)
        return
    if json_file is not None:
        with atomic_write(json_file) as stream:
            stream.write(values + "\n")
    if inspection.own_encoder:
        note(f"note: of the encoder {inspection.encoder} what it gives is shown, for its insides are not known")
    elif inspection.lstm_gates is None:
        note(f"note: only an LSTM has gates and cell states; this model's encoder.type is {inspection.encoder}")
    console = screen()
    # With only eight colours, a shade and the number on it could look the same.
    coloured = console.color_system in ("256", "truecolor")
    for view in views(inspection, units=len(unit or []), coloured=coloured):
        console.print(view)


def _unit_names(text: str) -> tuple[int, str, int]:
    """Layer (from 1), direction and unit of a `--unit` flag."""
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != 3 or not (parts[0].isdecimal() and int(parts[0]) and parts[2].isdecimal()):
        raise typer.BadParameter(f"{text!r}: write LAYER,DIRECTION,UNIT, as 1,forward,17", param_hint="--unit")
    return int(parts[0]), parts[1], int(parts[2])


def _known_unit(inspection: Inspection, layer: int, direction: str, unit: int) -> tuple[int, str, int]:
    """The same unit with its layer from 0, as the inspection has it.

    Raises:
        TaggerError: the model has no such layer, direction or unit.
    """
    layers, units = len(inspection.layers), len(inspection.hidden_states.axes["unit"])
    flag = f"--unit {layer},{direction},{unit}"
    if layer > layers:
        raise TaggerError(f"{flag}: no layer {layer}; the model has {'only 1' if layers == 1 else f'1 to {layers}'}")
    if direction not in inspection.directions:
        raise TaggerError(f"{flag}: no direction {direction!r}; {choose(direction, inspection.directions)}")
    if unit >= units:
        raise TaggerError(f"{flag}: no unit {unit}; a layer has 0 to {units - 1} in each direction")
    return layer - 1, direction, unit


def views(inspection: Inspection, *, coloured: bool, units: int = 0) -> list[RenderableType]:
    """Tables for the terminal: states by layer, dependences, scores, transitions, units.

    Args:
        inspection: the inspection.
        coloured: whether the terminal can show shades.
        units: how many of the first units to show at every token.
    """
    from rich.text import Text

    def heading(text: str) -> Text:
        return Text(text, style="bold")

    parts: list[RenderableType] = []
    for layer in inspection.layers:
        parts += [heading(layer), _states(inspection, layer, coloured=coloured)]
    legend = "|h|: norm of the hidden state\n"
    if inspection.lstm_gates is not None:
        legend = f"f, i, o: forget, input, output gate, mean of the units; |c|: norm of the cell state; {legend}"
    parts.append(Text(legend, style="dim"))
    parts += [heading("what each prediction depends on most, by share of the gradient"), _dependences(inspection)]
    parts += [heading("tags with the highest scores (emissions)"), _tag_scores(inspection)]
    if inspection.learned_transitions is not None:
        scores = _transitions(inspection.learned_transitions)
        parts += [heading("transitions with the highest scores, by tag"), scores]
    if units:
        parts += [heading("hidden state of single units"), _unit_traces(inspection, units, coloured=coloured)]
    if inspection.units:
        parts += [heading("most token-specific units: hidden state there, mean elsewhere"), _units(inspection)]
    return parts


def _states(inspection: Inspection, layer: str, *, coloured: bool) -> Table:
    """Gates and norms of one layer, one row per token."""
    table = _table(["token", "tag"])
    columns: list[tuple[list[float], float]] = []

    def add(name: str, direction: str, values: NamedArray, high: float, **position: str) -> None:
        """Add a column of numbers between 0 and `high`."""
        arrow = {"forward": "→", "backward": "←"}.get(direction, "")
        table.add_column(arrow + name, justify="right", no_wrap=True)
        columns.append((values.select(layer=layer, direction=direction, **position).tolist(), high))

    for direction in inspection.directions:
        if inspection.lstm_gates is not None:
            for gate in inspection.gates.axes["gate"]:
                add(gate[0], direction, inspection.gates, 1.0, gate=gate)
        for name, norm in {"|c|": inspection.lstm_cell_norm, "|h|": inspection.hidden_norm}.items():
            if norm is not None:
                add(name, direction, norm, float(norm.select(layer=layer).max()))
    for number, (word, tag) in enumerate(zip(inspection.tokens, inspection.tags, strict=True)):
        cells = [_shaded(values[number], high, coloured=coloured) for values, high in columns]
        table.add_row(_text(word), _text(tag), *cells)
    return table


def _dependences(inspection: Inspection) -> Table:
    """The tokens that each prediction depends on most."""
    from bilstm_tagger.inspection.views import depends_most_on

    table = _table(["token", "tag", "depends on"])
    for number, (word, tag) in enumerate(zip(inspection.tokens, inspection.shown_tags, strict=True)):
        shares = depends_most_on(inspection, number)
        on = "  ".join(f"{_arrow(number, other)}{inspection.tokens[other]} {share:.0%}" for other, share in shares)
        table.add_row(_text(word), _text(tag), _text(on))
    return table


def _tag_scores(inspection: Inspection) -> Table:
    """The tags with the highest scores at each token."""
    from bilstm_tagger.inspection.views import best_tags

    table = _table(["token", "tag", "scores"])
    for number, (word, tag) in enumerate(zip(inspection.tokens, inspection.shown_tags, strict=True)):
        scores = "  ".join(f"{name} {score:+.2f}" for name, score in best_tags(inspection, number))
        table.add_row(_text(word), _text(tag), _text(scores))
    return table


def _transitions(transitions: NamedArray) -> Table:
    """The allowed transitions with the highest scores from each tag."""
    table = _table(["from", "to"])
    for name, row in zip(transitions.axes["from"], transitions.values.tolist(), strict=True):
        allowed = [(score, to) for to, score in zip(transitions.axes["to"], row, strict=True) if score > -math.inf]
        best = sorted(allowed, key=lambda pair: -pair[0])[:MOST_TRANSITIONS]
        table.add_row(_text(name), _text("  ".join(f"{to} {score:+.2f}" for score, to in best)))
    return table


def _unit_traces(inspection: Inspection, units: int, *, coloured: bool) -> Table:
    """The hidden states of the first units, one row per token."""
    table = _table(["token", "tag"])
    for unit in inspection.units[:units]:
        arrow = {"forward": "→", "backward": "←"}.get(unit.direction, "")
        table.add_column(f"{arrow}{unit.layer.removeprefix('layer ')}:{unit.unit}", justify="right", no_wrap=True)
    for number, (word, tag) in enumerate(zip(inspection.tokens, inspection.tags, strict=True)):
        cells = [_shaded(unit.trace[number], 1.0, coloured=coloured) for unit in inspection.units[:units]]
        table.add_row(_text(word), _text(tag), *cells)
    return table


def _units(inspection: Inspection) -> Table:
    """The most token-specific units."""
    table = _table(["unit", "token"])
    for name in ("there", "elsewhere"):
        table.add_column(name, justify="right")
    for unit in inspection.units:
        word = inspection.tokens[unit.token]
        elsewhere = "–" if unit.elsewhere is None else f"{unit.elsewhere:+.2f}"
        table.add_row(_text(unit.name), _text(word), f"{unit.value:+.2f}", elsewhere)
    return table


def _arrow(token: int, on: int) -> str:
    """An arrow towards the other token, none for the token itself."""
    return "" if on == token else "←" if on < token else "→"


def _table(names: list[str]) -> Table:
    """An empty table with columns of text."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in names:
        table.add_column(name, overflow="fold", no_wrap=name == "tag")
    return table


def _text(value: str) -> Text:
    from rich.text import Text

    return Text(value)  # not str: rich would read square brackets as markup


def _shaded(value: float, high: float, *, coloured: bool) -> Text:
    """A number on a shade of blue, darker the farther it is from 0."""
    from rich.text import Text

    number = f"{value:.2f}" if value < 10 else f"{value:.1f}"
    if not coloured:
        return Text(number)
    part = min(1.0, abs(value) / high) if high > 0 else 0.0
    red, green, blue = (round(255 + (dark - 255) * part) for dark in DARKEST)
    return Text(number, style=f"{'white' if part > 0.65 else 'black'} on rgb({red},{green},{blue})")
