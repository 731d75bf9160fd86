"""`bilstm-tagger train`."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bilstm_tagger.cli.app import note, screen
from bilstm_tagger.cli.reading import tokenizer_of
from bilstm_tagger.cli.several import cross_validate, shown_progress, train_seeds
from bilstm_tagger.cli.train_settings import run_settings
from bilstm_tagger.cli.values import column_name, label_map, task_corpora

if TYPE_CHECKING:
    from bilstm_tagger.settings.schema import Settings
    from bilstm_tagger.tagging.tagger import Tagger
    from bilstm_tagger.training.progress import Progress


def train(
    experiment: Annotated[
        Path | None,
        typer.Argument(help="Settings in a TOML file; flags and --set override it. Or the data.", show_default=False),
    ] = None,
    *,
    preset: Annotated[str | None, typer.Option(help="Settings to start from: ner, pos, ...")] = None,
    train_file: Annotated[str | None, typer.Option("--train", metavar="FILE", help="Annotated training data.")] = None,
    dev_file: Annotated[
        str | None,
        typer.Option("--dev", metavar="FILE", help="Data to select the best epoch on; default: a tenth of train."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Model folder; default: models/NAME, by experiment or preset."),
    ] = None,
    vectors: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Word vectors: GloVe, fastText .vec, word2vec, spacy:PIPELINE, or glove-50d (an extra).",
        ),
    ] = None,
    tasks: Annotated[
        list[str] | None,
        typer.Option(
            "--task",
            metavar="NAME=TRAIN[,DEV]",
            help="A task with its own corpus, as upos=train.conllu,dev.conllu; repeatable: one network for all tasks.",
        ),
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[TASK=]COLUMN",
            help="Column of the tags: a number from 1, -1 the last, or a name; repeatable, one for each task.",
        ),
    ] = None,
    scheme: Annotated[str | None, typer.Option(help="Scheme of the tags; default: detected.")] = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="Repair disallowed tag sequences, as the CoNLL scorer reads them.")
    ] = False,
    comments: Annotated[
        str | None, typer.Option(metavar="MARK", help="What comment lines begin with in CoNLL columns, as #.")
    ] = None,
    encoding: Annotated[str | None, typer.Option(help="Encoding of the files; else UTF-8, or UTF-16 by mark.")] = None,
    sentence_column: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="Column that identifies the sentence, in CSV with one token per row."),
    ] = None,
    labels: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="OLD=NEW,...", help="Rename labels, as Person=PER; =O leaves one out."),
    ] = None,
    fix_tags: Annotated[
        bool, typer.Option("--fix-tags", help="Read near misses such as B_PER or b-per as the tags that were meant.")
    ] = False,
    label: Annotated[
        str | None, typer.Option(metavar="NAME", help="The label of tags that have none, such as B and I.")
    ] = None,
    language: Annotated[
        str | None, typer.Option(help="Language of the raw text that the model will tag, such as en or de.")
    ] = None,
    tokenizer: Annotated[
        str | None, typer.Option(help="Instead of --language: spacy:LANGUAGE, characters or whitespace.")
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="Passes over the training data.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed; the same seed and threads give the same weights.")] = None,
    threads: Annotated[int | None, typer.Option(help="Processor threads; default: all cores.")] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu, cuda or mps.")] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Any setting, as training.clip=2; repeatable."),
    ] = None,
    init_from: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL", help="Start from a model's weights and settings; the data may have other labels."
        ),
    ] = None,
    replay: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="The earlier model's training data, mixed in so that its task is kept."),
    ] = None,
    folds: Annotated[
        int | None,
        typer.Option(min=2, metavar="K", help="Cross-validate over train: scores of K runs; writes no model."),
    ] = None,
    seeds: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Train with N seeds, from --seed on: one model per seed in --output."),
    ] = None,
    test: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Score each finished model on this file; it decides nothing."),
    ] = None,
    track: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Log the run for tensorboard or wandb (extra track); repeatable."),
    ] = None,
    track_to: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the logs.")] = Path("runs"),
    resume: Annotated[bool, typer.Option("--resume", help="Continue an interrupted run.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace the model that --output holds.")] = False,
) -> None:
    """Train a tagger on an annotated file.

    Flags override --set, --set overrides the TOML file, the file overrides the preset.
    """
    experiment, train_file = _corpus_or_settings(experiment, train_file)
    flags = {
        "data.train": train_file,
        "data.dev": dev_file,
        "data.replay": replay,
        "data.repair": repair or None,
        "data.comments": comments,
        "data.encoding": encoding,
        "data.sentence_column": None if sentence_column is None else column_name(sentence_column),
        "data.labels": label_map(labels),
        "data.fix_tags": fix_tags or None,
        "data.label": label,
        "data.tokenizer": tokenizer_of(language, tokenizer),
        "embedder.vectors": vectors,
        "training.init_from": init_from,
        "training.epochs": epochs,
        "training.seed": seed,
        "training.threads": threads,
        "training.device": device,
    }
    settings = run_settings(experiment, preset, set_ or [], flags | task_corpora(tasks or []), column, scheme)
    if language not in (None, "xx") and not settings.languages:  # which the card and --model auto tell
        settings = settings.model_copy(update={"languages": (language,)})
    if folds is not None:
        if output is not None or resume or force or test is not None or seeds is not None:
            flags_of_models = "--output, --resume, --force, --test and --seeds"
            raise typer.BadParameter(f"writes no model; {flags_of_models} need one", param_hint="--folds")
        cross_validate(settings, folds)
        return
    folder = output or Path("models") / (experiment.stem if experiment else settings.preset)
    if seeds is not None:
        train_seeds(settings, seeds, folder, test=test, resume=resume, force=force)
        return
    from bilstm_tagger.training.held_out import check_test, score_on_test

    if test is not None:
        check_test(settings, test)
    tagger = _train(settings, folder, track or [], track_to, resume=resume, force=force)
    if tagger is None:
        return
    from bilstm_tagger.cli.train_tables import before_and_after, summary

    console = screen()
    console.print(summary(tagger, {} if test is None else score_on_test(tagger, test, folder=folder)))
    for task, rows in tagger.metrics.get("init", {}).items():
        console.print(before_and_after(task, rows))
    note(f"model: {folder}")


def _corpus_or_settings(experiment: Path | None, train_file: str | None) -> tuple[Path | None, str | None]:
    """The argument as settings or, if it is annotated data, as `--train`."""
    if experiment is None or experiment.suffix.lower() == ".toml":
        return experiment, train_file
    from bilstm_tagger.corpus.formats import format_of
    from bilstm_tagger.errors import CorpusError

    try:
        format_of(experiment)
    except CorpusError:
        return experiment, train_file
    if train_file is not None:
        raise typer.BadParameter(f"{experiment} is data too; name the training data once", param_hint="--train")
    return None, str(experiment)


def _train(
    settings: Settings, folder: Path, track: list[str], track_to: Path, *, resume: bool, force: bool
) -> Tagger | None:
    """The trained tagger; None in all processes of a run but the first, which alone has something to say."""
    from bilstm_tagger.training import train as run
    from bilstm_tagger.training.processes import Processes

    if not Processes.of_environment().is_first:
        logging.getLogger("bilstm_tagger").setLevel(logging.ERROR)
        run(settings, output=folder, resume=resume, force=force)
        return None
    with _followed(settings, folder, track, track_to) as progress:
        return run(settings, output=folder, resume=resume, force=force, progress=progress)


@contextmanager
def _followed(settings: Settings, folder: Path, track: list[str], track_to: Path) -> Iterator[Progress]:
    """What shows the progress of training, and logs it where that is asked for."""
    from bilstm_tagger.training.tracking import Tracked

    with shown_progress() as progress:
        if not track:
            yield progress
            return
        with Tracked(progress, track, run=folder.name, folder=track_to, settings=settings) as tracked:
            yield tracked
