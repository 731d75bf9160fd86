"""A bound on the length of sentences, for text in which none ends: logs, lists of words, speech without punctuation.

Memory and time of the network grow with the longest sentence. What is longer than `MOST` tokens is cut into windows of
at most `WINDOW`, at the best place that is near: a line end, a comma, a space. The places are kept as `seams` of the
document, so that each window can be tagged together with some tokens on its other side.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

MOST = 400  # tokens; longer sentences are nearly always no sentences
WINDOW = 200
OVERLAP = 8  # tokens on each side that a window is tagged with; what is farther hardly changes a tag
_LEAST = WINDOW // 2
_PAUSES = frozenset(",;:)–—、，；：")


def bounded(
    bounds: list[int], text: str, words: Sequence[str], starts: Sequence[int], ends: Sequence[int]
) -> tuple[list[int], frozenset[int]]:
    """Cut sentences that are too long.

    Args:
        bounds: where sentences begin and end, in tokens.
        text: the text.
        words: its tokens.
        starts: where each token begins in the text.
        ends: where each token ends in the text.

    Returns:
        Bounds with those of the windows among them, and the tokens at which a window begins that is not the first one.
    """
    if all(end - start <= MOST for start, end in pairwise(bounds)):
        return bounds, frozenset()
    seams: list[int] = []
    for start, end in pairwise(bounds):
        if end - start <= MOST:
            continue
        while end - start > WINDOW:
            places = range(start + _LEAST, min(start + WINDOW, end - 1) + 1)
            start = max(places, key=lambda at: (_worth(at, text, words, starts, ends), at))
            seams.append(start)
    return sorted({*bounds, *seams}), frozenset(seams)


def _worth(at: int, text: str, words: Sequence[str], starts: Sequence[int], ends: Sequence[int]) -> int:
    """How good a place the beginning of a token is to cut before it."""
    gap = text[ends[at - 1] : starts[at]]
    if "\n" in gap or "\r" in gap:
        return 3
    return 2 if gap and words[at - 1] in _PAUSES else 1 if gap else 0
