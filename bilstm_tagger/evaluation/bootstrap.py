"""Intervals of scores by the bootstrap over sentences.

Sentences are drawn with replacement, as many as there are, again and again; an interval holds the middle 95 % of the
scores of these draws (the percentile interval of Efron and Tibshirani 1993, chapter 13). What is drawn are sentences,
not spans or tokens, since those of one sentence are not independent.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bilstm_tagger.errors import ConfigError
from bilstm_tagger.evaluation.scores import Interval, Intervals
from bilstm_tagger.evaluation.tally import CORRECT, KINDS, PREDICTED, SUPPORT, Tally

__all__ = ["RESAMPLES", "Resampled", "check_resamples", "draws", "f1_of", "interval", "resampled_counts", "share_of"]

RESAMPLES = 1_000
LEAST_RESAMPLES = 100  # of 40 draws one lies beyond each end of a 95 % interval, of 100 two or three
LEVEL = 0.95
_BLOCK = 128  # labels that are counted by sentence at a time
_MOST_DRAWN = 8_000_000  # sentences of as many draws as are held at a time


def check_resamples(resamples: int, *, or_none: bool = True) -> None:
    """Refuse too few draws for an interval.

    Args:
        resamples: number of draws.
        or_none: whether there may be none.

    Raises:
        ConfigError: there are too few.
    """
    if resamples < LEAST_RESAMPLES and not (or_none and resamples == 0):
        instead = ", or 0 for no intervals" if or_none else ""
        raise ConfigError(
            f"resamples: {resamples} draws give no 95 % interval; {LEAST_RESAMPLES} are the least{instead}"
        )


def draws(sentences: int, resamples: int, *, seed: int = 0) -> Iterator[np.ndarray]:
    """How often each sentence is in each draw, in blocks `(draws, sentences)`.

    Args:
        sentences: how many there are, which is how many are drawn each time.
        resamples: number of draws.
        seed: chooses them; the draws do not depend on the size of the blocks.
    """
    generator = np.random.default_rng(seed)
    size = max(1, min(resamples, _MOST_DRAWN // max(sentences, 1)))
    for first in range(0, resamples, size):
        block = np.empty((min(size, resamples - first), sentences), np.float32)
        for row in block:
            row[:] = np.bincount(generator.integers(0, sentences, sentences), minlength=sentences)
        yield block


def interval(values: np.ndarray, *, level: float = LEVEL) -> Interval:
    """The middle of some values; draws in which a score is not defined (NaN) are left out."""
    defined = values[~np.isnan(values)]
    if not len(defined):
        return Interval(0.0, 0.0)
    low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high))


def share_of(counts: np.ndarray) -> np.ndarray:
    """The first of two counts as share of the second `(..., 2)`; NaN out of none."""
    return _divide(counts[..., 0], counts[..., 1], np.nan)


def precision_of(counts: np.ndarray) -> np.ndarray:
    """Precision of correct, predicted and gold ones `(..., 3)`; NaN where there are neither predicted nor gold ones."""
    return _of_present(counts, _divide(counts[..., CORRECT], counts[..., PREDICTED], 0.0))


def recall_of(counts: np.ndarray) -> np.ndarray:
    """Recall; as `precision_of`."""
    return _of_present(counts, _divide(counts[..., CORRECT], counts[..., SUPPORT], 0.0))


def f1_of(counts: np.ndarray) -> np.ndarray:
    """F1; as `precision_of`."""
    return _of_present(counts, _divide(2 * counts[..., CORRECT], counts[..., PREDICTED] + counts[..., SUPPORT], 0.0))


def _divide(above: np.ndarray, below: np.ndarray, otherwise: float) -> np.ndarray:
    result = np.full(np.shape(above), otherwise)
    np.divide(above, below, out=result, where=below > 0)
    return result


def _of_present(counts: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The values, NaN where the label is in neither gold nor predictions, so that a scorer would not list it."""
    return np.where(counts[..., PREDICTED] + counts[..., SUPPORT] > 0, values, np.nan)


def resampled_counts(block: np.ndarray, tally: Tally) -> np.ndarray:
    """Correct, predicted and gold ones of each label in each draw `(draws, labels, 3)`."""
    made = np.empty((len(block), len(tally.labels), KINDS))
    for first in range(0, len(tally.labels), _BLOCK):
        last = min(first + _BLOCK, len(tally.labels))
        counts = tally.by_sentence(first, last).reshape(tally.sentences, -1)
        made[:, first:last] = _times(block, counts).reshape(len(block), last - first, KINDS)
    return made


def _times(block: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The product; in float32 unless a sum could be too large to be exact there."""
    exact = int(counts.sum(0).max(initial=0)) * 16 < 2**24  # no draw repeats sentences so often that sums rise 16-fold
    product: np.ndarray = block @ counts.astype(np.float32 if exact else np.float64)
    return product


@dataclass(frozen=True, eq=False)
class Resampled:
    """The counts of many draws of sentences.

    Attributes:
        labels: correct, predicted and gold ones of each label `(draws, labels, 3)`.
        tokens: tokens with the right tag, and all `(draws, 2)`.
        known: what is right where all words are known, and all `(draws, 2)`.
        unknown: the same with unknown words `(draws, 2)`.
        conlleval: spans as the CoNLL scorer reads them `(draws, 3)`.
    """

    labels: np.ndarray
    tokens: np.ndarray
    known: np.ndarray
    unknown: np.ndarray
    conlleval: np.ndarray

    @classmethod
    def of(cls, tally: Tally, *, resamples: int = RESAMPLES, seed: int = 0) -> Resampled:
        """Draw the sentences of a task.

        Args:
            tally: its counts.
            resamples: number of draws.
            seed: chooses them.
        """
        names = ("tokens", "known", "unknown", "conlleval")
        others = np.concatenate([getattr(tally, name) for name in names], 1)
        widths = np.cumsum([getattr(tally, name).shape[1] for name in names])[:-1]
        labels, sums = [], []
        for block in draws(tally.sentences, resamples, seed=seed):
            labels.append(resampled_counts(block, tally))
            sums.append(_times(block, others))
        return cls(np.concatenate(labels), *np.split(np.concatenate(sums).astype(np.float64), widths, 1))

    @cached_property
    def micro(self) -> Intervals:
        """Intervals of the score of all spans."""
        return _intervals(self.labels.sum(1))

    def label(self, number: int) -> Intervals:
        """Intervals of the score of a label."""
        return _intervals(self.labels[:, number])

    @property
    def lenient(self) -> Intervals:
        """Intervals of the CoNLL scorer's score."""
        return _intervals(self.conlleval)

    def average(self, *, weighted: bool = False) -> Intervals:
        """Intervals of the mean over labels, in each draw of those that are in it."""
        counts = self.labels
        present = counts[..., PREDICTED] + counts[..., SUPPORT] > 0
        weights = counts[..., SUPPORT] if weighted else present.astype(np.float64)
        total = np.maximum(weights.sum(1), 1)
        return Intervals(*(
            interval(np.where(present, weights * np.nan_to_num(figure(counts)), 0.0).sum(1) / total)
            for figure in (precision_of, recall_of, f1_of)
        ))  # fmt: skip


def _intervals(counts: np.ndarray) -> Intervals:
    """Intervals of precision, recall and F1 of the draws' counts `(draws, 3)`."""
    return Intervals(interval(precision_of(counts)), interval(recall_of(counts)), interval(f1_of(counts)))
