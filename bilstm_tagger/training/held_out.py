"""Scores on a test file that decides nothing about the model, kept with the model."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

from bilstm_tagger.corpus.content import content_of
from bilstm_tagger.corpus.trained import read_available, spec_as_trained, training_specs
from bilstm_tagger.evaluation.evaluate import evaluate
from bilstm_tagger.model_folder.folder import ModelParts, save_metrics
from bilstm_tagger.settings.schema import Settings
from bilstm_tagger.tagging.tagger import Tagger
from bilstm_tagger.tagging.torch_runtime import torch_model

logger = logging.getLogger("bilstm_tagger")

__all__ = ["check_test", "known_scores", "score_on_test"]


def check_test(settings: Settings, path: str | Path) -> None:
    """Reads a test file as the training data will be, so that one that cannot be used is refused before training.

    Args:
        settings: those of the run.
        path: the test file.

    Raises:
        CorpusError: if it cannot be read, or has tags of no task.
    """
    reading = training_specs(settings.data, settings.tasks, settings.features)
    spec, _ = spec_as_trained(reading, path)
    read_available(path, spec, required=())


def known_scores(metrics: dict[str, Any], path: str | Path) -> dict[str, float] | None:
    """The scores of a model on a test file, by task, if its metrics have them.

    Args:
        metrics: those of the model.
        path: the test file; one of another content is another file.
    """
    content = content_of(path)
    for row in metrics.get("test_scores", []):
        if (row["file"], row["sha256"]) == (Path(path).name, content):
            return dict(row["scores"])
    return None


def score_on_test(tagger: Tagger, path: str | Path, *, folder: Path) -> dict[str, float]:
    """Scores a trained model on a test file and stores the scores in the metrics of its folder.

    Args:
        tagger: the model.
        path: the test file, read as the training data was.
        folder: the model folder.

    Returns:
        For each task that the file has tags of its score: strict F1 of spans, accuracy of plain tags.

    Raises:
        CorpusError: if the file cannot be read.
        TaggerError: if the folder cannot be written.
    """
    evaluation, name = evaluate(tagger, path), Path(path).name
    for line in evaluation.notes:
        logger.warning("%s: %s", name, line)
    scores = {task: each.headline for task, each in evaluation.tasks.items()}
    others = [row for row in tagger.metrics.get("test_scores", []) if row["file"] != name]
    row = {"file": name, "sha256": content_of(path), "scores": scores}
    info = replace(tagger.info, metrics={**tagger.metrics, "test_scores": [*others, row]})
    save_metrics(ModelParts(info, torch_model(tagger.runtime)), folder)
    return scores
