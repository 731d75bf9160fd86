"""The binary format of word2vec: a line of two counts, then for each word the word, a space and float32 numbers."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Container, Iterator
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

from bilstm_tagger.errors import VectorsError, reason_of
from bilstm_tagger.vocab.vectors.table import CHECKED, Vectors

_CHUNK = 1 << 22  # bytes read at a time
_BLOCK = 2000  # rows checked together
_FASTTEXT = b"\xba\x16\x4f\x2f"  # the first bytes of fastText's own models


def read_binary(path: str | Path, *, words: Container[str], keep: int) -> Vectors:
    """Read vectors from a file in word2vec's binary format, plain or gzip.

    The numbers of the first `CHECKED` rows are checked, needed or not.

    Args:
        path: the file.
        words: words to read wherever they stand.
        keep: how many words to read from the beginning as well.

    Raises:
        VectorsError: the file is missing, cut short or in another format.
    """
    kept: dict[str, None] = {}
    table = bytearray()  # grows in place, so that the numbers are in memory only once
    others: dict[str, bytes] = {}
    try:
        with _open(path) as stream:
            total, size = _header(stream, path)
            for number, (word, numbers) in enumerate(_rows(stream, path, total, 4 * size)):
                if (number < keep or word in words) and word not in kept:
                    kept[word] = None
                    table += numbers
                elif number < CHECKED:
                    others[word] = numbers
                if len(others) == _BLOCK or number == total - 1:
                    _check(list(others), b"".join(others.values()), size, path)
                    others = {}
    except (OSError, EOFError, zlib.error) as error:
        raise VectorsError(f"{path}: cannot be read: {reason_of(error)}") from None
    return Vectors(list(kept), _check(list(kept), table, size, path), str(path), total)


def _check(words: list[str], numbers: bytes | bytearray, size: int, path: str | Path) -> np.ndarray:
    """The numbers of some words as float32 `(words, size)`, all of them finite."""
    rows = np.frombuffer(numbers, "<f4").reshape(len(words), size).astype(np.float32, copy=False)
    finite = np.isfinite(rows).all(axis=1)
    if not finite.all():
        word = words[int(np.argmin(finite))]
        raise VectorsError(f"{path}: the vector of {word[:60]!r} has a NaN or infinity; is this word2vec's format?")
    return rows


def _open(path: str | Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path)) if str(path).endswith(".gz") else open(path, "rb")


def _header(stream: BinaryIO, path: str | Path) -> tuple[int, int]:
    """The number of words, and the size of a vector."""
    line = stream.readline(100)
    fields = line.split()
    if line.startswith(_FASTTEXT):
        raise VectorsError(f"{path}: is a model in fastText's own format; take the .vec file that belongs to it")
    if not line.endswith(b"\n") or len(fields) != 2 or not all(field.isdigit() and int(field) for field in fields):
        raise VectorsError(
            f"{path}: not word2vec's binary format, which begins with the numbers of words and of columns"
        )
    return int(fields[0]), int(fields[1])


def _rows(stream: BinaryIO, path: str | Path, total: int, width: int) -> Iterator[tuple[str, bytes]]:
    """Each word and the bytes of its vector. A word that is not UTF-8 gets characters that no token has."""
    buffer, place = b"", 0
    for number in range(total):
        space = buffer.find(b" ", place)
        while space < 0 or len(buffer) <= space + width:
            chunk = stream.read(_CHUNK)
            if not chunk or (space < 0 and len(buffer) - place > _CHUNK):
                hint = "fetch it again, or give it another suffix if it is text"
                raise VectorsError(f"{path}: breaks off in word {number + 1} of {total}; {hint}")
            buffer, place = buffer[place:] + chunk, 0
            space = buffer.find(b" ")
        # Some programs write a line break after each vector.
        yield buffer[place:space].lstrip(b"\n").decode("utf-8", "replace"), buffer[space + 1 : space + 1 + width]
        place = space + 1 + width
    if (buffer[place:] + stream.read(2)).strip(b"\n"):
        raise VectorsError(
            f"{path}: goes on after its {total} words; are its numbers float32, as word2vec writes them?"
        )
