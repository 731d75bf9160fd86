"""The network: an embedder, and over it one or several encoders with a head for each task."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from bilstm_tagger.nn.batch import Batch, mask_of
from bilstm_tagger.nn.convolution import WindowEncoder
from bilstm_tagger.nn.device import is_queued
from bilstm_tagger.nn.embedder import Embedder
from bilstm_tagger.nn.heads import (
    Head,
    bounded,
    decode,
    products_in,
    stacked_emissions,
    summed_loss,
    transition_scores,
)
from bilstm_tagger.nn.recurrent import RecurrentEncoder
from bilstm_tagger.nn.stacked_lstm import stackable, stacked_states

BUILT_IN = (RecurrentEncoder, WindowEncoder)  # encoders of the package; one from elsewhere may extend them


@dataclass(frozen=True, slots=True)
class Output:
    """What the network makes of a batch.

    Attributes:
        emissions: for each task the scores of its tags `(encoders, batch, tokens, tags)`, float32; arbitrary where
            padded.
        lengths: number of real tokens of each sentence `(batch,)`.
    """

    emissions: dict[str, Tensor]
    lengths: Tensor


class Member(nn.Module):
    """An encoder and its heads, one of an ensemble.

    Args:
        encoder: vectors to states that know the sentence; has `output_size`.
        heads: one for each task.
    """

    def __init__(self, encoder: nn.Module, heads: Mapping[str, Head]) -> None:
        super().__init__()
        self.encoder = encoder
        self.heads = nn.ModuleDict(heads)


class TaggingModel(nn.Module):
    """Embedder, and an ensemble of encoders with heads over it; the usual ensemble has one.

    Each encoder learns from its own loss, with its own dropout. Tags are decoded from the mean of their scores.

    Args:
        embedder: tokens to vectors.
        members: encoders with heads, of one shape.
    """

    def __init__(self, embedder: Embedder, members: Sequence[Member]) -> None:
        super().__init__()
        self.embedder = embedder
        self.members = nn.ModuleList(members)
        self.precision = torch.float32

    @property
    def tasks(self) -> list[str]:
        """Names of the tasks."""
        return list(self.members[0].heads)  # type: ignore[arg-type]

    @property
    def encoders(self) -> list[nn.Module]:
        """The encoders of the ensemble."""
        return [member.encoder for member in self.members]  # type: ignore[misc]

    def heads(self, task: str) -> list[Head]:
        """The heads of a task, one for each encoder."""
        return [member.heads[task] for member in self.members]  # type: ignore[index,misc]

    def learned(self) -> dict[str, Tensor]:
        """The weights that training moves, by name; frozen word vectors, most of the bytes, are not among them."""
        return {name: weight.detach() for name, weight in self.named_parameters()}

    def load_learned(self, weights: Mapping[str, Tensor]) -> None:
        """The inverse of `learned`.

        Raises:
            KeyError, RuntimeError: if the weights are those of another network.
        """
        for name, weight in self.learned().items():
            weight.copy_(weights[name])

    def forward(self, batch: Batch) -> Output:
        """Emissions of the tasks that the batch has gold tags for, or of all tasks if it has none."""
        vectors = _shared(self.embedder.embed_types(batch.types), len(self.members))
        tasks = list(batch.tags) or self.tasks
        if is_queued(vectors.device) and stackable(self.encoders):
            return Output(self._stacked_emissions(vectors, batch, tasks), batch.lengths)
        emissions: dict[str, list[Tensor]] = {task: [] for task in tasks}
        for member in self.members:
            x = self.embedder.embed_tokens(vectors, batch)  # each encoder drops words for itself
            states = self._encode(member.encoder, x, batch.lengths)  # type: ignore[arg-type]
            for task in tasks:
                emissions[task].append(member.heads[task](states, self.precision))  # type: ignore[index,operator]
        return Output({task: torch.stack(each) for task, each in emissions.items()}, batch.lengths)

    def _stacked_emissions(self, vectors: Tensor, batch: Batch, tasks: Iterable[str]) -> dict[str, Tensor]:
        """Emissions of each task by all members at once, of few operations, as a GPU wants it."""
        count = len(self.members)
        x = self.embedder.embed_tokens(vectors, batch.repeated(count)).view(count, *batch.index.shape, -1)
        states = stacked_states(self.encoders, x, batch.lengths, self.precision)  # type: ignore[arg-type]
        return {task: stacked_emissions(self.heads(task), states, self.precision) for task in tasks}

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Summed loss of each task that the batch has gold tags for, added up over the encoders."""
        output = self(batch)
        return {
            task: summed_loss(
                self.heads(task),
                output.emissions[task],
                tags,
                batch.lengths,
                tag_sets=batch.tag_sets.get(task),
                weights=batch.weights.get(task),
            )
            for task, tags in batch.tags.items()
        }

    @torch.no_grad()
    def decode(self, batch: Batch) -> dict[str, Tensor]:
        """Best tags of each task, one sentence behind the other `(tokens,)`."""
        output = self(batch)
        mask = mask_of(output.lengths, batch.index.shape[1])
        return {
            task: decode(bounded(emissions.mean(0)[mask]), output.lengths, transition_scores(self.heads(task)))
            for task, emissions in output.emissions.items()
        }

    def states(self, batch: Batch) -> Tensor:
        """States of all encoders side by side `(batch, tokens, encoders * size)`, float32."""
        return self.encode(self.embedder(batch), batch.lengths)

    def encode(self, x: Tensor, lengths: Tensor) -> Tensor:
        """States as in `states` for embedded tokens `x` `(batch, tokens, embedder.output_size)`."""
        states = [self._encode(encoder, x, lengths) for encoder in self.encoders]
        return states[0] if len(states) == 1 else torch.cat(states, -1)

    def _encode(self, encoder: nn.Module, x: Tensor, lengths: Tensor) -> Tensor:
        """One encoder's states; its products run in `precision`, all before and after it is float32.

        One from outside the package computes in float32: not all of torch can be used in bfloat16.
        """
        with products_in(self.precision if type(encoder) in BUILT_IN else torch.float32, x):
            return encoder(x, lengths).float()  # type: ignore[no-any-return]


def _shared(vectors: Tensor, encoders: int) -> Tensor:
    """The same vectors, whose gradient is the mean of the encoders' gradients."""
    return vectors if encoders == 1 else vectors.detach() * (1 - 1 / encoders) + vectors / encoders
