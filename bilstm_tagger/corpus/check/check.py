"""Checking annotated files before they are trained on: what would fail, what looks wrong, what is there."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from bilstm_tagger.corpus.check.findings import CheckedFile, CheckReport, FileReport, Finding, TaskReport, shown
from bilstm_tagger.corpus.check.splits import check_splits
from bilstm_tagger.corpus.check.surfaces import check_surfaces
from bilstm_tagger.corpus.check.tags import check_inventory, check_tags, count_labels, settle_or_repair
from bilstm_tagger.corpus.check.words import check_words
from bilstm_tagger.corpus.convert.tasks import find_columns
from bilstm_tagger.corpus.corpus import Corpus
from bilstm_tagger.corpus.reading import read_corpus
from bilstm_tagger.corpus.settle import holds_for
from bilstm_tagger.errors import ConfigError, CorpusError, TaggerError
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.settings.read_spec import ReadSpec
from bilstm_tagger.vocab.coverage import LOW, Coverage
from bilstm_tagger.vocab.vectors import read_vectors
from bilstm_tagger.vocab.vocab import lookup_keys

__all__ = ["CheckOptions", "CheckReport", "FileReport", "Finding", "TaskReport", "check_corpus"]

_ORDER = ("error", "warning", "info")


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """How to read and check files.

    Attributes:
        spec: how to read the files; without columns all tasks that each file has.
        scheme: the scheme of the tasks that have spans; detected in the first file unless named.
        vectors: pretrained vectors whose coverage is measured, as `read_vectors` understands them.
    """

    spec: ReadSpec = field(default_factory=ReadSpec)
    scheme: Scheme | None = None
    vectors: str | None = None


def check_corpus(paths: Sequence[str | Path], options: CheckOptions | None = None) -> CheckReport:
    """Check the files of a corpus, each a split; the first is taken for the training data.

    Nothing is changed, and no finding is raised: a file that cannot be read is an error in the report.

    Args:
        paths: the files.
        options: how to read and check them.

    Returns:
        Sizes and findings.

    Raises:
        ConfigError: if no file is named.
        VectorsError: if the vectors cannot be read.
    """
    if not paths:
        raise ConfigError("name at least one file to check")
    options = options or CheckOptions()
    findings: list[Finding] = []
    unsettled = [file for path in paths if (file := _read(str(path), options.spec, findings)) is not None]
    files, schemes = _settle(unsettled, options.scheme, findings)
    for file in files:
        findings += check_words(file)
        for task in file.tasks:
            findings += check_tags(file, task, schemes[task])
    for task, scheme in schemes.items():
        with_task = [file for file in files if task in file.tasks]
        findings += check_inventory(with_task, task, scheme)
        findings += check_surfaces(with_task, task, scheme)
    if files:
        findings += check_splits(files)
    covered = _FileCoverage(files, options.vectors) if options.vectors else None
    if covered:
        findings += covered.findings()
    reports = tuple(_report(file, files[0], schemes, covered) for file in files)
    return CheckReport(reports, tuple(sorted(findings, key=lambda finding: _ORDER.index(finding.level))))


def _read(path: str, spec: ReadSpec, findings: list[Finding]) -> CheckedFile | None:
    try:
        if spec.columns is None:
            columns = find_columns(
                path, format=spec.format, encoding=spec.encoding, delimiter=spec.delimiter, overlapping=True, slips=True
            )
            spec = spec.replace(columns=columns)
        corpus = read_corpus(path, spec=spec)
    except TaggerError as error:
        columns, faults = _readable(path, spec, str(error))
        findings += [Finding("error", "unreadable", fault) for fault in faults]
        return _read(path, spec.replace(columns=columns), findings) if columns else None
    for document in corpus:
        try:
            document.check_offsets()
        except CorpusError as error:
            findings.append(Finding("error", "offsets", str(error)))
            break
    return CheckedFile(path, corpus, tuple(spec.columns or ()))


def _readable(path: str, spec: ReadSpec, refusal: str) -> tuple[dict[str, int | str], list[str]]:
    """The columns of a refused file that can be read, where others cannot, and why those cannot."""
    columns: dict[str, int | str] = {}
    faults = {}
    for task, column in (spec.columns or {}).items():
        # Each by itself, its tags as they are: `--label` and `--map` may be about another of them.
        alone = spec.model_copy(update={"columns": {task: column}, "labels": {}, "label": None})
        try:
            read_corpus(path, spec=alone)
            columns[task] = column
        except TaggerError as error:
            faults[task] = str(error)
    if not columns or not faults:
        return {}, [refusal]
    return columns, [f"{task}: {fault}" for task, fault in faults.items()]


def _settle(
    files: Sequence[CheckedFile], scheme_of_spans: Scheme | None, findings: list[Finding]
) -> tuple[list[CheckedFile], dict[str, Scheme]]:
    """The files with the tasks that can be checked, and their schemes.

    The scheme of a task is that of the first file that has it, to which the others are held.
    """
    schemes: dict[str, Scheme] = {}
    settled_files = []
    for file in files:
        corpus, usable = file.corpus, []
        for task in file.tasks:
            declared = schemes.get(task)
            if declared is None and scheme_of_spans is not None and holds_for(corpus, task, file.tasks):
                declared = scheme_of_spans
            settled, faults = settle_or_repair(corpus, task, declared)
            findings += faults
            if settled is not None:
                corpus = settled
                schemes.setdefault(task, corpus.schemes[task])
                usable.append(task)
        settled_files.append(CheckedFile(file.path, corpus, tuple(usable)))
    return settled_files, schemes


class _FileCoverage:
    """Which tokens of each file have a pretrained vector."""

    def __init__(self, files: Sequence[CheckedFile], name: str) -> None:
        self.files = files
        self.counts = [Counter(word for document in file.corpus for word in document.words) for file in files]
        words = lookup_keys(word for counts in self.counts for word in counts)
        self.coverage = Coverage(read_vectors(name, words=words).words)
        self.name = name

    def share(self, file: CheckedFile) -> float:
        return self.coverage.of_tokens(self.counts[self.files.index(file)])

    def findings(self) -> list[Finding]:
        findings = []
        for file, counts in zip(self.files, self.counts, strict=True):
            share, types = self.share(file), self.coverage.of_types(counts)
            message = f"{file.path}: {share:.1%} of the tokens, {types:.1%} of the types have a vector in {self.name}"
            missing = (f"{word!r} {count:,}" for word, count in counts.most_common() if not self.coverage.has(word))
            hint = "; is it the right language and spelling?" if share < LOW else ""
            findings.append(Finding("warning" if hint else "info", "coverage", message + hint, shown(missing)))
        return findings


def _report(
    file: CheckedFile, first: CheckedFile, schemes: Mapping[str, Scheme], covered: _FileCoverage | None
) -> FileReport:
    counts = Counter(word for document in file.corpus for word in document.words)
    sizes = sorted(end - start for document in file.corpus for start, end in pairwise(document.bounds) if end > start)
    known = {word for document in first.corpus for word in document.words}
    unknown = sum(count for word, count in counts.items() if word not in known) / max(counts.total(), 1)
    return FileReport(
        path=file.path,
        documents=len(file.corpus),
        sentences=len(sizes),
        tokens=counts.total(),
        types=len(counts),
        lengths={
            "shortest": sizes[0],
            "median": statistics.median(sizes),
            "mean": round(statistics.fmean(sizes), 2),
            "95%": sizes[math.ceil(0.95 * (len(sizes) - 1))],
            "longest": sizes[-1],
        },
        unknown=None if file is first else round(unknown, 4),
        coverage=round(covered.share(file), 4) if covered else None,
        tasks={task: _task_report(file.corpus, task, schemes[task]) for task in file.tasks},
    )


def _task_report(corpus: Corpus, task: str, scheme: Scheme) -> TaskReport:
    tags = Counter(tag for document in corpus for tag in document.tags_of(task))
    labels = Counter[str]() if scheme is Scheme.NONE else count_labels(corpus, task, scheme)
    return TaskReport(str(scheme), dict(tags.most_common()), dict(labels.most_common()))
