"""Where tokens go: sentences into rows, rows into padded batches, and back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

import numpy as np
import torch

from bilstm_tagger.nn.batch import Cuts


def sentence_lengths(bounds: Sequence[Sequence[int]]) -> np.ndarray:
    """Tokens of all sentences of some documents, one document behind the other `(sentences,)`; 0 for empty ones.

    Args:
        bounds: for each document where its sentences begin and end, from 0.
    """
    counts = np.fromiter(map(len, bounds), np.int64, len(bounds))
    every = np.fromiter(chain.from_iterable(bounds), np.int64, counts.sum())
    return np.delete(np.diff(every), counts.cumsum()[:-1] - 1)  # without the steps from one document to the next


def rows_of(lengths: np.ndarray, context: int) -> list[np.ndarray]:
    """The sentences of a document in rows that the encoder reads in one go; empty sentences are left out.

    Args:
        lengths: tokens of each sentence `(sentences,)`.
        context: most tokens of a row of several sentences; 0 for each sentence alone.

    Returns:
        For each row the lengths of its sentences.
    """
    filled = lengths[lengths > 0]
    if not context:
        return list(filled[:, None])
    rows: list[list[int]] = []
    size = 0
    for length in filled.tolist():
        if rows and size + length <= context:
            rows[-1].append(length)
            size += length
        else:
            rows.append([length])
            size = length
    return [np.array(row) for row in rows]


def cut_rows(rows: Sequence[np.ndarray], width: int) -> tuple[Cuts, np.ndarray]:
    """How a padded batch of rows falls into sentences.

    Args:
        rows: for each row the lengths of its sentences.
        width: tokens of the padded rows.

    Returns:
        The cuts, and the mask of the sentences' real tokens `(sentences, tokens)`.
    """
    lengths = np.concatenate(rows)
    starts = np.concatenate([number * width + np.cumsum(row) - row for number, row in enumerate(rows)])
    offsets = np.arange(lengths.max())
    mask = offsets < lengths[:, None]
    places = np.where(mask, starts[:, None] + offsets, 0)
    return Cuts(torch.from_numpy(places), torch.from_numpy(lengths)), mask


def batch_places(lengths: np.ndarray, batch_tokens: int) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Batches of rows of similar length over the flat line of their tokens.

    Args:
        lengths: tokens of each row `(rows,)`, at least 1.
        batch_tokens: most padded tokens in a batch; a longer row is a batch of its own.

    Yields:
        The numbers of the rows `(batch,)`, the places of their tokens in the flat line `(batch, tokens)`, and the mask
        of the real ones `(batch, tokens)`. Every token is in exactly one batch.
    """
    starts = np.cumsum(lengths) - lengths
    order = np.argsort(lengths, kind="stable")
    last = len(order)
    while last > 0:  # longest first, so that the first row of a batch decides its width
        width = int(lengths[order[last - 1]])
        first = max(0, last - max(1, batch_tokens // width))
        members = order[first:last]
        offsets = np.arange(width)
        mask = offsets < lengths[members][:, None]
        yield members, np.where(mask, starts[members][:, None] + offsets, 0), mask
        last = first
