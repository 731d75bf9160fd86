"""The sweeps of the CRF and Viterbi for GPUs: a scan over tokens that does all sentences of all encoders in one step.

The same sums as the compiled loops of `crf_sweeps`, in float64, of operations on whole tensors alone: nothing is copied
to the host, and nothing waits for it. So nothing can be computed once more where scaled probabilities have lost
something, and all is in logarithms from the start. A step is three operations, as few as with scaled probabilities.
"""

from __future__ import annotations

import torch
from torch import Tensor

from bilstm_tagger.nn.batch import mask_of, reversed_places

Scores = tuple[Tensor, Tensor, Tensor]

TOGETHER = 256  # tokens whose scores are summed before the highest sum is taken off
MOST = 2**26  # transitions looked at together, of all sentences: half a gigabyte


def sweeps(emissions: Tensor, lengths: Tensor, scores: Scores) -> Scores:
    """Log Z, marginals of tags and, for each sentence, sums of those of transitions.

    The shapes are `(encoders, batch)`, `(encoders, batch, tokens, tags)` and `(encoders, batch, tags, tags)`, float64.

    Args:
        emissions: `(encoders, batch, tokens, tags)`; anything where padded.
        lengths: real tokens of each sentence `(batch,)`, at least 1.
        scores: of transitions `(encoders, tags, tags)`, of first and of last tags `(encoders, tags)`, minus infinity
            where disallowed.
    """
    encoders, batch, _, tags = emissions.shape
    together = max(1, MOST // (2 * encoders * tags**2))
    if batch > together:  # of hundreds of tags
        parts = zip(torch.split(emissions, together, 1), torch.split(lengths, together), strict=True)
        found = zip(*(sweeps(*part, scores) for part in parts), strict=True)
        log_z, marginals, pairs = (torch.cat(part, 1) for part in found)
        return log_z, marginals, pairs
    given, transitions, starts, ends = (part.detach().double() for part in (emissions, *scores))
    real = mask_of(lengths, given.shape[2])[..., None]
    given = torch.where(real, given, 0.0)
    back = reversed_places(lengths, given.shape[2])[..., None].expand_as(given)
    turned = given.gather(2, back)
    begins = (starts[:, None] + given[:, :, 0], ends[:, None] + turned[:, :, 0])
    tables = (transitions.transpose(1, 2), transitions)  # from the tags before, and from those behind
    states = _scan(torch.cat([given, turned]), torch.cat(tables), torch.cat(begins))
    left, right = states.chunk(2)  # forward and backward, both with the emission of the token
    right = right.gather(2, back)
    at_end = (lengths - 1)[None, :, None, None].expand(encoders, -1, 1, tags)
    whole = left.gather(2, at_end).squeeze(2) + ends[:, None]
    pairs, used = _transitions(left, right, transitions, lengths - 1)
    return whole.logsumexp(-1), used.scatter(2, at_end, whole.softmax(-1)[:, :, None]), pairs


def _scan(given: Tensor, tables: Tensor, begins: Tensor) -> Tensor:
    """Log sums over all sequences that end in each tag, in the shape of `given`.

    Args:
        given: score of each tag at each token `(scans, batch, tokens, tags)`.
        tables: score of each transition `(scans, tags, tags)`, `[to, from]`.
        begins: scores at the first token `(scans, batch, tags)`.
    """
    rows = given.permute(2, 0, 1, 3).contiguous()  # a step's numbers lie together
    states = torch.empty_like(rows)
    states[0] = begins
    reached = rows.new_empty(*rows.shape[1:], rows.shape[3])  # (scans, batch, to, from)
    sums = torch.empty_like(reached)
    tables, last = tables[:, None], sums[..., -1]
    for before, row, state in zip(states[:-1, :, :, None], rows[1:], states[1:], strict=True):
        torch.add(before, tables, out=reached)
        torch.logcumsumexp(reached, -1, out=sums)  # the last of which is the sum; one operation, unlike logsumexp
        torch.add(last, row, out=state)
    return states.permute(1, 2, 0, 3)


def _transitions(left: Tensor, right: Tensor, transitions: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
    """Marginals of transitions, summed over each sentence, and of the tags that they begin at; 0 behind the last.

    The shapes are `(encoders, batch, tags, tags)` and that of `left`.

    Args:
        left: log sums forward, with the emission of the token `(encoders, batch, tokens, tags)`.
        right: log sums backward.
        transitions: score of each transition `(encoders, tags, tags)`.
        counts: transitions of each sentence `(batch,)`.
    """
    encoders, batch, width, tags = left.shape
    going = mask_of(counts, width)[..., None]
    pairs = left.new_zeros(encoders, batch, tags, tags)
    used = torch.zeros_like(left)
    together = max(1, MOST // pairs.numel())
    for first in range(0, width - 1, together):
        last = min(first + together, width - 1)
        joint = left[:, :, first:last, :, None] + right[:, :, first + 1 : last + 1, None] + transitions[:, None, None]
        shares = joint.flatten(3).softmax(-1).view_as(joint)
        shares = torch.where(going[:, first:last, :, None], shares, 0.0)
        pairs += shares.sum(2)
        used[:, :, first:last] = shares.sum(-1)
    return pairs, used


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
    given = emissions.double()
    given = given - given.amax(-1, keepdim=True)  # the same for all sequences, and more than tells them apart
    padded = given[flat].transpose(0, 1).contiguous()  # (tokens, sentences, tags)
    moves = transitions.double()
    scores = torch.empty_like(padded)
    pointers = torch.zeros(padded.shape, dtype=torch.long, device=device)
    torch.add(padded[0], starts.double(), out=scores[0])
    for step in range(1, width):
        reached = scores[step - 1][:, :, None] + moves
        torch.max(reached, 1, out=(scores[step], pointers[step]))
        scores[step] += padded[step]
        if step % TOGETHER == 0:  # so that sums do not grow until their ends are lost in rounding
            scores[step] -= scores[step].amax(-1, keepdim=True)
    final = last[None, :, None].expand(1, -1, padded.shape[2])
    tag = (scores.gather(0, final)[0] + ends.double()).argmax(-1)
    found = torch.empty(width, len(lengths), dtype=torch.long, device=device)
    for step in range(width - 1, -1, -1):
        if step < width - 1:  # of a sentence that ends here or before, the last tag stays
            tag = torch.where(step < last, pointers[step + 1].gather(1, tag[:, None]).squeeze(1), tag)
        found[step] = tag
    return found.transpose(0, 1).flatten()[real]
