"""The JSON files of a model folder: what each must hold, checked before anything is built from it."""

from __future__ import annotations

import json
import os
import re
import stat
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, RootModel, ValidationError, model_validator

from bilstm_tagger.errors import ModelError
from bilstm_tagger.model_folder.network import NetworkConfig
from bilstm_tagger.settings.read_spec import ReadSpec
from bilstm_tagger.settings.schema import LONGEST_WORD

_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
LARGEST_JSON = 1 << 28  # bytes: a vocabulary of ten million words

_Shape = TypeVar("_Shape", bound=BaseModel)


Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class _File(BaseModel):
    model_config = ConfigDict(strict=True)


class DataFile(_File):
    """One file that a model was made from."""

    role: str
    name: str
    sentences: int
    tokens: int
    sha256: str


class StoredFile(_File):
    """A further file of the folder."""

    sha256: Sha256


class ConfigJson(_File):
    """What `config.json` holds, in the present format version."""

    format_version: int
    network: NetworkConfig
    tokenizer: str
    reading: dict[str, ReadSpec]
    temperatures: dict[str, Annotated[float, Field(gt=0.0, lt=1e6)]] = {}
    settings: dict[str, Any] = {}
    weights: StoredFile | None = None
    vocab: StoredFile | None = None
    sha256: Sha256 | None = None
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
    longest: Annotated[int, Field(gt=0, le=LONGEST_WORD)]
    features: dict[str, FeatureJson] = {}
    cased: bool = False


class HeldOutJson(_File):
    """The scores of a model on one file that decided nothing about it."""

    file: str
    sha256: str | None
    scores: dict[str, float]


class MetricsJson(_File):
    """What `metrics.json` holds."""

    dev: dict[str, float] = {}
    best_epoch: int | None = None
    epochs: int | None = None
    coverage: float | None = None
    history: list[dict[str, Any]] = []
    test: list[dict[str, Any]] = []
    test_scores: list[HeldOutJson] = []
    init: dict[str, dict[str, dict[str, float]]] = {}


class JudgedJson(_File):
    """The spans of one label in `calibration.json`: how probable each was, whether it was right, and beside what."""

    model_config = ConfigDict(strict=True, extra="forbid")

    probabilities: list[Annotated[float, Field(ge=0.0, le=1.0)]]
    right: list[Literal[0, 1]]
    unknown: list[Literal[0, 1]] | None = None  # whether spans of the sentence have unknown words

    @model_validator(mode="after")
    def _as_many(self) -> JudgedJson:
        sizes = {len(each) for each in (self.probabilities, self.right, self.unknown) if each is not None}
        if len(sizes) > 1:
            raise ValueError("probabilities, right and unknown need as many numbers as each other")
        return self


class CalibrationJson(RootModel[dict[str, dict[str, JudgedJson]]]):
    """What `calibration.json` holds, by task and label."""


def read_calibration(path: Path) -> dict[str, Any]:
    """What a model folder knows of its probabilities on dev; nothing where it has no such file.

    Raises:
        ModelError: if the file is damaged or of another shape.
    """
    if not path.exists():
        return {}
    values = read_json(path)
    parse(CalibrationJson, values, path)
    return values


def read_json(path: Path) -> dict[str, Any]:
    """The values of a JSON object in a file.

    Raises:
        ModelError: if it is missing, no regular file, damaged or no object.
    """
    try:
        content = _regular(path)
        values = json.loads(content.decode("utf-8"), object_pairs_hook=_unique)
        if _HALF.search(content):  # half a character can be read from an escape, and never be written again
            json.dumps(values, ensure_ascii=False).encode("utf-8")
    except FileNotFoundError:
        raise ModelError(f"{path}: missing; is {path.parent} a model folder?") from None
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{path}: damaged: {error}") from None
    if not isinstance(values, dict):
        raise ModelError(f"{path}: damaged: not a JSON object")
    return values


def _regular(path: Path) -> bytes:
    """The content of a regular file, or of one that a link leads to; a pipe or a device would never end.

    Raises:
        OSError: if it is something else, too large, or cannot be read.
    """
    # Opening a pipe waits for one who writes to it, unless told not to.
    with open(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as stream:
        found = os.fstat(stream.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise OSError("not a regular file")
        if found.st_size > LARGEST_JSON:
            raise OSError(f"{found.st_size:,} bytes, more than {LARGEST_JSON:,}")
        return stream.read()


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys stand there once."""
    values = dict(pairs)
    if len(values) < len(pairs):
        name, _ = Counter(name for name, _ in pairs).most_common(1)[0]
        raise ValueError(f"the key {name!r} stands there twice")
    return values


def parse(shape: type[_Shape], values: Mapping[str, Any], path: Path) -> _Shape:
    """The values of a file as `shape`, which they must fit.

    Raises:
        ModelError: naming the first piece that is missing or wrong.
    """
    try:
        return shape.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise ModelError(f"{path}: missing or wrong piece: {where}: {first['msg'].lower()}") from None
