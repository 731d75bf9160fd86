"""Which documents are tagged together, and which tokens stand in which batch."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain

import numpy as np

from bilstm_tagger.document.document import Document

WINDOW_TOKENS = 64_000  # tokens sorted by length together


def sentence_lengths(bounds: Sequence[Sequence[int]]) -> np.ndarray:
    """Tokens of all sentences of some documents, one document behind the other `(sentences,)`; 0 for empty ones.

    Args:
        bounds: for each document where its sentences begin and end, from 0.
    """
    counts = np.fromiter(map(len, bounds), np.int64, len(bounds))
    every = np.fromiter(chain.from_iterable(bounds), np.int64, counts.sum())
    return np.delete(np.diff(every), counts.cumsum()[:-1] - 1)  # without the steps from one document to the next


def batch_places(lengths: np.ndarray, batch_tokens: int) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Batches of sentences of similar length over the flat line of their tokens.

    Args:
        lengths: tokens of each sentence `(sentences,)`, at least 1.
        batch_tokens: most padded tokens in a batch; a longer sentence is a batch of its own.

    Yields:
        The numbers of the sentences `(batch,)`, the places of their tokens in the flat line `(batch, tokens)`, and the
        mask of the real ones `(batch, tokens)`. Every token is in exactly one batch.
    """
    starts = np.cumsum(lengths) - lengths
    order = np.argsort(lengths, kind="stable")
    last = len(order)
    while last > 0:  # longest first, so that the first one of a batch decides its width
        width = int(lengths[order[last - 1]])
        first = max(0, last - max(1, batch_tokens // width))
        members = order[first:last]
        offsets = np.arange(width)
        mask = offsets < lengths[members][:, None]
        yield members, np.where(mask, starts[members][:, None] + offsets, 0), mask
        last = first


@contextmanager
def collector_paused() -> Iterator[None]:
    """Within it the garbage collector does not search: a window makes many lists and no cycles.

    It searched all documents so far each time some hundred had been made, which took a tenth of the time.
    """
    if not gc.isenabled():  # paused by somebody else, who will go on with it
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def next_window(documents: Iterator[Document], tokens: int) -> list[Document]:
    """The next documents of the stream, together at least `tokens` tokens, or what is left of it."""
    window: list[Document] = []
    count = 0
    for document in documents:
        window.append(document)
        count += len(document.words) or 1  # a long run of empty documents must not pile up
        if count >= tokens:
            break
    return window
