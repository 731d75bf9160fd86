"""The weights of a model folder: what the file says it holds is compared with the network before anything is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from bilstm_tagger.errors import ModelError, TaggerError
from bilstm_tagger.io.reading import sha256_file
from bilstm_tagger.model_folder.info import ModelInfo, Stored
from bilstm_tagger.model_folder.network import NetworkConfig
from bilstm_tagger.model_folder.quantization import SCALE, WORD_TABLES, dequantized
from bilstm_tagger.model_folder.upgrade import upgraded_weights

_FLOATS = ("F64", "F32", "F16", "BF16")
_QUANTIZED = {"I8": 1, "U8": 2}  # numbers in a byte, of word tables only
_LARGEST = 128  # whole number in 8 bits, by its size


class Header(NamedTuple):
    """What a file of weights says of a tensor.

    Attributes:
        kind: of its numbers, as safetensors names it.
        shape: its sizes.
    """

    kind: str
    shape: tuple[int, ...]


def save_weights(tensors: Mapping[str, Tensor], path: Path) -> None:
    """Writes tensors as safetensors.

    Raises:
        TaggerError: if they cannot be written, as on a full disk, for which safetensors has an error of its own.
    """
    try:
        save_file(dict(tensors), path)
    except SafetensorError as error:
        raise TaggerError(f"{path}: cannot be written: {error}; free some space or choose another place") from error


def read_headers(path: Path, version: int) -> dict[str, Header]:
    """What the file says of its tensors, by their present names; no tensor is read.

    Args:
        path: the file.
        version: format version of the folder, which decides the names of the tensors.

    Raises:
        ModelError: if it is missing, no regular file, or damaged.
    """
    with _damage_named(path):
        if path.exists() and not path.is_file():  # a pipe or a device would never end
            raise ModelError(f"{path}: damaged: not a regular file")
        with safe_open(path, framework="pt") as file:
            names = list(file.keys())
            slices = {name: file.get_slice(name) for name in names}
            headers = {name: Header(each.get_dtype(), tuple(each.get_shape())) for name, each in slices.items()}
    renamed = upgraded_weights(headers, version)
    if len(renamed) < len(headers):
        raise ModelError(f"{path}: damaged: two tensors have one name today")
    return renamed


def check_parts(path: Path, network: NetworkConfig, headers: Mapping[str, Header]) -> None:
    """Refuses a network of more parts than the file has tensors, before it is built.

    Raises:
        ModelError: naming the number of parts.
    """
    characters = network.embedder.characters
    parts = {
        "encoder.layers": network.encoder.layers * network.encoder.ensemble_size,
        "embedder.characters.widths": len(characters.widths) if characters else 0,
    }
    for name, count in parts.items():
        if count > len(headers):
            raise ModelError(f"{path}: holds {len(headers):,} tensors where {name} of config.json asks for {count:,}")


def check_headers(path: Path, wanted: Mapping[str, Tensor], headers: Mapping[str, Header], word_size: int) -> None:
    """Compares what the file says it holds with what the network needs.

    Args:
        path: the file, for the messages.
        wanted: the network's tensors; they need no memory behind them.
        headers: those of the file.
        word_size: size of the word vectors.

    Raises:
        ModelError: naming a tensor that is missing, unknown, of another shape or of another kind of number.
    """
    for name, tensor in wanted.items():
        if name not in headers:
            raise ModelError(f"{path}: tensor {name!r} is missing")
        found, shape = headers[name], tuple(tensor.shape)
        scales = headers.get(name + SCALE)
        if name in WORD_TABLES and found.kind in _QUANTIZED:
            shape = (shape[0], -(-word_size // _QUANTIZED[found.kind]))
            if scales is None or scales.shape != (shape[0], 1) or scales.kind not in _FLOATS:
                raise ModelError(
                    f"{path}: quantized tensor {name!r} has no {name + SCALE!r} with a number for each row"
                )
        elif found.kind not in _FLOATS:
            raise ModelError(f"{path}: tensor {name!r} is of {found.kind}, not of floats such as F32")
        elif scales is not None:
            raise ModelError(f"{path}: unknown tensor {name + SCALE!r}, for {name!r} is not quantized")
        if found.shape != shape:
            shapes = f"{list(found.shape)} where config.json and vocab.json need {list(shape)}"
            raise ModelError(f"{path}: tensor {name!r} has shape {shapes}")
    known = {*wanted, *(name + SCALE for name in WORD_TABLES)}
    if surplus := sorted(set(headers) - known):
        raise ModelError(f"{path}: unknown tensor {surplus[0]!r}")


def read_weights(path: Path, info: ModelInfo, stored: Stored) -> dict[str, Tensor]:
    """The weights by their present names, in float32; frozen rows of few bits as they are, with their scales.

    Raises:
        ModelError: if the file is damaged, is not that of `stored`, or holds a number that is not finite.
    """
    with _damage_named(path):
        if stored.sha256 is not None and sha256_file(path) != stored.sha256:
            raise ModelError(f"{path}: damaged: its checksum is not that of config.json; fetch the model again")
        tensors = dequantized(upgraded_weights(load_file(path), stored.version), info.network.embedder.word_size)
    for name, tensor in tensors.items():
        largest = tensor * _LARGEST if name.endswith(SCALE) else tensor
        if tensor.is_floating_point() and not largest.isfinite().all():
            name = name.removesuffix(SCALE)
            raise ModelError(f"{path}: tensor {name!r} holds a number that is not finite; train the model again")
    return tensors


@contextmanager
def _damage_named(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise ModelError(f"{path}: missing") from None
    except (SafetensorError, OSError, ValueError) as error:
        raise ModelError(f"{path}: damaged: {error}") from None
