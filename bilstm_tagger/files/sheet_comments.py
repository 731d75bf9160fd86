"""How many comments the cells of a workbook have, which its readers do not give."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from pathlib import Path

from bilstm_tagger.io.reading import read_bytes

# Of Excel, and of OpenDocument. Newer, threaded comments of Excel stand among the others as well.
_PARTS = re.compile(r"xl/(?:.*/)?comments?\d*\.xml|content\.xml", re.IGNORECASE)
_COMMENT = re.compile(rb"<(?:\w+:)?comment\s|<office:annotation[\s>]")
_TAIL = 32  # bytes in which a tag that is cut between two blocks begins
_BLOCK = 1 << 20


def count_comments(path: Path) -> int:
    """Number of comments of a workbook (`.xlsx`, `.xlsm`, `.ods`); 0 for other kinds.

    Args:
        path: the file, which may be damaged: readers tell that.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(read_bytes(path))) as archive:
            return sum(_count(archive, name) for name in archive.namelist() if _PARTS.fullmatch(name))
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError):
        return 0


def _count(archive: zipfile.ZipFile, name: str) -> int:
    count, rest = 0, b""
    with archive.open(name) as part:
        while block := part.read(_BLOCK):
            data = rest + block
            found = list(_COMMENT.finditer(data))
            count += len(found)
            rest = data[max(len(data) - _TAIL, found[-1].end() if found else 0) :]
    return count
