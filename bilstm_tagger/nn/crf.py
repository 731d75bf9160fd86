"""Linear-chain conditional random field over emissions.

Lafferty, McCallum and Pereira 2001. The probability of tags `y` for emissions `e` is
`exp(start[y1] + sum_t e[t, yt] + sum_t transition[yt-1, yt] + end[yn]) / Z`; transitions that the scheme
disallows have probability 0.

`Z` and its gradient come from one forward and one backward sweep (`crf_sweeps`) instead of a graph of log-sum-exps. The
sweeps and Viterbi are compiled loops on a CPU, and for a GPU those of `crf_scan`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from bilstm_tagger.nn import crf_scan
from bilstm_tagger.nn.batch import mask_of
from bilstm_tagger.nn.crf_sweeps import sweeps
from bilstm_tagger.nn.device import is_queued
from bilstm_tagger.nn.numba_ops import compiled

DISALLOWED = float("-inf")  # a score that no other scores, however large, can make up for


class Transitions(NamedTuple):
    """Which transitions a scheme allows.

    Attributes:
        pairs: whether a tag may follow another `(tags, tags)`, `[from, to]`.
        starts: whether a tag may come first `(tags,)`.
        ends: whether a tag may come last `(tags,)`.
    """

    pairs: Tensor
    starts: Tensor
    ends: Tensor

    def without_preference(self) -> tuple[Tensor, Tensor, Tensor]:
        """Scores that say no more than what is allowed, in the order of the attributes."""
        pairs, starts, ends = (
            torch.zeros(part.shape, device=part.device).masked_fill(~part, DISALLOWED) for part in self
        )
        return pairs, starts, ends


class CRF(nn.Module):
    """Scores, likelihood, marginals and best path of tag sequences.

    Args:
        allowed: the transitions that the scheme allows; all others have probability 0.
    """

    allowed: Tensor
    allowed_starts: Tensor
    allowed_ends: Tensor

    def __init__(self, allowed: Transitions) -> None:
        super().__init__()
        tags = len(allowed.starts)
        self.transitions = nn.Parameter(torch.zeros(tags, tags))
        self.start_transitions = nn.Parameter(torch.zeros(tags))
        self.end_transitions = nn.Parameter(torch.zeros(tags))
        # Derived from the scheme, so not part of the saved weights.
        self.register_buffer("allowed", allowed.pairs, persistent=False)
        self.register_buffer("allowed_starts", allowed.starts, persistent=False)
        self.register_buffer("allowed_ends", allowed.ends, persistent=False)

    def scores(self) -> tuple[Tensor, Tensor, Tensor]:
        """Transitions `(tags, tags)`, starts and ends `(tags,)` with the disallowed ones at `DISALLOWED`."""
        transitions, starts, ends = (part[0] for part in _stacked([self]))
        return transitions, starts, ends

    def log_likelihood(self, emissions: Tensor, tags: Tensor, lengths: Tensor) -> Tensor:
        """Log probability of the gold tags, `(batch,)`.

        Args:
            emissions: `(batch, tokens, tags)`.
            tags: gold tag ids `(batch, tokens)`; anything where padded.
            lengths: real tokens of each sentence `(batch,)`, at least 1.
        """
        return log_likelihoods([self], emissions[None], tags, lengths)[0]

    def log_likelihood_of_sets(self, emissions: Tensor, allowed: Tensor, lengths: Tensor) -> Tensor:
        """Log probability of all sequences that are made of allowed tags, `(batch,)` (Tsuboi et al. 2008).

        Args:
            emissions: `(batch, tokens, tags)`.
            allowed: which tags each token may have `(batch, tokens, tags)`, at least one legal sequence for each
                sentence; anything where padded.
            lengths: real tokens of each sentence `(batch,)`, at least 1.
        """
        return log_likelihoods_of_sets([self], emissions[None], allowed, lengths)[0]

    @torch.no_grad()
    def marginals(self, emissions: Tensor, lengths: Tensor) -> Tensor:
        """Posterior probability of each tag at each token `(batch, tokens, tags)`; 0 where padded."""
        scores = [part[None] for part in self.scores()]
        return _sweeps(emissions[None], lengths, *scores)[1][0].to(emissions)

    @torch.no_grad()
    def decode(self, emissions: Tensor, lengths: Tensor) -> Tensor:
        """The most probable legal tag sequences, one sentence behind the other `(tokens,)`; arguments as `viterbi`."""
        return viterbi(emissions, lengths, *self.scores())


def log_likelihoods(crfs: Sequence[CRF], emissions: Tensor, tags: Tensor, lengths: Tensor) -> Tensor:
    """Log probability of the gold tags by each encoder `(encoders, batch)`.

    Args:
        crfs: one for each encoder of an ensemble.
        emissions: `(encoders, batch, tokens, tags)`.
        tags: gold tag ids `(batch, tokens)`; anything where padded.
        lengths: real tokens of each sentence `(batch,)`, at least 1.
    """
    scores = _stacked(crfs)
    log_z: Tensor = _LogPartition.apply(emissions, lengths, *scores)  # type: ignore[no-untyped-call]
    return _path_score(emissions, tags, lengths, *scores) - log_z


def log_likelihoods_of_sets(crfs: Sequence[CRF], emissions: Tensor, allowed: Tensor, lengths: Tensor) -> Tensor:
    """Log probability of all sequences that are made of allowed tags by each encoder `(encoders, batch)`.

    Arguments as of `log_likelihoods` and `CRF.log_likelihood_of_sets`.
    """
    both = torch.cat([emissions.masked_fill(~allowed, -torch.inf), emissions], 1)
    log_z: Tensor = _LogPartition.apply(both, lengths.repeat(2), *_stacked(crfs))  # type: ignore[no-untyped-call]
    log_allowed, log_all = log_z.chunk(2, 1)
    return log_allowed - log_all


def _stacked(crfs: Sequence[CRF]) -> tuple[Tensor, Tensor, Tensor]:
    """Scores of several CRFs that allow the same, disallowed ones at `DISALLOWED`: `(encoders, tags, tags)`, and
    `(encoders, tags)` twice.
    """
    first = crfs[0]
    return (
        torch.stack([crf.transitions for crf in crfs]).masked_fill(~first.allowed, DISALLOWED),
        torch.stack([crf.start_transitions for crf in crfs]).masked_fill(~first.allowed_starts, DISALLOWED),
        torch.stack([crf.end_transitions for crf in crfs]).masked_fill(~first.allowed_ends, DISALLOWED),
    )


def viterbi(emissions: Tensor, lengths: Tensor, transitions: Tensor, starts: Tensor, ends: Tensor) -> Tensor:
    """The best-scoring tag sequences (Viterbi 1967), one sentence behind the other `(tokens,)`.

    Args:
        emissions: of the sentences one behind the other, unpadded `(tokens, tags)`.
        lengths: tokens of each sentence `(sentences,)`, at least 1.
        transitions: score of each transition `(tags, tags)`, `[from, to]`.
        starts: score of each first tag `(tags,)`.
        ends: score of each last tag `(tags,)`.
    """
    if is_queued(emissions.device):
        return crf_scan.best_paths(emissions, lengths.cpu(), transitions, starts, ends)
    scores = [part.float().contiguous().cpu().numpy() for part in (emissions, transitions, starts, ends)]
    best = torch.empty(len(emissions), dtype=torch.long)
    _viterbi(*scores, lengths.cpu().numpy(), best.numpy())
    return best.to(emissions.device)


@compiled
def _viterbi(emissions, transitions, starts, ends, lengths, found):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    tags = emissions.shape[1]
    longest = lengths.max() if len(lengths) else 0
    pointers = np.empty((longest, tags), np.int32)
    score, best = np.empty(tags, np.float32), np.empty(tags, np.float32)
    at = 0
    for length in lengths:
        for j in range(tags):
            score[j] = emissions[at, j] + starts[j]
        for step in range(1, length):
            pointer = pointers[step]
            for j in range(tags):
                best[j] = score[0] + transitions[0, j]
                pointer[j] = 0
            for i in range(1, tags):
                before, row = score[i], transitions[i]
                for j in range(tags):
                    reached = before + row[j]
                    better = reached > best[j]
                    best[j] = reached if better else best[j]
                    pointer[j] = i if better else pointer[j]
            highest = best.max()  # taken off: in a long sentence sums would grow until their ends are lost in rounding
            for j in range(tags):
                score[j] = best[j] - highest + emissions[at + step, j]
        tag = np.argmax(score + ends)
        for step in range(length - 1, -1, -1):
            found[at + step] = tag
            if step:
                tag = pointers[step, tag]
        at += length


def _path_score(
    emissions: Tensor, tags: Tensor, lengths: Tensor, transitions: Tensor, starts: Tensor, ends: Tensor
) -> Tensor:
    """Unnormalised score of the given tags `(encoders, batch)`; arguments as of `log_likelihoods`."""
    encoders, _, width, count = emissions.shape
    mask = mask_of(lengths, width)
    each = tags.expand(encoders, -1, -1)
    score = (emissions.gather(3, each[..., None]).squeeze(3) * mask).sum(2)
    moves = transitions.flatten(1).gather(1, (each[:, :, :-1] * count + each[:, :, 1:]).flatten(1))
    score = score + moves.view_as(each[:, :, 1:]).where(mask[:, 1:], 0.0).sum(2)  # where padded one may be disallowed
    last = each.gather(2, (lengths - 1)[None, :, None].expand(encoders, -1, 1)).squeeze(2)
    return score + starts.gather(1, each[:, :, 0]) + ends.gather(1, last)


def _sweeps(
    emissions: Tensor, lengths: Tensor, transitions: Tensor, starts: Tensor, ends: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Log Z, marginals of tags and, for each sentence, sums of those of transitions, as in `crf_scan.sweeps`."""
    if is_queued(emissions.device):
        return crf_scan.sweeps(emissions, lengths, (transitions, starts, ends))
    each = [sweeps(one, lengths, *scores) for one, *scores in zip(emissions, transitions, starts, ends, strict=True)]
    log_z, marginals, pairs = (torch.stack(part) for part in zip(*each, strict=True))
    return log_z, marginals, pairs


class _LogPartition(torch.autograd.Function):
    """log Z, whose gradient is the expected use of each emission, transition, start and end (the marginals)."""

    @staticmethod
    def forward(
        ctx: Any, emissions: Tensor, lengths: Tensor, transitions: Tensor, starts: Tensor, ends: Tensor
    ) -> Tensor:
        log_z, marginals, pairs = _sweeps(emissions, lengths, transitions, starts, ends)
        ctx.save_for_backward(marginals, pairs, lengths)
        return log_z.to(emissions)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, Tensor, Tensor, Tensor]:
        marginals, pairs, lengths = ctx.saved_tensors
        weight = grad.detach().to(marginals)[..., None, None]
        used = marginals * weight
        last = (lengths.to(used.device) - 1)[None, :, None, None].expand(len(used), -1, 1, used.shape[3])
        found = (used, (pairs * weight).sum(1), used[:, :, 0].sum(1), used.gather(2, last).sum((1, 2)))
        emissions, *others = (part.to(grad) for part in found)
        return emissions, None, *others
