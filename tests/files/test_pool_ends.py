"""Processes end with their pool, and what ends one of them is told in one line."""

from __future__ import annotations

import io
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from tagged import contents
from worker_taggers import load_ending

from bilstm_tagger.errors import ModelError, TaggerError
from bilstm_tagger.files import ModelLoader, Profile, WorkerPool, tag_files
from bilstm_tagger.files import parts as chunks
from bilstm_tagger.files import pool as pools
from bilstm_tagger.files.inputs import Job
from bilstm_tagger.files.options import TagOptions
from bilstm_tagger.files.streams import Untagged


@pytest.mark.parametrize(
    ("word", "error", "message"),
    [
        ("deadly", TaggerError, "a worker process ended before its work was done; .* use fewer --workers"),
        # What keeps `concurrent.futures.ProcessPoolExecutor` waiting without end.
        ("torn", TaggerError, "a worker process ended before its work was done; .* use fewer --workers"),
        ("failing", TaggerError, "the tagger failed"),
        ("faulty", RuntimeError, "ZeroDivisionError: a fault"),
    ],
)
def test_what_fails_in_a_worker_is_told_here(
    tmp_path: Path, word: str, error: type[Exception], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "FIRST_CHUNK", 1)
    monkeypatch.setattr(chunks, "CHUNK", 1)
    others = set(multiprocessing.active_children())
    threads = set(threading.enumerate())
    (tmp_path / "a.txt").write_text("\n".join(["Ada"] * 3 + [word] + ["Bob"] * 30), "utf-8")
    stream = io.StringIO()
    with pytest.raises(error, match=message), WorkerPool(load_ending, 2) as pool:
        tag_files(pool, [tmp_path / "a.txt"], stream=stream, input_format="lines")
    assert set(multiprocessing.active_children()) <= others
    assert set(threading.enumerate()) <= threads
    written = [json.loads(line)["text"] for line in stream.getvalue().splitlines()]
    assert written == ["Ada"] * len(written)


def test_files_before_a_killed_worker_are_complete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "FIRST_CHUNK", 1)
    monkeypatch.setattr(chunks, "CHUNK", 1)
    for number in range(20):
        (tmp_path / f"{number:02}.txt").write_text("deadly" if number == 17 else "Ada", "utf-8")
    inputs = sorted(tmp_path.iterdir())
    out = tmp_path / "out"
    with pytest.raises(TaggerError, match="use fewer --workers"), WorkerPool(load_ending, 2) as pool:
        tag_files(pool, inputs, output=out)
    written = contents(out)
    assert list(written) == [f"{number:02}.txt.jsonl" for number in range(len(written))]
    assert all(json.loads(line)["text"] == "Ada" for line in written.values())
    assert 17 - 2 * pools.AHEAD - 1 <= len(written) <= 17


@pytest.mark.parametrize("busy", [True, False])
def test_leaving_ends_all_at_once(busy: bool) -> None:
    """In the middle of work, and while the processes still start."""
    others = set(multiprocessing.active_children())
    threads = set(threading.enumerate())
    job = Job(Path("a"), "a", "lines")
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt), WorkerPool(load_ending, 2) as pool:
        if busy:
            _ = pool.reading
            began = time.monotonic()
            items = [(job, Untagged("endless", "a")), (job, Untagged("endless", "b"))]
            tagged = pool.tag(iter(items), format="jsonl", options=TagOptions(), profile=Profile())
            interrupt = threading.Timer(0.3, os.kill, [os.getpid(), signal.SIGINT])
            interrupt.start()
            next(tagged)
        raise KeyboardInterrupt
    assert time.monotonic() - began < 10
    assert all(worker.connection.closed for worker in pool._workers)
    if busy:
        interrupt.join()  # which may still be on its way out
    assert set(multiprocessing.active_children()) <= others
    assert set(threading.enumerate()) <= threads


def test_a_model_that_cannot_be_loaded(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such model folder"), WorkerPool(ModelLoader("missing"), 2) as pool:
        _ = pool.reading


ENDLESS = """
import sys
from pathlib import Path
sys.path[:0] = {paths!r}
from worker_taggers import load_rules
from bilstm_tagger.files import WorkerPool, tag_files

if __name__ == "__main__":
    with WorkerPool(load_rules, 2) as pool:
        tag_files(pool, [Path(sys.argv[1])], stream=sys.stdout, input_format="lines")
"""


@pytest.mark.skipif(os.name != "posix", reason="signals of a terminal")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_the_processes_end_with_their_parent(tmp_path: Path, how: signal.Signals) -> None:
    """Ctrl-C reaches all processes of a terminal; only the parent may say something. A kill reaches it alone."""
    script = tmp_path / "endless.py"
    script.write_text(ENDLESS.format(paths=[str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]), "utf-8")
    (tmp_path / "a.txt").write_text("Ada wins\n" * 200_000)
    process = subprocess.Popen(
        [sys.executable, script, tmp_path / "a.txt"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline().startswith("{")
    if how == signal.SIGINT:
        os.killpg(process.pid, how)
    else:
        process.send_signal(how)
    error = process.communicate(timeout=60)[1]
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and _group_lives(process.pid):
        time.sleep(0.05)
    assert not _group_lives(process.pid)
    assert error.count("Traceback") == (how == signal.SIGINT)
    assert error == "" or error.endswith("KeyboardInterrupt\n")


LEFT_OPEN = """
import sys
sys.path[:0] = {paths!r}
from worker_taggers import load_rules
from bilstm_tagger.files import WorkerPool

if __name__ == "__main__":
    pool = WorkerPool(load_rules, 1)
    print(sorted(pool.reading))
"""


def test_a_program_ends_that_does_not_leave_its_pool(tmp_path: Path) -> None:
    script = tmp_path / "open.py"
    script.write_text(LEFT_OPEN.format(paths=[str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]), "utf-8")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("[")


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
