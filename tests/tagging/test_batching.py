"""The garbage collector pauses while a window is tagged; padding makes shapes of batches few."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import numpy as np
import pytest
from tiny import untrained

from bilstm_tagger.nn.few_sizes import in_few_shapes
from bilstm_tagger.tagging import torch_runtime
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


def test_the_collector_runs_while_the_caller_makes_the_sources() -> None:
    seen = []

    def made() -> Iterator[list[str]]:
        for _ in range(3):
            seen.append(gc.isenabled())
            yield ["Ada"]

    assert len(list(untrained().pipe(made()))) == 3
    assert seen == [True] * 3


def test_where_work_is_queued_a_window_holds_several_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """With one batch in each the queue of a GPU would run empty between them."""
    runtime = untrained().runtime
    assert runtime.window_tokens is None
    monkeypatch.setattr(torch_runtime, "is_queued", lambda device: True)
    assert runtime.window_tokens is not None
    assert runtime.window_tokens >= 2 * torch_runtime.QUEUED_TOKENS


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
