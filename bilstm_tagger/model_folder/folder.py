"""The model folder: config.json, vocab.json, model.safetensors, metrics.json, README.md. No pickle anywhere."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from bilstm_tagger.errors import ConfigError, CorpusError, ModelError
from bilstm_tagger.io.atomic import atomic_folder, recover_folder
from bilstm_tagger.model_folder.build import build_model, network_scheme
from bilstm_tagger.model_folder.card import model_card
from bilstm_tagger.model_folder.json_files import ConfigJson, MetricsJson, VocabJson, read_json
from bilstm_tagger.nn.device import pick_device, pick_precision
from bilstm_tagger.nn.model import TaggingModel
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.settings.loading import parse_settings
from bilstm_tagger.settings.schema import Settings
from bilstm_tagger.vocab.vocab import Vocab

if TYPE_CHECKING:
    from bilstm_tagger.tagging.tagger import Tagger

FORMAT_VERSION = 1
SHIPPED = ("en",)
WORD_TABLES = ("embedder.words.weight", "embedder.frozen")
_PIECE = 1 << 14  # rows
_TINY = 1e-14  # for the division by the factor of a row of zeros
SCALE = ".scale"  # behind a tensor's name: the factors of its rows, where it is stored in 8 or 4 bits
PACKED = (torch.int8, torch.uint8)  # 8 bits; 4 bits, two numbers to a byte


def save_tagger(tagger: Tagger, folder: str | Path, *, keep: tuple[Path, ...] = ()) -> None:
    """Writes the tagger's model folder; a crash at any moment leaves the earlier folder or the new one.

    Args:
        tagger: what to store.
        folder: where; an earlier model there is replaced once the new one is complete.
        keep: files or folders to carry over into it.
    """
    config = {
        "format_version": FORMAT_VERSION,
        "settings": _portable(tagger.settings.model_dump(mode="json")),
        "schemes": {task: str(scheme) for task, scheme in tagger.schemes.items()},
        "word_size": tagger.model.embedder.word_size,
        **tagger.provenance,
    }
    with atomic_folder(folder) as new:
        _write_json(new / "config.json", config)
        _write_json(new / "vocab.json", tagger.vocab.to_json(), indent=None)
        _write_json(new / "metrics.json", tagger.metrics)
        save_file(_pack(tagger.model.state_dict(), tagger.settings), new / "model.safetensors")
        shutil.copymode(new / "config.json", new / "model.safetensors")  # safetensors writes for the owner alone
        (new / "README.md").write_text(model_card(tagger, settings=config["settings"], size=_size(new)), "utf-8")
        for path in keep:
            if path.is_dir():
                shutil.copytree(path, new / path.name)
            elif path.exists():
                shutil.copy2(path, new / path.name)


def _portable(values: dict[str, Any]) -> dict[str, Any]:
    """Settings whose files are named without their folders: those are nobody else's business once a model travels."""
    for owner in (values["data"], values["embedder"], values["training"], *values["tasks"].values()):
        for key in ("train", "dev", "replay", "vectors", "init_from"):
            name = owner.get(key)
            if name and not name.startswith("hf:"):
                owner[key] = Path(name).name
    for feature in values["features"].values():
        feature["phrases"] = {label: Path(name).name for label, name in feature["phrases"].items()}
    return values


def load_tagger(folder: str | Path, *, device: str = "cpu", precision: str = "auto") -> Tagger:
    """The tagger of a model folder.

    Raises:
        ModelError: naming the piece that is missing, truncated, mis-shaped or of another format version.
    """
    from bilstm_tagger.tagging.tagger import Tagger

    path = find_folder(folder)
    _check_version(path, read_json(path / "config.json"))
    config = read_json(path / "config.json", ConfigJson)
    metrics = read_json(path / "metrics.json", MetricsJson)
    try:
        settings = parse_settings(config["settings"], source=f"{path / 'config.json'}: settings")
        schemes = {task: Scheme(name) for task, name in config["schemes"].items()}
    except ConfigError as error:
        raise ModelError(str(error)) from None
    except ValueError as error:
        raise ModelError(f"{path / 'config.json'}: missing or wrong piece: schemes: {error}") from None
    vocab = Vocab.from_json(read_json(path / "vocab.json", VocabJson))
    if not schemes or vocab.tags.keys() != schemes.keys() or not schemes.keys() <= settings.tasks.keys():
        raise ModelError(f"{path / 'vocab.json'}: its tags are not those of the tasks in config.json")
    model = _model(path / "model.safetensors", settings, vocab, schemes, config["word_size"])
    provenance: dict[str, Any] = {key: config[key] for key in ("versions", "data") if key in config}
    model = model.to(pick_device(device))
    model.precision = pick_precision(precision, pick_device(device))
    return Tagger(model, vocab, settings=settings, schemes=schemes, metrics=metrics, provenance=provenance)


def find_folder(name: str | Path) -> Path:
    """The folder of that path, or of a model that comes with the package by its name.

    Raises:
        ModelError: if there is neither.
    """
    path = Path(name)
    recover_folder(path)
    if path.is_dir():
        return path
    shipped = shipped_models()
    if str(name) in shipped:
        return shipped[str(name)]
    known = f"; models that come with the package: {', '.join(shipped)}" if shipped else ""
    raise ModelError(f"{path}: no such model folder{known}")


def shipped_models() -> dict[str, Path]:
    """Folders of the models that come with the package, by name: inside the wheel, or beside an editable install."""
    package = Path(__file__).parent.parent
    places = [
        package / "models",
        *([package.parent / "models"] if (package.parent / "pyproject.toml").exists() else []),
    ]
    return {name: place / name for name in SHIPPED for place in places if is_model_folder(place / name)}


def versions() -> dict[str, str]:
    """Versions of what decides the weights."""
    return {
        "bilstm_tagger": version("bilstm-tagger"),
        "python": sys.version.split()[0],
        "torch": torch.__version__,
    }


def is_model_folder(folder: Path) -> bool:
    """Whether a finished model is there."""
    return (folder / "config.json").is_file()


def _model(path: Path, settings: Settings, vocab: Vocab, schemes: Mapping[str, Scheme], word_size: int) -> TaggingModel:
    network = {task: network_scheme(settings, task, scheme) for task, scheme in schemes.items()}
    try:
        model = build_model(settings, vocab, network, word_size=word_size)
    except (CorpusError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise ModelError(f"{path.parent}: config.json and vocab.json describe no network: {reason}") from None
    try:
        tensors = _unpack(load_file(path), word_size)
    except FileNotFoundError:
        raise ModelError(f"{path}: missing") from None
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{path}: damaged: {error}") from None
    wanted = model.state_dict()
    for name, tensor in wanted.items():
        if name not in tensors:
            raise ModelError(f"{path}: tensor {name!r} is missing")
        if tensors[name].shape != tensor.shape:
            shapes = f"{list(tensors[name].shape)} where config.json and vocab.json need {list(tensor.shape)}"
            raise ModelError(f"{path}: tensor {name!r} has shape {shapes}")
        if tensors[name].dtype != tensor.dtype:
            raise ModelError(f"{path}: tensor {name!r} is of {tensors[name].dtype}, not {tensor.dtype}")
    if surplus := sorted(set(tensors) - set(wanted)):
        raise ModelError(f"{path}: unknown tensor {surplus[0]!r}")
    model.load_state_dict(tensors, assign=True)
    return model


def round_words(model: TaggingModel, settings: Settings) -> None:
    """Gives the word table the values it will have when read back, so that scores taken now are those of the folder."""
    tables = {name: tensor for name, tensor in model.state_dict().items() if name in WORD_TABLES}
    stored = _pack(tables, settings)
    for name, table in tables.items():
        if stored[name].dtype in PACKED:
            for rows in _pieces(table):  # in place, since these tables are most of the memory
                table[rows] = _scaled(stored[name][rows], stored[name + SCALE][rows], table.shape[1]).to(table.device)


def _pack(tensors: Mapping[str, Tensor], settings: Settings) -> dict[str, Tensor]:
    """Tensors as they are stored."""
    packed = {}
    for name, tensor in tensors.items():
        tensor = tensor.detach().cpu().contiguous()
        if name in WORD_TABLES and settings.embedder.stored != "float32" and len(tensor):
            rounded = _in_bytes if settings.embedder.stored == "int8" else _in_half_bytes
            pieces = [rounded(tensor[rows]) for rows in _pieces(tensor)]
            packed[name], packed[name + SCALE] = (torch.cat(part) for part in zip(*pieces, strict=True))
        else:
            packed[name] = tensor
    return packed


def _unpack(tensors: Mapping[str, Tensor], word_size: int) -> dict[str, Tensor]:
    """Tensors as the network reads them: small whole numbers times the scale of their rows, all floats in float32."""
    full = {}
    for name, tensor in tensors.items():
        scaled = tensors.get(name.removesuffix(SCALE)) if name.endswith(SCALE) else None
        if scaled is not None and scaled.dtype in PACKED:
            continue
        if tensor.dtype in PACKED:
            scale = tensors.get(name + SCALE)
            if scale is None or scale.shape != (len(tensor), 1):
                raise SafetensorError(f"packed tensor {name!r} has no {name + SCALE!r} with a number for each row")
            full[name] = _scaled(tensor, scale, word_size)
        else:
            full[name] = tensor.float() if tensor.is_floating_point() else tensor
    return full


def _pieces(table: Tensor) -> list[slice]:
    """The rows of a large table in pieces, so that what is computed of it on the way stays small."""
    return [slice(first, first + _PIECE) for first in range(0, len(table), _PIECE)]


def _in_bytes(table: Tensor) -> tuple[Tensor, Tensor]:
    """A table in 8 bits, and the factor of each row `(rows, 1)`."""
    scale = table.abs().amax(1, keepdim=True) / 127
    return (table / scale.clamp_min(_TINY)).round().to(torch.int8), scale


def _in_half_bytes(table: Tensor) -> tuple[Tensor, Tensor]:
    """A table in 4 bits, two numbers to a byte, and the factor of each row `(rows, 1)`.

    The 16 levels lie at -7.5, -6.5, ... 7.5 times the factor: none is wasted on a lone minimum.
    """
    scale = table.abs().amax(1, keepdim=True) / 7.5
    levels = (table / scale.clamp_min(_TINY) + 7.5).round().to(torch.uint8)
    if levels.shape[1] % 2:
        levels = torch.nn.functional.pad(levels, (0, 1))
    return levels[:, ::2] | levels[:, 1::2] << 4, scale


def _scaled(table: Tensor, scale: Tensor, width: int) -> Tensor:
    """The inverse of `_in_bytes` and `_in_half_bytes`, up to rounding, for rows of `width` numbers."""
    if table.dtype is torch.uint8:
        table = torch.stack([table & 15, table >> 4], -1).flatten(1)[:, :width].float().sub_(7.5)
    return table.float().mul_(scale.float())


def _check_version(path: Path, config: Mapping[str, Any]) -> None:
    found = config.get("format_version")
    if found != FORMAT_VERSION:
        raise ModelError(
            f"{path / 'config.json'}: format version {found!r}, but this bilstm-tagger reads {FORMAT_VERSION}; "
            "install the release that wrote it or train again"
        )


def _write_json(path: Path, values: object, *, indent: int | None = 2) -> None:
    path.write_text(json.dumps(values, ensure_ascii=False, indent=indent) + "\n", "utf-8")


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())
