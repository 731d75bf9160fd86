"""Names that no file can have, refused in one line before the system refuses them with a bare `ValueError`."""

from __future__ import annotations

import os
from pathlib import Path

from bilstm_tagger.errors import TaggerError

__all__ = ["check_file_name"]


def check_file_name(path: str | Path, error: type[TaggerError] = TaggerError) -> None:
    """Refuse a name with a NUL character, or with half a character, which the system cannot be asked for.

    Args:
        path: the file or folder as the user names it.
        error: the kind of error.

    Raises:
        TaggerError: of that kind, if no file can have the name.
    """
    if "\0" in str(path):
        raise error(f"{str(path)!r}: no name that a file can have; it holds a NUL character")
    try:
        os.fsencode(path)
    except UnicodeEncodeError as fault:
        raise error(f"{str(path)!r}: no name that a file can have; it holds half a character") from fault
