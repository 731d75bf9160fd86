"""Which words have a pretrained vector, looked up as the network does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from bilstm_tagger.vocab.vocab import key_of

__all__ = ["LOW", "Coverage"]

LOW = 0.7  # share of tokens with a vector under which language or spelling are likely to be others


class Coverage:
    """Which words have a pretrained vector.

    Args:
        words: those that have a vector, as their file spells them.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._words = frozenset(words)

    def has(self, word: str) -> bool:
        """Whether a word has a vector."""
        return key_of(word, self._words) is not None

    def of_tokens(self, counts: Counter[str]) -> float:
        """The share of tokens that have one, by how often each word occurs; 0 for no tokens."""
        return sum(count for word, count in counts.items() if self.has(word)) / max(counts.total(), 1)

    def of_types(self, counts: Counter[str]) -> float:
        """The share of distinct words that have one; 0 for no words."""
        return sum(map(self.has, counts)) / max(len(counts), 1)
