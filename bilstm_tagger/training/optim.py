"""Optimisers, learning-rate schedules and averaged weights."""

from __future__ import annotations

import math
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
        members: number of members of an ensemble, whose gradients stand side by side in the model's.
    """

    def __init__(self, model: nn.Module, settings: TrainingSettings, *, members: int = 1) -> None:
        sparse = [module.weight for module in model.modules() if isinstance(module, nn.Embedding) and module.sparse]
        known = set(map(id, sparse))
        self.dense = [weight for weight in model.parameters() if id(weight) not in known]
        self.sparse = sparse
        self.settings = settings
        self.members = members
        if settings.optimizer == "sgd":
            lengthen = 1 / (1 - settings.momentum)
            self.parts: list[tuple[torch.optim.Optimizer, float]] = [
                (torch.optim.SGD(self.dense, momentum=settings.momentum, weight_decay=settings.weight_decay), 1.0),
                (torch.optim.SGD(sparse), lengthen),
            ]
        else:
            self.parts = [
                (torch.optim.AdamW(self.dense, weight_decay=settings.weight_decay, fused=True), 1.0),
                (torch.optim.SparseAdam(sparse), 1.0),
            ]

    def step(self, learning_rate: float) -> None:
        """Clips the gradient, moves the weights and clears the gradient."""
        self._clip(self.settings.clip * self.members**0.5)  # as much for each member as alone
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
        grads += [weight.grad._values() for weight in self.sparse if weight.grad is not None]
        norm = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(grads)))
        if norm > limit:
            torch._foreach_mul_(grads, limit / norm)

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


def learning_rate(settings: TrainingSettings, step: int, steps: int) -> float:
    """Rate of step `step` (from 0) out of `steps`: a linear rise, then constant, linear to 0, or half a cosine to 0."""
    warmup = round(settings.warmup * steps)
    if step < warmup:
        return settings.learning_rate * (step + 1) / warmup
    done = (step - warmup) / max(steps - warmup, 1)
    factors = {"constant": 1.0, "linear": 1 - done, "cosine": (1 + math.cos(math.pi * done)) / 2}
    return settings.learning_rate * factors[settings.schedule]


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
            torch._foreach_lerp_(self.mean, [w.detach() for w in self.weights], 1 / self.count)

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
