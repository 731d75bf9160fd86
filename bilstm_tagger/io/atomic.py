"""Writing files and folders so that a crash never leaves half of one: beside the target first, then swapped in."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import IO, BinaryIO, Literal, TextIO, cast, overload

from bilstm_tagger.errors import TaggerError, reason_of
from bilstm_tagger.io.file_names import check_file_name
from bilstm_tagger.io.part_files import open_new, open_part, remove_stale_parts


@overload
def atomic_write(path: str | Path, *, binary: Literal[False] = False) -> AbstractContextManager[TextIO]: ...
@overload
def atomic_write(path: str | Path, *, binary: Literal[True]) -> AbstractContextManager[BinaryIO]: ...
def atomic_write(
    path: str | Path, *, binary: bool = False
) -> AbstractContextManager[TextIO] | AbstractContextManager[BinaryIO]:
    r"""Write a file that appears under its name complete or not at all.

    The text goes to a temporary file beside the target, which takes the target's place when the `with`
    block ends well and is removed when it does not; what a killed process left there is removed by the next
    one. Missing parent folders are made. Text is UTF-8 and `\n` is written as it is on every system. What is
    no regular file (a pipe, `/dev/stdout`) is written directly.

    Args:
        path: the file to write.
        binary: whether the block writes bytes instead of text.

    Raises:
        TaggerError: if the file cannot be written there.
    """
    return cast("AbstractContextManager[TextIO]", _atomic_write(path, binary))


def is_device(path: str | Path) -> bool:
    """Tell whether something is there that is neither file nor folder: a pipe, `/dev/null`, `/dev/stdout`.

    Args:
        path: where something is to be written.
    """
    try:
        kind = Path(path).stat().st_mode
    except (OSError, ValueError):
        return False
    return not stat.S_ISDIR(kind) and not stat.S_ISREG(kind)


@contextmanager
def _atomic_write(path: str | Path, binary: bool) -> Iterator[IO[str] | IO[bytes]]:
    # One look at the place and no more where it is free: of thousands of small files, this is what takes the time.
    named = Path(path)
    check_file_name(named)
    try:
        kind = named.stat().st_mode
    except OSError:
        kind = None
    if kind is not None and stat.S_ISDIR(kind):
        raise TaggerError(f"{path}: is a folder; name a file in it")
    if kind is not None and not stat.S_ISREG(kind):
        with open_new(named, binary=binary, mode="w") as stream:
            yield stream
        return
    target = Path(os.path.realpath(path)) if named.is_symlink() else named
    with writing(path):
        part, stream = _new_part(target.parent, binary)
    try:
        try:
            yield stream
            with writing(path):
                stream.flush()
                os.fsync(stream.fileno())
                if os.name == "nt":  # where an open file cannot be renamed; elsewhere it stays locked until it is
                    stream.close()
                part.replace(target)
        finally:
            with suppress(OSError):  # closing tries once more to write what could not be written
                stream.close()
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise


def _new_part(folder: Path, binary: bool) -> tuple[Path, IO[str] | IO[bytes]]:
    """Open a part file in a folder, which is made if it is not there and cleaned if a killed process wrote there."""
    _remove_stale_parts_once(folder)
    try:
        return open_part(folder, binary=binary)
    except FileNotFoundError:
        folder.mkdir(parents=True, exist_ok=True)
        return open_part(folder, binary=binary)


# A folder is searched before this process's first write into it, not before each of thousands.
_remove_stale_parts_once = lru_cache(maxsize=1024)(remove_stale_parts)


@contextmanager
def writing(path: str | Path) -> Iterator[None]:
    """What goes wrong with the disk inside the `with` block is a TaggerError.

    Args:
        path: what is written, for the message.
    """
    try:
        yield
    except OSError as error:
        place = f" ({error.filename})" if error.filename and str(error.filename) != str(path) else ""
        reason = reason_of(error)
        raise TaggerError(f"{path}: cannot be written: {reason}{place}; choose another place") from error


@contextmanager
def atomic_folder(path: str | Path) -> Iterator[Path]:
    """Build a folder beside its place and swap it in, so that at any moment the old or the new one is whole.

    An existing folder at `path` is replaced as a whole: whether it may be is for the caller to decide. It is
    moved to `.NAME.old` for the instant of the swap; `recover_folder` undoes a crash in that instant.

    Args:
        path: where the folder goes.

    Yields:
        An empty folder to fill. It is removed if the `with` block fails.

    Raises:
        TaggerError: if `path` is a file or cannot be written, also by the `with` block.
    """
    target = check_replaceable(path)
    fresh, old = target.with_name(f".{target.name}.new"), _old(target)
    with writing(path):
        recover_folder(target)
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
    try:
        with writing(path):
            yield fresh
            _sync_tree(fresh)
            if target.exists():
                target.rename(old)
            fresh.rename(target)
            _sync(target.parent)
    finally:
        # After a failure between the two renames this puts the old folder back; otherwise it removes it.
        recover_folder(target)
        shutil.rmtree(fresh, ignore_errors=True)


def check_replaceable(path: str | Path) -> Path:
    """The real path of a folder that may be made or replaced.

    Args:
        path: the folder as the user names it.

    Raises:
        TaggerError: if `path` is a file, or the current folder or one around it.
    """
    check_file_name(path)
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_dir():
        raise TaggerError(f"{path}: is a file where a folder should go; choose another name")
    if Path.cwd().is_relative_to(target):
        raise TaggerError(f"{path}: is the current folder or one around it and would be replaced; name a new folder")
    return target


def recover_folder(path: str | Path) -> None:
    """Repair what a crash inside `atomic_folder` left: put the old folder back or, if replaced, remove it.

    Call it before a folder is read. It does nothing where nothing happened.

    Args:
        path: the folder as the user names it.
    """
    check_file_name(path)
    target = Path(os.path.realpath(path))
    if not target.name or not (old := _old(target)).is_dir():  # the root has no name, and nothing beside it
        return
    if target.exists():
        shutil.rmtree(old, ignore_errors=True)
    else:
        with writing(path):
            old.rename(target)


def _old(target: Path) -> Path:
    return target.with_name(f".{target.name}.old")


def _sync_tree(folder: Path) -> None:
    for place, _, names in os.walk(folder):
        for name in names:
            _sync(Path(place, name))
        _sync(Path(place))


def _sync(path: Path) -> None:
    """Force a file's or folder's content to the disk; systems that cannot open a folder do without."""
    if os.name == "nt" and path.is_dir():
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
