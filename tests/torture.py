"""Runs that are killed at random moments, again and again, and finished: nothing half written, lost or left behind.

As a program, `python tests/torture.py --kills 100` kills `bilstm-tagger predict` with a small network; the tests kill
runs of a tagger of fixed rules, which start in a fraction of the time. Each kind of run is an entry of `KINDS`.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from bilstm_tagger.files.earlier_output import MARK
from bilstm_tagger.files.resume import NAME

TESTS = Path(__file__).parent
PATHS = os.pathsep.join([str(TESTS.parent), str(TESTS)])
ENVIRONMENT = {**os.environ, "PYTHONPATH": PATHS, "OMP_NUM_THREADS": "1", "PYTHONFAULTHANDLER": "1"}
LONGEST = 120.0  # seconds of processor that a run may take, or seconds without any
FINISH = 5  # after so many kills a run is finished and compared
# Number of processes, and what is killed by which signal.
WAYS = ((1, "KILL"), (2, "worker KILL"), (1, "TERM"), (2, "KILL"), (1, "INT"), (2, "TERM"), (2, "INT"))

RULES = """
import signal, sys
from rule_tagger import RuleTagger
from worker_taggers import load_rules
from bilstm_tagger.cli.app import end_by_signal
from bilstm_tagger.files import WorkerPool, tag_files

if __name__ == "__main__":
    signal.signal(signal.SIGTERM, end_by_signal)
    source, output, workers = sys.argv[1:]
    asked = {"output": output, "resume": True, "identity": "rules", "format": "conll"}
    if workers == "1":
        tag_files(RuleTagger(), [source], **asked)
    else:
        with WorkerPool(load_rules, int(workers)) as pool:
            tag_files(pool, [source], **asked)
"""

Command = Callable[[Path, Path, int], Sequence[str]]


def rules(source: Path, output: Path, workers: int) -> list[str]:
    """A run of the tagger of fixed rules, written as a script since workers import it."""
    script = source.parent / "rules.py"
    script.write_text(RULES)
    return [sys.executable, str(script), str(source), str(output), str(workers)]


def predict(source: Path, output: Path, workers: int) -> list[str]:
    """A run of the command with a small network that is not trained."""
    model = source.parent / "model"
    if not model.exists():
        from tiny import settings_of, untrained

        untrained(settings_of(data__tokenizer="whitespace")).save(model)
    line = [sys.executable, "-m", "bilstm_tagger", "predict", str(source), "-m", str(model), "-o", str(output)]
    return [*line, "--resume", "--workers", str(workers), "-f", "conll", "--no-check-language"]


KINDS: dict[str, Command] = {"predict": predict, "rules": rules}


def make_inputs(folder: Path, files: int = 40) -> None:
    """Texts of very different lengths."""
    draw = random.Random(0)
    words = ["Ada", "the", "boat", "left", "Turin", "in", "1999", ".", "Noor", "zürich", "🙂"]
    for number in range(files):
        path = folder / f"{number % 3}" / f"{number:02}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = draw.choice((0, 1, 5, 60, 400))
        path.write_text("".join(" ".join(draw.choices(words, k=9)) + "\n" for _ in range(lines)), "utf-8")


def contents(folder: Path) -> dict[str, bytes]:
    """All files below a folder that are not hidden."""
    found = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in sorted(found.items()) if not path.name.startswith(".")}


def hidden(folder: Path) -> list[str]:
    """Names of hidden files below a folder, but for the mark of output."""
    return sorted(path.name for path in folder.rglob(".*") if path.name != MARK)


def lives(group: int) -> bool:
    """Whether a process of a group is still there."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def processor_time(group: int) -> float:
    """Seconds that the processes of a group have used; those of ended ones that nobody waited for are missing."""
    ticks = 0
    for each in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            values = each.read_text().rpartition(")")[2].split()
            ticks += sum(map(int, values[11:15])) if int(values[2]) == group else 0
    return ticks / os.sysconf("SC_CLK_TCK")


def wait(process: subprocess.Popen[bytes], longest: float = LONGEST) -> int:
    """The exit code of the leader of a process group, which may take its time where others use the processor.

    Raises:
        AssertionError: it hangs; each of its processes has told on its standard error where.
    """
    used, since = 0.0, time.monotonic()
    while process.poll() is None:
        with suppress(subprocess.TimeoutExpired):
            process.wait(1)
        now = processor_time(process.pid)
        if now != used:
            used, since = now, time.monotonic()
        if process.poll() is None and (used > longest or time.monotonic() - since > longest):
            os.killpg(process.pid, signal.SIGABRT)
            process.wait()
            raise AssertionError(f"{process.args!r} hangs, having used {used:.1f} s of processor")
    return process.returncode


def children(process: int) -> list[int]:
    """The worker processes of a process: those that are no helper of `multiprocessing`."""
    found = []
    for each in Path("/proc").iterdir():
        with suppress(OSError):
            if each.name.isdecimal() and b"spawn_main" in (each / "cmdline").read_bytes():
                parent = (each / "stat").read_text().rpartition(")")[2].split()[1]
                if int(parent) == process:
                    found.append(int(each.name))
    return found


def kill_once(line: Sequence[str], output: Path, way: str, draw: random.Random, files: int) -> bool:
    """Begin a run and kill it when a random number of files is there.

    Returns:
        Whether it was killed before it had finished.
    """
    before = len(contents(output)) if output.exists() else 0
    # Workers are done long before the last file is written; one is killed while they work.
    wanted = before if way.startswith("worker") else draw.randint(before, files)
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            line, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=errors, start_new_session=True
        )
        try:
            deadline = time.monotonic() + LONGEST
            while process.poll() is None and time.monotonic() < deadline:
                if (output / NAME).exists() and len(contents(output)) >= wanted:
                    break
                time.sleep(0.002)
            time.sleep(draw.choice((0.0, draw.random() * 0.02)))
            name = way.removeprefix("worker ")
            targets = [process.pid]
            if way.startswith("worker"):
                targets = draw.sample(found, 1) if (found := children(process.pid)) else []
            for target in targets:
                with suppress(ProcessLookupError):
                    os.kill(target, getattr(signal, f"SIG{name}"))
            code = wait(process)
            deadline = time.monotonic() + LONGEST
            while lives(process.pid) and time.monotonic() < deadline:
                time.sleep(0.01)
            assert not lives(process.pid), "a process is left behind"
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        errors.seek(0)
        message = errors.read().decode("utf-8", "replace")
    assert code <= 0 or way != "worker KILL" or "a worker process ended" in message, message
    return code != 0


def torture(kind: str, kills: int, *, seed: int = 0) -> Counter[str]:
    """Kill runs, finish each after a few kills, and compare it with one that was not killed.

    Args:
        kind: a key of `KINDS`.
        kills: how many times.
        seed: of the moments.

    Returns:
        How often a run was ended in which way, and how often one had finished before.

    Raises:
        AssertionError: something was half written, lost, changed or left behind, or a run did not end.
    """
    draw = random.Random(seed)
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        source, output = Path(folder, "in"), Path(folder, "out")
        make_inputs(source)
        command = KINDS[kind]
        _finish(command(source, output, 1))
        whole = contents(output)
        assert len(whole) == len(contents(source))
        shutil.rmtree(output)
        for number in range(1, kills + 1):
            processes, way = WAYS[number % len(WAYS)]
            before = set(hidden(output) if output.exists() else ())
            killed = kill_once(command(source, output, processes), output, way, draw, len(whole))
            counts[way if killed else "finished before"] += 1
            written = contents(output) if output.exists() else {}
            wrong = [name for name, data in written.items() if whole.get(name) != data]
            assert not wrong, f"half written: {wrong}"
            if way in ("TERM", "INT"):
                left = set(hidden(output) if output.exists() else ()) - before  # a SIGKILL may have left some before
                # A signal may also fall between the making of a file and the note that it has to go.
                assert all(name == NAME or name.endswith(".part") for name in left), left
            if not killed or written == whole or number % FINISH == 0 or number == kills:
                _finish(command(source, output, draw.choice((1, 2))), ready=written == whole)
                assert contents(output) == whole
                assert hidden(output) == []
                shutil.rmtree(output)
    return counts


def _finish(line: Sequence[str], *, ready: bool = False) -> None:
    """Let a run go to its end; where the killed one was ready with all, it is refused, since it would overwrite."""
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            line, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=errors, start_new_session=True
        )
        try:
            code = wait(process)
        finally:
            errors.seek(0)
            message = errors.read().decode("utf-8", "replace")
            if process.returncode == -signal.SIGABRT:  # it hung
                sys.stderr.write(message)
    assert code == 0 or (ready and "no run was interrupted" in message), message


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100, help="how many times")
    parser.add_argument("--kind", choices=list(KINDS), default="predict", help="what is killed")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    arguments = parser.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in what shells run in the background
    began = time.monotonic()
    counts = torture(arguments.kind, arguments.kills, seed=arguments.seed)
    ways = ", ".join(f"{count} {way}" for way, count in sorted(counts.items()))
    print(f"{arguments.kind}: {arguments.kills} kills ({ways}), nothing lost, {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
