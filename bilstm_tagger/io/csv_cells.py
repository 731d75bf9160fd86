"""Cells of CSV files that spreadsheets open.

Such a file is UTF-8 with a byte order mark, and its lines end in CR LF. A cell that a spreadsheet would take for a
formula gets an apostrophe before it, as OWASP advises ("CSV Injection").
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from typing import TextIO, TypeVar

__all__ = ["safe_cell", "write_csv"]

_Cell = TypeVar("_Cell")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def safe_cell(cell: _Cell) -> _Cell | str:
    """The cell, with an apostrophe before what a spreadsheet would take for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def write_csv(stream: TextIO, header: Sequence[str], rows: Iterable[Sequence[str | int | float | None]]) -> None:
    """Write a table for spreadsheets.

    Args:
        stream: where it goes.
        header: names of the columns.
        rows: the cells of each row; None is an empty cell.
    """
    stream.write("\ufeff")
    writer = csv.writer(stream)
    writer.writerow(header)
    writer.writerows(map(safe_cell, row) for row in rows)
