"""How probable the tags and spans of a document are under the model that gave them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np


class TagSequence(NamedTuple):
    """One of the best tag sequences of a sentence.

    Attributes:
        probability: that all tags of the sentence are these.
        tags: one per token, in the scheme of the document.
    """

    probability: float
    tags: list[str]


@dataclass(frozen=True, slots=True, eq=False)
class Probabilities:
    """Probabilities of one task, summed over all tag sequences that its scheme allows.

    Attributes:
        tags: the tags, in the order of the columns of `marginals`.
        marginals: probability of each tag at each token `(tokens, tags)`; each row sums to 1.
        labels: labels of spans, in the order of the columns of `spans`; empty for plain tags.
        spans: at the first token of each span of the document the probability that a span of each label with exactly
            these ends is there `(tokens, labels)`; 0 at all other tokens.
        n_best: for each sentence its best tag sequences, the best first; None unless asked for.
    """

    tags: tuple[str, ...]
    marginals: np.ndarray
    labels: tuple[str, ...]
    spans: np.ndarray
    n_best: Sequence[list[TagSequence]] | None = None

    @classmethod
    def joined(cls, parts: Sequence[Probabilities]) -> Probabilities:
        """Those of consecutive pieces of a document as one."""
        import numpy as np

        first = parts[0]
        if len(parts) == 1:
            return first
        marginals, spans = (np.concatenate([getattr(part, name) for part in parts]) for name in ("marginals", "spans"))
        n_best = None if first.n_best is None else [each for part in parts for each in part.n_best or ()]
        return cls(first.tags, marginals, first.labels, spans, n_best)

    def part(self, first: int, last: int) -> Probabilities:
        """Those of the tokens from `first` to `last`, exclusive, where sentences begin and end; without `n_best`."""
        return Probabilities(self.tags, self.marginals[first:last], self.labels, self.spans[first:last])

    def of_token(self, token: int) -> dict[str, float]:
        """Probability of each tag at a token, the most probable first."""
        row = self.marginals[token].tolist()
        return dict(sorted(zip(self.tags, row, strict=True), key=lambda item: -item[1]))

    def span(self, first: int, end: int, label: str) -> float | None:
        """Probability of the span of this label from token `first` to `end`, exclusive.

        None where the model found no span with these ends: where it has two that the scheme of the document, IO,
        cannot tell apart, or one that goes on beyond the window of an overlong sentence.
        """
        return float(self.spans[first, self.labels.index(label)]) if self._is_one(first, end) else None

    def _is_one(self, first: int, end: int) -> bool:
        return bool(self.spans[first].any()) and not self.spans[first + 1 : end].any()

    def token(self, token: int, tag: str) -> float:
        """Probability of a tag at a token."""
        return float(self.marginals[token, self.tags.index(tag)])

    def of_span(self, first: int, end: int) -> dict[str, float] | None:
        """Probability of each label for the span from token `first` to `end`, the most probable first."""
        if not self._is_one(first, end):
            return None
        row = self.spans[first].tolist()
        return dict(sorted(zip(self.labels, row, strict=True), key=lambda item: -item[1]))
