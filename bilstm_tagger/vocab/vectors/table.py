"""The vectors that were kept, and how they are gathered."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Vectors:
    """Words and their vectors.

    Attributes:
        words: the kept words in the file's order, none twice.
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

    def without_rows(self) -> Vectors:
        """What is known of the file, without its words and numbers."""
        return Vectors([], np.zeros((0, self.size), np.float32), self.path, self.total)


def choose(words: Iterable[str], *, wanted: Container[str], keep: int) -> dict[str, int]:
    """The wanted words and the first `keep` ones, each with its row: the first one where a word has several."""
    chosen: dict[str, int] = {}
    for row, word in enumerate(words):
        if (row < keep or word in wanted) and word not in chosen:
            chosen[word] = row
    return chosen
