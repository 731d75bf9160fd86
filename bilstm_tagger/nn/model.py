"""The network: embedder, encoder, and a head for each task."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from bilstm_tagger.nn.batch import Batch, mask_of
from bilstm_tagger.nn.crf import CRF, forbid, viterbi
from bilstm_tagger.nn.embedder import Embedder


class Head(nn.Module):
    """Emissions of one task, decoded by a CRF or tag by tag.

    Args:
        input_size: size of the encoder's states.
        tags: number of tags.
        crf: the task's CRF; None for a softmax over each token alone.
        legal: moves, starts and ends that a softmax head's sequences must keep to; None where any tag may follow any.
    """

    moves: Tensor | None
    starts: Tensor
    ends: Tensor

    def __init__(
        self, input_size: int, tags: int, *, crf: CRF | None, legal: tuple[Tensor, Tensor, Tensor] | None = None
    ) -> None:
        super().__init__()
        self.tags = tags
        self.projection = nn.Linear(input_size, tags)
        nn.init.xavier_uniform_(self.projection.weight)
        nn.init.zeros_(self.projection.bias)
        self.crf = crf
        for name, scores in zip(("moves", "starts", "ends"), forbid(legal) if legal else (None,) * 3, strict=True):
            self.register_buffer(name, scores, persistent=False)

    def forward(self, states: Tensor) -> Tensor:
        """Emissions `(batch, tokens, tags)` from states `(batch, tokens, input_size)`, float32."""
        return self.projection(states).float()  # type: ignore[no-any-return]

    def loss(self, emissions: Tensor, tags: Tensor, lengths: Tensor) -> Tensor:
        """Sum of the negative log likelihoods of the sentences, a scalar."""
        if self.crf is not None:
            return -self.crf.log_likelihood(emissions, tags, lengths).sum()
        mask = mask_of(lengths, tags.shape[1])
        return nn.functional.cross_entropy(emissions[mask], tags[mask], reduction="sum")

    def decode(self, emissions: Tensor, lengths: Tensor) -> Tensor:
        """Best legal tags `(tokens,)` for emissions `(tokens, tags)` of sentences that lie one behind the other."""
        if self.crf is not None:
            return self.crf.decode(emissions, lengths)
        if self.moves is not None:
            return viterbi(emissions, lengths, self.moves, self.starts, self.ends)
        return emissions.argmax(-1)


class TaggingModel(nn.Module):
    """Embedder, encoder and heads.

    Args:
        embedder: tokens to vectors.
        encoder: vectors to states that know the sentence; has `output_size`.
        heads: one for each task.
    """

    def __init__(self, embedder: Embedder, encoder: nn.Module, heads: Mapping[str, Head]) -> None:
        super().__init__()
        self.embedder = embedder
        self.encoder = encoder
        self.heads = nn.ModuleDict(heads)
        self.precision = torch.float32

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

    def states(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Encoder states by sentence `(sentences, tokens, encoder.output_size)`, float32, and sentence lengths."""
        return self.encode(self.embedder(batch), batch)

    def encode(self, x: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """States by sentence and sentence lengths for embedded tokens `(batch, tokens, embedder.output_size)`.

        The encoder's products run in `precision`; its weights, and all before and after it, stay float32.
        """
        with torch.autocast(x.device.type, torch.bfloat16, enabled=self.precision is torch.bfloat16):
            states = self.encoder(x, batch.lengths).float()
        return (states, batch.lengths) if batch.cuts is None else (batch.cuts(states), batch.cuts.lengths)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Summed loss of each task the batch has gold tags for."""
        states, lengths = self.states(batch)
        return {
            name: self.heads[name].loss(self.heads[name](states), tags, lengths)  # type: ignore[operator]
            for name, tags in batch.tags.items()
        }

    @torch.no_grad()
    def decode(self, batch: Batch) -> dict[str, Tensor]:
        """Best tags of each task, one sentence behind the other `(tokens,)`."""
        states, lengths = self.states(batch)
        return self.decode_states(states[mask_of(lengths, states.shape[1])], lengths)

    def decode_states(self, states: Tensor, lengths: Tensor) -> dict[str, Tensor]:
        """Best tags `(tokens,)` of each task from states `(tokens, size)` of sentences one behind the other."""
        heads: list[Head] = list(self.heads.values())  # type: ignore[arg-type]
        # One product for all heads: each alone is too narrow to be quick.
        weight = torch.cat([head.projection.weight for head in heads])
        bias = torch.cat([head.projection.bias for head in heads])
        emissions = nn.functional.linear(states, weight, bias).float()
        parts = torch.split(emissions, [head.tags for head in heads], -1)
        return {name: head.decode(scores, lengths) for name, head, scores in zip(self.heads, heads, parts, strict=True)}
