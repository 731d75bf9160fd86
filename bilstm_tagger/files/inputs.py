"""What to tag: files, folders and standard input, found and read as documents without tags."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bilstm_tagger.corpus.formats import FORMATS
from bilstm_tagger.corpus.reading import iterate_corpus
from bilstm_tagger.corpus.trained import words_in_format
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import ConfigError, CorpusError
from bilstm_tagger.io.reading import open_text, read_text
from bilstm_tagger.settings.read_spec import ReadSpec

STDIN = "-"
_STDIN_PATH = Path("/dev/stdin")

# `text` is one document a file, `lines` one document a line, `words` one tokenised sentence a line.
INPUT_FORMATS: tuple[str, ...] = ("text", "lines", "words", *FORMATS)
SUFFIXES: Mapping[str, str] = {
    **{suffix: name for name, known in FORMATS.items() for suffix in known.suffixes},
    ".txt": "text",
}
# Too many other things are named like this for a folder's files to be taken for documents.
_ONLY_NAMED = (".json", ".csv")


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """One file to tag.

    Attributes:
        path: Where to read it.
        name: Its path as the user named it, relative to where the output goes.
        format: How to read it, one of `INPUT_FORMATS`.
        found: Whether it was found in a folder, not named itself.
    """

    path: Path
    name: str
    format: str
    found: bool = False

    def target(self, output: Path, suffix: str) -> Path:
        """Where its tagged version goes: the relative path plus the new suffix, so that no two collide."""
        return output / (self.name + suffix)


@dataclass(frozen=True, slots=True)
class LineLayout:
    """Marks a document that was one line of tokenised words: a sentence among others, not a text by itself."""


def find_jobs(
    inputs: Sequence[str | Path],
    *,
    input_format: str | None = None,
    output: Path | None = None,
    suffixes: Iterable[str] = (),
) -> tuple[list[Job], int]:
    """List the files to tag, folders with all below them in sorted order.

    In folders hidden files, those of unknown suffix, and earlier output are left out.

    Args:
        inputs: Files, folders, or ``-`` for standard input.
        input_format: How to read all of them; else by suffix, and standard input as text.
        output: Folder the results go to, which is not tagged itself.
        suffixes: Those that output files can have.

    Returns:
        The files, and how many in folders were left out because of their suffix.

    Raises:
        ConfigError: For an unknown format or a file whose name does not tell it.
        CorpusError: For an input that does not exist, or where there is nothing to tag.
    """
    if input_format is not None and input_format not in INPUT_FORMATS:
        raise ConfigError(f"no input format {input_format!r}; known: {', '.join(INPUT_FORMATS)}")
    jobs: list[Job] = []
    skipped = 0
    for given in inputs:
        if str(given) == STDIN:
            jobs.append(Job(_STDIN_PATH, "stdin", input_format or "text"))
        elif (path := Path(given)).is_dir():
            found, left_out = _folder_jobs(path, input_format, output)
            jobs += found
            skipped += left_out
        else:
            jobs.append(_file_job(path, input_format))
    return _without_own_output(jobs, output, tuple(suffixes)), skipped


def _file_job(path: Path, input_format: str | None) -> Job:
    if not path.exists():
        raise CorpusError(f"{path}: no such file or folder; check the path")
    format = input_format or _format_of(path)
    if format is None:
        known = ", ".join(sorted(SUFFIXES))
        raise ConfigError(f"{path}: the name does not tell the format (known: {known}); name it, --input-format text")
    return Job(path, _name(path), format)


def _folder_jobs(folder: Path, input_format: str | None, output: Path | None) -> tuple[list[Job], int]:
    excluded = output.resolve() if output is not None and _inside(output, folder) else None
    jobs: list[Job] = []
    skipped = 0
    for path in _walk(folder, excluded):
        format = _format_of(path)
        if format is None or (input_format is None and path.name.lower().endswith(_ONLY_NAMED)):
            skipped += 1
        else:
            name = (Path(_name(folder)) / path.relative_to(folder)).as_posix()
            jobs.append(Job(path, name, input_format or format, found=True))
    if not jobs:
        more = f" among {skipped} of other kinds" if skipped else ""
        raise CorpusError(f"{folder}: no file to tag in this folder{more} (known: {', '.join(sorted(SUFFIXES))})")
    return jobs, skipped


def _walk(folder: Path, excluded: Path | None) -> Iterator[Path]:
    """All files below a folder, sorted, but for hidden ones and those below `excluded`."""
    for place, folders, files in os.walk(folder, onerror=_cannot_list):
        here = Path(place)
        folders[:] = sorted(name for name in folders if name[0] != "." and (here / name).resolve() != excluded)
        yield from (here / name for name in sorted(files) if name[0] != ".")


def _cannot_list(error: OSError) -> None:
    raise CorpusError(f"{error.filename}: the folder cannot be read: {error.strerror or error}")


def _inside(path: Path, folder: Path) -> bool:
    return folder.resolve() in path.resolve().parents


def _format_of(path: Path) -> str | None:
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"]
    return SUFFIXES.get(suffixes[-1]) if suffixes else None


def _name(path: Path) -> str:
    """The path as it was written if it is relative and leads down, else its last part."""
    if path.is_absolute() or ".." in path.parts:
        return path.resolve().name
    return path.as_posix()


def _without_own_output(jobs: list[Job], output: Path | None, suffixes: tuple[str, ...]) -> list[Job]:
    """Leave out a file given twice, and in folders the output an earlier run left among the input."""
    resolved = _Resolver()
    own = set() if output is None else {resolved(job.target(output, suffix)) for job in jobs for suffix in suffixes}
    kept: dict[Path, Job] = {}
    for job in jobs:
        path = job.path if job.path == _STDIN_PATH else resolved(job.path)
        if not (job.found and path in own):
            kept.setdefault(path, job)
    return list(kept.values())


class _Resolver:
    """`Path.resolve` that follows each folder once: of many files in it only the last step is looked up."""

    def __init__(self) -> None:
        self._folders: dict[Path, Path] = {}

    def __call__(self, path: Path) -> Path:
        if path.name in ("", "..") or path.is_symlink():
            return path.resolve()
        folder = self._folders.get(path.parent)
        if folder is None:
            folder = self._folders[path.parent] = path.parent.resolve()
        return folder / path.name


def check_targets(targets: Mapping[Job, Path], *, force: bool) -> None:
    """Refuse, before anything is tagged, output that would overwrite a file or meet other output.

    Args:
        targets: Where the output of each file goes.
        force: Whether files there may be overwritten.

    Raises:
        ConfigError: Naming the files.
    """
    owners: dict[Path, Job] = {}
    resolved = _Resolver()
    sources = {resolved(job.path): job for job in targets}
    for job, target in targets.items():
        place = resolved(target)
        if (own := sources.get(place)) is not None:
            raise ConfigError(f"{own.path}: the tagged {job.path} would overwrite this input; use another --output")
        other = owners.setdefault(place, job)
        if other is not job:
            raise ConfigError(f"{other.path} and {job.path} would both become {target}; tag them into two folders")
    existing = [target for target in targets.values() if target.exists()]
    if existing and not force:
        more = f" and {len(existing) - 1} more" if len(existing) > 1 else ""
        raise ConfigError(f"{existing[0]}{more} would be overwritten; use --force or another --output")


def read_job(job: Job, spec: ReadSpec) -> Iterator[str | Document]:
    """Read a file's documents: a text where it is still to be tokenised, else a document without tags.

    Args:
        job: The file.
        spec: How to read words, and raw text in JSON and tables.

    Raises:
        CorpusError: If the file is not what it should be, as ``file:line``.
    """
    if job.format == "text":
        yield read_text(job.path)
    elif job.format == "lines":
        yield from (line for _, line in open_text(job.path))
    elif job.format == "words":
        for _, line in open_text(job.path):
            # Not at every white space: a no-break space may stand inside a token.
            words = [word for word in line.replace("\t", " ").split(" ") if word]
            yield Document(words, [0, len(words)], layout=LineLayout())
    else:
        yield from iterate_corpus(job.path, words_in_format(spec, job.format))
