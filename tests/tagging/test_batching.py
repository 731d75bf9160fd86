"""The garbage collector pauses while a window is tagged."""

from __future__ import annotations

import gc

import pytest

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
