"""Places where the annotation and a model disagree, ranked by how likely the annotation is wrong.

Confident learning (Northcutt, Jiang and Chuang 2021, "Confident learning: estimating uncertainty in dataset labels",
JAIR 70) with spans in place of tokens: what is compared are the exact probabilities that the annotated spans and those
of the model are there, ends included, by a model that has not seen the sentence.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bilstm_tagger.curation.opinions import Opinion
from bilstm_tagger.schemes.spans import SpanTuple

__all__ = ["Kind", "Place", "class_confidence", "places", "rank", "score"]


class Kind(StrEnum):
    """What may be wrong with the annotation of a place."""

    LABEL = "wrong label"
    ENDS = "wrong ends"
    DROPPED = "dropped"
    INVENTED = "invented"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Place:
    """Spans of one sentence that overlap: those annotated, and those of the model.

    Attributes:
        key: of the sentence.
        given: the annotated spans.
        found: those of the model.
        confidence: probability of what is annotated, the self-confidence of confident learning: of the least probable
            span, or, where nothing is annotated, that none of the model's spans is there.
        alternative: probability of what the model says instead; where it agrees, of all else together.
    """

    key: str
    given: tuple[SpanTuple, ...]
    found: tuple[SpanTuple, ...]
    confidence: float
    alternative: float

    @property
    def start(self) -> int:
        """First token in the sentence."""
        return min(start for start, _, _ in (*self.given, *self.found))

    @property
    def end(self) -> int:
        """End in tokens, exclusive."""
        return max(end for _, end, _ in (*self.given, *self.found))

    @property
    def kind(self) -> Kind:
        """What may be wrong."""
        if self.given == self.found:
            return Kind.NONE
        if not self.given:
            return Kind.DROPPED
        if not self.found:
            return Kind.INVENTED
        ends = [[(start, end) for start, end, _ in side] for side in (self.given, self.found)]
        return Kind.LABEL if ends[0] == ends[1] else Kind.ENDS


def places(opinion: Opinion) -> list[Place]:
    """The places of a sentence; spans whose probability is not known are in none.

    Args:
        opinion: the annotated spans and those of a model.
    """
    sides = [
        {span: probability for span, probability in side.items() if probability is not None}
        for side in (opinion.given, opinion.found)
    ]
    lost = [span for span in (*opinion.given, *opinion.found) if span not in sides[0] and span not in sides[1]]
    groups: list[tuple[int, set[SpanTuple]]] = []
    for span in sorted({*sides[0], *sides[1], *lost}):
        if groups and span[0] < groups[-1][0]:
            groups[-1] = (max(groups[-1][0], span[1]), groups[-1][1] | {span})
        else:
            groups.append((span[1], {span}))
    return [_place(opinion, sides[0], sides[1], group) for _, group in groups if group.isdisjoint(lost)]


def _place(
    opinion: Opinion, given: Mapping[SpanTuple, float], found: Mapping[SpanTuple, float], group: set[SpanTuple]
) -> Place:
    annotated = tuple(sorted(span for span in group if span in given))
    read = tuple(sorted(span for span in group if span in found))
    confidence = min(given[span] for span in annotated) if annotated else 1 - max(found[span] for span in read)
    if annotated == read:
        alternative = 1 - confidence
    elif read:
        alternative = min(found[span] for span in read)
    else:
        alternative = min(opinion.outside[index] for start, end, _ in annotated for index in range(start, end))
    return Place(opinion.key, annotated, read, confidence, alternative)


def class_confidence(found: Iterable[Place]) -> dict[str, float]:
    """The thresholds of confident learning: for each label the mean self-confidence of what is annotated with it.

    Args:
        found: the places of a corpus, those without disagreement too.
    """
    values: dict[str, list[float]] = {}
    for place in found:
        for label in {label for _, _, label in place.given}:
            values.setdefault(label, []).append(place.confidence)
    return {label: statistics.fmean(each) for label, each in sorted(values.items())}


def score(place: Place, thresholds: Mapping[str, float]) -> float:
    """How likely the annotation of a place is wrong; more is worse, on no scale.

    The normalised margin between what the model says and what is annotated, plus half the threshold of the annotated
    class: where a label is hard to tell for the model, its doubts count less. All that is not annotated counts as a
    class whose threshold is 1. See benchmarks/curation/review.py for the other ways that were tried.

    Args:
        place: the place.
        thresholds: the mean self-confidence of each label.
    """
    threshold = min((thresholds.get(label, 1.0) for _, _, label in place.given), default=1.0)
    return place.alternative - place.confidence + WEIGHT * threshold


WEIGHT = 0.5


def rank(found: Sequence[Place]) -> list[tuple[float, Place]]:
    """The places where annotation and model disagree with their scores, the likeliest errors first."""
    thresholds = class_confidence(found)
    scored = [(score(place, thresholds), place) for place in found if place.kind is not Kind.NONE]
    return sorted(scored, key=lambda each: -each[0])
