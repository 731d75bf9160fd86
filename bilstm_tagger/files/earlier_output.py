"""Output of earlier runs among the input: left out where that is sure, told where it may be.

A run into a folder leaves a hidden file there. What stands below such a folder under the name that the output of a file
has which is tagged now was made from that file, so its names would count twice. Without the mark, as in a copy of some
files, it may as well be a file of the user's own.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

from bilstm_tagger.errors import TaggerError
from bilstm_tagger.files.inputs import Job
from bilstm_tagger.files.resume import NAME as RUN
from bilstm_tagger.files.targets import RealPaths
from bilstm_tagger.io.atomic import atomic_write

MARK = ".bilstm-tagger-output"
_WHAT = (
    "This folder holds output of bilstm-tagger. With this file here it is not tagged again together with the files it\n"
    "was made from.\n"
)
_SHARE = re.compile(r"\.\d+-of-\d+$")


def mark_output(folder: Path) -> None:
    """Leave the mark in a folder of output; it names no file, so that further runs can share it."""
    # On a full disk nothing is lost without it: later runs name what is called like output.
    with suppress(TaggerError, OSError):
        if not (folder / MARK).exists():
            with atomic_write(folder / MARK) as stream:
                stream.write(_WHAT)


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
    is_marked = cache(_is_marked)
    sure: set[Job] = set()
    perhaps: set[Job] = set()
    for job, named in called.items():
        place = real(job.path).parent
        for name in named:
            tail = (place / name).parts
            folders = [folder for folder in (place, *place.parents) if tail[len(folder.parts) :] in originals]
            if any(map(is_marked, folders)):
                sure.add(job)
            else:
                perhaps.add(job)
    return sure, perhaps - sure


def _is_marked(folder: Path) -> bool:
    """Whether a run has written into a folder, or is doing so."""
    return os.path.isfile(folder / MARK) or any(folder.glob(f"*{RUN}"))  # noqa: PTH113 - raises nothing


def _made_from(name: str, suffixes: Iterable[str]) -> set[str]:
    """The names of files whose output would be called so; of a single file in shares each has its number."""
    without = {name.removesuffix(suffix) for suffix in suffixes if name.endswith(suffix)}
    return without | {_SHARE.sub("", each) for each in without}


def _tails(path: Path) -> Iterator[tuple[str, ...]]:
    """The last parts of a path, from one to all."""
    return (path.parts[start:] for start in range(len(path.parts)))
