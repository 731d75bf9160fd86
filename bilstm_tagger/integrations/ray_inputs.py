"""Files of any file system that Arrow knows as data sets of Ray."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bilstm_tagger.errors import ConfigError, CorpusError
from bilstm_tagger.files.source import suffix_of
from bilstm_tagger.integrations.ray import import_ray

if TYPE_CHECKING:
    import pyarrow as pa

INPUTS = ("parquet", "jsonl", "text", "lines")
TASK = {"num_cpus": 0.25}  # what tasks ask for that read, count or write: they wait for data most of the time
_SUFFIXES = {".parquet": "parquet", ".jsonl": "jsonl", ".ndjson": "jsonl", ".txt": "text"}


def read_uris(inputs: Sequence[str], format: str) -> Any:
    """A data set of Ray, of files.

    Args:
        inputs: paths or URIs of files, or of folders of them.
        format: `parquet`, `jsonl`, `text` (a document each) or `lines` (a document each line, empty ones too).
    """
    data: Any = import_ray().data
    places = [place_of(each) for each in inputs]
    if format == "parquet":
        return data.read_parquet(places, **TASK)
    if format == "jsonl":
        return data.read_json(places, **TASK)
    files = data.read_binary_files(places, include_paths=True, **TASK)
    return files.map_batches(_texts if format == "text" else _lines, batch_format="pyarrow", batch_size=1, **TASK)


def _texts(files: pa.Table) -> pa.Table:
    """The text of each file, beside its path."""
    import pyarrow as pa

    return pa.table(
        {"path": files["path"], "text": pa.array([_decoded(file) for file in files.to_pylist()], pa.string())}
    )


def _lines(files: pa.Table) -> pa.Table:
    """The lines of files, each with an id, which is the path and its number, counted from 1."""
    import io

    import pyarrow as pa

    rows: list[dict[str, Any]] = []
    for file in files.to_pylist():
        path = file["path"]
        for number, line in enumerate(io.StringIO(_decoded(file), newline=None), 1):
            rows.append({"id": f"{path}:{number}", "path": path, "line": number, "text": line.removesuffix("\n")})
    types = pa.schema({"id": pa.string(), "path": pa.string(), "line": pa.int64(), "text": pa.string()})
    return pa.Table.from_pylist(rows, types)


def _decoded(file: dict[str, Any]) -> str:
    try:
        return str(file["bytes"], "utf-8-sig")
    except UnicodeDecodeError as error:
        raise CorpusError(
            f"{file['path']}: byte {error.start} is not UTF-8; convert the file, iconv -t UTF-8"
        ) from None


def input_format(inputs: Sequence[str], named: str | None) -> str:
    """The format of inputs, as it was named or by their suffixes.

    Raises:
        ConfigError: if it is unknown.
    """
    known = ", ".join(INPUTS)
    if named is not None:
        if named not in INPUTS:
            raise ConfigError(
                f"with --engine ray the input is one of {known}, not {named!r}; choose it, --input-format"
            )
        return named
    found = {_SUFFIXES.get(suffix_of(Path(each))) for each in inputs}
    if len(found) != 1 or None in found:
        raise ConfigError(
            f"{' '.join(inputs[:3])}: the names do not tell one format; name it, --input-format ({known})"
        )
    return str(found.pop())


def place_of(uri: str) -> str:
    """A URI as it is, a path from the root, as the processes of Ray have other current folders."""
    return uri if "://" in uri else str(Path(uri).absolute())


def file_system(uri: str) -> tuple[Any, str]:
    """The file system of a URI, and the path there."""
    from pyarrow import fs

    system, path = fs.FileSystem.from_uri(place_of(uri))
    return system, path.rstrip("/")
