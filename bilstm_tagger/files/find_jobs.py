"""Find what to tag: files, all files below folders, and standard input."""

from __future__ import annotations

import glob
import os
import stat
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from bilstm_tagger.errors import ConfigError, CorpusError, choose, reason_of
from bilstm_tagger.files.earlier_output import find_output
from bilstm_tagger.files.inputs import INPUT_FORMATS, SUFFIXES, TABLES, Job
from bilstm_tagger.files.other_kinds import way_out
from bilstm_tagger.files.source import suffix_of
from bilstm_tagger.files.targets import RealPaths, real_path
from bilstm_tagger.io.atomic import is_device

STDIN = "-"
_STDIN_PATH = Path("/dev/stdin")
_KINDS = {stat.S_IFIFO: "a named pipe", stat.S_IFSOCK: "a socket", stat.S_IFDIR: "a link to a folder"}


class JobList(NamedTuple):
    """What there is to tag.

    Attributes:
        jobs: the files to tag.
        skipped: number of files in folders left out because of their suffix, by suffix.
        left_out: what in folders is no regular file, or a link to a file of them, each with its path and what it is.
        failed: folders below those to tag that cannot be read.
        output: what in folders and of patterns is output of this or an earlier run, and so left out.
        suspected: what in folders and of patterns is called like output of an earlier run, and not left out.
    """

    jobs: list[Job]
    skipped: Counter[str]
    left_out: list[str]
    failed: list[CorpusError]
    output: list[str]
    suspected: list[str]


def find_jobs(
    inputs: Sequence[str | Path],
    *,
    input_format: str | None = None,
    output: Path | None = None,
    suffixes: Iterable[str] = (),
    exclude: Path | None = None,
) -> JobList:
    """List the files to tag, folders with all below them in sorted order.

    In folders hidden files, those of unknown suffix, what is no regular file, and earlier output are left out, and
    folders that cannot be read; of what a pattern matches, output. Of a file and links to it, the file is kept.

    Args:
        inputs: files, folders, or `-` for standard input.
        input_format: how to read all of them; else by suffix, and standard input as text.
        output: folder the results go to, which is not tagged itself.
        suffixes: those that output files can have.
        exclude: the file that is written, which is left out of folders and patterns.

    Returns:
        The files, and what in folders was left out.

    Raises:
        ConfigError: for an unknown format, a file whose name does not tell it, or `exclude` named as input.
        CorpusError: for an input that does not exist, or where there is nothing to tag.
    """
    if input_format is not None and input_format not in INPUT_FORMATS:
        raise ConfigError(f"no input format {input_format!r}; {choose(input_format, INPUT_FORMATS)}")
    found = JobList([], Counter(), [], [], [], [])
    for given, by_pattern in _expanded(inputs):
        if str(given) == STDIN:
            found.jobs.append(Job(_STDIN_PATH, "stdin", input_format or "text"))
        elif (path := Path(given)).is_dir():
            _add_folder(found, path, input_format, output)
        else:
            found.jobs.append(replace(_file_job(path, input_format), by_pattern=by_pattern))
    jobs = _without_own_output(found, output, tuple(suffixes), exclude)
    if found.failed and not jobs:
        raise found.failed[0]
    if found.jobs and not jobs:
        raise CorpusError(f"{found.output[0]}: is output of this or an earlier run, and there is nothing else to tag")
    return found._replace(jobs=_told_apart(jobs) if output is None else jobs)


def _expanded(inputs: Sequence[str | Path]) -> Iterator[tuple[str | Path, bool]]:
    """The inputs, and whether a pattern matched each that the shell had left as it is.

    Raises:
        ConfigError: for an empty input, which would mean the current folder.
        CorpusError: for a pattern that nothing matches.
    """
    for given in inputs:
        name = str(given)
        if not name:
            raise ConfigError("an input is empty; name a file or a folder (. is the current one)")
        if not glob.has_magic(name) or os.path.lexists(name):
            yield given, False
        elif found := sorted(glob.glob(name, recursive=True)):  # noqa: PTH207 - the pattern may be absolute
            yield from ((each, True) for each in found)
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
        suffix = suffix_of(path)
        if (way := way_out(suffix)) is not None:
            raise ConfigError(f"{path}: {suffix} is not read (known: {known}); {way}")
        raise ConfigError(f"{path}: the name does not tell the format (known: {known}); name it, --input-format text")
    return Job(path, _name(path), format)


def _add_folder(found: JobList, folder: Path, input_format: str | None, output: Path | None) -> None:
    """Add what is in a folder to what was found."""
    excluded = real_path(output) if output is not None and _inside(output, folder) else None
    before = len(found.jobs), len(found.failed)
    others = 0

    def cannot_list(error: OSError) -> None:
        found.failed.append(CorpusError(f"{error.filename}: the folder cannot be read: {reason_of(error)}"))

    for path in _walk(folder, excluded, cannot_list):
        kind = _special(path)
        if kind is None and (format := _folder_format(path, input_format)) and not _annotates_a_text(path):
            name = (Path(_name(folder)) / path.relative_to(folder)).as_posix()
            found.jobs.append(Job(path, name, format, in_folder=True))
            continue
        others += 1
        if kind is not None:
            found.left_out.append(f"{path}: {kind}")
        else:
            found.skipped[suffix_of(path)] += 1
    if (len(found.jobs), len(found.failed)) == before:
        more = f" among {others} of other kinds" if others else ""
        raise CorpusError(f"{folder}: no file to tag in this folder{more} (known: {', '.join(sorted(SUFFIXES))})")
    if output is not None and excluded is not None and output.is_dir() and any(output.iterdir()):
        found.output.append(f"{output}{os.sep}")


def _folder_format(path: Path, input_format: str | None) -> str | None:
    """How a folder's file is read; `None` if its suffix is unknown."""
    return input_format or _format_of(path)


def _annotates_a_text(path: Path) -> bool:
    """Whether a file holds brat's annotations of a text beside it, which is tagged itself."""
    return path.suffix == ".ann" and path.with_suffix(".txt").is_file()


def _walk(folder: Path, excluded: Path | None, cannot_list: Callable[[OSError], None]) -> Iterator[Path]:
    """All that is below a folder and no folder, sorted; links to folders too, but nothing hidden or in `excluded`."""
    for place, folders, files in os.walk(folder, onerror=cannot_list):
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
    found: JobList, output: Path | None, suffixes: tuple[str, ...], exclude: Path | None
) -> list[Job]:
    """Leave out a file given twice, and where files are found output of this or an earlier run; what is left is told.

    Raises:
        ConfigError: the file that is written is named as input.
    """
    real = RealPaths()
    own = set() if output is None else {real(job.target(output, suffix)) for job in found.jobs for suffix in suffixes}
    written = None if exclude is None or is_device(exclude) else real(exclude)
    if written is not None:
        own.add(written)
    sure, perhaps = find_output(found.jobs, suffixes)
    kept: dict[Path, Job] = {}
    links: dict[Path, Path] = {}
    for job in found.jobs:
        path = job.path if job.path == _STDIN_PATH else real(job.path)
        if job in sure or (job.was_found and path in own):
            found.output.append(str(job.path))
            continue
        if path == written:
            raise ConfigError(f"{job.path}: the tagged file would overwrite this input; use another --output")
        other = kept.get(path)
        if other is not None and other.path.is_symlink() and not job.path.is_symlink():
            del kept[path]
            job, other = other, job
            kept[path] = other
        elif other is None:
            kept[path] = job
        if other is not None and job.path.is_symlink() and job.path != other.path:
            links[job.path] = other.path
        elif job in perhaps and kept[path] is job:
            found.suspected.append(str(job.path))
    found.left_out.extend(f"{link}: a link to {path}" for link, path in links.items())
    return list(kept.values())


def _told_apart(jobs: list[Job]) -> list[Job]:
    """All files under their paths as given where two of them have one name, so that rows tell which is meant.

    Of two folders of one name, `data/b.txt` would tell neither. Standard input has no path.
    """
    counts = Counter(job.name for job in jobs)
    if counts.total() == len(counts):
        return jobs
    return [
        job if job.path == _STDIN_PATH and counts[job.name] == 1 else replace(job, name=job.path.as_posix())
        for job in jobs
    ]
