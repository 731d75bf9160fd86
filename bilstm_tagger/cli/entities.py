"""`bilstm-tagger entities`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bilstm_tagger.cli.app import if_stopped
from bilstm_tagger.cli.automatic import chosen_models, is_automatic, loading
from bilstm_tagger.cli.conclude import conclude
from bilstm_tagger.cli.output import file_of, nothing_kept, opened
from bilstm_tagger.cli.reading import EncodingOption
from bilstm_tagger.cli.tagging import (
    BatchOption,
    DeviceOption,
    InputFormatOption,
    InputsArgument,
    LanguageOption,
    MinPrecisionOption,
    MinProbabilityOption,
    ModelOption,
    PrecisionOption,
    TextColumnOption,
    TextOption,
    ThreadsOption,
    WorkersOption,
    loaded_tagger,
    progress,
    tag_options,
    tag_text,
    tell_waiting,
)
from bilstm_tagger.errors import choose

if TYPE_CHECKING:
    from bilstm_tagger.files import FilesReport

_SUFFIXES = {".csv": "csv", ".tsv": "tsv", ".xlsx": "xlsx", ".jsonl": "entities", ".json": "entities"}
_FORMATS = {"csv": "csv", "tsv": "tsv", "xlsx": "xlsx", "jsonl": "entities", "json": "entities", "table": "table"}


def entities(
    inputs: InputsArgument = None,
    *,
    model: ModelOption = Path("en"),
    text: TextOption = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The file to write, .csv, .tsv, .xlsx or .jsonl; else standard output."),
    ] = None,
    format: Annotated[
        str | None,
        typer.Option(
            "--format",
            "-f",
            help="csv, tsv, xlsx, jsonl or table; else by the suffix of --output, table on a terminal, csv elsewhere.",
        ),
    ] = None,
    count: Annotated[
        bool, typer.Option("--count", help="One row per distinct name: how often it was found, in how many files.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the output file.")] = False,
    input_format: InputFormatOption = None,
    text_column: TextColumnOption = None,
    encoding: EncodingOption = None,
    check_language: LanguageOption = True,
    min_probability: MinProbabilityOption = 0.0,
    min_precision: MinPrecisionOption = None,
    batch_tokens: BatchOption = None,
    workers: WorkersOption = 1,
    threads: ThreadsOption = None,
    device: DeviceOption = "cpu",
    precision: PrecisionOption = "auto",
) -> None:
    """Find names and write them as a table: one row per name, with its place, or one per distinct name."""
    if (text is None) == (not inputs):
        raise typer.BadParameter("give files, folders or - to search, or else --text", param_hint="INPUTS")
    output = file_of(output)
    chosen = _format(format, output, count=count)
    from bilstm_tagger.corpus.trained import words_spec
    from bilstm_tagger.files import Profile, tag_files

    options = tag_options(
        model,
        batch_tokens=batch_tokens,
        probabilities=not count,
        min_probability=min_probability,
        min_precision=None if is_automatic(model) else min_precision,
    )
    load, several = loading(
        model,
        format=chosen,
        min_precision=min_precision,
        device=device,
        precision=precision,
        threads=threads,
        options=options if text is None else None,
    )
    chooser = several and several.chooser
    profile = Profile()
    report: FilesReport | None = None
    with (
        if_stopped(lambda: nothing_kept(output)),
        opened(output, binary=chosen.startswith("xlsx"), force=force) as stream,
    ):
        if text is not None:
            tag_text(load(profile), text, chosen, options, profile, stream=stream, chooser=chooser)
        else:
            quiet = output is None and sys.stdout.isatty()
            with loaded_tagger(load, workers, profile) as tagger, progress(quiet=quiet) as heard:
                tell_waiting(inputs)
                report = tag_files(
                    tagger,
                    inputs or [],
                    stream=stream,
                    format=chosen,
                    input_format=input_format,
                    exclude=output,
                    spec=words_spec(tagger.reading, encoding=encoding),
                    text_column=text_column,
                    check_language=check_language and several is None,
                    options=options,
                    progress=heard,
                    profile=profile,
                    chooser=chooser,
                )
            if report.nothing_read:
                conclude(report, None)  # here, so that no empty file is left
    if report is not None:
        conclude(report, output, models=chosen_models(chooser.chosen) if chooser else "")


def _format(format: str | None, output: Path | None, *, count: bool) -> str:
    """The output format by what is named, the suffix of the file, or where it goes."""
    from bilstm_tagger.io.atomic import is_device

    if format is not None and format not in _FORMATS:
        raise typer.BadParameter(f"no format {format!r}; {choose(format, _FORMATS)}", param_hint="--format")
    if format is not None:
        chosen = _FORMATS[format]
    elif output is not None and is_device(output):
        chosen = "csv"
    elif output is not None:
        known = _SUFFIXES.get(output.suffix.lower())
        if known is None:
            raise typer.BadParameter(
                f"{output}: the name does not tell the format ({', '.join(_SUFFIXES)}); name it, --format csv",
                param_hint="--output",
            )
        chosen = known
    else:
        chosen = "table" if sys.stdout.isatty() else "csv"
    return f"{chosen}-counts" if count else chosen
