"""Workbooks of Excel and other spreadsheets: the rows of their sheets as text."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from bilstm_tagger.corpus.formats.token_columns import Row, shown
from bilstm_tagger.errors import ConfigError, CorpusError
from bilstm_tagger.io.reading import read_bytes

__all__ = ["ONLY_READ", "Sheet", "read_sheets"]

ONLY_READ = (".xlsm", ".xls", ".ods")  # workbooks that are not written


class Sheet(NamedTuple):
    """A sheet of a workbook.

    Attributes:
        name: its name.
        rows: its rows, each with its number; an empty one has no cells.
    """

    name: str
    rows: list[Row]


def read_sheets(path: str | Path) -> Iterator[Sheet]:
    """Read the cells of each sheet that is not empty as text, in the order of the workbook.

    Args:
        path: the file.

    Raises:
        ConfigError: python-calamine is not installed.
        CorpusError: the file is damaged or no workbook.
    """
    try:
        from python_calamine import CalamineError, CalamineWorkbook
    except ImportError:
        raise ConfigError(f"{path}: spreadsheets need python-calamine: pip install 'bilstm-tagger[office]'") from None
    data = read_bytes(Path(path))
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        raw = [(name, book.get_sheet_by_name(name).to_python(skip_empty_area=False)) for name in book.sheet_names]
    except CalamineError as error:
        reason = " ".join(str(error).split())[:200]
        raise CorpusError(f"{path}: not a whole spreadsheet: {reason}") from None
    # All at once: what is damaged is refused before anything of the file is read.
    texts = [(name, [[shown(cell) for cell in row] for row in rows]) for name, rows in raw]
    for name, rows in texts:
        width = max((at + 1 for row in rows for at, cell in enumerate(row) if cell), default=0)
        cut = ((number, (row + [""] * width)[:width]) for number, row in enumerate(rows, 1))
        if width:
            yield Sheet(name, [(number, row if any(row) else []) for number, row in cut])
