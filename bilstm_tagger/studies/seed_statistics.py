"""Statistics over seeds: deviation, and the interval of a difference of two means."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

#: 97.5 % quantiles of Student's t distribution for 1, 2, … 30 degrees of freedom.
T_QUANTILES = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
    2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
    2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Difference:
    """The difference of the means of two groups of scores.

    Attributes:
        mean: mean of the first group minus mean of the second.
        interval: 95 % confidence interval of the difference; None where a group has a single score.
    """

    mean: float
    interval: tuple[float, float] | None

    @property
    def sign(self) -> int:
        """1 or -1 if the interval lies above or below 0; 0 if it contains 0 or there is none."""
        if self.interval is None:
            return 0
        low, high = self.interval
        return 1 if low > 0 else -1 if high < 0 else 0


def difference(scores: Sequence[float], others: Sequence[float]) -> Difference:
    """The difference of two means with its 95 % confidence interval.

    Welch's interval (Welch 1947) with the degrees of freedom of Welch and Satterthwaite, rounded down.

    Args:
        scores: the scores of the first group, one per seed.
        others: the scores of the second group, one per seed.
    """
    mean = fmean(scores) - fmean(others)
    if min(len(scores), len(others)) < 2:
        return Difference(mean, None)
    squares = [stdev(group) ** 2 / len(group) for group in (scores, others)]
    if not sum(squares):
        return Difference(mean, (mean, mean))
    weights = [square**2 / (len(group) - 1) for square, group in zip(squares, (scores, others), strict=True)]
    freedom = math.floor(sum(squares) ** 2 / sum(weights) + 1e-9)
    margin = T_QUANTILES[min(max(freedom, 1), len(T_QUANTILES)) - 1] * math.sqrt(sum(squares))
    return Difference(mean, (mean - margin, mean + margin))


def deviation(values: Sequence[float]) -> float | None:
    """Sample standard deviation; None for a single value."""
    return stdev(values) if len(values) > 1 else None
