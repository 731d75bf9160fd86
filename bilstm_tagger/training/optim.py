"""Optimisers, the learning rate and averaged weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from bilstm_tagger.nn.device import is_queued
from bilstm_tagger.settings.schema import TrainingSettings

AVERAGE_EVERY = 10  # steps between two terms of the mean: neighbouring steps differ little


class RowAdam(torch.optim.Optimizer):
    """Adam (Kingma and Ba 2015) of the rows whose gradient is not zero, for tables with a dense gradient.

    What SparseAdam does with a sparse gradient, which a GPU would have to sort and count: a row that no batch touches
    keeps its moments, and does not move by them. The moments have SparseAdam's names, for checkpoints.

    Args:
        tables: `(rows, size)` each.
    """

    def __init__(self, tables: list[Tensor]) -> None:
        super().__init__(tables, {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Moves the rows."""
        for group in self.param_groups:
            for table in group["params"]:
                if table.grad is not None:
                    self._move(table, group["lr"], group["betas"], group["eps"])

    def _move(self, table: Tensor, rate: float, betas: tuple[float, float], tiny: float) -> None:
        first, second = betas
        grad, state = table.grad, self.state[table]
        assert grad is not None
        if not state:
            state |= {"step": 0, "exp_avg": torch.zeros_like(table), "exp_avg_sq": torch.zeros_like(table)}
        state["step"] += 1
        touched = (grad != 0).any(1, keepdim=True).to(grad.dtype)
        mean, square = state["exp_avg"], state["exp_avg_sq"]
        mean.lerp_(grad, touched * (1 - first))
        square.lerp_(grad.square(), touched * (1 - second))
        length = rate * (1 - second ** state["step"]) ** 0.5 / (1 - first ** state["step"])
        table.addcdiv_(mean * touched, square.sqrt().add_(tiny), value=-length)


class Optimizer:
    """Dense weights by SGD with momentum or AdamW; word rows, of which a batch touches few, by their sparse
    counterparts.

    Momentum on the whole word table would read and write millions of numbers a step for rows that the batch does not
    hold. On a GPU, where that costs little, their gradients are dense, and the same rows move (`RowAdam`). SGD moves
    word rows without momentum, at `learning_rate / (1 - momentum)`: the same overall length of step.

    Args:
        model: whose weights are moved.
        settings: of the optimiser.
        encoders: size of the ensemble, whose gradients stand side by side in the model's.
        rows: tables whose rows move one by one, although their gradient is dense.
    """

    def __init__(
        self,
        model: nn.Module,
        settings: TrainingSettings,
        *,
        encoders: int = 1,
        rows: Sequence[Tensor] = (),
    ) -> None:
        sparse = [module.weight for module in model.modules() if isinstance(module, nn.Embedding) and module.sparse]
        tables = [*sparse, *rows]
        known = set(map(id, tables))
        self.dense = [weight for weight in _in_order_of_norms(model) if id(weight) not in known]
        self.sparse = sparse
        self.tables = tables
        self.settings = settings
        self.encoders = encoders
        if settings.optimizer == "sgd":
            lengthen = 1 / (1 - settings.momentum)
            self.parts: list[tuple[torch.optim.Optimizer, float]] = [
                (torch.optim.SGD(self.dense, momentum=settings.momentum), 1.0),
                (torch.optim.SGD(tables), lengthen),
            ]
        else:
            self.parts = [
                (torch.optim.AdamW(self.dense, weight_decay=0.0, fused=True), 1.0),
                (torch.optim.SparseAdam(sparse) if sparse else RowAdam(tables), 1.0),
            ]

    def step(self, learning_rate: float) -> Tensor:
        """Clips the gradient, moves the weights and clears the gradient.

        Returns:
            The norm of the gradient before, a scalar, which stays on a GPU.

        Raises:
            FloatingPointError: if the gradient is not finite; no weight has been moved then. A GPU is not asked.
        """
        norm = self._clip(self.settings.clip * self.encoders**0.5)  # as much for each encoder as alone
        for part, factor in self.parts:
            for group in part.param_groups:
                group["lr"] = learning_rate * factor
            part.step()
            part.zero_grad(set_to_none=True)
        return norm

    def _clip(self, limit: float) -> Tensor:
        """Scales the whole gradient down to norm `limit` if it is longer (Pascanu et al. 2013); its norm before."""
        for weight in self.sparse:
            if weight.grad is not None:
                weight.grad = weight.grad.coalesce()
        grads = [weight.grad for weight in [*self.dense, *self.tables] if weight.grad is not None]
        grads = [grad.values() if grad.is_sparse else grad for grad in grads]
        norm = nn.utils.get_total_norm(grads)
        if is_queued(norm.device):  # which multiplies by 1 sooner than it answers
            nn.utils.clip_grads_with_norm_([*self.dense, *self.tables], limit, norm)
            return norm
        if not norm.isfinite():
            raise FloatingPointError(f"the gradient's norm is {norm.item()}")
        if norm > limit:
            for grad in grads:
                grad.mul_(limit / norm)
        return norm

    def state(self) -> dict[str, Tensor]:
        """All moments and counts as tensors, named for a checkpoint."""
        return {
            f"{part}.{weight}.{name}": torch.as_tensor(value)
            for part, (optimizer, _) in enumerate(self.parts)
            for weight, values in optimizer.state_dict()["state"].items()
            for name, value in values.items()
            if value is not None
        }

    def load_state(self, state: dict[str, Tensor]) -> None:
        """The inverse of `state`."""
        for part, (optimizer, _) in enumerate(self.parts):
            entries: dict[int, dict[str, Any]] = {}
            for key, value in state.items():
                owner, weight, name = key.split(".", 2)
                if owner == str(part):
                    # these count in a plain int
                    plain = name == "step" and isinstance(optimizer, torch.optim.SparseAdam | RowAdam)
                    entries.setdefault(int(weight), {})[name] = int(value) if plain else value
            optimizer.load_state_dict({**optimizer.state_dict(), "state": entries})


def _in_order_of_norms(model: nn.Module) -> list[nn.Parameter]:
    """Weights in the order in which the norms of their gradients are summed: first encoder, embedder, other encoders.

    A sum of floats depends on its order, and on the sum depend the weights: this order is that of all runs so far.
    """
    # A model has its embedder before its encoders.
    named = sorted(model.named_parameters(), key=lambda item: not item[0].startswith("members.0."))
    return [weight for _, weight in named]


def learning_rate(settings: TrainingSettings, step: int, steps: int) -> float:
    """Rate of step `step` (from 0) out of `steps`: it falls linearly to 0."""
    return settings.learning_rate * (1 - step / max(steps, 1))


class AveragedWeights:
    """Running mean of a model's weights (Polyak and Juditsky 1992), for use in place of the last step's.

    Args:
        model: the model in training.
        start: step at which the mean begins.
    """

    def __init__(self, model: nn.Module, *, start: int) -> None:
        self.weights = list(model.parameters())
        self.names = [name for name, _ in model.named_parameters()]
        self.start = start
        self.count = 0
        self.mean: list[Tensor] = []

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Takes the weights after `step` (from 0) into the mean, every tenth step."""
        if step < self.start or step % AVERAGE_EVERY:
            return
        self.count += 1
        if not self.mean:
            self.mean = [weight.detach().clone() for weight in self.weights]
        else:
            for mean, weight in zip(self.mean, self.weights, strict=True):
                mean.lerp_(weight.detach(), 1 / self.count)

    @torch.no_grad()
    def swap(self) -> None:
        """Exchanges the model's weights with the mean, if there is one; a second call undoes it.

        The numbers are exchanged, not the tensors: those of an LSTM lie together on a GPU, and have to stay there.
        """
        for weight, mean in zip(self.weights, self.mean, strict=False):
            last = weight.clone()
            weight.copy_(mean)
            mean.copy_(last)

    def state(self) -> dict[str, Tensor]:
        """The mean and its count as tensors, named for a checkpoint."""
        return {"count": torch.tensor(self.count), **dict(zip(self.names, self.mean, strict=False))}

    def load_state(self, state: dict[str, Tensor]) -> None:
        """The inverse of `state`."""
        self.count = int(state["count"])
        named = zip(self.names, self.weights, strict=True)
        self.mean = [state[name].to(weight.device) for name, weight in named] if self.count else []
