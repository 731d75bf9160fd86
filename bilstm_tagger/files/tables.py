"""Tables of texts that are to be tagged: CSV, spreadsheets, Parquet and Arrow.

Rows that give tokens are read as annotated files are; here is what those readers do not need: the text column is found
by its name, a row without a text is an empty document, and any separator and any spreadsheet will do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bilstm_tagger.corpus.formats.record_words import WORDS
from bilstm_tagger.corpus.formats.sheets import csv_rows, delimiter_of
from bilstm_tagger.corpus.formats.standard_fields import UNIVERSAL
from bilstm_tagger.corpus.formats.token_columns import looks_like_header
from bilstm_tagger.corpus.formats.workbooks import read_sheets
from bilstm_tagger.document.entities import LINE_END
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.files.json_texts import read_json
from bilstm_tagger.files.sheet_comments import count_comments
from bilstm_tagger.files.source import Source, Tally, Unread, read_words, suffix_of
from bilstm_tagger.files.text_column import (
    NoTextError,
    gives_token_rows,
    gives_words,
    is_text_name,
    numbers_sentences,
    rows_as_texts,
    text_column,
    without_counts,
    words_or_ask,
)
from bilstm_tagger.io.reading import open_text, read_text
from bilstm_tagger.settings.read_spec import ReadSpec
from bilstm_tagger.wording import counted

if TYPE_CHECKING:
    import pyarrow as pa

_SPAN_TAG = re.compile(r"O|[BIESLUM]-\S+")
_FIRST_LINES = 50  # that tell a table from columns of tokens


def read_table(path: Path, format: str, spec: ReadSpec, tally: Tally) -> Iterator[Source]:
    """Read the texts of a table, or its tokens where it gives these.

    Args:
        path: the file.
        format: `table` for what the suffix says, or one of the formats that tables have.
        spec: how to read words, and the column of the text if the user named it.
        tally: where rows without a text, and comments, which are not read, are counted.

    Raises:
        NoTextError: if there is neither a column of text nor of tokens.
        CorpusError: if the file cannot be read as what it claims to be.
    """
    kind = suffix_of(path) if format == "table" else f".{format}"
    rows = _first_rows(path, spec.encoding) if kind == ".tsv" and format == "tsv" and spec.text_column is None else None
    if rows is not None and not _is_table(rows):
        if _may_be_table(rows):
            tally.columns.append(str(path))
        yield from read_words(path, "conll", spec)
    elif kind in (".jsonl", ".json", ".ndjson"):
        yield from read_json(path, spec, tally)
    elif kind in (".parquet", ".arrow"):
        yield from _arrow_rows(path, kind.removeprefix("."), spec, tally)
    elif kind in (".xlsx", ".xlsm", ".xls", ".ods"):
        yield from _sheets(path, spec, tally)
    else:
        yield from _csv_rows(path, spec, tally, delimiter="\t" if kind == ".tsv" else None)


def _first_rows(path: Path, encoding: str | None) -> list[list[str]]:
    """The cells of the first lines of a `.tsv`, without empty lines at the end."""
    lines = [line for _, line in islice(open_text(path, encoding=encoding), _FIRST_LINES)]
    while lines and not lines[-1].strip():
        del lines[-1]
    return [line.split("\t") for line in lines]


def _is_table(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first lines of a `.tsv` are rows with a text in a cell, not columns of tokens."""
    if not rows:
        return False
    with_spaces = any(" " in cell.strip() for row in rows[1:] for cell in row)
    if any(map(is_text_name, rows[0])) and (with_spaces or len(rows) == 1):
        return True
    return with_spaces and len(rows[0]) > 1 and len({len(row) for row in rows}) == 1


def _may_be_table(rows: Sequence[Sequence[str]]) -> bool:
    """Whether lines that are read as columns of tokens may be a table: no line is empty, and no column has tags."""
    if len({len(row) for row in rows}) != 1 or len(rows[0]) < 2 or looks_like_header(rows[0]):
        return False
    further = list(zip(*rows, strict=True))[1:]
    return not any(UNIVERSAL.issuperset(column) or any(map(_SPAN_TAG.fullmatch, column)) for column in further)


def _csv_rows(path: Path, spec: ReadSpec, tally: Tally, *, delimiter: str | None) -> Iterator[Source]:
    text = read_text(path, encoding=spec.encoding)
    mark = delimiter or delimiter_of(text)

    def numbered_anew() -> Iterator[tuple[int, list[str]]]:
        return ((line, row) for line, row in csv_rows(str(path), text, mark) if row)

    numbered = numbered_anew()
    header = next(numbered, (1, []))[1]
    if not header:
        return
    named = ((line, dict(zip(header, row, strict=False))) for line, row in islice(numbered_anew(), 1, None))
    below = islice(numbered_anew(), 1, None)
    if gives_words(without_counts(header, named, spec, str(path)), spec) or numbers_sentences(
        header, below, spec, str(path)
    ):
        yield from read_words(path, "csv", spec)
        return
    try:
        column = text_column(header, spec.text_column, str(path))
    except NoTextError as asked:
        yield from words_or_ask(path, "csv", spec, asked)
        return
    at = header.index(column)

    def cells() -> Iterator[tuple[int, dict[str, Any]]]:
        for line, row in numbered:
            if len(row) != len(header):
                raise CorpusError(
                    f"{path}:{line}: {counted(len(row), 'cell')}, but the header names {counted(len(header), 'column')}"
                )
            before = sum(len(LINE_END.findall(cell)) for cell in row[:at])  # a cell may hold line ends
            yield line + before, dict(zip(header, row, strict=True))

    yield from rows_as_texts(cells(), column, str(path), tally, in_lines=True)


def _arrow_rows(path: Path, format: str, spec: ReadSpec, tally: Tally) -> Iterator[Source]:
    import pyarrow as pa

    from bilstm_tagger.corpus.formats import table

    batches = table._parquet_batches(path) if format == "parquet" else table._arrow_batches(path)
    number = 0
    column: str | None = None
    further: tuple[pa.Field, ...] = ()
    for batch in batches:
        if column is None:
            numbers = {f.name for f in batch.schema if pa.types.is_integer(f.type) or pa.types.is_floating(f.type)}
            if gives_words([name for name in batch.schema.names if name not in numbers.intersection(WORDS)], spec):
                yield from read_words(path, format, spec)
                return
            strings = [f.name for f in batch.schema if pa.types.is_string(f.type) or pa.types.is_large_string(f.type)]
            try:
                column = text_column(strings, spec.text_column, str(path))
            except NoTextError as asked:
                yield from words_or_ask(path, format, spec, asked)
                return
            with table._reading(path, format.capitalize()):
                labels = table._class_labels(batch.schema)
                further = tuple(f for f in table._further_fields(batch.schema, labels, column) if f.name not in labels)
        rows = table.checked_rows(batch, path)
        numbered = enumerate(rows, number + 1)
        for source, row in zip(rows_as_texts(numbered, column, str(path), tally), rows, strict=True):
            layout = table.RowLayout(further, {f.name: row[f.name] for f in further}) if further else None
            yield source._replace(layout=layout)
        number += len(rows)


def _sheets(path: Path, spec: ReadSpec, tally: Tally) -> Iterator[Source]:
    """The rows of all sheets of a workbook that have a header with a text."""
    sheets = list(read_sheets(path))
    tally.leave_out(Unread.COMMENTS, str(path), count_comments(path))
    refused: list[NoTextError] = []
    read = 0
    for name, numbered in sheets:
        (_, first), *rows = ((line, row) for line, row in numbered if row)
        header = [cell.strip() for cell in first]
        place = f"{path}: sheet {name!r}"
        filled = [(line, dict(zip(header, (cell or None for cell in row), strict=False))) for line, row in rows]
        columns = without_counts(header, filled, spec, place)
        named = isinstance(spec.word_column, str)
        if (
            gives_token_rows(columns, spec)
            or numbers_sentences(header, rows, spec, place)
            or (gives_words(columns, spec) and (named or not any(map(is_text_name, columns))))
        ):
            what = "not a text in each row but tokens; save it as a file of its own, .xlsx or .csv"
            refused.append(NoTextError(f"{place}: {what}"))
            continue
        try:
            column = text_column([cell for cell in header if cell], spec.text_column, place)
        except NoTextError as asked:
            refused.append(asked)
            continue
        read += 1
        yield from rows_as_texts(filled, column, str(path), tally, sheet=name if len(sheets) > 1 else None)
    if refused and not read:
        yield from words_or_ask(path, "xlsx", spec, refused[0])
    elif refused:
        tally.no_text.extend(map(str, refused))
