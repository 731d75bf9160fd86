"""Scores that heads give to decoding."""

from __future__ import annotations

import torch

from bilstm_tagger.nn.heads import LARGEST, bounded


def test_scores_that_cannot_be_summed_are_bounded() -> None:
    inf, nan = float("inf"), float("nan")
    given = torch.tensor([[inf, -inf, nan, 3e38], [-3e38, 1e29, 0.0, -5.0]])
    expected = torch.tensor([[LARGEST, -LARGEST, 0.0, LARGEST], [-LARGEST, 1e29, 0.0, -5.0]])
    assert torch.equal(bounded(given), expected)
    assert bounded(expected) is expected  # nothing is copied where all is well
    assert bounded(torch.empty(0, 4)).shape == (0, 4)
