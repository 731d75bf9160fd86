"""The JSON files of a model folder: what each must hold, checked before anything is built from it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, ValidationError

from bilstm_tagger.errors import ModelError


class _File(BaseModel):
    model_config = ConfigDict(strict=True)


class DataFile(_File):
    """One file that a model was made from."""

    role: str
    name: str
    sentences: int
    tokens: int
    sha256: str


class ConfigJson(_File):
    """What `config.json` holds."""

    format_version: int
    settings: dict[str, Any]
    schemes: dict[str, str]
    word_size: PositiveInt
    versions: dict[str, str] = {}
    data: list[DataFile] = []


class FeatureJson(_File):
    """One feature in `vocab.json`."""

    model_config = ConfigDict(strict=True, extra="forbid")

    kind: Literal["column", "bigram", "phrases"]
    values: list[str]
    phrases: dict[str, list[str]] = {}
    ignore_case: bool = False


class VocabJson(_File):
    """What `vocab.json` holds."""

    model_config = ConfigDict(strict=True, extra="forbid")

    trained: list[str] = Field(min_length=2)
    frozen: list[str]
    characters: list[str] = Field(min_length=2)
    tags: dict[str, Annotated[list[str], Field(min_length=1)]]
    known: list[str]
    digits: str
    longest: PositiveInt
    features: dict[str, FeatureJson] = {}


class MetricsJson(_File):
    """What `metrics.json` holds."""

    dev: dict[str, float] = {}
    best_epoch: int | None = None
    epochs: int | None = None
    coverage: float | None = None
    history: list[dict[str, Any]] = []
    test: list[dict[str, Any]] = []
    init: dict[str, dict[str, dict[str, float]]] = {}


def read_json(path: Path, shape: type[BaseModel] | None = None) -> dict[str, Any]:
    """The values of a JSON object in a file.

    Args:
        path: the file.
        shape: what it must hold, if that is to be checked.

    Raises:
        ModelError: if it is missing, damaged or of another shape.
    """
    try:
        values = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise ModelError(f"{path}: missing; is {path.parent} a model folder?") from None
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{path}: damaged: {error}") from None
    if not isinstance(values, dict):
        raise ModelError(f"{path}: damaged: not a JSON object")
    try:
        if shape is not None:
            shape.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise ModelError(f"{path}: missing or wrong piece: {where}: {first['msg'].lower()}") from None
    return values
