"""Which predicted span stands for which gold span, and what is wrong with it.

A predicted span is paired with a gold span that it overlaps, each with one at most. There are as many pairs as there
can be; among such pairings one is taken with the most equal labels, then with the closest ends. The kinds of errors are
those of MUC-5 (Chinchor and Sundheim 1993) as nervaluate counts them: what is "incorrect" in its strict scheme has
wrong ends, a wrong label or both, the others are "missed" and "spurious".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum

from bilstm_tagger.evaluation.scores import Matrix
from bilstm_tagger.schemes.spans import SpanTuple

__all__ = ["SPAN_ERRORS", "ErrorKind", "Pair", "kind_of", "matrix_of", "pair_spans"]

Pair = tuple[SpanTuple | None, SpanTuple | None]
_Value = tuple[int, int, int]


class ErrorKind(StrEnum):
    """What is wrong."""

    LABEL = "wrong label"
    ENDS = "wrong ends"
    BOTH = "wrong label and ends"
    MISSED = "missed"
    INVENTED = "invented"
    TAG = "wrong tag"


SPAN_ERRORS = (ErrorKind.LABEL, ErrorKind.ENDS, ErrorKind.BOTH, ErrorKind.MISSED, ErrorKind.INVENTED)


def kind_of(gold: SpanTuple | None, predicted: SpanTuple | None) -> ErrorKind | None:
    """The kind of error of a pair; None if it is none."""
    if gold is None or predicted is None:
        return ErrorKind.INVENTED if gold is None else ErrorKind.MISSED
    if gold[:2] == predicted[:2]:
        return None if gold == predicted else ErrorKind.LABEL
    return ErrorKind.ENDS if gold[2] == predicted[2] else ErrorKind.BOTH


def pair_spans(gold: Sequence[SpanTuple], predicted: Sequence[SpanTuple]) -> list[Pair]:
    """Pair the spans of one sentence.

    Args:
        gold: its gold spans, in order; none overlaps another.
        predicted: its predicted spans, in order; none overlaps another.

    Returns:
        The pairs in order of the text; None stands where there is no other span.
    """
    if gold == predicted:
        return list(zip(gold, predicted, strict=True))
    pairs: list[Pair] = []
    for true, told in _clusters(gold, predicted):
        pairs += _pair_cluster(true, told)
    return pairs


def _clusters(
    gold: Sequence[SpanTuple], predicted: Sequence[SpanTuple]
) -> Iterator[tuple[list[SpanTuple], list[SpanTuple]]]:
    """Spans that overlap each other directly or by others in between."""
    spans = sorted([(span, False) for span in gold] + [(span, True) for span in predicted])
    true: list[SpanTuple] = []
    told: list[SpanTuple] = []
    end = -1
    for span, is_predicted in spans:
        if span[0] >= end and (true or told):
            yield true, told
            true, told = [], []
        (told if is_predicted else true).append(span)
        end = max(end, span[1])
    if true or told:
        yield true, told


def _pair_cluster(gold: list[SpanTuple], predicted: list[SpanTuple]) -> list[Pair]:
    """The best pairing of spans that hang together, by an alignment in order, for pairs need never cross."""
    if not gold or not predicted:
        return [(span, None) for span in gold] + [(None, span) for span in predicted]

    sizes = len(gold), len(predicted)
    best: dict[tuple[int, int], _Value] = {sizes: (0, 0, 0)}  # of the gold spans from i and the predicted ones from j
    steps: dict[tuple[int, int], tuple[int, int]] = {}
    for i in range(sizes[0], -1, -1):
        for j in range(sizes[1], -1, -1):
            choices = []
            if i < sizes[0] and j < sizes[1] and _overlap(gold[i], predicted[j]):
                choices.append((_sum(best[i + 1, j + 1], _value(gold[i], predicted[j])), (1, 1)))
            choices += [(best[i + 1, j], (1, 0))] if i < sizes[0] else []
            choices += [(best[i, j + 1], (0, 1))] if j < sizes[1] else []
            if choices:
                best[i, j], steps[i, j] = max(choices, key=lambda choice: choice[0])
    return _walk(gold, predicted, steps)


def _walk(
    gold: list[SpanTuple], predicted: list[SpanTuple], steps: Mapping[tuple[int, int], tuple[int, int]]
) -> list[Pair]:
    """The pairs of an alignment, in order of the text."""
    pairs: list[Pair] = []
    i = j = 0
    while (i, j) in steps:
        by_gold, by_predicted = steps[i, j]
        pairs.append((gold[i] if by_gold else None, predicted[j] if by_predicted else None))
        i, j = i + by_gold, j + by_predicted
    return sorted(pairs, key=lambda pair: min(span for span in pair if span is not None))


def _overlap(one: SpanTuple, other: SpanTuple) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _value(one: SpanTuple, other: SpanTuple) -> _Value:
    """Of a pair: that it is one, that its labels are equal, and how close its ends are."""
    return 1, int(one[2] == other[2]), -abs(one[0] - other[0]) - abs(one[1] - other[1])


def _sum(one: _Value, other: _Value) -> _Value:
    return one[0] + other[0], one[1] + other[1], one[2] + other[2]


def matrix_of(cells: Iterable[tuple[str, str]]) -> Matrix:
    """Count pairs of gold and predicted labels; those that are no span are empty."""
    matrix: Matrix = {}
    for (true, told), count in sorted(Counter(cells).items()):
        matrix.setdefault(true, {})[told] = count
    return matrix
