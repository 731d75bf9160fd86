"""What the parts of the benchmark share: data, the model, measuring."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
RUNS = ROOT / "benchmarks" / "runs" / "speed"
RESULTS = ROOT / "benchmarks" / "results"
ROUNDS = 5

Result = dict[str, Any]


@dataclass(frozen=True)
class Bench:
    """What every part starts from.

    Attributes:
        data: folder with `conll2003/`, `ud-english-ewt/` and `glove/`.
        model: model folder to tag with.
        tokens: tokens of raw text in part `files`.
        threads: number of processor threads, where a run does not use a single one.
    """

    data: Path
    model: Path
    tokens: int
    threads: int

    def conll(self, split: str) -> Path:
        """A split of CoNLL-2003."""
        return self.data / "conll2003" / f"{split}.txt"

    @property
    def vectors(self) -> Path:
        """GloVe in 100 dimensions."""
        return self.data / "glove" / "glove.6B.100d.top.txt.gz"

    def sentences(self, split: str, column: int | None = None) -> list[list[str]]:
        """The words of each sentence of CoNLL-2003, or the tags in a column."""
        from bilstm_tagger.corpus import read_corpus

        documents = read_corpus(self.conll(split), {} if column is None else {"tags": column}, format="conll")
        views = [sentence for document in documents for sentence in document.sentences if len(sentence)]
        return [sentence.words if column is None else sentence.tags("tags") for sentence in views]


def interleaved(
    systems: Mapping[str, Callable[[], object]], *, rounds: int = ROUNDS, slow: Iterable[str] = ()
) -> dict[str, float]:
    """Median seconds of each system over rounds in which each runs once, so that other load affects all alike.

    Args:
        systems: what to measure by name; each ran once before, so that nothing is measured cold.
        rounds: how often.
        slow: systems that run in every other round only.
    """
    spent: dict[str, list[float]] = {name: [] for name in systems}
    for number in range(rounds):
        for name, run in systems.items():
            if number % 2 and name in set(slow):
                continue
            began = time.perf_counter()
            run()
            spent[name].append(time.perf_counter() - began)
    return {name: statistics.median(seconds) for name, seconds in spent.items()}


@dataclass(frozen=True)
class Process:
    """How a process ran: seconds from start to exit, processor seconds, largest resident memory in MiB."""

    seconds: float
    processor: float
    memory: float


def run_process(
    command: Sequence[str | Path],
    *,
    cores: set[int] | None = None,
    output: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Process:
    """Run a command to its end.

    Memory is that of the process itself and of those it started and waited for, whichever was largest.

    Args:
        command: the command line.
        cores: cores that it may use.
        output: where its standard output goes; nowhere if None.
        environment: variables beside those of this process.

    Raises:
        RuntimeError: if it fails, with what it said.
    """
    with (output or Path(os.devnull)).open("wb") as stream:
        began = time.perf_counter()
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=ROOT,
            stdout=stream,
            stderr=subprocess.PIPE,
            env={**os.environ, **(environment or {})},
            preexec_fn=None if cores is None else lambda: os.sched_setaffinity(0, cores),
        )
        assert process.stderr is not None
        said = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command[:6]} failed: {said.decode()[-2000:]}")
    return Process(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def cli(*arguments: str | Path) -> list[str | Path]:
    """A command line of ours."""
    return [sys.executable, "-m", "bilstm_tagger", *arguments]


def f1(gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]]) -> float:
    """Strict micro F1 of spans by seqeval, in percent."""
    from seqeval.metrics import f1_score
    from seqeval.scheme import IOB2

    return 100 * float(f1_score(list(map(list, gold)), list(map(list, predicted)), mode="strict", scheme=IOB2))
