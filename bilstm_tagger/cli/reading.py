"""What the commands that read annotated files share: how the user says where the tags are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, get_args

import typer

from bilstm_tagger.cli.train import column_name

if TYPE_CHECKING:
    from bilstm_tagger.schemes.grammar import Scheme
    from bilstm_tagger.settings.read_spec import ReadSpec

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


def read_spec(
    column: list[str] | None,
    *,
    format: str | None,
    names: str | None,
    word_column: str,
    tokenizer: str,
    text_column: str | None,
    misaligned: str,
) -> ReadSpec:
    """Tell how to read a file by the flags of a command.

    Raises:
        typer.BadParameter: columns or the policy for spans are not written as they should be.
    """
    from bilstm_tagger.settings.read_spec import Policy, ReadSpec

    if misaligned not in get_args(Policy):
        raise typer.BadParameter(f"{misaligned!r}: choose error, snap or drop", param_hint="--misaligned")
    return ReadSpec(
        format=format,
        columns=_task_columns(column),
        names=tuple(name.strip() for name in names.split(",")) if names is not None else (),
        word_column=column_name(word_column),
        tokenizer=tokenizer,
        text_column=text_column,
        misaligned=misaligned,  # type: ignore[arg-type]
    )


def _task_columns(given: list[str] | None) -> dict[str, int | str] | None:
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


def scheme_of(name: str | None, option: str) -> Scheme | None:
    """A scheme by its name in any case of letters."""
    from bilstm_tagger.schemes.grammar import Scheme

    if name is None:
        return None
    known = next((scheme for scheme in Scheme if scheme.value.lower() == name.lower()), None)
    if known is None:
        raise typer.BadParameter(f"{name!r}: choose one of {', '.join(Scheme)}", param_hint=option)
    return known
