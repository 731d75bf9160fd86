"""What the commands share that tag files: the tagger, the line that counts, and the summary."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any

import typer

from bilstm_tagger.cli.app import note
from bilstm_tagger.cli.conclude import sizes
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.wording import counted

if TYPE_CHECKING:
    from bilstm_tagger.files import FilesReport, Profile, TagOptions, WorkerPool
    from bilstm_tagger.files.by_language import ModelChooser
    from bilstm_tagger.files.split import Split
    from bilstm_tagger.files.streams import DocumentTagger
    from bilstm_tagger.files.worker import Loader, TrainedTagger

_Listener = Callable[["FilesReport"], None]
MOST_THREADS, MOST_WORKERS, MOST_BATCH = 1024, 256, 10_000_000

InputsArgument = Annotated[
    list[str] | None,
    typer.Argument(help='Files, folders with all below them, patterns such as "*.txt", or - for standard input.'),
]
ModelOption = Annotated[
    Path, typer.Option("--model", "-m", help="Model folder, or a model that comes with the package.")
]
TextOption = Annotated[str | None, typer.Option("--text", "-t", help="A text to tag in place of files.")]
InputFormatOption = Annotated[
    str | None,
    typer.Option(
        help="text, lines (a document each), words (a tokenised sentence a line), log, html, mail, mbox, subtitles, "
        "docx, pdf, table, conll, conllu, jsonl, spacy, parquet, arrow or csv; else by suffix, standard input is text."
    ),
]
TextColumnOption = Annotated[
    str | None,
    typer.Option(
        help="Key or column of raw text in JSON and tables; else their tokens, or what is called like a text."
    ),
]
LanguageOption = Annotated[
    bool,
    typer.Option(
        "--check-language/--no-check-language", help="Warn of a text that is clearly not in the language of the model."
    ),
]
BatchOption = Annotated[
    int | None,
    typer.Option(min=1, max=MOST_BATCH, help="Padded tokens given to the network at a time.", show_default=False),
]
WorkersOption = Annotated[
    int,
    typer.Option(
        min=1, max=MOST_WORKERS, help="Processes to tag with, one thread each; for much text, one for each core."
    ),
]
AUTO = 0  # what `worker_count` makes of `auto`


def worker_count(text: str | int) -> int:
    """The number of processes that is named; `AUTO` for `auto`.

    Raises:
        typer.BadParameter: if it is neither.
    """
    if str(text) == "auto":
        return AUTO
    number = str(text)
    if not (number.isascii() and number.isdigit() and len(number) < 9 and 1 <= int(number) <= MOST_WORKERS):
        raise typer.BadParameter(f"{number[:40]!r} is neither auto nor a number from 1 to {MOST_WORKERS}")
    return int(number)


AutoWorkersOption = Annotated[
    int,
    typer.Option(
        parser=worker_count,
        metavar="N|auto",
        help="Processes to tag with, one thread each; auto for what suits the cores and the size of the input.",
    ),
]
ThreadsOption = Annotated[
    int | None,
    typer.Option(
        min=1, max=MOST_THREADS, help="Processor threads; else all cores, or one for each of several workers."
    ),
]
DeviceOption = Annotated[str, typer.Option(help="cpu, cuda or mps.")]
ProbabilitiesOption = Annotated[
    bool, typer.Option("--probabilities", help="Give how probable each tag and each name is.")
]
NBestOption = Annotated[
    int | None,
    typer.Option(
        "--n-best",
        min=1,
        max=100,
        help="Give so many of the best tag sequences of each sentence with their probabilities, in jsonl.",
    ),
]
MinProbabilityOption = Annotated[
    float, typer.Option(min=0.0, max=1.0, help="Leave out names that are less probable.", show_default=False)
]
MinPrecisionOption = Annotated[
    float | None,
    typer.Option(
        min=0.0,
        max=1.0,
        help="Leave out improbable names, until so large a share of the others is right; needs a calibrated model.",
    ),
]
PrecisionOption = Annotated[str, typer.Option(help="float32, bfloat16, or auto for what the processor is faster with.")]


@contextmanager
def loaded_tagger(load: Loader, workers: int, profile: Profile) -> Iterator[TrainedTagger | WorkerPool]:
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


def auto_split(inputs: Sequence[str], input_format: str | None, output: Path | None) -> Split:
    """The processes and threads that suit the cores and the size of the input, which are told."""
    from bilstm_tagger.files.split import best_split, input_size, usable_cores

    size = input_size(inputs, input_format=input_format, output=output)
    split = best_split(size, cores := usable_cores())
    megabytes = "input of unknown size" if size is None else f"{size / 1e6:,.1f} MB"
    note(f"note: --workers {split.workers} --threads {split.threads} for {megabytes} on {counted(cores, 'core')}")
    return split


def tell_waiting(inputs: Sequence[str] | None) -> None:
    """Say that a text is to be typed, where it is read from a terminal."""
    if "-" in (inputs or ()) and sys.stdin is not None and sys.stdin.isatty():
        note("reading the terminal; type the text, then end it by Ctrl-D (on Windows Ctrl-Z and Enter)")


def tag_options(
    model: Path,
    *,
    batch_tokens: int | None,
    probabilities: bool,
    min_probability: float,
    min_precision: float | None,
    n_best: int | None = None,
) -> TagOptions:
    """What the tagger is asked for.

    Raises:
        TaggerError: if the model's dev data cannot promise the precision.
    """
    from bilstm_tagger.files import TagOptions

    least: float | dict[str, float] = min_probability
    if min_precision is not None:
        if min_probability:
            raise typer.BadParameter(
                "give --min-probability or --min-precision, not both", param_hint="--min-precision"
            )
        least = _thresholds(model, min_precision)
    return TagOptions(batch_tokens, probabilities, least, n_best or 0)


def _thresholds(model: Path, precision: float) -> dict[str, float]:
    """The least probability of each label; a label of which nothing can be promised is left out altogether."""
    from bilstm_tagger.evaluation.thresholds import thresholds_of
    from bilstm_tagger.model_folder.find import find_folder
    from bilstm_tagger.model_folder.info import read_info

    info, _ = read_info(find_folder(model))
    least: dict[str, float] = {}
    for task in info.calibration:
        for label, each in thresholds_of(info.calibration, task, precision).items():
            if each is None:
                note(f"note: {label} is left out: no probability promises a precision of {precision:g}")
                least[label] = math.inf
            else:
                least[label] = each.probability
    if not least:
        thresholds_of({}, "names", precision)
    return least


@contextmanager
def progress(*, quiet: bool) -> Iterator[_Listener | None]:
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
                status.update(f"{report.files} of {counted(report.found, 'file')}, {sizes(report)}")

        yield listen


def tag_text(
    tagger: DocumentTagger,
    text: str,
    format: str,
    options: TagOptions,
    profile: Profile,
    *,
    stream: IO[Any] | None = None,
    chooser: ModelChooser | None = None,
) -> None:
    """Tag one text and write it.

    Args:
        tagger: the tagger.
        text: the text.
        format: the output format.
        options: what the tagger is asked for.
        profile: where the time spent is added.
        stream: where to; standard output if None.
        chooser: chooses one of the models of the tagger.

    Raises:
        CorpusError: if the text is not Unicode.
    """
    from bilstm_tagger.files.formats import fitting_stream, output_format
    from bilstm_tagger.files.streams import Untagged, tokenize

    try:
        text.encode()
    except UnicodeEncodeError:
        raise CorpusError("--text is not UTF-8; set the terminal to UTF-8 or put the text into a file") from None
    known = output_format(format)
    sink = fitting_stream(known, stream or sys.stdout)
    model = None if chooser is None else chooser.choose(text, "--text")
    document = tokenize(tagger, Untagged(text, None, model=model), profile)
    with profile.part("tag"):
        tagged = next(iter(tagger.pipe([document], **options.arguments())))
    with profile.part("write"):
        known.write([tagged], sink)
