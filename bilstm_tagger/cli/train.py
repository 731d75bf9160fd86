"""`bilstm-tagger train`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bilstm_tagger.cli.app import note
from bilstm_tagger.errors import ConfigError

if TYPE_CHECKING:
    from rich.table import Table

    from bilstm_tagger.config import Settings
    from bilstm_tagger.tagger import Tagger


def train(
    experiment: Annotated[
        Path | None, typer.Argument(help="Settings in a TOML file; flags and --set win over it.", show_default=False)
    ] = None,
    *,
    preset: Annotated[str | None, typer.Option(help="Settings to start from: ner, pos, ...")] = None,
    train_file: Annotated[str | None, typer.Option("--train", metavar="FILE", help="Annotated training data.")] = None,
    dev_file: Annotated[
        str | None, typer.Option("--dev", metavar="FILE", help="Data to judge on; else a tenth of train is set aside.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Model folder; else models/NAME, by experiment or preset."),
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
            help="A task with its own corpus, as upos=train.conllu,dev.conllu; repeatable: one network, several tasks.",
        ),
    ] = None,
    column: Annotated[
        str | None, typer.Option(help="Column of the tags: a number from 1, -1 the last, or a name.")
    ] = None,
    scheme: Annotated[str | None, typer.Option(help="How the data writes spans, if it is not to be detected.")] = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="Make impossible tag sequences legal, as the CoNLL scorer reads them.")
    ] = False,
    language: Annotated[str | None, typer.Option(help="Language of raw text to tag later, such as en or de.")] = None,
    tokenizer: Annotated[
        str | None, typer.Option(help="In its place spacy:LANGUAGE, characters or whitespace.")
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="Passes over the training data.")] = None,
    seed: Annotated[int | None, typer.Option(help="Same seed and threads, same weights.")] = None,
    threads: Annotated[int | None, typer.Option(help="Processor threads; else all cores.")] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu, cuda or mps.")] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Any setting, as training.clip=2; repeatable."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue an interrupted run.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace the model that --output holds.")] = False,
) -> None:
    """Train a tagger on an annotated file.

    Flags win over --set, --set over the TOML file, the file over the preset.
    """
    flags = {
        "data.train": train_file,
        "data.dev": dev_file,
        "data.repair": repair or None,
        "data.tokenizer": _tokenizer(language, tokenizer),
        "embedder.vectors": vectors,
        "training.epochs": epochs,
        "training.seed": seed,
        "training.threads": threads,
        "training.device": device,
    }
    task_flags = {"column": None if column is None else column_name(column), "scheme": scheme}
    settings = _settings(experiment, preset, set_ or [], flags | task_corpora(tasks or []), task_flags)
    folder = output or Path("models") / (experiment.stem if experiment else settings.preset)
    tagger = _train(settings, folder, resume=resume, force=force)
    from rich.console import Console

    Console(highlight=False).print(_summary(tagger))
    note(f"model: {folder}")


def column_name(text: str) -> int | str:
    """A column as the user wrote it: a number where it is one, else a name."""
    return int(text) if text.removeprefix("-").isdecimal() else text


def task_corpora(assignments: list[str]) -> dict[str, Any]:
    """Settings from `NAME=TRAIN[,DEV]`: in CoNLL-U the column of the task's name in capitals, elsewhere the last one.

    Raises:
        ConfigError: if one is not of that form.
    """
    settings: dict[str, Any] = {}
    for text in assignments:
        name, equals, files = text.partition("=")
        train_file, _, dev_file = files.partition(",")
        if not (name and equals and train_file) or "." in name:
            raise ConfigError(f"--task {text!r}: write NAME=TRAIN or NAME=TRAIN,DEV")
        key = f"tasks.{name}"
        settings |= {f"{key}.train": train_file, f"{key}.dev": dev_file or None}
        settings[f"{key}.column"] = name.upper() if ".conllu" in Path(train_file).name else -1
    return settings


def _tokenizer(language: str | None, tokenizer: str | None) -> str | None:
    if language is not None and tokenizer is not None:
        raise typer.BadParameter("give --language or --tokenizer, not both", param_hint="--tokenizer")
    return tokenizer if language is None else f"spacy:{language}"


def _settings(
    experiment: Path | None,
    preset: str | None,
    assignments: list[str],
    flags: dict[str, Any],
    task_flags: dict[str, Any],
) -> Settings:
    """All settings of the run; --column and --scheme belong to its only task."""
    from bilstm_tagger.config import load_settings, parse_override

    overrides = dict(map(parse_override, assignments))
    overrides |= {key: value for key, value in flags.items() if value is not None}
    given = {key: value for key, value in task_flags.items() if value is not None}
    names = list(dict.fromkeys(key.split(".")[1] for key in flags if key.startswith("tasks.")))
    settings = load_settings(preset, file=experiment, tasks=names, overrides=overrides)
    if not given:
        return settings
    if len(settings.tasks) != 1:
        raise ConfigError(
            f"--{min(given)} needs exactly one task, but there are {', '.join(settings.tasks) or 'none'}; "
            f"use --set tasks.NAME.{min(given)}=..."
        )
    overrides |= {f"tasks.{task}.{key}": value for task in settings.tasks for key, value in given.items()}
    return load_settings(preset, file=experiment, tasks=names, overrides=overrides)


def _train(settings: Settings, folder: Path, *, resume: bool, force: bool) -> Tagger:
    from bilstm_tagger.training import train as run
    from bilstm_tagger.training.report import BarProgress, LineProgress

    if not sys.stderr.isatty():
        return run(settings, output=folder, resume=resume, force=force, progress=LineProgress())
    with BarProgress() as bar:
        return run(settings, output=folder, resume=resume, force=force, progress=bar)


def _summary(tagger: Tagger) -> Table:
    """The best dev score of each task."""
    from rich import box
    from rich.table import Table

    from bilstm_tagger.cli.tables import percent
    from bilstm_tagger.schemes import Scheme

    table = Table(box=box.SIMPLE_HEAD)
    for name in ("task", "scheme", "measure"):
        table.add_column(name)
    table.add_column("dev", justify="right")
    for task, score in tagger.metrics["dev"].items():
        measure = "accuracy" if tagger.schemes[task] is Scheme.NONE else "strict F1"
        table.add_row(task, str(tagger.schemes[task]), measure, percent(score))
    return table
