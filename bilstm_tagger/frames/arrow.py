"""Tagged documents as an Arrow table: one row per span, per token or per text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, get_args

from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import ConfigError, CorpusError
from bilstm_tagger.schemes.grammar import Scheme

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

Rows = Literal["spans", "tokens", "texts"]
Columns = dict[str, list[Any]]

BATCH = 10_000  # rows or texts, whatever comes first, in one piece of the table


def texts_of(texts: Iterable[Any]) -> Iterator[Any]:
    """What a list, or a column of a frame, holds.

    Args:
        texts: the texts; a single one is one too.

    Raises:
        CorpusError: if one is missing.
    """
    if isinstance(texts, str):
        texts = [texts]
    if hasattr(texts, "to_pylist"):  # Arrow's own scalars are no strings
        texts = texts.to_pylist()
    for number, text in enumerate(texts):
        if is_missing(text):
            raise CorpusError(f"text {number}, counted from 0, is missing ({text}); leave it out, or put '' there")
        yield text


def is_missing(text: object) -> bool:
    """Whether it is None, or what pandas and numpy put in its place."""
    return text is None or type(text).__name__ in ("NAType", "NaTType") or (isinstance(text, float) and text != text)


def table_of(
    documents: Iterable[Document], schemes: Mapping[str, Scheme], *, rows: Rows, probabilities: bool
) -> pa.Table:
    """An Arrow table of documents, made as they come.

    Args:
        documents: with tags of all tasks.
        schemes: for each task how its spans are spelled.
        rows: what a row is.
        probabilities: whether it tells how probable tags and spans are.

    Raises:
        ConfigError: if `rows` is unknown.
    """
    import pyarrow as pa

    if rows not in get_args(Rows):
        raise ConfigError(f"rows: {rows!r} is none of {', '.join(get_args(Rows))}")
    types = schema(schemes, rows=rows, probabilities=probabilities)
    batches, columns, texts = [], _empty(types), 0
    fill = _FILLS[rows]
    for number, document in enumerate(documents):
        fill(columns, number, document, schemes)
        texts += 1
        if texts >= BATCH or len(columns["row"]) >= BATCH:
            batches.append(pa.RecordBatch.from_pydict(columns, types))
            columns, texts = _empty(types), 0
    batches.append(pa.RecordBatch.from_pydict(columns, types))
    return pa.Table.from_batches(batches, types)


def polars_frame(table: pa.Table) -> pl.DataFrame:
    """The table as a frame of polars, which shares its memory.

    Raises:
        ConfigError: if polars is not installed.
    """
    try:
        import polars as pl
    except ImportError as error:
        raise ConfigError("frames of polars need it: pip install 'bilstm-tagger[frames]'") from error
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    return frame


def schema(schemes: Mapping[str, Scheme], *, rows: Rows, probabilities: bool) -> pa.Schema:
    """Names and types of the columns.

    Args:
        schemes: for each task how its spans are spelled.
        rows: what a row is.
        probabilities: whether there are columns of probabilities.
    """
    import pyarrow as pa

    places = {"start_char": pa.int64(), "end_char": pa.int64()}
    span: dict[str, Any] = {"task": pa.string(), "label": pa.string(), "text": pa.string(), **places}
    span |= {"start": pa.int64(), "end": pa.int64(), **({"probability": pa.float64()} if probabilities else {})}
    if rows == "spans":
        return pa.schema({"row": pa.int64(), **span})
    tags = {name: pa.string() for name in _tag_columns(schemes)}
    if probabilities:
        tags |= {name: pa.float64() for name in _probability_columns(schemes)}
    if rows == "tokens":
        return pa.schema({"row": pa.int64(), "sentence": pa.int64(), "token": pa.string(), **places, **tags})
    lists = {name: pa.list_(kind) for name, kind in {"tokens": pa.string(), **places}.items()}
    lists |= {_plural(name): pa.list_(kind) for name, kind in tags.items()}
    spans = pa.list_(pa.struct(list(span.items())))
    return pa.schema({"row": pa.int64(), "text": pa.string(), **lists, "spans": spans})


def text_columns(document: Document, schemes: Mapping[str, Scheme], *, probabilities: bool) -> dict[str, Any]:
    """What `rows="texts"` tells of a document, beside its number and its text.

    Args:
        document: with tags.
        schemes: for each task how its spans are spelled.
        probabilities: whether it tells how probable tags and spans are.
    """
    text = document.text
    values: dict[str, Any] = {
        "tokens": [text[start:end] for start, end in zip(document.starts, document.ends, strict=True)],
        "start_char": document.starts,
        "end_char": document.ends,
    }
    for task, name in zip(schemes, _tag_columns(schemes), strict=True):
        values[_plural(name)] = document.tags_of(task)
    if probabilities:
        for task, name in zip(schemes, _probability_columns(schemes), strict=True):
            values[_plural(name)] = _of_tags(document, task)
    values["spans"] = list(_spans(document, schemes))
    if not probabilities:
        for span in values["spans"]:
            del span["probability"]
    return values


def _plural(name: str) -> str:
    return name.removesuffix("y") + "ies" if name.endswith("y") else f"{name}s"


def _tag_columns(schemes: Mapping[str, Scheme]) -> list[str]:
    return [f"{task}_tag" for task in schemes]


def _probability_columns(schemes: Mapping[str, Scheme]) -> list[str]:
    return [f"{task}_probability" for task in schemes]


def _empty(types: pa.Schema) -> Columns:
    return {name: [] for name in types.names}


def _spans(document: Document, schemes: Mapping[str, Scheme]) -> Iterator[dict[str, Any]]:
    """The spans of all tasks, in the order of the text."""
    spans = [span for task, scheme in schemes.items() if scheme is not Scheme.NONE for span in document.spans_of(task)]
    for span in sorted(spans, key=lambda span: (span.start, span.end)):
        yield {
            "task": span.task,
            "label": span.label,
            "text": span.text,
            "start_char": span.start_char,
            "end_char": span.end_char,
            "start": span.start,
            "end": span.end,
            "probability": span.probability,
        }


def _of_tags(document: Document, task: str) -> list[float | None]:
    """Probability of each tag of a task; None where the model has no such tag."""
    known = document.probabilities[task]
    at = {tag: number for number, tag in enumerate(known.tags)}
    rows = known.marginals.tolist()
    return [row[at[tag]] if tag in at else None for row, tag in zip(rows, document.tags_of(task), strict=True)]


def _fill_spans(columns: Columns, number: int, document: Document, schemes: Mapping[str, Scheme]) -> None:
    for span in _spans(document, schemes):
        columns["row"].append(number)
        for name, value in span.items():
            if name in columns:
                columns[name].append(value)


def _fill_tokens(columns: Columns, number: int, document: Document, schemes: Mapping[str, Scheme]) -> None:
    values = text_columns(document, schemes, probabilities=any(name.endswith("_probability") for name in columns))
    columns["row"] += [number] * len(document)
    columns["sentence"] += [at for at, (start, end) in enumerate(pairwise(document.bounds)) for _ in range(start, end)]
    columns["token"] += values["tokens"]
    for name in columns.keys() - {"row", "sentence", "token"}:
        columns[name] += values[name if name in values else _plural(name)]


def _fill_texts(columns: Columns, number: int, document: Document, schemes: Mapping[str, Scheme]) -> None:
    columns["row"].append(number)
    columns["text"].append(document.text)
    told = any(name.endswith("_probabilities") for name in columns)
    for name, value in text_columns(document, schemes, probabilities=told).items():
        columns[name].append(value)


_FILLS: dict[str, Callable[[Columns, int, Document, Mapping[str, Scheme]], None]] = {
    "spans": _fill_spans,
    "tokens": _fill_tokens,
    "texts": _fill_texts,
}
