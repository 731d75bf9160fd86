"""The settings of a training, put together from a preset, a file, a model to start from, and flags."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bilstm_tagger.cli.app import note
from bilstm_tagger.cli.columns import columns_by_task
from bilstm_tagger.cli.values import origins
from bilstm_tagger.errors import ConfigError

if TYPE_CHECKING:
    from bilstm_tagger.settings.schema import Settings
    from bilstm_tagger.tagging.tagger import Tagger

__all__ = ["run_settings"]


def run_settings(
    experiment: Path | None,
    preset: str | None,
    assignments: list[str],
    flags: dict[str, Any],
    column: list[str] | None,
    scheme: str | None,
) -> Settings:
    """All settings of the run.

    Args:
        experiment: TOML file of settings.
        preset: name of the preset.
        assignments: values of `--set`.
        flags: further settings by dotted key, None where there is none.
        column: values of `--column`. One without a task is for the only task. Those with a task name the tasks of the
            run, unless a file or `--task` does, which then must have them.
        scheme: value of `--scheme`, for the only task.

    Raises:
        ConfigError: a setting cannot be, or a flag is for a task that is not there.
    """
    from bilstm_tagger.settings.loading import load_settings, parse_override

    overrides = dict(map(parse_override, assignments))
    by_flag = {key: value for key, value in ({"preset": preset} | flags).items() if value is not None}
    given = origins(overrides, by_flag)
    overrides |= by_flag
    columns = columns_by_task(column)
    named, only = (columns, None) if isinstance(columns, dict) else ({}, columns)
    names = list(dict.fromkeys(key.split(".")[1] for key in flags if key.startswith("tasks.")))
    if experiment is None:
        names = names or list(named)
    load = partial(load_settings, file=experiment, tasks=names, origins=given)
    settings = load(overrides=overrides)
    earlier = None
    if settings.training.init_from:
        earlier = _model(settings.training.init_from)
        load = partial(load, base=_model_settings(earlier, settings.training.init_from))
        settings = load(overrides=overrides)
    if unknown := [task for task in named if task not in settings.tasks]:
        raise ConfigError(
            f"--column {unknown[0]}={named[unknown[0]]}: no task {unknown[0]!r}; there are "
            f"{', '.join(settings.tasks)}; --set tasks.{unknown[0]}.column={named[unknown[0]]} adds it"
        )
    overrides |= {f"tasks.{task}.column": place for task, place in named.items()}
    without_task = {"column": only, "scheme": scheme}
    alone = {
        f"tasks.{task}.{key}" for key, value in without_task.items() if value is not None for task in settings.tasks
    }
    given |= origins((), [*(f"tasks.{task}.column" for task in named), *alone])
    settings = load(overrides=overrides)
    if earlier is not None and not names and len(settings.tasks) > 1 and flags.get("data.train"):
        return _for_one_task(settings, earlier, load, overrides, column=only, scheme=scheme)
    return _for_the_only_task(settings, load, overrides, column=only, scheme=scheme)


def _for_one_task(
    settings: Settings,
    earlier: Tagger,
    load: Callable[..., Settings],
    overrides: dict[str, Any],
    *,
    column: int | str | None,
    scheme: str | None,
) -> Settings:
    """The settings for the task of an earlier model that the data is for."""
    from bilstm_tagger.cli.init_from import choose_task
    from bilstm_tagger.corpus.formats import format_of, format_within

    initial = choose_task(settings, earlier, column=column)
    if initial is not None:
        task, place = initial
        known = format_of(str(settings.data.train), settings.data.format)
        known = format_within(str(settings.data.train), known, encoding=settings.data.encoding)
        usual = column is None and known.records  # a key or column that is called like its tags
        where = "" if usual else f" on column {place}"
        note(f"--init-from {settings.training.init_from}: trains its task {task!r}{where}")
        load = partial(load, tasks=[task])
        overrides |= {f"tasks.{task}.column": place}
        settings = load(overrides=overrides)
    return _for_the_only_task(settings, load, overrides, column=column, scheme=scheme)


def _for_the_only_task(
    settings: Settings,
    load: Callable[..., Settings],
    overrides: dict[str, Any],
    *,
    column: int | str | None,
    scheme: str | None,
) -> Settings:
    """The settings with what flags say of a task without naming it."""
    given = {key: value for key, value in (("column", column), ("scheme", scheme)) if value is not None}
    if not given:
        return settings
    if len(settings.tasks) != 1:
        key = min(given)
        instead = "--column TASK=COLUMN" if key == "column" else f"--set tasks.NAME.{key}=..."
        raise ConfigError(
            f"--{key} needs exactly one task, but there are {', '.join(settings.tasks) or 'none'}; use {instead}"
        )
    overrides |= {f"tasks.{task}.{key}": value for task in settings.tasks for key, value in given.items()}
    return load(overrides=overrides)


def _model(name: str) -> Tagger:
    """The model that training starts from."""
    from bilstm_tagger.tagging.tagger import Tagger

    return Tagger.load(name)


def _model_settings(earlier: Tagger, name: str) -> Settings:
    from bilstm_tagger.training.warm_start import settings_of

    return settings_of(earlier, name=name)
