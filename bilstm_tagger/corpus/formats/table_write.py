"""Writing tables: Parquet, Arrow and CSV with one document a row."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO

from bilstm_tagger.corpus.formats.beginning import until_words
from bilstm_tagger.corpus.formats.jsonl import to_record
from bilstm_tagger.corpus.formats.sheets import check_header
from bilstm_tagger.corpus.formats.table import BATCH, OWN, RowLayout
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError

if TYPE_CHECKING:
    import pyarrow as pa

PROBABILITIES = "probabilities"


def write_parquet(documents: Iterable[Document], stream: BinaryIO, *, tasks: Sequence[str] | None = None) -> None:
    """Write documents as the rows of a Parquet file.

    The columns are those of a record of JSON lines, with one for each task in place of `tags`; columns of the
    table a document came from are kept. Where the first document with tokens has probabilities there is a column for
    those of tags, a list for each task, and spans have theirs.

    Args:
        documents: what to write, one after another.
        stream: where to, in bytes.
        tasks: the tasks to write; by default those of the first document.

    Raises:
        CorpusError: if a task is named like another column, or documents come from tables of other columns.
    """
    import pyarrow.parquet as pq

    _write_arrow(documents, stream, tasks, pq.ParquetWriter)


def write_arrow(documents: Iterable[Document], stream: BinaryIO, *, tasks: Sequence[str] | None = None) -> None:
    """Write documents as the rows of an Arrow file. Arguments and errors as in `write_parquet`."""
    import pyarrow as pa

    _write_arrow(documents, stream, tasks, pa.ipc.new_file)


def _write_arrow(
    documents: Iterable[Document], stream: BinaryIO, tasks: Sequence[str] | None, writer: Callable[..., Any]
) -> None:
    import pyarrow as pa

    begun, every = until_words(documents)
    first = begun[0] if begun else None
    chosen = list(tasks if tasks is not None else first.tasks if first else [])
    told = [task for task in chosen if begun and task in begun[-1].probabilities]
    schema = _schema(first, chosen, told)
    rows = (_row(document, chosen, schema) for document in every)
    with writer(stream, schema) as table:
        while batch := list(islice(rows, BATCH)):
            try:
                table.write_batch(pa.RecordBatch.from_pylist(batch, schema=schema))
            except (pa.ArrowException, OverflowError) as error:
                raise CorpusError(f"the documents do not fit into one table: {' '.join(str(error).split())}") from None


def _schema(first: Document | None, tasks: Sequence[str], told: Sequence[str]) -> pa.Schema:
    """The columns of a table of these tasks, and of the probabilities of those that are told."""
    import pyarrow as pa

    own = (*OWN, *([PROBABILITIES] if told else []))
    taken = next((task for task in tasks if task in own), None)
    if taken is not None:
        raise CorpusError(f"task {taken!r} is named like a column that each table has; rename the task")
    further = first.layout.fields if first is not None and isinstance(first.layout, RowLayout) else ()
    number, string = pa.int32(), pa.string()
    span = {"task": string, "label": string, "text": string, "start": number, "end": number}
    span |= {"start_char": number, "end_char": number, **({"probability": pa.float64()} if told else {})}
    of_tags = pa.struct([(task, pa.list_(pa.float64())) for task in told])
    return pa.schema([
        *(field for field in further if field.name not in (*tasks, *([PROBABILITIES] if told else []))),
        pa.field("id", string),
        pa.field("text", string),
        pa.field("sentences", pa.list_(pa.list_(number))),
        *(pa.field(name, pa.list_(string)) for name in ("tokens", "words")),
        *(pa.field(name, pa.list_(number)) for name in ("start_char", "end_char")),
        *(pa.field(task, pa.list_(string)) for task in tasks),
        pa.field("spans", pa.list_(pa.struct(list(span.items())))),
        *([pa.field(PROBABILITIES, of_tags)] if told else []),
    ])  # fmt: skip


def _row(document: Document, tasks: Sequence[str], schema: pa.Schema) -> dict[str, Any]:
    layout = document.layout
    record = to_record(document, tasks)
    record["sentences"] = [list(pair) for pair in record["sentences"]]
    cells = layout.cells if isinstance(layout, RowLayout) else {}
    row = {**cells, "words": None, PROBABILITIES: cells.get(PROBABILITIES), **record.pop("tags"), **record}
    missing = next((name for name in schema.names if name not in row), None)
    if missing is not None:
        owner = document.path or "a document"
        raise CorpusError(f"{owner}: no column {missing!r} as before; write tables of other columns to other files")
    return {name: row[name] for name in schema.names}


def write_csv(documents: Iterable[Document], stream: TextIO, *, tasks: Sequence[str] | None = None) -> None:
    """Write documents as the rows of a CSV file, lists as JSON.

    Args:
        documents: what to write, one after another.
        stream: where to.
        tasks: the tasks to write; by default those of the first document.

    Raises:
        CorpusError: if a task is named like another column.
    """
    documents = iter(documents)
    first = next(documents, None)
    if first is None:
        return
    chosen = list(first.tasks if tasks is None else tasks)
    table = csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="\n")
    names = [name for name in OWN if name != "spans"] + chosen
    check_header(names, "the tasks")
    table.writerow(names)
    for document in chain([first], documents):
        record = to_record(document, chosen)
        cells = record | record["tags"]
        table.writerow([_to_cell(cells.get(name)) for name in names])


def _to_cell(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
