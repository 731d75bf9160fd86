"""Linear-chain conditional random field over emissions.

Lafferty, McCallum and Pereira 2001. The probability of tags `y` for emissions `e` is
`exp(start[y1] + sum_t e[t, yt] + sum_t move[yt-1, yt] + end[yn]) / Z`; moves that the scheme forbids have probability
0.

`Z` and its gradient come from one forward and one backward sweep in scaled probabilities (Rabiner 1989, section V.A)
run side by side:
two matrix products a time step for the whole batch, instead of a graph of log-sum-exps.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from bilstm_tagger.nn.batch import mask_of, reversed_places

FORBIDDEN = -1e4  # a score that no sum of real scores can make up for


class CRF(nn.Module):
    """Scores, likelihood, marginals and best path of tag sequences.

    Args:
        moves: True where a tag may follow another `(tags, tags)`, `[from, to]`.
        starts: True where a tag may come first `(tags,)`.
        ends: True where a tag may come last `(tags,)`.
    """

    allowed_moves: Tensor
    allowed_starts: Tensor
    allowed_ends: Tensor

    def __init__(self, moves: Tensor, *, starts: Tensor, ends: Tensor) -> None:
        super().__init__()
        tags = moves.shape[0]
        self.moves = nn.Parameter(torch.zeros(tags, tags))
        self.starts = nn.Parameter(torch.zeros(tags))
        self.ends = nn.Parameter(torch.zeros(tags))
        # Derived from the scheme, so not part of the saved weights.
        self.register_buffer("allowed_moves", moves, persistent=False)
        self.register_buffer("allowed_starts", starts, persistent=False)
        self.register_buffer("allowed_ends", ends, persistent=False)

    def scores(self) -> tuple[Tensor, Tensor, Tensor]:
        """Moves `(tags, tags)`, starts and ends `(tags,)` with the forbidden ones at `FORBIDDEN`."""
        return (
            self.moves.masked_fill(~self.allowed_moves, FORBIDDEN),
            self.starts.masked_fill(~self.allowed_starts, FORBIDDEN),
            self.ends.masked_fill(~self.allowed_ends, FORBIDDEN),
        )

    def log_likelihood(self, emissions: Tensor, tags: Tensor, lengths: Tensor) -> Tensor:
        """Log probability of the gold tags, `(batch,)`.

        Args:
            emissions: `(batch, tokens, tags)`.
            tags: gold tag ids `(batch, tokens)`; anything where padded.
            lengths: real tokens of each sentence `(batch,)`, at least 1.
        """
        moves, starts, ends = self.scores()
        gold = _path_score(emissions, tags, lengths, moves, starts, ends)
        log_z: Tensor = _LogPartition.apply(emissions, lengths, moves, starts, ends)  # type: ignore[no-untyped-call]
        return gold - log_z

    def marginals(self, emissions: Tensor, lengths: Tensor) -> Tensor:
        """Posterior probability of each tag at each token `(batch, tokens, tags)`; 0 where padded."""
        moves, starts, ends = self.scores()
        alpha, beta, _ = _sweeps(emissions, lengths, moves, starts, ends)
        joint = alpha * beta
        joint = joint / joint.sum(-1, keepdim=True).clamp_min(1e-300)
        return joint.masked_fill(~mask_of(lengths, emissions.shape[1])[..., None], 0.0)

    @torch.no_grad()
    def decode(self, emissions: Tensor, lengths: Tensor) -> Tensor:
        """The most probable legal tag sequence of each sentence, `(batch, tokens)`; 0 where padded."""
        return viterbi(emissions, lengths, *self.scores())


def forbid(legal: tuple[Tensor, Tensor, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
    """Scores of moves `(tags, tags)`, starts and ends `(tags,)` that know no preference, only what is legal."""
    moves, starts, ends = (torch.zeros(part.shape).masked_fill(~part, FORBIDDEN) for part in legal)
    return moves, starts, ends


def viterbi(emissions: Tensor, lengths: Tensor, moves: Tensor, starts: Tensor, ends: Tensor) -> Tensor:
    """The best-scoring tag sequence of each sentence (Viterbi 1967), `(batch, tokens)`; 0 where padded.

    One loop over time steps for the whole batch. A sentence that has ended keeps its final scores and points to
    itself, so no step needs to know which sentences are still running.

    Args:
        emissions: `(batch, tokens, tags)`.
        lengths: real tokens of each sentence `(batch,)`.
        moves: score of each move `(tags, tags)`, `[from, to]`.
        starts: score of each first tag `(tags,)`.
        ends: score of each last tag `(tags,)`.
    """
    _, width, count = emissions.shape
    into = moves.t().contiguous()  # [to, from]: the maximum then runs over memory in a row
    score = emissions[:, 0] + starts
    running = mask_of(lengths, width)
    still = torch.arange(count, device=emissions.device)
    pointers = []
    for step in range(1, width):
        best, pointer = (score[:, None, :] + into).max(-1)
        alive = running[:, step, None]
        score = torch.where(alive, best + emissions[:, step], score)
        pointers.append(torch.where(alive, pointer, still))
    tag = (score + ends).argmax(-1)
    path = [tag]
    for pointer in reversed(pointers):
        tag = pointer.gather(1, tag[:, None]).squeeze(1)
        path.append(tag)
    return torch.stack(path[::-1], 1).masked_fill(~running, 0)


def _path_score(
    emissions: Tensor, tags: Tensor, lengths: Tensor, moves: Tensor, starts: Tensor, ends: Tensor
) -> Tensor:
    """Unnormalised score of the given tags `(batch,)`."""
    mask = mask_of(lengths, emissions.shape[1])
    score = (emissions.gather(2, tags[..., None]).squeeze(2) * mask).sum(1)
    score = score + (moves[tags[:, :-1], tags[:, 1:]] * mask[:, 1:]).sum(1)
    last = tags.gather(1, (lengths - 1)[:, None]).squeeze(1)
    return score + starts[tags[:, 0]] + ends[last]


def _sweeps(
    emissions: Tensor, lengths: Tensor, moves: Tensor, starts: Tensor, ends: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Scaled forward and backward probabilities `(batch, tokens, tags)` in float64, and log Z `(batch,)`.

    Both sweeps run in one loop: entry 0 of the stacked state goes left to right, entry 1 right to left
    over the sentence reversed within its own length. float64 leaves 700 nats of room between tags.
    `alpha[t]` includes the emission at `t`, `beta[t]` does not.
    """
    emissions = emissions.double()
    _, width, count = emissions.shape
    mask = mask_of(lengths, width)
    peak = emissions.amax(-1, keepdim=True)
    local = (emissions - peak).exp()  # (batch, tokens, tags), at most 1
    # The backward sweep carries beta[t] * local[t], which obeys the forward recursion with the transposed moves.
    turn = reversed_places(lengths, width)[..., None].expand_as(local)
    both = torch.stack([local, local.gather(1, turn)])
    table = torch.stack([moves.double().exp(), moves.double().exp().t()])
    edge = torch.stack([starts, ends]).double()
    edge_peak = edge.amax(-1, keepdim=True)
    state = (edge - edge_peak).exp()[:, None, :] * both[:, :, 0]
    norm = state.sum(-1, keepdim=True)
    state = state / norm
    states, norms = [state], [norm]
    for step in range(1, width):
        state = torch.bmm(state, table) * both[:, :, step]
        norm = state.sum(-1, keepdim=True)
        state = state / norm
        states.append(state)
        norms.append(norm)
    swept = torch.stack(states, 2)  # (2, batch, tokens, tags)
    log_norm = torch.cat(norms, -1)[0].log()  # (batch, tokens)
    alpha = swept[0]
    last = alpha.gather(1, (lengths - 1)[:, None, None].expand(-1, 1, count)).squeeze(1)
    finish = (last * (edge[1] - edge_peak[1]).exp()).sum(-1).log() + edge_peak.sum()
    log_z = ((log_norm + peak.squeeze(-1)) * mask).sum(1) + finish
    beta = swept[1].gather(1, turn) / local.clamp_min(1e-300)
    return alpha, beta, log_z


class _LogPartition(torch.autograd.Function):
    """log Z, whose gradient is the expected use of each emission, move, start and end (the marginals)."""

    @staticmethod
    def forward(ctx: Any, emissions: Tensor, lengths: Tensor, moves: Tensor, starts: Tensor, ends: Tensor) -> Tensor:
        alpha, beta, log_z = _sweeps(emissions, lengths, moves, starts, ends)
        ctx.save_for_backward(alpha, beta, emissions, lengths, moves)
        return log_z.to(emissions.dtype)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, Tensor, Tensor, Tensor]:
        alpha, beta, emissions, lengths, moves = ctx.saved_tensors
        mask = mask_of(lengths, alpha.shape[1])
        weight = grad.double()[:, None, None] * mask[..., None]
        joint = alpha * beta
        marginal = joint / joint.sum(-1, keepdim=True) * weight
        # Pair marginals are proportional to alpha[t-1] exp(move) local[t] beta[t]; each is normalised, then summed.
        local = (emissions.double() - emissions.double().amax(-1, keepdim=True)).exp()
        table = moves.double().exp()
        right = local[:, 1:] * beta[:, 1:]
        total = torch.einsum("btj,btj->bt", alpha[:, :-1] @ table, right)
        scaled = alpha[:, :-1] * (weight[:, 1:] / total.clamp_min(1e-300)[..., None])
        pair = torch.einsum("bti,btj->ij", scaled, right) * table
        last = marginal.gather(1, (lengths - 1)[:, None, None].expand(-1, 1, marginal.shape[2]))
        dtype = moves.dtype
        return (
            marginal.to(emissions.dtype),
            None,
            pair.to(dtype),
            marginal[:, 0].sum(0).to(dtype),
            last.sum((0, 1)).to(dtype),
        )
