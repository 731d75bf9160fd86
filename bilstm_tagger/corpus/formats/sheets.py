"""CSV, TSV and Excel: a document in each row, as in `records`, or a token in each row, as in `token_rows`."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from bilstm_tagger.corpus.formats.list_cells import read_cell
from bilstm_tagger.corpus.formats.record_words import whole_record
from bilstm_tagger.corpus.formats.records import RecordReader
from bilstm_tagger.corpus.formats.token_rows import Row, Table, looks_like_header, read_token_rows, shown
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import ConfigError, CorpusError
from bilstm_tagger.io.reading import read_text
from bilstm_tagger.settings.read_spec import ReadSpec
from bilstm_tagger.wording import counted

__all__ = [
    "check_header",
    "delimiter_of",
    "is_header",
    "numbered_rows",
    "read_csv",
    "read_tsv",
    "read_xlsx",
    "sheet_rows",
]

_CELL = 2**31 - 1  # longest cell of a CSV file; Python's own limit is far below a document
_DELIMITERS = ",;\t|"
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
    yield from _documents(str(path), _csv_rows(str(path), text, spec.delimiter or delimiter_of(text)), spec)


def read_tsv(path: str | Path, spec: ReadSpec) -> Iterator[Document]:
    """Read a table with tabs between its cells. Arguments and errors as in `read_csv`."""
    return read_csv(path, spec.replace(delimiter="\t"))


def delimiter_of(text: str) -> str:
    """Find what stands between cells: what cuts the first line into most, a comma where several do."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    return max(_DELIMITERS, key=lambda mark: len(next(csv.reader([first], delimiter=mark), [])))


def is_header(first: str) -> bool:
    """Tell whether the first line of a file of columns is the header of a table, whose cells tabs separate."""
    return "\t" in first and looks_like_header(first.split("\t"))


def read_xlsx(path: str | Path, spec: ReadSpec) -> Iterator[Document]:
    """Read the rows of the first sheet of an Excel file. Arguments and errors as in `read_csv`.

    Raises:
        ConfigError: openpyxl is not installed.
    """
    yield from _documents(str(path), sheet_rows(path), spec)


def sheet_rows(path: str | Path) -> Iterator[Row]:
    """Read the cells of the first sheet of an Excel file as text, each row with its number; an empty row has no cells.

    Args:
        path: the file.

    Raises:
        ConfigError: openpyxl is not installed.
        CorpusError: the file is damaged or none of Excel's.
    """
    try:
        import openpyxl
    except ImportError:
        raise ConfigError(f"{path}: Excel needs openpyxl; install it: pip install 'bilstm-tagger[office]'") from None
    try:
        data = io.BytesIO(Path(path).read_bytes())
        sheet = openpyxl.load_workbook(data, read_only=True, data_only=True).worksheets[0]
        rows = [[shown(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
    except Exception as error:  # openpyxl documents none: zip, XML and key errors of damaged files
        reason = " ".join(str(error).split())[:200]
        raise CorpusError(f"{path}: not a whole Excel file (.xlsx): {reason}") from None
    width = max((at + 1 for row in rows for at, cell in enumerate(row) if cell), default=0)
    cut = ((number, (row + [""] * width)[:width]) for number, row in enumerate(rows, 1))
    yield from ((number, row if any(row) else []) for number, row in cut)


def _documents(path: str, rows: Iterable[Row], spec: ReadSpec) -> Iterator[Document]:
    rows = iter(rows)
    header = list(spec.names)
    if not header:
        line, header = next(((line, row) for line, row in rows if row), (1, []))
        while header and not header[-1].strip():
            header = header[:-1]  # empty columns at the end
        check_header(header, f"{path}:{line}")
    table = Table(path, header, _trimmed([*_fitting(path, rows, header)]), spec)
    if table.is_one():
        yield from read_token_rows(table)
        return
    reader = RecordReader(path, spec)
    texts = {"id", "text", spec.text_column}
    for line, row in table.rows:
        if not row:
            continue
        named = zip(header, row, strict=True)
        cells = {name: cell if name in texts else read_cell(cell) for name, cell in named}
        whole_record(cells, "".join(row), f"{path}:{line}")
        document = reader.document(cells | {"id": cells.get("id") or None}, line)
        if document is not None:
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


def _csv_rows(path: str, text: str, delimiter: str) -> Iterator[Row]:
    bare = delimiter == "\t" and _LONE_QUOTE.search(text) is not None
    stream = io.StringIO(text, newline="")
    if bare:
        rows = csv.reader(stream, strict=True, delimiter=delimiter, quoting=csv.QUOTE_NONE)
    else:
        rows = csv.reader(stream, strict=True, delimiter=delimiter)
    return numbered_rows(rows, path)


def numbered_rows(rows: Any, path: str) -> Iterator[Row]:
    """Each row of a `csv.reader`, whose further rows are read, with the line it begins in.

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
            yield line, row
            line = rows.line_num + 1
    except csv.Error as error:
        raise CorpusError(f"{path}:{line}: not CSV: {error}; is a quotation mark missing?") from None


def check_header(header: Sequence[str], place: str) -> None:
    """Refuse two columns of one name; an index that pandas wrote has none, and several may."""
    twice = next((name for name in header if name and header.count(name) > 1), None)
    if twice is not None:
        raise CorpusError(f"{place}: two columns are named {twice!r}; rename one of them")
