"""Annotated files in and out: one module per format, each with the same two functions, read and write.

Data sets of the Hugging Face hub (``hf:NAME``) and folders of ``save_to_disk`` are read like files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from bilstm_tagger.corpus.formats import (
    columns as conll,
)
from bilstm_tagger.corpus.formats import (
    conllu,
    jsonl,
    spacy_docbin,
    table,
    table_write,
)
from bilstm_tagger.corpus.formats import (
    data_sets as hub,
)
from bilstm_tagger.corpus.options import DEFAULT_OPTIONS, FEATURE, ReadOptions
from bilstm_tagger.corpus.split import CorpusStats, digest, fold, set_aside, stats
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import ConfigError, CorpusError
from bilstm_tagger.io.atomic import atomic_write

__all__ = [
    "DATA_SETS",
    "FORMATS",
    "CorpusFormat",
    "CorpusStats",
    "ReadOptions",
    "digest",
    "fold",
    "format_of",
    "iterate_corpus",
    "read_corpus",
    "save_corpus",
    "set_aside",
    "stats",
]


class Reader(Protocol):
    """Signature of every format's ``read``."""

    def __call__(
        self,
        path: str | Path,
        *,
        columns: Mapping[str, int | str],
        names: Sequence[str] | None = None,
        word_column: int | str = 1,
        options: ReadOptions = DEFAULT_OPTIONS,
    ) -> Iterator[Document]:
        """Read documents from a file; `columns` maps each task to where its tags are."""
        ...


class Writer(Protocol):
    """Signature of every format's ``write``."""

    def __call__(self, documents: Iterable[Document], stream: Any, *, tasks: Sequence[str] | None = None) -> None:
        """Write documents to an open stream, of text or of bytes as the format needs."""
        ...


@dataclass(frozen=True, slots=True)
class CorpusFormat:
    """A file format.

    Attributes:
        read: Reads documents from a file.
        write: Writes documents to a stream.
        suffixes: File names that have this format.
        columns: Tasks and where they are when the user names none.
        binary: Whether it is written in bytes.
        records: Whether columns are named as in `corpus.records`, which several formats share.
    """

    read: Reader
    write: Writer
    suffixes: tuple[str, ...]
    columns: Mapping[str, int | str]
    binary: bool = False
    records: bool = False

    def reads_like(self, other: CorpusFormat) -> bool:
        """Whether a column means the same in both formats."""
        return self is other or (self.records and other.records)


_TAGS: Mapping[str, int | str] = {"tags": -1}
DATA_SETS = CorpusFormat(hub.read, hub.write, (), _TAGS, records=True)
FORMATS: dict[str, CorpusFormat] = {
    "conll": CorpusFormat(conll.read, conll.write, (".conll", ".txt", ".bio", ".iob", ".bmes", ".tsv"), _TAGS),
    "conllu": CorpusFormat(conllu.read, conllu.write, (".conllu",), {"upos": "UPOS"}),
    "jsonl": CorpusFormat(jsonl.read, jsonl.write, (".jsonl", ".ndjson", ".json"), _TAGS, records=True),
    "spacy": CorpusFormat(spacy_docbin.read, spacy_docbin.write, (".spacy",), {"ner": "ents"}, binary=True),
    "parquet": CorpusFormat(
        table.read_parquet, table_write.write_parquet, (".parquet",), _TAGS, binary=True, records=True
    ),
    "arrow": CorpusFormat(table.read_arrow, table_write.write_arrow, (".arrow",), _TAGS, binary=True, records=True),
    "csv": CorpusFormat(table.read_csv, table_write.write_csv, (".csv",), _TAGS, records=True),
}


def format_of(path: str | Path, format: str | None = None) -> CorpusFormat:
    """Find the format of a file, by its given name or else by the suffix (before any ``.gz``).

    Raises:
        ConfigError: If there is no format of that name.
        CorpusError: If the suffix belongs to none.
    """
    if hub.find(path) is not None:
        return DATA_SETS
    if format is not None:
        if format not in FORMATS:
            raise ConfigError(f"no corpus format {format!r}; known: {', '.join(FORMATS)}")
        return FORMATS[format]
    suffixes = [suffix.lower() for suffix in Path(path).suffixes if suffix.lower() != ".gz"]
    for known in FORMATS.values():
        if suffixes and suffixes[-1] in known.suffixes:
            return known
    every = ", ".join(suffix for known in FORMATS.values() for suffix in known.suffixes)
    raise CorpusError(f"{path}: the name does not tell the format (known: {every}); name the format")


def iterate_corpus(
    path: str | Path,
    columns: Mapping[str, int | str] | None = None,
    *,
    format: str | None = None,
    names: Sequence[str] | None = None,
    word_column: int | str = 1,
    options: ReadOptions = DEFAULT_OPTIONS,
) -> Iterator[Document]:
    """Read documents one at a time. Arguments and errors as in `read_corpus`, but a file may be empty."""
    if hub.find(path) is None:
        if Path(path).is_dir():
            raise CorpusError(f"{path}: is a folder; name a file in it")
        if not Path(path).exists():
            raise CorpusError(f"{path}: no such file; check the path")
    known = format_of(path, format)
    wanted = dict(known.columns if columns is None else columns)
    further = _feature_columns(path, known, options.features)
    documents = known.read(path, columns=wanted | further, names=names, word_column=word_column, options=options)
    return map(_move_features, documents) if further else documents


def _feature_columns(path: str | Path, known: CorpusFormat, features: Mapping[str, int | str]) -> dict[str, int | str]:
    """The columns of features beside those of tasks; a number means something in CoNLL columns alone."""
    for name, column in features.items():
        if isinstance(column, int) and known is not FORMATS["conll"]:
            raise CorpusError(
                f"{path}: the feature {name!r} is column {column}, but columns have numbers in CoNLL files alone; "
                "name it, or give a CoNLL file"
            )
    return {FEATURE + name: column for name, column in features.items()}


def _move_features(document: Document) -> Document:
    """Take the features from the tags into the columns of the document.

    Raises:
        CorpusError: If a feature would be the gold tags themselves.
    """
    sources = getattr(document.layout, "sources", {})
    for key in [key for key in document.tags if key.startswith(FEATURE)]:
        for task in document.tags:
            if key in sources and sources.get(task) == sources[key] and not task.startswith(FEATURE):
                raise CorpusError(
                    f"{document.path}: the feature {key[len(FEATURE) :]!r} is the column of the tags of {task!r} "
                    "itself; name another column"
                )
        document.columns[key[len(FEATURE) :]] = document.tags.pop(key)
        document.schemes.pop(key, None)
    return document


def read_corpus(
    path: str | Path,
    columns: Mapping[str, int | str] | None = None,
    *,
    format: str | None = None,
    names: Sequence[str] | None = None,
    word_column: int | str = 1,
    options: ReadOptions = DEFAULT_OPTIONS,
) -> list[Document]:
    """Read an annotated file or data set.

    Args:
        path: The file; text in ``*.gz`` is decompressed. Or ``hf:NAME[:CONFIG][@REVISION][#SPLIT]`` for a data
            set of the Hugging Face hub, or the folder of one that was saved.
        columns: For each task where its tags are: a column counted from 1 (from the end if negative) or
            named, in CoNLL-U also a key of MISC. Without it the last column as task ``tags``, in CoNLL-U
            UPOS as ``upos``, in .spacy the entities as ``ner``; an empty mapping reads the words alone.
        format: Name of the format, if the file's suffix does not tell it.
        names: Names of the columns, for formats that do not name them.
        word_column: The column of the words.
        options: How to read raw text and data sets.

    Raises:
        CorpusError: If the file cannot be read, is no such file, or holds no token.

    Example:
        >>> documents = read_corpus("train.txt", {"pos": 2, "ner": -1})  # doctest: +SKIP
    """
    documents = list(
        iterate_corpus(path, columns, format=format, names=names, word_column=word_column, options=options)
    )
    if not any(document.words for document in documents):
        raise CorpusError(f"{path}: there is no token in it; is it the right file?")
    return documents


def save_corpus(
    documents: Iterable[Document],
    path: str | Path,
    *,
    format: str | None = None,
    tasks: Sequence[str] | None = None,
) -> None:
    """Write an annotated file; it appears complete or not at all.

    Args:
        documents: What to write.
        path: The file.
        format: Name of the format, if the suffix does not tell it.
        tasks: The tasks to write; by default all.

    Raises:
        CorpusError: If the format cannot hold the documents.
        TaggerError: If the file cannot be written.
    """
    known = format_of(path, format)
    with atomic_write(path, binary=True) if known.binary else atomic_write(path) as stream:
        try:
            known.write(documents, stream, tasks=tasks)
        except UnicodeEncodeError as error:
            character = error.object[error.start]
            raise CorpusError(f"{path}: {character!r} is half a character and has no place in UTF-8") from error
