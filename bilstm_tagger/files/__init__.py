"""Tagging files and folders: three streams in a row, one that reads, one that tags, one that writes.

Each takes what the one before it gives, a few documents at a time, so memory stays flat over any number of
files, and a batch for the network may hold sentences of many of them.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any, Protocol, TextIO

from bilstm_tagger.document import Document
from bilstm_tagger.errors import ConfigError, TaggerError
from bilstm_tagger.files.formats import OUTPUT_FORMATS, OutputFormat, output_format
from bilstm_tagger.files.inputs import INPUT_FORMATS, Job, check_targets, find_jobs, read_job
from bilstm_tagger.io import atomic_write

__all__ = ["INPUT_FORMATS", "OUTPUT_FORMATS", "FilesReport", "tag_files"]


class DocumentTagger(Protocol):
    """What tagging files needs of a tagger."""

    def read(self, source: Any) -> Document:
        """Make a document without tags."""
        ...

    def pipe(self, sources: Iterable[Any], *, batch_tokens: int = ...) -> Iterator[Document]:
        """Tag documents in order."""
        ...


@dataclass(slots=True)
class FilesReport:
    """What was tagged, kept up to date while it happens.

    Attributes:
        found: Files to tag.
        skipped: Files in folders left out because of their suffix.
        files: Files done.
        documents: Documents tagged.
        sentences: Sentences in them.
        tokens: Tokens in them.
        failures: What was wrong with files that could not be tagged; each message names its file.
        seconds: Time since the start.
    """

    found: int
    skipped: int = 0
    files: int = 0
    documents: int = 0
    sentences: int = 0
    tokens: int = 0
    failures: list[TaggerError] = field(default_factory=list)
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class _End:
    """Stands behind the last document of a file; with what is wrong, if the file could not be read."""

    error: TaggerError | None = None


_Item = tuple[Job, Document | _End]


def tag_files(
    tagger: DocumentTagger,
    inputs: Sequence[str | Path],
    *,
    output: str | Path | None = None,
    stream: TextIO | None = None,
    format: str = "jsonl",
    input_format: str | None = None,
    force: bool = False,
    word_column: int | str = 1,
    batch_tokens: int | None = None,
    progress: Callable[[FilesReport], None] | None = None,
) -> FilesReport:
    """Tag files, folders and standard input, into a folder or to a stream.

    A file that cannot be read is left out and reported, the others are tagged. Into a folder each goes under
    its own relative path plus the suffix of the format, complete or not at all; on a stream, what came before
    the fault stays.

    Args:
        tagger: Tags documents.
        inputs: Files, folders (all below them, sorted), or ``-`` for standard input.
        output: Folder for the results; made if it is not there.
        stream: Where to write instead, all results in one.
        format: One of `OUTPUT_FORMATS`.
        input_format: One of `INPUT_FORMATS`; else by suffix, standard input as text.
        force: Whether files in `output` may be overwritten.
        word_column: The column of the words: a number in CoNLL columns, a name in other formats.
        batch_tokens: Padded tokens given to the network at a time; the tagger's own measure if None.
        progress: Called after each document with the report so far.

    Returns:
        Sizes and failures.

    Raises:
        ConfigError: Before anything is tagged: unknown formats, output in the way of other files.
        CorpusError: Before anything is tagged: an input does not exist or holds nothing to tag.
        TaggerError: If the stream cannot hold the documents.
    """
    if (output is None) == (stream is None):
        raise ConfigError("tagged files go either into a folder or to a stream; name one of them")
    began = time.perf_counter()
    known = output_format(format)
    folder = None if output is None else Path(output)
    suffixes = [each.suffix for each in OUTPUT_FORMATS.values()]
    jobs, skipped = find_jobs(inputs, input_format=input_format, output=folder, suffixes=suffixes)
    targets = {} if folder is None else {job: job.target(folder, known.suffix) for job in jobs}
    check_targets(targets, force=force)
    report = FilesReport(found=len(jobs), skipped=skipped)
    items = _tagged(tagger, _read(tagger, jobs, word_column), batch_tokens)
    items = _counted(items, report, began, progress)
    if stream is not None:
        known.write(_sound(items, report), stream)
        stream.flush()
    else:
        _write_files(items, known, targets, report)
    report.seconds = time.perf_counter() - began
    return report


def _read(tagger: DocumentTagger, jobs: Iterable[Job], word_column: int | str) -> Iterator[_Item]:
    """First stream: each file's documents, tokenised, and its end."""
    for job in jobs:
        name = job.name.encode("utf-8", "backslashreplace").decode("utf-8")
        error: TaggerError | None = None
        try:
            for number, source in enumerate(read_job(job, word_column=word_column), 1):
                document = tagger.read(source)
                if document.id is None:
                    document.id = name if job.format == "text" else f"{name}:{number}"
                yield job, document
        except TaggerError as fault:
            error = fault
        except OSError as fault:
            error = TaggerError(f"{job.path}: cannot be read: {fault.strerror or fault}")
        yield job, _End(error)


def _tagged(tagger: DocumentTagger, items: Iterable[_Item], batch_tokens: int | None) -> Iterator[_Item]:
    """Second stream: the same with tags; the tagger runs ahead, so what it was given waits in a queue."""
    waiting: deque[_Item] = deque()

    def documents() -> Iterator[Document]:
        for item in items:
            waiting.append(item)
            if isinstance(item[1], Document):
                yield item[1]

    options = {} if batch_tokens is None else {"batch_tokens": batch_tokens}
    for tagged in tagger.pipe(documents(), **options):
        while waiting and isinstance(waiting[0][1], _End):
            yield waiting.popleft()
        job, source = waiting.popleft() if waiting else (None, None)
        if job is None or not isinstance(source, Document):
            raise TaggerError("internal error: more documents came out of the tagger than went in")
        _check_same(source, tagged)
        yield job, tagged
    for job, end in waiting:
        if isinstance(end, Document):
            raise TaggerError(f"internal error: document {end.id} went into the tagger but did not come out")
        yield job, end


def _check_same(source: Document, tagged: Document) -> None:
    """Make sure that tagging lost no sentence and no token, and that offsets point into the text."""
    if tagged.bounds != source.bounds or tagged.words != source.words:
        raise TaggerError(
            f"internal error: document {source.id} has {len(tagged.bounds) - 1} sentences and {len(tagged)} "
            f"tokens after tagging, {len(source.bounds) - 1} and {len(source)} before"
        )
    tagged.check_offsets()


def _counted(
    items: Iterable[_Item], report: FilesReport, began: float, progress: Callable[[FilesReport], None] | None
) -> Iterator[_Item]:
    for item in items:
        if isinstance(document := item[1], Document):
            report.documents += 1
            report.sentences += len(document.bounds) - 1
            report.tokens += len(document)
        yield item
        if progress is not None:
            report.seconds = time.perf_counter() - began
            progress(report)


def _sound(items: Iterable[_Item], report: FilesReport) -> Iterator[Document]:
    """Third stream, all in one: the documents; faults are noted."""
    for _, item in items:
        if isinstance(item, Document):
            yield item
        elif item.error is not None:
            report.failures.append(item.error)
        else:
            report.files += 1


def _write_files(
    items: Iterable[_Item], format: OutputFormat, targets: Mapping[Job, Path], report: FilesReport
) -> None:
    """Third stream, file by file. What is wrong with one of them ends that file alone."""
    for job, own in groupby(items, key=lambda item: item[0]):
        try:
            with atomic_write(targets[job]) as stream:
                format.write(_until_fault(own), stream)
        except TaggerError as error:
            report.failures.append(error)
        except OSError as error:
            fault = TaggerError(f"{targets[job]}: cannot be written: {error.strerror or error}")
            report.failures.append(fault)
        else:
            report.files += 1
    if report.files + len(report.failures) < report.found:  # then it was the tagger that failed, not a file
        raise report.failures[-1]


def _until_fault(items: Iterable[_Item]) -> Iterator[Document]:
    for _, item in items:
        if isinstance(item, Document):
            yield item
        elif item.error is not None:
            raise item.error
