"""`bilstm-tagger calibrate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bilstm_tagger.cli.app import note
from bilstm_tagger.cli.evaluate import columns_by_task

if TYPE_CHECKING:
    from rich.table import Table

    from bilstm_tagger.corpus.corpus import Corpus
    from bilstm_tagger.tagging.tagger import Tagger


def calibrate(
    corpus: Annotated[
        Path, typer.Argument(help="Annotated file that the model was not trained on.", show_default=False)
    ],
    *,
    model: Annotated[Path, typer.Option("--model", "-m", help="Model folder; its temperature is replaced.")],
    column: Annotated[
        list[str] | None,
        typer.Option(metavar="[TASK=]COLUMN", help="Column of the gold tags, if not that of the training data."),
    ] = None,
    format: Annotated[str | None, typer.Option(help="Format of the file, if its name does not tell it.")] = None,
    precision: Annotated[
        float | None,
        typer.Option(min=0.0, max=1.0, help="Show from which probability on spans are right so often."),
    ] = None,
    png: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw the reliability diagram there.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Measure, and leave the model as it is.")] = False,
) -> None:
    """Fit the probabilities of a model to annotated text, so that 0.8 is right in 80 of 100 cases.

    No tag changes: scores are divided by one number per task, the temperature.
    """
    from rich.console import Console

    from bilstm_tagger.evaluation.calibration import calibrated, with_temperatures
    from bilstm_tagger.evaluation.evaluate import read_gold
    from bilstm_tagger.evaluation.reliability import draw_reliability
    from bilstm_tagger.model_folder.folder import save_calibration
    from bilstm_tagger.tagging.tagger import Tagger

    tagger = Tagger.load(model)
    gold, notes = read_gold(tagger, corpus, columns=columns_by_task(column or []), format=format)
    for line in notes:
        note(f"note: {line}")
    before = with_temperatures(tagger, dict.fromkeys(tagger.tasks, 1.0))
    after = calibrated(tagger, [(gold, gold.tasks)])
    console = Console(highlight=False)
    console.print(_errors(before, after, gold))
    if precision is not None:
        for task in gold.tasks:
            if task in after.info.calibration:
                console.print(_thresholds(after, task, precision))
    if png is not None:
        draw_reliability([("temperature 1", before), ("fitted", after)], gold, png)
    if not dry_run:
        save_calibration(after.info, model)
        told = ", ".join(f"{task} {value:g}" for task, value in after.info.temperatures.items())
        note(f"{model}: temperature {told or 'unchanged'}")


def _errors(before: Tagger, after: Tagger, gold: Corpus) -> Table:
    """Expected calibration errors by task and label, with temperature 1 and with the fitted one."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from bilstm_tagger.cli.tables import percent
    from bilstm_tagger.evaluation.reliability import calibration_errors

    title = "expected calibration error in percent"
    table = Table(title=title, title_justify="left", title_style="", box=box.SIMPLE_HEAD)
    for name in ("task", "of"):
        table.add_column(name)
    for name in ("predictions", "temperature 1", "fitted"):
        table.add_column(name, justify="right")
    old, new = calibration_errors(before, gold), calibration_errors(after, gold)
    for (task, of), (count, error) in old.items():
        table.add_row(Text(task), Text(of), f"{count:,}", percent(error or 0.0), percent(new[task, of][1] or 0.0))
    return table


def _thresholds(tagger: Tagger, task: str, precision: float) -> Table:
    """The threshold of each label, and what it keeps."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from bilstm_tagger.cli.tables import percent
    from bilstm_tagger.evaluation.thresholds import thresholds_of

    title = f"{task}: precision of at least {precision:g} at 95 % confidence"
    table = Table(title=title, title_justify="left", title_style="", box=box.SIMPLE_HEAD)
    table.add_column("label")
    for name in ("spans", "threshold", "precision", "kept"):
        table.add_column(name, justify="right")
    for label, each in thresholds_of(tagger.info.calibration, task, precision).items():
        if each is None:
            table.add_row(Text(label), "", "cannot be said", "", "")
        else:
            row = (f"{each.spans:,}", f"{each.probability:.4f}", percent(each.precision), percent(each.kept))
            table.add_row(Text(label), *row)
    return table
