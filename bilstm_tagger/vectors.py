"""Pretrained word vectors, read line by line, so that only the rows that are kept take memory."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bilstm_tagger.errors import VectorsError


@dataclass(frozen=True, slots=True)
class Vectors:
    """Words and their vectors.

    Attributes:
        words: the kept words in the file's order.
        table: float32 `(words, size)`.
        path: the file.
        total: number of rows the file has.
    """

    words: list[str]
    table: np.ndarray
    path: str
    total: int

    @property
    def size(self) -> int:
        """Numbers in a vector."""
        return int(self.table.shape[1])


def read_vectors(path: str | Path, *, wanted: Container[str], keep: int = 0) -> Vectors:
    """The vectors of the wanted words and of the file's first `keep` words.

    GloVe text (word and numbers, separated by spaces) and word2vec text (the same behind a line of two counts), plain
    or gzip.

    Raises:
        VectorsError: naming file and line, if a row is malformed; if the file is missing or holds no vectors.
    """
    words: list[str] = []
    rows: list[np.ndarray] = []
    size = 0
    total = 0
    for number, line in _lines(path):
        word, _, numbers = line.partition(" ")
        if number == 1 and _is_header(word, numbers):
            continue
        total += 1
        if size and total > keep and word not in wanted:
            continue
        word, row = _parse(line, size, where=f"{path}:{number}")
        size = len(row)
        if total <= keep or word in wanted:
            words.append(word)
            rows.append(row)
    if not total:
        raise VectorsError(f"{path}: holds no vectors; expected lines of a word and its numbers")
    table = np.stack(rows) if rows else np.zeros((0, size), np.float32)
    return Vectors(words, table, str(path), total)


def _parse(line: str, size: int, *, where: str) -> tuple[str, np.ndarray]:
    """The word and the vector of a line; `size` is that of the vectors before, 0 on the first line.

    A word may hold spaces, as a few of GloVe 840B do: what stands before the last `size` pieces, if no number.
    """
    word, *numbers = line.split(" ", 1)
    pieces = numbers[0].split() if numbers else []
    surplus = max(len(pieces) - size, 0) if size else 0
    if surplus and not any(map(_is_number, pieces[:surplus])):
        word, pieces = " ".join([word, *pieces[:surplus]]), pieces[surplus:]
    if not pieces:
        raise VectorsError(f"{where}: a word without numbers: {line[:60]!r}")
    try:
        row = np.array(pieces, dtype=np.float32)
    except ValueError:
        row = np.array([np.nan])
    if not np.isfinite(row).all():
        raise VectorsError(f"{where}: not a word and numbers: {line[:60]!r}")
    if size and len(row) != size:
        raise VectorsError(f"{where}: {len(row)} numbers where the rows before have {size}")
    return word, row


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _is_header(word: str, numbers: str) -> bool:
    """Whether the first line is word2vec's: the number of words and the size."""
    return word.isdigit() and numbers.strip().isdigit()


def _lines(path: str | Path) -> Iterator[tuple[int, str]]:
    number = 0
    try:
        with gzip.open(path) if str(path).endswith(".gz") else open(path, "rb") as stream:
            for number, raw in enumerate(stream, 1):
                line = raw.decode("utf-8").rstrip("\r\n ")
                if line:
                    yield number, line
    except UnicodeDecodeError:
        raise VectorsError(f"{path}:{number}: not UTF-8; is this a text file of vectors?") from None
    except (OSError, EOFError, zlib.error) as error:
        raise VectorsError(f"{path}: cannot be read: {error}") from None
