"""Products in bfloat16 on a CPU, with numbers of rows that are rounded up to few sizes.

oneDNN, which computes them, makes a program for each number of rows and keeps the last 1024 of them, about 0.7 MB each.
A tagger meets thousands of numbers of rows, and its memory grew for millions of tokens. Rounded, there are eight sizes
from one power of two to the next. The added rows cost no time: a tile of the processor has 16 rows, and programs for
multiples of 32 are quicker than most others.

MKL, which computes products in float32, keeps nothing.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

SMALLEST = 16  # rows of the smallest product
STEP = 32  # least difference of two sizes behind it
PER_OCTAVE = 8  # sizes from a power of two to the next


def rows_up(rows: int, dtype: torch.dtype) -> int:
    """The smallest size with room for so many rows; that number itself where sizes do not matter.

    Args:
        rows: number of rows.
        dtype: kind of number of the product.
    """
    if dtype is not torch.bfloat16:
        return rows
    return SMALLEST if rows <= SMALLEST else -(-rows // _step(rows)) * _step(rows)


def rows_down(rows: int) -> int:
    """The largest size of at most so many rows; 0 if there is none."""
    if rows < STEP:
        return SMALLEST if rows >= SMALLEST else 0
    return rows // _step(rows) * _step(rows)


def in_few_shapes(places: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A padded batch with more padding, 7 % as a rule, so that batches have few shapes.

    Args:
        places: place of each token `(batch, tokens)`.
        mask: which of them are real `(batch, tokens)`.
    """
    added = [(0, -size % _step(size, least=1)) for size in mask.shape]
    return np.pad(places, added), np.pad(mask, added)


def _step(rows: int, *, least: int = STEP) -> int:
    octave = 1 << (rows.bit_length() - 1)
    return max(least, octave // PER_OCTAVE)


def linear(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """As `torch.nn.functional.linear`, without a gradient: `(rows, outputs)`.

    The most rows that are a size are one product, and the rest, with zeros behind it, another.

    Args:
        x: inputs `(rows, inputs)`.
        weight: `(outputs, inputs)`, with the inputs' kind of number.
        bias: `(outputs,)`.
    """
    rows, whole = len(x), rows_down(len(x))
    if x.dtype is not torch.bfloat16 or x.device.type != "cpu" or whole == rows:
        return nn.functional.linear(x, weight, bias)
    result = x.new_empty(rows, len(weight))
    if whole:
        torch.addmm(bias, x[:whole], weight.t(), out=result[:whole])
    rest = x.new_zeros(rows_up(rows - whole, x.dtype), x.shape[1])
    rest[: rows - whole] = x[whole:]
    result[whole:] = nn.functional.linear(rest, weight, bias)[: rows - whole]
    return result
