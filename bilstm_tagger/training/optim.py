"""Optimisers, the learning rate and averaged weights."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from bilstm_tagger.settings.schema import TrainingSettings

AVERAGE_EVERY = 10  # steps between two terms of the mean: neighbouring steps differ little


class Optimizer:
    """Dense weights by SGD with momentum or AdamW; word rows, of which a batch touches few, by their sparse
    counterparts.

    Momentum on the whole word table would read and write millions of numbers a step for rows that the batch does not
    hold. SGD therefore moves word rows without momentum, at `learning_rate / (1 - momentum)`: the same overall length
    of step.

    Args:
        model: whose weights are moved.
        settings: of the optimiser.
        encoders: size of the ensemble, whose gradients stand side by side in the model's.
    """

    def __init__(self, model: nn.Module, settings: TrainingSettings, *, encoders: int = 1) -> None:
        sparse = [module.weight for module in model.modules() if isinstance(module, nn.Embedding) and module.sparse]
        known = set(map(id, sparse))
        self.dense = [weight for weight in _in_order_of_norms(model) if id(weight) not in known]
        self.sparse = sparse
        self.settings = settings
        self.encoders = encoders
        if settings.optimizer == "sgd":
            lengthen = 1 / (1 - settings.momentum)
            self.parts: list[tuple[torch.optim.Optimizer, float]] = [
                (torch.optim.SGD(self.dense, momentum=settings.momentum), 1.0),
                (torch.optim.SGD(sparse), lengthen),
            ]
        else:
            self.parts = [
                (torch.optim.AdamW(self.dense, weight_decay=0.0, fused=True), 1.0),
                (torch.optim.SparseAdam(sparse), 1.0),
            ]

    def step(self, learning_rate: float) -> None:
        """Clips the gradient, moves the weights and clears the gradient.

        Raises:
            FloatingPointError: if the gradient is not finite; no weight has been moved then.
        """
        self._clip(self.settings.clip * self.encoders**0.5)  # as much for each encoder as alone
        for part, factor in self.parts:
            for group in part.param_groups:
                group["lr"] = learning_rate * factor
            part.step()
            part.zero_grad(set_to_none=True)

    def _clip(self, limit: float) -> None:
        """Scales the whole gradient down to norm `limit` if it is longer (Pascanu et al. 2013)."""
        for weight in self.sparse:
            if weight.grad is not None:
                weight.grad = weight.grad.coalesce()
        grads = [weight.grad for weight in self.dense if weight.grad is not None]
        grads += [weight.grad.values() for weight in self.sparse if weight.grad is not None]
        norm = nn.utils.get_total_norm(grads)
        if not norm.isfinite():
            raise FloatingPointError(f"the gradient's norm is {norm.item()}")
        if norm > limit:
            for grad in grads:
                grad.mul_(limit / norm)

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
                    # SparseAdam counts in a plain int
                    plain = name == "step" and isinstance(optimizer, torch.optim.SparseAdam)
                    entries.setdefault(int(weight), {})[name] = int(value) if plain else value
            optimizer.load_state_dict({**optimizer.state_dict(), "state": entries})


def _in_order_of_norms(model: nn.Module) -> list[nn.Parameter]:
    """Weights in the order in which the norms of their gradients are summed: first encoder, embedder, other encoders.

    A sum of floats depends on its order, and on the sum depend the weights: this order is that of all runs so far.
    """

    def place(name: str) -> int:
        return 0 if name.startswith("members.0.") else 2 if name.startswith("members.") else 1

    named = sorted(model.named_parameters(), key=lambda item: place(item[0]))
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

    def swap(self) -> None:
        """Exchanges the model's weights with the mean, if there is one; a second call undoes it."""
        for weight, mean in zip(self.weights, self.mean, strict=False):
            weight.data, mean.data = mean.data, weight.data

    def state(self) -> dict[str, Tensor]:
        """The mean and its count as tensors, named for a checkpoint."""
        return {"count": torch.tensor(self.count), **dict(zip(self.names, self.mean, strict=False))}

    def load_state(self, state: dict[str, Tensor]) -> None:
        """The inverse of `state`."""
        self.count = int(state["count"])
        named = zip(self.names, self.weights, strict=True)
        self.mean = [state[name].to(weight.device) for name, weight in named] if self.count else []
