"""`bilstm-tagger review`."""

from __future__ import annotations

import shutil
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bilstm_tagger.cli.app import note
from bilstm_tagger.cli.columns import columns_by_task
from bilstm_tagger.cli.output import file_of, opened, tell_notes
from bilstm_tagger.cli.reading import (
    CommentsOption,
    DelimiterOption,
    EncodingOption,
    FixOption,
    LabelOption,
    MapOption,
    SentenceOption,
    reading_fields,
    scheme_of,
)
from bilstm_tagger.cli.values import origins
from bilstm_tagger.wording import counted

if TYPE_CHECKING:
    from bilstm_tagger.curation.reviewing import Review
    from bilstm_tagger.settings.read_spec import ReadSpec
    from bilstm_tagger.settings.schema import Settings
    from bilstm_tagger.tagging.tagger import Tagger

_Columns = dict[str, int | str] | int | str | None


def review(
    context: typer.Context,
    data: Annotated[str, typer.Argument(metavar="DATA", help="Annotated file or data set.", show_default=False)],
    *,
    model: Annotated[
        str | None,
        typer.Option("--model", "-m", help="Judge by this model, which was not trained on DATA, in place of folds."),
    ] = None,
    folds: Annotated[
        int, typer.Option(min=2, metavar="K", help="Train K times, each time on all folds of DATA except one.")
    ] = 5,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Table to write, .csv, .tsv or .xlsx; with --apply the corrected corpus."),
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", "-n", min=1, help="Rows of the table, the likeliest errors first.")
    ] = None,
    apply: Annotated[
        Path | None,
        typer.Option(
            metavar="TABLE", help="Write DATA to --output with the rows of TABLE that are accepted: yes or x."
        ),
    ] = None,
    task: Annotated[str | None, typer.Option(help="Task to judge; default: the first one with spans.")] = None,
    preset: Annotated[str | None, typer.Option(help="Settings to train with.")] = None,
    vectors: Annotated[str | None, typer.Option(metavar="FILE", help="Word vectors, as in train.")] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Any setting, as training.epochs=10; repeatable."),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of folds and trainings.")] = None,
    threads: Annotated[int | None, typer.Option(help="Processor threads; default: all cores.")] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[TASK=]COLUMN", help="Column of the tags: a number from 1, -1 the last, or a name; repeatable."
        ),
    ] = None,
    scheme: Annotated[str | None, typer.Option(help="Scheme of the tags; default: detected.")] = None,
    format: Annotated[str | None, typer.Option(help="Format of DATA, if its name does not tell it.")] = None,
    encoding: EncodingOption = None,
    comments: CommentsOption = None,
    delimiter: DelimiterOption = None,
    sentence_column: SentenceOption = None,
    labels: MapOption = None,
    fix_tags: FixOption = False,
    label: LabelOption = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue a review that was interrupted.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file that --output names.")] = False,
) -> None:
    """Find likely annotation errors: spans that models trained on the rest of the data do not believe."""
    from bilstm_tagger.tagging.tagger import Tagger

    if model is not None:
        _refuse_training_flags(context)
    reading = reading_fields(
        [data],
        format,
        encoding=encoding,
        comments=comments,
        delimiter=delimiter,
        sentence_column=sentence_column,
        labels=labels,
        fix_tags=fix_tags,
        label=label,
    )
    tagger = None if model is None else Tagger.load(model)
    flags: dict[str, Any] = {"data.train": data, "data.format": format, "embedder.vectors": vectors}
    flags |= {"training.seed": seed, "training.threads": threads}
    flags |= {f"data.{name}": value for name, value in reading.items()}
    columns = columns_by_task(column)
    if task is None and apply is None and tagger is not None and isinstance(columns, dict) and len(columns) == 1:
        (task,) = columns
    settings = _settings(preset, set_ or [], flags, columns, scheme)
    if apply is not None:
        if output is None:
            raise typer.BadParameter("name the corrected file, --output", param_hint="--apply")
        spec = _spec(tagger, settings, data, apply, task, columns=columns, format=format, reading=reading)
        _apply(data, apply, output, spec, task, scheme=scheme, force=force)
        return
    from bilstm_tagger.curation.review_table import HEADER, review_rows
    from bilstm_tagger.curation.tables import table_kind, write_table
    from bilstm_tagger.io.atomic import is_device

    output = file_of(output)
    kind = "table" if output is None and sys.stdout.isatty() else "csv"
    if output is not None and not is_device(output):
        kind = table_kind(output)
    with opened(output, binary=kind == "xlsx", force=force) as stream:
        if tagger is not None:
            found = _by_model(tagger, data, task, columns=columns, format=format, reading=reading)
            note(f"judged by {model}, which must not have been trained on {data}: a model finds right what it learnt")
        else:
            found = _by_folds(settings, folds, task, output, resume=resume)
        write_table(HEADER, review_rows(found, limit=limit), stream, kind=kind)
    _conclude(found, limit, output)


def _refuse_training_flags(context: typer.Context) -> None:
    """Refuse what is only for the trainings that `--model` takes the place of."""
    for name in ("folds", "preset", "vectors", "set_", "seed", "threads", "resume"):
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            flag = f"--{name.rstrip('_')}"
            raise typer.BadParameter("is for training, and --model trains nothing; leave one out", param_hint=flag)


def _of_task(columns: _Columns, task: str) -> dict[str, int | str] | None:
    """The columns by task, one without a task as that of the task that is judged."""
    return columns if isinstance(columns, dict) or columns is None else {task: columns}


def _settings(
    preset: str | None, assignments: list[str], flags: dict[str, Any], columns: _Columns, scheme: str | None
) -> Settings:
    """The settings of each training, and of how the data is read."""
    from bilstm_tagger.settings.loading import load_settings, parse_override

    by_flag = {key: each for key, each in ({"preset": preset} | flags).items() if each is not None}
    overrides = dict(map(parse_override, assignments))
    given = origins(overrides, by_flag)
    overrides |= by_flag
    tasks = list(columns) if isinstance(columns, dict) else []
    settings = load_settings(tasks=tasks, overrides=overrides, origins=given)
    named = columns if isinstance(columns, dict) else dict.fromkeys(settings.tasks, columns)
    overrides |= {f"tasks.{task}.column": column for task, column in named.items() if column is not None}
    known = scheme_of(scheme, "--scheme")
    if known is not None:
        overrides |= {f"tasks.{task}.scheme": str(known) for task in settings.tasks}
    given |= origins((), [key for key in overrides if key.startswith("tasks.") and key not in given])
    return load_settings(tasks=tasks, overrides=overrides, origins=given)


def _by_model(
    tagger: Tagger,
    data: str,
    task: str | None,
    *,
    columns: _Columns,
    format: str | None,
    reading: dict[str, Any],
) -> Review:
    from bilstm_tagger.curation.reviewing import review_by_model, reviewed_task
    from bilstm_tagger.evaluation.evaluate import read_gold, refuse_strange_labels
    from bilstm_tagger.evaluation.trained_on import TrainedOn

    chosen = reviewed_task(tagger.schemes, task)
    gold, notes = read_gold(tagger, data, columns=_of_task(columns, chosen), format=format, reading=reading)
    for line in notes:
        if line.startswith(f"{chosen} ") or isinstance(line, TrainedOn):
            tell_notes([line])
    judged = reviewed_task(gold.schemes, chosen)
    refuse_strange_labels(tagger, gold.only([judged]))
    return review_by_model(tagger, gold, judged)


def _by_folds(settings: Settings, folds: int, task: str | None, output: Path | None, *, resume: bool) -> Review:
    from bilstm_tagger.curation.reviewing import review_by_folds

    folder = None if output is None else output.with_name(output.name + ".folds")
    try:
        found = review_by_folds(
            settings,
            folds=folds,
            task=task,
            folder=folder,
            resume=resume,
            listener=lambda number: note(f"fold {number} of {folds} judged"),
        )
    except KeyboardInterrupt:
        if folder is not None and folder.is_dir():
            note(f"interrupted: {folder} holds what was trained; --resume continues the review")
        raise
    if folder is not None:
        shutil.rmtree(folder)
    return found


def _conclude(found: Review, limit: int | None, output: Path | None) -> None:
    """Tell what was judged and found."""
    kinds = Counter(str(place.kind) for _, place in found.ranked)
    listed = ", ".join(f"{count:,} {kind}" for kind, count in kinds.most_common())
    if found.unknown:
        note(
            "note: "
            + counted(
                found.unknown,
                "span with a label that a model did not know was not judged",
                "spans with labels that a model did not know were not judged",
            )
        )
    if found.foreign:
        listed_labels = ", ".join(f"{label} ({count:,})" for label, count in found.foreign.most_common())
        note(f"note: the data never has {listed_labels}, so what the model finds of it is not ranked as missed")
    shown = f"; the table has the first {limit:,}" if limit is not None and limit < len(found.ranked) else ""
    share = f" ({found.agreed / found.judged:.0%} of them found by the model too)" if found.judged else ""
    note(f"{found.task}: {counted(found.judged, 'span')} judged{share}")
    note(f"{counted(len(found.ranked), 'doubtful place')}: {listed or 'none'}{shown}")
    if output is not None and found.ranked:
        note(f"{output}: write yes into accept where `instead` is right, then repeat this with --apply {output} -o OUT")


def _spec(
    tagger: Tagger | None,
    settings: Settings,
    data: str,
    table: Path,
    task: str | None,
    *,
    columns: _Columns,
    format: str | None,
    reading: dict[str, Any],
) -> ReadSpec:
    """How the review read the data, of a model's tasks with those that the table is about."""
    from bilstm_tagger.corpus.trained import spec_as_trained
    from bilstm_tagger.curation.corrections import read_corrections
    from bilstm_tagger.curation.reviewing import reviewed_task
    from bilstm_tagger.settings.read_spec import ReadSpec

    if tagger is None:
        return ReadSpec.from_settings(settings.data, settings.tasks, settings.features)
    rows, _ = read_corrections(table)
    known = {row.task for row in rows} & tagger.reading.keys()
    chosen = reviewed_task(tagger.schemes, task or min(known, default=None))
    trained = {name: tagger.reading[name] for name in sorted({chosen, *(known if task is None else ())})}
    spec, _ = spec_as_trained(trained, data, columns=_of_task(columns, chosen), format=format, split="train")
    return spec.replace(**reading)


def _apply(
    data: str, table: Path, output: Path, spec: ReadSpec, task: str | None, *, scheme: str | None, force: bool
) -> None:
    """Write the corrected corpus, and tell each change."""
    from bilstm_tagger.curation.corrections import apply_table
    from bilstm_tagger.errors import ConfigError

    if output.exists() and not force:
        raise ConfigError(f"{output} would be overwritten; use --force or another --output")
    done = apply_table(data, table, output, spec=spec, task=task, scheme=scheme_of(scheme, "--scheme"))
    for line in done.changes:
        note(f"changed: {line}")
    for line in done.losses:
        note(f"not kept: {line}")
    note(f"{output}: {counted(len(done.changes), 'change')}, {counted(done.left, 'row')} of {table} not accepted")
