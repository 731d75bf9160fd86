"""Places where annotation and model disagree: what belongs together, what may be wrong, what comes first."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bilstm_tagger.curation.opinions import Opinion
from bilstm_tagger.curation.places import Kind, Place, class_confidence, places, rank, score

SIZE = 8


@st.composite
def spans(draw: st.DrawFn) -> dict[tuple[int, int, str], float | None]:
    found: dict[tuple[int, int, str], float | None] = {}
    place = 0
    while place < SIZE:
        start = place + draw(st.integers(0, 2))
        end = start + draw(st.integers(1, 3))
        if end > SIZE:
            break
        probability = draw(st.one_of(st.none(), st.floats(0, 1)))
        found[start, end, draw(st.sampled_from(["PER", "LOC"]))] = probability
        place = end
    return found


@given(spans(), spans())
def test_each_span_is_in_one_place_and_places_share_no_token(
    annotated: dict[tuple[int, int, str], float | None], read: dict[tuple[int, int, str], float | None]
) -> None:
    found = places(Opinion("0", annotated, read, [0.5] * SIZE))
    tokens = [set(range(place.start, place.end)) for place in found]
    assert sum(map(len, tokens)) == len(set().union(*tokens))
    for side, of in ((annotated, "given"), (read, "found")):
        listed = [span for place in found for span in getattr(place, of)]
        assert len(listed) == len(set(listed))
        assert set(listed) <= set(side)
    if None not in (*annotated.values(), *read.values()):
        assert [span for place in found for span in place.given] == sorted(annotated)
        assert [span for place in found for span in place.found] == sorted(read)
    for place in found:
        for at in range(place.start + 1, place.end):  # nothing in a place falls into two
            assert any(start < at < end for start, end, _ in (*place.given, *place.found))
        assert 0 <= place.confidence <= 1
        assert all(
            side[span] is not None for side, of in ((annotated, place.given), (read, place.found)) for span in of
        )


@pytest.mark.parametrize(
    ("annotated", "read", "kind", "confidence", "alternative"),
    [
        ({(0, 2, "PER"): 0.1}, {(0, 2, "LOC"): 0.8}, Kind.LABEL, 0.1, 0.8),
        ({(0, 2, "PER"): 0.1}, {(0, 3, "PER"): 0.7}, Kind.ENDS, 0.1, 0.7),
        ({(0, 2, "PER"): 0.1}, {(0, 3, "LOC"): 0.7}, Kind.ENDS, 0.1, 0.7),
        ({(0, 1, "PER"): 0.1, (1, 2, "LOC"): 0.3}, {(0, 2, "PER"): 0.6}, Kind.ENDS, 0.1, 0.6),
        ({}, {(1, 3, "LOC"): 0.9}, Kind.DROPPED, 0.1, 0.9),
        ({(1, 3, "LOC"): 0.2}, {}, Kind.INVENTED, 0.2, 0.4),
        ({(1, 3, "LOC"): 0.7}, {(1, 3, "LOC"): 0.7}, Kind.NONE, 0.7, 0.3),
    ],
)
def test_kinds_and_probabilities(
    annotated: dict[tuple[int, int, str], float | None],
    read: dict[tuple[int, int, str], float | None],
    kind: Kind,
    confidence: float,
    alternative: float,
) -> None:
    (place,) = places(Opinion("0", annotated, read, [0.9, 0.4, 0.6]))
    assert place.kind is kind
    assert place.confidence == pytest.approx(confidence)
    assert place.alternative == pytest.approx(alternative)


def test_spans_that_touch_are_two_places() -> None:
    found = places(Opinion("0", {(0, 2, "PER"): 0.1}, {(2, 3, "PER"): 0.5}, [0.5] * 3))
    assert [place.kind for place in found] == [Kind.INVENTED, Kind.DROPPED]


def test_thresholds_are_those_of_confident_learning() -> None:
    thresholds = pytest.importorskip("cleanlab.count").get_confident_thresholds
    import numpy as np

    draw = np.random.default_rng(0)
    labels = draw.integers(0, 3, 60)
    probabilities = draw.dirichlet([1.0] * 3, 60)
    every = [
        Place(str(number), ((0, 1, "ABC"[label]),), ((0, 1, "ABC"[label]),), float(row[label]), 0.0)
        for number, (label, row) in enumerate(zip(labels, probabilities, strict=True))
    ]
    told = class_confidence(every)
    np.testing.assert_allclose([told[name] for name in "ABC"], thresholds(labels, probabilities))


def test_rank_puts_the_surest_contradiction_first_and_leaves_agreement_out() -> None:
    def place(key: str, label: str, confidence: float, alternative: float, *, agrees: bool = False) -> Place:
        other = label if agrees else "X"
        return Place(key, ((0, 1, label),), ((0, 1, other),), confidence, alternative)

    sure, unsure, agreed = (
        place("0", "A", 0.01, 0.98),
        place("1", "A", 0.4, 0.5),
        place("2", "A", 0.99, 0.01, agrees=True),
    )
    # Of two equal doubts the one about a label that is easy to tell comes first.
    easy, hard = place("3", "A", 0.2, 0.7), place("4", "B", 0.2, 0.7)
    easies = [place(f"e{number}", "A", 0.99, 0.01, agrees=True) for number in range(9)]
    ranked = rank([unsure, hard, easy, agreed, sure, *easies])
    assert [each.key for _, each in ranked] == ["0", "3", "4", "1"]
    assert all(math.isfinite(value) for value, _ in ranked)
    assert score(sure, {"A": 1.0}) == pytest.approx(0.97 + 0.5)
