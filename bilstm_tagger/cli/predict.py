"""`bilstm-tagger predict`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bilstm_tagger.cli.app import if_stopped, note
from bilstm_tagger.cli.automatic import chosen_models, is_automatic, loading
from bilstm_tagger.cli.conclude import conclude
from bilstm_tagger.cli.output import Destination, is_standard_output, opened
from bilstm_tagger.cli.predict_on_ray import predict_on_ray
from bilstm_tagger.cli.reading import EncodingOption
from bilstm_tagger.cli.tagging import (
    AUTO,
    AutoWorkersOption,
    BatchOption,
    DeviceOption,
    InputFormatOption,
    InputsArgument,
    LanguageOption,
    MinPrecisionOption,
    MinProbabilityOption,
    NBestOption,
    PrecisionOption,
    ProbabilitiesOption,
    TextColumnOption,
    TextOption,
    ThreadsOption,
    auto_split,
    loaded_tagger,
    progress,
    tag_options,
    tag_text,
    tell_waiting,
)

if TYPE_CHECKING:
    from bilstm_tagger.files import Profile

_PARTS = (
    "start Python", "import torch", "load model", "start workers", "load tokeniser", "read", "tokenise", "tag",
    "wait for workers", "write",
)  # fmt: skip


def predict(
    context: typer.Context,
    inputs: InputsArgument = None,
    *,
    model: Annotated[
        Path,
        typer.Option(
            "--model",
            "-m",
            help="Model folder, or a model that comes with the package; auto, or auto:NAME,..., chooses one for each "
            "document by its language.",
        ),
    ] = Path("en"),
    text: TextOption = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            help="Folder for one output file per input. A name such as all.jsonl is one file for all, whose suffix "
            "tells the format; so is a pipe. Else standard output, as for -.",
        ),
    ] = None,
    format: Annotated[
        str | None,
        typer.Option(
            "--format",
            "-f",
            help="jsonl, conll, conllu, spacy, parquet, html or text; csv, tsv, xlsx or entities for the names alone; "
            "else text on a terminal, jsonl elsewhere.",
        ),
    ] = None,
    input_format: InputFormatOption = None,
    text_column: TextColumnOption = None,
    encoding: EncodingOption = None,
    check_language: LanguageOption = True,
    force: Annotated[bool, typer.Option("--force", help="Overwrite output files.")] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with an interrupted run: leave what it has written, tag the rest.")
    ] = False,
    shard: Annotated[
        str | None,
        typer.Option(
            metavar="K/N", help="Tag the K-th of N equal shares of the files, or of the documents of a single file."
        ),
    ] = None,
    probabilities: ProbabilitiesOption = False,
    n_best: NBestOption = None,
    min_probability: MinProbabilityOption = 0.0,
    min_precision: MinPrecisionOption = None,
    batch_tokens: BatchOption = None,
    workers: AutoWorkersOption = 1,
    threads: ThreadsOption = None,
    device: DeviceOption = "cpu",
    precision: PrecisionOption = "auto",
    engine: Annotated[
        str, typer.Option(help="local, or ray: on a cluster, from URIs of Parquet, JSON lines or text into --output.")
    ] = "local",
    id_column: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="With --engine ray --resume: the column that tells rows apart; id unless given.",
        ),
    ] = None,
    show_profile: Annotated[
        bool, typer.Option("--profile", help="Print on standard error what the time was spent on.")
    ] = False,
) -> None:
    """Tag text, files, folders or standard input."""
    if (text is None) == (not inputs):
        raise typer.BadParameter("give files, folders or - to tag, or else --text", param_hint="INPUTS")
    if text is not None and not is_standard_output(output):
        raise typer.BadParameter("--output is for files; --text is answered on standard output", param_hint="--output")
    if engine != "local" and is_automatic(model):
        raise typer.BadParameter("chooses models with --engine local alone; name one", param_hint="--model")
    if engine != "local":
        predict_on_ray(context)
        return
    if id_column is not None:
        raise typer.BadParameter("is of use with --engine ray alone; leave it out", param_hint="--id-column")
    if shard is not None and text is not None:
        raise typer.BadParameter("--shard is for files; leave it out with --text", param_hint="--shard")
    destination = Destination.of(output)
    if resume and destination.folder is None:
        raise typer.BadParameter("only a run into a folder can be resumed; name one, --output", param_hint="--resume")
    started = time.process_time()
    from bilstm_tagger.corpus.trained import words_spec
    from bilstm_tagger.files import Profile, Shard, tag_files
    from bilstm_tagger.files.formats import output_format
    from bilstm_tagger.model_folder.find import find_folder, fingerprint

    if workers == AUTO and threads is not None:
        raise typer.BadParameter("--workers auto chooses the threads too; leave them out", param_hint="--threads")
    if workers == AUTO:
        workers, threads = auto_split(inputs or [], input_format, destination.folder) if inputs else (1, None)
    share = None if shard is None else Shard.parse(shard)
    if share is not None and destination.format is not None:
        raise typer.BadParameter("each shard would overwrite the others; name a folder, --output", param_hint="--shard")
    options = tag_options(
        model,
        batch_tokens=batch_tokens,
        probabilities=probabilities,
        min_probability=min_probability,
        min_precision=None if is_automatic(model) else min_precision,
        n_best=n_best,
    )
    profile = Profile()
    profile.add({"start Python": started})
    chosen = format or destination.format or ("text" if destination.is_screen and not n_best else "jsonl")
    if n_best and output_format(chosen) is not output_format("jsonl"):
        raise typer.BadParameter(f"{chosen} has no place for tag sequences; use --format jsonl", param_hint="--n-best")
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
    if probabilities and not output_format(chosen).probable:
        note(
            f"note: {chosen} has no place for probabilities; --format jsonl, parquet and the tables of names have them"
        )
    identity = None
    if destination.folder is not None:
        identity = several.identity if several else fingerprint(find_folder(model))
    if text is not None:
        tag_text(load(profile), text, chosen, options, profile, chooser=chooser)
    else:
        with (
            if_stopped(destination.what_is_kept),
            opened(destination.file, binary=output_format(chosen).binary, force=force) as stream,
            loaded_tagger(load, workers, profile) as tagger,
            progress(quiet=destination.is_screen) as heard,
        ):
            tell_waiting(inputs)
            report = tag_files(
                tagger,
                inputs or [],
                output=destination.folder,
                stream=stream if destination.folder is None else None,
                format=chosen,
                input_format=input_format,
                force=force,
                resume=resume,
                shard=share,
                exclude=destination.file,
                identity=identity,
                spec=words_spec(tagger.reading, encoding=encoding),
                text_column=text_column,
                check_language=check_language and several is None,
                options=options,
                progress=heard,
                profile=profile,
                chooser=chooser,
            )
            if report.nothing_read and destination.file is not None:
                conclude(report, None)  # here, so that no empty file is left
    if show_profile:
        _show(profile)
    if text is None:
        models = chosen_models(chooser.chosen) if chooser else ""
        conclude(report, destination.file or destination.folder, models=models)


def _show(profile: Profile) -> None:
    """Seconds by part; what workers did at the same time stands below the sum."""
    here = {name: profile.seconds[name] for name in _PARTS if name in profile.seconds}
    total = sum(here.values())
    width = max(map(len, profile.seconds))
    for name, seconds in here.items():
        note(f"{name:<{width}} {seconds:9.3f} s {seconds / total:6.1%}")
    note(f"{'total':<{width}} {total:9.3f} s")
    for name, seconds in profile.seconds.items():
        if name not in here:
            note(f"{name:<{width}} {seconds:9.3f} s")
