"""Trackers: what TensorBoard reads back, and what Weights & Biases leaves on the disk."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from tiny import sentences, settings_of, write_conll

from bilstm_tagger import plots
from bilstm_tagger.errors import ConfigError
from bilstm_tagger.training import tracking, train
from bilstm_tagger.training.progress import Silent
from bilstm_tagger.training.tracking import Tracked


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(plots, "learning_curves", lambda history, path, best: Path(path).write_bytes(b"PNG"))
    monkeypatch.delenv("WANDB_MODE", raising=False)
    monkeypatch.setenv("WANDB_SILENT", "true")
    corpus = str(write_conll(tmp_path / "train.conll", sentences(48)))
    settings = settings_of(data={"train": corpus, "dev": corpus})

    def make(*names: str) -> Any:
        with Tracked(Silent(), names, run="model", folder=tmp_path / "runs", settings=settings) as tracked:
            return train(settings, output=tmp_path / "model", progress=tracked)

    return make


def test_tensorboard_reads_the_scores_and_losses_of_the_run(run: Any, tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    history = run("tensorboard").metrics["history"]
    events = EventAccumulator(str(tmp_path / "runs" / "model"))
    events.Reload()
    assert set(events.Tags()["scalars"]) == {"train/loss", "train/learning_rate", "train/tokens_per_second", "dev/ner"}
    dev = [(event.step, event.value) for event in events.Scalars("dev/ner")]
    assert dev == [(12 * row["epoch"], pytest.approx(row["dev"]["ner"])) for row in history]  # batches of 4
    assert [event.step for event in events.Scalars("train/loss")] == [10, 20]
    (file,) = (tmp_path / "runs" / "model").rglob("hparams.yml")
    assert "encoder.hidden_size: 6\n" in file.read_text()


def test_weights_and_biases_writes_to_the_disk_alone(run: Any, tmp_path: Path) -> None:
    run("wandb")
    (folder,) = (tmp_path / "runs" / "wandb").glob("offline-run-*")
    (log,) = folder.glob("run-*.wandb")
    deadline = time.monotonic() + 60
    while b"dev/ner" not in log.read_bytes():  # its own process writes it, and may be behind
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert b"encoder.hidden_size" in log.read_bytes()


def test_a_tracker_that_cannot_be_had_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    make = {"run": "model", "folder": tmp_path, "settings": settings_of()}
    with pytest.raises(ConfigError, match="no tracker 'mlflow'; known: tensorboard, wandb"):
        Tracked(Silent(), ["mlflow"], **make)
    monkeypatch.setattr(tracking.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(
        ConfigError, match=r"needs accelerate and wandb; install it: pip install 'bilstm-tagger\[track\]'"
    ):
        Tracked(Silent(), ["wandb"], **make)
