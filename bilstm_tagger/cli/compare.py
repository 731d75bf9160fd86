"""`bilstm-tagger compare`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bilstm_tagger.cli.app import screen
from bilstm_tagger.cli.columns import columns_by_task, task_columns
from bilstm_tagger.cli.output import check_pages, check_places, tell_notes, write_json
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

_System = "A model folder, a model that comes with the package, or a file with predicted tags."


def compare(
    corpus: Annotated[Path, typer.Argument(help="Annotated file.", show_default=False)],
    first: Annotated[str, typer.Argument(metavar="A", help=_System, show_default=False)],
    second: Annotated[str, typer.Argument(metavar="B", help=_System, show_default=False)],
    *,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write all figures there, - for standard output.")
    ] = None,
    differences: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE", help="Write the sentences on which they differ there, as .html or .csv; repeatable."
        ),
    ] = None,
    gold_column: Annotated[
        list[str] | None,
        typer.Option(metavar="[TASK=]COLUMN", help="Column of the gold tags, if not that of the training data."),
    ] = None,
    column_a: Annotated[
        list[str] | None, typer.Option(metavar="[TASK=]COLUMN", help="Column of the tags of A, if it is a file.")
    ] = None,
    column_b: Annotated[
        list[str] | None, typer.Option(metavar="[TASK=]COLUMN", help="Column of the tags of B, if it is a file.")
    ] = None,
    format: Annotated[str | None, typer.Option(help="Format of the files, if their names do not tell it.")] = None,
    encoding: EncodingOption = None,
    comments: CommentsOption = None,
    delimiter: DelimiterOption = None,
    sentence_column: SentenceOption = None,
    labels: MapOption = None,
    fix_tags: FixOption = False,
    label: LabelOption = None,
    resamples: Annotated[int, typer.Option(min=100, help="How often each test draws.")] = 10_000,
    seed: Annotated[int, typer.Option(min=0, help="Chooses the draws.")] = 0,
    device: Annotated[str, typer.Option(help="cpu, cuda or mps.")] = "cpu",
) -> None:
    """Compare two systems, models or files with their tags, and tell whether the difference may be chance."""
    from bilstm_tagger.cli.comparison_tables import comparison_view
    from bilstm_tagger.evaluation.compare import compare as compare_systems
    from bilstm_tagger.evaluation.differences import write_differences_csv, write_differences_page
    from bilstm_tagger.settings.read_spec import ReadSpec

    check_pages(differences or [], "--differences")
    check_places(json_file)
    reading = reading_fields(
        [corpus, first, second],
        format,
        encoding=encoding,
        comments=comments,
        delimiter=delimiter,
        sentence_column=sentence_column,
        labels=labels,
        fix_tags=fix_tags,
        label=label,
    )
    comparison = compare_systems(
        corpus,
        first,
        second,
        gold_columns=columns_by_task(gold_column, "--gold-column"),
        columns=(task_columns(column_a, "--column-a"), task_columns(column_b, "--column-b")),
        spec=ReadSpec(format=format).replace(**reading),
        resamples=resamples,
        seed=seed,
        device=device,
    )
    tell_notes(comparison.notes)
    for path in differences or []:
        if path.suffix.lower() == ".csv":
            write_differences_csv(comparison, path)
        else:
            title = f"{comparison.names[0]} and {comparison.names[1]} on {corpus.name}"
            write_differences_page(comparison, path, title=title)
    if not write_json(comparison.to_json(), json_file):
        return
    screen().print(comparison_view(comparison))
