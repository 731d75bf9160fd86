"""`train`: settings in, model folder out."""

from __future__ import annotations

import json
import logging
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from bilstm_tagger import __version__
from bilstm_tagger.corpus.corpus import Corpus
from bilstm_tagger.errors import ConfigError
from bilstm_tagger.evaluation.calibration import calibrated
from bilstm_tagger.io.atomic import atomic_write, check_replaceable, recover_folder, writing
from bilstm_tagger.io.reading import sha256_file
from bilstm_tagger.model_folder.find import find_folder, is_model_folder
from bilstm_tagger.model_folder.quantization import round_words
from bilstm_tagger.settings.schema import Settings
from bilstm_tagger.tagging.tagger import Tagger
from bilstm_tagger.training.checkpoint import NAME as CHECKPOINT
from bilstm_tagger.training.foresee import check_memory, check_saving
from bilstm_tagger.training.loop import NotFiniteError, Trainer
from bilstm_tagger.training.prepare import Prepared, prepare
from bilstm_tagger.training.progress import Progress, Silent, best_row
from bilstm_tagger.training.sources import corpora_of
from bilstm_tagger.training.warm_start import compare_on_dev

logger = logging.getLogger("bilstm_tagger")

SETTINGS = "settings.json"  # in a run folder: what the checkpoint was made with


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
    raises KeyboardInterrupt again.

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
        CorpusError, VectorsError, ModelError: for files that cannot be used.
        NotFiniteError: if the loss is not finite; `output` then holds the best model so far, if there is one.
        TaggerError: if the disk is full; the checkpoint of the last whole epoch stays.
    """
    folder = Path(output)
    if (start := settings.training.init_from) is not None and Path(start).resolve() == folder.resolve():
        raise ConfigError(f"{folder}: is the model to start from; choose another --output")
    _claim(folder, settings, resume=resume, force=force)
    if settings.training.threads:
        torch.set_num_threads(settings.training.threads)
    prepared = prepare(settings)
    _describe(prepared)
    check_memory(prepared.info, prepared.sources, settings.training)
    check_saving(folder, prepared.info, settings.training)
    weights = {task: each.weight for task, each in settings.tasks.items()}
    trainer = Trainer(settings.training, prepared, weights=weights, folder=folder, progress=progress or Silent())
    if trainer.batch_size < settings.training.batch_size:
        logger.info("batches of %d sentences, since the corpus is small", trainer.batch_size)
    if trainer.epochs > settings.training.epochs:
        logger.info("%d epochs, since the corpus is small; --epochs sets another number", trainer.epochs)
    prepared = trainer.prepared
    folder.mkdir(parents=True, exist_ok=True)
    run = _run(settings, prepared)
    if resume and (folder / SETTINGS).is_file():
        _same(folder, run)
    with atomic_write(folder / SETTINGS) as stream:
        stream.write(json.dumps(run, indent=2))
    if resume:
        trainer.resume()
    try:
        trainer.run()
    except NotFiniteError as error:
        if not trainer.state.best_weights:
            raise
        _save(trainer, folder, settings, prepared, keep=(folder / CHECKPOINT, folder / SETTINGS))
        raise NotFiniteError(f"{error}; {folder} holds the best model so far") from None
    except KeyboardInterrupt:
        if trainer.state.best_weights:
            _save(trainer, folder, settings, prepared, keep=(folder / CHECKPOINT, folder / SETTINGS))
            logger.warning("interrupted: %s holds the best model so far; --resume continues the run", folder)
        raise
    return _save(trainer, folder, settings, prepared)


def _claim(folder: Path, settings: Settings, *, resume: bool, force: bool) -> None:
    """Refuses an output folder whose content would be lost, and a resumption that cannot be exact."""
    recover_folder(folder)
    recover_folder(folder / CHECKPOINT)
    if not folder.exists():
        return
    if not folder.is_dir():
        raise ConfigError(f"{folder}: is a file; choose another --output")
    check_replaceable(folder)
    found = {path.name for path in folder.iterdir()}
    if found <= {SETTINGS}:  # nothing, or what a run leaves that ended before its first checkpoint
        return
    running = bool({CHECKPOINT, SETTINGS} & found)
    if not running and not is_model_folder(folder):
        raise ConfigError(f"{folder}: holds something else than a model; choose another --output")
    if resume:
        if not running:
            raise ConfigError(f"{folder}: the run is finished, nothing to resume; --force trains anew")
        _same(folder, {"settings": settings.model_dump(mode="json")})
        return
    if not force:
        what = "an interrupted run; --resume continues it" if running else "a model"
        raise ConfigError(f"{folder}: already holds {what}; --force replaces it")
    shutil.rmtree(folder / CHECKPOINT, ignore_errors=True)


def _run(settings: Settings, prepared: Prepared) -> dict[str, Any]:
    """What decides the weights: the settings, and the content of the files they name."""
    files = {f"{row['role']} {row['name']}": row["sha256"] for row in _data(settings, prepared)}
    return {"settings": settings.model_dump(mode="json"), "files": files}


def _same(folder: Path, run: dict[str, Any]) -> None:
    """Refuses to go on with other settings or other data than the run began with; looks at the parts `run` has."""
    try:
        before = json.loads((folder / SETTINGS).read_text("utf-8"))
        # A setting that is newer than the run has the value it had without it.
        before["settings"] = Settings.model_validate(before["settings"]).model_dump(mode="json")
        changed = _differences({part: before[part] for part in run}, run)
    except (OSError, ValueError, AttributeError, LookupError, TypeError) as error:
        raise ConfigError(f"{folder / SETTINGS}: missing or damaged ({error}); --force trains anew") from None
    if changed:
        wrong = [line.removeprefix("settings.") for line in changed]
        raise ConfigError(f"{folder}: cannot resume with other settings: {'; '.join(wrong)}; --force trains anew")


def _differences(before: dict[str, Any], after: dict[str, Any], prefix: str = "") -> list[str]:
    found = []
    for key in before.keys() | after.keys():
        old, new = before.get(key), after.get(key)
        if isinstance(old, dict) and isinstance(new, dict):
            found += _differences(old, new, f"{prefix}{key}.")
        elif old != new:
            found.append(f"{prefix}{key} was {old!r}, is {new!r}")
    return sorted(found)


def _describe(prepared: Prepared) -> None:
    """Says what was read, before the wait begins."""
    for source in prepared.sources:
        schemes = ", ".join(f"{task} ({prepared.info.schemes[task]})" for task in source.tasks)
        for role, corpus in (("train", source.train), ("dev", source.dev)):
            counts = corpus.stats()
            logger.info("%s: %s sentences, %s tokens; %s", role, f"{counts.sentences:,}", f"{counts.tokens:,}", schemes)
    for task in prepared.info.tasks:
        logger.info("%s: %d tags", task, len(prepared.info.vocab.tags[task]))
    if prepared.vectors and prepared.coverage is not None:
        logger.info(
            "vectors: %.1f %% of the training tokens covered, %s further words kept",
            100 * prepared.coverage,
            f"{len(prepared.info.vocab.frozen):,}",
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
    provenance = {"versions": _versions(), "data": _data(settings, prepared)}
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


def _data(settings: Settings, prepared: Prepared) -> list[dict[str, Any]]:
    """One row for each file the model was made from."""
    rows = []
    for source in prepared.sources:
        task = settings.tasks[source.tasks[0]]
        train, dev = corpora_of(settings, task)
        new = source.train[: len(source.train) - len(source.replayed)]
        parts = [("train", path, new if len(train) == 1 else _from(new, path)) for path in train]
        parts += [("dev", dev or train[0], source.dev)]
        parts += [("replay", str(settings.data.replay), source.replayed)] if source.replayed else []
        for role, path, corpus in parts:
            counts = corpus.stats()
            size = {"sentences": counts.sentences, "tokens": counts.tokens}
            content = sha256_file(str(path)) if Path(str(path)).is_file() else corpus.digest()
            rows.append({"role": role, "name": Path(str(path)).name, **size, "sha256": content})
    lists = [path for feature in settings.features.values() for path in feature.phrases.values()]
    # One whose file is not there is that of the model to start from.
    rows += [_file_row("phrases", Path(path).name, path) for path in lists if Path(path).is_file()]
    if settings.training.init_from:
        weights = find_folder(settings.training.init_from) / "model.safetensors"
        rows.append(_file_row("model", weights.parent.name, weights))
    if prepared.vectors:
        path = prepared.vectors.path
        rows.append(_file_row("vectors", Path(path).name, path, tokens=prepared.vectors.total))
    return rows


def _from(corpus: Corpus, path: str) -> Corpus:
    """The documents that were read from one file."""
    return Corpus(document for document in corpus if document.path == path)


def _file_row(role: str, name: str, path: str | Path, *, tokens: int = 0) -> dict[str, Any]:
    """The row of a file that is no corpus."""
    return {"role": role, "name": name, "sentences": 0, "tokens": tokens, "sha256": sha256_file(path)}
