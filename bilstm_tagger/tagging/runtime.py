"""The seam between text and numbers: what a tagger asks of whatever computes its tags.

A `Tagger` knows documents, schemes, tokenisers and windows. A `Runtime` knows the network: by torch today, and
whatever else keeps to this protocol, without torch or behind the queue of a server.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

BATCH_TOKENS = 4_000  # tokens in a batch: enough rows for each product, and still in the cache


@dataclass(frozen=True, slots=True)
class Window:
    """Sentences that are tagged together, one behind the other.

    Attributes:
        words: the words of all sentences.
        lengths: tokens of each sentence `(sentences,)`, each at least 1.
        features: further ids of the words `(tokens,)` by name.
    """

    words: list[str]
    lengths: np.ndarray
    features: Mapping[str, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a runtime makes of a window, in the order of its words.

    Attributes:
        tags: for each task the tag ids `(tokens,)`.
        marginals: for each task the posterior probability of each tag `(tokens, tags)`; None unless asked for.
    """

    tags: dict[str, np.ndarray]
    marginals: dict[str, np.ndarray] | None = None


class Runtime(Protocol):
    """Computes tags. Any number of threads may call it at the same time."""

    def decode(self, window: Window, *, batch_tokens: int = BATCH_TOKENS) -> Decoded:
        """The best tags of a window's words.

        Args:
            window: the sentences.
            batch_tokens: most padded tokens in a batch.
        """
        ...
