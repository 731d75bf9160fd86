"""Cross-validation: how good a tagger gets with little data, and how much that varies."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from bilstm_tagger.corpus.corpus import Corpus
from bilstm_tagger.errors import ConfigError
from bilstm_tagger.evaluation.evaluate import evaluate
from bilstm_tagger.settings.schema import Settings
from bilstm_tagger.training.loop import Trainer
from bilstm_tagger.training.prepare import prepare_sources
from bilstm_tagger.training.processes import Processes
from bilstm_tagger.training.progress import Silent
from bilstm_tagger.training.sources import Source, read_sources

Listener = Callable[[int, dict[str, float]], None]


@dataclass(frozen=True, slots=True)
class FoldScores:
    """Scores of a cross-validation.

    Attributes:
        tasks: for each task its score on each fold: strict F1 of spans, accuracy of plain tags.
    """

    tasks: dict[str, list[float]]

    def mean(self, task: str) -> float:
        """The mean over folds."""
        return statistics.fmean(self.tasks[task])

    def deviation(self, task: str) -> float:
        """The sample standard deviation over folds."""
        return statistics.stdev(self.tasks[task])


def cross_validate(settings: Settings, *, folds: int, progress: Listener | None = None) -> FoldScores:
    """Trains once for each fold of the training corpus on all the others and scores the fold.

    A fold decides nothing about the model that is scored on it: the best epoch is chosen on the dev corpus, or,
    without one, on a part set aside from the other folds, just as in training. No model is left behind.

    Args:
        settings: those of each run.
        folds: number of folds, at least 2.
        progress: hears of each fold, counted from 1, and the scores of its tasks.

    Raises:
        ConfigError, CorpusError, VectorsError: as in training; CorpusError if there is too little to divide.
    """
    if Processes.of_environment().count > 1:
        raise ConfigError("cross-validation runs in one process; start it without torchrun")
    if settings.training.threads:
        torch.set_num_threads(settings.training.threads)
    sources = read_sources(settings, aside=False)
    parts = [source.train.fold(folds, seed=settings.training.seed) for source in sources]
    scores: dict[str, list[float]] = {task: [] for task in settings.tasks}
    for number in range(folds):
        cut = [each[number] for each in parts]
        of_fold = _score_fold(settings, sources, cut)
        for task, score in of_fold.items():
            scores[task].append(score)
        if progress is not None:
            progress(number + 1, of_fold)
    return FoldScores(scores)


def _score_fold(settings: Settings, sources: list[Source], cut: list[tuple[Corpus, Corpus]]) -> dict[str, float]:
    """Scores of each task on its fold, by a model that has not seen it."""
    training = []
    for source, (rest, _) in zip(sources, cut, strict=True):
        train, dev = (rest, source.dev) if source.dev else rest.set_aside(settings.data.dev_fraction)
        training.append(replace(source, train=train, dev=dev))
    with tempfile.TemporaryDirectory(prefix="bilstm-tagger-") as folder:
        prepared = prepare_sources(settings, training)
        weights = {task: each.weight for task, each in settings.tasks.items()}
        trainer = Trainer(settings.training, prepared, weights=weights, folder=Path(folder), progress=Silent())
        del prepared  # the trainer keeps what it needs of it
        trainer.run()
        tagger = trainer.tagger()
    scores: dict[str, float] = {}
    for _, held_out in cut:
        scores |= {task: each.headline for task, each in evaluate(tagger, held_out).tasks.items()}
    return {task: scores[task] for task in settings.tasks}
