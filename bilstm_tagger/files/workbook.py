"""Tables written as Excel workbooks, row by row."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, BinaryIO

from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import ConfigError
from bilstm_tagger.files.entity_tables import Cell, TableMaker
from bilstm_tagger.wording import counted

logger = logging.getLogger("bilstm_tagger")

MOST_ROWS = 1_048_576  # of a sheet, header included
LONGEST = 32_767  # characters of a cell
_MISSING = "Excel needs openpyxl; install it: pip install 'bilstm-tagger[office]'"
# What XML cannot hold, and what looks like its escape (ECMA-376, part 1, 22.9.2.19).
_ESCAPED = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")


def workbook_writer(make: TableMaker) -> Callable[..., None]:
    """The writer of a table as an Excel workbook; more rows than a sheet holds go into further sheets.

    Cells are stored as text, never as formulas. A sentence longer than a cell can be ends in an ellipsis.
    """

    def write(documents: Iterable[Document], stream: BinaryIO, *, tasks: Sequence[str] | None = None) -> None:
        try:
            from openpyxl import Workbook
            from openpyxl.cell import WriteOnlyCell
        except ImportError as error:
            raise ConfigError(_MISSING) from error

        header, table = make(documents, tasks)
        book = Workbook(write_only=True)

        cut = 0

        def cells(sheet: Any, row: Iterable[Cell]) -> Iterator[Any]:
            nonlocal cut
            for value in row:
                fitting = _escaped(value)
                if isinstance(fitting, str) and len(fitting) > LONGEST:
                    fitting, cut = fitting[: LONGEST - 1] + "…", cut + 1
                cell = WriteOnlyCell(sheet, value=fitting)
                if isinstance(value, str):
                    cell.data_type = "s"  # also where it begins like a formula
                yield cell

        sheet: Any = None
        left = 0
        for row in table:
            if not left:
                sheet, left = book.create_sheet(), MOST_ROWS - 1
                sheet.freeze_panes = "A2"
                sheet.append(header)
            sheet.append(list(cells(sheet, row)))
            left -= 1
        if sheet is None:
            book.create_sheet().append(header)
        book.save(stream)
        if cut:
            logger.warning(
                "%s than a cell can be (%d characters); what does not fit is cut and ends in …; csv has it whole",
                counted(cut, "text is longer", "texts are longer"),
                LONGEST,
            )

    return write


def _escaped(value: Cell) -> Cell:
    if not isinstance(value, str):
        return value
    return _ESCAPED.sub(lambda found: f"_x{ord(found.group()):04X}_", value)
