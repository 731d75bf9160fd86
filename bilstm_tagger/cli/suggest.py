"""`bilstm-tagger suggest`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bilstm_tagger.cli.app import if_stopped, note
from bilstm_tagger.cli.conclude import conclude
from bilstm_tagger.cli.output import file_of, nothing_kept, opened
from bilstm_tagger.cli.reading import EncodingOption
from bilstm_tagger.cli.tagging import (
    BatchOption,
    DeviceOption,
    InputFormatOption,
    LanguageOption,
    ModelOption,
    PrecisionOption,
    TextColumnOption,
    ThreadsOption,
    WorkersOption,
    loaded_tagger,
    progress,
)
from bilstm_tagger.errors import ConfigError, CorpusError, choose
from bilstm_tagger.wording import counted

if TYPE_CHECKING:
    from bilstm_tagger.curation.choosing import Candidates
    from bilstm_tagger.settings.read_spec import ReadSpec

_SUFFIXES = {".json": "label-studio", ".csv": "csv"}
_FORMATS = ("doccano", "label-studio", "prodigy", "csv")


def suggest(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="TEXTS...",
            help='Files, folders with all below them, patterns such as "*.txt", or - for standard input.',
            show_default=False,
        ),
    ],
    *,
    model: ModelOption = Path("en"),
    number: Annotated[int, typer.Option("--number", "-n", min=1, help="How many sentences to choose.")] = 100,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file to write; else standard output.")
    ] = None,
    format: Annotated[
        str | None,
        typer.Option(
            "--format",
            "-f",
            help="doccano, label-studio, prodigy or csv; else by the suffix of --output: .json label-studio, .csv csv.",
        ),
    ] = None,
    annotated: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE",
            help="What earlier rounds have annotated or suggested: its sentences are left out; repeatable.",
        ),
    ] = None,
    task: Annotated[str | None, typer.Option(help="Task to annotate; default: the first one with spans.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the output file.")] = False,
    input_format: InputFormatOption = None,
    text_column: TextColumnOption = None,
    encoding: EncodingOption = None,
    check_language: LanguageOption = True,
    batch_tokens: BatchOption = None,
    workers: WorkersOption = 1,
    threads: ThreadsOption = None,
    device: DeviceOption = "cpu",
    precision: PrecisionOption = "auto",
) -> None:
    """Choose what to annotate next: the sentences of which a model is least sure, with its spans marked."""
    output = file_of(output)
    chosen = _format(format, output)
    from bilstm_tagger.corpus.trained import words_spec
    from bilstm_tagger.curation.choosing import Candidates
    from bilstm_tagger.curation.exports import EXPORTS
    from bilstm_tagger.files import ModelLoader, Profile, TagOptions, tag_files

    named = _task(model, task)
    candidates = Candidates(number, named)
    load, profile = ModelLoader(str(model), device, precision, threads), Profile()
    with (
        if_stopped(lambda: nothing_kept(output)),
        opened(output, binary=False, force=force) as stream,
        loaded_tagger(load, workers, profile) as tagger,
        progress(quiet=output is None and sys.stdout.isatty()) as heard,
    ):
        _leave_out(candidates, annotated or [], words_spec(tagger.reading))
        report = tag_files(
            tagger,
            inputs,
            receive=candidates.add,
            input_format=input_format,
            exclude=output,
            spec=words_spec(tagger.reading, encoding=encoding),
            text_column=text_column,
            check_language=check_language,
            options=TagOptions(batch_tokens, probabilities=True),
            progress=heard,
            profile=profile,
        )
        if report.nothing_read:
            conclude(report, None)  # here, so that neither an empty table nor an empty file is left
        suggestions = candidates.chosen()
        EXPORTS[chosen](suggestions, stream, task=named)
    if annotated:
        told = counted(
            candidates.annotated,
            "sentence is annotated already and was left out",
            "sentences are annotated already and were left out",
        )
        note(f"note: {told}")
    _tell(candidates, len(suggestions), output)
    conclude(report, None)


def _leave_out(candidates: Candidates, files: Sequence[str], words: ReadSpec) -> None:
    """Leave out the sentences of annotated files."""
    from bilstm_tagger.corpus.formats import format_of
    from bilstm_tagger.corpus.reading import iterate_corpus, refuse_empty
    from bilstm_tagger.corpus.trained import words_in_format

    for file in files:
        refuse_empty(file)
        if not candidates.leave_out(iterate_corpus(file, words_in_format(words, format_of(file).name))):
            raise CorpusError(f"{file}: there is no sentence in it; is it the right file?")


def _format(format: str | None, output: Path | None) -> str:
    """The format by what is named or by the suffix of the file."""
    from bilstm_tagger.io.atomic import is_device

    known = format or ("csv" if output is None or is_device(output) else _SUFFIXES.get(output.suffix.lower()))
    if known not in _FORMATS:
        if format:
            what = f"no format {format!r}; {choose(format, _FORMATS)}"
        elif output and output.suffix.lower() in (".jsonl", ".ndjson"):
            what = f"{output}: JSON lines of which tool? known: {', '.join(_FORMATS)}"
        else:
            suffixes = " or ".join(f"{suffix} ({name})" for suffix, name in _SUFFIXES.items())
            what = (
                f"{output}: the name does not tell the format; call it {suffixes}, or name one of {', '.join(_FORMATS)}"
            )
        raise typer.BadParameter(what, param_hint="--format")
    return known


def _task(model: Path, task: str | None) -> str:
    """The task whose spans are to be annotated.

    Raises:
        ConfigError: the model has no such task with spans.
    """
    from bilstm_tagger.model_folder.find import find_folder
    from bilstm_tagger.model_folder.info import read_info
    from bilstm_tagger.schemes.grammar import Scheme

    info, _ = read_info(find_folder(model))
    spans = [name for name, scheme in info.schemes.items() if scheme is not Scheme.NONE]
    if not spans or task not in (None, *spans):
        raise ConfigError(f"{model}: no task {task or ''} with spans; {choose(task or '', spans)}")
    return task or spans[0]


def _tell(candidates: Candidates, count: int, output: Path | None) -> None:
    """Tell from how much was chosen."""
    if candidates.repeated:
        note(
            "note: "
            + counted(
                candidates.repeated, "sentence occurs again and was left out", "sentences occur again and were left out"
            )
        )
    if count < candidates.count:
        note(
            "note: "
            + counted(
                count,
                "sentence is all there is that is no near duplicate of another",
                "sentences are all there are that are not near duplicates of others",
            )
        )
    note(f"{output or 'chosen'}: {count:,} of {counted(candidates.sentences, 'sentence')}")
