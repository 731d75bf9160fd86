"""The best tag sequences of a linear-chain CRF, for sentences that lie one behind the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from bilstm_tagger.nn.numba_ops import compiled
from bilstm_tagger.nn.posteriors import Scores, float64


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
    given, transitions, starts, ends = float64(emissions, scores, temperature)
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
