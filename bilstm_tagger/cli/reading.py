"""The options of the commands that read annotated files: where the tags are and how they are spelled."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from bilstm_tagger.cli.columns import task_columns
from bilstm_tagger.cli.values import column_name, label_map
from bilstm_tagger.errors import choose

if TYPE_CHECKING:
    from bilstm_tagger.schemes.grammar import Scheme
    from bilstm_tagger.settings.read_spec import ReadSpec

ColumnOption = Annotated[
    list[str] | None,
    typer.Option(
        "--column",
        metavar="[TASK=]COLUMN",
        help="Column of the tags: a number from 1, -1 the last, or a name; repeatable. Default: those of the format.",
    ),
]
NamesOption = Annotated[
    str | None,
    typer.Option(
        "--names", metavar="NAME,...", help="Names of the columns of a CoNLL file, or of a table without a header."
    ),
]
WordOption = Annotated[str, typer.Option("--word-column", help="Column of the words.")]
RawLanguageOption = Annotated[
    str | None,
    typer.Option("--language", metavar="CODE", help="Language of records of raw text, as in train; else en."),
]
TokenizerOption = Annotated[
    str | None,
    typer.Option("--tokenizer", help="Instead of --language: spacy:LANGUAGE, characters or whitespace."),
]
TextOption = Annotated[
    str | None, typer.Option("--text-column", help="Key or column of the raw text in records, tables and data sets.")
]
MisalignedOption = Annotated[
    str,
    typer.Option(
        "--misaligned", help="Spans that begin or end inside a token: error, snap (widen to whole tokens) or drop."
    ),
]
EncodingOption = Annotated[
    str | None, typer.Option("--encoding", help="Encoding of the file, as cp1252; else UTF-8, or UTF-16 by its mark.")
]
CommentsOption = Annotated[
    str | None, typer.Option("--comments", metavar="MARK", help="What comment lines begin with in CoNLL columns, as #.")
]
DelimiterOption = Annotated[
    str | None, typer.Option("--delimiter", help="What stands between the cells of CSV; else it is found out.")
]
SentenceOption = Annotated[
    str | None,
    typer.Option(
        "--sentence-column",
        metavar="COLUMN",
        help="Column that identifies the sentence, in tables and records with one token per row.",
    ),
]
MapOption = Annotated[
    list[str] | None,
    typer.Option(
        "--map", metavar="OLD=NEW,...", help="Rename labels, as Person=PER,ort=Ort; =O leaves one out; repeatable."
    ),
]
FixOption = Annotated[
    bool, typer.Option("--fix-tags", help="Read near misses such as B_PER, b-per or PER-B as the tags that were meant.")
]
LabelOption = Annotated[
    str | None, typer.Option("--label", metavar="NAME", help="The label of tags that have none, such as B and I.")
]


def read_spec(
    files: Iterable[str | Path],
    column: list[str] | None,
    *,
    format: str | None,
    word_column: str,
    language: str | None,
    tokenizer: str | None,
    misaligned: str,
    **flags: Any,
) -> ReadSpec:
    """Make the specification of how to read files from the flags of a command.

    Args:
        files: the annotated files.
        column: values of `--column`.
        format: format of the files; None detects it.
        word_column: value of `--word-column`.
        language: value of `--language`.
        tokenizer: value of `--tokenizer`.
        misaligned: value of `--misaligned`.
        **flags: those that `reading_fields` takes.

    Raises:
        typer.BadParameter: a value of `--column` or `--misaligned` is malformed, a flag changes nothing, or language
            and tokeniser are both given.
    """
    from bilstm_tagger.settings.read_spec import Policy, ReadSpec

    if misaligned not in get_args(Policy):
        raise typer.BadParameter(
            f"no policy {misaligned!r}; {choose(misaligned, get_args(Policy))}", param_hint="--misaligned"
        )
    return ReadSpec(
        format=format,
        columns=task_columns(column),
        word_column=column_name(word_column),
        tokenizer=tokenizer_of(language, tokenizer) or ReadSpec().tokenizer,
        misaligned=misaligned,  # type: ignore[arg-type]
    ).replace(**reading_fields(files, format, **flags))


def reading_fields(
    files: Iterable[str | Path],
    format: str | None,
    *,
    names: str | None = None,
    text_column: str | None = None,
    encoding: str | None = None,
    comments: str | None = None,
    delimiter: str | None = None,
    sentence_column: str | None = None,
    labels: list[str] | None = None,
    fix_tags: bool = False,
    label: str | None = None,
) -> dict[str, Any]:
    """Give the fields of a `ReadSpec` for the flags that were given.

    Args:
        files: the annotated files; what is none, such as a model, is passed over.
        format: name of their format; None for what their names and first lines tell.
        names: value of `--names`; the others likewise.
        text_column: of `--text-column`.
        encoding: of `--encoding`.
        comments: of `--comments`.
        delimiter: of `--delimiter`.
        sentence_column: of `--sentence-column`.
        labels: of `--map`.
        fix_tags: of `--fix-tags`.
        label: of `--label`.

    Raises:
        typer.BadParameter: a value is malformed, or a flag changes nothing in any of the files.
    """
    fields = {
        "names": None if names is None else tuple(name.strip() for name in names.split(",")),
        "text_column": text_column,
        "encoding": encoding,
        "comments": comments or None,
        "delimiter": {"\\t": "\t", "tab": "\t"}.get(delimiter or "", delimiter),
        "sentence_column": None if sentence_column is None else column_name(sentence_column),
        "labels": label_map(labels),
        "fix_tags": fix_tags or None,
        "label": label,
    }
    _refuse_unused(files, format, fields)
    return fields


def _refuse_unused(files: Iterable[str | Path], format: str | None, fields: dict[str, Any]) -> None:
    from bilstm_tagger.corpus.formats import unheeded

    if (found := unheeded(files, format, fields)) is not None:
        option, formats = found
        raise typer.BadParameter(
            f"changes nothing in {formats}; leave it out", param_hint=f"--{option.replace('_', '-')}"
        )


def tokenizer_of(language: str | None, tokenizer: str | None) -> str | None:
    """The tokenizer that `--language` or `--tokenizer` names.

    Args:
        language: value of `--language`.
        tokenizer: value of `--tokenizer`.

    Raises:
        typer.BadParameter: both are given.
    """
    if language is not None and tokenizer is not None:
        raise typer.BadParameter("give --language or --tokenizer, not both", param_hint="--tokenizer")
    return tokenizer if language is None else f"spacy:{language}"


def scheme_of(name: str | None, option: str) -> Scheme | None:
    """A scheme by its name in upper or lower case.

    Args:
        name: the name; None gives None.
        option: the flag, for the message.

    Raises:
        typer.BadParameter: there is no such scheme.
    """
    from bilstm_tagger.schemes.grammar import Scheme

    if name is None:
        return None
    match = next((scheme for scheme in Scheme if scheme.value.lower() == name.lower()), None)
    if match is None:
        raise typer.BadParameter(f"no scheme {name!r}; {choose(name, Scheme)}", param_hint=option)
    return match
