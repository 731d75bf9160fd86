"""What a killed process left is removed by the next one; what is being written is not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bilstm_tagger.io import part_files
from bilstm_tagger.io.atomic import atomic_write
from bilstm_tagger.io.part_files import open_part, remove_stale_parts

WRITER = """
import sys
from bilstm_tagger.io.atomic import atomic_write

with atomic_write(sys.argv[1]) as stream:
    stream.write("half")
    stream.flush()
    print("writing", flush=True)
    sys.stdin.read()
"""


@contextmanager
def writer(target: Path) -> Iterator[subprocess.Popen[str]]:
    """A process in the middle of writing a file; it goes on when its input is closed."""
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, target], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        cwd=Path(__file__).parents[2],
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "writing\n"
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.skipif(os.name != "posix", reason="sends a signal")
def test_the_next_write_removes_what_a_killed_process_left(tmp_path: Path) -> None:
    with writer(tmp_path / "a.txt") as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
    (left,) = tmp_path.iterdir()
    assert left.read_text() == "half"
    assert left.name.startswith(".")
    assert left.suffix == ".part"
    with atomic_write(tmp_path / "b.txt") as stream:
        stream.write("whole")
    assert [path.name for path in tmp_path.iterdir()] == ["b.txt"]


def test_what_another_process_is_writing_stays(tmp_path: Path) -> None:
    with writer(tmp_path / "a.txt") as process:
        with atomic_write(tmp_path / "b.txt") as stream:
            stream.write("mine")
        remove_stale_parts(tmp_path)
        process.communicate()
        assert process.returncode == 0
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a.txt": "half", "b.txt": "mine"}


def test_only_part_files_of_this_program_are_removed(tmp_path: Path) -> None:
    stale = tmp_path / f".bilstm-tagger-{'0f' * 8}.part"
    stale.touch()
    others = [
        "0123456789abcdef.part", ".0123456789abcdef.part", f".bilstm-tagger-{'0f' * 8}.part.txt",
        f".bilstm-tagger-{'0g' * 8}.part", f".bilstm-tagger-{'0f' * 7}.part",
    ]  # fmt: skip
    for name in others:
        (tmp_path / name).touch()
    linked = tmp_path / f".bilstm-tagger-{'1f' * 8}.part"
    linked.symlink_to(tmp_path / others[0])
    (tmp_path / f".bilstm-tagger-{'2f' * 8}.part").mkdir()
    remove_stale_parts(tmp_path)
    assert not stale.exists()
    assert linked.is_symlink()
    assert len(list(tmp_path.iterdir())) == len(others) + 2
    remove_stale_parts(tmp_path / "no such folder")


def test_a_part_file_that_was_taken_for_a_stale_one_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process looks between the file's making and its lock."""
    names = iter(["a" * 16, "b" * 16, "c" * 16])
    monkeypatch.setattr(part_files.secrets, "token_hex", lambda _: next(names))
    lock = part_files._lock
    calls = 0

    def late(stream: object, **options: bool) -> bool:
        nonlocal calls
        calls += 1
        if calls == 1:
            next(tmp_path.iterdir()).unlink()
        return calls != 2 and lock(stream, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(part_files, "_lock", late)
    path, stream = open_part(tmp_path, binary=True)
    with stream:
        assert path.name == f".bilstm-tagger-{'c' * 16}.part"
        assert path.exists()
        assert stream.write(b"x") == 1  # type: ignore[arg-type]


@pytest.mark.skipif(os.name != "posix", reason="locks of POSIX")
def test_without_locks_files_are_written_and_none_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import fcntl

    def unsupported(*_: object) -> None:
        raise OSError("no locks on this file system")

    monkeypatch.setattr(fcntl, "flock", unsupported)
    left = tmp_path / f".bilstm-tagger-{'0' * 16}.part"
    left.touch()
    with atomic_write(tmp_path / "a.txt") as stream:
        stream.write("x")
    assert sorted(path.name for path in tmp_path.iterdir()) == [left.name, "a.txt"]
