"""Tagging files and folders: three streams in a row, one that reads, one that tags, one that writes.

Each takes what the one before it gives, a few documents at a time, so memory stays flat over any number of
files, and a batch for the network may hold sentences of many of them. The second stream runs in this process
(`streams`) or in several (`workers`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import IO, Any, TextIO

from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import ConfigError, TaggerError
from bilstm_tagger.files.formats import OUTPUT_FORMATS, OutputFormat, fitting_stream, output_format
from bilstm_tagger.files.inputs import INPUT_FORMATS, Job, check_targets, find_jobs
from bilstm_tagger.files.pool import WorkerPool
from bilstm_tagger.files.profile import Profile
from bilstm_tagger.files.streams import DocumentTagger, End, Tagged, read_sources, tag_here
from bilstm_tagger.files.worker import ModelLoader, collect_seldom
from bilstm_tagger.io.atomic import atomic_write
from bilstm_tagger.settings.read_spec import ReadSpec

__all__ = [
    "INPUT_FORMATS",
    "OUTPUT_FORMATS",
    "FilesReport",
    "ModelLoader",
    "Profile",
    "WorkerPool",
    "collect_seldom",
    "tag_files",
]

_Item = tuple[Job, Tagged | End]


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


def tag_files(
    tagger: DocumentTagger | WorkerPool,
    inputs: Sequence[str | Path],
    *,
    output: str | Path | None = None,
    stream: TextIO | None = None,
    format: str = "jsonl",
    input_format: str | None = None,
    force: bool = False,
    spec: ReadSpec | None = None,
    batch_tokens: int | None = None,
    progress: Callable[[FilesReport], None] | None = None,
    profile: Profile | None = None,
) -> FilesReport:
    """Tag files, folders and standard input, into a folder or to a stream.

    A file that cannot be read is left out and reported, the others are tagged. Into a folder each goes under
    its own relative path plus the suffix of the format, complete or not at all; on a stream, what came before
    the fault stays.

    Args:
        tagger: Tags documents here, or processes that do.
        inputs: Files, folders (all below them, sorted), or ``-`` for standard input.
        output: Folder for the results; made if it is not there.
        stream: Where to write instead, all results in one.
        format: One of `OUTPUT_FORMATS`.
        input_format: One of `INPUT_FORMATS`; else by suffix, standard input as text.
        force: Whether files in `output` may be overwritten.
        spec: How to read words, and raw text in JSON and tables; its format and its tasks are not used.
        batch_tokens: Padded tokens given to the network at a time; the tagger's own measure if None.
        progress: Called after each document with the report so far.
        profile: Learns what the time is spent on.

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
    out = None if stream is None else fitting_stream(known, stream)
    watch = profile or Profile()
    found = read_sources(jobs, spec=spec or ReadSpec(), profile=watch)
    if isinstance(tagger, WorkerPool):
        items = tagger.tag(found, format=format, batch_tokens=batch_tokens, profile=watch)
    else:
        items = tag_here(tagger, found, batch_tokens=batch_tokens, profile=watch)
    items = _counted(items, report, began, progress)
    with watch.part("write"):
        if out is not None:
            _write(_sound(items, report), known, out)
            out.flush()
        else:
            _write_files(items, known, targets, report)
    report.seconds = time.perf_counter() - began
    return report


def _counted(
    items: Iterable[_Item], report: FilesReport, began: float, progress: Callable[[FilesReport], None] | None
) -> Iterator[_Item]:
    for item in items:
        if isinstance(tagged := item[1], Tagged):
            report.documents += 1
            report.sentences += tagged.sentences
            report.tokens += tagged.tokens
        yield item
        if progress is not None:
            report.seconds = time.perf_counter() - began
            progress(report)


def _sound(items: Iterable[_Item], report: FilesReport) -> Iterator[Document | str]:
    """Third stream, all in one: the documents; faults are noted."""
    for _, item in items:
        if isinstance(item, Tagged):
            yield item.content
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
            with atomic_write(targets[job], binary=True) if format.binary else atomic_write(targets[job]) as stream:
                _write(_until_fault(own), format, stream)
        except TaggerError as error:
            report.failures.append(error)
        except OSError as error:
            fault = TaggerError(f"{targets[job]}: cannot be written: {error.strerror or error}")
            report.failures.append(fault)
        else:
            report.files += 1
    if report.files + len(report.failures) < report.found:  # then it was the tagger that failed, not a file
        raise report.failures[-1]


def _until_fault(items: Iterable[_Item]) -> Iterator[Document | str]:
    for _, item in items:
        if isinstance(item, Tagged):
            yield item.content
        elif item.error is not None:
            raise item.error


def _write(contents: Iterable[Document | str], format: OutputFormat, stream: IO[Any]) -> None:
    """Write documents, of which some may be there as text of the format already, if it allows that."""
    if not format.apart:
        format.write((content for content in contents if isinstance(content, Document)), stream)
        return
    for content in contents:
        if isinstance(content, str):
            stream.write(content)
        else:
            format.write([content], stream)
