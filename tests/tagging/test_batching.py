"""The garbage collector pauses while a window is tagged; padding makes shapes of batches few."""

from __future__ import annotations

import gc

import numpy as np
import pytest

from bilstm_tagger.nn.few_sizes import in_few_shapes
from bilstm_tagger.tagging.batching import collector_paused


def test_the_collector_pauses_only_within_and_stays_off_where_it_was() -> None:
    with collector_paused():
        assert not gc.isenabled()
        with collector_paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(ZeroDivisionError), collector_paused():
        _ = 1 / 0
    assert gc.isenabled()


def test_added_padding_makes_shapes_few_and_changes_nothing_else() -> None:
    draw = np.random.default_rng(0)
    shapes = set()
    for tokens in range(1, 300):
        sentences = max(1, 8_000 // tokens)
        places = draw.integers(0, 9_000, (sentences, tokens))
        mask = draw.random((sentences, tokens)) < 0.7
        wider, known = in_few_shapes(places, mask)
        assert wider.shape == known.shape
        assert np.array_equal(wider[known], places[mask])
        assert np.array_equal(known[:sentences, :tokens], mask)
        assert all(before <= after <= 1.125 * before for before, after in zip(mask.shape, known.shape, strict=True))
        shapes.add(known.shape)
    assert len(shapes) <= 90  # of 299
