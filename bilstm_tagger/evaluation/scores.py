"""Scores of a task: counts of what was found, and the figures that follow from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bilstm_tagger.schemes.grammar import Scheme


@dataclass(frozen=True, slots=True)
class Score:
    """Precision, recall and F1 of one label, or of all together (micro), from their counts.

    Attributes:
        correct: how many were found exactly.
        predicted: how many were predicted.
        support: how many there are in gold.
    """

    correct: int
    predicted: int
    support: int

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

    def to_json(self) -> dict[str, float]:
        """Plain values."""
        return {**_prf(self), "correct": self.correct, "predicted": self.predicted}


@dataclass(frozen=True, slots=True)
class Average:
    """Mean over labels, each counted once (macro) or as often as it is in gold (weighted); `support` is their sum."""

    precision: float
    recall: float
    f1: float
    support: int

    @classmethod
    def of(cls, scores: Iterable[Score], *, weighted: bool = False) -> Average:
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
        )

    def to_json(self) -> dict[str, float]:
        """Plain values."""
        return _prf(self)


@dataclass(frozen=True, slots=True)
class Share:
    """So many out of so many."""

    correct: int
    total: int

    @property
    def value(self) -> float:
        """Between 0 and 1; 0 out of 0 is 0."""
        return self.correct / self.total if self.total else 0.0

    def to_json(self) -> dict[str, float]:
        """Plain values."""
        return {"value": self.value, "correct": self.correct, "total": self.total}


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
        known: gold spans found among those whose words were all in the training data.
        unknown: gold spans found among the others.
        unseen_labels: labels in gold that the model does not have, and how many spans are missed for that.
    """

    scheme: Scheme
    labels: dict[str, Score]
    micro: Score
    macro: Average
    weighted: Average
    conlleval: Score
    accuracy: Share
    known: Share
    unknown: Share
    unseen_labels: dict[str, int]

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
            "known_recall": self.known.to_json(),
            "unknown_recall": self.unknown.to_json(),
            "unseen_labels": self.unseen_labels,
        }


@dataclass(frozen=True, slots=True)
class TagScores:
    """How well plain tags were predicted.

    Attributes:
        accuracy: tokens with the right tag.
        tags: score of each tag that is in gold or was predicted, sorted.
        macro: mean of these scores.
        known: tokens with the right tag among words of the training data.
        unknown: tokens with the right tag among all other words.
        confusions: the most frequent errors: gold tag, predicted tag, how often.
        unseen_labels: tags in gold that the model does not have, and how many tokens are missed for that.
    """

    accuracy: Share
    tags: dict[str, Score]
    macro: Average
    known: Share
    unknown: Share
    confusions: list[tuple[str, str, int]]
    unseen_labels: dict[str, int]

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
            "known": self.known.to_json(),
            "unknown": self.unknown.to_json(),
            "tags": _json(self.tags),
            "confusions": [{"gold": a, "predicted": b, "count": count} for a, b, count in self.confusions],
            "unseen_labels": self.unseen_labels,
        }


def _prf(score: Score | Average) -> dict[str, float]:
    return {"precision": score.precision, "recall": score.recall, "f1": score.f1, "support": score.support}


def _json(scores: Mapping[str, Score]) -> dict[str, dict[str, float]]:
    return {label: score.to_json() for label, score in scores.items()}
