"""Rounded numbers of rows: few, with little added, and with the same products."""

from __future__ import annotations

import pytest
import torch

from bilstm_tagger.nn.few_sizes import linear, rows_down, rows_up

MOST = 8192  # rows, as many as a large batch has tokens
SIZES = {rows_up(rows, torch.bfloat16) for rows in range(1, MOST + 1)}


def test_there_are_few_sizes_and_little_is_added() -> None:
    assert len(SIZES) <= 50
    for rows in range(1, MOST + 1):
        up = rows_up(rows, torch.bfloat16)
        assert rows <= up < rows + max(32, rows / 8)
        assert up == min(size for size in SIZES if size >= rows)
        assert rows_up(rows, torch.float32) == rows


def test_the_next_size_below() -> None:
    for rows in range(MOST + 1):
        assert rows_down(rows) == max((size for size in SIZES if size <= rows), default=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("rows", [0, 1, 15, 16, 17, 32, 33, 63, 300, 1023, 1024, 1030])
@torch.inference_mode()
def test_products_are_those_of_float64(rows: int, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    x, weight, bias = (torch.randn(shape).to(dtype) for shape in ((rows, 40), (24, 40), (24,)))
    exact = x.double() @ weight.double().t() + bias.double()
    strided = torch.cat([x, x], 1).chunk(2, 1)[0]
    for given in (x, strided):
        found = linear(given, weight, bias)
        assert found.dtype is dtype
        error = 1e-5 if dtype is torch.float32 else 2**-7
        torch.testing.assert_close(found.double(), exact, rtol=error, atol=error)
