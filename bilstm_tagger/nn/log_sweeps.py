"""Sweeps with logarithms throughout, for scores too far apart for the scaled probabilities of `posteriors` and
`crf_sweeps`.
"""

from __future__ import annotations

import numpy as np

from bilstm_tagger.nn.numba_ops import compiled

WIDEST = 200.0  # between scores of one step; beyond it a factor may vanish that a later one makes up for
SMALLEST = 1e-280  # a sum of scaled probabilities under which float64 has lost digits


@compiled
def sweeps_in_logs(  # type: ignore[no-untyped-def]
    emissions, table, starts, ends, lengths, sound, best, inside, continues, relabelled, log_z, marginals, spans
):  # pragma: no cover - compiled
    """As `posteriors._sweeps` for the sentences that are not `sound`, with logarithms throughout."""
    tags = emissions.shape[1]
    first = 0
    for b in range(len(lengths)):
        last = first + lengths[b]
        if not sound[b]:
            given = emissions[first:last]
            alpha, beta = np.empty(given.shape), np.empty(given.shape)
            log_z[b] = both_in_logs(given, table, starts, ends, alpha, beta)
            for t in range(last - first):
                for j in range(tags):
                    marginals[first + t, j] = min(np.exp(alpha[t, j] + beta[t, j] - log_z[b]), 1.0)
            if len(relabelled):
                asked = (best[first:last], inside, continues, relabelled)
                _spans_in_logs(asked, given, table, alpha, beta, log_z[b], spans[first:last])
        first = last


@compiled
def both_in_logs(emissions, table, starts, ends, alpha, beta):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Fills `alpha` and `beta` for one sentence; log Z."""
    length, tags = emissions.shape
    terms = np.empty(tags)
    for j in range(tags):
        alpha[0, j] = starts[j] + emissions[0, j]
        beta[length - 1, j] = ends[j]
    for t in range(1, length):
        for j in range(tags):
            for i in range(tags):
                terms[i] = alpha[t - 1, i] + table[i, j]
            alpha[t, j] = _log_sum(terms) + emissions[t, j]
    for t in range(length - 2, -1, -1):
        for i in range(tags):
            for j in range(tags):
                terms[j] = table[i, j] + emissions[t + 1, j] + beta[t + 1, j]
            beta[t, i] = _log_sum(terms)
    for j in range(tags):
        terms[j] = alpha[length - 1, j] + ends[j]
    return _log_sum(terms)


@compiled
def _spans_in_logs(asked, emissions, table, alpha, beta, whole, spans):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """As `_spans`, with logarithms."""
    best, inside, continues, relabelled = asked
    length, tags = emissions.shape
    terms = np.empty(tags)
    for start, end in span_bounds(best, inside, continues):
        for label in range(len(relabelled)):
            names = relabelled[label]
            tag = names[best[start]]
            share = alpha[start, tag]
            for t in range(start + 1, end):
                after = names[best[t]]
                share += table[tag, after] + emissions[t, after]
                tag = after
            if end == length:
                share += beta[end - 1, tag]
            else:
                for j in range(tags):
                    going = table[tag, j] + emissions[end, j] + beta[end, j]
                    terms[j] = -np.inf if continues[tag, j] else going
                share += _log_sum(terms)
            spans[start, label] = min(np.exp(share - whole), 1.0)


@compiled
def _log_sum(terms):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Logarithm of the sum of the exponentials; minus infinity if all are."""
    highest = terms.max()
    if highest == -np.inf:
        return highest
    total = 0.0
    for term in terms:
        total += np.exp(term - highest)
    return highest + np.log(total)


@compiled
def span_bounds(best, inside, continues):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """First token and end of each decoded span of a sentence `(spans, 2)`."""
    bounds = np.empty((len(best), 2), np.int64)
    count = 0
    for t in range(len(best)):
        if inside[best[t]]:
            if t and continues[best[t - 1], best[t]]:
                bounds[count - 1, 1] = t + 1
            else:
                bounds[count] = t, t + 1
                count += 1
    return bounds[:count]
