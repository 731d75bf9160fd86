"""Training as a GPU does it, here on the CPU, against training by compiled loops and sparse rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from tiny import sentences, settings_of, write_conll
from torch import Tensor, nn

from bilstm_tagger import plots
from bilstm_tagger.corpus import read_corpus
from bilstm_tagger.nn import device
from bilstm_tagger.nn.model import TaggingModel
from bilstm_tagger.settings.schema import Settings, TrainingSettings
from bilstm_tagger.tagging.tagger import Tagger
from bilstm_tagger.training import train
from bilstm_tagger.training.loop import NotFiniteError
from bilstm_tagger.training.optim import Optimizer

ADAMW = {"training__optimizer": "adamw", "training__learning_rate": 0.02}
STILL: dict[str, Any] = {  # nothing is drawn, for the two ways draw other numbers
    "embedder__dropout": 0.0,
    "embedder__word_dropout": 0.0,
    "embedder__characters__dropout": 0.0,
    "encoder__dropout": 0.0,
    "training__precision": "float32",
    "training__gpu_batch_factor": 1,
    "encoder__ensemble_size": 2,
    "head__hidden_size": 4,
}


@pytest.fixture(autouse=True)
def no_plot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plots, "learning_curves", lambda history, path, best: Path(path).write_bytes(b"\x89PNG"))


@pytest.fixture
def settings(tmp_path: Path) -> Any:
    train_file = write_conll(tmp_path / "train.conll", sentences(40))
    dev = write_conll(tmp_path / "dev.conll", sentences(12, seed=1))

    def make(**overrides: Any) -> Settings:
        return settings_of(data={"train": str(train_file), "dev": str(dev)}, **overrides)

    return make


def trained(settings: Settings, output: Path, *, queued: bool, resume: bool = False) -> Tagger:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(device, "QUEUED", {"cuda", "cpu"} if queued else {"cuda"})
        return train(settings, output=output, resume=resume)


@pytest.mark.parametrize("optimizer", [{}, ADAMW], ids=["sgd", "adamw"])
@pytest.mark.parametrize(
    "tasks",
    [
        {"ner": {"column": 3, "unmarked": ["PER"]}, "pos": {"column": 2, "weight": 0.5}},
        {"ner": {"column": 3, "head": "softmax"}},
    ],
    ids=["two tasks, one with labels that are not marked", "softmax that keeps to the scheme"],
)
def test_both_ways_end_with_the_same_weights_and_tags(
    settings: Any, tmp_path: Path, optimizer: dict[str, Any], tasks: dict[str, Any]
) -> None:
    chosen = settings(tasks=tasks, **STILL, **optimizer)
    loops, queue = (trained(chosen, tmp_path / str(queued), queued=queued) for queued in (False, True))
    weights = loops.runtime.model.state_dict()
    for name, weight in queue.runtime.model.state_dict().items():
        torch.testing.assert_close(
            weight, weights[name], rtol=1e-3, atol=1e-4, msg=lambda text, name=name: f"{name}: {text}"
        )
    losses = [[row["loss"] for row in tagger.metrics["history"]] for tagger in (loops, queue)]
    assert losses[1] == pytest.approx(losses[0], abs=1e-4)
    words = [document.words for document in read_corpus(tmp_path / "dev.conll")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(device, "QUEUED", {"cpu"})
        fast = [document.tags for document in Tagger.load(tmp_path / "True").pipe(words, batch_tokens=16)]
    assert fast == [document.tags for document in Tagger.load(tmp_path / "True").pipe(words)]


def test_with_large_batches_and_dropout_it_learns(settings: Any, tmp_path: Path) -> None:
    chosen = settings(**ADAMW, training__epochs=8, encoder__dropout=0.1, embedder__dropout=0.1, training__batch_size=2)
    history = trained(chosen, tmp_path / "model", queued=True).metrics["history"]
    assert history[-1]["loss"] < 0.3 * history[0]["loss"]
    assert history[-1]["score"] > 0.6


class Table(nn.Module):
    def __init__(self, *, sparse: bool) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.table = nn.Embedding(6, 3, sparse=sparse)
        self.layer = nn.Linear(3, 2)


@pytest.mark.parametrize("clip", [0.05, 1e9])
@pytest.mark.parametrize("name", ["sgd", "adamw"])
def test_rows_with_dense_gradients_move_as_with_sparse_ones(name: str, clip: float) -> None:
    settings = TrainingSettings(optimizer=name, clip=clip)
    sparse, dense = Table(sparse=True), Table(sparse=False)
    optimizers = [Optimizer(sparse, settings), Optimizer(dense, settings, rows=[dense.table.weight])]
    start = dense.table.weight.detach().clone()
    for step in range(6):
        if step == 3:  # as a run that is resumed
            state = optimizers[1].state()
            optimizers[1] = Optimizer(dense, settings, rows=[dense.table.weight])
            optimizers[1].load_state(state)
        for model, optimizer in zip((sparse, dense), optimizers, strict=True):
            index = torch.tensor([[step % 3, 2, 2], [1, 0, step % 2]])
            model.layer(model.table(index)).square().sum().backward()
            optimizer.step(0.05)
    for mine, theirs in zip(dense.parameters(), sparse.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs)
    assert torch.equal(dense.table.weight[4:], start[4:])
    assert optimizers[0].state().keys() == optimizers[1].state().keys()


@pytest.mark.parametrize("where", ["loss", "gradient"])
@pytest.mark.parametrize("epoch", [0, 1])
def test_a_step_that_is_not_finite_is_named_at_the_end_of_an_epoch(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str, epoch: int
) -> None:
    """A GPU goes on meanwhile; the step is named, not that at which it is noticed, and so are the same sentences."""
    chosen = settings(**STILL, training__batch_size=8)
    messages = []
    for queued in (False, True):
        with monkeypatch.context() as patch:
            poison(patch, step=5 * epoch + 2, where=where)
            with pytest.raises(NotFiniteError) as caught:
                trained(chosen, tmp_path / str(queued), queued=queued)
        messages.append(caught.value.args[0].replace(str(tmp_path / str(queued)), "FOLDER"))
    at_once, later = messages
    assert f" is nan at step {5 * epoch + 2}: " in at_once
    assert later == at_once.replace(": ", f" (noticed at step {5 * epoch + 5}): ", 1)
    assert at_once.endswith("; FOLDER holds the best model so far") == (epoch == 1)
    if epoch:
        assert len(Tagger.load(tmp_path / "True").metrics["history"]) == 1


def poison(monkeypatch: pytest.MonkeyPatch, *, step: int, where: str) -> None:
    """At one step the loss, or what comes back from it, is no number."""
    losses, count = TaggingModel.losses, iter(range(1, 1000))

    def poisoned(self: TaggingModel, batch: Any) -> dict[str, Tensor]:
        found = losses(self, batch)
        if next(count) == step:
            task = next(iter(found))
            found[task] = found[task] * (float("nan") if where == "loss" else 1.0)
            found[task].register_hook(lambda grad: grad * float("nan"))
        return found

    monkeypatch.setattr(TaggingModel, "losses", poisoned)
