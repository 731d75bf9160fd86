"""The model folder: config.json, vocab.json, model.safetensors, metrics.json, README.md. No pickle anywhere."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import torch

from bilstm_tagger.errors import ConfigError, CorpusError, ModelError
from bilstm_tagger.io.atomic import atomic_folder, atomic_write
from bilstm_tagger.io.reading import sha256_file
from bilstm_tagger.model_folder.build import build_model
from bilstm_tagger.model_folder.card import model_card
from bilstm_tagger.model_folder.find import find_folder
from bilstm_tagger.model_folder.info import ModelInfo, Stored, read_info
from bilstm_tagger.model_folder.json_files import read_json
from bilstm_tagger.model_folder.plugins import check_allowed
from bilstm_tagger.model_folder.quantization import FROZEN, SCALE, quantized
from bilstm_tagger.model_folder.upgrade import FORMAT_VERSION
from bilstm_tagger.model_folder.weights import check_headers, check_parts, read_headers, read_weights, save_weights
from bilstm_tagger.nn.model import TaggingModel

WEIGHTS = "model.safetensors"
CHECKED = {"weights": WEIGHTS, "vocab": "vocab.json"}  # files whose checksums are in config.json, by their key there


@dataclass(frozen=True, slots=True)
class ModelParts:
    """What a model folder holds.

    Attributes:
        info: all that is known of the model beside its weights.
        model: the network with its weights.
    """

    info: ModelInfo
    model: TaggingModel


def save_model(parts: ModelParts, folder: str | Path, *, keep: tuple[Path, ...] = ()) -> None:
    """Writes a model folder; a crash at any moment leaves the earlier folder or the new one.

    Args:
        parts: what to store.
        folder: where; an earlier model there is replaced once the new one is complete.
        keep: files or folders to carry over into it.

    Raises:
        TaggerError: if the folder cannot be written.
    """
    info = parts.info
    with atomic_folder(folder) as new:
        save_weights(quantized(parts.model.state_dict(), info.network.embedder.quantization), new / WEIGHTS)
        _write_json(new / "vocab.json", info.vocab.to_json(), indent=None)
        files = {name: {"sha256": sha256_file(new / file)} for name, file in CHECKED.items()}
        _write_json(new / "config.json", info.to_config() | files)
        _write_json(new / "metrics.json", info.metrics)
        if info.calibration:
            _write_json(new / "calibration.json", info.calibration, indent=None)
        shutil.copymode(new / "config.json", new / WEIGHTS)  # safetensors writes for the owner alone
        (new / "README.md").write_text(_card(parts, new), "utf-8")
        for path in keep:
            if path.is_dir():
                shutil.copytree(path, new / path.name)
            elif path.exists():
                shutil.copy2(path, new / path.name)


def _card(parts: ModelParts, folder: Path) -> str:
    """The model card; the size is that of the files that are in the folder."""
    size = sum(path.stat().st_size for path in folder.iterdir() if path.is_file() and path.name != "README.md")
    weights = sum(weight.numel() for weight in parts.model.parameters())
    return model_card(parts.info, weights=weights, size=size)


def save_metrics(parts: ModelParts, folder: str | Path) -> None:
    """Writes the metrics of a model into its folder, and its card, which shows them; all else there stays as it is.

    Args:
        parts: the model.
        folder: its folder.

    Raises:
        TaggerError: if the folder is not there or cannot be written.
    """
    path = find_folder(folder)
    with atomic_write(path / "metrics.json") as stream:
        stream.write(json.dumps(parts.info.metrics, ensure_ascii=False, indent=2) + "\n")
    with atomic_write(path / "README.md") as stream:
        stream.write(_card(parts, path))


def digest_of(parts: ModelParts) -> str:
    """A checksum of all that decides what a model gives, in hexadecimal; the same for each copy of it.

    Args:
        parts: the model.
    """
    digest = hashlib.sha256(json.dumps([parts.info.to_config(), parts.info.vocab.to_json()], sort_keys=True).encode())
    for name, tensor in sorted(parts.model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def save_calibration(info: ModelInfo, folder: str | Path) -> None:
    """Writes temperatures and calibration of a model into its folder; all else there stays as it is.

    Args:
        info: of the model.
        folder: a model folder of the present format version.

    Raises:
        TaggerError: if the folder is of an earlier version, or cannot be written.
    """
    path = find_folder(folder)
    config = read_json(path / "config.json")
    if config.get("format_version") != FORMAT_VERSION:
        raise ModelError(f"{path}: is of an earlier format version; store it anew with Tagger.load(...).save(...)")
    files = {"calibration.json": info.calibration, "config.json": {**config, **info.to_config()}}
    for name, values in files.items():
        with atomic_write(path / name) as stream:
            stream.write(json.dumps(values, ensure_ascii=False, indent=2 if name == "config.json" else None) + "\n")


def _write_json(path: Path, values: object, *, indent: int | None = 2) -> None:
    path.write_text(json.dumps(values, ensure_ascii=False, indent=indent) + "\n", "utf-8")


def load_model(
    folder: str | Path, *, plugins: Collection[str] = (), verify: bool = True, revision: str | None = None
) -> ModelParts:
    """What a model folder holds.

    Args:
        folder: its path, or the name of a model that comes with the package or is on the hub.
        plugins: classes from outside the package that the folder may name, as `package.module:Class`.
        verify: whether the checksums of the weights, of the vocabulary and of the configuration are compared.
        revision: branch, tag or commit of a model on the hub.

    Raises:
        ModelError: naming the piece that is missing, truncated, mis-shaped, of a later format version or not allowed.
    """
    path = find_folder(folder, revision=revision)
    info, stored = read_info(path, verify=verify)
    check_allowed(path, info.network.plugins, plugins)
    return ModelParts(info, load_network(path, info, stored))


def load_network(path: Path, info: ModelInfo, stored: Stored) -> TaggingModel:
    """The network of a model folder of which the rest has been read; its plug-ins must be allowed.

    Args:
        path: the folder.
        info: of the model, as `read_info` gives it with the next.
        stored: how the weights are stored.

    Raises:
        ModelError: naming the piece that is missing, truncated or mis-shaped.
    """
    file = path / WEIGHTS
    headers = read_headers(file, stored.version)
    check_parts(file, info.network, headers)
    # Built-in parts need no memory and no first weights until the file is known to fit.
    device = torch.device("cpu" if info.network.plugins else "meta")
    try:
        with device:
            model = build_model(info.network, info.vocab)
    except ConfigError as error:
        raise ModelError(f"{path}: {error}") from None
    except (CorpusError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise ModelError(f"{path}: config.json and vocab.json describe no network: {reason}") from None
    check_headers(file, model.state_dict(), headers, info.network.embedder.word_size)
    tensors = read_weights(file, info, stored)
    if (scale := tensors.pop(FROZEN + SCALE, None)) is not None:
        model.embedder.keep_packed(tensors.pop(FROZEN), scale)
    model.load_state_dict(tensors, assign=True)
    return model
