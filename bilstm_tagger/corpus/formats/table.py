"""Tables: Parquet and Arrow with a document in each row, see `records` for the columns that are recognised, or a token
in each row, see `token_rows`.

Integers of a column that is a `ClassLabel` of the `datasets` package are resolved to their names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bilstm_tagger.corpus.formats.records import RecordReader
from bilstm_tagger.corpus.formats.token_rows import read_token_rows, token_table
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.settings.read_spec import ReadSpec

if TYPE_CHECKING:
    import pyarrow as pa

OWN = ("id", "text", "sentences", "tokens", "words", "start_char", "end_char", "spans")
BATCH = 500  # rows held at a time
# What pyarrow and `datasets` raise of damaged files, beside their own exceptions.
_DAMAGE = (ValueError, LookupError, TypeError, AttributeError, SystemError, OverflowError, MemoryError)


@dataclass(frozen=True, slots=True)
class RowLayout:
    """What else was in the row a document comes from: cells that are no lists, such as keys and dates.

    Attributes:
        fields: their columns.
        cells: the cells by column.
    """

    fields: tuple[pa.Field, ...]
    cells: Mapping[str, Any]


def read_parquet(path: str | Path, spec: ReadSpec) -> Iterator[Document]:
    """Read the rows of a Parquet file, each a document.

    Args:
        path: the file.
        spec: how to read it; the column of a task is that of its tags or spans, a number stands for the usual names, of
            which `TASK`, `TASK_tags`, `tags` and `spans` come first.

    Raises:
        CorpusError: for a row that does not fit, as `file:row`.
    """
    return read_rows(str(path), _parquet_batches(path), spec)


def read_arrow(path: str | Path, spec: ReadSpec) -> Iterator[Document]:
    """Read the rows of an Arrow file, stream or random access. Arguments and errors as in `read_parquet`."""
    return read_rows(str(path), _arrow_batches(path), spec)


def read_rows(path: str, batches: Iterable[pa.RecordBatch], spec: ReadSpec) -> Iterator[Document]:
    """Read rows of Arrow data, whatever they were stored in, as documents; they are counted from 1."""
    table, rows = token_table(path, _numbered_rows(path, batches, spec), spec)
    if table is not None:
        yield from read_token_rows(table)
        return
    reader = RecordReader(path, spec)
    for number, row, further in rows:
        document = reader.document(row, number)
        if document is not None:
            if further:
                document.layout = RowLayout(further, {field.name: row[field.name] for field in further})
            yield document
    reader.finish()


def _numbered_rows(
    path: str, batches: Iterable[pa.RecordBatch], spec: ReadSpec
) -> Iterator[tuple[int, dict[str, Any], tuple[pa.Field, ...]]]:
    """The rows, counted from 1, with names of classes in place of numbers, and the fields that are kept with each."""
    number = 0
    for batch in batches:
        with _reading(path, "table"):
            labels = _class_labels(batch.schema)
            further = _further_fields(batch.schema, labels, spec.text_column)
        for row in checked_rows(batch, path):
            number += 1
            for name, label_names in labels.items():
                row[name] = _named(row[name], label_names, f"{path}:{number}: column {name!r}")
            yield number, row, further


def checked_rows(batch: pa.RecordBatch, path: str | Path) -> list[dict[str, Any]]:
    """The rows of a batch as plain values, once all its lengths and offsets are known to be right.

    Of a damaged file they may be anything, and following them unchecked would end the process.

    Raises:
        CorpusError: if they are not.
    """
    with _reading(path, "table"):
        batch.validate(full=True)
        rows: list[dict[str, Any]] = batch.to_pylist()
        return rows


def _further_fields(schema: pa.Schema, labels: Mapping[str, Sequence[str]], text: str | None) -> tuple[pa.Field, ...]:
    import pyarrow as pa

    plain = [field for field in schema if not pa.types.is_nested(field.type) and field.name not in (*OWN, text)]
    return tuple(pa.field(field.name, pa.string()) if field.name in labels else field for field in plain)


@contextmanager
def _reading(path: str | Path, kind: str) -> Iterator[None]:
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError, *_DAMAGE) as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise CorpusError(f"{path}: not a whole {kind} file: {reason}") from None


def _parquet_batches(path: str | Path) -> Iterator[pa.RecordBatch]:
    import pyarrow.parquet as pq

    with _reading(path, "Parquet"), pq.ParquetFile(path) as file:
        yield from map(_with_names, file.iter_batches(BATCH))


def _arrow_batches(path: str | Path) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    # Read, not mapped: a mapped file that is cut short meanwhile would end the process.
    with _reading(path, "Arrow"), pa.OSFile(str(path)) as file:
        opened = pa.ipc.open_file if file.read(6) == b"ARROW1" else pa.ipc.open_stream
        file.seek(0)
        with opened(file) as batches:
            if opened is pa.ipc.open_stream:
                yield from map(_with_names, batches)
            else:
                numbers = range(batches.num_record_batches)
                yield from (_with_names(batches.get_batch(number)) for number in numbers)


def _with_names(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch, once the names of its columns are known to be text."""
    _ = batch.schema.names
    return batch


def _class_labels(schema: pa.Schema) -> dict[str, list[str]]:
    """The names behind the integers of columns that `datasets` wrote as ClassLabel or lists of it."""
    if b"huggingface" not in (schema.metadata or {}):
        return {}
    from datasets import ClassLabel, Features

    labels: dict[str, list[str]] = {}
    for name, feature in Features.from_arrow_schema(schema).items():
        while hasattr(feature, "feature"):
            feature = feature.feature
        if isinstance(feature, ClassLabel):
            labels[name] = feature.names
    return labels


def _named(value: Any, names: Sequence[str], place: str) -> Any:
    if isinstance(value, list):
        return [_named(item, names, place) for item in value]
    if value is None:
        return None
    if not isinstance(value, int):
        raise CorpusError(f"{place}: {value!r} is no number of a class")
    if not 0 <= value < len(names):
        raise CorpusError(f"{place}: {value} is no class; there are {len(names)}, counted from 0")
    return names[value]
