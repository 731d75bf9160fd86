"""Scores of a task: counts of what was found, and the figures that follow from them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from bilstm_tagger.schemes.grammar import Scheme

WIDEST = 0.2  # between the ends of an interval of which a score still says something
_Z = 1.959964  # quantile of the normal distribution for 95 %


class Interval(NamedTuple):
    """Where a score lies with 95 % confidence."""

    low: float
    high: float

    @property
    def width(self) -> float:
        """From end to end."""
        return self.high - self.low


class Intervals(NamedTuple):
    """Those of precision, recall and F1."""

    precision: Interval
    recall: Interval
    f1: Interval

    def to_json(self) -> dict[str, list[float]]:
        """Plain values."""
        return {name: list(getattr(self, name)) for name in self._fields}


Matrix = dict[str, dict[str, int]]
"""How often each label (of the inner keys) was predicted for each gold label; an empty label is no span."""


@dataclass(frozen=True, slots=True)
class Score:
    """Precision, recall and F1 of one label, or of all together (micro), from their counts.

    Attributes:
        correct: how many were found exactly.
        predicted: how many were predicted.
        support: how many there are in gold.
        intervals: those of precision, recall and F1, if they were computed.
    """

    correct: int
    predicted: int
    support: int
    intervals: Intervals | None = field(default=None, compare=False)

    @property
    def precision(self) -> float:
        """Share of the predicted ones that are correct; 0 if there are none."""
        return self.correct / self.predicted if self.predicted else 0.0

    @property
    def recall(self) -> float:
        """Share of the gold ones that were found; 0 if there are none."""
        return self.correct / self.support if self.support else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall (van Rijsbergen 1979)."""
        # Not 2c / (p + s), its equal: rounding then differs from other scorers' in the last bit.
        return 2 * (self.precision * self.recall) / (self.precision + self.recall) if self.correct else 0.0

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {**_prf(self), "correct": self.correct, "predicted": self.predicted, **_told(self.intervals)}

    def caution(self) -> str:
        """Why the score says little, in a few words; empty where its interval is narrow enough, or unknown.

        Where all or none are found, a bootstrap knows no other sentences and its interval has no width. So the interval
        of recall for spans that are independent of each other (Wilson 1927) must be narrow, too.
        """
        if self.intervals is None:
            return ""
        if not self.support:
            return "none in gold"
        width = max(self.intervals.f1.width, _wilson(self.correct, self.support).width)
        return f"only {self.support:,} in gold" if width > WIDEST else ""


def _wilson(correct: int, total: int) -> Interval:
    """Interval of a share (Wilson 1927)."""
    share, square = correct / total, _Z**2 / total
    middle = (share + square / 2) / (1 + square)
    half = _Z / (1 + square) * math.sqrt(share * (1 - share) / total + square / total / 4)
    return Interval(middle - half, middle + half)


@dataclass(frozen=True, slots=True)
class Average:
    """Mean over labels, each counted once (macro) or as often as it is in gold (weighted); `support` is their sum."""

    precision: float
    recall: float
    f1: float
    support: int
    intervals: Intervals | None = field(default=None, compare=False)

    @classmethod
    def of(cls, scores: Iterable[Score], *, weighted: bool = False, intervals: Intervals | None = None) -> Average:
        """Take the mean of the scores of labels; 0 if there are none, or weighted if none is in gold."""
        listed = list(scores)
        weights = [score.support if weighted else 1 for score in listed]
        total = max(sum(weights), 1)

        def mean(values: Iterable[float]) -> float:
            return sum(weight * value for weight, value in zip(weights, values, strict=True)) / total

        return cls(
            precision=mean(score.precision for score in listed),
            recall=mean(score.recall for score in listed),
            f1=mean(score.f1 for score in listed),
            support=sum(score.support for score in listed),
            intervals=intervals,
        )

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return _prf(self) | _told(self.intervals)


@dataclass(frozen=True, slots=True)
class Share:
    """So many out of so many; `interval` is where the share lies, if that was computed."""

    correct: int
    total: int
    interval: Interval | None = field(default=None, compare=False)

    @property
    def value(self) -> float:
        """Between 0 and 1; 0 out of 0 is 0."""
        return self.correct / self.total if self.total else 0.0

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        values: dict[str, Any] = {"value": self.value, "correct": self.correct, "total": self.total}
        return values if self.interval is None else values | {"interval": list(self.interval)}


@dataclass(frozen=True, slots=True)
class SpanScores:
    """How well spans were found: one counts only with both its ends and its label.

    Attributes:
        scheme: the scheme of the tags.
        labels: strict score of each label that is in gold or was predicted, sorted.
        micro: strict score of all spans.
        macro: mean of the strict scores of the labels.
        weighted: the same mean, each label weighted by its gold spans.
        conlleval: score of all spans as the CoNLL scorer reads them, which lets a span begin with any tag.
        accuracy: tokens with the right tag.
        known: gold spans found among those whose words were all in the training data; None where that is not known.
        unknown: gold spans found among the others.
        unseen_labels: labels in gold that the model does not have, and how many spans are missed for that.
        matrix: for each gold label how often each label was predicted in its place; see `evaluation.pairing`.
        kinds: how many errors of each kind there are.
    """

    scheme: Scheme
    labels: dict[str, Score]
    micro: Score
    macro: Average
    weighted: Average
    conlleval: Score
    accuracy: Share
    known: Share | None
    unknown: Share | None
    unseen_labels: dict[str, int]
    matrix: Matrix
    kinds: dict[str, int]

    @property
    def headline(self) -> float:
        """The one number: strict micro F1."""
        return self.micro.f1

    def to_json(self) -> dict[str, Any]:
        """Plain values for `evaluate --json` and the model folder."""
        return {
            "kind": "spans",
            "headline": self.headline,
            "scheme": str(self.scheme),
            "strict": {
                "micro": self.micro.to_json(),
                "macro": self.macro.to_json(),
                "weighted": self.weighted.to_json(),
                "labels": _json(self.labels),
            },
            "conlleval": self.conlleval.to_json(),
            "token_accuracy": self.accuracy.to_json(),
            "known_recall": _share(self.known),
            "unknown_recall": _share(self.unknown),
            "unseen_labels": self.unseen_labels,
            "confusion_matrix": self.matrix,
            "errors": self.kinds,
            "cautions": _cautions(self.labels),
        }


@dataclass(frozen=True, slots=True)
class TagScores:
    """How well plain tags were predicted.

    Attributes:
        accuracy: tokens with the right tag.
        tags: score of each tag that is in gold or was predicted, sorted.
        macro: mean of these scores.
        known: tokens with the right tag among words of the training data; None where these are not known.
        unknown: tokens with the right tag among all other words.
        confusions: the most frequent errors: gold tag, predicted tag, how often.
        unseen_labels: tags in gold that the model does not have, and how many tokens are missed for that.
        matrix: for each gold tag how often each tag was predicted in its place.
    """

    accuracy: Share
    tags: dict[str, Score]
    macro: Average
    known: Share | None
    unknown: Share | None
    confusions: list[tuple[str, str, int]]
    unseen_labels: dict[str, int]
    matrix: Matrix

    @property
    def headline(self) -> float:
        """The one number: accuracy."""
        return self.accuracy.value

    def to_json(self) -> dict[str, Any]:
        """Plain values for `evaluate --json` and the model folder."""
        return {
            "kind": "tags",
            "headline": self.headline,
            "accuracy": self.accuracy.to_json(),
            "macro": self.macro.to_json(),
            "known": _share(self.known),
            "unknown": _share(self.unknown),
            "tags": _json(self.tags),
            "confusions": [{"gold": a, "predicted": b, "count": count} for a, b, count in self.confusions],
            "confusion_matrix": self.matrix,
            "unseen_labels": self.unseen_labels,
            "cautions": _cautions(self.tags),
        }


def nothing_to_find(tasks: Mapping[str, Any]) -> list[str]:
    """A note on each task of which gold has no span, so that its scores say nothing."""
    what = "gold has no span, so there is nothing to find: precision, recall and F1 are 0 whatever is predicted"
    every = ((task, getattr(scores, "micro", None)) for task, scores in tasks.items())
    return [f"{task}: {what}" for task, micro in every if micro is not None and not micro.support]


def _told(intervals: Intervals | None) -> dict[str, Any]:
    return {} if intervals is None else {"intervals": intervals.to_json()}


def _share(share: Share | None) -> dict[str, Any] | None:
    return None if share is None else share.to_json()


def _cautions(scores: Mapping[str, Score]) -> dict[str, str]:
    return {label: caution for label, score in scores.items() if (caution := score.caution())}


def _prf(score: Score | Average) -> dict[str, float]:
    return {"precision": score.precision, "recall": score.recall, "f1": score.f1, "support": score.support}


def _json(scores: Mapping[str, Score]) -> dict[str, dict[str, Any]]:
    return {label: score.to_json() for label, score in scores.items()}
