"""Where the result of long work is to go, looked at before the work."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from bilstm_tagger.errors import ConfigError, TaggerError
from bilstm_tagger.io.atomic import is_device, writing
from bilstm_tagger.io.file_names import check_file_name

__all__ = ["check_file_place", "check_folder_place"]


def check_file_place(path: str | Path) -> None:
    """Refuse a place where no file can be written; what is missing of its folder will be made.

    Args:
        path: the file; one that is there will be replaced.

    Raises:
        TaggerError: it is a folder, or the system lets nothing be written there.
    """
    check_file_name(path)
    if is_device(path):
        return None
    with writing(path):
        mode = _mode(Path(path))
        if mode is None or not stat.S_ISDIR(mode):
            return _check_writable(Path(os.path.realpath(path)).parent)
    raise TaggerError(f"{path}: is a folder; name a file in it")


def check_folder_place(path: str | Path) -> None:
    """Refuse a place where no folder can be made, or one in which nothing can be written.

    Args:
        path: the folder.

    Raises:
        ConfigError: it is a file.
        TaggerError: the system lets nothing be written there.
    """
    check_file_name(path)
    with writing(path):
        mode = _mode(Path(path))
        if mode is None or stat.S_ISDIR(mode):
            return _check_writable(Path(os.path.realpath(path)))
    raise ConfigError(f"{path}: is a file; choose another place")


def _mode(path: Path) -> int | None:
    """What is there; None for nothing. The system refuses names that are too long, and files in place of folders."""
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return None


def _check_writable(folder: Path) -> None:
    """Raise where nothing can be written in a folder, or in the one in which it would be made."""
    for each in (folder, *folder.parents):  # ends at the root, which is missing too where Windows lacks the drive
        mode = _mode(each)
        if mode is None:
            continue
        if not stat.S_ISDIR(mode):  # Windows calls what is under a file missing
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(each))
        if not os.access(each, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(each))
        return
    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(folder))
