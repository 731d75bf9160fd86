"""Values of options as people write them: columns, labels to rename, corpora of tasks."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import typer

from bilstm_tagger.errors import ConfigError

__all__ = ["column_name", "label_map", "origins", "task_corpora"]


def label_map(given: list[str] | None) -> dict[str, str] | None:
    """New names of labels from `OLD=NEW,...`; None if there are none.

    Raises:
        typer.BadParameter: one is not of that form, or a label is renamed twice.
    """
    labels: dict[str, str] = {}
    for text in ",".join(given or []).split(",") if given else []:
        old, equals, new = (part.strip() for part in text.rpartition("="))
        if not (old and equals and new) or labels.get(old, new) != new:
            problem = "is renamed twice" if old in labels else "write OLD=NEW, as in Person=PER,ort=Ort"
            raise typer.BadParameter(f"{text!r}: {problem}", param_hint="--map")
        labels[old] = new
    return labels or None


def column_name(text: str) -> int | str:
    """A column as the user wrote it: a number where it is one, else a name."""
    return int(text) if text.removeprefix("-").isdecimal() else text


def task_corpora(assignments: list[str]) -> dict[str, Any]:
    """Settings from `NAME=TRAIN[,DEV]`: in CoNLL-U the column of the task's name in capitals, elsewhere the last one.

    Raises:
        ConfigError: if one is not of that form, or a task is named twice.
    """
    settings: dict[str, Any] = {}
    for text in assignments:
        name, equals, files = text.partition("=")
        train_file, _, dev_file = files.partition(",")
        if not (name and equals and train_file) or "." in name:
            raise ConfigError(f"--task {text!r}: write NAME=TRAIN or NAME=TRAIN,DEV")
        key = f"tasks.{name}"
        if f"{key}.train" in settings:
            raise ConfigError(
                f"--task {text!r}: {name} is given twice; several corpora of a task stand in a file of settings, under "
                f"[[tasks.{name}.corpora]]"
            )
        settings |= {f"{key}.train": train_file, f"{key}.dev": dev_file or None}
        settings[f"{key}.column"] = name.upper() if ".conllu" in Path(train_file).name else -1
    return settings


def origins(assigned: Iterable[str], flags: Iterable[str] = ()) -> dict[str, str]:
    """What gave each setting, for messages: `--set KEY`, or a flag, which wins.

    Args:
        assigned: keys of `--set`.
        flags: keys of settings that flags gave.
    """
    return {key: f"--set {key}" for key in assigned} | {key: _flag(key) for key in flags}


def _flag(key: str) -> str:
    name = key.rpartition(".")[2]
    if key.startswith("tasks.") and name in ("train", "dev"):
        return "--task"
    return "--map" if key == "data.labels" else f"--{name.replace('_', '-')}"
