"""Which tasks a file has, for commands that take all there is when the user names none."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

from bilstm_tagger.corpus.formats import format_of, spacy_docbin, webanno
from bilstm_tagger.corpus.formats.conllu_rows import ConlluLayout
from bilstm_tagger.corpus.formats.json_records import read_records
from bilstm_tagger.corpus.formats.record_words import WORDS
from bilstm_tagger.corpus.formats.records import OWN_KEYS, usual_key
from bilstm_tagger.corpus.formats.sheets import csv_rows, delimiter_of
from bilstm_tagger.corpus.formats.spacy_names import group_column
from bilstm_tagger.corpus.formats.standard_fields import ENTITIES, FIELDS
from bilstm_tagger.corpus.formats.token_columns import Table
from bilstm_tagger.corpus.formats.workbooks import read_sheets
from bilstm_tagger.corpus.reading import iterate_corpus
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import TaggerError
from bilstm_tagger.io.reading import open_text, read_text
from bilstm_tagger.schemes.grammar import parse
from bilstm_tagger.schemes.near_miss import near_misses
from bilstm_tagger.settings.read_spec import ReadSpec

__all__ = ["Columns", "find_columns", "further_columns", "is_webanno"]

Columns = dict[str, int | str]

OWN = OWN_KEYS  # beside these, our own records have a list for each task
_TAGGED = [field for field in FIELDS if field.task in ("upos", "xpos", "feats")]
_CONLLU_TASKS = {field.task: field.conllu for field in _TAGGED if field.conllu}
_WEBANNO_TASKS = {str(field.webanno): field.task for field in reversed(FIELDS)} | {
    "NamedEntity.identifier": "namedentity.identifier", "POS.coarseValue": "pos.coarsevalue",
}  # fmt: skip
_SPACY_TASKS = {field.task: (field.spacy.upper(), field.spacy) for field in _TAGGED} | {
    ENTITIES.task: ("ENT_IOB", ENTITIES.spacy)
}


def find_columns(
    path: str | Path,
    *,
    format: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    overlapping: bool = False,
    slips: bool = False,
) -> Columns:
    """All tasks that a file has, and where their tags are.

    In CoNLL-U these are UPOS, XPOS and FEATS where they are filled and the keys of MISC that hold tags of spans;
    in `.spacy` likewise, with the entities and all span groups; in WebAnno TSV all layers that tags can hold; in
    records and tables written by this package each of their tasks; in other records the key `ner`. In all else it is
    what the format has when nothing is named.

    Args:
        path: the file.
        format: name of its format, if the suffix does not tell it.
        encoding: its encoding, if it is text.
        delimiter: what stands between cells of a table, if its first line does not tell it.
        overlapping: whether layers of WebAnno TSV with overlapping spans count too, which are refused unless
            `misaligned` chooses among their spans.
        slips: whether keys of MISC count too of which most values are tags of spans, or all are near misses of such.

    Returns:
        The columns to read it with.

    Raises:
        TaggerError: if the file cannot be read.
    """
    known = format_of(path, format)
    columns: Columns = {}
    if not Path(path).is_file():
        pass  # a data set
    elif known.name == "conllu":
        columns = _conllu_tasks(iterate_corpus(path, ReadSpec(columns={}, format=format, encoding=encoding)), slips)
    elif known.name == "spacy":
        columns = _spacy_tasks(path)
    elif is_webanno(path, known.name, encoding=encoding):
        columns = _webanno_tasks(webanno.features(path, encoding=encoding), overlapping)
    else:
        record = first_record(path, known.name, encoding=encoding, delimiter=delimiter)
        columns = {task: task for task in _record_tasks(record)}
        # Where no column is named, training reads the key of its task, `ner` unless another is chosen.
        if not columns and known.name in ("jsonl", "parquet", "arrow") and usual_key("ner", record) == "ner":
            columns = {"ner": "ner"}
    return columns or dict(known.columns)


def further_columns(path: str | Path, spec: ReadSpec) -> Columns:
    """The tasks that a file has beside those that are named, for commands that write it anew with all it has.

    Columns with numbers are not among them: the format itself keeps them.

    Args:
        path: the file.
        spec: how it is read, with the columns that are named.

    Raises:
        TaggerError: if the file cannot be read.
    """
    named = spec.columns or {}
    overlapping = spec.misaligned != "error"
    found = find_columns(
        path, format=spec.format, encoding=spec.encoding, delimiter=spec.delimiter, overlapping=overlapping
    )
    known = format_of(path, spec.format)
    if is_webanno(path, known.name, encoding=spec.encoding):
        read = webanno.full_names(path, named.values(), encoding=spec.encoding)
    elif known.name == "spacy":
        read = {spacy_docbin.column_of(task, column) for task, column in named.items()}
    else:
        header = list(first_record(path, known.name, encoding=spec.encoding, delimiter=spec.delimiter))
        taken = {name.casefold() for name in (*named, *(_called(column, header) for column in named.values()))}
        read = {str(column) for column in found.values() if str(column).casefold() in taken}
    return {
        task: column
        for task, column in found.items()
        if isinstance(column, str) and task not in named and column not in read
    }


def _called(column: int | str, header: Sequence[str]) -> str:
    """The name of a column that may be given by its number, from 1 or from the end."""
    if isinstance(column, str):
        return column
    at = column - 1 if column > 0 else column
    return header[at] if -len(header) <= at < len(header) else str(column)


def is_webanno(path: str | Path, format: str, *, encoding: str | None = None) -> bool:
    """Tell whether a file is WebAnno TSV, by the name of its format or its first line."""
    if format != "conll" or not Path(path).is_file():
        return format == "webanno"
    try:
        first = next((line for _, line in open_text(path, encoding=encoding) if line.strip()), "")
    except TaggerError:
        return False  # reading it will say what is wrong
    return first.startswith(webanno.FIRST)


def _webanno_tasks(features: Sequence[webanno.Feature], overlapping: bool) -> Columns:
    """The tasks by the usual names, others by that of their layer."""
    columns: Columns = {}
    for feature in features:
        usual = _WEBANNO_TASKS.get(str(feature), feature.layer.lower())
        name = usual if usual not in columns else str(feature).lower()
        if (feature.apart or overlapping) and not feature.linked and name not in columns:
            columns[name] = str(feature)
    return columns


def _conllu_tasks(documents: Iterable[Document], slips: bool) -> Columns:
    filled: set[str] = set()
    cells: set[str] = set()
    for document in documents:
        if isinstance(document.layout, ConlluLayout):
            filled.update(name for name in _CONLLU_TASKS.values() if set(document.columns[name]) - {"_"})
            cells.update(document.columns["MISC"])
    values: dict[str, set[str]] = {}
    for entry in chain.from_iterable(cell.split("|") for cell in cells):
        key, equals, value = entry.partition("=")
        if equals and key:
            values.setdefault(key, set()).add(value)
    columns: Columns = {task: name for task, name in _CONLLU_TASKS.items() if name in filled}
    spans = (key for key in sorted(values) if _are_spans(values[key] - {"O"}, slips))
    return columns | {key.lower(): key for key in spans if key.lower() not in columns}


def _are_spans(values: set[str], slips: bool) -> bool:
    """Whether the values of a key, without O, are tags of spans; with `slips` most of them, or meant as such."""
    legal = sum(parse(value) is not None for value in values)
    if not slips:
        return 0 < legal == len(values)
    return 2 * legal > len(values) or bool(near_misses(values | {"O"}))


def _spacy_tasks(path: str | Path) -> Columns:
    from spacy.tokens import DocBin
    from spacy.vocab import Vocab

    try:
        docs = [doc for doc in DocBin().from_disk(path).get_docs(Vocab()) if len(doc)]
    except (OSError, zlib.error, ValueError, KeyError, IndexError, TypeError, AttributeError):
        return {}  # reading it will say what is wrong
    columns: Columns = {}
    for task, (attribute, name) in _SPACY_TASKS.items():
        if docs and all(doc.has_annotation(attribute, require_complete=True) for doc in docs):
            columns[task] = name
    groups = sorted({group for doc in docs for group, spans in doc.spans.items() if len(spans)})
    return columns | {group: group_column(group) for group in groups if group not in columns}


def _record_tasks(record: Mapping[str, Any]) -> Sequence[str]:
    """The tasks of a record or a table that this package wrote."""
    names = list(record)[1:] if next(iter(record), None) == "doc_id" else list(record)
    if names[:2] == ["sentence_id", "word"]:
        return names[2:]
    if tuple(record)[:3] == ("id", "text", "tokens") and str(record["tokens"]).startswith("["):
        return [name for name, cell in record.items() if name not in OWN and str(cell).startswith("[")]
    tags = record.get("tags")
    ours = {"sentences", "start_char", "end_char"} <= record.keys()
    if isinstance(tags, Mapping) and (ours or _one_each(tags, record)):
        return list(tags)
    if not ours:
        return []
    return [key for key, value in record.items() if key not in OWN and not isinstance(value, Mapping)]


def _one_each(tags: Mapping[str, Any], record: Mapping[str, Any]) -> bool:
    """Whether each list of tags has one for each token of a record."""
    words = next((record[name] for name in WORDS if record.get(name) is not None), None)
    return isinstance(words, list) and all(isinstance(each, list) and len(each) == len(words) for each in tags.values())


def first_record(
    path: str | Path, format: str, *, encoding: str | None = None, delimiter: str | None = None
) -> Mapping[str, Any]:
    """Give the first record or row of a file, or its columns with no more than a place-holder; empty if there is none.

    Args:
        path: the file.
        format: name of its format.
        encoding: its encoding, if it is text.
        delimiter: what stands between cells of a table, if its first line does not tell it.
    """
    try:
        if format == "jsonl":
            _, record = next(read_records(path, encoding=encoding), (1, {}))
            return record if isinstance(record, dict) else {}
        if format in ("csv", "token-csv", "sentence-csv"):
            text = read_text(path, encoding=encoding)
            return _first_row(row for _, row in csv_rows(str(path), text, delimiter or delimiter_of(text)))
        if format in ("xlsx", "sentence-xlsx"):
            records = [_first_row(row for _, row in sheet.rows) for sheet in read_sheets(path)]
            read = [
                each
                for each in records
                if Table(path=str(path), header=[*each], rows=(), spec=ReadSpec()).lack() is None
            ]
            return next((each for each in read if _record_tasks(each)), [*read, *records, {}][0])
    except TaggerError:
        return {}  # reading it will say what is wrong
    return _arrow_columns(path, format) if format in ("parquet", "arrow") else {}


def _first_row(rows: Iterable[Sequence[str]]) -> dict[str, str]:
    """The cells of the first row below the header, by column."""
    header, first = [*islice(filter(any, rows), 2), [], []][:2]
    return {name: first[at] if at < len(first) else "" for at, name in enumerate(header)}


def _arrow_columns(path: str | Path, format: str) -> dict[str, Any]:
    """The columns of lists, of text and of structs, which are no tags; other cells are kept by themselves."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        if format == "parquet":
            schema = pq.read_schema(path)
        else:
            with pa.memory_map(str(path)) as file:
                schema = pa.ipc.open_file(file).schema
    except (pa.ArrowException, OSError):
        return {}
    nested = [field for field in schema if pa.types.is_nested(field.type) or field.name in OWN]
    return {field.name: {} if pa.types.is_struct(field.type) else "" for field in nested}
