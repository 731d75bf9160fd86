"""The formats of annotated files: one module for each, with `read` and `write`, and the table of them.

To add a format, write its module and add it to `FORMATS`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from bilstm_tagger.corpus.formats import (
    brat,
    brat_write,
    columns,
    columns_write,
    conll2012,
    conllu,
    conllu_write,
    conllup,
    data_sets,
    jsonl,
    sheets,
    sheets_write,
    slashed,
    spacy_docbin,
    spacy_write,
    table,
    table_write,
    webanno,
    webanno_write,
    workbooks,
)
from bilstm_tagger.corpus.formats.conllu_rows import COLUMNS
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import ConfigError, CorpusError, choose
from bilstm_tagger.io.reading import open_text
from bilstm_tagger.settings.read_spec import ReadSpec

__all__ = [
    "DATA_SETS",
    "FORMATS",
    "CorpusFormat",
    "Reader",
    "Writer",
    "format_called",
    "format_of",
    "format_within",
    "unheeded",
]


class Reader(Protocol):
    """Signature of the `read` of every format."""

    def __call__(self, path: str | Path, spec: ReadSpec) -> Iterator[Document]:
        """Read the documents of a file, with tags for each of `spec.all_columns()`."""
        ...


class Writer(Protocol):
    """Signature of the `write` of every format."""

    def __call__(self, documents: Iterable[Document], stream: Any, *, tasks: Sequence[str] | None = None) -> None:
        """Write documents to an open stream, of text or of bytes as the format needs."""
        ...


class Places(Protocol):
    """Signature of what tells where the tags of each task go."""

    def __call__(self, documents: Sequence[Document], tasks: Sequence[str]) -> Mapping[str, int | str]:
        """For each task that is written the column that `read` finds it by."""
        ...


class FolderWriter(Protocol):
    """Signature of the writer of a format that is a folder."""

    def __call__(self, documents: Iterable[Document], folder: Path, *, tasks: Sequence[str] | None = None) -> None:
        """Write documents into an empty folder."""
        ...


@dataclass(frozen=True, slots=True)
class CorpusFormat:
    """A file format.

    Attributes:
        name: its name.
        read: reads documents from a file.
        write: writes documents to a stream.
        suffixes: file names that have this format.
        only_read: file names that are read like it, but cannot be written.
        columns: tasks and where they are when the user names none.
        binary: whether it is written in bytes.
        records: whether columns are named as in `corpus.formats.records`, which several formats share.
        write_folder: writes documents into an empty folder, for a format that is one.
        places: tells where `write` puts the tags of each task, if not under the name of the task.
        only_spans: whether it holds one set of spans and nothing else, so that no column has to be named.
        named: whether its columns have names, by which a task may be found.
    """

    name: str
    read: Reader
    write: Writer
    suffixes: tuple[str, ...]
    columns: Mapping[str, int | str]
    binary: bool = False
    records: bool = False
    places: Places | None = None
    only_spans: bool = False
    named: bool = False
    write_folder: FolderWriter | None = None
    only_read: tuple[str, ...] = ()

    def reads_like(self, other: CorpusFormat) -> bool:
        """Tell whether a column means the same in both formats."""
        return self is other or (self.records and other.records)

    def heeds(self, option: str) -> bool:
        """Tell whether a field of `ReadSpec` can change how such a file is read."""
        if option in ("sentence_column", "text_column"):
            return self.records
        heeding = _HEEDING.get(option)
        return heeding is None or self.name in heeding


_CSV = ("csv", "token-csv", "sentence-csv")
_HEEDING = {
    "comments": ("conll",),
    "delimiter": (*_CSV, "word/tag"),
    "names": ("conll", *_CSV, "xlsx", "sentence-xlsx"),
}


def _unwritten(name: str, instead: str) -> Writer:
    """Give a writer that refuses."""

    def write(documents: Iterable[Document], stream: Any, *, tasks: Sequence[str] | None = None) -> None:
        raise CorpusError(f"{name} is read, not written; write {instead}")

    return write


def _read_columns(path: str | Path, spec: ReadSpec) -> Iterator[Document]:
    """Read columns of tokens; a file that begins like another format of such files is read as that."""
    first = _first_line(path, spec.encoding)
    if first.startswith(conll2012.BEGIN):
        return conll2012.read(path, spec)
    within = _format_by_line(first)
    if within == "webanno":
        return webanno.read(path, spec)
    if within == "conllup":
        return conllup.read(path, spec)
    if within == "csv" and not spec.names:
        return sheets.read_tsv(path, spec)
    if spec.text_column:
        raise CorpusError(
            f"{path}: columns of tokens have no text, so --text-column {spec.text_column} cannot apply; leave it out, "
            "or name the format"
        )
    return columns.read(path, spec)


def _read_conllu(path: str | Path, spec: ReadSpec) -> Iterator[Document]:
    """Read CoNLL-U, or CoNLL-U Plus where the file begins like it."""
    names = conllup.global_columns(_first_line(path, spec.encoding))
    plain = not names or tuple(names) == COLUMNS
    return conllu.read(path, spec) if plain else conllup.read(path, spec)


def _format_by_line(first: str) -> str:
    """Name of the format that files of columns with this first line are in; `csv` for a table with a header."""
    if first.startswith(webanno.FIRST):
        return "webanno"
    if conllup.global_columns(first):
        return "conllup"
    return "csv" if sheets.is_header(first) else "conll"


def _first_line(path: str | Path, encoding: str | None) -> str:
    """The first line of a file that is not empty; nothing of what can be read only once."""
    if not Path(path).is_file():
        return ""
    return next((line for _, line in open_text(path, encoding=encoding) if line.strip()), "")


_TAGS: Mapping[str, int | str] = {"tags": -1}
_CONLL_SUFFIXES = (".conll", ".gold_conll", ".v4_gold_conll", ".iob2", ".txt", ".bio", ".iob", ".bmes", ".tsv")
# Data sets of the Hugging Face hub and folders of `save_to_disk` are known by their path and written by nobody.
DATA_SETS = CorpusFormat("dataset", data_sets.read, data_sets.write, (), _TAGS, records=True)
_KNOWN = (
    CorpusFormat("conll", _read_columns, columns_write.write, _CONLL_SUFFIXES, _TAGS, places=columns_write.places),
    CorpusFormat(
        "conllu", _read_conllu, conllu.write, (".conllu",), {"upos": "UPOS"}, places=conllu_write.places, named=True
    ),
    CorpusFormat("jsonl", jsonl.read, jsonl.write, (".jsonl", ".ndjson", ".json"), _TAGS, records=True),
    CorpusFormat(
        "spacy",
        spacy_docbin.read,
        spacy_docbin.write,
        (".spacy",),
        {"ner": "ents"},
        binary=True,
        places=spacy_write.places,
        named=True,
    ),
    CorpusFormat(
        "parquet", table.read_parquet, table_write.write_parquet, (".parquet",), _TAGS, binary=True, records=True
    ),
    CorpusFormat("arrow", table.read_arrow, table_write.write_arrow, (".arrow",), _TAGS, binary=True, records=True),
    CorpusFormat("csv", sheets.read_csv, table_write.write_csv, (".csv",), _TAGS, records=True),
    CorpusFormat(
        "xlsx",
        sheets.read_xlsx,
        sheets_write.write_xlsx,
        (".xlsx",),
        _TAGS,
        binary=True,
        records=True,
        only_read=workbooks.ONLY_READ,
    ),
    CorpusFormat("token-csv", sheets.read_csv, sheets_write.write_token_csv, (), _TAGS, records=True),
    CorpusFormat("sentence-csv", sheets.read_csv, sheets_write.write_sentence_csv, (), _TAGS, records=True),
    CorpusFormat(
        "sentence-xlsx", sheets.read_xlsx, sheets_write.write_sentence_xlsx, (), _TAGS, binary=True, records=True
    ),
    CorpusFormat("webanno", webanno.read, webanno_write.write, (), _TAGS, places=webanno_write.places, named=True),
    CorpusFormat("conllup", conllup.read, _unwritten("CoNLL-U Plus", ".conllu"), (".conllup",), _TAGS, named=True),
    CorpusFormat("word/tag", slashed.read, slashed.write, (".pos", ".tagged"), _TAGS),
    CorpusFormat(
        "brat",
        brat.read,
        _unwritten("brat as one file", "a folder: --to brat"),
        (".ann",),
        _TAGS,
        places=brat_write.places,
        only_spans=True,
        write_folder=brat_write.write_folder,
    ),
)
FORMATS: dict[str, CorpusFormat] = {known.name: known for known in _KNOWN}


def format_of(path: str | Path, format: str | None = None) -> CorpusFormat:
    """Find the format of a file, by its given name or else by the suffix (before any `.gz`).

    Raises:
        ConfigError: there is no format of that name.
        CorpusError: the suffix belongs to none.
    """
    if data_sets.find(path) is not None:
        return DATA_SETS
    if format is None and brat.is_folder(path):
        return FORMATS["brat"]
    if format is not None:
        if format not in FORMATS:
            raise ConfigError(f"no corpus format {format!r}; {choose(format, FORMATS)}")
        return FORMATS[format]
    suffix = _suffix(path)
    for known in FORMATS.values():
        if suffix in known.suffixes or suffix in known.only_read:
            return known
    every = ", ".join(suffix for known in FORMATS.values() for suffix in known.suffixes + known.only_read)
    raise CorpusError(f"{path}: the name does not tell the format (known: {every}); name the format")


def format_to_write(path: str | Path, format: str | None = None) -> CorpusFormat:
    """Find the format of a file to be written. Arguments as in `format_of`.

    Raises:
        ConfigError: there is no format of that name.
        CorpusError: the suffix belongs to none, or to one that is only read.
    """
    if _suffix(path) in [suffix for known in FORMATS.values() for suffix in known.only_read]:
        raise CorpusError(f"{path}: {_suffix(path)} is read, not written; call it .xlsx or .csv")
    return format_of(path, format)


def _suffix(path: str | Path) -> str:
    """The suffix before any `.gz`, in lower case; empty if there is none."""
    return next((each.lower() for each in reversed(Path(path).suffixes) if each.lower() != ".gz"), "")


def format_within(path: str | Path, known: CorpusFormat, *, encoding: str | None = None) -> CorpusFormat:
    """Find what a file of CoNLL columns by its name is by its first line: other formats share their suffixes.

    Args:
        path: the file.
        known: its format by its name.
        encoding: its encoding; None for UTF-8, or UTF-16 by its mark.
    """
    if known is not FORMATS["conll"]:
        return known
    return FORMATS[_format_by_line(_first_line(path, encoding))]


def unheeded(files: Iterable[str | Path], format: str | None, fields: Mapping[str, Any]) -> tuple[str, str] | None:
    """Find a field of `ReadSpec` that changes nothing in any of the files.

    Args:
        files: annotated files; what is none, such as a model, is passed over.
        format: name of their format; None for what their names and first lines tell.
        fields: those that are None, empty or False were not given.

    Returns:
        The name of the field, and of the formats; None where each field changes something.
    """
    known = []
    for file in files:
        with suppress(CorpusError):  # which reading tells better
            known.append(format_within(file, format_of(file, format), encoding=fields.get("encoding")))
    for field, value in fields.items():
        if value and known and not any(each.heeds(field) for each in known):
            return field, " or ".join(dict.fromkeys(each.name for each in known))
    return None


def format_called(name: str) -> CorpusFormat:
    """Give the format of a name that a `ReadSpec` holds, data sets included.

    Raises:
        ConfigError: there is no format of that name.
    """
    known = DATA_SETS if name == DATA_SETS.name else FORMATS.get(name)
    if known is None:
        raise ConfigError(f"no corpus format {name!r}; {choose(name, [*FORMATS, DATA_SETS.name])}")
    return known
