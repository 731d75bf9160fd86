"""A sweep: trainings with other settings each, over a grid or chosen by optuna, the best found on dev."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any, Literal

from bilstm_tagger.errors import ConfigError, TrainingError
from bilstm_tagger.io.atomic import atomic_write
from bilstm_tagger.io.places import check_folder_place
from bilstm_tagger.model_folder.find import is_model_folder
from bilstm_tagger.model_folder.json_files import read_json
from bilstm_tagger.settings.loading import set_dotted
from bilstm_tagger.settings.schema import Settings
from bilstm_tagger.training.progress import Progress
from bilstm_tagger.training.provenance import changed_files
from bilstm_tagger.training.run import train
from bilstm_tagger.training.run_folder import SETTINGS, differences, is_finished
from bilstm_tagger.training.seeds import train_seeds
from bilstm_tagger.training.sweep_check import check_files
from bilstm_tagger.training.sweep_plan import SweepPlan

if TYPE_CHECKING:
    from optuna import Study
    from optuna.samplers import BaseSampler
    from optuna.trial import FrozenTrial

__all__ = ["BEST", "JOURNAL", "SweepResult", "SweepTrial", "run_sweep"]

JOURNAL = "sweep.journal"  # optuna's own record of the trials
BEST = "best.toml"  # the experiment with the settings of the best trial
INSTALL = "pip install 'bilstm-tagger[sweep]'"
_PLAN, _REASON, _SAME = "plan", "failed ", "same as "  # what the journal keeps beside the trials


@dataclass(frozen=True, slots=True)
class SweepTrial:
    """One trial of a sweep.

    Attributes:
        number: counted from 0.
        values: the settings that were tried, by dotted key.
        score: mean of the dev scores of all tasks, and of all seeds; None if the training failed.
        folder: its model folder, or that of an earlier trial with the same settings.
        reason: why it failed.
        same_as: the earlier trial that had the same settings, whose score it has.
    """

    number: int
    values: dict[str, Any]
    score: float | None
    folder: Path
    reason: str | None = None
    same_as: int | None = None


@dataclass(frozen=True, slots=True)
class SweepResult:
    """All trials of a sweep.

    Attributes:
        trials: the trials by number.
    """

    trials: tuple[SweepTrial, ...]

    @property
    def best(self) -> SweepTrial | None:
        """The trial with the best score, the first of equals; None if all have failed."""
        scored = [trial for trial in self.trials if trial.score is not None]
        return max(scored, key=lambda trial: (trial.score, -trial.number), default=None)


def run_sweep(
    plan: SweepPlan,
    *,
    output: str | Path,
    resume: bool = False,
    progress: Progress | None = None,
    report: Callable[[SweepTrial], None] | None = None,
) -> SweepResult:
    """Trains once per trial, into a model folder of its own in `output`, and tells which does best on dev.

    A sweep that was broken off and is continued tries what it would have tried: what a trial draws depends on the
    sweep's seed, its number and the trials before it.

    Args:
        plan: what is tried.
        output: the folder of the model folders; it gets optuna's journal and, with the best settings, `best.toml`.
        resume: continue the sweep that `output` holds; finished trials are kept, the unfinished one goes on.
        progress: hears of every step and epoch.
        report: hears of each trial that is done now.

    Raises:
        ConfigError: if optuna is not installed, or `output` holds something that would be lost, or another sweep, or
            a trial that was trained on other data.
        CorpusError, VectorsError, ModelError: for files that cannot be used, before the first training.
    """
    folder = Path(output)
    _check_installed()
    _claim(folder, resume=resume)
    begun = (folder / JOURNAL).exists()
    if not begun:
        check_files(plan)
    study = _open(folder, plan)
    if begun:
        _refuse_other_files(study, plan, folder)
        if _is_left(study, plan):
            check_files(plan)
    for trial in study.get_trials(states=[_state("RUNNING")]):
        if trial.params.keys() == plan.space.keys():
            _finish(study, trial.number, plan, folder, progress=progress, report=report)
        else:  # ended while its settings were drawn
            study.tell(trial.number, state=_state("FAIL"))
    while (number := _ask(study, plan)) is not None:
        _finish(study, number, plan, folder, progress=progress, report=report)
    result = SweepResult(tuple(_described(study, trial, plan, folder) for trial in _done(study)))
    _write_best(result, plan, folder)
    return result


def _check_installed() -> None:
    try:
        import optuna
        import tomli_w  # noqa: F401 - both belong to the extra
    except ImportError as error:
        raise ConfigError(f"a sweep needs {error.name}; install it: {INSTALL}") from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)


def _claim(folder: Path, *, resume: bool) -> None:
    """Refuses an output folder that holds something else, or a sweep that is not to be continued."""
    check_folder_place(folder)
    if is_model_folder(folder) or (folder / SETTINGS).exists():
        raise ConfigError(f"{folder}: holds a model, no sweep; choose another --output")
    begun = (folder / JOURNAL).exists()
    if begun and not resume:
        raise ConfigError(f"{folder}: already holds a sweep; --resume continues it, or choose another --output")
    if not begun and folder.is_dir() and any(folder.glob("trial-*")):
        raise ConfigError(f"{folder}: holds trials but no {JOURNAL}; choose another --output")
    folder.mkdir(parents=True, exist_ok=True)


def _open(folder: Path, plan: SweepPlan) -> Study:
    """The study in optuna's journal, which must be of the same plan."""
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    storage = JournalStorage(JournalFileBackend(str(folder / JOURNAL)))
    study = optuna.create_study(storage=storage, study_name="sweep", direction="maximize", load_if_exists=True)
    identity = json.loads(json.dumps(plan.identity()))
    before = study.user_attrs.get(_PLAN)
    if before is None:
        study.set_user_attr(_PLAN, identity)
    elif changed := differences(before, identity):
        raise ConfigError(
            f"{folder}: cannot continue with another sweep: {'; '.join(changed)}; choose another --output"
        )
    return study


def _refuse_other_files(study: Study, plan: SweepPlan, folder: Path) -> None:
    """Refuses to rank trials on other data beside those that were trained before."""
    for trial in study.get_trials(states=[_state("COMPLETE"), _state("RUNNING")]):
        if trial.params.keys() != plan.space.keys():
            continue
        place = folder / _name(trial.number)
        settings = plan.settings(plan.read(trial.params))
        for run in (place, *sorted(place.glob("seed-*"))):
            known = is_model_folder(run) or (run / SETTINGS).is_file()
            if known and (changed := changed_files(run, settings)):
                raise ConfigError(f"{run}: was trained on other data: {'; '.join(changed)}; choose another --output")


def _state(name: Literal["RUNNING", "COMPLETE", "FAIL", "WAITING"]) -> Any:
    from optuna.trial import TrialState

    return TrialState[name]


def _done(study: Study) -> list[FrozenTrial]:
    """The trials that have been trained, whether well or not."""
    return study.get_trials(states=[_state("COMPLETE")])


def _is_left(study: Study, plan: SweepPlan) -> bool:
    """Whether there is a trial that has not been trained."""
    done = _done(study)
    return bool(_missing(done, plan)) if plan.method == "grid" else len(done) < (plan.trials or 0)


def _missing(done: list[FrozenTrial], plan: SweepPlan) -> list[dict[str, Any]]:
    """The combinations of a grid that have not been trained."""
    tried = [trial.params for trial in done]
    return [values for values in plan.grid()[: plan.trials] if values not in tried]


def _ask(study: Study, plan: SweepPlan) -> int | None:
    """Begins the next trial: its number, or None if all are done."""
    done = _done(study)
    waiting = study.get_trials(states=[_state("WAITING")])
    if not _is_left(study, plan):
        return None
    if plan.method == "grid" and not waiting:
        study.enqueue_trial(_missing(done, plan)[0])
    study.sampler = _sampler(plan, len(study.trials))
    return study.ask({key: values.distribution for key, values in plan.space.items()}).number


def _sampler(plan: SweepPlan, number: int) -> BaseSampler:
    """What draws the values of one trial: seeded by its number, so that no state has to be kept between processes."""
    import numpy as np
    from optuna.samplers import RandomSampler, TPESampler

    seed = int(np.random.SeedSequence([plan.seed, number]).generate_state(1)[0])
    return TPESampler(seed=seed) if plan.method == "tpe" else RandomSampler(seed=seed)


def _finish(
    study: Study,
    number: int,
    plan: SweepPlan,
    folder: Path,
    *,
    progress: Progress | None,
    report: Callable[[SweepTrial], None] | None,
) -> None:
    """Trains one trial and tells optuna its score."""
    trial = study.trials[number]
    earlier = [each for each in _done(study) if each.params == trial.params]
    if earlier:
        study.set_user_attr(f"{_SAME}{number}", earlier[0].number)
        study.tell(number, earlier[0].value)
    else:
        place = folder / _name(number)
        try:
            score = _score(plan.settings(plan.read(trial.params)), place, seeds=plan.seeds, progress=progress)
        except TrainingError as error:
            study.set_user_attr(f"{_REASON}{number}", str(error))
            study.tell(number, 0.0)  # the lowest score there is, so that TPE learns from it; FAIL would be left out
            shutil.rmtree(place, ignore_errors=True)
        else:
            study.tell(number, score)
    if report is not None:
        report(_described(study, study.trials[number], plan, folder))


def _name(number: int) -> str:
    return f"trial-{number:03d}"


def _score(settings: Settings, folder: Path, *, seeds: int, progress: Progress | None) -> float:
    """The mean dev score of a trial, whose training is done or goes on if there is some of it already."""
    if seeds > 1:
        scores = train_seeds(settings, seeds=seeds, output=folder, resume=True, progress=progress)
        return fmean(fmean(run.scores["dev"].values()) for run in scores.runs)
    if is_finished(folder):
        metrics = read_json(folder / "metrics.json")
    else:
        metrics = train(settings, output=folder, resume=folder.exists(), progress=progress).metrics
    return fmean(metrics["dev"].values())


def _described(study: Study, trial: FrozenTrial, plan: SweepPlan, folder: Path) -> SweepTrial:
    number = trial.number
    same_as = study.user_attrs.get(f"{_SAME}{number}")
    place = folder / _name(number if same_as is None else same_as)
    reason = study.user_attrs.get(f"{_REASON}{number if same_as is None else same_as}")
    score = trial.value if reason is None else None
    return SweepTrial(number, plan.read(trial.params), score, place, reason, same_as)


def _write_best(result: SweepResult, plan: SweepPlan, folder: Path) -> None:
    """Writes the experiment with the settings of the best trial, for `train`."""
    import tomli_w

    if result.best is None:
        return
    experiment: dict[str, Any] = json.loads(json.dumps(plan.experiment))
    values = {**plan.overrides, **result.best.values}
    for key, value in values.items():
        set_dotted(experiment, key.split("."), value)
    if "tasks" not in plan.experiment and "tasks" in experiment:  # in a file they take the place of the preset's
        tasks = plan.settings(result.best.values).model_dump(mode="json", exclude_unset=True)["tasks"]
        experiment["tasks"] = tasks
    with atomic_write(folder / BEST) as stream:
        stream.write(tomli_w.dumps(_with_none_words(experiment)))


def _with_none_words(value: Any) -> Any:
    """The same with the word for no value, which TOML lacks."""
    if isinstance(value, dict):
        return {key: _with_none_words(each) for key, each in value.items()}
    return "none" if value is None else value
