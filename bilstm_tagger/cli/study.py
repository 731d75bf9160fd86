"""`bilstm-tagger study memory` and `bilstm-tagger study encoders`."""

from __future__ import annotations

import shlex
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bilstm_tagger.cli.app import Command, if_stopped, note, screen
from bilstm_tagger.cli.examples import examples
from bilstm_tagger.cli.values import origins

if TYPE_CHECKING:
    from bilstm_tagger.studies.encoders_result import EncoderRun, EncodersResult

study = typer.Typer(
    no_args_is_help=True,
    help="Measure how far LSTMs remember and how encoders compare.",
    epilog=examples("study"),
)


@study.command(cls=Command, epilog=examples("study memory"))
def memory(
    *,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the report.")] = Path("studies/memory"),
    seeds: Annotated[int, typer.Option(min=1, help="Number of trainings per network.")] = 3,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Number of processes; default: one per core. The results are the same.")
    ] = None,
) -> None:
    """Measure how far back RNN, GRU, LSTM and CNN remember, and their gradients.

    Takes a few minutes. Writes an HTML report: common statements beside measurements.
    """
    from bilstm_tagger.files.split import usable_cores
    from bilstm_tagger.io.places import check_folder_place
    from bilstm_tagger.studies.memory import run_memory_study
    from bilstm_tagger.studies.memory_report import write_memory_report
    from bilstm_tagger.studies.memory_result import MemorySettings

    def report_job(description: str, done: int, jobs: int) -> None:
        """Report a finished job."""
        note(f"{done:>3} of {jobs}  {description}")

    check_folder_place(output)
    settings = MemorySettings(seeds=tuple(range(seeds)))
    with if_stopped(lambda: f"nothing was written to {output}, which needs the outcomes of all jobs; start again"):
        result = run_memory_study(settings, workers=workers or usable_cores(), progress=report_job)
    page = write_memory_report(result, output)
    note(f"report: {page}")


@study.command(cls=Command, epilog=examples("study encoders"))
def encoders(
    *,
    train_file: Annotated[str, typer.Option("--train", metavar="FILE", help="Annotated training data.")],
    dev_file: Annotated[
        str, typer.Option("--dev", metavar="FILE", help="Data to select the best epoch and to score on.")
    ],
    test_file: Annotated[str | None, typer.Option("--test", metavar="FILE", help="Data to score on as well.")] = None,
    vectors: Annotated[str | None, typer.Option(metavar="FILE", help="Word vectors.")] = None,
    preset: Annotated[str | None, typer.Option(help="Settings to start from; default: fast.")] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Number of trainings per encoder.")] = 3,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Any setting, for all runs; repeatable.")
    ] = None,
    threads: Annotated[int | None, typer.Option(help="Processor threads; default: all cores.")] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder of the report, with one model folder per run.")
    ] = Path("studies/encoders"),
) -> None:
    """Compare six encoders on the same data: score, weights and speed, over several seeds.

    Repeating the command continues an interrupted study. Writes an HTML report.
    """
    from bilstm_tagger.settings.loading import load_settings, parse_override
    from bilstm_tagger.studies.encoders import run_encoders_study
    from bilstm_tagger.studies.encoders_claims import undecided
    from bilstm_tagger.studies.encoders_report import write_encoders_report
    from bilstm_tagger.training.progress import BarProgress

    flags: dict[str, Any] = {
        "preset": preset,
        "data.train": train_file,
        "data.dev": dev_file,
        "embedder.vectors": vectors,
        "training.threads": threads,
    }
    overrides = dict(map(parse_override, set_ or []))
    by_flag = {key: value for key, value in flags.items() if value is not None}
    settings = load_settings("fast", overrides=overrides | by_flag, origins=origins(overrides, by_flag))
    bar = BarProgress() if sys.stderr.isatty() else None
    with if_stopped(lambda: f"{output} keeps what is done; the same command goes on"), bar or nullcontext():
        result = run_encoders_study(
            settings, output=output, seeds=range(seeds), test=test_file, listener=_report_run, progress=bar
        )
    page = write_encoders_report(
        result, output, command=_command(flags | {"preset": settings.preset}, test_file, seeds, set_ or [])
    )
    screen().print(_table(result))
    if advice := undecided(result):
        note(advice)
    note(f"report: {page}")


def _report_run(run: EncoderRun, done_before: bool, done: int, runs: int) -> None:
    """Report a finished run on one line."""
    how = "done before" if done_before else f"{run.seconds:.0f} s"
    note(f"{done:>3} of {runs}  {run.encoder}, seed {run.seed}: dev {100 * run.score:.2f}  ({how})")


def _command(settings: dict[str, Any], test: str | None, seeds: int, assignments: list[str]) -> str:
    """The command that makes the report; of files only the names."""
    flags = {
        "--train": Path(settings["data.train"]).name,
        "--dev": Path(settings["data.dev"]).name,
        "--test": test and Path(test).name,
        "--vectors": settings["embedder.vectors"] and Path(settings["embedder.vectors"]).name,
        "--threads": settings["training.threads"],
        "--preset": settings["preset"],
        "--seeds": seeds,
    }
    parts = [part for flag, value in flags.items() if value is not None for part in (flag, str(value))]
    parts += [part for assignment in assignments for part in ("--set", assignment)]
    return shlex.join(["bilstm-tagger", "study", "encoders", *parts])


def _table(result: EncodersResult) -> Any:
    """The table of the report for the terminal."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from bilstm_tagger.studies.encoders_report import encoders_table

    header, rows = encoders_table(result)
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for place, name in enumerate(header):
        table.add_column(Text(name), justify="right" if place else "left", no_wrap=not place)
    for row in rows:
        table.add_row(*map(Text, row))
    return table
