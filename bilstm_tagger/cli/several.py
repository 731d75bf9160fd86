"""Several trainings of one kind: with several seeds, and over folds."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bilstm_tagger.cli.app import note, screen

if TYPE_CHECKING:
    from rich.table import Table

    from bilstm_tagger.evaluation.evaluate import Evaluation
    from bilstm_tagger.settings.schema import Settings
    from bilstm_tagger.training.folds import FoldScores
    from bilstm_tagger.training.progress import Progress
    from bilstm_tagger.training.seeds import SeedRun, SeedScores


@contextmanager
def shown_progress() -> Iterator[Progress]:
    """Give what shows the progress of training: a bar on a terminal, one line per epoch elsewhere."""
    from bilstm_tagger.training.progress import BarProgress, LineProgress

    if not sys.stderr.isatty():
        yield LineProgress()
        return
    with BarProgress() as bar:
        yield bar


def cross_validate(settings: Settings, folds: int) -> None:
    """Train on all folds except one, in turn, and print the scores on the held-out fold."""
    from bilstm_tagger.training.folds import cross_validate as run

    def report_fold(number: int, scores: dict[str, float]) -> None:
        """Report the scores of a fold."""
        note(f"fold {number} of {folds}: {_listed(scores)}")

    scores = run(settings, folds=folds, progress=report_fold)
    screen().print(_folds_table(scores))


def _listed(scores: dict[str, float]) -> str:
    return "  ".join(f"{task} {100 * score:.2f}" for task, score in scores.items())


def _folds_table(fold_scores: FoldScores) -> Table:
    """Mean and standard deviation of each task, then the scores of its folds."""
    table = _table(["task"], ["mean", "deviation", "folds"])
    for task, scores in fold_scores.tasks.items():
        table.add_row(task, *_figures(fold_scores.mean(task), fold_scores.deviation(task), scores))
    return table


def train_seeds(settings: Settings, seeds: int, folder: Path, *, test: str | None, resume: bool, force: bool) -> None:
    """Train with several seeds and print mean, deviation and each run."""
    from bilstm_tagger.training import seeds as training

    numbers = range(settings.training.seed, settings.training.seed + seeds)

    def report_seed(run: SeedRun) -> None:
        """Report the scores of a seed."""
        listed = "; ".join(f"{part}: {_listed(scores)}" for part, scores in run.scores.items())
        before = "" if run.trained else ", finished before"
        note(f"seed {run.seed} ({numbers.index(run.seed) + 1} of {seeds}{before}): {listed}")

    with shown_progress() as progress:
        scores = training.train_seeds(
            settings,
            seeds=seeds,
            output=folder,
            test=test,
            resume=resume,
            force=force,
            progress=progress,
            report=report_seed,
        )
    screen().print(_seeds_table(scores))
    note(f"models: {folder}/seed-*; scores: {folder / training.SUMMARY}")


def evaluate_seeds(
    folders: Iterable[tuple[int, Path]], evaluate: Callable[[Path], Evaluation], *, corpus: str, json_file: Path | None
) -> None:
    """Score the models of a training with several seeds and print mean, deviation and each.

    Args:
        folders: the model folders, behind their seeds.
        evaluate: scores one of them.
        corpus: name of the file that they are scored on.
        json_file: where to write the scores, `-` for standard output.
    """
    from bilstm_tagger.cli.output import tell_notes, write_json
    from bilstm_tagger.training.seeds import SeedRun, SeedScores

    runs: list[SeedRun] = []
    for seed, folder in folders:
        evaluation = evaluate(folder)
        tell_notes(evaluation.notes if not runs else ())
        scores = {task: each.headline for task, each in evaluation.tasks.items()}
        runs.append(SeedRun(seed, folder, {"test": scores}))
        note(f"{folder}: {_listed(scores)}")
    found = SeedScores(tuple(runs), corpus)
    if write_json(found.to_json(), json_file):
        screen().print(_seeds_table(found))


def _seeds_table(scores: SeedScores) -> Table:
    """Mean and standard deviation of each task on dev and test, then the score of each seed."""
    table = _table(["task", "on"], ["mean", "deviation", "seeds"])
    for part in scores.parts:
        for task in scores.tasks(part):
            figures = _figures(scores.mean(part, task), scores.deviation(part, task), scores.values(part, task))
            table.add_row(task, part, *figures)
    return table


def _table(names: list[str], figures: list[str]) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD)
    for name in names:
        table.add_column(name)
    for figure in figures:
        table.add_column(figure, justify="right")
    return table


def _figures(mean: float, deviation: float | None, scores: list[float]) -> tuple[str, str, str]:
    listed = "  ".join(f"{100 * score:.2f}" for score in scores)
    return f"{100 * mean:.2f}", "–" if deviation is None else f"{100 * deviation:.2f}", listed
