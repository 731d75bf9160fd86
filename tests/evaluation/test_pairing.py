"""Pairs of gold and predicted spans: kinds as nervaluate counts them, pairings as brute force finds them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import combinations, permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nervaluate.entities import Entity
from nervaluate.strategies import EntityTypeEvaluation, ExactEvaluation, PartialEvaluation, StrictEvaluation

from bilstm_tagger.evaluation.confusion import filled_matrix
from bilstm_tagger.evaluation.pairing import ErrorKind, Pair, kind_of, matrix_of, pair_spans
from bilstm_tagger.schemes.spans import SpanTuple

LABELS = ("PER", "ORG", "LOC")
Spans = list[SpanTuple]


@st.composite
def sentence_spans(draw: st.DrawFn) -> Spans:
    """Spans of a sentence that do not overlap."""
    spans: Spans = []
    end = 0
    for _ in range(draw(st.integers(0, 4))):
        start = end + draw(st.integers(0, 2))
        end = start + draw(st.integers(1, 4))
        spans.append((start, end, draw(st.sampled_from(LABELS))))
    return spans


def theirs(gold: Spans, predicted: Spans, strategy: type[Any]) -> Any:
    made = [[Entity(label=label, start=start, end=end - 1) for start, end, label in each] for each in (gold, predicted)]
    return strategy().evaluate(*made, list(LABELS))[0]


def counted(pairs: list[Pair]) -> Counter[ErrorKind | None]:
    return Counter(kind_of(*pair) for pair in pairs)


@settings(max_examples=300, deadline=None)
@given(sentence_spans(), sentence_spans())
def test_kinds_agree_with_nervaluate(gold: Spans, predicted: Spans) -> None:
    kinds = counted(pair_spans(gold, predicted))
    moved = kinds[ErrorKind.ENDS] + kinds[ErrorKind.BOTH]
    strict = theirs(gold, predicted, StrictEvaluation)
    assert strict.correct == kinds[None]
    assert strict.incorrect == kinds[ErrorKind.LABEL] + moved
    assert (strict.missed, strict.spurious) == (kinds[ErrorKind.MISSED], kinds[ErrorKind.INVENTED])
    exact = theirs(gold, predicted, ExactEvaluation)
    assert (exact.correct, exact.incorrect) == (kinds[None] + kinds[ErrorKind.LABEL], moved)
    partial = theirs(gold, predicted, PartialEvaluation)
    assert (partial.correct, partial.partial) == (kinds[None] + kinds[ErrorKind.LABEL], moved)


def touching(span: SpanTuple, others: Spans) -> int:
    return sum(span[0] < end and start < span[1] for start, end, _ in others)


@settings(max_examples=300, deadline=None)
@given(sentence_spans(), sentence_spans())
def test_types_agree_with_nervaluate_where_no_span_touches_two(gold: Spans, predicted: Spans) -> None:
    if any(touching(span, predicted) > 1 for span in gold) or any(touching(span, gold) > 1 for span in predicted):
        return
    kinds = counted(pair_spans(gold, predicted))
    types = theirs(gold, predicted, EntityTypeEvaluation)
    assert types.correct == kinds[None] + kinds[ErrorKind.ENDS]
    assert types.incorrect == kinds[ErrorKind.LABEL] + kinds[ErrorKind.BOTH]


def pairings(gold: Spans, predicted: Spans) -> Iterator[list[tuple[SpanTuple, SpanTuple]]]:
    """Every way to pair spans that overlap."""
    for size in range(min(len(gold), len(predicted)) + 1):
        for chosen in combinations(gold, size):
            for others in permutations(predicted, size):
                pairs = list(zip(chosen, others, strict=True))
                if all(one[0] < other[1] and other[0] < one[1] for one, other in pairs):
                    yield pairs


def value(pairs: list[tuple[SpanTuple, SpanTuple]]) -> tuple[int, int, int]:
    apart = sum(abs(one[0] - other[0]) + abs(one[1] - other[1]) for one, other in pairs)
    return len(pairs), sum(one[2] == other[2] for one, other in pairs), -apart


@settings(max_examples=200, deadline=None)
@given(sentence_spans(), sentence_spans())
def test_the_pairing_is_the_best_of_all(gold: Spans, predicted: Spans) -> None:
    pairs = pair_spans(gold, predicted)
    assert sorted(true for true, _ in pairs if true) == gold
    assert sorted(told for _, told in pairs if told) == predicted
    both = [(true, told) for true, told in pairs if true and told]
    assert value(both) == max(map(value, pairings(gold, predicted)))
    assert pairs == sorted(pairs, key=lambda pair: min(span for span in pair if span))


@pytest.mark.parametrize(
    ("gold", "predicted", "kind"),
    [
        ((0, 2, "PER"), (0, 2, "PER"), None),
        ((0, 2, "PER"), (0, 2, "LOC"), "wrong label"),
        ((0, 2, "PER"), (1, 2, "PER"), "wrong ends"),
        ((0, 2, "PER"), (1, 3, "LOC"), "wrong label and ends"),
        ((0, 2, "PER"), None, "missed"),
        (None, (0, 2, "PER"), "invented"),
    ],
)
def test_kinds(gold: SpanTuple | None, predicted: SpanTuple | None, kind: str | None) -> None:
    assert kind_of(gold, predicted) == kind
    given, told = [gold] if gold else [], [predicted] if predicted else []
    assert pair_spans(given, told) == [(gold, predicted)]


def test_a_prediction_over_two_spans_stands_for_that_with_its_label() -> None:
    gold = [(0, 2, "PER"), (2, 4, "ORG")]
    assert pair_spans(gold, [(0, 4, "ORG")]) == [((0, 2, "PER"), None), ((2, 4, "ORG"), (0, 4, "ORG"))]


def test_many_spans_that_hang_together() -> None:
    """Each predicted span touches two gold ones, so that a sentence of 4,000 tokens is one cluster."""
    gold = [(start, start + 2, "A") for start in range(0, 800, 2)]
    predicted = [(start, start + 2, "A") for start in range(1, 800, 2)]
    assert counted(pair_spans(gold, predicted)) == {ErrorKind.ENDS: 400}


def test_matrix_equals_sklearn() -> None:
    from sklearn.metrics import confusion_matrix

    gold = ["A", "B", "A", "C", "B", "A", "D"]
    predicted = ["A", "C", "B", "C", "B", "A", "A"]
    rows, columns, counts = filled_matrix(matrix_of(zip(gold, predicted, strict=True)))
    assert rows == columns == ["A", "B", "C", "D"]
    assert counts == confusion_matrix(gold, predicted).tolist()


def test_matrix_has_missed_and_invented_spans_last() -> None:
    matrix = matrix_of([("A", "A"), ("A", ""), ("", "B")])
    assert matrix == {"": {"B": 1}, "A": {"": 1, "A": 1}}
    assert filled_matrix(matrix) == (["A", "B", "none"], ["A", "B", "none"], [[1, 0, 1], [0, 0, 0], [0, 1, 0]])
    assert filled_matrix({}) == ([], [], [])
