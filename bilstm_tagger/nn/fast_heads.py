"""The heads while tagging: weights of an ensemble side by side, laid out once."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from bilstm_tagger.nn.few_sizes import linear
from bilstm_tagger.nn.heads import Head, bounded, float_tanh, transition_scores
from bilstm_tagger.nn.model import TaggingModel


class FastHeads:
    """The heads of a model, whose weights are copied when it is made.

    Args:
        model: an ensemble of encoders with heads of one shape; one of one encoder as a rule.

    Attributes:
        scores: for each task the mean scores of transitions, first and last tags; None where any tag may follow any.
    """

    def __init__(self, model: TaggingModel) -> None:
        heads = [model.heads(task) for task in model.tasks]  # for each task one for each encoder
        self.scores = {task: transition_scores(each) for task, each in zip(model.tasks, heads, strict=True)}
        self._hidden = [_side_by_side(of_encoder, model.precision) for of_encoder in zip(*heads, strict=True)]
        self._projections = [_mean_projection(each) for each in heads]

    def __call__(self, states: Tensor) -> dict[str, Tensor]:
        """The ensemble's mean emissions `(tokens, tags)` for each task, float32.

        Args:
            states: those of all encoders side by side `(tokens, encoders * size)`.
        """
        inputs = [states] * len(self.scores)
        if layers := [each for each in self._hidden if each is not None]:
            parts = zip(states.chunk(len(layers), 1), layers, strict=True)
            hidden = [float_tanh(linear(part.to(layer[0].dtype), *layer)) for part, layer in parts]
            blocks = torch.stack(hidden, 1) if len(hidden) > 1 else hidden[0][:, None]
            inputs = [each.flatten(1) for each in blocks.chunk(len(inputs), 2)]
        return {
            task: bounded(nn.functional.linear(x, *projection))
            for task, x, projection in zip(self.scores, inputs, self._projections, strict=True)
        }


def _side_by_side(heads: Sequence[Head], precision: torch.dtype) -> tuple[Tensor, Tensor] | None:
    """Weight and bias of the tanh layers of an encoder's heads, one product for all; None if they have none."""
    layers = [head.hidden for head in heads if head.hidden is not None]
    if not layers:
        return None
    weight, bias = torch.cat([layer.weight for layer in layers]), torch.cat([layer.bias for layer in layers])
    return weight.detach().to(precision), bias.detach().to(precision)


def _mean_projection(heads: Sequence[Head]) -> tuple[Tensor, Tensor]:
    """Weight and bias that make of all encoders' inputs side by side the mean of a task's emissions."""
    weight = torch.cat([head.projection.weight for head in heads], 1) / len(heads)
    return weight.detach().float(), torch.stack([head.projection.bias for head in heads]).mean(0).detach().float()
