"""`train`: settings in, model folder out."""

from __future__ import annotations

from pathlib import Path

import torch

from bilstm_tagger.config import Settings
from bilstm_tagger.tagger import Tagger
from bilstm_tagger.training.loop import Trainer
from bilstm_tagger.training.prepare import prepare
from bilstm_tagger.training.report import Progress, Silent


def train(
    settings: Settings,
    *,
    output: str | Path,
    resume: bool = False,
    force: bool = False,
    progress: Progress | None = None,
) -> Tagger:
    """Trains a tagger and writes its model folder."""
    if settings.training.threads:
        torch.set_num_threads(settings.training.threads)
    prepared = prepare(settings)
    trainer = Trainer(settings, prepared, folder=Path(output), progress=progress or Silent())
    if resume:
        trainer.resume()
    trainer.run()
    return trainer.tagger()
