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

from bilstm_tagger.nn.crf import DISALLOWED
from bilstm_tagger.nn.numba_ops import compiled
from bilstm_tagger.nn.span_tags import SpanTags

Scores = tuple[Tensor, Tensor, Tensor]

SMALLEST = 1e-280  # a sum of scaled probabilities under which float64 has lost digits


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
    given, transitions, starts, ends = _float64(emissions, scores, temperature)
    sizes = lengths.cpu().numpy()
    tokens, tags = given.shape
    log_z = np.zeros(len(sizes))
    marginals = np.zeros((tokens, tags))
    spans = np.zeros((tokens, len(span_tags.relabelled)))
    shift = np.array([transitions.max(), starts.max(), ends.max()])
    tables = (np.exp(transitions - shift[0]), np.exp(starts - shift[1]), np.exp(ends - shift[2]))
    sound = np.ones(len(sizes), np.bool_)
    asked = (best, span_tags.inside, span_tags.continues, span_tags.relabelled)
    _sweeps(given, *tables, shift, sizes, sound, *asked, log_z, marginals, spans)
    if not sound.all():
        _sweeps_in_logs(given, transitions, starts, ends, sizes, sound, *asked, log_z, marginals, spans)
    return Posteriors(log_z, marginals, spans)


def _float64(emissions: Tensor, scores: Scores, temperature: float) -> list[np.ndarray]:
    """Emissions and scores, divided by the temperature, in which what is disallowed is minus infinity."""
    arrays = [part.detach().cpu().double().numpy() for part in (emissions, *scores)]
    allowed = (np.where(part <= DISALLOWED, -np.inf, part) for part in arrays[1:])
    return [part / temperature for part in (arrays[0], *allowed)]


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
        log_sum = _forward(emissions[first:last], table, starts, ends, local, alpha)
        if log_sum == -np.inf:
            sound[b] = False
        else:
            log_z[b] = log_sum + shift[1] + shift[2] + shift[0] * (last - first - 1)
            _backward(last - first, back, alpha[last - first - 1], ends, local, beta)
            for t in range(last - first):
                for j in range(tags):
                    marginals[first + t, j] = min(alpha[t, j] * beta[t, j], 1.0)
            if len(relabelled):
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
def _span_end(best, start, continues):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """End of the decoded span that begins at a token."""
    end = start + 1
    while end < len(best) and continues[best[end - 1], best[end]]:
        end += 1
    return end


@compiled
def _spans(best, inside, continues, relabelled, table, local, alpha, beta, spans):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Fills `spans` for one sentence: its tags are there, and the tag behind does not go on with the span."""
    length, tags = len(best), len(table)
    start = 0
    while start < length:
        if not inside[best[start]]:
            start += 1
            continue
        end = _span_end(best, start, continues)
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
        start = end


@compiled
def _sweeps_in_logs(  # type: ignore[no-untyped-def]
    emissions, table, starts, ends, lengths, sound, best, inside, continues, relabelled, log_z, marginals, spans
):  # pragma: no cover - compiled
    """As `_sweeps` for the sentences that are not `sound`, with logarithms throughout."""
    tags = emissions.shape[1]
    first = 0
    for b in range(len(lengths)):
        last = first + lengths[b]
        if not sound[b]:
            given = emissions[first:last]
            alpha, beta = np.empty(given.shape), np.empty(given.shape)
            log_z[b] = _both_in_logs(given, table, starts, ends, alpha, beta)
            for t in range(last - first):
                for j in range(tags):
                    marginals[first + t, j] = min(np.exp(alpha[t, j] + beta[t, j] - log_z[b]), 1.0)
            if len(relabelled):
                asked = (best[first:last], inside, continues, relabelled)
                _spans_in_logs(asked, given, table, alpha, beta, log_z[b], spans[first:last])
        first = last


@compiled
def _both_in_logs(emissions, table, starts, ends, alpha, beta):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
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
    start = 0
    while start < length:
        if not inside[best[start]]:
            start += 1
            continue
        end = _span_end(best, start, continues)
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
        start = end


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


@dataclass(frozen=True, slots=True)
class NBest:
    """The best allowed sequences of some sentences, the best first.

    Attributes:
        tags: tag ids `(n, tokens)`; -1 where a sentence has fewer sequences.
        log_probabilities: of each sequence `(sentences, n)`; minus infinity where there is none.
    """

    tags: np.ndarray
    log_probabilities: np.ndarray


def n_best(
    emissions: Tensor, lengths: Tensor, scores: Scores, n: int, log_z: np.ndarray, *, temperature: float = 1.0
) -> NBest:
    """The `n` best allowed sequences of each sentence (list Viterbi; Seshadri and Sundberg 1994, the parallel form).

    Args:
        emissions: of the sentences one behind the other, unpadded `(tokens, tags)`.
        lengths: tokens of each sentence `(sentences,)`, at least 1.
        scores: of transitions `(tags, tags)`, of first tags `(tags,)` and of last tags `(tags,)`.
        n: how many sequences.
        log_z: logarithm of the sum over all allowed sequences, as `posteriors` gives it `(sentences,)`.
        temperature: all scores are divided by it.
    """
    given, transitions, starts, ends = _float64(emissions, scores, temperature)
    sizes = lengths.cpu().numpy()
    tags = np.full((n, len(given)), -1, np.int64)
    totals = np.full((len(sizes), n), -np.inf)
    _list_viterbi(given, transitions, starts, ends, sizes, tags, totals)
    return NBest(tags, totals - log_z[:, None])


@compiled
def _list_viterbi(emissions, table, starts, ends, lengths, sequences, totals):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Fills the tags of the best sequences `(n, tokens)` and their scores `(sentences, n)`."""
    tags, n = emissions.shape[1], len(sequences)
    longest = lengths.max() if len(lengths) else 0
    score = np.empty((longest, tags, n))  # of the best partial sequences that end in a tag, the best first
    origin = np.empty((longest, tags, n), np.int64)  # tag before * n + rank of its partial sequence
    first = 0
    for b in range(len(lengths)):
        length = lengths[b]
        score[:length] = -np.inf
        for j in range(tags):
            score[0, j, 0] = starts[j] + emissions[first, j]
        for t in range(1, length):
            for j in range(tags):
                kept, whence = score[t, j], origin[t, j]
                for i in range(tags):
                    step = table[i, j] + emissions[first + t, j]
                    if step == -np.inf:
                        continue
                    for rank in range(n):
                        total = score[t - 1, i, rank] + step
                        if not total > kept[n - 1]:
                            break  # those of lower rank are no better
                        _insert(kept, whence, total, i * n + rank)
        last, whence = np.full(n, -np.inf), np.empty(n, np.int64)
        for i in range(tags):
            for rank in range(n):
                total = score[length - 1, i, rank] + ends[i]
                if not total > last[n - 1]:
                    break
                _insert(last, whence, total, i * n + rank)
        for k in range(n):
            if last[k] == -np.inf:
                break
            totals[b, k] = last[k]
            place = whence[k]
            for t in range(length - 1, -1, -1):
                tag, rank = place // n, place % n
                sequences[k, first + t] = tag
                if t:
                    place = origin[t, tag, rank]
        first += length


@compiled
def _insert(kept, whence, total, place):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Puts a score into its place among descending ones; the last one drops out."""
    at = len(kept) - 1
    while at > 0 and total > kept[at - 1]:
        kept[at], whence[at] = kept[at - 1], whence[at - 1]
        at -= 1
    kept[at], whence[at] = total, place


def softmax(emissions: Tensor, temperature: float = 1.0) -> np.ndarray:
    """Probability of each tag `(tokens, tags)` where any tag may follow any and transitions have no scores."""
    return torch.softmax(emissions.detach().cpu().double() / temperature, -1).numpy()
