"""`train`: settings in, model folder out."""

from __future__ import annotations

import json
import logging
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from bilstm_tagger.errors import ConfigError
from bilstm_tagger.evaluation.calibration import calibrated
from bilstm_tagger.io.atomic import writing
from bilstm_tagger.model_folder.quantization import round_words
from bilstm_tagger.nn.device import pick_device
from bilstm_tagger.settings.schema import Settings, TrainingSettings
from bilstm_tagger.tagging.tagger import Tagger
from bilstm_tagger.training.checkpoint import NAME as CHECKPOINT
from bilstm_tagger.training.foresee import check_memory, check_saving
from bilstm_tagger.training.loop import NotFiniteError, Trainer
from bilstm_tagger.training.pace import Pace
from bilstm_tagger.training.prepare import Prepared, prepare
from bilstm_tagger.training.processes import Processes
from bilstm_tagger.training.progress import Progress, Silent, best_row
from bilstm_tagger.training.provenance import data_rows
from bilstm_tagger.training.run_folder import SETTINGS, begin, claim
from bilstm_tagger.training.warm_start import compare_on_dev
from bilstm_tagger.version import __version__
from bilstm_tagger.wording import counted

logger = logging.getLogger("bilstm_tagger")


def train(
    settings: Settings,
    *,
    output: str | Path,
    resume: bool = False,
    force: bool = False,
    progress: Progress | None = None,
) -> Tagger:
    """Trains a tagger and writes its model folder.

    While training, `output` holds a checkpoint of the last epoch. Ctrl-C saves the best model so far beside it and
    raises KeyboardInterrupt again. Each of the processes that `torchrun` or `accelerate launch` starts calls this; the
    first one writes, into a folder that all of them see.

    Args:
        settings: everything that decides the run.
        output: the model folder.
        resume: continue an interrupted run of the same settings; the result is that of an unbroken one.
        force: replace the model or the interrupted run that `output` holds.
        progress: hears of every step and epoch.

    Returns:
        The tagger with the best dev score.

    Raises:
        ConfigError: if `output` holds something that would be lost, or a run with other settings.
        TaggerError: if another process of the run has ended.
        CorpusError, VectorsError, ModelError: for files that cannot be used.
        NotFiniteError: if the loss is not finite; `output` then holds the best model so far, if there is one.
        TaggerError: if the disk is full; the checkpoint of the last whole epoch stays.
    """
    folder = Path(output)
    if (start := settings.training.init_from) is not None and Path(start).resolve() == folder.resolve():
        raise ConfigError(f"{folder}: is the model to start from; choose another --output")
    processes = Processes.of_environment()
    with processes.joined(pick_device(settings.training.device)):
        return _train(settings, folder, processes, resume=resume, force=force, progress=progress or Silent())


def _train(
    settings: Settings, folder: Path, processes: Processes, *, resume: bool, force: bool, progress: Progress
) -> Tagger:
    """What each process of a run does; only the first one writes."""
    if processes.is_first:
        claim(folder, settings, resume=resume, force=force)
    if settings.training.threads:
        torch.set_num_threads(settings.training.threads)
    prepared = prepare(settings)
    _describe(prepared)
    check_memory(prepared.info, prepared.sources, settings.training, processes)
    processes.meet()  # what one of them takes sooner would be missing where another one looks
    if processes.is_first:
        check_saving(folder, prepared.info, settings.training)
    weights = {task: each.weight for task, each in settings.tasks.items()}
    trainer = Trainer(
        settings.training, prepared, weights=weights, folder=folder, progress=progress, processes=processes
    )
    _describe_pace(settings.training, trainer.pace)
    prepared = trainer.prepared
    if processes.is_first:
        begin(folder, _run(settings, prepared), resume=resume)
    processes.of_first(None)  # the others wait until the folder is as it should be
    if resume:
        trainer.resume()
        logger.info("resumed: %d of %s are done", trainer.state.epochs, counted(trainer.pace.epochs, "epoch"))
    try:
        trainer.run()
        _tell_perfect(trainer)
    except NotFiniteError as error:
        kept = processes.is_first and bool(trainer.state.best_weights)
        if kept:
            _save(trainer, folder, settings, prepared, keep=(folder / CHECKPOINT, folder / SETTINGS))
        if not processes.of_first(kept):  # the others, which end of the same step, wait until the model is there
            raise
        raise NotFiniteError(f"{error.args[0]}; {folder} holds the best model so far") from None
    except KeyboardInterrupt:
        if processes.is_first and trainer.state.best_weights:
            _save(trainer, folder, settings, prepared, keep=(folder / CHECKPOINT, folder / SETTINGS))
            logger.warning("interrupted: %s holds the best model so far; --resume continues the run", folder)
        raise
    saved = _save(trainer, folder, settings, prepared) if processes.is_first else None
    processes.of_first(None)  # the others wait until the model is there
    return saved or Tagger.load(folder)


def _run(settings: Settings, prepared: Prepared) -> dict[str, Any]:
    """What decides the weights: the settings, and the content of the files they name."""
    files = {f"{row['role']} {row['name']}": row["sha256"] for row in data_rows(settings, prepared)}
    return {"settings": settings.model_dump(mode="json"), "files": files}


def _describe(prepared: Prepared) -> None:
    """Says what was read, before the wait begins."""
    for source in prepared.sources:
        schemes = ", ".join(f"{task} ({prepared.info.schemes[task]})" for task in source.tasks)
        for role, corpus in (("train", source.train), ("dev", source.dev)):
            counts = corpus.stats()
            sizes = f"{counted(counts.sentences, 'sentence')}, {counted(counts.tokens, 'token')}"
            logger.info("%s: %s; %s", role, sizes, schemes)
    for task in prepared.info.tasks:
        tags = prepared.info.vocab.tags[task]
        logger.info("%s: %s", task, counted(len(tags), "tag"))
        if len(tags) == 1:
            logger.warning(
                "%s: all tokens have the tag %s, so there is nothing to learn; name its column", task, tags[0]
            )
    if prepared.vectors and prepared.coverage is not None:
        logger.info(
            "vectors: %.1f %% of the training tokens covered, %s kept",
            100 * prepared.coverage,
            counted(len(prepared.info.vocab.frozen), "further word"),
        )


def _describe_pace(training: TrainingSettings, pace: Pace) -> None:
    """Says what differs from the settings, and why."""
    if pace.batch_size < training.batch_size:
        logger.info("batches of %s, since the corpus is small", counted(pace.batch_size, "sentence"))
    if pace.batch_size > training.batch_size:
        rate = pace.factor * training.learning_rate
        logger.info(
            "batches of %s and a learning rate of %.3g, for the GPU", counted(pace.batch_size, "sentence"), rate
        )
    if pace.epochs > training.epochs:
        told = f"training.min_steps=0 keeps to {training.epochs}"
        logger.info("%s, for %d steps; %s", counted(pace.epochs, "epoch"), training.min_steps, told)


def _tell_perfect(trainer: Trainer) -> None:
    """Says why training ended before its last epoch, where dev is without an error."""
    if trainer.is_perfect and (left := trainer.pace.epochs - trainer.state.epochs):
        logger.info(
            "dev has no error any more: %s left out, since none could be better; a larger dev corpus would tell more",
            counted(left, "epoch was", "epochs were"),
        )


def _save(
    trainer: Trainer, folder: Path, settings: Settings, prepared: Prepared, keep: tuple[Path, ...] = ()
) -> Tagger:
    """Writes the model folder around the best weights."""
    from bilstm_tagger.plots import learning_curves

    round_words(trainer.best_model(), settings.embedder.quantization)
    history = trainer.state.history
    best = best_row(history)
    tagger = trainer.tagger()
    metrics = {
        "dev": best["dev"] if settings.embedder.quantization == "float32" else trainer.dev_scores(tagger),
        "best_epoch": best["epoch"],
        "epochs": len(history),
        "coverage": prepared.coverage,
        "history": history,
    }
    if prepared.earlier:
        metrics["init"] = compare_on_dev(prepared.earlier, tagger, prepared.sources)
    provenance = {"versions": _versions(), "data": data_rows(settings, prepared)}
    info = replace(tagger.info, metrics=metrics, provenance=provenance)
    tagger = calibrated(Tagger(info, tagger.runtime), [(each.dev, each.tasks) for each in prepared.sources])
    extras = folder / "curves"
    with writing(folder):
        extras.mkdir(exist_ok=True)
        (extras / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in history), "utf-8")
        learning_curves(history, extras / "learning_curves.png", best=best["epoch"])
    tagger.save(folder, keep=(*keep, extras / "metrics.jsonl", extras / "learning_curves.png"))
    return tagger


def _versions() -> dict[str, str]:
    """Versions of what decides the weights."""
    return {"bilstm_tagger": __version__, "python": sys.version.split()[0], "torch": torch.__version__}
