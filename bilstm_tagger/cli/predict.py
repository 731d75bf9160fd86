"""`bilstm-tagger predict`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bilstm_tagger.cli.app import note, tell_error
from bilstm_tagger.errors import CorpusError

if TYPE_CHECKING:
    from bilstm_tagger.files import FilesReport, ModelLoader, Profile, WorkerPool
    from bilstm_tagger.tagging.tagger import Tagger

_Listener = Callable[["FilesReport"], None]
SHOWN = 5  # of what is left out, so many are named
_PARTS = (
    "start Python", "import torch", "load model", "start workers", "load tokeniser", "read", "tokenise", "tag",
    "wait for workers", "write",
)  # fmt: skip


def predict(
    inputs: Annotated[
        list[str] | None, typer.Argument(help="Files, folders with all below them, or - for standard input.")
    ] = None,
    *,
    model: Annotated[
        Path, typer.Option("--model", "-m", help="Model folder, or a model that comes with the package.")
    ] = Path("en"),
    text: Annotated[str | None, typer.Option("--text", "-t", help="A text to tag in place of files.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for one output file per input; else standard output.")
    ] = None,
    format: Annotated[
        str | None,
        typer.Option(
            "--format",
            "-f",
            help="jsonl, conll, conllu, spacy, parquet, html or text; else text on a terminal, jsonl elsewhere.",
        ),
    ] = None,
    input_format: Annotated[
        str | None,
        typer.Option(
            help="text, lines (a document each), words (a tokenised sentence a line), conll, conllu, jsonl, spacy, "
            "parquet, arrow or csv; else by suffix, and standard input is text."
        ),
    ] = None,
    text_column: Annotated[
        str | None, typer.Option(help="Key or column of raw text in JSON and tables; else their tokens, or text.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files in the output folder.")] = False,
    batch_tokens: Annotated[
        int | None, typer.Option(min=1, help="Padded tokens given to the network at a time.", show_default=False)
    ] = None,
    workers: Annotated[
        int, typer.Option(min=1, help="Processes to tag with, one thread each; for much text, one for each core.")
    ] = 1,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Processor threads; else all cores, or one for each of several workers.")
    ] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda or mps.")] = "cpu",
    precision: Annotated[
        str, typer.Option(help="float32, bfloat16, or auto for what the processor is faster with.")
    ] = "auto",
    show_profile: Annotated[
        bool, typer.Option("--profile", help="Print on standard error what the time was spent on.")
    ] = False,
) -> None:
    """Tag text, files, folders or standard input."""
    if (text is None) == (not inputs):
        raise typer.BadParameter("give files, folders or - to tag, or else --text", param_hint="INPUTS")
    if text is not None and output is not None:
        raise typer.BadParameter("--output is for files; --text is answered on standard output", param_hint="--output")
    started = time.process_time()
    from bilstm_tagger.corpus.trained import words_spec
    from bilstm_tagger.files import ModelLoader, Profile, tag_files

    load = ModelLoader(str(model), device, precision, threads)
    profile = Profile()
    profile.add({"start Python": started})
    chosen = format or ("text" if output is None and sys.stdout.isatty() else "jsonl")
    if text is not None:
        _tag_text(load(profile), text, chosen, profile)
    else:
        with (
            _tagger(load, workers, profile) as tagger,
            _progress(quiet=output is None and sys.stdout.isatty()) as heard,
        ):
            report = tag_files(
                tagger,
                inputs or [],
                output=output,
                stream=sys.stdout if output is None else None,
                format=chosen,
                input_format=input_format,
                force=force,
                spec=words_spec(tagger.reading, text_column=text_column),
                batch_tokens=batch_tokens,
                progress=heard,
                profile=profile,
            )
    if show_profile:
        _show(profile)
    if text is None:
        _conclude(report, output)


@contextmanager
def _tagger(load: ModelLoader, workers: int, profile: Profile) -> Iterator[Tagger | WorkerPool]:
    """The tagger in this process, or several processes that have loaded it."""
    from bilstm_tagger.files import WorkerPool, collect_rarely

    if workers == 1:
        tagger = load(profile)
        collect_rarely()
        yield tagger
        return

    with WorkerPool(load, workers) as pool:
        with profile.part("start workers"):
            _ = pool.reading
        yield pool


def _tag_text(tagger: Tagger, text: str, format: str, profile: Profile) -> None:
    from bilstm_tagger.files.formats import fitting_stream, output_format
    from bilstm_tagger.files.streams import Untagged, tokenize

    try:
        text.encode()
    except UnicodeEncodeError:
        raise CorpusError("--text is not UTF-8; set the terminal to UTF-8 or put the text into a file") from None
    known = output_format(format)
    stream = fitting_stream(known, sys.stdout)
    document = tokenize(tagger, Untagged(text, None), profile)
    with profile.part("tag"):
        tagged = tagger(document)
    with profile.part("write"):
        known.write([tagged], stream)


@contextmanager
def _progress(*, quiet: bool) -> Iterator[_Listener | None]:
    """A line on standard error that counts while files are tagged; none where it would get into the results."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console

    shown = 0.0
    with Console(stderr=True).status("tagging") as status:

        def listen(report: FilesReport) -> None:
            nonlocal shown
            now = time.monotonic()
            if now - shown >= 0.1:
                shown = now
                status.update(f"{report.files} of {report.found} files, {_sizes(report)}")

        yield listen


def _sizes(report: FilesReport) -> str:
    rate = report.tokens / max(report.seconds, 1e-9)
    return f"{report.sentences:,} sentences, {report.tokens:,} tokens ({rate:,.0f} tokens/s)"


def _conclude(report: FilesReport, output: Path | None) -> None:
    """Tell what was done and what was not; any failure makes the exit code 1."""
    if report.skipped:
        note(f"note: {report.skipped} files of other kinds left out; to tag one, name it with --input-format")
    if report.left_out:
        more = f"; and {len(report.left_out) - SHOWN} more" if len(report.left_out) > SHOWN else ""
        note(f"note: no regular files, left out: {'; '.join(report.left_out[:SHOWN])}{more}")
    for error in report.failures:
        tell_error(error)
    place = "" if output is None else f" into {output}"
    if output is not None or not sys.stdout.isatty():
        note(f"tagged {report.files} of {report.found} files{place}: {_sizes(report)}")
    if report.failures:
        raise typer.Exit(1)


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
