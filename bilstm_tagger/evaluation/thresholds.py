"""From which probability on the spans of a label are right often enough: a threshold for a precision that is wished."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from bilstm_tagger.errors import TaggerError
from bilstm_tagger.evaluation.calibration import Judged
from bilstm_tagger.model_folder.info import Calibration

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Threshold:
    """The least probability that a span of a label needs.

    Attributes:
        probability: spans below it are left out.
        precision: share of the spans above it that were right.
        lower: the lower bound of that share for other text like it, at 95 % confidence; that of the sentences with
            unknown words in their spans if it is lower.
        kept: share of the right spans that stay.
        spans: how many spans it was found on.
    """

    probability: float
    precision: float
    lower: float
    kept: float
    spans: int


def threshold_for(judged: Judged, precision: float) -> Threshold | None:
    """The least probability from which on `precision` holds with 95 % confidence; None where none does.

    The bound is that of Clopper and Pearson (1934) for a binomial share. Newer text has more words that the model never
    saw, and its spans are wrong more often; so the precision has to hold also in the sentences with such spans alone.

    Args:
        judged: predicted spans of one label, whose gold is known and decided nothing about the model.
        precision: the share of right spans that is wished, between 0 and 1.
    """
    if not len(judged):
        return None
    order = np.argsort(-judged.probabilities, kind="stable")
    probabilities, right, unknown = (part[order] for part in (judged.probabilities, judged.right, judged.unknown))
    total, counts = right.cumsum(), np.arange(1, len(order) + 1)
    bounds = lower_bound(total, counts)
    if unknown.any():
        bounds = np.minimum(bounds, lower_bound((right & unknown).cumsum(), unknown.cumsum()))
    last = np.append(probabilities[1:] < probabilities[:-1], True)  # equal probabilities stay together
    holds = np.flatnonzero(last & (bounds >= precision))
    if not len(holds):
        return None
    at = int(holds[-1])
    kept = float(total[at] / max(total[-1], 1))
    return Threshold(float(probabilities[at]), float(total[at] / counts[at]), float(bounds[at]), kept, len(order))


def lower_bound(right: Any, counts: Any, *, confidence: float = CONFIDENCE) -> Any:
    """The lower bound of a share of which `right` of `counts` were seen, one-sided (Clopper and Pearson 1934)."""
    from scipy.stats import beta

    right, counts = np.asarray(right), np.asarray(counts)
    return np.where(right > 0, beta.ppf(1 - confidence, np.maximum(right, 1), counts - right + 1), 0.0)


def thresholds_of(calibration: Calibration, task: str, precision: float) -> dict[str, Threshold | None]:
    """For each label of a task the threshold that a model's dev data gives.

    Args:
        calibration: that of the model: the probabilities of its spans on dev, and which were right.
        task: name of the task.
        precision: the share of right spans that is wished.

    Raises:
        TaggerError: if the model was not calibrated, or dev is too small to say anything about any label.
    """
    stored = calibration.get(task)
    if stored is None:
        raise TaggerError(
            f"{task}: the model does not know how probable its spans were on dev; run `bilstm-tagger calibrate` on "
            "annotated text that it was not trained on"
        )
    found = {label: threshold_for(Judged.of_json(label, each), precision) for label, each in sorted(stored.items())}
    if not any(found.values()):
        sizes = ", ".join(f"{label} {len(each['right'])}" for label, each in sorted(stored.items())) or "none"
        raise TaggerError(
            f"{task}: the spans on dev ({sizes}) are too few or too often wrong to promise a precision of "
            f"{precision:g}; ask for less, or calibrate on more text"
        )
    return found
