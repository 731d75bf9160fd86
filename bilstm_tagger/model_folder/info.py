"""What is known of a model beside its weights; nothing here needs torch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from bilstm_tagger.errors import ModelError
from bilstm_tagger.io.reading import sha256_file
from bilstm_tagger.model_folder.find import seed_folders
from bilstm_tagger.model_folder.hub import source_of
from bilstm_tagger.model_folder.json_files import ConfigJson, MetricsJson, VocabJson, parse, read_calibration, read_json
from bilstm_tagger.model_folder.network import NetworkConfig
from bilstm_tagger.model_folder.upgrade import FORMAT_VERSION, upgraded_config, upgraded_vocab
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.settings.read_spec import ReadSpec
from bilstm_tagger.vocab.vocab import Vocab

Calibration = Mapping[str, Mapping[str, Mapping[str, Sequence[float]]]]


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What a tagger and a reader of the model card know of a model.

    Attributes:
        network: kinds and sizes of its parts, and how each task spells its spans.
        vocab: words, characters and tags.
        tokenizer: name of the tokeniser for raw text.
        reading: for each task how its training data was read.
        settings: those of the run that trained it, as plain values; they are told and never needed.
        metrics: scores on dev and the history of training.
        provenance: versions and data it was made with.
        temperatures: for each task by what its scores are divided for probabilities, fitted on dev; 1 if not named.
        calibration: for each task and label the probabilities of its spans on dev, which of them were right, and which
            stood in a sentence with unknown words in its spans.
        source: `user/name@COMMIT` of a model from the Hugging Face hub; None for any other.
    """

    network: NetworkConfig
    vocab: Vocab
    tokenizer: str
    reading: dict[str, ReadSpec] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    provenance: dict[str, Any] = field(default_factory=dict)
    temperatures: dict[str, float] = field(default_factory=dict)
    calibration: Calibration = field(default_factory=dict)
    source: str | None = None

    @property
    def tasks(self) -> list[str]:
        """Names of the tasks, in the order of the settings."""
        return list(self.network.tasks)

    @property
    def schemes(self) -> dict[str, Scheme]:
        """For each task how the data spells its spans."""
        return self.network.schemes

    def to_config(self) -> dict[str, Any]:
        """Plain values for `config.json`."""
        values = {
            "format_version": FORMAT_VERSION,
            "network": self.network.model_dump(mode="json"),
            "tokenizer": self.tokenizer,
            "reading": {task: spec.model_dump(mode="json") for task, spec in self.reading.items()},
            "temperatures": self.temperatures,
            "settings": self.settings,
            **self.provenance,
        }
        return values | {"sha256": checksum(values)}


def checksum(config: Mapping[str, Any]) -> str:
    """SHA-256 of what decides tags in `config.json`; what is only told, such as settings of training, may change."""
    decides = {name: config.get(name) for name in ("network", "tokenizer", "reading")}
    return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()


class Stored(NamedTuple):
    """How the weights of a folder are stored.

    Attributes:
        version: format version of the folder, which decides the names of the tensors.
        sha256: checksum of the file of weights, in hexadecimal; None in folders of version 1, or if it is no matter.
    """

    version: int
    sha256: str | None


def read_info(folder: Path, *, verify: bool = True) -> tuple[ModelInfo, Stored]:
    """What a model folder of any version says of its model, and how its weights are stored.

    Args:
        folder: its path.
        verify: whether checksums are compared.

    Raises:
        ModelError: naming the file that is missing, damaged or of a later version.
    """
    if seeds := seed_folders(folder):
        raise ModelError(f"{folder}: holds one model per seed, as of `train --seeds`; name one, such as {seeds[0][1]}")
    path = folder / "config.json"
    original = read_json(path)
    checked = parse(ConfigJson, upgraded_config(original, path), path)
    if verify and checked.sha256 not in (None, checksum(original)):
        raise ModelError(f"{path}: damaged: its checksum is not that of what it holds; fetch the model again")
    metrics = read_json(folder / "metrics.json")
    parse(MetricsJson, metrics, folder / "metrics.json")
    values = upgraded_vocab(read_json(folder / "vocab.json"), folder / "vocab.json")
    parse(VocabJson, values, folder / "vocab.json")
    if verify and checked.vocab and sha256_file(folder / "vocab.json") != checked.vocab.sha256:
        raise ModelError(f"{folder / 'vocab.json'}: damaged: its checksum is not that of config.json; fetch it again")
    vocab = Vocab.from_json(values)
    network = checked.network
    if vocab.tags.keys() != network.tasks.keys():
        raise ModelError(f"{folder / 'vocab.json'}: its tags are not those of the tasks in config.json")
    if not checked.reading.keys() <= network.tasks.keys():
        raise ModelError(f"{path}: `reading` names tasks that `network` lacks")
    if vocab.features.keys() != network.embedder.features.keys():
        raise ModelError(f"{folder / 'vocab.json'}: its features are not those of config.json")
    provenance: dict[str, Any] = {key: original[key] for key in ("versions", "data") if key in original}
    info = ModelInfo(
        network,
        vocab,
        checked.tokenizer,
        checked.reading,
        settings=checked.settings,
        metrics=metrics,
        provenance=provenance,
        temperatures=checked.temperatures,
        calibration=read_calibration(folder / "calibration.json"),
        source=None if (source := source_of(folder)) is None else str(source),
    )
    return info, Stored(original["format_version"], checked.weights.sha256 if checked.weights and verify else None)
