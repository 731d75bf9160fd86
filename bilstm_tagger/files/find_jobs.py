"""Find what to tag: files, all files below folders, and standard input."""

from __future__ import annotations

import glob
import os
import stat
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from bilstm_tagger.errors import ConfigError, CorpusError, choose, reason_of
from bilstm_tagger.files.inputs import INPUT_FORMATS, SUFFIXES, TABLES, Job
from bilstm_tagger.files.source import suffix_of
from bilstm_tagger.files.targets import RealPaths, real_path

STDIN = "-"
_STDIN_PATH = Path("/dev/stdin")
_KINDS = {stat.S_IFIFO: "a named pipe", stat.S_IFSOCK: "a socket", stat.S_IFDIR: "a link to a folder"}


class JobList(NamedTuple):
    """What there is to tag.

    Attributes:
        jobs: the files to tag.
        skipped: number of files in folders left out because of their suffix, by suffix.
        left_out: what in folders is no regular file, each with its path and what it is.
    """

    jobs: list[Job]
    skipped: Counter[str]
    left_out: list[str]


def find_jobs(
    inputs: Sequence[str | Path],
    *,
    input_format: str | None = None,
    output: Path | None = None,
    suffixes: Iterable[str] = (),
    exclude: Path | None = None,
) -> JobList:
    """List the files to tag, folders with all below them in sorted order.

    In folders hidden files, those of unknown suffix, what is no regular file, and earlier output are left out.

    Args:
        inputs: files, folders, or `-` for standard input.
        input_format: how to read all of them; else by suffix, and standard input as text.
        output: folder the results go to, which is not tagged itself.
        suffixes: those that output files can have.
        exclude: a file that is left out of folders.

    Returns:
        The files, and what in folders was left out.

    Raises:
        ConfigError: for an unknown format or a file whose name does not tell it.
        CorpusError: for an input that does not exist, or where there is nothing to tag.
    """
    if input_format is not None and input_format not in INPUT_FORMATS:
        raise ConfigError(f"no input format {input_format!r}; {choose(input_format, INPUT_FORMATS)}")
    jobs: list[Job] = []
    left_out: list[str] = []
    skipped: Counter[str] = Counter()
    for given in _expanded(inputs):
        if str(given) == STDIN:
            jobs.append(Job(_STDIN_PATH, "stdin", input_format or "text"))
        elif (path := Path(given)).is_dir():
            of_folder = _folder_jobs(path, input_format, output)
            jobs += of_folder.jobs
            left_out += of_folder.left_out
            skipped += of_folder.skipped
        else:
            jobs.append(_file_job(path, input_format))
    return JobList(_without_own_output(jobs, output, tuple(suffixes), exclude), skipped, left_out)


def _expanded(inputs: Sequence[str | Path]) -> Iterator[str | Path]:
    """The inputs, with what matches in place of a pattern that the shell has left as it is.

    Raises:
        ConfigError: for an empty input, which would mean the current folder.
        CorpusError: for a pattern that nothing matches.
    """
    for given in inputs:
        name = str(given)
        if not name:
            raise ConfigError("an input is empty; name a file or a folder (. is the current one)")
        if not glob.has_magic(name) or os.path.lexists(name):
            yield given
        elif found := sorted(glob.glob(name, recursive=True)):  # noqa: PTH207 - the pattern may be absolute
            yield from found
        else:
            raise CorpusError(f"{name}: no file matches this pattern; check it")


def check_text_column(jobs: Sequence[Job], name: str) -> None:
    """Refuse a text column for files that have no columns of text.

    Args:
        jobs: the files.
        name: the column.

    Raises:
        ConfigError: naming a file.
    """
    wrong = [job for job in jobs if job.format not in TABLES]
    named = next((job for job in wrong if not job.in_folder), wrong[0] if len(wrong) == len(jobs) and wrong else None)
    if named is not None:
        raise ConfigError(
            f"{named.path}: --text-column {name} is of no use, since it is read as {named.format}; leave it out, or "
            "say that it is a table, --input-format table"
        )


def _file_job(path: Path, input_format: str | None) -> Job:
    if not path.exists():
        raise CorpusError(f"{path}: no such file or folder; check the path")
    format = input_format or _format_of(path)
    if format is None:
        known = ", ".join(sorted(SUFFIXES))
        raise ConfigError(f"{path}: the name does not tell the format (known: {known}); name it, --input-format text")
    return Job(path, _name(path), format)


def _folder_jobs(folder: Path, input_format: str | None, output: Path | None) -> JobList:
    excluded = real_path(output) if output is not None and _inside(output, folder) else None
    jobs: list[Job] = []
    left_out: list[str] = []
    skipped: Counter[str] = Counter()
    for path in _walk(folder, excluded):
        if (kind := _special(path)) is not None:
            left_out.append(f"{path}: {kind}")
        elif (format := _folder_format(path, input_format)) is None or _annotates_a_text(path):
            skipped[suffix_of(path)] += 1
        else:
            name = (Path(_name(folder)) / path.relative_to(folder)).as_posix()
            jobs.append(Job(path, name, format, in_folder=True))
    if not jobs:
        others = skipped.total() + len(left_out)
        more = f" among {others} of other kinds" if others else ""
        raise CorpusError(f"{folder}: no file to tag in this folder{more} (known: {', '.join(sorted(SUFFIXES))})")
    return JobList(jobs, skipped, left_out)


def _folder_format(path: Path, input_format: str | None) -> str | None:
    """How a folder's file is read; `None` if its suffix is unknown."""
    return input_format or _format_of(path)


def _annotates_a_text(path: Path) -> bool:
    """Whether a file holds brat's annotations of a text beside it, which is tagged itself."""
    return path.suffix == ".ann" and path.with_suffix(".txt").is_file()


def _walk(folder: Path, excluded: Path | None) -> Iterator[Path]:
    """All that is below a folder and no folder, sorted; links to folders too, but nothing hidden or in `excluded`."""
    for place, folders, files in os.walk(folder, onerror=_cannot_list):
        here = Path(place)
        links = [name for name in folders if (here / name).is_symlink()]
        yield from (here / name for name in sorted(files + links) if name[0] != ".")
        folders[:] = sorted(name for name in folders if name[0] != "." and real_path(here / name) != excluded)


def _special(path: Path) -> str | None:
    """What a path is that leads to no regular file; `None` if it leads to one, or if only reading it can tell."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return "a link that leads nowhere" if path.is_symlink() else None
    if stat.S_ISREG(mode):
        return None
    return _KINDS.get(stat.S_IFMT(mode), "a device")


def _cannot_list(error: OSError) -> None:
    raise CorpusError(f"{error.filename}: the folder cannot be read: {reason_of(error)}")


def _inside(path: Path, folder: Path) -> bool:
    return real_path(folder) in real_path(path).parents


def _format_of(path: Path) -> str | None:
    return SUFFIXES.get(suffix_of(path))


def _name(path: Path) -> str:
    """The path as it was written if it is relative and leads down, else its last part."""
    if path.is_absolute() or ".." in path.parts:
        return real_path(path).name
    return path.as_posix()


def _without_own_output(
    jobs: list[Job], output: Path | None, suffixes: tuple[str, ...], exclude: Path | None
) -> list[Job]:
    """Leave out a file given twice, and in folders the output an earlier run left among the input."""
    real = RealPaths()
    own = set() if output is None else {real(job.target(output, suffix)) for job in jobs for suffix in suffixes}
    if exclude is not None:
        own.add(real(exclude))
    kept: dict[Path, Job] = {}
    for job in jobs:
        path = job.path if job.path == _STDIN_PATH else real(job.path)
        if not (job.in_folder and path in own):
            kept.setdefault(path, job)
    return list(kept.values())
