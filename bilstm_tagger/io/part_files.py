"""Temporary files that become their target when they are complete.

A part file is locked while its process writes it, so that one which a killed process left can be told from one
that is being written, and be removed.
"""

from __future__ import annotations

import os
import re
import secrets
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO

# Hidden, and of a pattern that no other program uses: a file of this name is removed if nobody has locked it.
_NAME = re.compile(r"\.bilstm-tagger-[0-9a-f]{16}\.part")


def open_new(path: Path, *, binary: bool, mode: str) -> IO[str] | IO[bytes]:
    r"""Open a file for writing, as bytes or as UTF-8 without translation of `\n`."""
    return path.open(mode + "b") if binary else path.open(mode, encoding="utf-8", newline="")


def open_part(folder: Path, *, binary: bool) -> tuple[Path, IO[str] | IO[bytes]]:
    """Open a new locked part file.

    Args:
        folder: where it is made; the folder of the target, since a rename must not cross file systems.
        binary: whether it takes bytes instead of text.

    Returns:
        Its path, and the stream to write it; the lock ends when the stream is closed.

    Raises:
        OSError: if it cannot be made; `FileNotFoundError` if there is no such folder.
    """
    while True:
        path = folder / f".bilstm-tagger-{secrets.token_hex(8)}.part"
        stream = open_new(path, binary=binary, mode="x")
        # Between these two lines another process may have taken the file for a stale one.
        if _lock(stream) and path.exists():
            return path, stream
        stream.close()


def remove_stale_parts(folder: Path) -> None:
    """Remove part files that killed processes left in a folder; those that are being written stay.

    Args:
        folder: the folder; nothing happens if it does not exist or cannot be read.
    """
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if _NAME.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                with suppress(OSError):
                    _remove_unlocked(Path(entry.path))


def _remove_unlocked(path: Path) -> None:
    if sys.platform == "win32":
        path.unlink()  # refused while another process has the file open
        return
    with path.open("r+b") as stream:
        if _lock(stream, unsupported=False):
            path.unlink()


def _lock(stream: IO[str] | IO[bytes], *, unsupported: bool = True) -> bool:
    """Lock an open file without waiting.

    Args:
        stream: the file, open for writing.
        unsupported: the answer where the file system has no locks.

    Returns:
        Whether this process now holds the lock.
    """
    if sys.platform == "win32":
        return unsupported
    import fcntl

    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return unsupported
    return True
