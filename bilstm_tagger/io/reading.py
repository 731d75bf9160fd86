"""Opening text files: UTF-8 with or without a byte order mark, plain or gzip, every failure named with its place."""

from __future__ import annotations

import gzip
import hashlib
import io
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO, cast

from bilstm_tagger.errors import CorpusError, reason_of
from bilstm_tagger.io.encodings import is_encoding, likely_encodings, marked_encoding, without_mark
from bilstm_tagger.io.file_names import check_file_name

_LOOKED_AT = 1 << 18  # bytes of a file whose encoding is guessed
_BEGIN = 1 << 12  # bytes that tell whether a file is in UTF-16


def open_text(path: str | Path, *, encoding: str | None = None) -> Iterator[tuple[int, str]]:
    r"""Iterate over the lines of a text file, one at a time.

    Lines end at `\n`, `\r\n` or `\r` and nowhere else: a U+2028 or a form feed is part of its line.
    A byte order mark is dropped, and a file named `*.gz` is decompressed on the way.

    Args:
        path: the file.
        encoding: its encoding; None for UTF-8, or UTF-16 or UTF-32 if the file begins with its byte order mark.

    Yields:
        The line number, counted from 1, and the line without its line ending.

    Raises:
        CorpusError: if the file cannot be opened, decompressed or decoded; a wrong encoding is named with
            its line and byte.
    """
    with _reading(path, encoding, None) as stream:
        for number, line in enumerate(stream, 1):
            yield number, line.removesuffix("\n")


def read_text(path: str | Path, *, encoding: str | None = None) -> str:
    """Read a whole text file with its line endings untouched, so that offsets stay true to the file.

    Args:
        path: the file; `*.gz` is decompressed.
        encoding: its encoding, as in `open_text`; a byte order mark is dropped.

    Raises:
        CorpusError: as in `open_text`.
    """
    with _reading(path, encoding, "") as stream:
        return stream.read()


@contextmanager
def _reading(path: str | Path, encoding: str | None, newline: str | None) -> Iterator[TextIO]:
    """Open for reading; whatever is wrong with the file becomes a CorpusError."""
    with _failures_named(path, encoding or "utf-8"):
        stream = _open_binary(path)
        try:
            encoding = encoding or _encoding_of(stream, path)
            codec = _codec(stream, encoding)
        except BaseException:
            stream.close()
            raise
    with _failures_named(path, encoding), _wrap(stream, codec, newline) as text:
        yield text


@contextmanager
def _failures_named(path: str | Path, encoding: str) -> Iterator[None]:
    try:
        yield
    except UnicodeError as error:  # also that of UTF-16 without its mark, which is no UnicodeDecodeError
        with _failures_named(path, encoding):  # what is packed may be damaged behind that place
            message = _decoding_message(path, encoding)
        raise CorpusError(message) from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise CorpusError(f"{path}: the gzip file is damaged or cut short ({error}); fetch it again") from error
    except OSError as error:
        if str(path).endswith(".zst") and error.errno is None:  # as pyarrow raises it
            raise CorpusError(f"{path}: the zst file is damaged or cut short ({error}); fetch it again") from error
        raise _unreadable(path, error) from error


def _encoding_of(stream: BinaryIO, path: str | Path) -> str:
    """UTF-16 or UTF-32 if a file begins with a mark of it, else UTF-8; nothing of the stream is used up."""
    begin = _begin(stream)
    if (marked := marked_encoding(begin)) is not None:
        return marked
    refuse_without_mark(begin, path)
    return "utf-8"


def _codec(stream: BinaryIO, encoding: str) -> str:
    """The codec of an encoding that also takes the byte order mark, if the file has one."""
    plain = encoding.lower().replace("_", "-").replace("utf-", "utf")
    if plain == "utf8":
        return "utf-8-sig"
    if plain.startswith(("utf16", "utf32")):
        return marked_encoding(_begin(stream)) or encoding
    return encoding


def _begin(stream: BinaryIO) -> bytes:
    """The first bytes, of which nothing is used up."""
    return cast(io.BufferedReader, stream).peek(_BEGIN)[:_BEGIN]


def refuse_without_mark(begin: bytes, path: str | Path) -> None:
    """Refuse a text in UTF-16 or UTF-32 that does not say so, which as UTF-8 is one full of zero characters.

    Args:
        begin: its first bytes.
        path: the file, for the message.

    Raises:
        CorpusError: if it is one.
    """
    if (found := without_mark(begin)) is not None:
        raise CorpusError(
            f"{path}: is {found.upper()} without a byte order mark; add --encoding {found}, or save it as UTF-8"
        )


def _wrap(stream: BinaryIO, codec: str, newline: str | None) -> TextIO:
    if not is_encoding(codec):
        stream.close()
        raise CorpusError(f"unknown encoding {codec[:80]!r}; use a name Python knows, e.g. 'utf-8' or 'latin1'")
    return io.TextIOWrapper(stream, encoding=codec, newline=newline)


def _open_binary(path: str | Path) -> BinaryIO:
    check_file_name(path, CorpusError)
    if str(path).endswith(".gz"):
        return cast(BinaryIO, gzip.open(path, "rb"))
    if str(path).endswith(".zst"):
        import pyarrow as pa  # which is there with `datasets`; Python itself reads Zstandard from 3.14 on

        return cast(BinaryIO, io.BufferedReader(pa.CompressedInputStream(open(path, "rb"), "zstd")))
    return open(path, "rb")


def _unreadable(path: str | Path, error: OSError) -> CorpusError:
    if isinstance(error, FileNotFoundError):
        return CorpusError(f"{path}: no such file; check the path")
    if isinstance(error, IsADirectoryError):
        return CorpusError(f"{path}: is a folder; name a file in it")
    return CorpusError(f"{path}: cannot be read: {reason_of(error)}")


def _decoding_message(path: str | Path, encoding: str) -> str:
    """Find the first byte that cannot be decoded; only run once decoding has failed."""
    if encoding.lower().replace("_", "").replace("-", "").startswith(("utf16", "utf32")):
        return f"{path}: is not whole {encoding.upper()}; fetch it again, or name another --encoding"
    offset = 0
    with _open_binary(path) as stream:
        for number, line in enumerate(stream, 1):
            try:
                line.decode(encoding)
            except UnicodeDecodeError as error:
                place, value = offset + error.start, line[error.start]
                what = f"byte {place} of the file (0x{value:02x}) is not {encoding.upper()}"
                return f"{path}:{number}: {what}; {_likely(path)}"
            offset += len(line)
    return f"{path}: is not {encoding.upper()}; {_likely(path)}"


def _likely(path: str | Path) -> str:
    """What a file may be encoded in, as an advice."""
    try:
        with _open_binary(path) as stream:
            data = stream.read(_LOOKED_AT)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        return "name its --encoding, or fetch it again"
    likely = likely_encodings(data)
    if not likely:
        return "it does not look like a text file; if it is one, name its --encoding"
    advice = f"add --encoding {likely[0]}" if len(likely) == 1 else f"try --encoding {likely[0]} first"
    return f"it may be {' or '.join(likely)}: {advice}, or save it as UTF-8"


def read_bytes(path: str | Path) -> bytes:
    """Read all bytes of a file, decompressed if its name says so.

    Args:
        path: the file; `*.gz` and `*.zst` are decompressed.

    Raises:
        CorpusError: if the file cannot be read or decompressed.
    """
    with _failures_named(path, "utf-8"), _open_binary(path) as stream:
        return stream.read()


def binary_lines(path: str | Path) -> Iterator[bytes]:
    r"""Iterate over the lines of a file as bytes, each with its line ending; only `\n` ends one.

    Args:
        path: the file; `*.gz` and `*.zst` are decompressed.

    Raises:
        CorpusError: as in `read_bytes`.
    """
    with _failures_named(path, "utf-8"), _open_binary(path) as stream:
        yield from stream


def sha256_file(path: str | Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal.

    Args:
        path: the file.

    Raises:
        CorpusError: if the file cannot be read.
    """
    check_file_name(path, CorpusError)
    try:
        with open(path, "rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise _unreadable(path, error) from error


def sha256_folder(path: str | Path, suffixes: Collection[str] | None = None) -> str:
    """SHA-256 of the files in and below a folder, with their names, in hexadecimal; the same on every system.

    Args:
        path: the folder.
        suffixes: those of the files that count; all do if None.

    Raises:
        CorpusError: if a file cannot be read.
    """
    folder = Path(path)
    files = {each.relative_to(folder).as_posix(): each for each in folder.rglob("*") if each.is_file()}
    hashed = hashlib.sha256()
    for name, each in sorted(files.items()):
        if suffixes is None or each.suffix in suffixes:
            hashed.update(f"{name}\0{sha256_file(each)}\n".encode("utf-8", "surrogateescape"))
    return hashed.hexdigest()


def spelled_out(name: str) -> str:
    """The name of a file as text that can be written anywhere: bytes that are no UTF-8 become escapes."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")
