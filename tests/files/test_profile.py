"""Each moment is counted once, for the innermost part."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from bilstm_tagger.files import profile
from bilstm_tagger.files.profile import Profile


class Clock:
    """Time that passes only when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def perf_counter(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(profile, "time", clock)
    return clock


def test_parts_within_parts(clock: Clock) -> None:
    watch = Profile()

    def items() -> Iterator[int]:
        for number in range(3):
            clock.now += 2
            with watch.part("inner"):
                clock.now += 1
            yield number

    with watch.part("outer"):
        clock.now += 10
        for _ in watch.each("items", items()):
            clock.now += 5
    clock.now += 1000  # outside all parts
    with pytest.raises(ZeroDivisionError), watch.part("failing"):
        clock.now += 4
        _ = 1 / 0
    assert watch.seconds == {"outer": 25, "items": 6, "inner": 3, "failing": 4}
    watch.add({"outer": 1, "new": 2})
    assert watch.take() == {"outer": 26, "items": 6, "inner": 3, "failing": 4, "new": 2}
    assert watch.seconds == {}


def test_seconds_are_seconds() -> None:
    watch = Profile()
    with watch.part("sleep"):
        time.sleep(0.02)
    assert 0.02 <= watch.seconds["sleep"] < 10
