"""The sweeps of the CRF and Viterbi for GPUs: a scan over tokens that does all sentences of all encoders in one step.

The same sums as the compiled loops of `crf`, in scaled probabilities and float64, of operations on whole tensors alone:
nothing is copied to the host, and nothing waits for it.
"""

from __future__ import annotations

import torch
from torch import Tensor

from bilstm_tagger.nn.batch import mask_of, reversed_places

Scores = tuple[Tensor, Tensor, Tensor]


def sweeps(emissions: Tensor, lengths: Tensor, scores: Scores) -> Scores:
    """Log Z, marginals of tags and, for each sentence, sums of those of transitions.

    The shapes are `(encoders, batch)`, `(encoders, batch, tokens, tags)` and `(encoders, batch, tags, tags)`, float64.

    Args:
        emissions: `(encoders, batch, tokens, tags)`.
        lengths: real tokens of each sentence `(batch,)`.
        scores: of transitions `(encoders, tags, tags)`, of first and of last tags `(encoders, tags)`.
    """
    given, transitions, starts, ends = (part.detach().double() for part in (emissions, *scores))
    table = transitions.exp()
    first, last = starts.amax(-1, keepdim=True), ends.amax(-1, keepdim=True)
    ends = (ends - last).exp()[:, None]  # (encoders, 1, tags)
    real = mask_of(lengths, given.shape[2])[..., None]
    peak = given.amax(-1, keepdim=True)
    local = torch.where(real, (given - peak).exp(), 1.0)  # at most 1
    backward = reversed_places(lengths, given.shape[2])[..., None].expand_as(local[0])
    back = backward.expand_as(local)
    begins = ((starts - first).exp()[:, None] * local[:, :, 0], ends * local.gather(2, back)[:, :, 0])
    states, scales = _scan(
        torch.cat([local, local.gather(2, back)]), torch.cat([table, table.transpose(1, 2)]), torch.cat(begins)
    )
    alpha, right = states.chunk(2)  # forward and backward, both with the emission of the token
    right = right.gather(2, back)
    at_end = (lengths - 1)[None, :, None, None].expand(len(alpha), -1, 1, alpha.shape[3])
    total = (alpha.gather(2, at_end).squeeze(2) * ends).sum(-1)
    log_z = torch.where(real, scales.chunk(2)[0].log() + peak, 0.0).sum((2, 3)) + total.log() + first + last
    going = mask_of(lengths - 1, given.shape[2])[..., None]  # all tokens but each sentence's last
    beta = torch.cat([_product(right[:, :, 1:], table.transpose(1, 2)), ends[:, :, None].expand_as(right[:, :, :1])], 2)
    beta = torch.where(going, beta, ends[:, :, None])  # backward, without the emission of the token
    shares = alpha * beta
    norm = shares.sum(-1, keepdim=True)
    before = torch.where(going, alpha / norm, 0.0)[:, :, :-1]
    pairs = before.transpose(2, 3) @ torch.where(real, right, 0.0)[:, :, 1:]
    return log_z, torch.where(real, shares / norm, 0.0), pairs * table[:, None]


def _scan(local: Tensor, tables: Tensor, begins: Tensor) -> tuple[Tensor, Tensor]:
    """Sums over all sequences that end in each tag, scaled to 1, and their scales before.

    The shapes are those of `local` and `(scans, batch, tokens, 1)`.

    Args:
        local: factor of each tag at each token `(scans, batch, tokens, tags)`.
        tables: factor of each transition `(scans, tags, tags)`.
        begins: sums at the first token `(scans, batch, tags)`.
    """
    factors = local.permute(2, 0, 1, 3).contiguous()  # a step's numbers lie together
    states = torch.empty_like(factors)
    scales = states.new_empty(*states.shape[:3], 1)
    states[0] = begins
    for step, (state, scale, factor) in enumerate(zip(states, scales, factors, strict=True)):
        if step:
            torch.bmm(states[step - 1], tables, out=state)
            state.mul_(factor)
        torch.sum(state, -1, keepdim=True, out=scale)
        state.div_(scale)
    return states.permute(1, 2, 0, 3), scales.permute(1, 2, 0, 3)


def _product(states: Tensor, tables: Tensor) -> Tensor:
    """States `(encoders, batch, tokens, tags)` one transition further, by each encoder's table."""
    return (states.flatten(1, 2) @ tables).view_as(states)


def best_paths(emissions: Tensor, lengths: Tensor, transitions: Tensor, starts: Tensor, ends: Tensor) -> Tensor:
    """The best-scoring tag sequences (Viterbi 1967), one sentence behind the other `(tokens,)`.

    Args:
        emissions: of the sentences one behind the other, unpadded `(tokens, tags)`.
        lengths: tokens of each sentence `(sentences,)`, at least 1, on the CPU: the sizes of all that follows.
        transitions: score of each transition `(tags, tags)`, `[from, to]`.
        starts: score of each first tag `(tags,)`.
        ends: score of each last tag `(tags,)`.
    """
    device, width = emissions.device, int(lengths.max())
    mask = mask_of(lengths, width)
    flat = torch.zeros(mask.shape, dtype=torch.long).masked_scatter(mask, torch.arange(len(emissions)))
    real = mask.flatten().nonzero().squeeze(1)
    flat, real, last = (part.to(device, non_blocking=True) for part in (flat, real, lengths - 1))
    padded = emissions.double()[flat].transpose(0, 1).contiguous()  # (tokens, sentences, tags)
    moves = transitions.double()
    scores = torch.empty_like(padded)
    pointers = torch.zeros(padded.shape, dtype=torch.long, device=device)
    torch.add(padded[0], starts.double(), out=scores[0])
    for step in range(1, width):
        reached = scores[step - 1][:, :, None] + moves
        torch.max(reached, 1, out=(scores[step], pointers[step]))
        scores[step] += padded[step]
    final = last[None, :, None].expand(1, -1, padded.shape[2])
    tag = (scores.gather(0, final)[0] + ends.double()).argmax(-1)
    found = torch.empty(width, len(lengths), dtype=torch.long, device=device)
    for step in range(width - 1, -1, -1):
        if step < width - 1:  # of a sentence that ends here or before, the last tag stays
            tag = torch.where(step < last, pointers[step + 1].gather(1, tag[:, None]).squeeze(1), tag)
        found[step] = tag
    return found.transpose(0, 1).flatten()[real]
