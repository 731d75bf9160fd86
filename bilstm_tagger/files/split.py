"""How many processes and threads tag fastest: a rule from measurements (docs/performance.md)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from bilstm_tagger.files.find_jobs import STDIN, find_jobs
from bilstm_tagger.files.inputs import Job
from bilstm_tagger.files.source import PACKED

BYTES_PER_WORKER = 4_000_000  # of input that make up for starting a process, and some more
MOST_THREADS = 8  # of one process that gain anything
_UNPACKED = 4  # times the size of a compressed file


class Split(NamedTuple):
    """What a run is shared out to.

    Attributes:
        workers: number of processes.
        threads: of each.
    """

    workers: int
    threads: int


def best_split(size: int | None, cores: int) -> Split:
    """A process of one thread for each core if the input is worth starting them, else one process of many threads.

    Args:
        size: bytes of the input; None if it is not known.
        cores: that may be used.
    """
    workers = min(cores, (size or 0) // BYTES_PER_WORKER)
    return Split(workers, 1) if workers > 1 else Split(1, min(cores, MOST_THREADS))


def input_size(
    inputs: Sequence[str | Path], *, input_format: str | None = None, output: Path | None = None
) -> int | None:
    """Bytes of what is to be tagged, compressed files as large as they will be; None for standard input.

    Args:
        inputs: files, folders, or `-` for standard input.
        input_format: as for `find_jobs`.
        output: folder the results go to, which is not tagged itself.

    Raises:
        TaggerError: as `find_jobs`.
    """
    if STDIN in map(str, inputs):
        return None
    return sum(_sizes(find_jobs(inputs, input_format=input_format, output=output).jobs))


def _sizes(jobs: Iterable[Job]) -> Iterable[int]:
    for job in jobs:
        try:
            size = job.path.stat().st_size
        except OSError:
            continue  # it is reported where it is read
        yield size * (_UNPACKED if job.path.suffix.lower() in PACKED else 1)


def usable_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
