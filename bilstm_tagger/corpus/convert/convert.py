"""From one file to another of any format and scheme.

What the target cannot hold is found by reading it back, so it is told for every format, also for those to come.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from bilstm_tagger.corpus import CorpusStats, ReadOptions, format_of, read_corpus, save_corpus, stats
from bilstm_tagger.corpus.convert.not_kept import losses
from bilstm_tagger.corpus.convert.tasks import Columns, find_columns, format_name, further_keys
from bilstm_tagger.corpus.formats.columns import ConllLayout
from bilstm_tagger.corpus.formats.conllu_rows import ConlluLayout
from bilstm_tagger.corpus.options import DEFAULT_OPTIONS
from bilstm_tagger.corpus.repair import Repairs, repair_task
from bilstm_tagger.corpus.schemes import resolve
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import ConfigError, CorpusError
from bilstm_tagger.schemes.detection import detect
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.schemes.spans import convert

__all__ = ["Conversion", "ConvertOptions", "convert_corpus", "convert_scheme"]


@dataclass(frozen=True, slots=True)
class ConvertOptions:
    """How to convert.

    Attributes:
        columns: For each task where its tags are; None for all that the file has.
        source_format: Format of the file that is read, if its suffix does not tell it.
        target_format: Format of the file that is written.
        names: Names of the columns of a CoNLL file.
        word_column: The column of the words.
        declared: The scheme of the spans in the source; detected unless named.
        scheme: The scheme to write spans in; None for that of the source.
        repair: Whether impossible tag sequences are made legal; else they are refused.
        reading: How to read raw text and data sets.
    """

    columns: Mapping[str, int | str] | None = None
    source_format: str | None = None
    target_format: str | None = None
    names: Sequence[str] | None = None
    word_column: int | str = 1
    declared: Scheme | None = None
    scheme: Scheme | None = None
    repair: bool = False
    reading: ReadOptions = DEFAULT_OPTIONS


@dataclass(frozen=True, slots=True)
class Conversion:
    """What was done.

    Attributes:
        sizes: What was written.
        columns: For each task where its tags are in the target.
        schemes: For each task the scheme it had and the one it has.
        repairs: For each task what was repaired.
        losses: What the target does not hold, a sentence each.
    """

    sizes: CorpusStats
    columns: Columns
    schemes: dict[str, tuple[Scheme, Scheme]]
    repairs: dict[str, Repairs] = field(default_factory=dict)
    losses: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self) | {
            "schemes": {task: list(map(str, schemes)) for task, schemes in self.schemes.items()},
            "losses": list(self.losses),
        }


def convert_corpus(source: str | Path, target: str | Path, options: ConvertOptions | None = None) -> Conversion:
    """Write an annotated file anew in the format and the scheme that are asked for.

    Args:
        source: The file, or a data set.
        target: The file to write; its suffix tells the format unless it is named.
        options: How.

    Returns:
        What was done, and what was lost.

    Raises:
        ConfigError: If plain tags are asked for.
        CorpusError: If the source cannot be read, has impossible tag sequences, or the target cannot hold it.
    """
    options = options or ConvertOptions()
    if options.scheme is Scheme.NONE:
        raise ConfigError("spans cannot become plain tags; choose one of IOB1, BIO, IOBES, BMES, BILOU")
    target_name = format_name(target, options.target_format)
    if not format_of(target, options.target_format).suffixes:
        raise CorpusError(f"{target}: a data set cannot be written; write .parquet or .jsonl")
    columns = options.columns
    if columns is None:
        columns = find_columns(source, format=options.source_format)
    documents = read_corpus(
        source,
        columns,
        format=options.source_format,
        names=options.names,
        word_column=options.word_column,
        options=options.reading,
    )
    schemes, repairs = {}, {}
    for task in columns:
        found, repairs[task] = _settle(documents, task, options)
        schemes[task] = (found, convert_scheme(documents, task, options.scheme) if options.scheme else found)
    save_corpus(documents, target, format=options.target_format, tasks=list(columns))
    places = _places(target_name, documents, list(columns), {task: each for task, (_, each) in schemes.items()})
    lost = _compare(documents, target, places, options)
    keys = further_keys(source, format=options.source_format, read=map(str, columns.values()))
    if keys:
        lost.append(f"further keys of the records: {', '.join(keys)}")
    return Conversion(stats(documents), places, schemes, {t: r for t, r in repairs.items() if r}, tuple(lost))


def convert_scheme(documents: Sequence[Document], task: str, scheme: Scheme) -> Scheme:
    """Respell the spans of a task in place; plain tags stay as they are.

    Args:
        documents: The corpus, whose scheme is resolved.
        task: The task.
        scheme: The scheme wanted.

    Returns:
        The scheme that the tags are in now.
    """
    for document in documents:
        known = document.schemes.get(task, Scheme.NONE)
        if known is Scheme.NONE:
            return Scheme.NONE
        if known is not scheme:
            tags = document.tags_of(task)
            document.tags[task] = [
                tag for start, end in pairwise(document.bounds) for tag in convert(tags[start:end], known, scheme)
            ]
            document.schemes[task] = scheme
    return scheme


def _settle(documents: Sequence[Document], task: str, options: ConvertOptions) -> tuple[Scheme, Repairs]:
    """The scheme of a task, checked, after any repair; a declared one holds for tasks that have spans."""
    declared = options.declared
    if declared not in (None, Scheme.NONE):
        tags = (document.tags_of(task)[a:b] for document in documents for a, b in pairwise(document.bounds))
        declared = None if detect(tags) is Scheme.NONE else declared
    repairs = Repairs()
    if options.repair:
        repaired, repairs = repair_task(documents, task, declared=declared)
        declared = declared if repaired is Scheme.NONE else repaired
    return resolve(documents, task, declared=declared), repairs


def _places(format: str, documents: Sequence[Document], tasks: Sequence[str], schemes: Mapping[str, Scheme]) -> Columns:
    """Where each task's tags are in the file that was written."""
    layout = documents[0].layout
    if format == "conll":
        width, sources = (layout.width, layout.sources) if isinstance(layout, ConllLayout) else (1, {})
        new = [task for task in tasks if task not in sources]
        return {task: sources[task] + 1 if task in sources else width + new.index(task) + 1 for task in tasks}
    if format == "conllu":
        named = layout.sources if isinstance(layout, ConlluLayout) else {}
        return {task: named.get(task, task.upper()) for task in tasks}
    if format == "spacy":
        spans = [task for task in tasks if schemes[task] is not Scheme.NONE]
        plain = {task: _spacy_attribute(task, documents) for task in tasks if task not in spans}
        return {task: plain.get(task, "ents" if spans[:1] == [task] else task) for task in tasks}
    return {task: task for task in tasks}


def _spacy_attribute(task: str, documents: Sequence[Document]) -> str:
    from spacy.parts_of_speech import IDS

    name = task.lower()
    if name in ("upos", "pos"):
        tags = {tag for document in documents for tag in document.tags_of(task)}
        return "pos" if tags <= IDS.keys() - {""} else "tag"
    return name if name in ("lemma", "feats", "morph") else "tag"


def _compare(documents: Sequence[Document], target: str | Path, places: Columns, options: ConvertOptions) -> list[str]:
    try:
        written = read_corpus(target, places, format=options.target_format, options=options.reading)
    except CorpusError as error:
        return [f"what was written could not be read back to compare it ({error})"]
    return losses(documents, written)
