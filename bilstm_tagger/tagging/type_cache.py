"""Distinct words seen while tagging, each read by the network once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import numpy as np

from bilstm_tagger.vocab.vocab import TypeArrays, Vocab

CACHED_TYPES = 20_000  # distinct words that are kept; with two directions of 200 units 3 kB each in bfloat16
EMBEDDED = 1024  # words whose characters are read at a time
# Products of one row or two are computed in another order than larger ones, and what a word gives must not depend on
# how many others are new with it.
LEAST_EMBEDDED = 4

_Array = TypeVar("_Array")


class TypeCache(Generic[_Array]):
    """What the network makes of the distinct words seen so far; when full it starts anew, so memory is bounded.

    It is not safe to be used by two threads at once.

    Attributes:
        table: one row for each word `(capacity, ...)`; entry 0 is the padding type. None before the first word.

    Args:
        vocab: ids of words.
        embed: the rows of some words `(words, ...)`.
        zeros: as many rows of zeros as said, like those of a table.
        most: how many words are kept; `CACHED_TYPES` if None.
    """

    def __init__(
        self,
        vocab: Vocab,
        embed: Callable[[TypeArrays], _Array],
        zeros: Callable[[int, _Array], _Array],
        *,
        most: int | None = None,
    ) -> None:
        self.vocab = vocab
        self._most = most
        self.embed = embed
        self.zeros = zeros
        self.table: _Array | None = None
        self._known: dict[str, int] = {}

    @property
    def capacity(self) -> int:
        """Rows of the table."""
        return 0 if self.table is None else len(self.table)  # type: ignore[arg-type]

    @property
    def most(self) -> int:
        """How many words are kept."""
        return CACHED_TYPES if self._most is None else self._most

    def entries(self, words: Sequence[str]) -> np.ndarray:
        """Entry of each word in `table` `(words,)`; words not seen before are embedded first."""
        new = [word for word in dict.fromkeys(words) if word not in self._known]
        if new:
            if len(self._known) + len(new) > self.most:
                self._known.clear()  # its rows are written over
                if self.capacity > self.most + 1:  # a single document had more words
                    self.table = None
                new = list(dict.fromkeys(words))
            self._add(new)
        return np.fromiter(map(self._known.__getitem__, words), np.int64, len(words))

    def _add(self, words: list[str]) -> None:
        first = len(self._known) + 1
        needed = first + len(words)
        for at in range(0, len(words), EMBEDDED):
            part = words[at : at + EMBEDDED]
            filled = part + part[-1:] * (LEAST_EMBEDDED - len(part))
            rows = self.embed(self.vocab.encode(filled))[: len(part)]  # type: ignore[index]
            if needed > self.capacity:
                self._grow(needed, rows)
            self.table[first + at : first + at + len(part)] = rows  # type: ignore[index]
        self._known.update(zip(words, range(first, needed), strict=True))

    def _grow(self, needed: int, like: _Array) -> None:
        before = self.capacity
        grown = self.zeros(max(needed, min(2 * before, self.most + 1)), like)
        if self.table is not None:
            grown[:before] = self.table  # type: ignore[index]
        self.table = grown
