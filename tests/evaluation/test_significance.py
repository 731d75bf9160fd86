"""p-values: every exchange and every draw written out, and scipy's permutation test."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from bilstm_tagger.evaluation.bootstrap import f1_of, share_of
from bilstm_tagger.evaluation.significance import differences_by_bootstrap, exchange_p, paired_difference


def systems(sentences: int, *, seed: int, shift: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Correct, predicted and gold spans of two systems by sentence."""
    draw = np.random.default_rng(seed)
    gold = draw.integers(0, 5, sentences)
    made = []
    for chance in (0.7, 0.7 + shift):
        correct = draw.binomial(gold, chance)
        made.append(np.stack([correct, correct + draw.binomial(2, 0.3, sentences), gold], 1))
    return made[0], made[1]


def f1(counts: np.ndarray) -> float:
    correct, predicted, support = counts.sum(0)
    return 2 * correct / (predicted + support) if predicted + support else 0.0


@pytest.mark.parametrize("seed", range(4))
def test_exchanges_equal_enumeration(seed: int) -> None:
    first, second = systems(9, seed=seed)
    measured = abs(f1(second) - f1(first))
    as_large = []
    for swaps in product([False, True], repeat=9):
        choose = np.array(swaps)[:, None]
        one, other = np.where(choose, second, first), np.where(choose, first, second)
        as_large.append(abs(f1(other) - f1(one)) >= measured - 1e-12)
    p, is_exact = exchange_p(first, second, f1_of)
    assert is_exact
    assert p == pytest.approx(np.mean(as_large), abs=1e-12)


@pytest.mark.parametrize(("seed", "shift"), [(0, 0.0), (1, 0.05), (2, 0.1)])
def test_random_exchanges_agree_with_scipy(seed: int, shift: float) -> None:
    from scipy.stats import permutation_test

    first, second = systems(80, seed=seed, shift=shift)

    def statistic(one: np.ndarray, other: np.ndarray, axis: int) -> Any:
        """Both samples are numbers of rows: those of the second system follow those of the first."""
        rows = np.concatenate([first, second])
        return f1_of(rows[other.astype(int)].sum(axis - 1)) - f1_of(rows[one.astype(int)].sum(axis - 1))

    numbers = np.arange(80), np.arange(80, 160)
    theirs = permutation_test(
        numbers, statistic, permutation_type="samples", vectorized=True, n_resamples=20_000, random_state=1, axis=-1
    )
    p, is_exact = exchange_p(first, second, f1_of, resamples=20_000)
    assert not is_exact
    assert p == pytest.approx(theirs.pvalue, abs=0.015)


def test_bootstrap_agrees_with_all_draws() -> None:
    """Six sentences can be drawn in 6 ** 6 ways."""
    first, second = systems(6, seed=5, shift=0.1)
    value = f1(second) - f1(first)
    every = [f1(second[list(chosen)]) - f1(first[list(chosen)]) for chosen in product(range(6), repeat=6)]
    moved = differences_by_bootstrap(first, second, f1_of, resamples=20_000)
    assert moved.mean() == pytest.approx(np.mean(every), abs=0.005)
    assert np.quantile(moved, [0.025, 0.975]) == pytest.approx(np.quantile(every, [0.025, 0.975]), abs=0.02)
    found = paired_difference(first, second, f1_of, resamples=20_000)
    assert found.value == pytest.approx(value)
    assert found.bootstrap == pytest.approx(np.mean(np.abs(np.array(every) - value) >= abs(value) - 1e-12), abs=0.015)


def test_two_alike_are_not_different() -> None:
    first, _ = systems(50, seed=1)
    found = paired_difference(first, first, f1_of, resamples=500)
    assert (found.value, found.interval, found.bootstrap, found.randomisation) == (0.0, (0.0, 0.0), 1.0, 1.0)
    assert (found.differing, found.is_exact) == (0, True)


def test_a_clear_difference_has_the_smallest_p_that_the_draws_allow() -> None:
    first, second = systems(400, seed=1, shift=0.29)
    found = paired_difference(first, second, f1_of, resamples=999)
    assert found.value > 0.1 and found.interval.low > 0.05
    assert (found.bootstrap, found.randomisation, found.is_exact) == (0.001, 0.001, False)
    back = paired_difference(second, first, f1_of, resamples=999)
    assert (back.value, back.interval.high) == (-found.value, pytest.approx(-found.interval.low))


def test_p_values_of_systems_that_differ_by_chance_are_spread_evenly() -> None:
    """Of 200 pairs of systems that are alike, about 20 have p under 0.1 (Noreen 1989)."""
    values = [exchange_p(*systems(60, seed=seed), f1_of, resamples=300)[0] for seed in range(200)]
    assert 8 <= sum(p < 0.1 for p in values) <= 34
    assert 80 <= sum(p < 0.5 for p in values) <= 120


def test_shares_of_tokens() -> None:
    first = np.array([[3, 4], [2, 4], [0, 0]])
    second = np.array([[4, 4], [2, 4], [0, 0]])
    found = paired_difference(first, second, share_of, resamples=200)
    assert found.value == pytest.approx(1 / 8)
    assert (found.randomisation, found.is_exact, found.differing) == (1.0, True, 1)


def test_draws_are_seeded() -> None:
    first, second = systems(60, seed=3)
    assert paired_difference(first, second, f1_of, seed=1, resamples=300) == paired_difference(
        first, second, f1_of, seed=1, resamples=300
    )
    assert exchange_p(first, second, f1_of, seed=1, resamples=300) != exchange_p(
        first, second, f1_of, seed=2, resamples=300
    )
