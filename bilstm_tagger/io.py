"""Opening text files and writing files and folders so that a crash never leaves half of one.

Reading: UTF-8 with or without a byte order mark, plain or gzip, every failure named with its place.
Writing: beside the target first, then swapped in.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import secrets
import shutil
import stat
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, BinaryIO, Literal, TextIO, cast, overload

from bilstm_tagger.errors import CorpusError, TaggerError

_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


def open_text(path: str | Path, *, encoding: str = "utf-8") -> Iterator[tuple[int, str]]:
    r"""Iterate over the lines of a text file, one at a time.

    Lines end at ``\n``, ``\r\n`` or ``\r`` and nowhere else: a U+2028 or a form feed is part of its line.
    A byte order mark is dropped, and a file named ``*.gz`` is decompressed on the way.

    Args:
        path: The file.
        encoding: Its encoding.

    Yields:
        The line number, counted from 1, and the line without its line ending.

    Raises:
        CorpusError: If the file cannot be opened, decompressed or decoded; a wrong encoding is named with
            its line and byte.
    """
    with _reading(path, encoding, None) as stream:
        for number, line in enumerate(stream, 1):
            yield number, line.removesuffix("\n")


def read_text(path: str | Path, *, encoding: str = "utf-8") -> str:
    """Read a whole text file with its line endings untouched, so that offsets stay true to the file.

    Args:
        path: The file; ``*.gz`` is decompressed.
        encoding: Its encoding. A byte order mark is dropped.

    Raises:
        CorpusError: As in `open_text`.
    """
    with _reading(path, encoding, "") as stream:
        return stream.read()


@contextmanager
def _reading(path: str | Path, encoding: str, newline: str | None) -> Iterator[TextIO]:
    """Open for reading; whatever the file itself does wrong becomes a CorpusError."""
    codec = "utf-8-sig" if encoding.lower().replace("_", "-") in ("utf-8", "utf8") else encoding
    try:
        stream = _open_binary(path)
    except OSError as error:
        raise _unreadable(path, error) from error
    try:
        with _wrap(stream, codec, newline) as text:
            yield text
    except UnicodeDecodeError as error:
        raise CorpusError(_decoding_message(path, encoding)) from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise CorpusError(f"{path}: the gzip file is damaged or cut short ({error}); fetch it again") from error
    except OSError as error:
        raise _unreadable(path, error) from error


def _wrap(stream: BinaryIO, codec: str, newline: str | None) -> TextIO:
    try:
        return io.TextIOWrapper(stream, encoding=codec, newline=newline)
    except LookupError as error:
        stream.close()
        raise CorpusError(f"unknown encoding {codec!r}; use a name Python knows, e.g. 'utf-8' or 'latin1'") from error


def _open_binary(path: str | Path) -> BinaryIO:
    if str(path).endswith(".gz"):
        return cast(BinaryIO, gzip.open(path, "rb"))
    return open(path, "rb")


def _unreadable(path: str | Path, error: OSError) -> CorpusError:
    if isinstance(error, FileNotFoundError):
        return CorpusError(f"{path}: no such file; check the path")
    if isinstance(error, IsADirectoryError):
        return CorpusError(f"{path}: is a folder; name a file in it")
    return CorpusError(f"{path}: cannot be read: {error.strerror or error}")


def _decoding_message(path: str | Path, encoding: str) -> str:
    """Find the first byte that cannot be decoded; only run once decoding has failed."""
    offset = 0
    with _open_binary(path) as stream:
        for number, line in enumerate(stream, 1):
            if number == 1 and line[:2] in _UTF16_MARKS:
                return f"{path}: is UTF-16, not UTF-8; convert the file, e.g. iconv -f utf-16 -t utf-8"
            try:
                line.decode(encoding)
            except UnicodeDecodeError as error:
                place, value = offset + error.start, line[error.start]
                return (
                    f"{path}:{number}: byte {place} of the file (0x{value:02x}) is not {encoding.upper()}; "
                    "convert the file, e.g. iconv -f latin1 -t utf-8"
                )
            offset += len(line)
    return f"{path}: is not {encoding.upper()}; convert the file, e.g. with iconv"


@overload
def atomic_write(path: str | Path, *, binary: Literal[False] = False) -> AbstractContextManager[TextIO]: ...
@overload
def atomic_write(path: str | Path, *, binary: Literal[True]) -> AbstractContextManager[BinaryIO]: ...
def atomic_write(
    path: str | Path, *, binary: bool = False
) -> AbstractContextManager[TextIO] | AbstractContextManager[BinaryIO]:
    r"""Write a file that appears under its name complete or not at all.

    The text goes to a temporary file beside the target, which takes the target's place when the ``with``
    block ends well and is removed when it does not. Missing parent folders are made. Text is UTF-8 and
    ``\n`` is written as it is on every system. What is no regular file (a pipe, ``/dev/stdout``) is written
    directly.

    Args:
        path: The file to write.
        binary: Whether the block writes bytes instead of text.

    Raises:
        TaggerError: If the file cannot be written there.
    """
    return cast("AbstractContextManager[TextIO]", _atomic_write(path, binary))


@contextmanager
def _atomic_write(path: str | Path, binary: bool) -> Iterator[IO[str] | IO[bytes]]:
    # One look at the place and no more where it is free: of thousands of small files, this is what takes the time.
    named = Path(path)
    try:
        kind = named.stat().st_mode
    except OSError:
        kind = None
    if kind is not None and stat.S_ISDIR(kind):
        raise TaggerError(f"{path}: is a folder; name a file in it")
    if kind is not None and not stat.S_ISREG(kind):
        with _open_new(named, binary, "w") as stream:
            yield stream
        return
    target = Path(os.path.realpath(path)) if named.is_symlink() else named
    part = target.with_name(f".{secrets.token_hex(8)}.part")
    with _writing(path):
        try:
            stream = _open_new(part, binary, "x")
        except FileNotFoundError:
            target.parent.mkdir(parents=True, exist_ok=True)
            stream = _open_new(part, binary, "x")
    try:
        with stream:
            yield stream
            with _writing(path):
                stream.flush()
                os.fsync(stream.fileno())
        with _writing(path):
            part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _open_new(path: Path, binary: bool, mode: str) -> IO[str] | IO[bytes]:
    return path.open(mode + "b") if binary else path.open(mode, encoding="utf-8", newline="")


@contextmanager
def _writing(path: str | Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        place = f" ({error.filename})" if error.filename and str(error.filename) != str(path) else ""
        reason = error.strerror or error
        raise TaggerError(f"{path}: cannot be written: {reason}{place}; choose another place") from error


@contextmanager
def atomic_folder(path: str | Path) -> Iterator[Path]:
    """Build a folder beside its place and swap it in, so that at any moment the old or the new one is whole.

    An existing folder at `path` is replaced as a whole: whether it may be is for the caller to decide. It is
    moved to ``.NAME.old`` for the instant of the swap; `recover_folder` undoes a crash in that instant.

    Args:
        path: Where the folder shall be.

    Yields:
        An empty folder to fill. It is removed if the ``with`` block fails.

    Raises:
        TaggerError: If `path` is a file or cannot be written.
    """
    target = check_replaceable(path)
    fresh, old = target.with_name(f".{target.name}.new"), _old(target)
    with _writing(path):
        recover_folder(target)
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
    try:
        yield fresh
        with _writing(path):
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

    Raises:
        TaggerError: If `path` is a file, or the current folder or one around it.
    """
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
        path: The folder as the user names it.
    """
    target = Path(os.path.realpath(path))
    old = _old(target)
    if not old.is_dir():
        return
    if target.exists():
        shutil.rmtree(old, ignore_errors=True)
    else:
        with _writing(path):
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


def sha256_file(path: str | Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal.

    Raises:
        CorpusError: If the file cannot be read.
    """
    try:
        with open(path, "rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise _unreadable(path, error) from error
