"""The command line: one thin file per command.

Only this package prints and ends the process: with exit code 0 when done, 1 after a `TaggerError` (reported in one
line), 2 after wrong usage. Results go to standard output, progress and notes to standard error. Heavy packages are
imported only when a command runs, so that help is fast.
"""

from __future__ import annotations

import atexit
import gc
import os
import signal
from typing import Annotated

import typer

from bilstm_tagger.cli.app import Command, Commands, end_by_signal, open_closed_streams, run_to_the_end, use_utf8
from bilstm_tagger.cli.benchmark import benchmark
from bilstm_tagger.cli.calibrate import calibrate
from bilstm_tagger.cli.check import check
from bilstm_tagger.cli.compare import compare
from bilstm_tagger.cli.convert import convert
from bilstm_tagger.cli.entities import entities
from bilstm_tagger.cli.evaluate import evaluate
from bilstm_tagger.cli.examples import examples
from bilstm_tagger.cli.info import info
from bilstm_tagger.cli.inspect import inspect
from bilstm_tagger.cli.models import models
from bilstm_tagger.cli.predict import predict
from bilstm_tagger.cli.results import results
from bilstm_tagger.cli.review import review
from bilstm_tagger.cli.serve import serve
from bilstm_tagger.cli.study import study
from bilstm_tagger.cli.suggest import suggest
from bilstm_tagger.cli.sweep import sweep
from bilstm_tagger.cli.train import train

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(version: bool) -> None:
    """Print the version and exit."""
    if version:
        from bilstm_tagger.version import __version__

        typer.echo(f"bilstm-tagger {__version__}")
        raise typer.Exit


@app.callback(epilog=examples(""))
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Train BiLSTM-CRF taggers on annotated text and tag text with them."""


for command in (
    train, sweep, evaluate, compare, calibrate, results, predict, entities, check, convert, review, suggest, info,
    models, inspect, benchmark, serve,
):  # fmt: skip
    app.command(cls=Command, epilog=examples(command.__name__))(command)
app.add_typer(study, name="study")


def main() -> None:
    """Run the command line and end the process."""
    open_closed_streams()
    use_utf8()
    signal.signal(signal.SIGTERM, end_by_signal)
    # Threads of torch spin for milliseconds while they wait for each other; here at most 1,000 turns, about 20 µs.
    # If another program uses one of the cores, spinning makes tagging 20 times slower.
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    # torch and oneDNN each cache the last 1,024 shapes of matrix products, up to 200 MB.
    for name in ("LRU_CACHE_CAPACITY", "ONEDNN_PRIMITIVE_CACHE_CAPACITY"):
        os.environ.setdefault(name, "128")
    # Without this, Python searches all objects of torch for garbage when it exits, which takes almost a second.
    atexit.register(gc.freeze)
    try:
        run_to_the_end(lambda: app(prog_name="bilstm-tagger"))
    finally:  # nothing is left to be stopped, and in what torch does at the end an interrupt would be a traceback
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
