"""`bilstm-tagger results`."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bilstm_tagger.cli.app import note, screen
from bilstm_tagger.cli.output import file_of

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from bilstm_tagger.evaluation.results import Results


FEW = 3  # a model is told by its differences from another one if they are one in so many of its settings at most


class ResultFormat(StrEnum):
    """How the table is written."""

    TEXT = "text"
    CSV = "csv"
    MARKDOWN = "markdown"
    LATEX = "latex"


def results(
    folders: Annotated[
        list[str], typer.Argument(metavar="DIR...", help="Model folders, or folders of them.", show_default=False)
    ],
    *,
    format: Annotated[
        ResultFormat, typer.Option(help="The table for a terminal, or as CSV, Markdown, LaTeX (booktabs).")
    ] = ResultFormat.TEXT,
    mean: Annotated[
        bool, typer.Option("--mean", help="One row for models that differ in the seed alone: mean ± deviation.")
    ] = False,
    sort: Annotated[bool, typer.Option("--sort", help="The best on dev first, not by name.")] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write; default: standard output.")
    ] = None,
) -> None:
    """Put models side by side: the settings in which they differ, and their scores in percent."""
    from bilstm_tagger.evaluation.result_tables import RESULT_FORMATS
    from bilstm_tagger.evaluation.results import collect_results
    from bilstm_tagger.evaluation.seed_difference import differences
    from bilstm_tagger.io.atomic import atomic_write

    found = collect_results(folders)
    output = file_of(output)
    if mean:
        found = found.over_seeds()
    if sort:
        found = found.by_score()
    if format is ResultFormat.TEXT and output is None:
        _print(found, screen())
    else:
        text = _text(found) if format is ResultFormat.TEXT else RESULT_FORMATS[format](found)
        if output is None:
            typer.echo(text, nl=False)
        else:
            with atomic_write(output) as stream:
                stream.write(text)
    for line in found.notes:
        note(f"note: {line}")
    for line in differences(found):
        note(line)


def _print(results: Results, console: Console) -> None:
    """Print the table; where it is too wide, the settings of each model stand below it."""
    from rich.text import Text

    from bilstm_tagger.evaluation.result_tables import text_rows

    names, figures, rows = text_rows(results)
    table = _table(names, figures, rows)
    if fits(table, console):
        console.print(table)
        return
    console.print(_table(names[:1], figures, [[row[0], *row[len(names) :]] for row in rows]))
    settings = [row[1 : len(names)] for row in rows]
    for number, row in enumerate(rows):
        told = _beside(names[1:], settings[number], [row[0] for row in rows[:number]], settings[:number])
        console.print(Text.assemble((row[0], "bold"), ": ", told), soft_wrap=True)


def fits(table: Table, console: Console) -> bool:
    """Tell whether a table needs no more columns of characters than the terminal has."""
    from rich.measure import measure_renderables

    return measure_renderables(console, console.options.update(width=10_000), [table]).maximum <= console.width


def _beside(names: Sequence[str], cells: Sequence[str], models: Sequence[str], earlier: Sequence[Sequence[str]]) -> str:
    """The settings of a model, or where it differs from the most alike one before it, if that is much shorter."""
    from bilstm_tagger.evaluation.results import ABSENT

    own = [f"{name}={value}" for name, value in zip(names, cells, strict=True) if value != ABSENT]
    others = [
        [
            f"{name}={'' if value == ABSENT else value}"
            for name, value, other in zip(names, cells, each, strict=True)
            if value != other
        ]
        for each in earlier
    ]
    if not others or len(fewest := min(others, key=len)) > len(own) / FEW:
        return ", ".join(own)
    return f"as {models[others.index(fewest)]}" + (f", but {', '.join(fewest)}" if fewest else "")


def _table(names: Sequence[str], figures: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD)
    for name in names:
        table.add_column(Text(name), overflow="fold")
    for name in figures:
        table.add_column(Text(name), justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def _text(results: Results) -> str:
    """The table of a terminal as wide as it needs, for a file."""
    from io import StringIO

    from rich.console import Console

    from bilstm_tagger.evaluation.result_tables import text_rows

    stream = StringIO()
    Console(file=stream, width=10_000, highlight=False).print(_table(*text_rows(results)))
    return "".join(line.rstrip() + "\n" for line in stream.getvalue().splitlines())
