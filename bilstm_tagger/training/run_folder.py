"""The output folder of a run before there is a model in it: whose it is, and what the run began with."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from bilstm_tagger.errors import ConfigError
from bilstm_tagger.io.atomic import atomic_write, check_replaceable, recover_folder
from bilstm_tagger.io.places import check_folder_place
from bilstm_tagger.model_folder.find import is_model_folder
from bilstm_tagger.settings.schema import Settings
from bilstm_tagger.training.checkpoint import NAME as CHECKPOINT

SETTINGS = "settings.json"  # in a run folder: what the checkpoint was made with


def is_finished(folder: Path) -> bool:
    """Whether a folder holds the model of a run that came to its end.

    Args:
        folder: the folder; one that a crash left between two renames is put right first.
    """
    recover_folder(folder)
    running = any((folder / name).exists() for name in (CHECKPOINT, SETTINGS))
    return is_model_folder(folder) and not running


def claim(folder: Path, settings: Settings, *, resume: bool, force: bool) -> None:
    """Refuses an output folder whose content would be lost, and a resumption that cannot be exact.

    Args:
        folder: the output folder.
        settings: those of the run.
        resume: whether an interrupted run is to be continued.
        force: whether what is there is to be replaced.

    Raises:
        ConfigError: naming what is there.
    """
    recover_folder(folder)
    recover_folder(folder / CHECKPOINT)
    check_folder_place(folder)
    if not folder.exists():
        return
    check_replaceable(folder)
    found = {path.name for path in folder.iterdir()}
    if found <= {SETTINGS}:  # nothing, or what a run leaves that ended before its first checkpoint
        return
    running = bool({CHECKPOINT, SETTINGS} & found)
    if not running and not is_model_folder(folder):
        raise ConfigError(f"{folder}: holds something else than a model; choose another --output")
    if resume:
        if not running:
            raise ConfigError(f"{folder}: the run is finished, nothing to resume; --force trains anew")
        _same(folder, {"settings": settings.model_dump(mode="json")})
        return
    if not force:
        what = "an interrupted run; --resume continues it" if running else "a model"
        raise ConfigError(f"{folder}: already holds {what}; --force replaces it")
    shutil.rmtree(folder / CHECKPOINT, ignore_errors=True)


def begin(folder: Path, run: dict[str, Any], *, resume: bool) -> None:
    """Writes what decides a run's weights into its folder, after a look whether a run to be resumed is of the same.

    Args:
        folder: the output folder.
        run: the settings, and the content of the files they name.
        resume: whether an interrupted run is to be continued.

    Raises:
        ConfigError: if it began with others.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if resume and (folder / SETTINGS).is_file():
        _same(folder, run)
    with atomic_write(folder / SETTINGS) as stream:
        stream.write(json.dumps(run, indent=2))


def _same(folder: Path, run: dict[str, Any]) -> None:
    """Refuses to go on with other settings or other data than the run began with; looks at the parts `run` has."""
    try:
        before = json.loads((folder / SETTINGS).read_text("utf-8"))
        # A setting that is newer than the run has the value it had without it.
        before["settings"] = Settings.model_validate(before["settings"]).model_dump(mode="json")
        changed = differences({part: before[part] for part in run}, run)
    except (OSError, ValueError, AttributeError, LookupError, TypeError) as error:
        raise ConfigError(f"{folder / SETTINGS}: missing or damaged ({error}); --force trains anew") from None
    if changed:
        wrong = [line.removeprefix("settings.") for line in changed]
        raise ConfigError(f"{folder}: cannot resume with other settings: {'; '.join(wrong)}; --force trains anew")


def differences(before: dict[str, Any], after: dict[str, Any], prefix: str = "") -> list[str]:
    """Tells for each value that differs what it was and what it is.

    Args:
        before: nested values.
        after: nested values.
        prefix: what stands before each key.
    """
    found = []
    for key in before.keys() | after.keys():
        old, new = before.get(key), after.get(key)
        if isinstance(old, dict) and isinstance(new, dict):
            found += differences(old, new, f"{prefix}{key}.")
        elif old != new:
            found.append(f"{prefix}{key} was {old!r}, is {new!r}")
    return sorted(found)
