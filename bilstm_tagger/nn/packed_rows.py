"""Rows of a table in 8 or 4 bits: small whole numbers, and a scale for each row."""

from __future__ import annotations

import torch
from torch import Tensor

PACKED = (torch.int8, torch.uint8)  # 8 bits; 4 bits, two numbers to a byte


def unpacked(rows: Tensor, scale: Tensor, width: int) -> Tensor:
    """The rows as numbers `(rows, width)`, in float32.

    Args:
        rows: of kind int8 `(rows, width)`, or of kind uint8 with two numbers to a byte, the lower half first.
        scale: of each row `(rows, 1)`.
        width: numbers in a row.
    """
    if rows.dtype is torch.uint8:
        rows = torch.stack([rows & 15, rows >> 4], -1).flatten(1)[:, :width].float().sub_(7.5)
    return rows.float().mul_(scale.float())
