"""Scores that heads give to decoding."""

from __future__ import annotations

import pytest
import torch

from bilstm_tagger.nn.heads import LARGEST, Head, bounded, stacked_emissions


def test_scores_that_cannot_be_summed_are_bounded() -> None:
    inf, nan = float("inf"), float("nan")
    given = torch.tensor([[inf, -inf, nan, 3e38], [-3e38, 1e29, 0.0, -5.0]])
    expected = torch.tensor([[LARGEST, -LARGEST, 0.0, LARGEST], [-LARGEST, 1e29, 0.0, -5.0]])
    assert torch.equal(bounded(given), expected)
    assert bounded(expected) is expected  # nothing is copied where all is well
    assert bounded(torch.empty(0, 4)).shape == (0, 4)


@pytest.mark.parametrize("hidden_size", [0, 6])
@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_heads_side_by_side_are_those_of_each_encoder(hidden_size: int, precision: torch.dtype) -> None:
    torch.manual_seed(0)
    heads = [Head(5, 4, crf=None, hidden_size=hidden_size) for _ in range(3)]
    for head in heads:
        torch.nn.init.normal_(head.projection.bias)
    states = torch.randn(3, 2, 7, 5, requires_grad=True)
    together = stacked_emissions(heads, states, precision)
    alone = torch.stack([head(each, precision) for head, each in zip(heads, states, strict=True)])
    assert together.shape == (3, 2, 7, 4)
    wanted = [states, *(weight for head in heads for weight in head.parameters())]
    given = torch.randn_like(alone)
    found, expected = (torch.autograd.grad(each, wanted, given) for each in (together, alone))
    close = 1e-5 if precision is torch.float32 else 0.03
    for one, other in zip([together, *found], [alone, *expected], strict=True):
        assert torch.allclose(one, other, rtol=close, atol=close)
