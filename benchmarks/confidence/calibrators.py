"""Ways to turn scores into probabilities that are right as often as they say."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize, minimize_scalar
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from benchmarks.confidence.spans import LOGARITHMS, Spans, error_of, loss_of

Calibrated = Callable[[Spans], np.ndarray]
Calibrator = Callable[[Spans], Calibrated]
Loss = Callable[[np.ndarray, np.ndarray], float]


def _one(loss: Loss, spans: Spans) -> float:
    """The logarithm of the temperature with the smallest loss."""
    found = minimize_scalar(
        lambda logarithm: loss(spans.at(logarithm), spans.right), bounds=(LOGARITHMS[0], LOGARITHMS[-1])
    )
    return float(found.x)


def one_temperature(loss: Loss) -> Calibrator:
    """One temperature for all."""

    def fit(spans: Spans) -> Calibrated:
        logarithm = _one(loss, spans)
        return lambda other: other.at(logarithm)

    return fit


def of_tags(spans: Spans) -> Calibrated:
    """One temperature by the log loss of the tags, with the weight that documents have by their spans."""
    logarithm = float(LOGARITHMS[spans.loss.mean(0).argmin()])
    return lambda other: other.at(logarithm)


def of_unknown(spans: Spans) -> Calibrated:
    """One temperature for all, fitted on the sentences with unknown words in their spans."""
    logarithm = _one(loss_of, spans.where(spans.unknown))
    return lambda other: other.at(logarithm)


def two_temperatures(spans: Spans) -> Calibrated:
    """One for sentences with unknown words in their spans and one for the others."""
    unknown, known = (_one(loss_of, spans.where(chosen)) for chosen in (spans.unknown, ~spans.unknown))
    return lambda other: other.at(np.where(other.unknown, unknown, known))


def by_share(spans: Spans) -> Calibrated:
    """A temperature that depends on the share of unknown words in the sentence (density-aware temperature scaling)."""

    def loss(line: np.ndarray) -> float:
        return loss_of(spans.at(line[0] + line[1] * spans.share), spans.right)

    line = minimize(loss, np.array([0.3, 0.1]), method="Nelder-Mead").x
    return lambda other: other.at(line[0] + line[1] * other.share)


def _regression(columns: Callable[[Spans], np.ndarray]) -> Calibrator:
    def fit(spans: Spans) -> Calibrated:
        model = LogisticRegression(C=1e4, max_iter=1000).fit(columns(spans), spans.right)
        return lambda other: np.asarray(model.predict_proba(columns(other))[:, 1])

    return fit


def _platt(spans: Spans) -> np.ndarray:
    return spans.logits_at(0.0)[:, None]


def _beta(spans: Spans) -> np.ndarray:
    probabilities = spans.at(0.0)
    return np.stack([np.log(probabilities), -np.log(1 - probabilities)], 1)


def _labels(spans: Spans) -> np.ndarray:
    labels = [spans.labels == label for label in ("LOC", "MISC", "ORG", "PER")]
    return np.stack([spans.logits_at(0.0), *labels], 1)


def isotonic(spans: Spans) -> Calibrated:
    """A step function that rises (Zadrozny and Elkan 2002)."""
    model = IsotonicRegression(out_of_bounds="clip", y_min=1e-3, y_max=1 - 1e-3).fit(spans.at(0.0), spans.right)
    return lambda other: np.asarray(model.predict(other.at(0.0)))


CALIBRATORS: dict[str, Calibrator] = {
    "one temperature, log loss of spans (this package)": one_temperature(loss_of),
    "one temperature, Brier score of spans": one_temperature(lambda told, right: float(((told - right) ** 2).mean())),
    "one temperature, calibration error of spans": one_temperature(error_of),
    "one temperature, log loss of tags": of_tags,
    "one temperature, from sentences with unknown words in names": of_unknown,
    "two temperatures, for sentences with and without unknown words in names": two_temperatures,
    "temperature by share of unknown words": by_share,
    "Platt scaling of span probabilities": _regression(_platt),
    "the same with an intercept for each label": _regression(_labels),
    "beta calibration of span probabilities": _regression(_beta),
    "isotonic regression of span probabilities": isotonic,
}
