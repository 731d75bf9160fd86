"""Workbooks of Excel: the rows of their sheets as text."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from bilstm_tagger.corpus.formats.token_columns import Row, shown
from bilstm_tagger.errors import ConfigError, CorpusError

__all__ = ["Sheet", "read_sheets"]


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
        ConfigError: openpyxl is not installed.
        CorpusError: the file is damaged or none of Excel's.
    """
    try:
        import openpyxl
    except ImportError:
        raise ConfigError(f"{path}: Excel needs openpyxl; install it: pip install 'bilstm-tagger[office]'") from None
    try:
        book = openpyxl.load_workbook(io.BytesIO(Path(path).read_bytes()), read_only=True, data_only=True)
        raw = ((sheet.title, sheet.iter_rows(values_only=True)) for sheet in book.worksheets)
        # All at once: what is damaged is refused before anything of the file is read.
        texts = [(name, [[shown(cell) for cell in row] for row in rows]) for name, rows in raw]
    except Exception as error:  # openpyxl documents none: zip, XML and key errors of damaged files
        reason = " ".join(str(error).split())[:200]
        raise CorpusError(f"{path}: not a whole Excel file (.xlsx): {reason}") from None
    for name, rows in texts:
        width = max((at + 1 for row in rows for at, cell in enumerate(row) if cell), default=0)
        cut = ((number, (row + [""] * width)[:width]) for number, row in enumerate(rows, 1))
        if width:
            yield Sheet(name, [(number, row if any(row) else []) for number, row in cut])
