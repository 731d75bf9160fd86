"""`bilstm-tagger sweep`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bilstm_tagger.cli.app import note, screen
from bilstm_tagger.cli.values import origins
from bilstm_tagger.wording import counted

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from bilstm_tagger.training.sweep import SweepResult, SweepTrial
    from bilstm_tagger.training.sweep_plan import SweepPlan

ROWS = 10  # best trials that are shown


def sweep(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="SWEEP.toml", help=r"Experiment file with a table \[sweep] of settings to try.", show_default=False
        ),
    ],
    *,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder of the trials; default: models/NAME, by the file.")
    ] = None,
    trials: Annotated[int | None, typer.Option(min=1, metavar="N", help="Number of trials.")] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="A setting of all trials, as training.threads=2; repeatable."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue the sweep that --output holds.")] = False,
) -> None:
    """Train with many settings, over a grid, at random or chosen by optuna, and find the best on dev."""
    from bilstm_tagger.settings.loading import parse_override
    from bilstm_tagger.training import sweep as training
    from bilstm_tagger.training.progress import BarProgress, Silent
    from bilstm_tagger.training.sweep_plan import read_plan

    overrides = dict(map(parse_override, set_ or []))
    plan = read_plan(file, overrides=overrides, trials=trials, origins=origins(overrides))
    folder = output or Path("models") / file.stem

    tried: list[SweepTrial] = []

    def report(trial: SweepTrial) -> None:
        """Report a trial that is done."""
        tried.append(trial)
        _report(trial)

    with BarProgress() if sys.stderr.isatty() else nullcontext(Silent()) as progress:
        result = training.run_sweep(plan, output=folder, resume=resume, progress=progress, report=report)
    if not tried:
        note(_nothing_left(plan, len(result.trials)))
    _print(result, screen())
    if result.best is not None:
        note(f"best: {result.best.folder}; its settings: {folder / training.BEST}")


def _nothing_left(plan: SweepPlan, done: int) -> str:
    """What to say where all trials were done before."""
    more = "add values to its [sweep] in another --output" if plan.method == "grid" else "more --trials go on with it"
    what = "the grid is used up" if plan.method == "grid" and done >= len(plan.grid()) else "the sweep is done"
    if plan.method == "grid" and done < len(plan.grid()):
        more = "more --trials go on with it"
    trials = counted(done, "trial was", "trials were")
    return f"note: {what}, nothing is left to try: {done} of {trials} trained before; {more}"


def _report(trial: SweepTrial) -> None:
    """Report a trial that is done."""
    score = "failed" if trial.score is None else f"dev {100 * trial.score:.2f}"
    why = f" ({trial.reason})" if trial.reason else ""
    same = "" if trial.same_as is None else f" (the settings of trial {trial.same_as})"
    note(f"trial {trial.number}: {score}{why}{same}: {', '.join(_settings(trial.values))}")


def _settings(values: dict[str, Any]) -> list[str]:
    return [f"{key}={_shown(value)}" for key, value in values.items()]


def _shown(value: Any) -> str:
    return "none" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)


def _print(result: SweepResult, console: Console) -> None:
    """Print the best trials; where the table is too wide, the settings of each stand below it, as for `results`."""
    from bilstm_tagger.cli.results import fits

    scored = sorted(
        (trial for trial in result.trials if trial.score is not None), key=lambda trial: -(trial.score or 0.0)
    )
    names = list(scored[0].values) if scored else []
    table = _table(scored, names)
    if fits(table, console):
        console.print(table)
        return
    console.print(_table(scored, []))
    for trial in scored[:ROWS]:
        console.print(f"trial {trial.number}: {', '.join(_settings(trial.values))}", soft_wrap=True, markup=False)


def _table(scored: Sequence[SweepTrial], names: Sequence[str]) -> Table:
    """The best trials, their settings and their scores."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("trial", justify="right")
    for name in names:
        table.add_column(Text(name), overflow="fold")
    table.add_column("dev", justify="right", no_wrap=True)
    for trial in scored[:ROWS]:
        settings = (Text(_shown(trial.values[name])) for name in names)
        table.add_row(str(trial.number), *settings, f"{100 * (trial.score or 0.0):.2f}")
    if len(scored) > ROWS:
        table.caption = f"and {len(scored) - ROWS} more; `bilstm-tagger results` shows all"
        table.caption_justify = "left"
    return table
