"""Each moment is counted once, for the innermost part."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import run

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


def test_the_parts_of_a_run_have_the_names_that_are_told(model_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Ada left Turin. Rain fell.")
    told = run("predict", tmp_path / "a.txt", "-m", model_folder, "--profile", "-f", "jsonl", "--workers", "2").stderr
    parts = {re.split(r"  +", line)[0] for line in told.splitlines() if re.search(r" [0-9.]+ s( |$)", line)}
    assert parts >= {"start Python", "start workers", "read", "wait for workers", "write", "total"}
    assert parts >= {f"workers: {name}" for name in ("import torch", "load model", "tokenise", "tag", "render")}
    assert {"load tokeniser"} <= {part.removeprefix("workers: ") for part in parts}
