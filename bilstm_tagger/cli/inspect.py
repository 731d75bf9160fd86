"""`bilstm-tagger inspect`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bilstm_tagger.cli.app import note

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table
    from rich.text import Text

    from bilstm_tagger.inspection.inspect import Inspection, NamedArray

DARKEST = (8, 48, 107)


def inspect(
    *,
    text: Annotated[str, typer.Option("--text", "-t", help="What to look into, a sentence or a few.")],
    model: Annotated[
        Path, typer.Option("--model", "-m", help="Model folder, or a model that comes with the package.")
    ] = Path("en"),
    task: Annotated[str | None, typer.Option(help="Task whose predictions to explain; else the first.")] = None,
    png: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a figure there.")] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a page there, to hover and choose.")] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write all numbers there, - for standard output.")
    ] = None,
) -> None:
    """Look into the network while it tags a text: gates, states, and what each prediction depends on."""
    from rich.console import Console

    from bilstm_tagger.inspection.inspect import inspect as look_inside
    from bilstm_tagger.inspection.views import draw, write_page
    from bilstm_tagger.io.atomic import atomic_write
    from bilstm_tagger.tagging.tagger import Tagger

    seen = look_inside(Tagger.load(model), text, task=task)
    if png is not None:
        draw(seen, png)
        note(f"figure: {png}")
    if html is not None:
        write_page(seen, html)
        note(f"page: {html}")
    values = json.dumps(seen.to_json(), ensure_ascii=False)
    if json_file == Path("-"):
        typer.echo(values)
        return
    if json_file is not None:
        with atomic_write(json_file) as stream:
            stream.write(values + "\n")
    if seen.lstm_gates is None:
        note(f"note: only an LSTM has gates and cell states; this model's encoder.type is {seen.encoder}")
    console = Console(highlight=False)
    # With eight colours only, a shade and the number on it could look the same.
    for view in views(seen, coloured=console.color_system in ("256", "truecolor")):
        console.print(view)


def views(seen: Inspection, *, coloured: bool) -> list[RenderableType]:
    """Tables for the terminal: states by layer, dependences, units."""
    from rich.text import Text

    parts: list[RenderableType] = []
    for layer in seen.layers:
        parts += [Text(layer, style="bold"), _states(seen, layer, coloured=coloured)]
    of_lstm = (
        ""
        if seen.lstm_gates is None
        else "f, i, o: forget, input, output gate, mean of the units; |c|: length of the cell state; "
    )
    parts.append(Text(f"{of_lstm}|h|: length of the hidden state\n", style="dim"))
    parts += [Text("what each prediction depends on most, by share of the gradient", style="bold"), _dependences(seen)]
    if seen.units:
        parts += [
            Text("most token-specific units: hidden state there, and its mean elsewhere", style="bold"),
            _units(seen),
        ]
    return parts


def _states(seen: Inspection, layer: str, *, coloured: bool) -> Table:
    """Gates and norms of one layer, a row a token."""
    table = _table(["token", "tag"])
    columns: list[tuple[list[float], float]] = []

    def add(name: str, direction: str, values: NamedArray, high: float, **place: str) -> None:
        arrow = {"forward": "→", "backward": "←"}.get(direction, "")
        table.add_column(arrow + name, justify="right", no_wrap=True)
        columns.append((values.select(layer=layer, direction=direction, **place).tolist(), high))

    for direction in seen.directions:
        if seen.lstm_gates is not None:
            for gate in seen.gates.axes["gate"]:
                add(gate[0], direction, seen.gates, 1.0, gate=gate)
        for name, norm in {"|c|": seen.lstm_cell_norm, "|h|": seen.hidden_norm}.items():
            if norm is not None:
                add(name, direction, norm, float(norm.select(layer=layer).max()))
    for number, (word, tag) in enumerate(zip(seen.tokens, seen.tags, strict=True)):
        cells = [_shaded(values[number], high, coloured=coloured) for values, high in columns]
        table.add_row(_text(word), _text(tag), *cells)
    return table


def _dependences(seen: Inspection) -> Table:
    from bilstm_tagger.inspection.views import depends_most_on

    table = _table(["token", "tag", "on"])
    for number, (word, tag) in enumerate(zip(seen.tokens, seen.tags, strict=True)):
        shares = depends_most_on(seen, number)
        on = "  ".join(f"{_where(number, place)}{seen.tokens[place]} {share:.0%}" for place, share in shares)
        table.add_row(_text(word), _text(tag), _text(on))
    return table


def _units(seen: Inspection) -> Table:
    table = _table(["unit", "token"])
    for name in ("there", "elsewhere"):
        table.add_column(name, justify="right")
    for unit in seen.units:
        name = f"{unit.layer}, {unit.direction}, unit {unit.unit}"
        word = seen.tokens[unit.token]
        table.add_row(_text(name), _text(word), f"{unit.value:+.2f}", f"{unit.elsewhere:+.2f}")
    return table


def _where(token: int, on: int) -> str:
    """An arrow towards the other token, none for the token itself."""
    return "" if on == token else "←" if on < token else "→"


def _table(names: list[str]) -> Table:
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
    """A number on a shade of blue, darker for larger ones."""
    from rich.text import Text

    number = f"{value:.2f}" if value < 10 else f"{value:.1f}"
    if not coloured:
        return Text(number)
    part = min(1.0, value / high) if high > 0 else 0.0
    red, green, blue = (round(255 + (dark - 255) * part) for dark in DARKEST)
    return Text(number, style=f"{'white' if part > 0.65 else 'black'} on rgb({red},{green},{blue})")
