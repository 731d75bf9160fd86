"""Whether the difference of two systems on the same sentences can be chance.

Two tests that take no distribution for granted, both by sentence and both two-sided:

- the paired bootstrap (Koehn 2004; Berg-Kirkpatrick, Burkett and Klein 2012): sentences are drawn with replacement, for
  both systems the same ones. The p-value is the share of draws whose difference is as far from the measured one as that
  is from 0; the middle 95 % of the differences are their interval.
- approximate randomisation (Noreen 1989, chapter 2; Yeh 2000): were the systems alike, their answers to a sentence
  could be exchanged. The p-value is the share of random exchanges whose difference is at least as large as the
  measured one. Where there are few sentences on which they differ, all exchanges are tried instead.

One is added above and below where draws are random (Davison and Hinkley 1997, section 4.2), so no p-value is 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from bilstm_tagger.evaluation.bootstrap import draws, interval
from bilstm_tagger.evaluation.scores import Interval

__all__ = ["DRAWS", "Difference", "Statistic", "differences_by_bootstrap", "exchange_p", "paired_difference"]

Statistic = Callable[[np.ndarray], np.ndarray]
"""A score of counts that were summed over sentences `(..., counts)`."""

DRAWS = 10_000
_NEAR = 1e-12  # differences that are closer are equal: they are computed from the same counts in another order
_MOST = 4_000_000  # exchanges of as many sentences as are held at a time


class Difference(NamedTuple):
    """How far the second system is above the first.

    Attributes:
        value: the difference of the scores.
        interval: where it lies with 95 % confidence.
        bootstrap: p-value of the paired bootstrap.
        randomisation: p-value of approximate randomisation.
        is_exact: whether all exchanges were tried.
        differing: sentences for which the two systems have other counts.
    """

    value: float
    interval: Interval
    bootstrap: float
    randomisation: float
    is_exact: bool
    differing: int


def paired_difference(
    first: np.ndarray, second: np.ndarray, statistic: Statistic, *, resamples: int = DRAWS, seed: int = 0
) -> Difference:
    """Test the difference of two systems.

    Args:
        first: counts of the first system by sentence `(sentences, counts)`.
        second: those of the second system.
        statistic: the score of counts summed over sentences; NaN where it is not defined.
        resamples: number of draws, and of exchanges.
        seed: chooses them.
    """
    value = float(np.nan_to_num(statistic(second.sum(0))) - np.nan_to_num(statistic(first.sum(0))))
    moved = differences_by_bootstrap(first, second, statistic, resamples=resamples, seed=seed)
    as_far = int((np.abs(moved - value) >= abs(value) - _NEAR).sum())
    randomisation, is_exact = exchange_p(first, second, statistic, resamples=resamples, seed=seed)
    return Difference(
        value=value,
        interval=interval(moved),
        bootstrap=(as_far + 1) / (resamples + 1),
        randomisation=randomisation,
        is_exact=is_exact,
        differing=int((first != second).any(1).sum()),
    )


def differences_by_bootstrap(
    first: np.ndarray, second: np.ndarray, statistic: Statistic, *, resamples: int = DRAWS, seed: int = 0
) -> np.ndarray:
    """The differences of both systems on sentences drawn with replacement `(resamples,)`; as `paired_difference`."""
    both = np.concatenate([first, second], 1).astype(np.float64)
    sums = np.concatenate([block @ both for block in draws(len(first), resamples, seed=seed)])
    one, other = np.split(sums, 2, 1)
    return _difference(statistic, one, other)


def exchange_p(
    first: np.ndarray, second: np.ndarray, statistic: Statistic, *, resamples: int = DRAWS, seed: int = 0
) -> tuple[float, bool]:
    """The p-value of approximate randomisation, and whether it is exact; as `paired_difference`."""
    differ = (first != second).any(1)
    change = (second - first)[differ].astype(np.float64)
    sums = first.sum(0).astype(np.float64), second.sum(0).astype(np.float64)
    measured = abs(_difference(statistic, *sums)) - _NEAR
    is_exact = 2 ** len(change) <= resamples
    blocks = _all_exchanges(len(change)) if is_exact else _exchanges(len(change), resamples, seed)
    as_large = total = 0
    for block in blocks:
        moved = block @ change
        as_large += int((np.abs(_difference(statistic, sums[0] + moved, sums[1] - moved)) >= measured).sum())
        total += len(block)
    return (as_large / total if is_exact else (as_large + 1) / (total + 1)), is_exact


def _difference(statistic: Statistic, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    difference: np.ndarray = np.nan_to_num(statistic(second)) - np.nan_to_num(statistic(first))
    return difference


def _all_exchanges(sentences: int) -> Iterator[np.ndarray]:
    """Every way to exchange answers or not `(2 ** sentences, sentences)`."""
    numbers = np.arange(2**sentences)[:, None]
    yield (numbers >> np.arange(sentences) & 1).astype(np.float64)


def _exchanges(sentences: int, resamples: int, seed: int) -> Iterator[np.ndarray]:
    """Random ways to exchange answers or not, in blocks `(draws, sentences)`."""
    generator = np.random.default_rng(seed)
    size = max(1, _MOST // sentences)
    for first in range(0, resamples, size):
        yield generator.integers(0, 2, (min(size, resamples - first), sentences), np.int8).astype(np.float64)
