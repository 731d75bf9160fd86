"""What the commands that read annotated files share: how the user says where the tags are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bilstm_tagger.cli.train import column_name

if TYPE_CHECKING:
    from bilstm_tagger.corpus import ReadOptions
    from bilstm_tagger.schemes.grammar import Scheme

ColumnOption = Annotated[
    list[str] | None,
    typer.Option(
        "--column",
        metavar="[TASK=]COLUMN",
        help="Column of the tags: a number from 1, -1 the last, or a name; repeatable. Else all that are found.",
    ),
]
NamesOption = Annotated[
    str | None, typer.Option("--names", metavar="NAME,...", help="Names of the columns of a CoNLL file.")
]
WordOption = Annotated[str, typer.Option("--word-column", help="Column of the words.")]
TokenizerOption = Annotated[
    str, typer.Option("--tokenizer", help="For records of raw text: spacy:LANGUAGE, characters or whitespace.")
]
TextOption = Annotated[
    str | None, typer.Option("--text-column", help="Key or column of the raw text in records, tables and data sets.")
]
MisalignedOption = Annotated[
    str,
    typer.Option("--misaligned", help="Spans of characters that cut through tokens: error, snap (widen them) or drop."),
]


def task_columns(given: list[str] | None) -> dict[str, int | str] | None:
    """Columns by task; one without a task gives it its own name, or `tags` if it is a number."""
    columns: dict[str, int | str] = {}
    for text in given or []:
        task, equals, column = text.rpartition("=")
        value = column_name(column)
        name = task if equals else "tags" if isinstance(value, int) else value.lower()
        if not name or not column or name in columns:
            problem = f"task {name!r} is named twice" if name in columns else "write COLUMN or TASK=COLUMN"
            raise typer.BadParameter(f"{text!r}: {problem}", param_hint="--column")
        columns[name] = value
    return columns or None


def column_names(given: str | None) -> list[str] | None:
    """Names separated by commas."""
    return None if given is None else [name.strip() for name in given.split(",")]


def read_options(tokenizer: str, text_column: str | None, misaligned: str) -> ReadOptions:
    """How to read raw text."""
    from bilstm_tagger.corpus import ReadOptions

    if misaligned not in ("error", "snap", "drop"):
        raise typer.BadParameter(f"{misaligned!r}: choose error, snap or drop", param_hint="--misaligned")
    return ReadOptions(tokenizer=tokenizer, text_column=text_column, misaligned=misaligned)  # type: ignore[arg-type]


def scheme_of(name: str | None, option: str) -> Scheme | None:
    """A scheme by its name in any case of letters."""
    from bilstm_tagger.schemes.grammar import Scheme

    if name is None:
        return None
    found = next((scheme for scheme in Scheme if scheme.value.lower() == name.lower()), None)
    if found is None:
        raise typer.BadParameter(f"{name!r}: choose one of {', '.join(Scheme)}", param_hint=option)
    return found
