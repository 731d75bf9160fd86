"""Cross-validation: how good a tagger gets with little data, and how much that varies."""

from __future__ import annotations

import shutil
import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from bilstm_tagger.corpus.corpus import Corpus
from bilstm_tagger.errors import ConfigError
from bilstm_tagger.evaluation.evaluate import evaluate
from bilstm_tagger.settings.schema import Settings
from bilstm_tagger.tagging.tagger import Tagger
from bilstm_tagger.training.loop import Trainer
from bilstm_tagger.training.prepare import prepare_sources
from bilstm_tagger.training.processes import Processes
from bilstm_tagger.training.progress import Progress, Silent
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
    _check_alone()
    scores: dict[str, list[float]] = {task: [] for task in settings.tasks}
    sources = read_sources(settings, aside=False)
    for number, (tagger, held_out) in enumerate(fold_taggers(settings, sources, folds=folds), 1):
        of_fold = _scores(tagger, held_out)
        for task in settings.tasks:
            scores[task].append(of_fold[task])
        if progress is not None:
            progress(number, {task: of_fold[task] for task in settings.tasks})
    return FoldScores(scores)


def fold_taggers(
    settings: Settings,
    sources: Sequence[Source],
    *,
    folds: int,
    folder: Path | None = None,
    progress: Progress | None = None,
) -> Iterator[tuple[Tagger, list[Corpus]]]:
    """Train once for each fold on all the others.

    Args:
        settings: those of each run.
        sources: the corpora, from which no dev corpus has been set aside.
        folds: number of folds, at least 2.
        folder: where each run keeps its checkpoint, from which it goes on if it was interrupted; a temporary folder if
            None.
        progress: hears of every step and epoch of all runs.

    Yields:
        A tagger, and of each source what it was not trained on.

    Raises:
        ConfigError, CorpusError, VectorsError: as in training; CorpusError if there is too little to divide.
    """
    _check_alone()
    if settings.training.threads:
        torch.set_num_threads(settings.training.threads)
    parts = [source.train.fold(folds, seed=settings.training.seed) for source in sources]
    with tempfile.TemporaryDirectory(prefix="bilstm-tagger-") as temporary:
        for number in range(folds):
            cut = [each[number] for each in parts]
            place = (folder or Path(temporary)) / f"fold-{number + 1}"
            place.mkdir(parents=True, exist_ok=True)
            yield _fold_tagger(settings, sources, cut, place, progress or Silent()), [held_out for _, held_out in cut]
            if folder is None:
                shutil.rmtree(place)


def _fold_tagger(
    settings: Settings,
    sources: Sequence[Source],
    cut: list[tuple[Corpus, Corpus]],
    folder: Path,
    progress: Progress,
) -> Tagger:
    """A tagger that has not seen its fold."""
    training = []
    for source, (rest, _) in zip(sources, cut, strict=True):
        train, dev = (rest, source.dev) if source.dev else rest.set_aside(settings.data.dev_fraction)
        training.append(replace(source, train=train, dev=dev))
    prepared = prepare_sources(settings, training)
    weights = {task: each.weight for task, each in settings.tasks.items()}
    trainer = Trainer(settings.training, prepared, weights=weights, folder=folder, progress=progress)
    del prepared  # the trainer keeps what it needs of it
    trainer.resume()
    trainer.run()
    return trainer.tagger()


def _scores(tagger: Tagger, held_out: Sequence[Corpus]) -> dict[str, float]:
    """Scores of each task on a fold."""
    scores: dict[str, float] = {}
    for corpus in held_out:
        scores |= {task: each.headline for task, each in evaluate(tagger, corpus).tasks.items()}
    return scores


def _check_alone() -> None:
    if Processes.of_environment().count > 1:
        raise ConfigError("cross-validation runs in one process; start it without torchrun")
