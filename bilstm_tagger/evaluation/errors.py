"""Every error of a system: where it is, of which kind, and how sure the model was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from bilstm_tagger.document.document import Document
from bilstm_tagger.document.probabilities import Probabilities
from bilstm_tagger.evaluation.counting import check_aligned
from bilstm_tagger.evaluation.pairing import ErrorKind, Pair, kind_of, pair_spans
from bilstm_tagger.evaluation.partial import comparable_spans
from bilstm_tagger.evaluation.strict import SeqevalReader, strict_spans
from bilstm_tagger.schemes.grammar import UNKNOWN, Scheme, has_unknown
from bilstm_tagger.schemes.spans import SpanTuple

__all__ = ["Case", "errors_of", "judged_cases"]


class Case(NamedTuple):
    """A gold span and what was predicted for it, right or wrong; with plain tags, a token.

    Attributes:
        kind: the kind of error; None if there is none.
        document: number of the document, from 0.
        sentence: number of the sentence in its document, from 0.
        gold: first token in the sentence, token after the last one, and label; None if it was invented.
        predicted: the same of the prediction; None if it was missed.
        known: whether all words (of the gold span, or else of the predicted one) are in the training data; None where
            these are not known.
        confidence: how sure the model was of its error: the probability of the predicted span or tag, or that a missed
            span is not there. None where there is no error or no probability is known, as of a label that the model
            does not have.
    """

    kind: ErrorKind | None
    document: int
    sentence: int
    gold: SpanTuple | None
    predicted: SpanTuple | None
    known: bool | None
    confidence: float | None

    @property
    def span(self) -> SpanTuple:
        """The gold span, or else the predicted one."""
        span = self.gold or self.predicted
        assert span is not None
        return span

    @property
    def gold_label(self) -> str:
        """The label in gold; empty if there is none."""
        return self.gold[2] if self.gold else ""

    @property
    def predicted_label(self) -> str:
        """The predicted label; empty if there is none."""
        return self.predicted[2] if self.predicted else ""


def judged_cases(
    gold: Sequence[Document], predicted: Sequence[Document], task: str, *, known: frozenset[str] | None = None
) -> list[Case]:
    """Compare gold and predicted tags span by span, or token by token, in order of the text.

    Args:
        gold: documents with the true tags and their scheme, and the probabilities of these if they are known.
        predicted: the same documents with other tags in the same scheme, and their probabilities if they are known.
        task: name of the task.
        known: the words of the training data; None where they are not known.

    Raises:
        CorpusError: the two do not have the same documents and sentences.
    """
    check_aligned(gold, predicted)
    scheme = gold[0].schemes.get(task, Scheme.NONE) if gold else Scheme.NONE
    partial = has_unknown({tag for document in gold for tag in document.tags_of(task)})
    reader = SeqevalReader(scheme)
    cases: list[Case] = []
    for number, (true, told) in enumerate(zip(gold, predicted, strict=True)):
        tags, guesses = true.tags_of(task), told.tags_of(task)
        for sentence, (start, end) in enumerate(pairwise(true.bounds)):
            own = (tags[start:end], guesses[start:end])
            pairs = _tag_pairs(*own, partial) if scheme is Scheme.NONE else _span_pairs(*own, reader, partial)
            probabilities = (true.probabilities.get(task), told.probabilities.get(task))
            place = (scheme, number, sentence, start, probabilities, true, known)
            cases += [_case(pair, *place) for pair in pairs]
    return cases


def errors_of(cases: Sequence[Case]) -> list[Case]:
    """Those that are errors: the surest first, those of unknown confidence last, else in order of the text."""
    wrong = [case for case in cases if case.kind is not None]
    return sorted(wrong, key=lambda case: -1.0 if case.confidence is None else case.confidence, reverse=True)


def _tag_pairs(tags: Sequence[str], guesses: Sequence[str], partial: bool) -> Iterator[Pair]:
    for place, (tag, guess) in enumerate(zip(tags, guesses, strict=True)):
        if not (partial and tag == UNKNOWN):
            yield (place, place + 1, tag), (place, place + 1, guess)


def _span_pairs(tags: Sequence[str], guesses: Sequence[str], reader: SeqevalReader, partial: bool) -> list[Pair]:
    """Pairs of the spans that scores count: see `evaluation.partial` for tokens whose gold tag is not known."""
    if not partial or UNKNOWN not in tags:
        return pair_spans(reader(tags), reader(guesses))
    return pair_spans(*comparable_spans(tags, strict_spans(guesses, reader.scheme), reader.scheme, read=reader))


def _case(
    pair: Pair,
    scheme: Scheme,
    number: int,
    sentence: int,
    first: int,
    probabilities: tuple[Probabilities | None, Probabilities | None],
    document: Document,
    known: frozenset[str] | None,
) -> Case:
    true, told = pair
    kind = kind_of(true, told)
    if scheme is Scheme.NONE and kind is not None:
        kind = ErrorKind.TAG
    start, end, _ = true or told or (0, 0, "")
    familiar = None if known is None else known.issuperset(document.words[first + start : first + end])
    confidence = None if kind is None else _confidence(pair, scheme, first, probabilities)
    return Case(kind, number, sentence, true, told, familiar, confidence)


def _confidence(
    pair: Pair, scheme: Scheme, first: int, probabilities: tuple[Probabilities | None, Probabilities | None]
) -> float | None:
    """That of an error, by the probabilities of the gold and of the predicted tags."""
    true, told = pair
    start, end, label = told or true or (0, 0, "")
    known = probabilities[told is not None]
    if known is None:
        return None
    if scheme is Scheme.NONE:
        return known.token(first + start, label)
    probability = known.span(first + start, first + end, label) if label in known.labels else None
    return probability if probability is None or told is not None else 1 - probability
