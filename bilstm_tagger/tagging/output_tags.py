"""From the network's tag ids to what is put into documents: tags in the scheme of the data, and probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, pairwise

import numpy as np

from bilstm_tagger.document.probabilities import Probabilities, TagSequence
from bilstm_tagger.nn.span_tags import SpanTags
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.schemes.spans import convert
from bilstm_tagger.tagging.runtime import NBest, Posteriors

_RESPELLED = {
    Scheme.BIO: {"S": "B", "E": "I"},
    Scheme.BMES: {"I": "M"},
    Scheme.BILOU: {"E": "L", "S": "U"},
}
_BEGINS, _CONTINUES, _OPEN = "BS", "IE", "BI"  # letters of the schemes that the network works in, BIO and IOBES


class OutputTags:
    """Tags of one task.

    Args:
        tags: the network's tags in the order of their ids.
        encoding: the scheme in which the network writes spans.
        scheme: that of the data.
    """

    def __init__(self, tags: Sequence[str], encoding: Scheme, scheme: Scheme) -> None:
        self.tags = list(tags)
        self.encoding = encoding
        self.scheme = scheme
        # From IOBES every tag can be respelled by itself, unless I- or B- depends on the tag before (IOB1).
        self.direct = encoding is scheme or (encoding is Scheme.IOBES and scheme is not Scheme.IOB1)
        self.names = [_respelled(tag, scheme) for tag in tags] if self.direct else self.tags
        self.labels = () if encoding is Scheme.NONE else tuple(dict.fromkeys(tag[2:] for tag in tags if tag != "O"))
        self.distinct = tuple(dict.fromkeys(self.names))
        self._columns = np.array([self.distinct.index(name) for name in self.names], np.int64)

    def strings(self, ids: np.ndarray, bounds: np.ndarray) -> list[str]:
        """Tags of sentences that lie between `bounds`, which begin with 0."""
        names = list(map(self.names.__getitem__, ids.tolist()))
        if self.direct:
            return names
        pairs = zip(bounds.tolist(), bounds[1:].tolist(), strict=False)
        return [tag for start, end in pairs for tag in convert(names[start:end], self.encoding, self.scheme)]

    def ids(self, tags: Sequence[str], bounds: Sequence[int]) -> np.ndarray:
        """The network's ids of tags in the scheme of the data, the inverse of `strings`.

        A tag that the network does not have, or that nobody annotated, has the id of `O`.

        Args:
            tags: legal tags of sentences.
            bounds: where these begin and end.
        """
        at = {tag: number for number, tag in enumerate(self.tags)}
        outside = at.get("O", 0)
        names = chain.from_iterable(convert(tags[a:b], self.scheme, self.encoding) for a, b in pairwise(bounds))
        return np.array([at.get(name, outside) for name in names], np.int64)

    def span_tags(self) -> SpanTags:
        """Which of the network's tags belong to one span."""
        if not self.labels:
            return SpanTags.none(len(self.tags))
        at = {tag: number for number, tag in enumerate(self.tags)}
        inside = np.array([tag != "O" for tag in self.tags])
        continues = np.array([[_continues(left, right) for right in self.tags] for left in self.tags])
        relabelled = [[at[tag if tag == "O" else tag[:2] + label] for tag in self.tags] for label in self.labels]
        return SpanTags(inside, continues, np.array(relabelled, np.int64))

    def posteriors(self, network: Posteriors) -> Posteriors:
        """Probabilities by the tags that documents have, in the order of `distinct`.

        A tag of the data stands for several of the network's: B- in BIO for B- and S- in IOBES. In IOB1, where the
        meaning of a tag depends on the one before, the network's own tags stay.
        """
        if len(self.distinct) == len(self.tags):
            return network
        marginals = np.zeros((len(network.marginals), len(self.distinct)))
        for column, target in enumerate(self._columns.tolist()):
            marginals[:, target] += network.marginals[:, column]
        return Posteriors(marginals, network.spans)

    def probabilities(
        self, posteriors: Posteriors, first: int, last: int, n_best: Sequence[list[TagSequence]] | None
    ) -> Probabilities:
        """Those of the tokens from `first` to `last`, as `posteriors` gives them."""
        marginals, spans = posteriors.marginals[first:last], posteriors.spans[first:last]
        return Probabilities(self.distinct, marginals, self.labels, spans, n_best)

    def sequences(self, n_best: NBest, sentence: int, first: int, last: int) -> list[TagSequence]:
        """The best sequences of the sentence whose tokens stand from `first` to `last`."""
        bounds = np.array([0, last - first])
        return [
            TagSequence(float(probability), self.strings(tags[first:last], bounds))
            for tags, probability in zip(n_best.tags, n_best.probabilities[sentence].tolist(), strict=True)
            if probability > 0 or tags[first] >= 0
        ]


def _respelled(tag: str, scheme: Scheme) -> str:
    """An IOBES tag in the spelling of another scheme."""
    letter, dash, label = tag.partition("-")
    if scheme is Scheme.IO:
        return label or letter
    return _RESPELLED.get(scheme, {}).get(letter, letter) + dash + label if dash else tag


def _continues(left: str, right: str) -> bool:
    return left[0] in _OPEN and right[0] in _CONTINUES and left[2:] == right[2:] and "O" not in (left, right)
