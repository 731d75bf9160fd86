"""Exact probabilities of tags and spans under a linear-chain CRF, for sentences that lie one behind the other.

One forward and one backward sweep in scaled probabilities (Rabiner 1989, section V.A), in float64. Disallowed
transitions have probability 0, so all that is summed over are the sequences that the scheme allows. A sentence whose
numbers are too far apart for scaled probabilities is computed once more with logarithms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from bilstm_tagger.nn.log_sweeps import SMALLEST, WIDEST, span_bounds, sweeps_in_logs
from bilstm_tagger.nn.numba_ops import compiled
from bilstm_tagger.nn.span_tags import SpanTags

Scores = tuple[Tensor, Tensor, Tensor]


@dataclass(frozen=True, slots=True)
class Posteriors:
    """Probabilities of decoded sentences.

    Attributes:
        log_z: logarithm of the sum over all allowed sequences `(sentences,)`.
        marginals: probability of each tag at each token `(tokens, tags)`.
        spans: at the first token of each decoded span the probability that a span with exactly these ends is there, for
            each label `(tokens, labels)`; 0 at all other tokens.
    """

    log_z: np.ndarray
    marginals: np.ndarray
    spans: np.ndarray


def posteriors(
    emissions: Tensor,
    lengths: Tensor,
    scores: Scores,
    *,
    best: np.ndarray,
    span_tags: SpanTags,
    temperature: float = 1.0,
) -> Posteriors:
    """Probabilities of each tag, and of the decoded spans.

    Args:
        emissions: of the sentences one behind the other, unpadded `(tokens, tags)`.
        lengths: tokens of each sentence `(sentences,)`, at least 1.
        scores: of transitions `(tags, tags)`, of first tags `(tags,)` and of last tags `(tags,)`.
        best: decoded tag ids `(tokens,)`, whose spans are asked for.
        span_tags: which tags belong to one span.
        temperature: all scores are divided by it.
    """
    given, transitions, starts, ends = float64(emissions, scores, temperature)
    sizes = lengths.cpu().numpy()
    tokens, tags = given.shape
    log_z = np.zeros(len(sizes))
    marginals = np.zeros((tokens, tags))
    spans = np.zeros((tokens, len(span_tags.relabelled)))
    shift = np.array([transitions.max(), starts.max(), ends.max()])
    tables = (np.exp(transitions - shift[0]), np.exp(starts - shift[1]), np.exp(ends - shift[2]))
    gap = max((part.max() - part[part > -np.inf].min() for part in (transitions, starts, ends)), default=0.0)
    sound = np.full(len(sizes), gap <= WIDEST)
    asked = (best, span_tags.inside, span_tags.continues, span_tags.relabelled)
    _sweeps(given, *tables, shift, sizes, sound, *asked, log_z, marginals, spans)
    if not sound.all():
        sweeps_in_logs(given, transitions, starts, ends, sizes, sound, *asked, log_z, marginals, spans)
    return Posteriors(log_z, marginals, spans)


def float64(emissions: Tensor, scores: Scores, temperature: float) -> list[np.ndarray]:
    """Emissions and scores, divided by the temperature; what is disallowed stays minus infinity."""
    arrays = [part.detach().cpu().double().numpy() for part in (emissions, *scores)]
    return [part / temperature for part in arrays]


@compiled
def _sweeps(  # type: ignore[no-untyped-def]
    emissions, table, starts, ends, shift, lengths, sound, best, inside, continues, relabelled, log_z, marginals, spans
):  # pragma: no cover - compiled
    """Fills `log_z`, `marginals` and `spans`; a sentence that float64 cannot hold is left out and not `sound`."""
    tags = emissions.shape[1]
    longest = lengths.max() if len(lengths) else 0
    local = np.empty((longest, tags))  # exp(emission - peak of the token) / scale of the step
    alpha = np.empty((longest, tags))  # forward, with the emission of the token; sums to 1
    beta = np.empty((longest, tags))  # backward, without it; alpha * beta is the marginal
    back = table.T.copy()
    first = 0
    for b in range(len(lengths)):
        last = first + lengths[b]
        log_sum = _forward(emissions[first:last], table, starts, ends, local, alpha) if sound[b] else -np.inf
        if log_sum == -np.inf:
            sound[b] = False
        else:
            log_z[b] = log_sum + shift[1] + shift[2] + shift[0] * (last - first - 1)
            _backward(last - first, back, alpha[last - first - 1], ends, local, beta)
            for t in range(last - first):
                total = 0.0
                for j in range(tags):
                    share = alpha[t, j] * beta[t, j]
                    marginals[first + t, j] = min(share, 1.0)
                    total += share
                if not abs(total - 1.0) < 1e-6:  # also where an infinite `beta` made it not a number
                    sound[b] = False
            if sound[b] and len(relabelled):
                _spans(best[first:last], inside, continues, relabelled, table, local, alpha, beta, spans[first:last])
        first = last


@compiled
def _forward(emissions, table, starts, ends, local, alpha):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Fills `local` and `alpha` for one sentence; log Z, or minus infinity where float64 cannot hold it."""
    length, tags = emissions.shape
    log_sum = 0.0
    for t in range(length):
        given, row, here = emissions[t], alpha[t], local[t]
        peak = given[0]
        for j in range(1, tags):
            peak = max(peak, given[j])
        for j in range(tags):
            if given[j] - peak < -WIDEST:
                return -np.inf
            here[j] = np.exp(given[j] - peak)
        if t:
            row[:] = 0.0
            for i in range(tags):
                share, step = alpha[t - 1, i], table[i]
                for j in range(tags):
                    row[j] += share * step[j]
        else:
            row[:] = starts
        total = 0.0
        for j in range(tags):
            row[j] *= here[j]
            total += row[j]
        if not total > SMALLEST:
            return -np.inf
        log_sum += np.log(total) + peak
        for j in range(tags):
            row[j] /= total
            here[j] /= total
    total = 0.0
    for j in range(tags):
        total += alpha[length - 1, j] * ends[j]
    return log_sum + np.log(total) if total > SMALLEST else -np.inf


@compiled
def _backward(length, back, alpha, ends, local, beta):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Fills `beta` for one sentence, whose last token has the forward probabilities `alpha`."""
    tags = len(ends)
    total = 0.0
    for j in range(tags):
        total += alpha[j] * ends[j]
    for j in range(tags):
        beta[length - 1, j] = ends[j] / total
    for t in range(length - 2, -1, -1):
        row = beta[t]
        row[:] = 0.0
        for j in range(tags):
            share, step = local[t + 1, j] * beta[t + 1, j], back[j]
            for i in range(tags):
                row[i] += share * step[i]


@compiled
def _spans(best, inside, continues, relabelled, table, local, alpha, beta, spans):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Fills `spans` for one sentence: its tags are there, and the tag behind does not go on with the span."""
    length, tags = len(best), len(table)
    for start, end in span_bounds(best, inside, continues):
        for label in range(len(relabelled)):
            names = relabelled[label]
            tag = names[best[start]]
            share = alpha[start, tag]
            for t in range(start + 1, end):
                after = names[best[t]]
                share *= table[tag, after] * local[t, after]
                tag = after
            if end == length:
                share *= beta[end - 1, tag]
            else:
                total = 0.0
                for j in range(tags):
                    if not continues[tag, j]:
                        total += table[tag, j] * local[end, j] * beta[end, j]
                share *= total
            spans[start, label] = min(share, 1.0)


def softmax(emissions: Tensor, temperature: float = 1.0) -> np.ndarray:
    """Probability of each tag `(tokens, tags)` where any tag may follow any and transitions have no scores."""
    return torch.softmax(emissions.detach().cpu().double() / temperature, -1).numpy()
