"""Tables that people fill in: written as spreadsheets read them without harm, and read back."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from bilstm_tagger.corpus.formats.sheets import csv_rows, delimiter_of
from bilstm_tagger.corpus.formats.token_columns import place_of
from bilstm_tagger.corpus.formats.workbooks import ONLY_READ, Sheet, read_sheets
from bilstm_tagger.errors import ConfigError, CorpusError
from bilstm_tagger.files.entity_tables import Cell, TableMaker, csv_writer, table_writer, tsv_writer
from bilstm_tagger.files.workbook import workbook_writer
from bilstm_tagger.io.reading import read_text
from bilstm_tagger.wording import counted

__all__ = ["KINDS", "read_table", "table_kind", "unescaped", "write_table"]

logger = logging.getLogger("bilstm_tagger")

KINDS: dict[str, Callable[[TableMaker], Callable[..., None]]] = {
    "csv": csv_writer,
    "tsv": tsv_writer,
    "xlsx": workbook_writer,
    "table": table_writer,
}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def table_kind(path: Path) -> str:
    """The kind of a table by its name.

    Raises:
        ConfigError: the name does not tell it.
    """
    kind = path.suffix.lower().removeprefix(".")
    if kind not in ("csv", "tsv", "xlsx"):
        raise ConfigError(f"{path}: the name does not tell what table it is; call it .csv, .tsv or .xlsx")
    return kind


def write_table(header: Sequence[str], rows: Iterable[Sequence[Cell]], stream: IO[Any], *, kind: str) -> None:
    """Write a table.

    Args:
        header: the names of its columns.
        rows: its cells.
        stream: where to; bytes for `xlsx`.
        kind: one of `KINDS`.
    """
    KINDS[kind](lambda documents, tasks: (header, rows))((), stream)


def read_table(
    path: Path, *, wanted: Sequence[str], encoding: str | None = None
) -> Iterator[tuple[str, dict[str, str]]]:
    """Read a table that was filled in; columns may have been added and moved, and in a workbook sheets.

    Args:
        path: the table; with commas, semicolons or tabs between its cells, or a workbook.
        wanted: columns that must be there.
        encoding: encoding of a text file, UTF-8 by default.

    Yields:
        The place of each row that is not empty, and its cells by column.

    Raises:
        CorpusError: the file cannot be read, or a column is missing.
    """
    if not path.is_file():
        raise CorpusError(f"{path}: no such file; check the path")
    if path.suffix.lower() in ONLY_READ or table_kind(path) == "xlsx":
        sheets = list(read_sheets(path)) or [Sheet("", [])]
        several = len(sheets) > 1
        parts = [(place_of(str(path), sheet.name if several else None), iter(sheet.rows)) for sheet in sheets]
    else:
        text = read_text(path, encoding=encoding)
        parts = [(str(path), csv_rows(str(path), text, delimiter_of(text)))]
    lacking: dict[str, str] = {}
    for place, rows in parts:
        numbered = ((line, row) for line, row in rows if any(row))
        header = next(numbered, (1, []))[1]
        missing = [name for name in wanted if name not in header]
        if missing:
            lacking[place] = f"no column {', '.join(missing)}; it has: {', '.join(header) or 'nothing'}"
        else:
            yield from _cells(place, header, numbered)
    if len(lacking) == len(parts):
        raise CorpusError(": ".join(next(iter(lacking.items()))))
    for place, lack in lacking.items():
        logger.warning("%s was left out: %s", place, lack)


def _cells(
    place: str, header: Sequence[str], rows: Iterable[tuple[int, Sequence[str]]]
) -> Iterator[tuple[str, dict[str, str]]]:
    for line, row in rows:
        if len(row) > len(header) and any(row[len(header) :]):
            raise CorpusError(
                f"{place}:{line}: {counted(len(row), 'cell')}, but the header names {counted(len(header), 'column')}"
            )
        yield f"{place}:{line}", dict(zip(header, [*row, *[""] * len(header)], strict=False))


def unescaped(cell: str) -> str:
    """A cell without the apostrophe that keeps spreadsheets from reading it as a formula."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell
