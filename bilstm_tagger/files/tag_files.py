"""Tag files, folders and standard input, into a folder or to a stream."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, groupby, islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import ConfigError, TaggerError, reason_of
from bilstm_tagger.files.completeness import all_there, counted
from bilstm_tagger.files.earlier_output import mark_output
from bilstm_tagger.files.find_jobs import JobList, check_text_column, find_jobs
from bilstm_tagger.files.formats import OUTPUT_FORMATS, OutputFormat, fitting_stream, output_format
from bilstm_tagger.files.inputs import Job
from bilstm_tagger.files.options import TagOptions
from bilstm_tagger.files.pool import WorkerPool
from bilstm_tagger.files.profile import Profile
from bilstm_tagger.files.report import FilesReport
from bilstm_tagger.files.resume import NAME, Run
from bilstm_tagger.files.shard import Shard, ShardRecord, share
from bilstm_tagger.files.streams import DocumentTagger, End, Tagged, Untagged, read_files, tag_here, with_kept
from bilstm_tagger.files.suspicion import language_of
from bilstm_tagger.files.targets import check_targets
from bilstm_tagger.io.atomic import atomic_write
from bilstm_tagger.io.file_names import check_file_name
from bilstm_tagger.settings.read_spec import ReadSpec

if TYPE_CHECKING:
    from bilstm_tagger.files.by_language import ModelChooser

Listener = Callable[[FilesReport], None]
Receiver = Callable[[Iterator[Document]], None]
_Item = tuple[Job, Tagged | End]


def tag_files(
    tagger: DocumentTagger | WorkerPool,
    inputs: Sequence[str | Path],
    *,
    output: str | Path | None = None,
    stream: IO[Any] | None = None,
    receive: Receiver | None = None,
    format: str = "jsonl",
    input_format: str | None = None,
    force: bool = False,
    resume: bool = False,
    identity: str | None = None,
    shard: Shard | None = None,
    exclude: Path | None = None,
    spec: ReadSpec | None = None,
    text_column: str | None = None,
    check_language: bool = True,
    options: TagOptions | None = None,
    progress: Listener | None = None,
    profile: Profile | None = None,
    chooser: ModelChooser | None = None,
) -> FilesReport:
    """Tag files, folders and standard input, into a folder or to a stream.

    A file that cannot be read is reported, the others are tagged. Into a folder each goes under its own relative
    path plus the suffix of the format, complete or not at all; on a stream, what came before the fault stays, and the
    failure says so. Sizes are those of what is written.

    Args:
        tagger: tags documents in this process, or a pool of processes that do.
        inputs: files, folders (all below them, sorted), or `-` for standard input.
        output: folder for the results; made if it is not there.
        stream: where to write instead, all results in one.
        receive: takes the tagged documents of all files instead; nothing is written.
        format: one of `OUTPUT_FORMATS`.
        input_format: one of `INPUT_FORMATS`; else by suffix, standard input as text.
        force: whether files in `output` may be overwritten.
        resume: whether what an interrupted run with the same options has written into `output` is left as it is.
        identity: what tells the tagger from others; without it the run cannot be resumed.
        shard: the share of the files, or of the documents of a single file, that is tagged; all if None.
        exclude: the file that `stream` writes, which is left out of folders and refused as input.
        spec: how to read words, and raw text in JSON and tables; its format and its tasks are not used.
        text_column: column of the text in tables and JSON; else found by its name.
        check_language: whether a text that is clearly not in the language of the model is warned of.
        options: what the tagger is asked for.
        progress: called after each document with the report so far.
        profile: where the time spent on each part is added.
        chooser: chooses one of the models of the tagger for each document.

    Returns:
        Sizes, failures, and what was left out.

    Raises:
        ConfigError: before anything is tagged, for unknown formats or output in the way of other files.
        CorpusError: before anything is tagged, for an input that does not exist or holds nothing to tag.
        TaggerError: if the tagger fails, or the stream cannot hold the documents.
    """
    profile, spec = profile or Profile(), spec or ReadSpec()
    clock = _clock(profile)
    if receive is not None:
        format = "conll"  # in which documents are whole to the end, also those of a pool
    write = _destination(output, stream, format, receive)
    run, facts = None, {"model": identity, "format": format, "input_format": input_format, "text_column": text_column}
    facts |= {"encoding": spec.encoding, "options": str(options or TagOptions())}
    if output is not None and identity is not None:
        name = NAME if shard is None else f".{shard.label}{NAME}"
        run = Run(Path(output), facts, resume=resume, name=name)
    jobs, targets = _jobs_and_targets(inputs, input_format, output, format, exclude)
    one = len(jobs.jobs) == 1
    record = None
    if shard is not None:
        record = None if output is None else ShardRecord(Path(output), shard, jobs.jobs, facts)
        jobs, targets = share(jobs, targets, shard)
        if resume and record is not None and record.is_there():
            return FilesReport(0, finished=len(jobs.jobs))
    finished = [] if run is None else [job for job, target in targets.items() if run.has_finished(job, target)]
    check_targets(targets, force=force or (run is not None and run.resumed), resume=resume)
    if finished:
        known = set(finished)
        jobs = jobs._replace(jobs=[job for job in jobs.jobs if job not in known])
    if stream is not None and format == "text" and len(jobs.jobs) > 1:
        format, write = "named-text", _destination(None, stream, "named-text")
    report = FilesReport(len(jobs.jobs), sum(jobs.skipped.values()), jobs.left_out, other=dict(jobs.skipped))
    report.finished = len(finished)
    report.failures.extend(jobs.failed)
    report.unread_folders = len(jobs.failed)
    report.output, report.suspected = jobs.output, jobs.suspected
    if text_column is not None:
        spec = spec.replace(text_column=text_column)
        check_text_column(jobs.jobs, text_column)
    language = language_of(spec.tokenizer) if check_language else None
    read: Counter[Job] = Counter()
    untagged = read_files(jobs.jobs, spec, profile=profile, tally=report.tally, language=language)
    untagged = untagged if chooser is None else chooser(untagged)
    untagged = counted(untagged if shard is None or not one else shard.documents(untagged), read)
    items = all_there(_tag(tagger, untagged, format, options or TagOptions(), profile), read)
    written = [*targets.values(), *([record.path] if record is not None else [])]
    if output is not None and run is not None:
        run.begin()
        mark_output(Path(output), written)
    with profile.part("write"):
        write(_count(items, report, clock, progress), targets, report)
    report.seconds = clock()
    if output is not None and run is None and report.files:
        mark_output(Path(output), written)
    if run is not None and not report.failures:
        run.end()
    if record is not None and not report.failures:
        record.write(report)
    return report


_Write = Callable[[Iterable[_Item], Mapping[Job, Path], FilesReport], None]


def _destination(
    output: str | Path | None, stream: IO[Any] | None, format: str, receive: Receiver | None = None
) -> _Write:
    """The third stream: writes into a folder or to a stream, or gives the documents on.

    Raises:
        ConfigError: if several or none of them is named, or the format is unknown or does not fit the stream.
    """
    if [output, stream, receive].count(None) != 2:
        raise ConfigError("tagged files go either into a folder or to a stream; name one of them")
    if receive is not None:
        return lambda items, _, report: receive(
            content for content in _contents(items, report) if isinstance(content, Document)
        )
    known = output_format(format)
    if stream is None:
        return lambda items, targets, report: _write_files(items, known, targets, report)
    sink = fitting_stream(known, stream)
    return lambda items, _, report: _write_stream(items, known, sink, report)


def _jobs_and_targets(
    inputs: Sequence[str | Path],
    input_format: str | None,
    output: str | Path | None,
    format: str,
    exclude: Path | None,
) -> tuple[JobList, dict[Job, Path]]:
    """The files to tag and, if they go into a folder, where the output of each goes."""
    suffixes = [each.suffix for each in OUTPUT_FORMATS.values()]
    folder = None if output is None else Path(output)
    if folder is not None:
        check_file_name(folder, ConfigError)
        if folder.exists() and not folder.is_dir():
            raise ConfigError(
                f"{folder}: is no folder, and the output is one, with a file for each input; name a folder, or leave "
                "--output out to write one stream"
            )
    jobs = find_jobs(inputs, input_format=input_format, output=folder, suffixes=suffixes, exclude=exclude)
    if folder is None:
        return jobs, {}
    suffix = output_format(format).suffix
    return jobs, {job: job.target(folder, suffix) for job in jobs.jobs}


def _tag(
    tagger: DocumentTagger | WorkerPool,
    untagged: Iterable[tuple[Job, Untagged | End]],
    format: str,
    options: TagOptions,
    profile: Profile,
) -> Iterator[_Item]:
    """The second stream, in this process or in those of a pool."""
    if isinstance(tagger, WorkerPool):
        return tagger.tag(untagged, format=format, options=options, profile=profile)
    return tag_here(tagger, untagged, options=options, profile=profile)


def _clock(profile: Profile) -> Callable[[], float]:
    """Tells the seconds since now, without those of loading the tokeniser and models that wait for the first text."""

    def loading() -> float:
        return sum(profile.seconds.get(part, 0.0) for part in ("load tokeniser", "import torch", "load model"))

    began = time.perf_counter() - loading()
    return lambda: time.perf_counter() - began - loading()


def _count(
    items: Iterable[_Item], report: FilesReport, clock: Callable[[], float], progress: Listener | None
) -> Iterator[_Item]:
    for item in items:
        if isinstance(tagged := item[1], Tagged):
            report.documents += 1
            report.sentences += tagged.sentences
            report.tokens += tagged.tokens
        yield item
        if progress is not None:
            report.seconds = clock()
            progress(report)


def _write_stream(items: Iterable[_Item], format: OutputFormat, stream: IO[Any], report: FilesReport) -> None:
    """Write all files into one stream; a file that cannot be read ends there, the next one goes on.

    Where none can be read nothing is written, not even the header of a table.
    """
    contents = _contents(items, report)
    first = list(islice(contents, 1))
    if report.nothing_read:
        return
    _write(chain(first, contents), format, stream)
    stream.flush()


def _contents(items: Iterable[_Item], report: FilesReport) -> Iterator[Document | str]:
    of_file = 0
    for _, item in items:
        if isinstance(item, Tagged):
            of_file += 1
            yield item.content
            continue
        if item.error is not None:
            report.failures.append(with_kept(item.error, of_file))
        elif not item.left_out:
            report.files += 1
        of_file = 0


class _LeftOut(Exception):  # noqa: N818 - no error
    """A file of a folder that turned out to hold no text; nothing is written for it."""


def _write_files(
    items: Iterable[_Item], format: OutputFormat, targets: Mapping[Job, Path], report: FilesReport
) -> None:
    """Write each file under its own name. What is wrong with one of them ends that file alone.

    Raises:
        TaggerError: if the tagger failed, not a file.
    """
    tagger_errors: list[TaggerError] = []
    for job, items_of_job in groupby(_note_errors(items, tagger_errors), key=lambda item: item[0]):
        target, tagged = targets[job], _Sizes()
        contents = tagged.each(items_of_job)
        try:
            with atomic_write(target, binary=True) if format.binary else atomic_write(target) as stream:
                _write(_contents_or_error(contents), format, stream)
        except _LeftOut:
            continue
        except TaggerError as error:
            if error in tagger_errors:
                raise
            tagged.take_back(contents, report)
            report.failures.append(error)
        except OSError as error:
            tagged.take_back(contents, report)
            report.failures.append(TaggerError(f"{target}: cannot be written: {reason_of(error)}"))
        else:
            report.files += 1


class _Sizes:
    """How much of a file was tagged, which does not count if it is not written."""

    def __init__(self) -> None:
        self._documents = self._sentences = self._tokens = 0

    def each(self, items: Iterable[_Item]) -> Iterator[_Item]:
        """Count items and give them on."""
        for job, item in items:
            if isinstance(item, Tagged):
                self._documents += 1
                self._sentences += item.sentences
                self._tokens += item.tokens
            yield job, item

    def take_back(self, others: Iterator[_Item], report: FilesReport) -> None:
        """Take the file out of the report, with what `each` has still to give of it."""
        for _ in others:
            pass
        report.documents -= self._documents
        report.sentences -= self._sentences
        report.tokens -= self._tokens


def _note_errors(items: Iterable[_Item], errors: list[TaggerError]) -> Iterator[_Item]:
    """Give the items on; an error that ends them is added to `errors` too."""
    try:
        yield from items
    except TaggerError as error:
        errors.append(error)
        raise


def _contents_or_error(items: Iterable[_Item]) -> Iterator[Document | str]:
    for _, item in items:
        if isinstance(item, Tagged):
            yield item.content
        elif item.error is not None:
            raise item.error
        elif item.left_out:
            raise _LeftOut
        else:
            return  # the file is complete, whatever becomes of the next one


def _write(contents: Iterable[Document | str], format: OutputFormat, stream: IO[Any]) -> None:
    """Write documents, some of which may be text of the format already, where its documents stand by themselves."""
    if not format.apart:
        format.write((content for content in contents if isinstance(content, Document)), stream)
        return
    for content in contents:
        if isinstance(content, str):
            stream.write(content)
        else:
            format.write([content], stream)
