"""Where settings come from: a preset, a TOML file, and overrides.

Flags win over `--set`, `--set` over the TOML file, the file over the preset. An unknown key is refused with the
nearest valid name.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from bilstm_tagger.errors import ConfigError, reason_of
from bilstm_tagger.settings.checked import nearest, problem, shown
from bilstm_tagger.settings.renamed import REMOVED, RENAMED, renamed
from bilstm_tagger.settings.schema import (
    CharacterSettings,
    DataSettings,
    EmbedderSettings,
    EncoderSettings,
    FeatureSettings,
    HeadSettings,
    Settings,
    TaskSettings,
    TrainingSettings,
)

# Keys that may be without a value, for which the word `none` stands; elsewhere, as in `scheme`, it is a word.
OPTIONAL = frozenset(
    [
        "characters", "average_from", "patience", "threads", "vectors", "train", "dev", "format", "text_column",
        "replay", "init_from", "plugin", "encoding", "comments", "delimiter", "sentence_column", "label",
    ]
)  # fmt: skip

_OF_TWO_KINDS = frozenset(["column", "word_column", "sentence_column"])  # a number or a name
_KINDS = frozenset(["int", "str"])

DEEPEST = 20  # tables in each other, of which settings have three
LARGEST_TOML = 1 << 20  # bytes


def presets() -> list[str]:
    """Names of the presets that come with the package."""
    return sorted(path.name[:-5] for path in _preset_folder().iterdir() if path.name.endswith(".toml"))


def load_settings(
    preset: str | None = None,
    *,
    file: str | Path | Mapping[str, Any] | None = None,
    tasks: Sequence[str] = (),
    overrides: Mapping[str, Any] | None = None,
    base: Settings | None = None,
    origins: Mapping[str, str] | None = None,
) -> Settings:
    """Settings from a preset, then a TOML file, then overrides such as `{"training.epochs": 30}`.

    Args:
        preset: its name; else that of the file, else `ner`. One among the overrides comes before both.
        file: TOML of the same tables as the presets, or the values of such a file.
        tasks: where given, the run's only tasks, whatever others the preset or the file has.
        overrides: values by dotted key.
        base: settings that take the place of the preset's, such as those of a model to start from.
        origins: for a key of the overrides what gave it, for messages, as `--set training.epochs`.

    Raises:
        ConfigError: for an unknown preset or key, a value of the wrong kind, or a file that cannot be read.
    """
    layers: Mapping[str, Any] = file if isinstance(file, Mapping) else {} if file is None else read_toml(file)
    over = dict(overrides or {})
    name = preset or layers.get("preset")
    if over.get("preset") is not None:  # decides what all other values are laid over
        name = over.pop("preset")
    if base is not None:
        if name is not None:
            raise ConfigError(f"preset {name!r}: the model to start from brings its own settings; leave the preset out")
        name, merged = base.preset, base.model_dump()
    else:
        name, merged = _read_preset("ner" if name is None else str(name))
    if "tasks" in layers:  # a file's own tasks replace those of the preset
        merged["tasks"] = {}
    _let_epochs_count(merged, layers)
    merged = _merge(merged, layers) | {"preset": name}
    if tasks:
        merged["tasks"] = {task: merged.get("tasks", {}).get(task, {}) for task in tasks}
    _let_epochs_count(merged, over)
    for key, value in over.items():
        set_dotted(merged, key.split("."), value)
    source = str(file) if isinstance(file, str | Path) else "settings"
    return parse_settings(merged, source=source, origins=dict.fromkeys(over, "settings") | dict(origins or {}))


def _let_epochs_count(merged: dict[str, Any], values: Mapping[str, Any]) -> None:
    """A number of epochs that is about to be laid over other values is not exceeded for steps that those ask for."""
    named = set(_dotted(values))
    if "training.epochs" in named and "training.min_steps" not in named:
        set_dotted(merged, ["training", "min_steps"], 0)


def _dotted(values: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """The dotted keys of nested values."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _dotted(value, f"{prefix}{key}.")
        else:
            yield prefix + key


def _read_preset(name: str) -> tuple[str, dict[str, Any]]:
    if name not in presets():
        meant = nearest(name, presets())
        raise ConfigError(f"unknown preset {name!r}{meant if '?' in meant else ''}; there are {', '.join(presets())}")
    return name, read_toml(_preset_folder() / f"{name}.toml")


def parse_settings(
    values: Mapping[str, Any], *, source: str = "settings", origins: Mapping[str, str] | None = None
) -> Settings:
    """Settings from nested values, checked.

    Args:
        values: the nested values.
        source: what gave them, for messages.
        origins: for the dotted keys of those that something else gave, what that is.

    Raises:
        ConfigError: naming the key, and the nearest valid one if it is unknown.
    """
    place = partial(_place, source=source, origins=origins or {})
    _check_characters(values, [], place)
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        found = {tuple(_path(item)): item for item in error.errors()}  # one for all kinds that a column can have
        raise ConfigError("; ".join(_describe(item, list(path), place) for path, item in found.items())) from None


def _place(path: list[str], *, source: str, origins: Mapping[str, str]) -> str:
    """Where a value came from, and its key."""
    key = ".".join(path)
    for given, name in origins.items():
        if key == given or key.startswith(f"{given}."):
            below = key[len(given) + 1 :]
            return f"{name}: {key}" if name == "settings" else f"{name}: {below}" if below else name
    inside = [name for given, name in origins.items() if key and given.startswith(f"{key}.") and name != "settings"]
    return f"{source}{' with ' * bool(inside)}{', '.join(inside)}{f': {key}' if key else ''}"


def _path(error: Any) -> list[str]:
    """The parts of the key of one of pydantic's findings, without the kind of value that was tried."""
    path = [str(part) for part in error["loc"]]
    return path[:-1] if len(path) > 1 and path[-2] in _OF_TWO_KINDS and path[-1] in _KINDS else path


def _check_characters(value: Any, path: list[str], place: Callable[[list[str]], str]) -> None:
    """Refuse half a character in any string or key, for no file of the model could hold it, and NUL in values."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            _check_characters(key, path, place)
            _check_characters(each, [*path, str(key)], place)
    elif isinstance(value, list | tuple):
        for each in value:
            _check_characters(each, path, place)
    elif isinstance(value, str):
        if "\0" in value:
            raise ConfigError(f"{place(path)}: {value!a} holds a NUL character, which no name of a file or column has")
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ConfigError(f"{place(path)}: {value!a} is not UTF-8; give it another name") from None


def known_settings(values: Mapping[str, Any]) -> Settings:
    """Settings that a model folder tells of, which may be of another version: what is unknown today is left out.

    Raises:
        ConfigError: if what is known has a value of the wrong kind.
    """
    return parse_settings(_known(renamed(values), []), source="settings of the model")


def _known(values: Mapping[str, Any], path: list[str]) -> dict[str, Any]:
    """The values of the table at `path` that are settings today, tables below it included."""
    names = None if path in (["tasks"], ["features"]) else set(_keys(path))
    kept: dict[str, Any] = {}
    for name, value in values.items():
        below = [*path, name]
        if names is not None and name not in names:
            continue
        if value == "" and name in OPTIONAL:  # which earlier versions took for none
            kept[name] = None
        else:
            kept[name] = _known(value, below) if isinstance(value, Mapping) and _is_table(below) else value
    return kept


def _is_table(path: list[str]) -> bool:
    return path in (["tasks"], ["features"]) or bool(_keys(path))


def portable(settings: Settings) -> dict[str, Any]:
    """Settings as plain values whose files are named without their folders: those are private once a model travels.

    A model to start from stays as it was written, unless that begins at the root or the home of a machine: the last
    part of its path is often the same for many, as `seed-0`.
    """
    values = settings.model_dump(mode="json")
    for owner in (values["data"], values["embedder"], values["training"], *values["tasks"].values()):
        for key in ("train", "dev", "replay", "vectors"):
            name = owner.get(key)
            if name and not name.startswith("hf:"):
                owner[key] = Path(name).name
    if (start := values["training"]["init_from"]) is not None:
        values["training"]["init_from"] = _portable_model(start)
    for task in values["tasks"].values():
        for corpus in task["corpora"]:
            if not corpus["train"].startswith("hf:"):
                corpus["train"] = Path(corpus["train"]).name
    for feature in values["features"].values():
        feature["phrases"] = {label: Path(name).name for label, name in feature["phrases"].items()}
    return values


def _portable_model(name: str) -> str:
    """The name of a model, or its folder as it was written; of one that tells of a machine the last part or two."""
    path = Path(name)
    if not path.is_absolute() and not name.startswith("~") and ".." not in path.parts:
        return path.as_posix()
    return "/".join(path.parts[-2:] if re.fullmatch(r"seed-\d+", path.name) else path.parts[-1:])


def parse_override(text: str) -> tuple[str, Any]:
    """`training.epochs=30` as key and value; the value is read as TOML, or else taken as a string.

    Raises:
        ConfigError: if there is no `=` or no key.
    """
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise ConfigError(f"--set {text!r}: write key=value, for example training.epochs=30")
    if value.strip() == "none" and key.strip().rpartition(".")[2] in OPTIONAL:
        return key.strip(), None
    try:
        values = tomllib.loads(f"value = {value}")
    except tomllib.TOMLDecodeError:
        return key.strip(), value.strip()
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"--set {key.strip()}: the value cannot be read: {error}") from None
    if len(values) > 1:
        raise ConfigError(f"--set {key.strip()}: a line break begins {list(values)[1]!r}; set one key at a time")
    return key.strip(), values["value"]


def read_toml(path: str | Path | Traversable) -> dict[str, Any]:
    """A TOML file's values; the words `"none"` stand for no value, which TOML lacks.

    Raises:
        ConfigError: if it is missing or not TOML.
    """
    try:
        with (Path(path) if isinstance(path, str) else path).open("rb") as stream:
            content = stream.read(LARGEST_TOML + 1)
        if len(content) > LARGEST_TOML:
            raise ConfigError(f"{path}: more than {LARGEST_TOML:,} bytes; this is no file of settings")
        values = tomllib.loads(content.decode("utf-8"))
        _check_depth(values)
        # Dates, which no setting takes, become text, so that the settings refuse them by name.
        return json.loads(json.dumps(values, default=str), object_hook=_none_words)  # type: ignore[no-any-return]
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {reason_of(error)}") from None
    except (ValueError, RecursionError) as error:  # also of a number with thousands of digits, or tables without end
        raise ConfigError(f"{path}: not TOML: {error}") from None


def _check_depth(values: dict[str, Any]) -> None:
    """Refuses tables in tables without end, which no code can go through; how far Python itself gets varies."""
    tables = [values]
    for _ in range(DEEPEST):
        tables = [value for table in tables for value in table.values() if isinstance(value, dict)]
    if tables:
        raise ValueError(f"tables within more than {DEEPEST} others")


def _none_words(values: dict[str, Any]) -> dict[str, Any]:
    return {key: None if value == "none" and key in OPTIONAL else value for key, value in values.items()}


def _preset_folder() -> Any:
    return resources.files("bilstm_tagger.settings") / "presets"


def _merge(base: dict[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), dict)
        merged[key] = _merge(merged[key], value) if both else value
    return merged


def set_dotted(values: dict[str, Any], path: list[str], value: Any) -> None:
    """Sets a value in nested tables; tables that are not there are made.

    Args:
        values: the nested values, which are changed.
        path: the parts of the dotted key.
        value: the value.
    """
    for key in path[:-1]:
        if not isinstance(values.get(key), dict):
            values[key] = {}
        values = values[key]
    values[path[-1]] = value


def _describe(error: Any, path: list[str], place: Callable[[list[str]], str]) -> str:
    """One line for one of pydantic's findings."""
    where = place(path)
    if (key := ".".join(path)) in RENAMED:
        return f"{where}: is called {RENAMED[key]} now"
    if key in REMOVED:
        return f"{where}: there is no such setting any more, for it gained nothing; leave it out"
    if error["type"] == "extra_forbidden":
        return f"{where}: unknown key{nearest(path[-1], _keys(path[:-1]))}"
    if path and path[-1] in _OF_TWO_KINDS and error["type"] == "string_type":
        return f"{where}: input should be the number of a column or its name, got {shown(error['input'])}"
    return f"{where}: {problem(error)}"


_TABLES: dict[str, type[BaseModel]] = {
    "": Settings,
    "data": DataSettings,
    "tasks": TaskSettings,
    "features": FeatureSettings,
    "embedder": EmbedderSettings,
    "embedder.characters": CharacterSettings,
    "encoder": EncoderSettings,
    "head": HeadSettings,
    "training": TrainingSettings,
}


def _keys(path: list[str]) -> list[str]:
    """Valid keys of the table at `path`."""
    name = path[0] if path[:1] in (["tasks"], ["features"]) and len(path) == 2 else ".".join(path)
    return list(_TABLES[name].model_fields) if name in _TABLES and path not in (["tasks"], ["features"]) else []
