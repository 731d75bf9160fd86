"""log Z of a linear-chain CRF and the expected use of its scores, for the loss and its gradient.

One forward and one backward sweep in scaled probabilities (Rabiner 1989, section V.A), in float64. A sentence whose
scores are too far apart for scaled probabilities is computed once more with logarithms.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from bilstm_tagger.nn.batch import mask_of
from bilstm_tagger.nn.log_sweeps import SMALLEST, WIDEST, both_in_logs
from bilstm_tagger.nn.numba_ops import compiled

SAME = 1e-6  # relative difference of two sums of the same sequences, beyond which something was lost


def sweeps(
    emissions: Tensor, lengths: Tensor, transitions: Tensor, starts: Tensor, ends: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Log Z, marginals of tags and, for each sentence, sums of those of transitions.

    The shapes are `(batch,)`, `(batch, tokens, tags)` and `(batch, tags, tags)`. All in float64 and on the CPU.

    Args:
        emissions: `(batch, tokens, tags)`; anything where padded.
        lengths: real tokens of each sentence `(batch,)`, at least 1.
        transitions: score of each transition `(tags, tags)`, minus infinity where disallowed.
        starts: score of each first tag `(tags,)`.
        ends: score of each last tag `(tags,)`.
    """
    emissions, transitions, starts, ends = (
        part.detach().cpu().double() for part in (emissions, transitions, starts, ends)
    )
    sizes = lengths.cpu()
    peak = emissions.amax(-1, keepdim=True)
    local = (emissions - peak).exp()  # at most 1
    batch, _, tags = emissions.shape
    log_z = (peak.squeeze(-1) * mask_of(sizes, emissions.shape[1])).sum(1)
    marginals = torch.zeros_like(emissions)
    pairs = torch.zeros(batch, tags, tags, dtype=torch.float64)
    first, last = starts.max(), ends.max()
    arrays = (local, transitions.exp(), (starts - first).exp(), (ends - last).exp(), sizes)
    sound = _close(emissions, peak, sizes, transitions, starts, ends).numpy()
    results = [part.contiguous().numpy() for part in (log_z, marginals, pairs)]
    _forward_backward(*(part.contiguous().numpy() for part in arrays), sound, *results)
    results[0] += float(first)
    results[0] += float(last)
    if not sound.all():
        given = (emissions, transitions, starts, ends, sizes)
        _forward_backward_in_logs(*(part.contiguous().numpy() for part in given), sound, *results)
    return log_z, marginals, pairs


def _close(
    emissions: Tensor, peak: Tensor, lengths: Tensor, transitions: Tensor, starts: Tensor, ends: Tensor
) -> Tensor:
    """Whether all scores of each sentence `(batch,)` are close enough for scaled probabilities."""
    allowed = transitions[transitions > -torch.inf]
    if any(_range(part) > WIDEST for part in (starts, ends)) or bool((allowed.abs() > WIDEST).any()):
        return torch.zeros(len(emissions), dtype=torch.bool)
    if float(emissions.min()) >= float(peak.min()) - WIDEST:  # one look at all, which nearly always is enough
        return torch.ones(len(emissions), dtype=torch.bool)
    below = peak - emissions
    far = ((below > WIDEST) & (below < torch.inf)).any(-1)  # an infinite one is ruled out for good
    return ~(far & mask_of(lengths, emissions.shape[1])).any(1)


def _range(scores: Tensor) -> float:
    """Difference between the highest and the lowest of the scores that are not minus infinity."""
    return float(scores.max() - scores[scores > -torch.inf].min())


@compiled
def _forward_backward(  # type: ignore[no-untyped-def]
    local, table, starts, ends, lengths, sound, log_z, marginals, pairs
):  # pragma: no cover - compiled
    """Adds to `log_z` and fills `marginals` and `pairs`. All but `log_z` are probabilities up to a factor a token.

    A sentence that is not `sound` is left out; one of which float64 has lost something becomes not sound.
    """
    _, width, tags = local.shape
    alpha, totals = np.empty((width, tags)), np.empty(width)
    back = table.T.copy()
    for b in range(len(lengths)):
        if sound[b]:
            given, rows = local[b, : lengths[b]], alpha[: lengths[b]]
            log_z[b] = _forward(given, table, starts, ends, rows, totals, log_z[b])
            sound[b] = log_z[b] > -np.inf and _backward(given, back, ends, rows, totals, marginals[b], pairs[b])
            for i in range(tags):
                for j in range(tags):
                    pairs[b, i, j] *= table[i, j]


@compiled
def _forward(local, table, starts, ends, alpha, totals, log_sum):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Fills `alpha`, with the emission of the token, and by what each row was divided; `log_sum` plus log Z."""
    length, tags = local.shape
    for t in range(length):
        row = alpha[t]
        if t:
            row[:] = 0.0
            for i in range(tags):
                before, move = alpha[t - 1, i], table[i]
                for j in range(tags):
                    row[j] += before * move[j]
        else:
            row[:] = starts
        total = 0.0
        for j in range(tags):
            row[j] *= local[t, j]
            total += row[j]
        if not total > SMALLEST:
            return -np.inf
        log_sum += np.log(total)
        totals[t] = total
        for j in range(tags):
            row[j] /= total
    total = 0.0
    for j in range(tags):
        total += alpha[length - 1, j] * ends[j]
    return log_sum + np.log(total) if total > SMALLEST else -np.inf


@compiled
def _backward(local, back, ends, alpha, totals, marginals, pairs):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Fills `marginals` and `pairs`; whether the sum over all sequences was the same at each token."""
    length, tags = local.shape
    beta, right = ends.copy(), np.empty(tags)  # without the emission of the token and with it
    expected = 0.0
    for t in range(length - 1, -1, -1):
        row, marginal = alpha[t], marginals[t]
        total = 0.0
        for j in range(tags):
            marginal[j] = row[j] * beta[j]
            total += marginal[j]
        if not total > SMALLEST or (t < length - 1 and not abs(total / expected - 1.0) < SAME):
            return False
        for j in range(tags):
            marginal[j] /= total
        if t == 0:
            break
        scale = 0.0
        for j in range(tags):
            right[j] = local[t, j] * beta[j]
            scale = max(scale, right[j])
        expected = total * totals[t] / scale
        beta[:] = 0.0
        for j in range(tags):
            right[j] /= scale
            move = back[j]
            for i in range(tags):
                beta[i] += right[j] * move[i]
        total = 0.0
        for i in range(tags):
            total += alpha[t - 1, i] * beta[i]
        for i in range(tags):
            weight, pair = alpha[t - 1, i] / total, pairs[i]
            for j in range(tags):
                pair[j] += weight * right[j]
    return True


@compiled
def _forward_backward_in_logs(  # type: ignore[no-untyped-def]
    emissions, table, starts, ends, lengths, sound, log_z, marginals, pairs
):  # pragma: no cover - compiled
    """As `_forward_backward`, all of it, for the sentences that are not `sound`."""
    tags = emissions.shape[2]
    for b in range(len(lengths)):
        if sound[b]:
            continue
        length = lengths[b]
        given = emissions[b, :length]
        alpha, beta = np.empty(given.shape), np.empty(given.shape)
        whole = both_in_logs(given, table, starts, ends, alpha, beta)
        log_z[b] = whole
        pairs[b] = 0.0
        for t in range(length):
            for j in range(tags):
                marginals[b, t, j] = min(np.exp(alpha[t, j] + beta[t, j] - whole), 1.0)
                for i in range(tags if t else 0):
                    pairs[b, i, j] += np.exp(alpha[t - 1, i] + table[i, j] + given[t, j] + beta[t, j] - whole)
