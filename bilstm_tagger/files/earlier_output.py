"""Output of earlier runs among the input: left out where that is sure, told where it may be.

A run into a folder leaves a hidden file there that names what it writes. What is named there and has the name of the
output of a file that is tagged now was made from that file, so its names would count twice. Without that, as in a copy
of some files, it may as well be a file of the user's own.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

from bilstm_tagger.files.inputs import Job
from bilstm_tagger.files.targets import RealPaths

MARK = ".bilstm-tagger-output"
_WHAT = (
    "This folder holds output of bilstm-tagger, which is named below. With this file here it is not tagged again\n"
    "together with the files it was made from.\n"
)
_SHARE = re.compile(r"\.\d+-of-\d+$")
_RECORD = re.compile(r"shard-\d+-of-\d+\.json")  # of `shard.ShardRecord`, which is no document


def mark_output(folder: Path, targets: Iterable[Path]) -> None:
    """Leave the mark in a folder of output, or add to what it names.

    Args:
        folder: where the output goes.
        targets: the files of this run.
    """
    # On a full disk nothing is lost without it: later runs name what is called like output.
    with suppress(OSError):
        known = _marked(folder)
        new = [name for target in targets if (name := target.relative_to(folder).as_posix()) not in known]
        if not new:
            return
        before = "" if os.path.exists(folder / MARK) else _WHAT  # noqa: PTH110 - raises nothing
        folder.mkdir(parents=True, exist_ok=True)
        with open(folder / MARK, "ab", buffering=0) as stream:  # in one piece, since shards write at the same time
            stream.write("".join([before, *(f"{json.dumps(name)}\n" for name in new)]).encode())


def find_output(jobs: Sequence[Job], suffixes: Sequence[str]) -> tuple[set[Job], set[Job]]:
    """Find files of folders and patterns that were made from others of the files.

    Args:
        jobs: the files to tag.
        suffixes: those that output has.

    Returns:
        Those that were, and those that may have been, since they are only called so.
    """
    names = {job.path.name for job in jobs}
    called = {job: named for job in jobs if job.was_found and (named := _made_from(job.path.name, suffixes) & names)}
    names = set().union(*called.values())
    real = RealPaths()
    originals = {tail for job in jobs if job.path.name in names for tail in _tails(real(job.path))}
    marked = cache(_marked)
    sure = {
        job
        for job in jobs
        if job.was_found and _RECORD.fullmatch(job.path.name) and job.path.name in marked(real(job.path).parent)
    }
    perhaps: set[Job] = set()
    for job, named in called.items():
        place = real(job.path).parent
        for name in named:
            tail = (place / name).parts
            folders = [folder for folder in (place, *place.parents) if tail[len(folder.parts) :] in originals]
            parts = (place / job.path.name).parts
            if any("/".join(parts[len(folder.parts) :]) in marked(folder) for folder in folders):
                sure.add(job)
            else:
                perhaps.add(job)
    return sure, perhaps - sure


def _marked(folder: Path) -> frozenset[str]:
    """The files of output that the mark in a folder names; none without one."""
    try:
        lines = (folder / MARK).read_text("ascii", errors="replace").splitlines()
    except OSError:
        return frozenset()
    names = set()
    for line in lines:
        with suppress(ValueError):  # as of the words above, and of a line that a full disk cut
            names.add(str(json.loads(line)))
    return frozenset(names)


def _made_from(name: str, suffixes: Iterable[str]) -> set[str]:
    """The names of files whose output would be called so; of a single file in shares each has its number."""
    without = {name.removesuffix(suffix) for suffix in suffixes if name.endswith(suffix)}
    return without | {_SHARE.sub("", each) for each in without}


def _tails(path: Path) -> Iterator[tuple[str, ...]]:
    """The last parts of a path, from one to all."""
    return (path.parts[start:] for start in range(len(path.parts)))
