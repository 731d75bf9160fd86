"""`bilstm-tagger evaluate`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bilstm_tagger.cli.app import screen
from bilstm_tagger.cli.columns import columns_by_task, task_columns
from bilstm_tagger.cli.output import STDOUT, check_pages, check_places, tell_notes, write_json
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
from bilstm_tagger.cli.several import evaluate_seeds
from bilstm_tagger.errors import ConfigError

if TYPE_CHECKING:
    from bilstm_tagger.evaluation.evaluate import Evaluation


def _drawn(resamples: int) -> int:
    """Refuse too few draws for an interval, before a model is loaded."""
    from bilstm_tagger.evaluation.bootstrap import check_resamples

    try:
        check_resamples(resamples)
    except ConfigError as error:
        raise typer.BadParameter(str(error).removeprefix("resamples: ")) from None
    return resamples


def evaluate(
    context: typer.Context,
    corpus: Annotated[
        Path | None,
        typer.Argument(help="Annotated file; may be left out if --predictions has the gold tags.", show_default=False),
    ] = None,
    *,
    model: Annotated[
        Path | None,
        typer.Option("--model", "-m", help="Model folder, or a model that comes with the package. Default: en."),
    ] = None,
    predictions: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Score the tags in this file, of any system, in place of a model."),
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write all scores there, - for standard output.")
    ] = None,
    errors: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Write every error there, as .html or .csv; repeatable."),
    ] = None,
    confusion: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw the confusion matrices there, as .png; - shows them as tables."),
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[TASK=]COLUMN",
            help="Column of the gold tags, if not that of the training data; with --predictions, of the predicted "
            "tags. Repeatable.",
        ),
    ] = None,
    gold_column: Annotated[
        list[str] | None,
        typer.Option(metavar="[TASK=]COLUMN", help="With --predictions: column of the gold tags. Repeatable."),
    ] = None,
    format: Annotated[str | None, typer.Option(help="Format of the file, if its name does not tell it.")] = None,
    encoding: EncodingOption = None,
    comments: CommentsOption = None,
    delimiter: DelimiterOption = None,
    sentence_column: SentenceOption = None,
    labels: MapOption = None,
    fix_tags: FixOption = False,
    label: LabelOption = None,
    raw: Annotated[
        bool,
        typer.Option(
            "--raw",
            help="Tag the text instead of the gold tokens, and compare characters; without intervals, --errors, "
            "--confusion.",
        ),
    ] = False,
    resamples: Annotated[
        int,
        typer.Option(
            min=0,
            callback=_drawn,
            help="How often sentences are drawn anew for the 95 % intervals, at least 100; 0 for none.",
        ),
    ] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Chooses these draws.")] = 0,
    device: Annotated[str, typer.Option(help="cpu, cuda or mps.")] = "cpu",
) -> None:
    """Compare a tagger, or the tags in a file, with the gold tags of a file."""
    from bilstm_tagger.cli.tables import evaluation_view, matrix_table

    _check(errors or [], confusion)
    check_places(json_file)
    reading = reading_fields(
        [path for path in (corpus, predictions) if path],
        format,
        encoding=encoding,
        comments=comments,
        delimiter=delimiter,
        sentence_column=sentence_column,
        labels=labels,
        fix_tags=fix_tags,
        label=label,
    )
    if raw:
        if predictions or errors or confusion or corpus is None:
            raise typer.BadParameter(
                "needs a corpus and excludes --errors, --confusion and --predictions", param_hint="--raw"
            )
        _refuse_draws(context, "--raw gives no intervals")
        _raw(model or Path("en"), corpus, column, format, reading, device, json_file)
        return
    drawing: dict[str, Any] = {"resamples": resamples, "seed": seed}
    if predictions is not None:
        if model is not None:
            raise typer.BadParameter("a model or a file with its tags, not both", param_hint="--model, --predictions")
        evaluation = _of_file(predictions, corpus, column, gold_column, format, reading, drawing)
        name = predictions.name
    else:
        if corpus is None or gold_column:
            hint = "name the annotated file" if corpus is None else "--gold-column is for --predictions; use --column"
            raise typer.BadParameter(hint, param_hint="CORPUS" if corpus is None else "--gold-column")
        model = model or Path("en")
        if seeds := _seeds(model, errors, confusion):
            _refuse_draws(context, "of one model per seed the deviation is told, no intervals")
            one = partial(_of_model, corpus=corpus, column=column, format=format, reading=reading, device=device)
            evaluate_seeds(
                seeds,
                partial(one, drawing={"resamples": 0}, probabilities=False),
                corpus=corpus.name,
                json_file=json_file,
            )
            return
        evaluation = _of_model(model, corpus, column, format, reading, drawing, device, bool(errors))
        name = model.name
    tell_notes(evaluation.notes)
    for path in errors or []:
        _write_errors(evaluation, path, f"Errors of {name} on {(corpus or predictions or path).name}")
    if confusion is not None and confusion != STDOUT:
        from bilstm_tagger.evaluation.confusion import draw_confusion

        draw_confusion(evaluation.tasks, confusion)
    if not write_json(evaluation.to_json(), json_file):
        return
    console = screen()
    console.print(evaluation_view(evaluation))
    if confusion == STDOUT:
        for task, scores in evaluation.tasks.items():
            console.print(matrix_table(scores.matrix, title=f"{task}: gold in rows, predicted in columns"))


def _refuse_draws(context: typer.Context, reason: str) -> None:
    """Refuse options of intervals where there are none; that none are wanted may be said."""
    for name in ("resamples", "seed"):
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE" and context.params[name]:
            raise typer.BadParameter(f"{reason}; leave it out", param_hint=f"--{name}")


def _seeds(model: Path, errors: list[Path] | None, confusion: Path | None) -> list[tuple[int, Path]]:
    """The models of a folder with one per seed, behind their seeds; none for a model.

    Raises:
        ConfigError: what is asked for is of one model.
    """
    from bilstm_tagger.model_folder.find import seed_folders

    found = seed_folders(model)
    if found and (errors or confusion):
        what, first = "--errors" if errors else "--confusion", found[0][1]
        raise ConfigError(f"{model}: holds one model per seed, and {what} is of one; name one, such as {first}")
    return found


def _raw(
    model: Path,
    corpus: Path,
    column: list[str] | None,
    format: str | None,
    reading: dict[str, Any],
    device: str,
    json_file: Path | None,
) -> None:
    """Score the raw text."""
    from bilstm_tagger.cli.tables import raw_view
    from bilstm_tagger.evaluation.raw import evaluate_raw
    from bilstm_tagger.tagging.tagger import Tagger

    tagger = Tagger.load(model, device=device)
    columns = columns_by_task(column)
    evaluation = evaluate_raw(tagger, corpus, columns=columns, format=format, reading=reading)
    tell_notes(evaluation.notes)
    if write_json(evaluation.to_json(), json_file):
        screen().print(raw_view(evaluation))


def _check(errors: list[Path], confusion: Path | None) -> None:
    """Refuse files of other kinds before anything is computed."""
    check_pages(errors, "--errors")
    if confusion not in (None, STDOUT) and confusion.suffix.lower() != ".png":
        raise typer.BadParameter(f"{confusion}: must end in .png, or be -", param_hint="--confusion")
    check_places(confusion)


def _of_model(
    model: Path,
    corpus: Path,
    column: list[str] | None,
    format: str | None,
    reading: dict[str, Any],
    drawing: dict[str, Any],
    device: str,
    probabilities: bool,
) -> Evaluation:
    """The evaluation of a model."""
    from bilstm_tagger.evaluation.evaluate import evaluate as compare
    from bilstm_tagger.tagging.tagger import Tagger

    tagger = Tagger.load(model, device=device)
    columns = columns_by_task(column)
    return compare(
        tagger, corpus, columns=columns, format=format, reading=reading, probabilities=probabilities, **drawing
    )


def _of_file(
    predictions: Path,
    gold: Path | None,
    column: list[str] | None,
    gold_column: list[str] | None,
    format: str | None,
    reading: dict[str, Any],
    drawing: dict[str, Any],
) -> Evaluation:
    """The evaluation of the tags in a file; nothing of it needs torch."""
    from bilstm_tagger.evaluation.predictions import evaluate_predictions
    from bilstm_tagger.settings.read_spec import ReadSpec

    return evaluate_predictions(
        predictions,
        gold,
        columns=task_columns(column),
        gold_columns=task_columns(gold_column, "--gold-column"),
        spec=ReadSpec(format=format).replace(**reading),
        **drawing,
    )


def _write_errors(evaluation: Evaluation, path: Path, title: str) -> None:
    from bilstm_tagger.evaluation.errors_csv import write_errors_csv
    from bilstm_tagger.evaluation.errors_page import write_errors_page

    if path.suffix.lower() == ".csv":
        write_errors_csv(evaluation, path)
    else:
        write_errors_page(evaluation, path, title=title)
