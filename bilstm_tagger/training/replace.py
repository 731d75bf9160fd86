"""Training text in which some spans stand in for others of the same label: names in sentences that never held them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bilstm_tagger.schemes.grammar import ROLES, parse
from bilstm_tagger.training.data import EncodedCorpus
from bilstm_tagger.vocab.vocab import SHAPES


@dataclass(frozen=True, slots=True)
class _Pieces:
    """A corpus cut into spans and single tokens outside of them.

    Attributes:
        starts: first token of each piece on the flat line of all tokens `(pieces,)`.
        lengths: tokens of each piece `(pieces,)`.
        kinds: what may stand in for what, -1 for what stays as it is `(pieces,)`.
        donors: for each kind one piece of each distinct wording.
    """

    starts: np.ndarray
    lengths: np.ndarray
    kinds: np.ndarray
    donors: list[np.ndarray]


class SpanReplacer:
    """Replaces spans by others of the same label from the same corpus, rare ones as often as frequent ones.

    The network then sees many more names than there are, each in many more places: it learns less by heart and reads
    more of the sentence (mention replacement; Dai and Adel 2020). A span in capitals is replaced by one in capitals, a
    span of a headline by one of a headline.

    Where a corpus has several tasks with spans, those of the first one are replaced, unless they end within a span of
    another.

    Args:
        corpus: what training reads.
        tags: for each of the corpus's tasks the tags in the order of their ids.
    """

    def __init__(self, corpus: EncodedCorpus, tags: Mapping[str, Sequence[str]]) -> None:
        self.corpus = corpus
        spans = [task for task in corpus.tags if "O" in tags[task] and all(map(parse, tags[task]))]
        self.pieces = _cut(corpus, spans, tags) if spans and len(corpus) else None

    def replaced(self, share: float, seed: Sequence[int]) -> EncodedCorpus:
        """The corpus with about a share of its spans replaced; the same for the same seed.

        All that is known of the tokens, further tags and features, comes along with them.
        """
        if self.pieces is None:
            return self.corpus
        pieces = self.pieces
        order = np.random.default_rng(seed)
        source = np.arange(len(pieces.starts))
        drawn = order.random(len(source)) < share
        for kind, donors in enumerate(pieces.donors):
            here = np.flatnonzero(drawn & (pieces.kinds == kind))
            source[here] = donors[order.integers(len(donors), size=len(here))]
        return _gathered(self.corpus, pieces, source)


def _cut(corpus: EncodedCorpus, spans: Sequence[str], tags: Mapping[str, Sequence[str]]) -> _Pieces:
    """The pieces of the first of the tasks `spans`, and which of them may be replaced and replace."""
    words = np.concatenate(corpus.words)
    inside = [_inside(np.concatenate(corpus.tags[task]), tags[task]) for task in spans]
    starts = np.flatnonzero(~inside[0])
    ends = np.append(starts[1:], len(words))
    lengths = ends - starts
    whole = ~np.any([each[starts] | np.append(each, False)[ends] for each in inside], axis=0)

    names = tags[spans[0]]
    labels = {label: number for number, label in enumerate(sorted({name[2:] for name in names}))}
    label_of = np.array([-1 if name == "O" else labels[name[2:]] for name in names])
    shapes = corpus.types.shapes.numpy()[words]
    sentences = np.concatenate(corpus.sentences)
    bounds = np.concatenate([[0], np.cumsum(sentences)])
    headline = np.add.reduceat(shapes == SHAPES.index("lower"), bounds[:-1]) == 0
    capitals = np.add.reduceat(shapes != SHAPES.index("upper"), starts) == 0
    label = label_of[np.concatenate(corpus.tags[spans[0]])[starts]]
    kinds = label * 4 + capitals * 2 + headline[np.searchsorted(bounds, starts, side="right") - 1]
    kinds[(label < 0) | ~whole] = -1

    wordings: list[dict[bytes, int]] = [{} for _ in range(4 * len(labels))]
    for piece in np.flatnonzero(kinds >= 0):
        start = starts[piece]
        wordings[kinds[piece]].setdefault(words[start : start + lengths[piece]].tobytes(), int(piece))
    return _Pieces(starts, lengths, kinds, [np.array(list(each.values()), np.int64) for each in wordings])


def _inside(ids: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Whether each token goes on with the span of the one before."""
    found: np.ndarray = np.array([ROLES.get(name[0]) in ("I", "E") for name in names])[ids]
    return found


def _gathered(corpus: EncodedCorpus, pieces: _Pieces, source: np.ndarray) -> EncodedCorpus:
    """The corpus with piece `source[i]` in the place of piece `i`."""
    lengths = pieces.lengths[source]
    ends = np.cumsum(lengths)
    index = np.repeat(pieces.starts[source] - (ends - lengths), lengths) + np.arange(ends[-1])
    sentence_starts = _starts(np.concatenate(corpus.sentences))
    sentences = np.add.reduceat(lengths, np.searchsorted(pieces.starts, sentence_starts))
    of_row = np.split(sentences, _starts([len(row) for row in corpus.sentences])[1:])
    cuts = _starts([int(row.sum()) for row in of_row])[1:]

    def gather(rows: list[np.ndarray]) -> list[np.ndarray]:
        return np.split(np.concatenate(rows)[index], cuts)

    return replace(
        corpus,
        words=gather(corpus.words),
        tags={task: gather(rows) for task, rows in corpus.tags.items()},
        sentences=of_row,
        features={name: gather(rows) for name, rows in corpus.features.items()},
    )


def _starts(lengths: Sequence[int] | np.ndarray) -> np.ndarray:
    return np.cumsum(np.concatenate([[0], lengths[:-1]])).astype(np.int64)
