"""`predict --engine ray`: Parquet, JSON lines and text of any file system that Arrow knows, tagged on Ray."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from bilstm_tagger import errors
from bilstm_tagger.errors import ConfigError, CorpusError, TaggerError
from bilstm_tagger.files.options import TagOptions
from bilstm_tagger.files.source import suffix_of
from bilstm_tagger.files.text_column import text_column
from bilstm_tagger.frames.tagged_tables import new_fields
from bilstm_tagger.integrations.ray import import_ray, processors, tag
from bilstm_tagger.version import __version__

if TYPE_CHECKING:
    import pyarrow as pa

MANIFEST = "_manifest.json"  # readers of Parquet folders leave out names that begin with an underscore
INPUTS = ("parquet", "jsonl", "text", "lines")
OUTPUTS = ("parquet", "jsonl")
_SUFFIXES = {".parquet": "parquet", ".jsonl": "jsonl", ".ndjson": "jsonl", ".txt": "text"}
_OWN = re.compile(r"^bilstm_tagger\.errors\.(\w+): (.+)$", re.MULTILINE)
_TASK = {"num_cpus": 0.25}  # what tasks ask for that read, count or write: they wait for data most of the time


@dataclass(frozen=True, slots=True)
class Manifest:
    """What stands in the output beside the rows, once all of them are there.

    Attributes:
        rows: number of rows, of the input as of the output.
        tokens: number of tokens in them, counted in the output.
        rows_without_tokens: number of rows whose text is empty or missing.
        inputs: where they were read.
        column: the column of the text.
        format: of the output.
        model: as it was named.
        model_sha256: checksum of all that decides what the model gives.
        version: that of the program.
        workers: number of actors.
        seconds: from start to end.
    """

    rows: int
    tokens: int
    rows_without_tokens: int
    inputs: list[str]
    column: str
    format: str
    model: str
    model_sha256: str
    version: str
    workers: int
    seconds: float


class Model(NamedTuple):
    """The model of a run.

    Attributes:
        name: as for `Tagger.load`.
        precision: as for `Tagger.load`.
    """

    name: str
    precision: str = "auto"


def tag_uris(
    model: Model,
    inputs: Sequence[str],
    output: str,
    *,
    format: str = "parquet",
    input_format: str | None = None,
    column: str | None = None,
    force: bool = False,
    options: TagOptions | None = None,
    workers: int | None = None,
) -> Manifest:
    """Tag files on Ray, write them into a folder, and count there what has been written.

    Args:
        model: what tags.
        inputs: paths or URIs of files, or of folders of them, all of one format.
        output: path or URI of a folder.
        format: one of `OUTPUTS`.
        input_format: one of `INPUTS`; else by suffix.
        column: the column of the text; else found by its name.
        force: whether files in the output folder may be removed.
        options: what the tagger is asked for.
        workers: number of actors; one for each processor of the cluster if None.

    Returns:
        what has been written beside the rows.

    Raises:
        ConfigError: before anything is tagged, if Ray is not installed, formats are unknown or output is in the way.
        CorpusError: for an input that cannot be read or has no column of text.
        TaggerError: if tagging fails, or the output has not as many rows as the input.
    """
    began = time.perf_counter()
    read_as = _input_format(inputs, input_format)
    if format not in OUTPUTS:
        raise ConfigError(
            f"with --engine ray the output is {' or '.join(OUTPUTS)}, not {format!r}; choose it, --format"
        )
    ray = import_ray()
    _check_output(output, force=force)
    workers = workers or processors()
    options = options or TagOptions()
    digest, new = _facts(model, options)
    try:
        dataset = read_uris(inputs, read_as)
        names = dataset.schema().names
        text = text_column(names, column, inputs[0])
        if there := [name for name in new if name in names]:
            raise ConfigError(f"{inputs[0]} has a column {there[0]!r} already; rename it")
        tagged = tag(
            dataset,
            column=text,
            model=model.name,
            precision=model.precision,
            workers=workers,
            **options.arguments(),
        )
        write = tagged.write_parquet if format == "parquet" else tagged.write_json
        mode = ray.data.SaveMode.OVERWRITE if force else ray.data.SaveMode.APPEND
        write(_place(output), ray_remote_args=_TASK, mode=mode)
        rows, tokens, empty = _counts(_place(output), format)
        before = read_uris(inputs, read_as).count()
    except (ray.exceptions.RayError, OSError, ValueError) as error:
        raise _plain(error) from error
    if rows != before:
        raise TaggerError(f"{output}: has {rows} rows, the input {before}; remove it and tag again")
    manifest = Manifest(
        rows, tokens, empty, list(inputs), text, format, model.name, digest, __version__, workers,
        round(time.perf_counter() - began, 3),
    )  # fmt: skip
    _write_manifest(output, manifest)
    return manifest


def read_uris(inputs: Sequence[str], format: str) -> Any:
    """A data set of Ray, of files.

    Args:
        inputs: paths or URIs of files, or of folders of them.
        format: `parquet`, `jsonl`, `text` (a document each) or `lines` (a document each line, empty ones too).
    """
    data: Any = import_ray().data
    places = [_place(each) for each in inputs]
    if format == "parquet":
        return data.read_parquet(places, **_TASK)
    if format == "jsonl":
        return data.read_json(places, **_TASK)
    files = data.read_binary_files(places, include_paths=True, **_TASK)
    return files.map_batches(_texts if format == "text" else _lines, batch_format="pyarrow", batch_size=1, **_TASK)


def _texts(files: pa.Table) -> pa.Table:
    """The text of each file, beside its path."""
    import pyarrow as pa

    return pa.table(
        {"path": files["path"], "text": pa.array([_decoded(file) for file in files.to_pylist()], pa.string())}
    )


def _lines(files: pa.Table) -> pa.Table:
    """The lines of files, each with the path and its number, counted from 1."""
    import io

    import pyarrow as pa

    rows: list[dict[str, Any]] = []
    for file in files.to_pylist():
        lines = io.StringIO(_decoded(file), newline=None)
        rows += [
            {"path": file["path"], "line": number, "text": line.removesuffix("\n")}
            for number, line in enumerate(lines, 1)
        ]
    types = pa.schema({"path": pa.string(), "line": pa.int64(), "text": pa.string()})
    return pa.Table.from_pylist(rows, types)


def _decoded(file: dict[str, Any]) -> str:
    try:
        return str(file["bytes"], "utf-8-sig")
    except UnicodeDecodeError as error:
        raise CorpusError(
            f"{file['path']}: byte {error.start} is not UTF-8; convert the file, iconv -t UTF-8"
        ) from None


def _counts(place: str, format: str) -> tuple[int, int, int]:
    """Rows, tokens and rows without tokens of what has been written."""
    data = import_ray().data
    if format == "parquet":
        written = data.read_parquet(place, **_TASK).select_columns(["start_char"])
    else:
        written = data.read_json(place, **_TASK)
    counted = written.map_batches(_count, batch_format="pyarrow", batch_size=None, **_TASK).take_all()
    rows, tokens, empty = (sum(each[name] for each in counted) for name in ("rows", "tokens", "empty"))
    return rows, tokens, empty


def _count(batch: pa.Table) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    lengths = pc.list_value_length(batch["start_char"])
    counts = {"rows": batch.num_rows, "tokens": pc.sum(lengths).as_py() or 0}
    counts["empty"] = pc.sum(pc.equal(lengths, 0)).as_py() or 0
    return pa.table({name: [count] for name, count in counts.items()})


def _input_format(inputs: Sequence[str], named: str | None) -> str:
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


def _place(uri: str) -> str:
    """A URI as it is, a path from the root, as the processes of Ray have other current folders."""
    return uri if "://" in uri else str(Path(uri).absolute())


def _file_system(uri: str) -> tuple[Any, str]:
    from pyarrow import fs

    system, path = fs.FileSystem.from_uri(_place(uri))
    return system, path.rstrip("/")


def _check_output(output: str, *, force: bool) -> None:
    from pyarrow import fs

    system, path = _file_system(output)
    if not force and system.get_file_info(fs.FileSelector(path, allow_not_found=True)):
        raise ConfigError(f"{output}: is not empty; use --force, which removes what is there, or another --output")


def _write_manifest(output: str, manifest: Manifest) -> None:
    system, path = _file_system(output)
    with system.open_output_stream(f"{path}/{MANIFEST}") as stream:
        stream.write((json.dumps(asdict(manifest), ensure_ascii=False, indent=2) + "\n").encode())


def _facts(model: Model, options: TagOptions) -> tuple[str, list[str]]:
    """The checksum of the model, and the names of the columns that it makes."""
    from bilstm_tagger.model_folder.folder import digest_of, load_model
    from bilstm_tagger.tagging.tagger import Tagger

    parts = load_model(model.name)
    return digest_of(parts), new_fields(Tagger.of(parts), probabilities=options.probabilities).names


def _plain(error: BaseException) -> TaggerError:
    """What went wrong in a process of Ray, in one line; Ray hands such an error over as the text of its traceback."""
    if (found := _OWN.findall(str(error))) and issubclass(
        kind := getattr(errors, found[-1][0], TaggerError), TaggerError
    ):
        return kind(found[-1][1])
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    return TaggerError(f"on Ray: {lines[-1]}")
