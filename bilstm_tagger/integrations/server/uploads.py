"""Files that came over HTTP, read and tagged as `predict` reads and tags files."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from bilstm_tagger.corpus.trained import words_spec
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError, TaggerError, without_options
from bilstm_tagger.files.find_jobs import find_jobs
from bilstm_tagger.files.inputs import SUFFIXES, Job
from bilstm_tagger.files.notes import notes_of
from bilstm_tagger.files.options import TagOptions
from bilstm_tagger.files.profile import Profile
from bilstm_tagger.files.source import PACKED, Tally, suffix_of
from bilstm_tagger.files.streams import End, Tagged, Untagged, read_files, tag_here, with_kept
from bilstm_tagger.tagging.tagger import Tagger

# Tables of bytes for programs may grow a thousandfold when they are read.
_FOR_PROGRAMS = frozenset({"parquet", "arrow", "spacy", "brat"})
KINDS: Mapping[str, str] = {suffix: kind for suffix, kind in SUFFIXES.items() if kind not in _FOR_PROGRAMS}
_ZIPPED = frozenset({".docx", ".xlsx", ".xlsm", ".ods"})
_MOST_UNZIPPED = 100_000_000  # bytes
_LONGEST_NAME = 100
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@dataclass(slots=True)
class TaggedUploads:
    """What became of some files.

    Attributes:
        documents: tagged, in the order of the files.
        failures: for each file that cannot be read why, with its name.
        notes: what is not read of files that can be, and what was guessed.
    """

    documents: list[Document] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class TooLongError(TaggerError):
    """Files hold more text than a request may."""


def tag_uploads(
    tagger: Tagger, files: Sequence[tuple[str, bytes]], options: TagOptions, *, most_characters: int
) -> TaggedUploads:
    """Reads and tags files; one that cannot be read is a failure, the others are tagged.

    Args:
        tagger: tags what is in them.
        files: names and contents.
        options: what is asked for.
        most_characters: of the texts of all files.

    Raises:
        TooLongError: if there are more.
    """
    result, tally = TaggedUploads(), Tally()
    with TemporaryDirectory(prefix="bilstm-tagger-") as folder:
        jobs: list[Job] = []
        for number, (name, content) in enumerate(files):
            place = Path(folder) / str(number) / safe_name(name)
            place.parent.mkdir()
            place.write_bytes(content)
            try:
                jobs.append(_job(place))
            except TaggerError as error:
                result.failures.append(_without_folder(error, folder))
        untagged = read_files(jobs, words_spec(tagger.reading), profile=Profile(), tally=tally)
        bounded = _bounded(untagged, most_characters)
        of_file = 0
        for _, item in tag_here(tagger, bounded, options=options, profile=Profile()):
            if isinstance(item, Tagged) and isinstance(item.content, Document):
                result.documents.append(item.content)
                of_file += 1
            elif isinstance(item, End):
                if item.error is not None:
                    result.failures.append(_without_folder(with_kept(item.error, of_file), folder))
                of_file = 0
        result.notes.extend(_without_folder(each, folder) for each in notes_of(tally))
    return result


def safe_name(name: str) -> str:
    """The last part of a file name from elsewhere, of bounded length and without control characters."""
    last = _CONTROL.sub("", name.replace("\\", "/").rpartition("/")[2]).encode("utf-8", "replace").decode()
    if last in ("", ".", ".."):
        return "file"
    stem, dot, suffix = last.rpartition(".")
    if not dot:
        return last[:_LONGEST_NAME]
    return stem[: max(1, _LONGEST_NAME - len(suffix))] + dot + suffix[:20]


def _job(path: Path) -> Job:
    """The file to tag.

    Raises:
        TaggerError: it is of a kind that is not read here.
    """
    if path.suffix.lower() in PACKED:
        raise CorpusError(f"{path}: is compressed; send it as it was before")
    suffix = suffix_of(path)
    if suffix not in KINDS:
        raise CorpusError(f"{path}: files of this kind are not read here; known: {', '.join(sorted(KINDS))}")
    if suffix in _ZIPPED and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            if sum(each.file_size for each in archive.infolist()) > _MOST_UNZIPPED:
                raise CorpusError(f"{path}: holds more than {_MOST_UNZIPPED // 1_000_000} MB; send it in parts")
    return find_jobs([path]).jobs[0]


def _bounded(untagged: Iterator[tuple[Job, Untagged | End]], most: int) -> Iterator[tuple[Job, Untagged | End]]:
    """The stream itself, until its texts get too long."""
    characters = 0
    for job, item in untagged:
        if isinstance(item, Untagged):
            content = item.content
            characters += len(content) if isinstance(content, str) else sum(map(len, content.words))
            if characters > most:
                raise TooLongError(f"the files hold more than {most:,} characters of text; send fewer at a time")
        yield job, item


def _without_folder(error: TaggerError | str, folder: str) -> str:
    """The message with the names of files as they were sent, and without options, of which a client has none."""
    return without_options(re.sub(re.escape(folder) + r"[/\\]\d+[/\\]", "", " ".join(str(error).split())))
