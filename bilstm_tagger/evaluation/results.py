"""One table over model folders: the settings in which they differ, and their scores."""

from __future__ import annotations

import json
import re
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from bilstm_tagger.errors import ModelError
from bilstm_tagger.model_folder.find import find_folder, is_model_folder
from bilstm_tagger.model_folder.json_files import ConfigJson, MetricsJson, parse, read_json
from bilstm_tagger.model_folder.upgrade import upgraded_config
from bilstm_tagger.settings.loading import known_settings

__all__ = ["ABSENT", "Outcome", "Result", "Results", "collect_results"]

ABSENT = "–"  # a setting or a score that a model does not have
_SEED = "training.seed"
_OF_THE_CARD = ("notes", "licence", "languages")  # settings that decide nothing
_FILES = ("train", "dev", "corpora")  # settings of a task that say what it learns from
_CHECKPOINT, _SETTINGS = "checkpoint", "settings.json"  # what a run has in its folder until it comes to its end


class Outcome(NamedTuple):
    """A score of one model, or the scores of several that differ in the seed alone.

    Attributes:
        mean: the score, or the mean of the scores, between 0 and 1.
        deviation: sample standard deviation; None for a single score.
        runs: how many scores there are.
    """

    mean: float
    deviation: float | None = None
    runs: int = 1


@dataclass(frozen=True, slots=True)
class Result:
    """One row: a model, or several that differ in the seed alone.

    Attributes:
        name: the path of the model folder as it was found; of several models that of the folder around them.
        settings: all settings by dotted key.
        scores: by column.
        data: name and checksum of the files that it was trained on.
    """

    name: str
    settings: dict[str, Any]
    scores: dict[str, Outcome]
    data: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Results:
    """A table over model folders.

    Attributes:
        rows: one per model, or per group of models that differ in the seed alone.
        notes: what the reader should know: runs left out, files of one name and different content.
    """

    rows: tuple[Result, ...]
    notes: tuple[str, ...] = field(default=())

    @property
    def settings(self) -> list[str]:
        """Keys of the settings that are not the same in all rows.

        That a model lacks a task is told by its scores: settings of the task count where it is, but for its files.
        """
        keys = dict.fromkeys(key for row in self.rows for key in row.settings)
        return [key for key in keys if len(self._values(key)) > 1]

    def _values(self, key: str) -> set[str]:
        """The distinct values of a setting."""
        if not key.startswith("tasks."):
            return {_plain(row.settings.get(key)) for row in self.rows}
        if key.rpartition(".")[2] in _FILES:
            return {_plain(row.settings.get(key) or None) for row in self.rows}
        return {_plain(row.settings[key]) for row in self.rows if key in row.settings}

    @property
    def columns(self) -> list[str]:
        """Names of the columns of scores: task, and what the score is on."""
        return list(dict.fromkeys(column for row in self.rows for column in row.scores))

    def by_score(self) -> Results:
        """The same rows, the best first by the first column of scores, which is on dev."""
        first = self.columns[0]
        rows = sorted(self.rows, key=lambda row: -row.scores[first].mean if first in row.scores else 1.0)
        return Results(tuple(rows), self.notes)

    def over_seeds(self) -> Results:
        """One row for all models that differ in the seed alone; of several with one seed the first one counts."""
        groups: dict[str, list[Result]] = {}
        for row in self.rows:
            alike = {key: value for key, value in row.settings.items() if key != _SEED}
            groups.setdefault(_plain([alike, sorted(row.data)]), []).append(row)
        distinct = [_first_of_each_seed(rows) for rows in groups.values()]
        repeated = [
            f"{row.name}: has the seed {seed} as {first[seed].name} has, so it is left out of the mean"
            for rows, first in zip(groups.values(), distinct, strict=True)
            for row in rows
            if first[seed := row.settings.get(_SEED)] is not row
        ]
        rows = tuple(_mean(list(first.values())) for first in distinct)
        uneven = [
            f"{row.name}: {column} is the mean of {score.runs} of {len(first)} seeds, as the others have no such score"
            for row, first in zip(rows, distinct, strict=True)
            for column, score in row.scores.items()
            if score.runs < len(first)
        ]
        return Results(rows, (*self.notes, *repeated, *uneven))

    def cells(self) -> list[list[str]]:
        """The settings of each row as text."""
        return [[_shown(row.settings, key) for key in self.settings] for row in self.rows]


def collect_results(folders: Iterable[str | Path]) -> Results:
    """Reads what model folders tell of their settings and scores; no weights are loaded.

    Args:
        folders: model folders, names of models that come with the package, and folders with model folders in them.

    Raises:
        ModelError: if there is no such folder or no finished model in it, or a file of a model is damaged.
    """
    models: dict[Path, str] = {}
    notes: list[str] = []
    for given in folders:
        finished, unfinished = _models_in(given)
        models |= {model: str(given if model == find_folder(given) else model) for model in finished}
        notes += [f"{folder}: the run is not finished, so it is left out" for folder in unfinished]
        if not finished:
            raise ModelError(f"{given}: no finished model in it{'; ' + notes[-1] if unfinished else ''}")
    read = [_read(model, name) for model, name in models.items()]
    names = _column_names(read)
    rows = [
        Result(each.name, each.settings, {names[key]: Outcome(score) for key, score in each.scores.items()}, each.data)
        for each in read
    ]
    rows = [
        replace(row, scores={name: row.scores[name] for name in names.values() if name in row.scores}) for row in rows
    ]
    return Results(tuple(rows), tuple(dict.fromkeys([*notes, *_doubts(read)])))


class _Read(NamedTuple):
    """What one model folder tells; scores by task and test file, which is None for dev."""

    name: str
    settings: dict[str, Any]
    scores: dict[tuple[str, str | None], float]
    data: frozenset[tuple[str, str]]
    tests: frozenset[tuple[str, str]]


def _models_in(given: str | Path) -> tuple[list[Path], list[Path]]:
    """The folders of finished models, and those of runs that are not finished."""
    top = find_folder(given)
    if is_model_folder(top):
        return ([], [top]) if _is_running(top) else ([top], [])
    places = {path.parent for name in ("config.json", _SETTINGS) for path in top.rglob(name)}
    shown = sorted(
        (place for place in places if not _is_inner(place.relative_to(top))), key=lambda place: _in_order(str(place))
    )
    running = [place for place in shown if _is_running(place)]
    return [place for place in shown if place not in running and (place / "metrics.json").is_file()], running


def _is_running(folder: Path) -> bool:
    return any((folder / name).exists() for name in (_CHECKPOINT, _SETTINGS))


def _is_inner(path: Path) -> bool:
    """Whether a path leads into a checkpoint, or a folder that is being written."""
    return any(part == _CHECKPOINT or part.startswith(".") for part in path.parts)


def _in_order(name: str) -> list[tuple[int, str]]:
    """A key that sorts numbers in names by their value."""
    return [(int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"(\d+)", name)]


def _read(folder: Path, name: str) -> _Read:
    path = folder / "config.json"
    config = parse(ConfigJson, upgraded_config(read_json(path), path), path)
    metrics = parse(MetricsJson, read_json(folder / "metrics.json"), folder / "metrics.json")
    scores: dict[tuple[str, str | None], float] = {(task, None): score for task, score in metrics.dev.items()}
    for row in metrics.test_scores:
        scores |= {(task, row.file): score for task, score in row.scores.items()}
    # A setting that is newer than the model has the value it had without it.
    settings = known_settings(config.settings).model_dump(mode="json")
    return _Read(
        name,
        {key: value for key, value in _flat(settings) if key not in _OF_THE_CARD},
        scores,
        frozenset((row.name, row.sha256) for row in config.data),
        frozenset((row.file, row.sha256) for row in metrics.test_scores if row.sha256),
    )


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Nested values by dotted key."""
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


def _column_names(read: Sequence[_Read]) -> dict[tuple[str, str | None], str]:
    """Names of the columns of scores in their order: dev, then each test file, called `test` if it is the only one."""
    keys = dict.fromkeys(key for each in read for key in each.scores)
    files = dict.fromkeys(file for _, file in keys)
    one = len([file for file in files if file is not None]) == 1
    ordered = sorted(files, key=lambda file: (file is not None, file or ""))
    return {
        (task, file): f"{task} {'dev' if file is None else 'test' if one else file}"
        for file in ordered
        for task, of in keys
        if of == file
    }


def _doubts(read: Sequence[_Read]) -> Iterator[str]:
    """Files of one name whose content is not the same for all models."""
    for what, pairs in (("trained", [each.data for each in read]), ("scored", [each.tests for each in read])):
        contents: dict[str, set[str]] = {}
        for name, content in {pair for each in pairs for pair in each}:
            contents.setdefault(name, set()).add(content)
        for name in sorted(name for name, found in contents.items() if len(found) > 1):
            if not any(len([pair for pair in each if pair[0] == name]) > 1 for each in pairs):
                yield f"{name}: the models were {what} on files of this name that differ in their content"


def _first_of_each_seed(rows: Iterable[Result]) -> dict[Any, Result]:
    found: dict[Any, Result] = {}
    for row in rows:
        found.setdefault(row.settings.get(_SEED), row)
    return found


def _mean(group: Sequence[Result]) -> Result:
    """One row for models that differ in the seed alone."""
    if len(group) == 1:
        return group[0]
    scores = {}
    for column in dict.fromkeys(column for row in group for column in row.scores):
        values = [row.scores[column].mean for row in group if column in row.scores]
        deviation = statistics.stdev(values) if len(values) > 1 else None
        scores[column] = Outcome(statistics.fmean(values), deviation, len(values))
    settings = {key: value for key, value in group[0].settings.items() if key != _SEED}
    parents = {Path(row.name).parent for row in group}
    name = str(parents.pop()) if len(parents) == 1 else f"{group[0].name} and {len(group) - 1} more"
    return Result(name, settings, scores, group[0].data)


def _plain(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _shown(settings: Mapping[str, Any], key: str) -> str:
    """A setting as people write it."""
    return _written(settings[key]) if key in settings else ABSENT


def _written(value: Any) -> str:
    if value in (None, [], {}):
        return "none"
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return ", ".join(map(_written, value))
    if isinstance(value, dict):  # one of several training corpora
        first, *others = [(name, _written(each)) for name, each in value.items()]
        options = ", ".join(f"{name} {each}" for name, each in others if each not in ("none", "1.0"))
        return first[1] + (f" ({options})" if options else "")
    return json.dumps(value)
