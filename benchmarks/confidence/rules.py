"""Ways to find from which probability on a precision holds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.confidence.spans import Spans
from bilstm_tagger.evaluation.thresholds import lower_bound

Rule = Callable[[Spans], np.ndarray]  # lower bounds of the precision after each span, of spans in order `(spans,)`
RESAMPLES = 1_000


def least(rule: Rule, spans: Spans, probabilities: np.ndarray, precision: float) -> float:
    """The least probability at which a rule promises a precision; infinity where there is none."""
    order = np.argsort(-probabilities, kind="stable")
    holds = np.flatnonzero(rule(spans.where(order)) >= precision)
    return float(probabilities[order][holds[-1]]) if len(holds) else np.inf


def _bound(spans: Spans, chosen: np.ndarray, confidence: float = 0.95) -> np.ndarray:
    right = (spans.right & chosen).cumsum()
    return np.asarray(lower_bound(right, chosen.cumsum(), confidence=confidence))


def _all(spans: Spans) -> np.ndarray:
    return np.ones(len(spans), np.bool_)


def _halves(spans: Spans) -> np.ndarray:
    late = spans.documents >= np.median(spans.documents)
    return np.asarray(np.minimum(_bound(spans, late), _bound(spans, ~late)))


def _third(spans: Spans) -> np.ndarray:
    """Of the third of the spans in whose sentences most words are unknown."""
    return _bound(spans, spans.share >= np.quantile(spans.share, 2 / 3))


def _unknown(spans: Spans) -> np.ndarray:
    return np.asarray(np.minimum(_bound(spans, _all(spans)), _bound(spans, spans.unknown)))


def _bootstrap(confidence: float) -> Rule:
    """Documents are drawn anew, since the spans of a document depend on each other."""

    def bounds(spans: Spans) -> np.ndarray:
        names, number = np.unique(spans.documents, return_inverse=True)
        draw = np.random.default_rng(0)
        drawn = draw.multinomial(len(names), np.full(len(names), 1 / len(names)), size=RESAMPLES)[:, number]
        shares = (drawn * spans.right).cumsum(1) / np.maximum(drawn.cumsum(1), 1)
        return np.where(np.arange(len(spans)) < 58, 0.0, np.quantile(shares, 1 - confidence, axis=0))

    return bounds


RULES: dict[str, Rule] = {
    "bound of Clopper and Pearson": lambda spans: _bound(spans, _all(spans)),
    "the same, Bonferroni for four labels": lambda spans: _bound(spans, _all(spans), 1 - 0.05 / 4),
    "bootstrap of documents": _bootstrap(0.95),
    "bootstrap of documents, Bonferroni": _bootstrap(1 - 0.05 / 4),
    "bound holds in the early and in the late half": _halves,
    "bound holds where most words are unknown (a third)": _third,
    "bound holds beside unknown words in names too (this package)": _unknown,
}
