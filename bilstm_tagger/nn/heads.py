"""From the encoder's states to tags: a projection for each task, decoded by a CRF or tag by tag."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from bilstm_tagger.nn.batch import mask_of
from bilstm_tagger.nn.crf import CRF, DISALLOWED, Transitions, log_likelihoods, log_likelihoods_of_sets, viterbi
from bilstm_tagger.nn.device import is_queued
from bilstm_tagger.nn.numba_ops import bits, compiled, load, tanh

LARGEST = 1e30  # of a score while decoding: sums of scores stay finite, so that none makes up for what is disallowed


class Head(nn.Module):
    """Emissions of one task.

    Args:
        input_size: size of the encoder's states.
        tags: number of tags.
        hidden_size: units of a tanh layer between states and emissions (Lample et al. 2016); 0 for none.
        crf: the task's CRF; None for a softmax over each token alone.
        allowed: transitions that a softmax head's sequences must keep to; None where any tag may follow any.
    """

    transitions: Tensor | None
    start_transitions: Tensor
    end_transitions: Tensor

    def __init__(
        self, input_size: int, tags: int, *, crf: CRF | None, allowed: Transitions | None = None, hidden_size: int = 0
    ) -> None:
        super().__init__()
        self.tags = tags
        self.hidden = _linear(input_size, hidden_size) if hidden_size else None
        self.projection = _linear(hidden_size or input_size, tags)
        self.crf = crf
        scores = (None, None, None) if allowed is None else allowed.without_preference()
        for name, part in zip(("transitions", "start_transitions", "end_transitions"), scores, strict=True):
            self.register_buffer(name, part, persistent=False)

    def forward(self, states: Tensor, precision: torch.dtype = torch.float32) -> Tensor:
        """Emissions `(..., tags)` from states `(..., input_size)`, float32; a tanh layer's product in `precision`."""
        if self.hidden is not None:
            with products_in(precision, states):
                states = float_tanh(self.hidden(states))
        return self.projection(states)  # type: ignore[no-any-return]

    def loss(
        self,
        emissions: Tensor,
        tags: Tensor,
        lengths: Tensor,
        *,
        tag_sets: Tensor | None = None,
        weights: Tensor | None = None,
    ) -> Tensor:
        """Sum of the negative log likelihoods of the sentences, a scalar.

        Args:
            emissions: `(batch, tokens, tags)`.
            tags: gold tag ids `(batch, tokens)`; -1 - s for a token that may have any tag of set s; 0 where padded.
            lengths: tokens of each sentence `(batch,)`.
            tag_sets: which tags each set has `(sets, tags)`; None if all tags are known.
            weights: factor of each sentence's loss `(batch,)`.
        """
        sets = tag_sets if tag_sets is not None and bool((tags < 0).any()) else None
        return summed_loss([self], emissions[None], tags, lengths, tag_sets=sets, weights=weights)


def stacked_emissions(heads: Sequence[Head], states: Tensor, precision: torch.dtype) -> Tensor:
    """Emissions `(encoders, batch, tokens, tags)` of an ensemble's heads of one task, in one product for each layer.

    Args:
        heads: one for each encoder, of one shape.
        states: of the encoders `(encoders, batch, tokens, input_size)`.
        precision: as for `Head.forward`.
    """
    x = states.flatten(1, 2)
    if heads[0].hidden is not None:
        with products_in(precision, x):
            x = float_tanh(_side_by_side([head.hidden for head in heads if head.hidden is not None], x))
    return _side_by_side([head.projection for head in heads], x).view(*states.shape[:3], -1)


def _side_by_side(layers: Sequence[nn.Linear], x: Tensor) -> Tensor:
    """What each linear layer makes of its own `x` `(layers, rows, input_size)`."""
    weights, biases = (torch.stack([getattr(layer, name) for layer in layers]) for name in ("weight", "bias"))
    return torch.baddbmm(biases[:, None], x, weights.transpose(1, 2))


def summed_loss(
    heads: Sequence[Head],
    emissions: Tensor,
    tags: Tensor,
    lengths: Tensor,
    *,
    tag_sets: Tensor | None = None,
    weights: Tensor | None = None,
) -> Tensor:
    """Sum of the losses of an ensemble's heads of one task, a scalar.

    Args:
        heads: one for each encoder.
        emissions: theirs `(encoders, batch, tokens, tags)`.
        tags: gold tag ids, as `lengths` and `weights` in `Head.loss`.
        lengths: tokens of each sentence.
        tag_sets: which tags each set has `(sets, tags)`; None unless some tags are not known.
        weights: factor of each sentence's loss.
    """
    crfs = [head.crf for head in heads if head.crf is not None]
    if tag_sets is not None:
        allowed = allowed_tags(tags, tag_sets)
        likelihood = (log_likelihoods_of_sets if crfs else _softmax_of_sets)(crfs, emissions, allowed, lengths)
    else:
        likelihood = (log_likelihoods if crfs else _softmax)(crfs, emissions, tags, lengths)
    return -(likelihood if weights is None else likelihood * weights).sum()


def _softmax(_: object, emissions: Tensor, tags: Tensor, lengths: Tensor) -> Tensor:
    """Log likelihood `(encoders, batch)` of gold tags where each token is by itself; as `log_likelihoods`."""
    each = emissions.log_softmax(-1).gather(3, tags.expand(len(emissions), -1, -1)[..., None]).squeeze(3)
    return each.masked_fill(~mask_of(lengths, tags.shape[1]), 0.0).sum(2)


def _softmax_of_sets(_: object, emissions: Tensor, allowed: Tensor, lengths: Tensor) -> Tensor:
    """Log likelihood `(encoders, batch)` of all sequences of allowed tags `(batch, tokens, tags)`."""
    each = emissions.masked_fill(~allowed, -torch.inf).logsumexp(-1) - emissions.logsumexp(-1)
    return each.masked_fill(~mask_of(lengths, emissions.shape[2]), 0.0).sum(2)


def allowed_tags(tags: Tensor, tag_sets: Tensor) -> Tensor:
    """Which tags each token may have `(batch, tokens, tags)`, from ids and sets as in `Head.loss`."""
    count = tag_sets.shape[1]
    table = torch.cat([torch.eye(count, dtype=torch.bool, device=tags.device), tag_sets])
    return table[torch.where(tags < 0, count - 1 - tags, tags)]


def decode(emissions: Tensor, lengths: Tensor, scores: tuple[Tensor, Tensor, Tensor] | None) -> Tensor:
    """Best allowed tags `(tokens,)` of a task.

    Args:
        emissions: within `LARGEST`, of sentences that lie one behind the other `(tokens, tags)`.
        lengths: tokens of each sentence `(sentences,)`.
        scores: as `transition_scores` gives them.
    """
    return emissions.argmax(-1) if scores is None else viterbi(emissions, lengths, *scores)


def bounded(emissions: Tensor) -> Tensor:
    """Emissions within `LARGEST`, 0 where they are no number: finite weights may be large enough for infinite sums."""
    if not emissions.numel():
        return emissions
    if not is_queued(emissions.device):  # which would have to be waited for
        low, high = emissions.aminmax()
        if low >= -LARGEST and high <= LARGEST:
            return emissions
    return emissions.nan_to_num(nan=0.0).clamp(-LARGEST, LARGEST)


def transition_scores(heads: Sequence[Head]) -> tuple[Tensor, Tensor, Tensor] | None:
    """Mean scores of transitions `(tags, tags)`, first and last tags `(tags,)`; None where any tag may follow any."""
    first = heads[0]
    if first.crf is not None:
        each = [_bounded_scores(head.crf) for head in heads if head.crf is not None]
        transitions, starts, ends = (torch.stack(part).mean(0) for part in zip(*each, strict=True))
        return transitions, starts, ends
    return None if first.transitions is None else (first.transitions, first.start_transitions, first.end_transitions)


def _bounded_scores(crf: CRF) -> list[Tensor]:
    """The CRF's scores within `LARGEST`; what is disallowed stays so."""
    return [part.where(part == DISALLOWED, part.clamp(-LARGEST, LARGEST)) for part in crf.scores()]


def products_in(precision: torch.dtype, x: Tensor) -> torch.autocast:
    """A context in which products on the device of `x` run in `precision`, float32 or bfloat16."""
    return torch.autocast(x.device.type, torch.bfloat16, enabled=precision is torch.bfloat16)


def _linear(input_size: int, output_size: int) -> nn.Linear:
    layer = nn.Linear(input_size, output_size)
    nn.init.xavier_uniform_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


def float_tanh(x: Tensor) -> Tensor:
    """Hyperbolic tangent in float32; without a gradient on a CPU by a compiled loop, in an eighth of the time."""
    if x.requires_grad or x.device.type != "cpu":
        return torch.tanh(x.float())
    result = torch.empty(x.shape)
    _tanh_loop(bits(x.flatten()), result.view(-1).numpy())
    return result


@compiled
def _tanh_loop(numbers, result):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    for place in range(len(numbers)):
        result[place] = tanh(load(numbers, place))
