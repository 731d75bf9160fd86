"""The spans that a tagger predicts, with their probabilities at many temperatures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bilstm_tagger import Document, Tagger
from bilstm_tagger.corpus import read_corpus
from bilstm_tagger.evaluation.calibration import Judged, calibration_error, judged_spans, with_temperatures

TASK = "ner"
LOGARITHMS = np.linspace(np.log(0.5), np.log(6.0), 26)  # of the temperatures
SMALLEST = 1e-9


@dataclass(frozen=True, slots=True)
class Spans:
    """Predicted spans of one text or of several.

    Attributes:
        logits: log odds of the probability at each temperature `(spans, temperatures)`.
        right: whether gold has the same span `(spans,)`.
        unknown: whether a span of the same sentence has a word that training lacks `(spans,)`.
        share: of the words of the sentence that training lacks `(spans,)`.
        labels: label of each span `(spans,)`.
        documents: number of the document `(spans,)`.
        strange: for each span the share of the words of its document that training lacks `(spans,)`.
        loss: mean log loss of the tags of its document at each temperature `(spans, temperatures)`.
    """

    logits: np.ndarray
    right: np.ndarray
    unknown: np.ndarray
    share: np.ndarray
    labels: np.ndarray
    documents: np.ndarray
    strange: np.ndarray
    loss: np.ndarray

    def __len__(self) -> int:
        return len(self.right)

    def where(self, chosen: np.ndarray) -> Spans:
        """Those that are chosen `(spans,)`."""
        return Spans(*(getattr(self, name)[chosen] for name in self.__slots__))

    @classmethod
    def joined(cls, parts: Sequence[Spans]) -> Spans:
        """Those of several texts as one; the numbers of the documents go on."""
        firsts = np.cumsum([0, *(int(part.documents.max()) + 1 for part in parts)])
        columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in cls.__slots__}
        columns["documents"] = np.concatenate([part.documents + n for part, n in zip(parts, firsts, strict=False)])
        return cls(**columns)

    def logits_at(self, logarithm: float | np.ndarray) -> np.ndarray:
        """Log odds at a temperature, or at one for each span, of which the logarithm is given; interpolated."""
        place = (np.broadcast_to(logarithm, (len(self),)) - LOGARITHMS[0]) / (LOGARITHMS[1] - LOGARITHMS[0])
        place = np.clip(place, 0, len(LOGARITHMS) - 1 - SMALLEST)
        left, rows = place.astype(np.int64), np.arange(len(self))
        after = place - left
        return np.asarray(self.logits[rows, left] * (1 - after) + self.logits[rows, left + 1] * after)

    def at(self, logarithm: float | np.ndarray) -> np.ndarray:
        """Probabilities at a temperature; see `logits_at`."""
        return np.asarray(1 / (1 + np.exp(-self.logits_at(logarithm))))


def spans_of(tagger: Tagger, path: Path, *, unmarked: Sequence[str] = ()) -> Spans:
    """The spans that a tagger predicts in a file, but for those with labels that the file does not mark."""
    gold = read_corpus(path, {TASK: -1}).settle_as(TASK, tagger.schemes[TASK])
    known = tagger.vocab.known
    probabilities, losses = [], []
    for logarithm in LOGARITHMS:
        warm = with_temperatures(tagger, {TASK: float(np.exp(logarithm))})
        told = list(warm.pipe(gold, probabilities=True))
        judged = judged_spans(gold, told, TASK, known=known)
        probabilities.append(np.clip(judged.probabilities, SMALLEST, 1 - SMALLEST))
        losses.append([_loss(true, other) for true, other in zip(gold, told, strict=True)])
    share, documents = [], []
    for number, document in enumerate(told):
        for sentence in document.sentences:
            count = len(sentence.spans_of(TASK))
            share += [_strange(sentence.words, known)] * count
            documents += [number] * count
    strange = np.array([_strange(document.words, known) for document in gold])
    at, told_by = np.array(documents), np.array(probabilities).T
    spans = Spans(
        logits=np.log(told_by / (1 - told_by)),
        right=judged.right,
        unknown=judged.unknown,
        share=np.array(share),
        labels=np.array(judged.labels),
        documents=at,
        strange=strange[at],
        loss=np.array(losses).T[at],
    )
    return spans.where(~np.isin(spans.labels, unmarked))


def _strange(words: Sequence[str], known: frozenset[str]) -> float:
    return sum(word not in known for word in words) / max(len(words), 1)


def _loss(true: Document, told: Document) -> float:
    """Mean negative log probability of the gold tags of a document."""
    probabilities = told.probabilities[TASK]
    given = [max(probabilities.token(token, tag), SMALLEST) for token, tag in enumerate(true.tags_of(TASK))]
    return float(-np.log(given).mean()) if given else 0.0


def error_of(probabilities: np.ndarray, right: np.ndarray) -> float:
    """Expected calibration error in percent."""
    judged = Judged(("",) * len(right), probabilities, right, np.zeros(len(right), np.bool_))
    return 100 * (calibration_error(judged) or 0.0)


def loss_of(probabilities: np.ndarray, right: np.ndarray) -> float:
    """Mean log loss."""
    told = np.where(right, probabilities, 1 - probabilities)
    return float(-np.log(np.clip(told, SMALLEST, 1)).mean())
