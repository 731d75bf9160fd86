"""Whether one of two groups of models is better: the difference of their means over seeds."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from bilstm_tagger.evaluation.results import Outcome, Results
from bilstm_tagger.wording import percent

__all__ = ["Difference", "difference", "differences"]

_LEVEL = 0.95  # of the interval


class Difference(NamedTuple):
    """How much higher the mean of one group is than that of another.

    Attributes:
        mean: the difference of the means, in the units of the scores.
        low: lower end of the interval.
        high: its upper end.
    """

    mean: float
    low: float
    high: float


def difference(first: Outcome, second: Outcome) -> Difference | None:
    """The difference of two means with its interval by Welch (1947), which lets the groups vary unlike.

    Each seed is one draw of how a training may come out. Test sentences are not drawn again: that is what
    `evaluation.significance` does for two models.

    Args:
        first: scores of at least two seeds.
        second: those of the other group.

    Returns:
        The first mean minus the second; None if a group has one seed, or if no scores of either group differ.
    """
    from scipy.stats import t

    if first.deviation is None or second.deviation is None:
        return None
    variances = first.deviation**2 / first.runs, second.deviation**2 / second.runs
    error = sum(variances)
    if error == 0:
        return None
    freedom = error**2 / (variances[0] ** 2 / (first.runs - 1) + variances[1] ** 2 / (second.runs - 1))
    half = float(t.ppf((1 + _LEVEL) / 2, freedom)) * math.sqrt(error)
    mean = first.mean - second.mean
    return Difference(mean, mean - half, mean + half)


def differences(results: Results) -> Iterator[str]:
    """A line for each column of scores that both rows of a table of two have from several seeds."""
    if len(results.rows) != 2:
        return
    for column in results.columns:
        if not all(column in row.scores for row in results.rows):
            continue
        worse, better = sorted(results.rows, key=lambda row: row.scores[column].mean)
        scores = better.scores[column], worse.scores[column]
        if (found := difference(*scores)) is None:
            continue
        yield (
            f"{column}: {better.name} is {percent(found.mean)} above {worse.name}, 95 % interval "
            f"{percent(found.low)} to {percent(found.high)} by Welch over {scores[0].runs} and {scores[1].runs} seeds, "
            + ("so it may be chance" if found.low <= 0 else "so it is hardly chance")
        )
