"""`bilstm-tagger evaluate`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from bilstm_tagger.cli.app import note, screen
from bilstm_tagger.cli.reading import (
    CommentsOption,
    DelimiterOption,
    EncodingOption,
    FixOption,
    LabelOption,
    MapOption,
    SentenceOption,
    spelling_fields,
)
from bilstm_tagger.cli.values import column_name


def evaluate(
    corpus: Annotated[Path, typer.Argument(help="Annotated file.", show_default=False)],
    *,
    model: Annotated[
        Path, typer.Option("--model", "-m", help="Model folder, or a model that comes with the package.")
    ] = Path("en"),
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write all scores there, - for standard output.")
    ] = None,
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
    device: Annotated[str, typer.Option(help="cpu, cuda or mps.")] = "cpu",
) -> None:
    """Compare a tagger with the gold tags of a file."""
    from bilstm_tagger.cli.tables import evaluation_view
    from bilstm_tagger.evaluation.evaluate import evaluate as compare
    from bilstm_tagger.io.atomic import atomic_write
    from bilstm_tagger.tagging.tagger import Tagger

    tagger = Tagger.load(model, device=device)
    reading = spelling_fields(
        encoding=encoding,
        comments=comments,
        delimiter=delimiter,
        sentence_column=sentence_column,
        labels=labels,
        fix_tags=fix_tags,
        label=label,
    )
    evaluation = compare(tagger, corpus, columns=columns_by_task(column or []), format=format, reading=reading)
    for line in evaluation.notes:
        note(f"note: {line}")
    values = json.dumps(evaluation.to_json(), ensure_ascii=False, indent=2) + "\n"
    if json_file == Path("-"):
        typer.echo(values, nl=False)
        return
    if json_file is not None:
        with atomic_write(json_file) as stream:
            stream.write(values)
    screen().print(evaluation_view(evaluation))


def columns_by_task(given: list[str]) -> dict[str, int | str] | int | str | None:
    """One column for the only task, or one for each named task."""
    if not given:
        return None
    if len(given) == 1 and "=" not in given[0]:
        return column_name(given[0])
    pairs = [text.partition("=") for text in given]
    if any(not equals for _, equals, _ in pairs):
        raise typer.BadParameter("for several tasks write TASK=COLUMN each time", param_hint="--column")
    return {task: column_name(column) for task, _, column in pairs}
