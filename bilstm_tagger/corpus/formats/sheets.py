"""CSV, TSV and Excel: a document in each row, as in `records`, or a token in each row, as in `token_rows`."""

from __future__ import annotations

import codecs
import csv
import io
import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from bilstm_tagger.corpus.formats.list_cells import read_cell
from bilstm_tagger.corpus.formats.record_words import whole_record
from bilstm_tagger.corpus.formats.records import RecordReader
from bilstm_tagger.corpus.formats.token_columns import CsvStyle, Row, Table, TokenRowError, looks_like_header, place_of
from bilstm_tagger.corpus.formats.token_rows import read_token_rows
from bilstm_tagger.corpus.formats.workbooks import read_sheets
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.io.encodings import marked_encoding
from bilstm_tagger.io.reading import read_text
from bilstm_tagger.settings.read_spec import ReadSpec
from bilstm_tagger.wording import counted

__all__ = [
    "check_header",
    "csv_rows",
    "delimiter_of",
    "is_header",
    "numbered_rows",
    "read_csv",
    "read_tsv",
    "read_xlsx",
]

logger = logging.getLogger("bilstm_tagger")

_CELL = 2**31 - 1  # longest cell of a CSV file; Python's own limit is far below a document
_DELIMITERS = ",;\t|"
_QUOTED = re.compile(r'"(?:[^"]|"")*"')
# What Excel has as a first line to tell the separator.
_SEPARATOR = re.compile(r"sep=(.)\s*", re.IGNORECASE)
# A quotation mark that is a whole cell: then such marks are tokens, not around cells.
_LONE_QUOTE = re.compile(r'(?:^|\t)"(?:\t|$)', re.MULTILINE)


def read_csv(path: str | Path, spec: ReadSpec) -> Iterator[Document]:
    """Read the rows of a CSV file: each a document, or each a token.

    A cell is a list if it is one in JSON, Python or numpy's printing; tokens and tags may also be separated by spaces.

    Args:
        path: the file.
        spec: how to read it; the column of a task is that of its tags or spans, a number stands for the usual names, of
            which `TASK`, `TASK_tags`, `tags` and `spans` come first. With a token in each row a number is that of the
            column, and -1 the usual names or the last column. `names` are the columns' where the file has no header.

    Raises:
        CorpusError: a row does not fit, as `file:line`, or it is not clear where sentences end.
    """
    text = read_text(path, encoding=spec.encoding)
    rows = csv_rows(str(path), text, spec.delimiter or delimiter_of(text))
    yield from _documents(_table(str(path), rows, spec))


def read_tsv(path: str | Path, spec: ReadSpec) -> Iterator[Document]:
    """Read a table with tabs between its cells. Arguments and errors as in `read_csv`."""
    return read_csv(path, spec.replace(delimiter="\t"))


def style_of(path: str | Path, spec: ReadSpec) -> CsvStyle:
    """How a file of CSV is written, so that another can be written like it.

    UTF-8 is written whatever the file was in; in place of another encoding it gets the mark by which Excel knows it.

    Raises:
        CorpusError: the file cannot be read.
    """
    text = read_text(path, encoding=spec.encoding)
    with open(path, "rb") as stream:
        begin = stream.read(4)
    marked = spec.encoding is not None or begin.startswith(codecs.BOM_UTF8) or marked_encoding(begin) is not None
    first, line_end = text.partition("\n")[:2]
    said = first + line_end if _SEPARATOR.fullmatch(first) else ""
    return CsvStyle(
        spec.delimiter or delimiter_of(text),
        "\r\n" if first.endswith("\r") else "\n",
        marked,
        said,
    )


def delimiter_of(text: str) -> str:
    """Find what stands between cells: what cuts the first line into most, a comma where several do.

    Or what the first line says, as Excel has it: `sep=;`.
    """
    first = next((line for line in text.splitlines() if line.strip()), "")
    said = _SEPARATOR.fullmatch(first)
    if said is not None:
        return said[1]
    return max(_DELIMITERS, key=lambda mark: len(next(csv.reader([first], delimiter=mark), [])))


def is_header(first: str) -> bool:
    """Tell whether the first line of a file of columns is the header of a table, whose cells tabs separate."""
    return "\t" in first and looks_like_header(first.split("\t"))


def read_xlsx(path: str | Path, spec: ReadSpec) -> Iterator[Document]:
    """Read the rows of all sheets of a workbook of Excel or LibreOffice. Arguments and errors as in `read_csv`.

    Of a workbook with several sheets that are not empty, each has documents of its own, whose names begin with that of
    the sheet. One that has neither a column of tokens nor of text is left out, and a warning names it.

    Raises:
        ConfigError: python-calamine is not installed.
        CorpusError: no sheet has tokens or a text, or of one it is not clear which.
    """
    sheets = list(read_sheets(path))
    if len(sheets) < 2:
        yield from _documents(_table(str(path), sheets[0].rows if sheets else (), spec))
        return
    tables = [_table(str(path), sheet.rows, spec, sheet=sheet.name) for sheet in sheets]
    lacking = {table.place: lack for table in tables if (lack := table.lack()) is not None}
    if len(lacking) == len(tables):
        place, lack = next(iter(lacking.items()))
        raise CorpusError(f"{place}: {lack}, nor has one of the other sheets; name it, --word-column or --text-column")
    for place, lack in lacking.items():
        logger.warning("%s was left out: %s", place, lack)
    kept = [table for table in tables if table.place not in lacking]
    for table in kept:  # before anything is read of the others
        try:
            table.is_one()
        except TokenRowError as error:
            raise TokenRowError(f"{error}; or take this sheet out of the workbook") from None
    for table in kept:
        for document in _documents(table):
            document.sheet = table.sheet
            document.id = "!".join(part for part in (table.sheet, document.id) if part)
            yield document


def _table(path: str, rows: Iterable[Row], spec: ReadSpec, *, sheet: str | None = None) -> Table:
    """The rows below the header, which are as wide as it is."""
    rows = iter(rows)
    header = list(spec.names)
    place = place_of(path, sheet)
    if not header:
        line, header = next(((line, row) for line, row in rows if row), (1, []))
        while header and not header[-1].strip():
            header = header[:-1]  # empty columns at the end
        check_header(header, f"{place}:{line}")
    return Table(path, header, _trimmed([*_fitting(place, rows, header)]), spec, sheet=sheet)


def _documents(table: Table) -> Iterator[Document]:
    if table.is_one():
        yield from read_token_rows(table)
        return
    reader = RecordReader(table.place, table.spec)
    texts = {"id", "text", table.spec.text_column}
    for line, row in table.rows:
        if not row:
            continue
        named = zip(table.header, row, strict=True)
        cells = {name: cell if name in texts else read_cell(cell) for name, cell in named}
        whole_record(cells, "".join(row), f"{table.place}:{line}")
        document = reader.document(cells | {"id": cells.get("id") or None}, line)
        if document is not None:
            document.path = table.path
            yield document
    reader.finish()


def _trimmed(rows: list[Row]) -> list[Row]:
    """The rows without empty ones at either end."""
    first = next((at for at, (_, row) in enumerate(rows) if any(row)), len(rows))
    last = next((at for at in range(len(rows) - 1, -1, -1) if any(rows[at][1])), -1)
    return rows[first : last + 1]


def _fitting(path: str, rows: Iterable[Row], header: Sequence[str]) -> Iterator[Row]:
    width = len(header)
    for line, row in rows:
        if len(row) > width and not any(row[width:]):
            row = row[:width]
        if row and len(row) != width:
            raise CorpusError(
                f"{path}:{line}: {counted(len(row), 'cell')}, but the header names {counted(width, 'column')}"
            )
        yield line, row if any(row) else []


def csv_rows(path: str, text: str, delimiter: str) -> Iterator[Row]:
    """Read the rows of a table in a text file, each with the line it begins in.

    Args:
        path: the file, for messages.
        text: its content.
        delimiter: what stands between cells.

    Raises:
        CorpusError: for what is not CSV, as `file:line`.
    """
    stream = io.StringIO(text, newline="")
    if delimiter == "\t" and _has_bare_quotes(text):
        rows = csv.reader(stream, strict=True, delimiter=delimiter, quoting=csv.QUOTE_NONE)
    else:
        rows = csv.reader(stream, strict=True, delimiter=delimiter)
    return numbered_rows(rows, path)


def _has_bare_quotes(text: str) -> bool:
    """Whether quotation marks in a table with tabs are parts of its cells, not around them.

    So they are where a mark is a whole cell, or one has no end in its cell and each line is a whole row.
    """
    if '"' not in text:
        return False
    if _LONE_QUOTE.search(text):
        return True
    rows = [line.split("\t") for line in text.splitlines() if line.strip()]
    is_open = any(cell[:1] == '"' and not _QUOTED.fullmatch(cell) for row in rows for cell in row)
    return is_open and len(rows[0]) > 1 and len(set(map(len, rows))) == 1


def numbered_rows(rows: Any, path: str) -> Iterator[Row]:
    """Each row of a `csv.reader`, whose further rows are read, with the line it begins in; not Excel's `sep=;`.

    Args:
        rows: the reader, strict.
        path: the file, for messages.

    Raises:
        CorpusError: for what is not CSV, as `file:line`.
    """
    csv.field_size_limit(_CELL)
    line = rows.line_num + 1
    try:
        for row in rows:
            if line > 1 or not _SEPARATOR.fullmatch(rows.dialect.delimiter.join(row)):
                yield line, row
            line = rows.line_num + 1
    except csv.Error as error:
        raise CorpusError(f"{path}:{line}: not CSV: {error}; is a quotation mark missing?") from None


def check_header(header: Sequence[str], place: str) -> None:
    """Refuse two columns of one name; an index that pandas wrote has none, and several may."""
    twice = next((name for name in header if name and header.count(name) > 1), None)
    if twice is not None:
        raise CorpusError(f"{place}: two columns are named {twice!r}; rename one of them")
