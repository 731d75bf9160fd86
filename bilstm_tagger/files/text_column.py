"""The text column of tables and of JSON records: how it is found, and its rows as documents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bilstm_tagger.corpus.formats import FORMATS
from bilstm_tagger.corpus.formats.record_words import WORDS, WordKeys, is_number, kind_of
from bilstm_tagger.corpus.formats.token_columns import Row, Table, TokenRowError, kinds_of, may_have_words
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.files.source import Source, Tally, read_words
from bilstm_tagger.settings.read_spec import ReadSpec

# Columns of text go by one of these names, in any case of letters.
TEXT_NAMES = (
    "text", "texts", "full_text", "raw_text", "body", "content", "message", "sentence", "review", "tweet", "abstract",
    "article", "document", "post", "comment", "description", "transcript", "paragraph", "utterance",
)  # fmt: skip


class NoTextError(CorpusError):
    """A table in which no column of text is found."""


class SeveralTextsError(NoTextError):
    """A table in which several columns may be the text."""


def text_column(columns: Sequence[str], named: str | None, place: str) -> str:
    """Find the column of the text.

    Args:
        columns: the names of the columns that can hold a text.
        named: its name, if the user named it.
        place: the file, for messages.

    Raises:
        NoTextError: if the named one is not there, or none or several are called like a text.
    """
    known = [name for name in columns if is_text_name(name)] if named is None else [named]
    twice = next((name for name in known if columns.count(name) > 1), None)
    if twice is not None:
        raise SeveralTextsError(f"{place}: two columns are named {twice!r}; rename one of them")
    shown = ", ".join(columns) if columns else "none"
    if named is not None:
        if named not in columns:
            raise NoTextError(f"{place}: no column {named!r}; there are: {shown}; name one of them, --text-column")
        return named
    if len(known) == 1:
        return known[0]
    if known:
        raise SeveralTextsError(
            f"{place}: {' and '.join(known)} may each be the text; name it, --text-column {known[0]}"
        )
    raise NoTextError(f"{place}: no column is called like a text (columns: {shown}); name it, --text-column NAME")


def without_counts(
    columns: Sequence[str], rows: Iterable[tuple[int, Mapping[str, Any]]], spec: ReadSpec, place: str
) -> list[str]:
    """Leave out columns called `words` or `tokens` that count those of a text beside them.

    Args:
        columns: the names of the columns.
        rows: all rows, each with its number.
        spec: how to read words.
        place: the file, for messages.

    Raises:
        CorpusError: some of their cells are numbers, others words.
    """
    named = spec.text_column is not None or isinstance(spec.word_column, str) or spec.sentence_column is not None
    if named or "sentence" in kinds_of(columns) or not any(map(is_text_name, columns)):
        return list(columns)
    if not any(name in WORDS for name in columns):
        return list(columns)
    filled = ((line, {name: cell for name, cell in row.items() if cell not in (None, "")}) for line, row in rows)
    if gives_token_rows(columns, spec):  # where some words may be numbers, but hardly all
        counts = set(WORDS)
        for _, row in filled:
            counts = {name for name in counts if is_number(row.get(name, 0))}
    else:
        keys = WordKeys(TEXT_NAMES)
        for line, row in filled:
            keys.of(row, f"{place}:{line}")
        counts = set(keys.counts())
    return [name for name in columns if name not in counts]


def is_text_name(name: str) -> bool:
    """Whether columns of this name are taken for the text."""
    return name.strip().casefold() in TEXT_NAMES


def gives_words(columns: Iterable[str], spec: ReadSpec) -> bool:
    """Whether the tokens are there, so that no text has to be cut."""
    if isinstance(spec.word_column, str):
        return spec.word_column in columns
    names = list(columns)
    return spec.text_column is None and (any(name in WORDS for name in names) or gives_token_rows(names, spec))


def gives_token_rows(columns: Sequence[str], spec: ReadSpec) -> bool:
    """Whether columns are named as in tables with a token in each row.

    Beside the words there are sentences, or tags and no text: what is called `document`, `article` or `sentence` is the
    name of one there.
    """
    if spec.text_column is not None:
        return False
    kinds = kinds_of(columns)
    if "word" not in kinds or "sentence" in kinds or spec.sentence_column is not None:
        return "word" in kinds
    texts = [name for name in columns if is_text_name(name) and name.strip().casefold() != "sentence"]
    return "tag" in kinds and all("document" in kinds_of([name]) for name in texts)


def numbers_sentences(header: Sequence[str], rows: Iterable[Row], spec: ReadSpec, place: str) -> bool:
    """Whether a column that is called like a sentence numbers those of the words beside it, and is no text.

    Args:
        header: the names of the columns.
        rows: the rows below them.
        spec: how to read words.
        place: the file, for messages.
    """
    if spec.text_column is not None or all(name.casefold() != "sentence" for name in header):
        return False
    if spec.word_column == 1 and not may_have_words(header):  # the rows are many
        return False
    padding = [""] * len(header)
    table = Table(place, header, [(line, [*row, *padding][: len(header)]) for line, row in rows], spec)
    return table.word() is not None and table.sentence() is not None


def rows_as_texts(
    rows: Iterable[tuple[int, Mapping[str, Any]]],
    column: str | None,
    path: str,
    tally: Tally,
    *,
    in_lines: bool = False,
    sheet: str | None = None,
) -> Iterator[Source]:
    """The text of each row; one without is an empty document.

    Args:
        rows: each with its line or row, counted from 1.
        column: the column of the text; None if none has a text.
        path: the file, for messages.
        tally: where rows without a text are counted.
        in_lines: whether further lines of a text are further lines of the file.
        sheet: the sheet of a workbook with several, which the name of each document begins with.

    Raises:
        CorpusError: for a text that is no string.
    """
    for line, row in rows:
        text = None if column is None else row.get(column)
        if text is None or text == "":
            tally.empty[path] += 1
        elif not isinstance(text, str):
            raise CorpusError(f"{path}:{line}: {column} is {kind_of(text)}, not a text")
        identity = next((row[name] for name in ("id", "ID", "Id") if row.get(name) not in (None, "")), None)
        name = "!".join(str(part) for part in (sheet, identity) if part is not None) or None
        yield Source(text or "", name, line=line, in_lines=in_lines)


def words_or_ask(path: Path, format: str, spec: ReadSpec, asked: NoTextError) -> Iterator[Source]:
    """Read a file without a column of text as an annotated one; if it is none, the text column is asked for.

    Args:
        path: the file.
        format: its format as an annotated file.
        spec: how to read words.
        asked: the question.

    Raises:
        NoTextError: the question, if not even the first document can be read.
        TokenRowError: something is wrong in a table with a token in each row.
    """
    if format not in FORMATS or spec.text_column is not None or isinstance(asked, SeveralTextsError):
        raise asked
    documents = read_words(path, format, spec)
    try:
        first = next(documents, None)
    except TokenRowError:
        raise
    except CorpusError:
        raise asked from None
    if first is not None:
        yield first
        yield from documents
