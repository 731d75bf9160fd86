"""Samples changes, runs the tests on each, and lists those that no test noticed."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from benchmarks.mutants.changes import Change, sample
from benchmarks.mutants.covering import Lines, covering_tests, tests_of_change
from benchmarks.mutants.targets import modules, tests_of

ROOT = Path(__file__).parents[2]
NOBODY = 65534  # the user without rights, where this is run as root
OWN_CACHE = "@compiled"  # numba keeps a caller's machine code when a function that it calls changes
AT_MOST = 900.0  # seconds for the tests of a change; one that hangs has been noticed


class Copy:
    """A copy of the sources in which changes are tried one at a time.

    Args:
        place: an empty folder for it.
        python: the interpreter that runs the tests.
    """

    def __init__(self, place: Path, python: str) -> None:
        self.place = place
        self.python = python
        self.root = place / "sources"
        listed = subprocess.run(
            ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
        )
        for name in filter(None, listed.stdout.split("\0")):
            if (ROOT / name).is_file():
                (self.root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, self.root / name)
        self.tried = 0
        self.output, self.coverage = place / "output", place / "coverage"
        self._warm: subprocess.Popen[str] | None = None
        for name in ("home", "cache", "temporary"):
            (place / name).mkdir()
        if os.geteuid() == 0:
            for folder, _, names in os.walk(place):
                for path in (Path(folder), *(Path(folder, name) for name in names)):
                    os.chown(path, NOBODY, NOBODY)

    def noticed(self, change: Change, tests: list[str]) -> bool:
        """Whether a test fails, or takes for ever, with a change."""
        target = self.root / change.path
        before = target.read_text("utf-8")
        self.tried += 1
        cache = self.place / "cache" / (str(self.tried) if OWN_CACHE in before else "shared")
        try:
            self._write(target, change.source)
            return self.run(tests, cache) != 0
        finally:
            self._write(target, before)
            if cache.name != "shared":
                shutil.rmtree(cache, ignore_errors=True)

    def _write(self, target: Path, source: str) -> None:
        target.write_text(source, "utf-8")
        self.tried += 1
        os.utime(target, (self.tried, self.tried))  # Python tells a stale .pyc by second and size alone

    def run(self, tests: list[str], cache: Path, at_most: float = AT_MOST) -> int:
        """The exit status of pytest, which stops at the first failure."""
        if self._warm is None or self._warm.poll() is not None:
            self._warm = self._started()
        assert self._warm.stdin is not None and self._warm.stdout is not None
        arguments = ["-q", "-x", "-p", "no:cacheprovider", *tests]
        self.coverage.unlink(missing_ok=True)
        request = {"arguments": arguments, "cache": str(cache), "output": str(self.output), "at_most": at_most}
        self._warm.stdin.write(json.dumps(request) + "\n")
        self._warm.stdin.flush()
        status = self._warm.stdout.readline()
        shutil.rmtree(self.place / "temporary", ignore_errors=True)
        (self.place / "temporary").mkdir(mode=0o777)
        (self.place / "temporary").chmod(0o777)
        return int(status) if status else -signal.SIGKILL  # a test has ended all processes of its user

    def _started(self) -> subprocess.Popen[str]:
        """The process whose forks run pytest."""
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("BILSTM", "PYTEST"))},
            "HOME": str(self.place / "home"),
            "TMPDIR": str(self.place / "temporary"),
            "COVERAGE_FILE": str(self.coverage),
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": str(self.root),  # of processes that tests start elsewhere
        }
        rights: Any = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
        command = [self.python, self.root / "benchmarks" / "mutants" / "warm.py"]
        streams: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
        try:
            return subprocess.Popen(
                command, cwd=self.root, env=environment, start_new_session=True, **streams, **rights
            )
        except PermissionError:
            raise SystemExit(
                f"the user without rights cannot run {self.python}; name another --python, or be another user"
            ) from None

    def end(self) -> None:
        """Ends the process."""
        if self._warm is not None:
            self._warm.kill()
            self._warm.wait()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000, help="changes to try")
    parser.add_argument("--seed", type=int, default=0, help="decides which")
    parser.add_argument("--skip", type=int, default=0, help="how many of them an earlier run has tried")
    parser.add_argument("--jobs", type=int, default=1, help="test runs at the same time")
    parser.add_argument("--module", action="append", default=[], metavar="PART", help="only modules of that name")
    parser.add_argument("--python", default=sys.executable, help="the interpreter that runs the tests")
    parser.add_argument("--output", type=Path, default=Path("build/mutants.jsonl"), help="a line for each change")
    options = parser.parse_args()
    targets = modules(ROOT, options.module)
    chosen = sample(ROOT, list(targets), options.count, seed=options.seed)[options.skip :]
    options.output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="mutants-") as place, options.output.open("w", encoding="utf-8") as stream:
        Path(place).chmod(0o755)
        copies: SimpleQueue[Copy] = SimpleQueue()
        for job in range(options.jobs):
            copies.put(Copy(Path(place, str(job)), options.python))
        folders = {each for path, each in targets.items()}
        lines = _check_unchanged(copies, sorted({f"tests/{name}" for each in folders for name in each}), list(targets))

        def attempt(change: Change) -> dict[str, object]:
            copy, began = copies.get(), time.perf_counter()
            every = tests_of(ROOT, change.path, targets[change.path])
            own = [each for each in every if each.endswith(".py")]
            running = tests_of_change(change, (ROOT / change.path).read_text("utf-8"), lines[change.path], own)
            try:
                noticed = copy.noticed(change, running or every)
            finally:
                copies.put(copy)
            seconds = round(time.perf_counter() - began, 1)
            place = f"{change.path}:{change.line}"
            return {"place": place, "noticed": noticed, "seconds": seconds, "diff": change.diff}

        killed: Counter[str] = Counter()
        tried: Counter[str] = Counter()
        with ThreadPoolExecutor(options.jobs) as pool:
            for number, row in enumerate(pool.map(attempt, chosen), 1):
                stream.write(json.dumps(row) + "\n")
                stream.flush()
                module = str(row["place"]).partition(":")[0]
                tried[module] += 1
                killed[module] += bool(row["noticed"])
                mark = "noticed" if row["noticed"] else "ALIVE"
                print(f"{number}/{len(chosen)} {mark} {row['seconds']} s {row['place']}", flush=True)
                if not row["noticed"]:
                    print(row["diff"], flush=True)
        while not copies.empty():
            copies.get().end()
    report(tried, killed)


def _check_unchanged(copies: SimpleQueue[Copy], tests: list[str], paths: list[Path]) -> dict[Path, Lines]:
    """The tests must pass without a change, or every change would count as noticed; tells what each of them runs."""
    copy = copies.get()
    measured = ["--cov=bilstm_tagger", "--cov-context=test", "--cov-report=", "--cov-fail-under=0"]
    if copy.run([*measured, *tests], copy.place / "cache" / "shared", AT_MOST * len(tests)):
        raise SystemExit(
            f"{copy.output.read_text('utf-8')[-5000:]}\nthe tests fail without a change: {' '.join(tests)}"
        )
    copies.put(copy)
    return covering_tests(copy.coverage, copy.root, paths)


def report(tried: Counter[str], killed: Counter[str]) -> None:
    """A table of modules, the worst first."""
    for module in sorted(tried, key=lambda name: killed[name] / tried[name]):
        print(f"{100 * killed[module] / tried[module]:6.1f} %  {killed[module]:4} of {tried[module]:4}  {module}")
    every, found = sum(tried.values()), sum(killed.values())
    print(f"{100 * found / max(every, 1):6.1f} %  {found:4} of {every:4}  all; equivalent changes are not taken out")


if __name__ == "__main__":
    main()
