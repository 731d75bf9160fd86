"""The same training with several seeds: one model folder per seed, and what the scores are on average."""

from __future__ import annotations

import json
import logging
import re
import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bilstm_tagger.errors import ConfigError
from bilstm_tagger.io.atomic import atomic_write
from bilstm_tagger.io.places import check_folder_place
from bilstm_tagger.model_folder.find import is_model_folder
from bilstm_tagger.model_folder.json_files import read_json
from bilstm_tagger.settings.schema import Settings
from bilstm_tagger.tagging.tagger import Tagger
from bilstm_tagger.training.held_out import check_test, known_scores, score_on_test
from bilstm_tagger.training.processes import Processes
from bilstm_tagger.training.progress import Progress
from bilstm_tagger.training.provenance import changes_since
from bilstm_tagger.training.run import train
from bilstm_tagger.training.run_folder import SETTINGS, is_finished

__all__ = ["SUMMARY", "SeedRun", "SeedScores", "train_seeds"]

logger = logging.getLogger("bilstm_tagger")

SUMMARY = "seeds.json"  # in the output folder: all scores, their means and deviations


@dataclass(frozen=True, slots=True)
class SeedRun:
    """One of several trainings that differ in the seed.

    Attributes:
        seed: its seed.
        folder: its model folder.
        scores: by `dev` and, if there is a test file, `test`, the score of each task: strict F1 of spans, accuracy of
            plain tags.
        trained: whether it was trained now; False if it was finished before.
    """

    seed: int
    folder: Path
    scores: dict[str, dict[str, float]]
    trained: bool = field(default=True, compare=False)


@dataclass(frozen=True, slots=True)
class SeedScores:
    """The scores of trainings that differ in the seed.

    Attributes:
        runs: the trainings, by seed.
        test: name of the test file; None without one.
    """

    runs: tuple[SeedRun, ...]
    test: str | None = None

    @property
    def parts(self) -> list[str]:
        """What there are scores on: `dev`, and `test` if there is a test file."""
        return list(self.runs[0].scores)

    def tasks(self, part: str) -> list[str]:
        """The tasks with a score on `dev` or `test`."""
        return list(self.runs[0].scores[part])

    def values(self, part: str, task: str) -> list[float]:
        """The score of each run."""
        return [run.scores[part][task] for run in self.runs]

    def mean(self, part: str, task: str) -> float:
        """The mean over seeds."""
        return statistics.fmean(self.values(part, task))

    def deviation(self, part: str, task: str) -> float | None:
        """The sample standard deviation over seeds; None for a single seed."""
        values = self.values(part, task)
        return statistics.stdev(values) if len(values) > 1 else None

    def to_json(self) -> dict[str, Any]:
        """Plain values for machines."""
        summary = {
            part: {
                task: {"mean": self.mean(part, task), "deviation": self.deviation(part, task)}
                for task in self.tasks(part)
            }
            for part in self.parts
        }
        runs = [{"seed": run.seed, "folder": run.folder.name, "scores": run.scores} for run in self.runs]
        return {"test": self.test, "summary": summary, "runs": runs}


def train_seeds(
    settings: Settings,
    *,
    seeds: int,
    output: str | Path,
    test: str | Path | None = None,
    resume: bool = False,
    force: bool = False,
    progress: Progress | None = None,
    report: Callable[[SeedRun], None] | None = None,
) -> SeedScores:
    """Trains once per seed, into a model folder of its own in `output`, and scores each on dev and on a test file.

    Args:
        settings: those of each run; their seed is the first one, the others follow it.
        seeds: number of seeds.
        output: the folder of the model folders; `seeds.json` there gets the scores.
        test: a file that each finished model is scored on; it decides nothing.
        resume: leave finished seeds as they are and continue the unfinished one.
        force: train all seeds anew.
        progress: hears of every step and epoch.
        report: hears of each seed that is done.

    Raises:
        ConfigError: if `output` holds something that would be lost, or runs with other settings or data.
        CorpusError, VectorsError, ModelError: for files that cannot be used.
    """
    if seeds < 1:
        raise ConfigError(f"{seeds} seeds: at least one is needed")
    if Processes.of_environment().count > 1:
        raise ConfigError("several seeds run in one process; start them without torchrun")
    folder = Path(output)
    each = {number: _with_seed(settings, number) for number in _numbers(settings, seeds)}
    _claim(folder, each, resume=resume, force=force)
    if test is not None:
        check_test(settings, test)
    _tell_of_others(folder, each)
    runs = []
    for number, own in each.items():
        place = folder / _name(number)
        done = resume and is_finished(place)
        runs.append(_run(own, place, test=test, done=done, resume=resume, force=force, progress=progress))
        if report is not None:
            report(runs[-1])
    scores = SeedScores(tuple(runs), None if test is None else Path(test).name)
    with atomic_write(folder / SUMMARY) as stream:
        stream.write(json.dumps(scores.to_json(), ensure_ascii=False, indent=2) + "\n")
    return scores


def _numbers(settings: Settings, seeds: int) -> range:
    return range(settings.training.seed, settings.training.seed + seeds)


def _name(seed: int) -> str:
    return f"seed-{seed}"


def _with_seed(settings: Settings, seed: int) -> Settings:
    return settings.model_copy(update={"training": settings.training.model_copy(update={"seed": seed})})


def _run(
    settings: Settings,
    folder: Path,
    *,
    test: str | Path | None,
    done: bool,
    resume: bool,
    force: bool,
    progress: Progress | None,
) -> SeedRun:
    """One seed: its training unless it is finished, then its scores."""
    tagger = None
    if done:
        metrics = read_json(folder / "metrics.json")
    else:
        tagger = train(settings, output=folder, resume=resume and folder.exists(), force=force, progress=progress)
        metrics = tagger.metrics
    scores = {"dev": dict(metrics["dev"])}
    if test is not None:
        known = known_scores(metrics, test)
        scores["test"] = score_on_test(tagger or Tagger.load(folder), test, folder=folder) if known is None else known
    return SeedRun(settings.training.seed, folder, scores, trained=not done)


def _claim(folder: Path, each: dict[int, Settings], *, resume: bool, force: bool) -> None:
    """Refuses an output folder that holds something else, or runs that are neither to be continued nor replaced."""
    check_folder_place(folder)
    if is_model_folder(folder) or (folder / SETTINGS).exists():
        raise ConfigError(f"{folder}: holds one model, not one per seed; choose another --output")
    places = {number: folder / _name(number) for number in each}
    begun = {number: place for number, place in places.items() if place.exists()}
    if begun and not (resume or force):
        names = ", ".join(place.name for place in begun.values())
        raise ConfigError(
            f"{folder}: already holds {names}; --resume trains what is missing, --force trains all seeds anew"
        )
    for number, place in begun.items():
        if resume and is_finished(place) and (changed := changes_since(place, each[number])):
            raise ConfigError(
                f"{place}: was trained with other settings: {'; '.join(changed)}; --force trains all seeds anew"
            )


def _tell_of_others(folder: Path, each: dict[int, Settings]) -> None:
    """Warn of seeds of an earlier run beside these: they stay, and whoever names the folder gets them too."""
    own = {_name(number) for number in each}
    found = sorted(int(path.name[5:]) for path in folder.glob("seed-*") if re.fullmatch(r"seed-\d+", path.name))
    others = [name for name in map(_name, found) if name not in own and is_model_folder(folder / name)]
    if others:
        logger.warning(
            "%s: holds %s too, %s: left as %s, and not in %s; `evaluate --model` of this folder takes all",
            folder,
            ", ".join(others),
            "of an earlier run" if len(others) == 1 else "of earlier runs",
            "it is" if len(others) == 1 else "they are",
            SUMMARY,
        )
