"""`--workers auto`: processes for much text, threads for little, never more than there are cores."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from bilstm_tagger.cli import app
from bilstm_tagger.errors import ConfigError
from bilstm_tagger.files import split
from bilstm_tagger.files.split import BYTES_PER_WORKER, Split, best_split, input_size


@pytest.mark.parametrize(
    ("size", "cores", "expected"),
    [
        (None, 4, Split(1, 4)),
        (None, 64, Split(1, 8)),
        (100_000, 2, Split(1, 2)),
        (10**9, 2, Split(2, 1)),
        (10**12, 96, Split(96, 1)),
        (10**12, 1, Split(1, 1)),
        (BYTES_PER_WORKER * 3, 16, Split(3, 1)),
    ],
)
def test_known_cases(size: int | None, cores: int, expected: Split) -> None:
    assert best_split(size, cores) == expected


@given(size=st.integers(0, 10**13), more=st.integers(0, 10**13), cores=st.integers(1, 256))
def test_more_text_never_gets_fewer_processes_and_no_core_is_used_twice(size: int, more: int, cores: int) -> None:
    small, large = best_split(size, cores), best_split(size + more, cores)
    assert small.workers <= large.workers
    assert 1 <= large.workers * large.threads <= cores


def test_sizes_of_folders_and_compressed_files(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_bytes(b"x" * 1000)
    (tmp_path / "in" / "b.jsonl.gz").write_bytes(b"x" * 100)
    (tmp_path / "in" / "left.out").write_bytes(b"x" * 100)
    assert input_size([tmp_path / "in"]) == 1400
    assert input_size(["-"]) is None


def test_predict_takes_auto_and_tells_what_it_is(
    tmp_path: Path, model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(split, "usable_cores", lambda: 2)
    (tmp_path / "a.txt").write_text("Ada came.", "utf-8")
    call = ["predict", str(tmp_path / "a.txt"), "--model", str(model_folder), "--format", "conll", "--workers"]
    auto, one = CliRunner().invoke(app, [*call, "auto"]), CliRunner().invoke(app, [*call, "1"])
    assert auto.exit_code == one.exit_code == 0
    assert auto.stdout == one.stdout
    assert "note: --workers 1 --threads 2 for 0.0 MB on 2 cores" in auto.stderr
    for wrong in ("0", "-1", "two", ""):
        result = CliRunner().invoke(app, [*call, wrong], env={"COLUMNS": "200"})
        assert result.exit_code == 2
        assert "is neither auto nor a number from 1 to" in re.sub(r"[\s│]+", " ", result.stderr)
    result = CliRunner().invoke(app, [*call, "auto", "--threads", "2"], env={"COLUMNS": "200"})
    assert (result.exit_code, "chooses the threads too" in result.stderr) == (2, True)


def test_cores_are_those_that_the_process_may_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 5, 7}, raising=False)
    assert split.usable_cores() == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert split.usable_cores() == 1


def test_commands_start_no_more_than_the_process_may_use(monkeypatch: pytest.MonkeyPatch) -> None:
    """A container or a job has fewer cores than its machine."""
    asked: dict[str, object] = {}

    def stop(*_: object, **options: object) -> None:
        asked.update(options)
        raise ConfigError("enough")

    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(5)), raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    monkeypatch.setattr("bilstm_tagger.studies.memory.run_memory_study", stop)
    monkeypatch.setattr("bilstm_tagger.evaluation.speed.benchmark", stop)
    assert CliRunner().invoke(app, ["study", "memory"]).exit_code == 1
    assert asked.pop("workers") == 5
    assert CliRunner().invoke(app, ["benchmark"]).exit_code == 1
    assert asked["threads"] == [1, 2, 4, 5]


def test_nothing_else_counts_cores() -> None:
    """`os.cpu_count` knows nothing of what the process may use."""
    root = Path(__file__).parents[2]
    files = [*(root / "bilstm_tagger").rglob("*.py"), *(root / "benchmarks").rglob("*.py")]
    counting = {file.relative_to(root).as_posix() for file in files if "cpu_count" in file.read_text("utf-8")}
    assert counting == {"bilstm_tagger/files/split.py"}
