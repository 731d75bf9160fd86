"""The network: embedder, encoder, and a head for each task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from bilstm_tagger.nn.batch import Batch, mask_of
from bilstm_tagger.nn.crf import CRF, forbid, viterbi
from bilstm_tagger.nn.embedder import Embedder
from bilstm_tagger.nn.numba_ops import bits, compiled, load, tanh


def hidden(layers: Sequence[nn.Linear], states: Tensor, precision: torch.dtype) -> Tensor:
    """What tanh layers make of the same states `(..., input_size)`, side by side `(..., layers * units)`, float32.

    Behind them scores need not be linear in the states (Lample et al. 2016).

    Args:
        layers: of one size.
        states: the encoder's.
        precision: of the product, which is one for all layers.
    """
    weight = torch.cat([layer.weight for layer in layers])
    bias = torch.cat([layer.bias for layer in layers])
    with products_in(precision, states):
        return _tanh(nn.functional.linear(states, weight, bias))


def _tanh(x: Tensor) -> Tensor:
    """Hyperbolic tangent in float32; without a gradient on a CPU by a compiled loop, in an eighth of the time."""
    if x.requires_grad or x.device.type != "cpu":
        return torch.tanh(x.float())
    found = torch.empty(x.shape)
    _squash(bits(x.flatten()), found.view(-1).numpy())
    return found


@compiled
def _squash(numbers, found):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    for place in range(len(numbers)):
        found[place] = tanh(load(numbers, place))


def _linear(input_size: int, output_size: int) -> nn.Linear:
    layer = nn.Linear(input_size, output_size)
    nn.init.xavier_uniform_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


class Head(nn.Module):
    """Emissions of one task, decoded by a CRF or tag by tag.

    Args:
        input_size: size of the encoder's states.
        tags: number of tags.
        feedforward: units of a tanh layer between states and emissions; 0 for none.
        crf: the task's CRF; None for a softmax over each token alone.
        legal: moves, starts and ends that a softmax head's sequences must keep to; None where any tag may follow any.
    """

    moves: Tensor | None
    starts: Tensor
    ends: Tensor

    def __init__(
        self,
        input_size: int,
        tags: int,
        *,
        crf: CRF | None,
        legal: tuple[Tensor, Tensor, Tensor] | None = None,
        feedforward: int = 0,
    ) -> None:
        super().__init__()
        self.tags = tags
        self.feedforward = _linear(input_size, feedforward) if feedforward else None
        self.projection = _linear(feedforward or input_size, tags)
        self.crf = crf
        for name, scores in zip(("moves", "starts", "ends"), forbid(legal) if legal else (None,) * 3, strict=True):
            self.register_buffer(name, scores, persistent=False)

    def forward(self, states: Tensor, precision: torch.dtype = torch.float32) -> Tensor:
        """Emissions `(..., tags)` from states `(..., input_size)`, float32; a tanh layer's product in `precision`."""
        if self.feedforward is not None:
            states = hidden([self.feedforward], states, precision)
        return self.projection(states)  # type: ignore[no-any-return]

    def loss(self, emissions: Tensor, tags: Tensor, lengths: Tensor) -> Tensor:
        """Sum of the negative log likelihoods of the sentences, a scalar."""
        if self.crf is not None:
            return -self.crf.log_likelihood(emissions, tags, lengths).sum()
        mask = mask_of(lengths, tags.shape[1])
        return nn.functional.cross_entropy(emissions[mask], tags[mask], reduction="sum")


def decode(heads: Sequence[Head], emissions: Tensor, lengths: Tensor) -> Tensor:
    """Best legal tags `(tokens,)` of a task.

    Args:
        heads: those of the members, whose scores of moves are averaged.
        emissions: their mean for sentences that lie one behind the other `(tokens, tags)`.
        lengths: tokens of each sentence `(sentences,)`.
    """
    first = heads[0]
    if first.crf is not None:
        each = [head.crf.scores() for head in heads if head.crf is not None]
        moves, starts, ends = (torch.stack(part).mean(0) for part in zip(*each, strict=True))
        return viterbi(emissions, lengths, moves, starts, ends)
    if first.moves is not None:
        return viterbi(emissions, lengths, first.moves, first.starts, first.ends)
    return emissions.argmax(-1)


class Member(nn.Module):
    """An encoder and its heads.

    Args:
        encoder: vectors to states that know the sentence; has `output_size`.
        heads: one for each task.
    """

    def __init__(self, encoder: nn.Module, heads: Mapping[str, Head]) -> None:
        super().__init__()
        self.encoder = encoder
        self.heads = nn.ModuleDict(heads)


class TaggingModel(Member):
    """Embedder, encoder and heads; with further members, an ensemble over one embedder.

    Each member learns from its own loss, with its own dropout. Tags are decoded from the mean of the members' scores.

    Args:
        embedder: tokens to vectors.
        encoder: vectors to states that know the sentence; has `output_size`.
        heads: one for each task.
        others: further members of the same shape.
    """

    def __init__(
        self, embedder: Embedder, encoder: nn.Module, heads: Mapping[str, Head], others: Sequence[Member] = ()
    ) -> None:
        super().__init__(encoder, heads)
        self.embedder = embedder
        self.others = nn.ModuleList(others)
        self.precision = torch.float32

    @property
    def members(self) -> list[Member]:
        """All members, this one first."""
        return [self, *self.others]

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
        """All members' states by sentence `(sentences, tokens, members * size)`, float32, and sentence lengths."""
        return self.encode(self.embedder(batch), batch)

    def encode(self, x: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """States as in `states` and sentence lengths for embedded tokens `(batch, tokens, embedder.output_size)`."""
        states = [self._encode(member, x, batch) for member in self.members]
        return states[0] if len(states) == 1 else torch.cat(states, -1), batch.sentence_lengths

    def _encode(self, member: Member, x: Tensor, batch: Batch) -> Tensor:
        """One member's states by sentence.

        The encoder's products run in `precision`; its weights, and all before and after it, stay float32.
        """
        with products_in(self.precision, x):
            states: Tensor = member.encoder(x, batch.lengths).float()
        return states if batch.cuts is None else batch.cuts(states)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Summed loss of each task the batch has gold tags for, added up over the members."""
        vectors = _shared(self.embedder.embed_types(batch.types), len(self.members))
        losses: dict[str, Tensor] = {}
        for member in self.members:
            states = self._encode(member, self.embedder.embed_tokens(vectors, batch), batch)
            for name, tags in batch.tags.items():
                head: Head = member.heads[name]  # type: ignore[assignment]
                loss = head.loss(head(states, self.precision), tags, batch.sentence_lengths)
                losses[name] = losses[name] + loss if name in losses else loss
        return losses

    @torch.no_grad()
    def decode(self, batch: Batch) -> dict[str, Tensor]:
        """Best tags of each task, one sentence behind the other `(tokens,)`."""
        states, lengths = self.states(batch)
        return self.decode_states(states[mask_of(lengths, states.shape[1])], lengths)

    @torch.no_grad()
    def decode_states(self, states: Tensor, lengths: Tensor) -> dict[str, Tensor]:
        """Best tags `(tokens,)` of each task from all members' states `(tokens, members * size)`, sentence by sentence.

        One product gives the mean emissions of all heads: each alone is too narrow to be quick.
        """
        heads: list[list[Head]] = [[member.heads[name] for name in self.heads] for member in self.members]  # type: ignore[misc]
        count = len(heads)
        projections = [[head.projection.weight for head in each] for each in heads]
        layers = [[head.feedforward for head in each if head.feedforward is not None] for each in heads]
        if layers[0]:
            parts = zip(layers, states.chunk(count, 1), strict=True)
            states = torch.cat([hidden(each, part, self.precision) for each, part in parts], 1)
            weight = torch.cat([torch.block_diag(*each) for each in projections], 1) / count  # type: ignore[no-untyped-call]
        else:
            weight = torch.cat([torch.cat(each) for each in projections], 1) / count
        bias = torch.stack([torch.cat([head.projection.bias for head in each]) for each in heads]).mean(0)
        emissions = nn.functional.linear(states, weight, bias)
        scores = torch.split(emissions, [head.tags for head in heads[0]], -1)
        tasks = zip(self.heads, zip(*heads, strict=True), scores, strict=True)
        return {name: decode(each, found, lengths) for name, each, found in tasks}


def products_in(precision: torch.dtype, x: Tensor) -> torch.autocast:
    """Within it products on the device of `x` run in `precision`, float32 or bfloat16."""
    return torch.autocast(x.device.type, torch.bfloat16, enabled=precision is torch.bfloat16)


def _shared(vectors: Tensor, members: int) -> Tensor:
    """The same vectors, whose gradient is the mean of the members' gradients."""
    return vectors if members == 1 else vectors.detach() * (1 - 1 / members) + vectors / members
