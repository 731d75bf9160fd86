"""Tokens, tags and spans as new columns of an Arrow table: what Ray, Spark and Dask hand over piece by piece."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bilstm_tagger.errors import ConfigError, TaggerError
from bilstm_tagger.frames.arrow import is_missing, schema, text_columns
from bilstm_tagger.frames.data_sets import Pipe, check_columns

if TYPE_CHECKING:
    import pyarrow as pa


def tagged_table(
    tagger: Pipe,
    table: pa.Table,
    *,
    column: str = "text",
    prefix: str = "",
    probabilities: bool = False,
    **options: Any,
) -> pa.Table:
    """The table with new columns, one row for each of its rows, in the same order.

    Args:
        tagger: what tags.
        table: its columns stay as they are.
        column: where its texts are, or its lists of words; a missing text has no tokens.
        prefix: written before the names of the new columns.
        probabilities: whether they tell how probable tags and spans are.
        options: further arguments of `Tagger.pipe`.

    Raises:
        ConfigError: if there is no such column, it holds no text, or a new one is there already.
        TaggerError: if the tagger gives more or fewer documents than the table has rows.
    """
    import pyarrow as pa

    fields = new_fields(tagger, prefix=prefix, probabilities=probabilities)
    check_columns(table.column_names, column, fields.names)
    texts = ["" if is_missing(text) else text for text in table.column(column).to_pylist()]
    if (wrong := next((text for text in texts if not isinstance(text, str | list)), None)) is not None:
        raise ConfigError(f"column {column!r} holds {type(wrong).__name__}, not text; name another one, --text-column")
    values: dict[str, list[Any]] = {name: [] for name in fields.names}
    rows = 0
    for document in tagger.pipe(texts, probabilities=probabilities, **options):
        rows += 1
        for name, value in text_columns(document, tagger.info.schemes, probabilities=probabilities).items():
            values[f"{prefix}{name}"].append(value)
    if rows != len(texts):
        raise TaggerError(f"internal error: {len(texts)} rows went into the tagger, {rows} came out")
    for field in fields:
        table = table.append_column(field, pa.array(values[field.name], field.type))
    return table


def new_fields(tagger: Pipe, *, prefix: str = "", probabilities: bool = False) -> pa.Schema:
    """Names and types of the new columns.

    Args:
        tagger: what tags.
        prefix: written before the names.
        probabilities: whether there are columns of probabilities.
    """
    import pyarrow as pa

    types = schema(tagger.info.schemes, rows="texts", probabilities=probabilities)
    return pa.schema([field.with_name(f"{prefix}{field.name}") for field in types if field.name not in ("row", "text")])
