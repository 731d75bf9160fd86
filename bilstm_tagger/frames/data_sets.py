"""Tokens, tags and spans as new columns of a data set of the library `datasets`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeVar, cast

from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import ConfigError, CorpusError
from bilstm_tagger.frames.arrow import is_missing, schema, text_columns
from bilstm_tagger.schemes.grammar import Scheme

FORM = (
    1  # a change of the columns raises it, so that `datasets` does not take those of an earlier version from its cache
)

_DataSet = TypeVar("_DataSet")


class Pipe(Protocol):
    """What is needed of a tagger."""

    @property
    def info(self) -> Any:
        """What is known of its model."""
        ...

    def pipe(self, sources: Iterable[Any], *, probabilities: bool = False) -> Iterator[Document]:
        """Tag a stream, in order."""
        ...


def map_data_set(
    tagger: Pipe,
    dataset: _DataSet,
    *,
    digest: str | None,
    column: str,
    prefix: str,
    probabilities: bool,
    batch_size: int,
    num_proc: int | None,
) -> _DataSet:
    """The data set with new columns.

    Args:
        tagger: what tags.
        dataset: a `Dataset`, an `IterableDataset`, or a dict of them.
        digest: checksum of the model, so that `datasets` finds in its cache what was tagged before; None if not known.
        column: where its texts or lists of words are.
        prefix: written before the names of the new columns.
        probabilities: whether they tell how probable tags and spans are.
        batch_size: texts that are tagged together.
        num_proc: processes, of a `Dataset`.

    Raises:
        ConfigError: if it is no data set, or its columns do not fit.
    """
    import datasets

    options = {"column": column, "prefix": prefix, "probabilities": probabilities, "batch_size": batch_size}
    if isinstance(dataset, dict):
        parts = {
            name: map_data_set(tagger, part, digest=digest, num_proc=num_proc, **options)  # type: ignore[arg-type]
            for name, part in dataset.items()
        }
        return cast("_DataSet", type(dataset)(parts))
    if not isinstance(dataset, datasets.Dataset | datasets.IterableDataset):
        raise ConfigError(f"give a Dataset, an IterableDataset or a DatasetDict, not {type(dataset).__name__}")
    if num_proc is not None and not isinstance(dataset, datasets.Dataset):
        raise ConfigError("num_proc: an IterableDataset is read by one process; leave it out")
    schemes: Mapping[str, Scheme] = tagger.info.schemes
    types = schema(schemes, rows="texts", probabilities=probabilities)
    new = [(f"{prefix}{field.name}", field) for field in types if field.name not in ("row", "text")]
    if dataset.column_names is not None:  # a stream may not tell
        check_columns(dataset.column_names, column, [name for name, _ in new])
    more: dict[str, Any] = {} if num_proc is None else {"num_proc": num_proc}
    if dataset.features is not None:
        import pyarrow as pa

        added = datasets.Features.from_arrow_schema(pa.schema([field.with_name(name) for name, field in new]))
        more["features"] = datasets.Features({**dataset.features, **added})
    if isinstance(dataset, datasets.Dataset) and digest is not None:
        made_from = [dataset._fingerprint, digest, FORM, column, prefix, probabilities]
        more["new_fingerprint"] = datasets.fingerprint.Hasher.hash(made_from)
    if isinstance(dataset, datasets.Dataset) and not len(dataset):  # which `datasets` gives back as it is
        features = more["features"]
        empty = datasets.Dataset.from_dict({name: [] for name in features}, features=features, split=dataset.split)
        return cast("_DataSet", empty)
    tag = _Tag(tagger, column, prefix, probabilities)
    mapped = dataset.map(tag, with_indices=True, batched=True, batch_size=batch_size, **more)
    return cast("_DataSet", mapped)


def check_columns(known: Sequence[str], column: str, new: Sequence[str]) -> None:
    """Refuse a column that is not there, and new ones that are.

    Args:
        known: names of the columns that are there.
        column: where the texts are.
        new: names of the columns to be added.

    Raises:
        ConfigError: naming the column.
    """
    if column not in known:
        raise ConfigError(f"column: the data set has no column {column!r}; it has: {', '.join(known)}")
    if there := [name for name in new if name in known]:
        raise ConfigError(f"the data set has a column {there[0]!r} already; give another prefix, prefix='model_'")


class _Tag:
    """Tags a batch of rows.

    Args:
        tagger: what tags.
        column: where the texts are.
        prefix: of the new columns.
        probabilities: whether they are told.
    """

    def __init__(self, tagger: Pipe, column: str, prefix: str, probabilities: bool) -> None:
        self.tagger = tagger
        self.column = column
        self.prefix = prefix
        self.probabilities = probabilities

    def __call__(self, batch: Mapping[str, list[Any]], rows: list[int]) -> dict[str, list[Any]]:
        """The new columns of a batch; `rows` numbers its rows."""
        if self.column not in batch:
            raise ConfigError(f"column: the data set has no column {self.column!r}; it has: {', '.join(batch)}")
        texts = batch[self.column]
        for row, text in zip(rows, texts, strict=True):
            if is_missing(text):
                raise CorpusError(f"row {row}, counted from 0: its {self.column!r} is missing; leave out such rows")
        schemes = self.tagger.info.schemes
        columns: dict[str, list[Any]] = {}
        for document in self.tagger.pipe(texts, probabilities=self.probabilities):
            for name, value in text_columns(document, schemes, probabilities=self.probabilities).items():
                columns.setdefault(f"{self.prefix}{name}", []).append(value)
        return columns
