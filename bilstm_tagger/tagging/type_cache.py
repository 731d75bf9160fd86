"""Distinct words seen while tagging, each read by the network once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch

from bilstm_tagger.nn.batch import Types
from bilstm_tagger.vocab.vocab import Vocab

CACHED_TYPES = 20_000  # distinct words that are kept; with two directions of 200 units 3 kB each in bfloat16
EMBEDDED = 1024  # words whose characters are read at a time


class TypeCache:
    """What the network makes of the distinct words seen so far; when full it starts anew, so memory is bounded.

    Attributes:
        table: one row a word `(capacity, ...)`; entry 0 is the padding type.
    """

    def __init__(self, vocab: Vocab, embed: Callable[[Types], torch.Tensor]) -> None:
        self.vocab = vocab
        self.embed = embed
        empty = torch.zeros(0, dtype=torch.long)
        self.types = Types(empty, empty[:, None], empty)
        self._known: dict[str, int] = {}
        self.table = torch.zeros(0)

    def entries(self, words: Sequence[str]) -> np.ndarray:
        """Entry of each word in `table` `(words,)`; words not seen before are embedded first."""
        new = [word for word in dict.fromkeys(words) if word not in self._known]
        if new:
            if len(self._known) + len(new) > CACHED_TYPES:
                self._known.clear()  # its rows are written over
                if len(self.table) > CACHED_TYPES + 1:  # a single document had more words
                    self.table = self.table[:0].clone()  # a view would keep the rows
                new = list(dict.fromkeys(words))
            self._add(new)
        return np.fromiter(map(self._known.__getitem__, words), np.int64, len(words))

    def _add(self, words: list[str]) -> None:
        first = len(self._known) + 1
        needed = first + len(words)
        for at in range(0, len(words), EMBEDDED):
            arrays = self.vocab.encode(words[at : at + EMBEDDED])
            rows = self.embed(Types(*map(torch.from_numpy, (arrays.rows, arrays.chars, arrays.shapes))))
            if needed > len(self.table):
                grown = rows.new_zeros(max(needed, min(2 * len(self.table), CACHED_TYPES + 1)), *rows.shape[1:])
                if len(self.table):
                    grown[: len(self.table)] = self.table
                self.table = grown
            self.table[first + at : first + at + len(rows)] = rows
        self._known.update(zip(words, range(first, needed), strict=True))
