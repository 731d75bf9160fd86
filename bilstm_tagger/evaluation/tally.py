"""Counts by sentence, of which scores, their intervals and comparisons of systems are made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

import numpy as np

from bilstm_tagger.document.document import Document
from bilstm_tagger.schemes.spans import SpanTuple

__all__ = ["CORRECT", "KINDS", "PREDICTED", "SUPPORT", "Pairs", "Tally", "sentence_words", "tally_spans", "tally_tags"]

Pairs = Sequence[tuple[Sequence[SpanTuple], Sequence[SpanTuple]]]
CORRECT, PREDICTED, SUPPORT = range(3)
KINDS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """Counts of one task by sentence; empty sentences are counted too.

    Attributes:
        labels: labels of spans, or plain tags, that are in gold or were predicted, sorted.
        sentences: number of sentences.
        cells: `(sentence * labels + label) * 3 + kind` of all that was counted `(counted,)`; the kinds are correct,
            predicted and in gold.
        tokens: tokens with the right tag, and all `(sentences, 2)`.
        known: spans found, or tokens with the right tag, and all, where every word is known `(sentences, 2)`.
        unknown: the same where a word is not `(sentences, 2)`.
        conlleval: spans as the CoNLL scorer reads them: correct, predicted and in gold `(sentences, 3)`; for plain
            tags 0.
    """

    labels: tuple[str, ...]
    sentences: int
    cells: np.ndarray
    tokens: np.ndarray
    known: np.ndarray
    unknown: np.ndarray
    conlleval: np.ndarray

    def by_sentence(self, first: int = 0, last: int | None = None) -> np.ndarray:
        """Correct, predicted and gold ones of the labels from `first` to `last`, `(sentences, labels, 3)`."""
        last = len(self.labels) if last is None else last
        width, wanted = len(self.labels) * KINDS, (last - first) * KINDS
        if wanted == width:
            places = self.cells
        else:
            sentence, column = np.divmod(self.cells, width)
            inside = (column >= first * KINDS) & (column < last * KINDS)
            places = sentence[inside] * wanted + column[inside] - first * KINDS
        return np.bincount(places, minlength=self.sentences * wanted).reshape(self.sentences, last - first, KINDS)

    def totals(self) -> np.ndarray:
        """Correct, predicted and gold ones of each label `(labels, 3)`."""
        width = len(self.labels) * KINDS
        return np.bincount(self.cells % width if width else self.cells, minlength=width).reshape(-1, KINDS)


def tally_spans(
    gold: Sequence[Document],
    predicted: Sequence[Document],
    task: str,
    *,
    strict: Pairs,
    lenient: Pairs | None,
    known: frozenset[str],
) -> Tally:
    """Count spans.

    Args:
        gold: documents with the true tags.
        predicted: the same documents with other tags.
        task: name of the task.
        strict: gold and predicted spans of each sentence.
        lenient: the same as the CoNLL scorer reads them; None if they are not wanted.
        known: the words of the training data.
    """
    found: list[tuple[int, str, int]] = []
    familiar = np.zeros((2, len(strict), 2), np.int64)  # by whether all words are known
    for number, ((true, other), words) in enumerate(zip(strict, sentence_words(gold), strict=True)):
        guesses = set(other)
        found += [(number, label, PREDICTED) for _, _, label in guesses]
        for span in true:
            start, end, label = span
            place = familiar[int(known.issuperset(words[start:end])), number]
            found.append((number, label, SUPPORT))
            place[1] += 1
            if span in guesses:
                found.append((number, label, CORRECT))
                place[0] += 1
    labels, cells = _cells(found)
    return Tally(
        labels=labels,
        sentences=len(strict),
        cells=cells,
        tokens=_right_tokens(gold, predicted, task),
        known=familiar[1],
        unknown=familiar[0],
        conlleval=np.zeros((len(strict), KINDS), np.int64) if lenient is None else _sizes(lenient),
    )


def tally_tags(gold: Sequence[Document], predicted: Sequence[Document], task: str, *, known: frozenset[str]) -> Tally:
    """Count plain tags; arguments as for `tally_spans`."""
    tags = list(chain.from_iterable(document.tags_of(task) for document in gold))
    guesses = list(chain.from_iterable(document.tags_of(task) for document in predicted))
    labels = sorted({*tags, *guesses})
    number = {label: place for place, label in enumerate(labels)}
    true, told = (np.fromiter(map(number.__getitem__, column), np.int64, len(tags)) for column in (tags, guesses))
    bounds = _bounds(gold)
    sentence = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds)) * len(labels)
    right = true == told
    cells = [(sentence + told)[right] * KINDS + CORRECT, (sentence + told) * KINDS + PREDICTED]
    words = chain.from_iterable(document.words for document in gold)
    familiar = np.fromiter(map(known.__contains__, words), np.bool_, len(tags))
    return Tally(
        labels=tuple(labels),
        sentences=len(bounds) - 1,
        cells=np.concatenate([*cells, (sentence + true) * KINDS + SUPPORT]),
        tokens=_shares(right, np.ones_like(right), bounds),
        known=_shares(right, familiar, bounds),
        unknown=_shares(right, ~familiar, bounds),
        conlleval=np.zeros((len(bounds) - 1, KINDS), np.int64),
    )


def _sizes(pairs: Pairs) -> np.ndarray:
    """Correct, predicted and gold spans of each sentence."""
    sizes = [(len(set(true).intersection(other)), len(other), len(true)) for true, other in pairs]
    return np.array(sizes, np.int64).reshape(-1, KINDS)


def sentence_words(documents: Iterable[Document]) -> Iterable[list[str]]:
    """The words of each sentence."""
    for document in documents:
        yield from (document.words[start:end] for start, end in pairwise(document.bounds))


def _cells(found: Sequence[tuple[int, str, int]]) -> tuple[tuple[str, ...], np.ndarray]:
    labels = tuple(sorted({label for _, label, _ in found}))
    number = {label: place for place, label in enumerate(labels)}
    cells = [(sentence * len(labels) + number[label]) * KINDS + kind for sentence, label, kind in found]
    return labels, np.array(cells, np.int64)


def _right_tokens(gold: Sequence[Document], predicted: Sequence[Document], task: str) -> np.ndarray:
    tags = chain.from_iterable(document.tags_of(task) for document in gold)
    guesses = chain.from_iterable(document.tags_of(task) for document in predicted)
    right = np.fromiter(map(str.__eq__, tags, guesses), np.bool_)
    return _shares(right, np.ones_like(right), _bounds(gold))


def _bounds(documents: Sequence[Document]) -> np.ndarray:
    """Where the sentences of all documents begin and end, in tokens `(sentences + 1,)`."""
    lengths = [end - start for document in documents for start, end in pairwise(document.bounds)]
    return np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])


def _shares(right: np.ndarray, among: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    """For each sentence how many tokens `among` the chosen ones are right, and how many there are."""
    sums = [np.concatenate([[0], np.cumsum(each, dtype=np.int64)]) for each in (right & among, among)]
    return np.stack([np.diff(each[bounds]) for each in sums], 1)
