"""`predict --engine ray`: Parquet, JSON lines and text of any file system that Arrow knows, tagged on Ray."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from bilstm_tagger import errors
from bilstm_tagger.errors import ConfigError, TaggerError
from bilstm_tagger.files.options import TagOptions
from bilstm_tagger.files.text_column import text_column
from bilstm_tagger.frames.tagged_tables import new_fields
from bilstm_tagger.integrations.ray import import_ray, processors, tag
from bilstm_tagger.integrations.ray_inputs import input_format, read_uris
from bilstm_tagger.integrations.ray_output import MANIFEST, Output
from bilstm_tagger.tagging.tagger import Tagger
from bilstm_tagger.version import __version__

_OWN = re.compile(r"^bilstm_tagger\.errors\.(\w+): (.+)$", re.MULTILINE)


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
        options: what the tagger was asked for.
        version: that of the program.
        workers: number of actors.
        seconds: from start to end, of the last run where one was interrupted.
        resumed: whether one was.
    """

    rows: int
    tokens: int
    rows_without_tokens: int
    inputs: list[str]
    column: str
    format: str
    model: str
    model_sha256: str
    options: dict[str, Any]
    version: str
    workers: int
    seconds: float
    resumed: bool


class Model(NamedTuple):
    """The model of a run.

    Attributes:
        name: as for `Tagger.load`.
        precision: as for `Tagger.load`.
    """

    name: str
    precision: str = "auto"


class Input(NamedTuple):
    """What a run reads.

    Attributes:
        uris: paths or URIs of files, or of folders of them, all of one format.
        format: one of `INPUTS`; else by suffix.
        text_column: the column of the text; else found by its name.
        id_column: the column whose values tell rows apart; `id` if None, or the path where a file is a row.
    """

    uris: Sequence[str]
    format: str | None = None
    text_column: str | None = None
    id_column: str | None = None


def tag_uris(
    model: Model,
    source: Input,
    output: str,
    *,
    format: str = "parquet",
    force: bool = False,
    resume: bool = False,
    options: TagOptions | None = None,
    workers: int | None = None,
) -> Manifest:
    """Tag files on Ray, write them into a folder, and count there what has been written.

    Args:
        model: what tags.
        source: what is tagged.
        output: path or URI of a folder.
        format: one of `OUTPUTS`.
        force: whether files in the output folder may be removed.
        resume: whether to go on with a run into this folder that was interrupted, if there is one.
        options: what the tagger is asked for.
        workers: number of actors; one for each processor of the cluster if None.

    Returns:
        what has been written beside the rows.

    Raises:
        ConfigError: before anything is tagged, if Ray is not installed, formats are unknown or output is in the way.
        CorpusError: for an input that cannot be read or has no column of text; on resuming, if ids tell no rows apart.
        TaggerError: if tagging fails, or the output has not as many rows as the input.
    """
    began = time.perf_counter()
    source = source._replace(format=input_format(source.uris, source.format))
    ray = import_ray()
    target = Output(output, format)
    target.check(source.uris, force=force, resume=resume)
    workers = workers or processors()
    tagger, digest = _loaded(model)
    options = options or TagOptions()
    try:
        dataset = read_uris(source.uris, str(source.format))
        names: list[str] = dataset.schema().names
        text = _text_of(source, names, new_fields(tagger, probabilities=options.probabilities).names)
        facts: dict[str, Any] = {
            "inputs": list(source.uris), "column": text, "format": format, "model_sha256": digest,
            "options": options.arguments(),
        }  # fmt: skip
        resumed = target.begin(facts, force=force)
        if resumed and (done := target.read(MANIFEST)):
            return Manifest(**done)
        if resumed:
            dataset = _unfinished(dataset, target, source, names)
        target.write_rows(
            tag(dataset, column=text, model=tagger, workers=workers, precision=model.precision, **options.arguments())
        )
        rows, tokens, empty = target.counts()
        before = read_uris(source.uris, str(source.format)).count()
    except (ray.exceptions.RayError, OSError, ValueError) as error:
        raise _plain(error) from error
    if rows != before:
        raise TaggerError(f"{output}: has {rows} rows, the input {before}; tag again with --force")
    seconds = round(time.perf_counter() - began, 3)
    manifest = Manifest(
        rows, tokens, empty, model=model.name, version=__version__, workers=workers, seconds=seconds, resumed=resumed,
        **facts,
    )  # fmt: skip
    target.end(asdict(manifest))
    return manifest


def _text_of(source: Input, names: Sequence[str], new: Sequence[str]) -> str:
    """The column of the text, where no column has the name of a new one."""
    if there := [name for name in new if name in names]:
        raise ConfigError(f"{source.uris[0]} has a column {there[0]!r} already; rename it")
    return text_column(names, source.text_column, source.uris[0])


def _unfinished(dataset: Any, target: Output, source: Input, names: Sequence[str]) -> Any:
    """The rows of a data set that are not in the output yet.

    Raises:
        ConfigError: if no column tells rows apart.
    """
    column = source.id_column or ("path" if source.format == "text" else "id")
    if column not in names:
        raise ConfigError(
            f"{source.uris[0]}: no column {column!r}, so nothing tells which rows are written; name the one that is "
            f"another in each row, --id-column (columns: {', '.join(names)})"
        )
    return target.unwritten(dataset, column)


def _loaded(model: Model) -> tuple[Tagger, str]:
    """The tagger, and the checksum of its model."""
    from bilstm_tagger.model_folder.folder import ModelParts, digest_of
    from bilstm_tagger.tagging.torch_runtime import torch_model

    tagger = Tagger.load(model.name, precision=model.precision)
    return tagger, digest_of(ModelParts(tagger.info, torch_model(tagger.runtime)))


def _plain(error: BaseException) -> TaggerError:
    """What went wrong in a process of Ray, in one line; Ray hands such an error over as the text of its traceback."""
    if (found := _OWN.findall(str(error))) and issubclass(
        kind := getattr(errors, found[-1][0], TaggerError), TaggerError
    ):
        return kind(found[-1][1])
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    return TaggerError(f"on Ray: {lines[-1]}")
