"""Model folders of earlier format versions, made to look like those of today, step by step.

Version 1 stored the settings of training as they were, and the network was derived from them. Version 2 stores the
network in a schema of its own (`network`), the settings only for people to read, and a checksum of the weights.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from bilstm_tagger.corpus.trained import training_specs
from bilstm_tagger.errors import ConfigError, ModelError
from bilstm_tagger.settings.loading import known_settings
from bilstm_tagger.settings.renamed import renamed

FORMAT_VERSION = 2

_Value = TypeVar("_Value")

# What a version 1 model could have and no later one: without it the model would tag something else.
_GONE = {("encoder", "context"): 0, ("encoder", "sentence_size"): 0, ("embedder", "digits"): "zero"}


def upgraded_config(config: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """`config.json` in the present version.

    Raises:
        ModelError: if its version is none that this package reads, or it lacks what the step to the next version needs.
    """
    version = config.get("format_version")
    if version == FORMAT_VERSION:
        return dict(config)
    if version != 1:
        raise ModelError(
            f"{path}: format version {version!r}, but this bilstm-tagger reads 1 to {FORMAT_VERSION}; "
            "install the release that wrote it or train again"
        )
    try:
        return _from_1(config, path)
    except (KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{path}: missing or wrong piece of format version 1: {error}") from None


def _from_1(config: Mapping[str, Any], path: Path) -> dict[str, Any]:
    settings = config["settings"]
    for (table, name), default in _GONE.items():
        if settings[table].get(name, default) != default:
            raise ModelError(
                f"{path}: the model was made with {table}.{name} = {settings[table][name]!r}, which there is no more; "
                "tag with bilstm-tagger 0.1 or train again"
            )
    embedder, encoder, features = settings["embedder"], settings["encoder"], settings.get("features", {})
    characters = embedder["characters"]
    network = {
        "embedder": {
            "word_size": config["word_size"],
            "characters": characters and {name: characters[name] for name in ("size", "widths", "filters")},
            "case_size": embedder["shape_size"],
            "quantization": embedder["stored"],
            "features": {name: feature["size"] for name, feature in features.items()},
        },
        "encoder": {name: encoder[name] for name in ("type", "direction", "merge", "width", "hidden_size", "layers")}
        | {"ensemble_size": encoder.get("members", 1)},
        "tasks": {
            task: _task_of_1(settings["tasks"][task], scheme, encoder.get("feedforward", 0))
            for task, scheme in config["schemes"].items()
        },
    }
    kept = {key: config[key] for key in ("versions", "data") if key in config}
    return {
        "format_version": FORMAT_VERSION,
        "network": network,
        "tokenizer": settings["data"]["tokenizer"],
        "reading": _reading_of_1(settings, path),
        "settings": renamed(settings),
        **kept,
    }


def _reading_of_1(values: Mapping[str, Any], path: Path) -> dict[str, Any]:
    try:
        settings = known_settings(values)
    except ConfigError as error:
        raise ModelError(f"{path}: {error}") from None
    specs = training_specs(settings.data, settings.tasks, settings.features)
    return {task: spec.model_dump(mode="json") for task, spec in specs.items()}


def _task_of_1(settings: Mapping[str, Any], scheme: str, hidden_size: int) -> dict[str, Any]:
    plain = scheme == "none"
    automatic = "softmax" if plain else "crf"
    return {
        "scheme": scheme,
        "encoding": "none" if plain else settings["encoding"],
        "head": automatic if settings["head"] == "auto" else settings["head"],
        "hidden_size": hidden_size,
    }


def upgraded_vocab(values: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """`vocab.json` in the present version, which has no `digits`.

    Raises:
        ModelError: if the model read numbers as no model does today.
    """
    new = dict(values)
    if (digits := new.pop("digits", "zero")) != "zero":
        raise ModelError(f"{path}: digits is {digits!r}, which there is no more; tag with bilstm-tagger 0.1")
    return new


# Names of version 1 in their order: the first member of an ensemble was the model itself, the others stood apart.
_NAMES_OF_1 = (
    (re.compile(r"^others\.(\d+)\."), lambda match: f"members.{int(match[1]) + 1}."),
    (re.compile(r"^(?=(encoder|heads)\.)"), lambda _: "members.0."),
    (re.compile(r"\.feedforward\."), lambda _: ".hidden."),
    (re.compile(r"\.crf\.moves$"), lambda _: ".crf.transitions"),
    (re.compile(r"\.crf\.starts$"), lambda _: ".crf.start_transitions"),
    (re.compile(r"\.crf\.ends$"), lambda _: ".crf.end_transitions"),
)


def upgraded_weights(tensors: Mapping[str, _Value], version: int) -> dict[str, _Value]:
    """Tensors of a folder of that version by their present names."""
    return {_name_of_1(name) if version == 1 else name: tensor for name, tensor in tensors.items()}


def _name_of_1(name: str) -> str:
    for pattern, new in _NAMES_OF_1:
        name = pattern.sub(new, name)
    return name
