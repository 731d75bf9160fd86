"""Optimisers, the learning rate and averages against torch's dense ones and against sums written out."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from bilstm_tagger.settings.schema import TrainingSettings
from bilstm_tagger.training.optim import AVERAGE_EVERY, AveragedWeights, Optimizer, learning_rate


class Small(nn.Module):
    """A table, sparse or dense, and a layer behind it."""

    def __init__(self, *, sparse: bool) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.table = nn.Embedding(6, 3, sparse=sparse)
        self.layer = nn.Linear(3, 2)

    def forward(self, index: Tensor) -> Tensor:
        return self.layer(self.table(index)).square().sum()


def settings(**values: Any) -> TrainingSettings:
    return TrainingSettings(**values)


def descend(model: Small, optimizer: Optimizer, steps: int, *, rate: float = 0.05) -> None:
    for step in range(steps):
        model(torch.tensor([[step % 5, 2, 2], [1, 0, step % 3]])).backward()
        optimizer.step(rate)


def test_sgd_moves_word_rows_without_momentum_by_the_same_overall_length() -> None:
    """The layer as torch's SGD with momentum, the table as its SGD without, at rate / (1 - momentum)."""
    model, reference = Small(sparse=True), Small(sparse=False)
    descend(model, Optimizer(model, settings(momentum=0.8, clip=1e9)), 5)
    layer = torch.optim.SGD(reference.layer.parameters(), lr=0.05, momentum=0.8)
    table = torch.optim.SGD(reference.table.parameters(), lr=0.05 / (1 - 0.8))
    for step in range(5):
        reference(torch.tensor([[step % 5, 2, 2], [1, 0, step % 3]])).backward()
        for each in (layer, table):
            each.step()
            each.zero_grad()
    for mine, theirs in zip(model.parameters(), reference.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs)


def test_adamw_moves_dense_weights_as_torch_does_and_only_touched_rows() -> None:
    model, reference = Small(sparse=True), Small(sparse=False)
    before = model.table.weight.detach().clone()
    descend(model, Optimizer(model, settings(optimizer="adamw", clip=1e9)), 1)
    theirs = torch.optim.Adam(reference.parameters(), lr=0.05)
    reference(torch.tensor([[0, 2, 2], [1, 0, 0]])).backward()
    theirs.step()
    for mine, other in zip(model.parameters(), reference.parameters(), strict=True):
        torch.testing.assert_close(mine, other)
    assert torch.equal(model.table.weight[3:], before[3:])


@pytest.mark.parametrize("encoders", [1, 3])
@pytest.mark.parametrize("clip", [0.1, 3.0, 1e9])
def test_the_gradient_is_clipped_as_a_whole(clip: float, encoders: int) -> None:
    """That of an ensemble to a norm longer by the square root of its size: the gradients stand side by side."""
    model, reference = Small(sparse=True), Small(sparse=False)
    index = torch.tensor([[1, 1, 2], [3, 1, 0]])  # a row met more than once counts as its sum
    optimizer = Optimizer(model, settings(momentum=0.0, clip=clip), encoders=encoders)
    for network in (model, reference):
        network(index).backward()
    norm = torch.linalg.vector_norm(torch.cat([weight.grad.flatten() for weight in reference.parameters()]))
    scale = min(1.0, clip * math.sqrt(encoders) / float(norm))
    start = [weight.detach().clone() for weight in reference.parameters()]
    optimizer.step(1.0)
    for mine, theirs, first in zip(model.parameters(), reference.parameters(), start, strict=True):
        torch.testing.assert_close(mine.detach(), first - scale * theirs.grad)
    assert all(weight.grad is None for weight in model.parameters())


@pytest.mark.parametrize("optimizer_name", ["sgd", "adamw"])
def test_weights_without_a_gradient_stay(optimizer_name: str) -> None:
    model = Small(sparse=True)
    optimizer = Optimizer(model, settings(optimizer=optimizer_name))
    descend(model, optimizer, 2)  # so that there are moments
    table, layer = (weight.detach().clone() for weight in (model.table.weight, model.layer.weight))
    model.layer(torch.ones(1, 3)).sum().backward()
    optimizer.step(0.1)
    assert torch.equal(model.table.weight, table)
    assert not torch.equal(model.layer.weight, layer)


@pytest.mark.parametrize("chosen", [{"momentum": 0.9}, {"momentum": 0.0}, {"optimizer": "adamw"}])
def test_a_stored_optimiser_goes_on_bit_for_bit(chosen: dict[str, Any]) -> None:
    whole, first, second = (Small(sparse=True) for _ in range(3))
    descend(whole, Optimizer(whole, settings(**chosen)), 3)
    kept = Optimizer(first, settings(**chosen))
    descend(first, kept, 3)
    state = {name: value.clone() for name, value in kept.state().items()}
    second.load_state_dict(first.state_dict())
    restored = Optimizer(second, settings(**chosen))
    restored.load_state(state)
    assert restored.state().keys() == state.keys()
    descend(first, kept, 4)
    descend(second, restored, 4)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))


@given(steps=st.integers(1, 200))
def test_the_learning_rate_falls_linearly_to_zero(steps: int) -> None:
    """As by torch's own schedule."""
    chosen = settings(learning_rate=2.0)
    reference = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=2.0)
    schedule = torch.optim.lr_scheduler.LinearLR(reference, start_factor=1.0, end_factor=0.0, total_iters=steps)
    assert learning_rate(chosen, 0, steps) == 2.0
    for step in range(steps):
        assert learning_rate(chosen, step, steps) == pytest.approx(schedule.get_last_lr()[0], abs=1e-9)
        assert learning_rate(chosen, step + 1, steps) < learning_rate(chosen, step, steps)
        reference.step()
        schedule.step()
    assert learning_rate(chosen, steps, steps) == 0.0


@pytest.mark.parametrize("start", [0, 17, 1000])
def test_averaged_weights_are_the_mean_of_every_tenth_step(start: int) -> None:
    model = Small(sparse=True)
    average = AveragedWeights(model, start=start)
    taken = []
    for step in range(50):
        for weight in model.parameters():
            weight.data.add_(torch.randn(weight.shape))
        average.update(step)
        if step >= start and step % AVERAGE_EVERY == 0:
            taken.append([weight.detach().clone() for weight in model.parameters()])
    last = [weight.detach().clone() for weight in model.parameters()]
    restored = AveragedWeights(other := Small(sparse=True), start=start)
    other.load_state_dict(model.state_dict())
    restored.load_state({name: value.clone() for name, value in average.state().items()})
    for network, mean in ((model, average), (other, restored)):
        mean.swap()
        expected = [torch.stack(each).mean(0) for each in zip(*taken, strict=True)] if taken else last
        for weight, value in zip(network.parameters(), expected, strict=True):
            torch.testing.assert_close(weight.detach(), value)
        mean.swap()
        assert all(torch.equal(weight, value) for weight, value in zip(network.parameters(), last, strict=True))
