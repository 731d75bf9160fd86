"""The vectors that were read, and which rows of a file are read."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass

import numpy as np

CHECKED = 400_000  # rows at the beginning that are checked, needed or not: as many as the presets keep


@dataclass(frozen=True, slots=True)
class Vectors:
    """Words and their vectors.

    Attributes:
        words: the words that were read, in the file's order, none twice.
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
        """The number of dimensions of a vector."""
        return int(self.table.shape[1])

    def without_rows(self) -> Vectors:
        """The same with an empty table: path, size and total stay."""
        return Vectors([], np.zeros((0, self.size), np.float32), self.path, self.total)


def select_rows(file_words: Iterable[str], *, words: Container[str], keep: int) -> dict[str, int]:
    """Select the rows to read: those of `words` and the first `keep` ones.

    Args:
        file_words: the word of each row of the file.
        words: words to read wherever they stand.
        keep: how many rows to read from the beginning as well.

    Returns:
        the row of each selected word; the first one where a word has several.
    """
    rows: dict[str, int] = {}
    for row, word in enumerate(file_words):
        if (row < keep or word in words) and word not in rows:
            rows[word] = row
    return rows
