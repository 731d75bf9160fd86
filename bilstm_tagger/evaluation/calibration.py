"""Calibration: whether what a tagger says with probability 0.8 is right in 80 of 100 cases."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.evaluation.counting import check_aligned
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.tagging.opened import opened

if TYPE_CHECKING:
    from bilstm_tagger.tagging.tagger import Tagger

logger = logging.getLogger("bilstm_tagger")

BINS = 15
STORED = 5_000  # predictions of a label that a model folder keeps
FITTED_TOKENS = 100_000  # of a larger corpus these are enough
COLDEST, HOTTEST = 0.25, 8.0  # temperatures that are tried
_CLOSE = 0.02  # to the logarithm of the best temperature
_SMALLEST = 1e-12  # probability under which a logarithm is not taken


@dataclass(frozen=True, slots=True)
class Judged:
    """Predictions with their probabilities, and whether they are right.

    Attributes:
        labels: label of each predicted span, or predicted tag of each token.
        probabilities: `(predictions,)`.
        right: whether gold has the same span, or the same tag `(predictions,)`.
        unknown: whether a span that was predicted in the same sentence has a word which is not in the training data
            `(predictions,)`; all False where that is not known.
    """

    labels: tuple[str, ...]
    probabilities: np.ndarray
    right: np.ndarray
    unknown: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def of_label(self, label: str) -> Judged:
        """Those of one label."""
        at = np.array([name == label for name in self.labels], np.bool_)
        return Judged((label,) * int(at.sum()), self.probabilities[at], self.right[at], self.unknown[at])

    def to_json(self) -> dict[str, list[float]]:
        """Plain values of the predictions of one label, at most `STORED` of them, for a model folder."""
        at = np.linspace(0, len(self) - 1, min(len(self), STORED)).astype(np.int64)
        flags = {"right": self.right[at].astype(int).tolist(), "unknown": self.unknown[at].astype(int).tolist()}
        return {"probabilities": self.probabilities[at].round(6).tolist(), **flags}

    @classmethod
    def of_json(cls, label: str, values: Mapping[str, Sequence[float]]) -> Judged:
        """The inverse of `to_json`; earlier versions stored no `unknown`."""
        probabilities = np.array(values["probabilities"], np.float64)
        unknown = np.array(values.get("unknown", np.zeros(len(probabilities))), np.bool_)
        return cls((label,) * len(probabilities), probabilities, np.array(values["right"], np.bool_), unknown)

    def log_loss(self) -> float:
        """Mean negative logarithm of the probability that was given to what is true."""
        told = np.where(self.right, self.probabilities, 1 - self.probabilities)
        return float(-np.log(np.clip(told, _SMALLEST, 1.0)).mean()) if len(self) else 0.0


def judged_spans(
    gold: Sequence[Document], predicted: Sequence[Document], task: str, *, known: frozenset[str] | None = None
) -> Judged:
    """The predicted spans of a task.

    Args:
        gold: documents with the true tags.
        predicted: the same documents as a tagger gives them with probabilities.
        task: name of the task.
        known: the words of the training data; None where they do not matter.

    Raises:
        CorpusError: they are not the same documents, or have no probabilities.
    """
    check_aligned(gold, predicted)
    labels: list[str] = []
    probabilities: list[float] = []
    right: list[bool] = []
    unknown: list[bool] = []
    pairs = (zip(true.sentences, other.sentences, strict=True) for true, other in zip(gold, predicted, strict=True))
    for true, other in chain.from_iterable(pairs):
        have = {(span.start, span.end, span.label) for span in true.spans_of(task)}
        spans, words = other.spans_of(task), other.words
        names = chain.from_iterable(words[span.start : span.end] for span in spans)
        unknown += [known is not None and not known.issuperset(names)] * len(spans)
        for span in spans:
            labels.append(span.label)
            probabilities.append(_known(span.probability))
            right.append((span.start, span.end, span.label) in have)
    flags = (np.array(each, np.bool_) for each in (right, unknown))
    return Judged(tuple(labels), np.array(probabilities, np.float64), *flags)


def judged_tokens(gold: Sequence[Document], predicted: Sequence[Document], task: str) -> Judged:
    """The predicted tags of a task; arguments and errors as for `judged_spans`."""
    check_aligned(gold, predicted)
    labels: list[str] = []
    probabilities: list[float] = []
    right: list[bool] = []
    for true, other in zip(gold, predicted, strict=True):
        known = other.probabilities.get(task)
        for token, (tag, told) in enumerate(zip(true.tags_of(task), other.tags_of(task), strict=True)):
            labels.append(told)
            probabilities.append(_known(None if known is None else known.token(token, told)))
            right.append(tag == told)
    unknown = np.zeros(len(labels), np.bool_)
    return Judged(tuple(labels), np.array(probabilities, np.float64), np.array(right, np.bool_), unknown)


def _known(probability: float | None) -> float:
    if probability is None:
        raise CorpusError("the predictions have no probabilities; tag with probabilities=True")
    return probability


@dataclass(frozen=True, slots=True)
class Bin:
    """Predictions of about the same probability.

    Attributes:
        count: how many.
        probability: their mean probability.
        right: the share of them that is right.
    """

    count: int
    probability: float
    right: float


def reliability(judged: Judged, bins: int = BINS) -> list[Bin]:
    """The predictions in bins of equal width from 0 to 1; empty bins are left out."""
    numbers = np.minimum((judged.probabilities * bins).astype(np.int64), bins - 1)
    made = []
    for number in np.unique(numbers):
        here = numbers == number
        count, probability = int(here.sum()), float(judged.probabilities[here].mean())
        made.append(Bin(count, probability, float(judged.right[here].mean())))
    return made


def calibration_error(judged: Judged, bins: int = BINS) -> float | None:
    """Expected calibration error (Guo et al. 2017): the mean distance of probability and share that is right.

    None without a prediction.
    """
    if not len(judged):
        return None
    return sum(each.count * abs(each.probability - each.right) for each in reliability(judged, bins)) / len(judged)


def fit_temperatures(
    tagger: Tagger | str | Path, gold: Sequence[Document], tasks: Iterable[str] | None = None
) -> dict[str, float]:
    """For each task the temperature whose probabilities tell best which predictions on `gold` are right.

    Scores divided by a temperature give other probabilities and the same tags. The one with the smallest log loss, of
    spans where there are spans and of tags elsewhere, is found by Brent's method.

    Args:
        tagger: a tagger, or the model folder or name of one, as for `Tagger.load`.
        gold: documents that decided nothing about its weights but the best epoch, such as dev.
        tasks: the tasks; all of the tagger that `gold` has tags of if None.

    Returns:
        Temperatures; a task of which nothing is predicted, or all of it right or all wrong, is left out.
    """
    from scipy.optimize import minimize_scalar

    tagger, gold = opened(tagger), _beginning(gold, FITTED_TOKENS)
    named = [task for task in tagger.tasks if all(task in document.tags for document in gold)]
    fitted = {}
    for task in named if tasks is None else tasks:
        judge = judged_spans if tagger.schemes[task] is not Scheme.NONE else judged_tokens

        def loss(logarithm: float, task: str = task, judge: Callable[..., Judged] = judge) -> float:
            warm = with_temperatures(tagger, {task: math.exp(logarithm)})
            return judge(gold, list(warm.pipe(gold, probabilities=True)), task).log_loss()

        right = judge(gold, list(tagger.pipe(gold, probabilities=True)), task).right
        if 0 < right.sum() < len(right):
            bounds = (math.log(COLDEST), math.log(HOTTEST))
            best = minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": _CLOSE})
            fitted[task] = round(math.exp(best.x), 4)
        else:
            share = "no prediction" if not len(right) else "all predictions right" if right.all() else "none right"
            kept = tagger.info.temperatures.get(task, 1.0)
            logger.info("%s: %s, so no temperature can be fitted; it stays %g", task, share, kept)
    return fitted


def _beginning(documents: Sequence[Document], tokens: int) -> list[Document]:
    """The first documents that have together at least so many tokens."""
    taken: list[Document] = []
    count = 0
    for document in documents:
        if count >= tokens:
            break
        taken.append(document)
        count += len(document)
    return taken


def calibrated(tagger: Tagger | str | Path, corpora: Sequence[tuple[Sequence[Document], Sequence[str]]]) -> Tagger:
    """The same tagger with temperatures fitted, and with what it said of the spans and whether that was right.

    Args:
        tagger: a tagger, or the model folder or name of one, as for `Tagger.load`.
        corpora: documents that decided nothing about its weights but the best epoch, each with its tasks.
    """
    tagger, temperatures = opened(tagger), dict[str, float]()
    for gold, tasks in corpora:
        temperatures |= fit_temperatures(tagger, gold, tasks)
    warm = with_temperatures(tagger, temperatures)
    stored = dict(tagger.info.calibration)
    for gold, tasks in corpora:
        predicted = list(warm.pipe(gold, probabilities=True))
        for task in tasks:
            if tagger.schemes[task] is not Scheme.NONE:
                judged = judged_spans(gold, predicted, task, known=tagger.vocab.known)
                stored[task] = {label: judged.of_label(label).to_json() for label in sorted(set(judged.labels))}
    info = replace(warm.info, calibration=stored)
    return type(tagger)(info, tagger.runtime)


def with_temperatures(tagger: Tagger, temperatures: Mapping[str, float]) -> Tagger:
    """The same tagger with these temperatures for these tasks."""
    info = replace(tagger.info, temperatures={**tagger.info.temperatures, **temperatures})
    return type(tagger)(info, tagger.runtime)
