"""Word tables in 8 or 4 bits: small whole numbers, and a scale for each row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import torch
from safetensors import SafetensorError
from torch import Tensor

from bilstm_tagger.nn.model import TaggingModel
from bilstm_tagger.nn.packed_rows import PACKED, unpacked

Quantization = Literal["float32", "int8", "int4"]

FROZEN = "embedder.frozen"
WORD_TABLES = ("embedder.words.weight", FROZEN)
SCALE = ".scale"  # behind a tensor's name: the scales of its rows, where it is stored in 8 or 4 bits
_PIECE = 1 << 14  # rows
_TINY = 1e-14  # for the division by the scale of a row of zeros


def round_words(model: TaggingModel, quantization: Quantization) -> None:
    """Gives the word table the values it will have when read back, so that scores taken now are those of the folder."""
    tables = {name: tensor for name, tensor in model.state_dict().items() if name in WORD_TABLES}
    stored = quantized(tables, quantization)
    for name, table in tables.items():
        if stored[name].dtype in PACKED:
            for rows in _pieces(table):  # in place, since these tables are most of the memory
                table[rows] = unpacked(stored[name][rows], stored[name + SCALE][rows], table.shape[1]).to(table.device)


def quantized(tensors: Mapping[str, Tensor], quantization: Quantization) -> dict[str, Tensor]:
    """Tensors as they are stored."""
    stored = {}
    for name, tensor in tensors.items():
        tensor = tensor.detach().cpu().contiguous()
        if name in WORD_TABLES and quantization != "float32" and len(tensor):
            rounded = _in_8_bits if quantization == "int8" else _in_4_bits
            pieces = [rounded(tensor[rows]) for rows in _pieces(tensor)]
            stored[name], stored[name + SCALE] = (torch.cat(part) for part in zip(*pieces, strict=True))
        else:
            stored[name] = tensor
    return stored


def dequantized(tensors: Mapping[str, Tensor], word_size: int) -> dict[str, Tensor]:
    """Tensors as the network reads them: small whole numbers times the scale of their rows, all floats in float32.

    Frozen rows, which are most of a large table and never change, stay small and keep their scales, so that they remain
    pages of the file, which all processes share that read it.

    Raises:
        SafetensorError: if the scales of a table are missing or of another shape.
    """
    full = {}
    for name, tensor in tensors.items():
        scaled = tensors.get(name.removesuffix(SCALE)) if name.endswith(SCALE) else None
        if scaled is not None and scaled.dtype in PACKED:
            continue
        if tensor.dtype in PACKED:
            scale = tensors.get(name + SCALE)
            if scale is None or scale.shape != (len(tensor), 1) or not scale.is_floating_point():
                raise SafetensorError(f"quantized tensor {name!r} has no {name + SCALE!r} with a number for each row")
            if name == FROZEN:
                full[name], full[name + SCALE] = tensor, scale
            else:
                full[name] = unpacked(tensor, scale, word_size)
        else:
            full[name] = tensor.float() if tensor.is_floating_point() else tensor
    return full


def _pieces(table: Tensor) -> list[slice]:
    """The rows of a large table in pieces, so that what is computed of it on the way stays small."""
    return [slice(first, first + _PIECE) for first in range(0, len(table), _PIECE)]


def _in_8_bits(table: Tensor) -> tuple[Tensor, Tensor]:
    """A table in 8 bits, and the scale of each row `(rows, 1)`."""
    scale = table.abs().amax(1, keepdim=True) / 127
    return (table / scale.clamp_min(_TINY)).round().to(torch.int8), scale


def _in_4_bits(table: Tensor) -> tuple[Tensor, Tensor]:
    """A table in 4 bits, two numbers to a byte, and the scale of each row `(rows, 1)`.

    The 16 levels lie at -7.5, -6.5, ... 7.5 times the scale: none is wasted on a lone minimum.
    """
    scale = table.abs().amax(1, keepdim=True) / 7.5
    levels = (table / scale.clamp_min(_TINY) + 7.5).round().to(torch.uint8)
    if levels.shape[1] % 2:
        levels = torch.nn.functional.pad(levels, (0, 1))
    return levels[:, ::2] | levels[:, 1::2] << 4, scale
