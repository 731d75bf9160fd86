"""The seam between text and numbers: what a tagger asks of whatever computes its tags.

A `Tagger` knows documents, schemes, tokenisers and windows. A `Runtime` knows the network: by torch today, and
whatever else keeps to this protocol, without torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from bilstm_tagger.nn.span_tags import SpanTags

BATCH_TOKENS = 8_000  # tokens in a batch: enough rows for each product, and still in the cache


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
class Wanted:
    """What is asked for beside the best tags.

    Attributes:
        span_tags: for each task which of its tags belong to one span.
        temperatures: for each task by what its scores are divided; 1 if it is not named.
        probabilities: whether probabilities of tags and spans are wanted.
        n_best: how many of the best tag sequences of each sentence are wanted.
        given: for each task tag ids `(tokens,)` whose spans are asked for in place of those of the best tags.
    """

    span_tags: Mapping[str, SpanTags]
    temperatures: Mapping[str, float] = field(default_factory=dict)
    probabilities: bool = True
    n_best: int = 0
    given: Mapping[str, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Posteriors:
    """Probabilities of one task, summed over all sequences that its scheme allows.

    Attributes:
        marginals: of each tag at each token `(tokens, tags)`.
        spans: at the first token of each decoded span, or of each given one, that of a span of each label with exactly
            these ends `(tokens, labels)`; 0 at all other tokens.
    """

    marginals: np.ndarray
    spans: np.ndarray


@dataclass(frozen=True, slots=True)
class NBest:
    """The best tag sequences of one task, the best first.

    Attributes:
        tags: tag ids `(n, tokens)`; -1 where a sentence has fewer sequences.
        probabilities: of each sentence's sequences `(sentences, n)`; 0 where there is none.
    """

    tags: np.ndarray
    probabilities: np.ndarray


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a runtime makes of a window, in the order of its words.

    Attributes:
        tags: for each task the tag ids `(tokens,)`.
        posteriors: for each task its probabilities; empty unless asked for.
        n_best: for each task the best sequences; empty unless asked for.
    """

    tags: dict[str, np.ndarray]
    posteriors: dict[str, Posteriors] = field(default_factory=dict)
    n_best: dict[str, NBest] = field(default_factory=dict)


class Runtime(Protocol):
    """Computes tags. Any number of threads may call it at the same time.

    One that wants larger or smaller windows than usual has an attribute `window_tokens`.
    """

    def decode(self, window: Window, *, batch_tokens: int = BATCH_TOKENS, wanted: Wanted | None = None) -> Decoded:
        """The best tags of a window's words.

        Args:
            window: the sentences.
            batch_tokens: most padded tokens in a batch.
            wanted: what is asked for beside the best tags.
        """
        ...
