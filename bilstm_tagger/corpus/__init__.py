"""Annotated files in and out: one module per format, each with the same two functions, read and write."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TextIO

from bilstm_tagger.corpus import conll, conllu
from bilstm_tagger.document import Document
from bilstm_tagger.errors import ConfigError, CorpusError
from bilstm_tagger.io import atomic_write

__all__ = [
    "FORMATS", "CorpusFormat", "CorpusStats", "format_of", "iterate_corpus", "read_corpus", "save_corpus",
    "set_aside", "stats",
]  # fmt: skip

# From this many documents on, whole documents are set aside instead of sentences.
_ENOUGH_DOCUMENTS = 10


class Reader(Protocol):
    """Signature of every format's ``read``."""

    def __call__(
        self,
        path: str | Path,
        *,
        columns: Mapping[str, int | str],
        names: Sequence[str] | None = None,
        word_column: int | str = 1,
    ) -> Iterator[Document]:
        """Read documents from a file; `columns` maps each task to where its tags are."""
        ...


class Writer(Protocol):
    """Signature of every format's ``write``."""

    def __call__(
        self, documents: Iterable[Document], stream: TextIO, *, tasks: Sequence[str] | None = None
    ) -> None:
        """Write documents to an open stream."""
        ...


@dataclass(frozen=True, slots=True)
class CorpusFormat:
    """A file format.

    Attributes:
        read: Reads documents from a file.
        write: Writes documents to a stream.
        suffixes: File names that have this format.
        columns: Tasks and where they are when the user names none.
    """

    read: Reader
    write: Writer
    suffixes: tuple[str, ...]
    columns: Mapping[str, int | str]


FORMATS: dict[str, CorpusFormat] = {
    "conll": CorpusFormat(conll.read, conll.write, (".conll", ".txt", ".bio", ".iob", ".tsv"), {"tags": -1}),
    "conllu": CorpusFormat(conllu.read, conllu.write, (".conllu",), {"upos": "UPOS"}),
}


def format_of(path: str | Path, format: str | None = None) -> CorpusFormat:
    """The format of a file, by its given name or else by the suffix (before any ``.gz``).

    Raises:
        ConfigError: If there is no format of that name.
        CorpusError: If the suffix belongs to none.
    """
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
) -> Iterator[Document]:
    """Read documents one at a time. Arguments and errors as in `read_corpus`, but a file may be empty."""
    known = format_of(path, format)
    return known.read(path, columns=known.columns if columns is None else columns, names=names, word_column=word_column)


def read_corpus(
    path: str | Path,
    columns: Mapping[str, int | str] | None = None,
    *,
    format: str | None = None,
    names: Sequence[str] | None = None,
    word_column: int | str = 1,
) -> list[Document]:
    """Read an annotated file.

    Args:
        path: The file; ``*.gz`` is decompressed.
        columns: For each task where its tags are: a column counted from 1 (from the end if negative) or
            named, in CoNLL-U also a key of MISC. Without it the last column as task ``tags``, in CoNLL-U
            UPOS as ``upos``; an empty mapping reads the words alone.
        format: Name of the format, if the file's suffix does not tell it.
        names: Names of the columns, for formats that do not name them.
        word_column: The column of the words.

    Raises:
        CorpusError: If the file cannot be read, is no such file, or holds no token.

    Example:
        >>> documents = read_corpus("train.txt", {"pos": 2, "ner": -1})  # doctest: +SKIP
    """
    documents = list(iterate_corpus(path, columns, format=format, names=names, word_column=word_column))
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
    with atomic_write(path) as stream:
        try:
            known.write(documents, stream, tasks=tasks)
        except UnicodeEncodeError as error:
            character = error.object[error.start]
            raise CorpusError(f"{path}: {character!r} is half a character and has no place in UTF-8") from error


def set_aside(
    documents: Sequence[Document], fraction: float = 0.1, seed: int = 0
) -> tuple[list[Document], list[Document]]:
    """Split off development data: whole documents where there are at least ten, else sentences.

    The same arguments always give the same split; the order stays that of the corpus.

    Args:
        documents: The corpus.
        fraction: Share to set aside, between 0 and 1; at least one piece goes to each side.
        seed: Chooses which.

    Returns:
        The remaining documents and those set aside. Where sentences were drawn each is a document.

    Raises:
        ConfigError: If `fraction` is not between 0 and 1.
        CorpusError: If there is only one sentence.
    """
    if not 0 < fraction < 1:
        raise ConfigError(f"the fraction to set aside must lie between 0 and 1, not {fraction}")
    units = [document for document in documents if document.words]
    if len(units) < _ENOUGH_DOCUMENTS:
        units = [sentence for document in units for sentence in _cut(document)]
    if len(units) < 2:
        raise CorpusError("the corpus has fewer than two sentences, none can be set aside; name development data")
    count = min(max(round(len(units) * fraction), 1), len(units) - 1)
    chosen = set(random.Random(seed).sample(range(len(units)), count))
    train = [unit for index, unit in enumerate(units) if index not in chosen]
    return train, [unit for index, unit in enumerate(units) if index in chosen]


def _cut(document: Document) -> Iterator[Document]:
    """Each sentence with tokens as a document of its own, with its own piece of the text."""
    starts, ends, text = document.starts, document.ends, document.text
    for first, last in zip(document.bounds, document.bounds[1:], strict=False):
        if first == last:
            continue
        base = starts[first]
        yield Document(
            words=document.words[first:last],
            bounds=[0, last - first],
            text=text[base : max(ends[first:last])],
            starts=[start - base for start in starts[first:last]],
            ends=[end - base for end in ends[first:last]],
            tags={task: document.tags_of(task)[first:last] for task in document.tasks},
            schemes=dict(document.schemes),
            id=document.id,
            path=document.path,
            lines=None if document.lines is None else document.lines[first:last],
            columns={name: column[first:last] for name, column in document.columns.items()},
        )


@dataclass(frozen=True, slots=True)
class CorpusStats:
    """Sizes of a corpus.

    Attributes:
        documents: Number of documents.
        sentences: Number of sentences.
        tokens: Number of tokens.
    """

    documents: int
    sentences: int
    tokens: int

    def __str__(self) -> str:
        """One line for people."""
        return f"{self.documents:,} documents, {self.sentences:,} sentences, {self.tokens:,} tokens"


def stats(documents: Iterable[Document]) -> CorpusStats:
    """Count documents, sentences and tokens."""
    sizes = [(len(document.bounds) - 1, len(document.words)) for document in documents]
    return CorpusStats(len(sizes), sum(sentences for sentences, _ in sizes), sum(tokens for _, tokens in sizes))
