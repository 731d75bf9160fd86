"""`bilstm-tagger calibrate`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bilstm_tagger.cli.app import note, screen
from bilstm_tagger.cli.columns import columns_by_task
from bilstm_tagger.cli.output import check_places, tell_notes
from bilstm_tagger.cli.reading import (
    CommentsOption,
    DelimiterOption,
    EncodingOption,
    FixOption,
    LabelOption,
    MapOption,
    SentenceOption,
    reading_fields,
)
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.wording import counted

if TYPE_CHECKING:
    from rich.table import Table

    from bilstm_tagger.corpus.corpus import Corpus
    from bilstm_tagger.tagging.tagger import Tagger


LEAST_SPANS = 50  # of a task with spans; one temperature is fitted
LEAST_TOKENS = 1_000  # of a task of plain tags


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
    encoding: EncodingOption = None,
    comments: CommentsOption = None,
    delimiter: DelimiterOption = None,
    sentence_column: SentenceOption = None,
    labels: MapOption = None,
    fix_tags: FixOption = False,
    label: LabelOption = None,
    precision: Annotated[
        float | None,
        typer.Option(min=0.0, max=1.0, help="Show from which probability on spans are right so often."),
    ] = None,
    png: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw the reliability diagram there.")] = None,
    force: Annotated[
        bool,
        typer.Option("--force", help=f"Also by fewer than {LEAST_SPANS} spans or {LEAST_TOKENS:,} tokens of a task."),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Measure, and leave the model as it is.")] = False,
) -> None:
    """Fit the probabilities of a model to annotated text, so that 0.8 is right in 80 of 100 cases.

    No tag changes: scores are divided by one number per task, the temperature.
    """
    from bilstm_tagger.evaluation.calibration import calibrated
    from bilstm_tagger.evaluation.evaluate import read_gold, refuse_strange_labels
    from bilstm_tagger.evaluation.reliability import calibration_errors, draw_reliability
    from bilstm_tagger.io.places import check_folder_place
    from bilstm_tagger.model_folder.find import find_folder
    from bilstm_tagger.model_folder.folder import save_calibration
    from bilstm_tagger.tagging.tagger import Tagger

    folder = find_folder(model)
    if folder != model and not dry_run:
        hint = f"copy {folder} and name the copy, or add --dry-run"
        raise typer.BadParameter(
            f"{model} comes with the package or from the hub and stays as it is; {hint}", param_hint="--model"
        )
    if png is not None and (png.suffix.lower() != ".png" or not png.parent.is_dir()):
        raise typer.BadParameter(f"{png}: must be a .png in a folder that is there", param_hint="--png")
    check_places(png)
    if not dry_run:
        check_folder_place(folder)
    tagger = Tagger.load(folder)
    reading = reading_fields(
        [corpus],
        format,
        encoding=encoding,
        comments=comments,
        delimiter=delimiter,
        sentence_column=sentence_column,
        labels=labels,
        fix_tags=fix_tags,
        label=label,
    )
    gold, notes = read_gold(tagger, corpus, columns=columns_by_task(column), format=format, reading=reading)
    tell_notes(notes)
    refuse_strange_labels(tagger, gold)
    if not dry_run and not force:
        gold = _with_enough(gold, corpus)
    after = calibrated(tagger, [(gold, gold.tasks)])
    console = screen()
    errors = calibration_errors(tagger, gold), calibration_errors(after, gold)
    console.print(_errors(*errors))
    for line in _worse(*errors):
        note(f"note: {line}")
    if precision is not None:
        for task in gold.tasks:
            if task in after.info.calibration:
                console.print(_thresholds(after, task, precision))
    if png is not None:
        draw_reliability([("before", tagger), ("after", after)], gold, png)
    old, new = tagger.info.temperatures, after.info.temperatures
    told = ", ".join(f"{task} {new.get(task, 1.0):g} (before {old.get(task, 1.0):g})" for task in gold.tasks)
    if not dry_run:
        save_calibration(after.info, model)
    note(f"{model}: temperature {told}{'; not written' if dry_run else ''}")


def _with_enough(gold: Corpus, path: Path) -> Corpus:
    """The tasks with enough text; of others, which few tags would be overfitted to, it is said what they lack.

    Raises:
        CorpusError: there are none.
    """
    lacking = {task: lack for task in gold.tasks if (lack := _lack(gold, task))}
    told = ", ".join(f"{task} has {lack}" for task, lack in lacking.items())
    if len(lacking) == len(gold.tasks):
        raise CorpusError(f"{path}: too little to calibrate by: {told}; give more text, or add --force")
    if lacking:
        note(f"note: too little to calibrate all tasks by: {told}; for these give more text, or add --force")
    return gold.only(task for task in gold.tasks if task not in lacking)


def _lack(gold: Corpus, task: str) -> str:
    """How much of a task there is and has to be; empty if that is enough."""
    if gold.has_spans(task):
        spans = sum(len(document.spans_of(task)) for document in gold)
        return "" if spans >= LEAST_SPANS else f"{counted(spans, 'span')} of the {LEAST_SPANS} needed"
    tokens = gold.stats().tokens
    return "" if tokens >= LEAST_TOKENS else f"{counted(tokens, 'token')} of the {LEAST_TOKENS:,} needed"


_Errors = dict[tuple[str, str], tuple[int, float | None]]


def _errors(before: _Errors, after: _Errors) -> Table:
    """Expected calibration errors by task and label, with the temperature that the model had and the fitted one."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from bilstm_tagger.wording import percent

    title = "expected calibration error in percent"
    table = Table(title=title, title_justify="left", title_style="", box=box.SIMPLE_HEAD)
    for name in ("task", "of"):
        table.add_column(name)
    for name in ("predictions", "before", "after"):
        table.add_column(name, justify="right")
    for (task, of), (count, error) in before.items():
        table.add_row(Text(task), Text(of), f"{count:,}", percent(error or 0.0), percent(after[task, of][1] or 0.0))
    return table


def _worse(before: _Errors, after: _Errors) -> Iterator[str]:
    """For each task of which something is calibrated worse than before what that is."""
    from bilstm_tagger.wording import rounded_percent

    found: dict[str, list[str]] = {}
    for (task, of), (_, error) in before.items():
        old, new = rounded_percent(error or 0.0), rounded_percent(after[task, of][1] or 0.0)
        if new > old:
            found.setdefault(task, []).append(f"{of} ({old}, then {new})")
    for task, listed in found.items():
        yield f"{task}: worse than before are {', '.join(listed)}; a task has one temperature for all its labels"


def _thresholds(tagger: Tagger, task: str, precision: float) -> Table:
    """The threshold of each label, and what it keeps."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from bilstm_tagger.evaluation.thresholds import thresholds_of
    from bilstm_tagger.wording import percent

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
