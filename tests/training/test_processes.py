"""Several processes of one run against one process, on the CPU by gloo."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tiny import sentences, settings_of, write_conll

from bilstm_tagger import plots
from bilstm_tagger.errors import ConfigError
from bilstm_tagger.nn.batch import Types
from bilstm_tagger.settings.schema import Settings
from bilstm_tagger.tagging.tagger import Tagger
from bilstm_tagger.training import train
from bilstm_tagger.training.data import EncodedCorpus, PlannedBatch
from bilstm_tagger.training.folds import cross_validate
from bilstm_tagger.training.progress import Row, Silent

STILL: dict[str, Any] = {  # nothing is drawn, for each process draws other numbers
    "embedder__dropout": 0.0,
    "embedder__word_dropout": 0.0,
    "embedder__characters__dropout": 0.0,
    "embedder__quantization": "float32",
    "encoder__dropout": 0.0,
    "training__precision": "float32",
    "training__clip": 0.5,  # so short that each step is clipped
    "training__epochs": 3,
    "training__optimizer": "adamw",
    "training__learning_rate": 0.02,
}
WORKER = """
import sys
from pathlib import Path
from bilstm_tagger import plots
from bilstm_tagger.settings.schema import Settings
from bilstm_tagger.training import train
plots.learning_curves = lambda history, path, best: Path(path).write_bytes(b"PNG")
train(Settings.model_validate_json(Path(sys.argv[1]).read_text()), output=sys.argv[2], resume=True)
"""

POISON = """
import os
from bilstm_tagger.nn.model import TaggingModel
losses, count = TaggingModel.losses, iter(range(1, 100))
def poisoned(self, batch):
    factor = float("nan") if next(count) == 6 + 2 and os.environ["RANK"] == "1" else 1.0
    return {task: factor * loss for task, loss in losses(self, batch).items()}
TaggingModel.losses = poisoned
"""


@given(members=st.lists(st.integers(0, 99), min_size=1, max_size=9), count=st.integers(1, 4))
def test_shares_make_up_the_batch_and_the_mean_of_their_losses_is_its_loss(members: list[int], count: int) -> None:
    rows = torch.arange(101)
    corpus = EncodedCorpus(Types(rows, rows[:, None], rows), [np.array([number + 1]) for number in range(100)], {})
    read, losses = [], []
    for number in range(count):
        batch, divisor = PlannedBatch(corpus, np.array(members), None).share(number, count)
        of_share = (batch.types.rows[batch.index[:, 0]] - 1).tolist()
        losses.append(sum(of_share) / divisor)
        read += of_share if divisor < float("inf") else []
    assert sorted(read) == sorted(members)
    assert np.mean(losses) == pytest.approx(np.mean(members))


@pytest.fixture
def no_plot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plots, "learning_curves", lambda history, path, best: Path(path).write_bytes(b"PNG"))


class OneEpoch(Silent):
    """Breaks off behind the first epoch."""

    def epoch(self, row: Row) -> None:
        raise KeyboardInterrupt


def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def in_processes(count: int, settings: Settings, output: Path, *, worker: str = WORKER, code: int = 0) -> list[str]:
    """Continues a run in so many processes, which all end with this code; what each of them says last."""
    file = output.parent / "settings.json"
    file.write_text(settings.model_dump_json())
    shared = {"WORLD_SIZE": str(count), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port()), "OMP_NUM_THREADS": "1"}
    started = [
        subprocess.Popen(
            [sys.executable, "-c", worker, file, output],
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env=os.environ | shared | {"RANK": str(number), "LOCAL_RANK": str(number)},
        )
        for number in range(count)
    ]
    said = [process.communicate(timeout=240)[1] for process in started]
    assert [process.returncode for process in started] == [code] * count, said
    return [text.strip().rpartition("\n")[2].partition("]: ")[2] for text in said]  # behind the rank


@pytest.mark.usefixtures("no_plot")
def test_a_run_goes_on_in_two_processes_and_ends_as_in_one(tmp_path: Path) -> None:
    """Two tasks with corpora of their own: steps that leave a head out, and batches with a single sentence."""
    names = write_conll(tmp_path / "names.conll", sentences(33))
    tags = write_conll(tmp_path / "tags.conll", sentences(17, seed=2))
    tasks = {
        "ner": {"column": 3, "train": str(names), "dev": str(names)},
        "pos": {"column": 2, "train": str(tags), "dev": str(tags), "weight": 0.5},
    }
    settings = settings_of(tasks=tasks, **STILL)
    whole = train(settings, output=tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        train(settings, output=tmp_path / "broken" / "model", progress=OneEpoch())
    in_processes(2, settings, tmp_path / "broken" / "model")
    resumed = Tagger.load(tmp_path / "broken" / "model")
    assert [row["epoch"] for row in resumed.metrics["history"]] == [1, 2, 3]
    for before, after in zip(whole.metrics["history"], resumed.metrics["history"], strict=True):
        assert after["loss"] == pytest.approx(before["loss"], rel=1e-3)
        assert after["score"] == pytest.approx(before["score"], abs=0.02)
    weights = resumed.runtime.model.state_dict()
    for name, weight in whole.runtime.model.state_dict().items():
        torch.testing.assert_close(
            weights[name], weight, rtol=1e-2, atol=1e-3, msg=lambda text, name=name: f"{name}: {text}"
        )


def test_a_loss_of_one_process_that_is_no_number_ends_all_of_them_when_the_best_model_is_saved(tmp_path: Path) -> None:
    corpus = write_conll(tmp_path / "train.conll", sentences(22))
    settings = settings_of(tasks={"ner": {"column": 3, "train": str(corpus), "dev": str(corpus)}}, **STILL)
    said = in_processes(2, settings, tmp_path / "model", worker=POISON + WORKER, code=1)
    assert said[0] == said[1] != ""
    assert " is nan at step 8: lower training.learning_rate" in said[0]
    assert f"of the batch: {corpus}:" in said[0]
    assert said[0].endswith(f"; {tmp_path / 'model'} holds the best model so far")
    assert len(Tagger.load(tmp_path / "model").metrics["history"]) == 1


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds processes by /proc")
def test_a_process_that_is_killed_ends_the_job_with_one_line(tmp_path: Path) -> None:
    corpus = write_conll(tmp_path / "train.conll", sentences(60))
    output = tmp_path / "model"
    flags = ["--train", corpus, "--dev", corpus, "--epochs", "2000", "-o", output, "--set", "encoder.hidden_size=4"]
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", f"--master-port={port()}"]
    job = subprocess.Popen(
        [*command, "-m", "bilstm_tagger", "train", *flags], stderr=subprocess.PIPE, text=True, encoding="utf-8"
    )
    try:
        deadline = time.monotonic() + 240
        while not (output / "checkpoint" / "state.json").exists():
            assert job.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.1)
        os.kill(_process_of(job.pid, rank=1), signal.SIGKILL)
        said = job.communicate(timeout=120)[1]
    finally:
        job.kill()
    assert job.returncode != 0
    assert "Signal 9 (SIGKILL) received by PID" in said  # torchrun tells which
    assert said.count("train: 60 sentences") == 1  # the second one is silent
    # torchrun may end the other process before that one has noticed, and writes between its line and the line's end.
    assert said.count("another process") == said.count(
        "error: another process of the run has ended, so this one ends too; start all of them again with --resume, "
        "which continues behind the last whole epoch"
    )
    assert said.count("another process") <= 1
    assert json.loads((output / "checkpoint" / "state.json").read_text())["epochs"] > 0


def _process_of(agent: int, *, rank: int) -> int:
    """The child of torchrun with this rank."""
    children = Path(f"/proc/{agent}/task/{agent}/children").read_text().split()
    for child in children:
        if f"RANK={rank}\0" in Path(f"/proc/{child}/environ").read_text().replace("_RANK=", "_"):
            return int(child)
    raise AssertionError(children)


def test_what_needs_one_process_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(ConfigError, match="cross-validation runs in one process"):
        cross_validate(settings_of(), folds=2)
    monkeypatch.setenv("WORLD_SIZE", "two")
    with pytest.raises(ConfigError, match="WORLD_SIZE"):
        cross_validate(settings_of(), folds=2)
