"""Scores where not all is annotated: equal to those of the annotated parts alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bilstm_tagger.document.document import Document
from bilstm_tagger.evaluation.counting import headline, score_task
from bilstm_tagger.evaluation.errors import judged_cases
from bilstm_tagger.evaluation.raw import score_raw
from bilstm_tagger.evaluation.scores import SpanScores, TagScores
from bilstm_tagger.schemes.grammar import UNKNOWN, Scheme

Part = tuple[list[str], list[str]]
pieces = st.lists(st.tuples(st.sampled_from("XYZ"), st.sampled_from("XYZ")), min_size=1, max_size=4)


def document(sentences: list[list[str]], scheme: Scheme) -> Document:
    words = [f"w{number}" for number in range(sum(map(len, sentences)))]
    bounds = [0]
    for sentence in sentences:
        bounds.append(bounds[-1] + len(sentence))
    return Document(words, bounds, tags={"t": [tag for each in sentences for tag in each]}, schemes={"t": scheme})


@given(st.lists(pieces, min_size=1, max_size=4))
def test_a11_plain_tags_are_those_that_are_known(parts: list[list[tuple[str, str]]]) -> None:
    gold = [[true for true, _ in part] for part in parts]
    guessed = [[guess for _, guess in part] for part in parts]
    joined = [tag for part in gold for tag in [UNKNOWN, *part]]
    others = [tag for part in guessed for tag in ["X", *part]]
    whole = score_task([document([joined], Scheme.NONE)], [document([others], Scheme.NONE)], "t", known=[])
    alone = score_task([document(gold, Scheme.NONE)], [document(guessed, Scheme.NONE)], "t", known=[])
    assert isinstance(whole, TagScores)
    assert isinstance(alone, TagScores)
    assert (whole.accuracy, whole.tags, whole.confusions) == (alone.accuracy, alone.tags, alone.confusions)


def test_a9_spans_that_touch_unknown_tokens_are_left_out() -> None:
    gold = document([["B-A", "I-A", UNKNOWN, "O", "B-B"], [UNKNOWN, UNKNOWN]], Scheme.BIO)
    predicted = document([["B-A", "I-A", "B-A", "I-A", "B-B"], ["B-A", "O"]], Scheme.BIO)
    scores = score_task([gold], [predicted], "t", known=[])
    assert isinstance(scores, SpanScores)
    assert (scores.micro.predicted, scores.micro.support, scores.micro.correct) == (2, 2, 2)
    assert headline([gold], [predicted], "t") == 1.0
    wrong = document([["B-A", "O", "O", "B-A", "B-B"], ["O", "O"]], Scheme.BIO)
    assert headline([gold], [wrong], "t") == 2 * (1 / 3) * (1 / 2) / (1 / 3 + 1 / 2)


@pytest.mark.parametrize(
    ("scheme", "gold", "predicted", "counted"),
    [  # what of (support, predicted, right) is counted
        (Scheme.BIO, "B-A _ O", "B-A I-A O", (0, 0, 0)),  # it may be the same name
        (Scheme.BIO, "B-A _ O", "B-A O O", (1, 1, 1)),
        (Scheme.BIO, "B-A _ O", "O O O", (1, 0, 0)),
        (Scheme.BIO, "B-A _ O", "O B-A O", (1, 0, 0)),  # what touches no annotated token says nothing of it
        (Scheme.BIO, "B-A _ O", "B-A I-A I-A", (1, 0, 0)),  # O says that no name goes on here
        (Scheme.BIO, "B-A _ O", "B-B I-B O", (1, 0, 0)),  # another label
        (Scheme.BIO, "_ B-A O", "B-A I-A O", (1, 0, 0)),  # B says that a name begins here
        (Scheme.BIO, "_ I-A O", "B-A I-A O", (0, 0, 0)),  # a part of a name is no name
        (Scheme.BIO, "_ I-A O", "O B-A O", (0, 1, 0)),  # and surely begins before it
        (Scheme.BIO, "B-A _ I-A", "B-A I-A I-A", (1, 0, 0)),
        (Scheme.IO, "_ A _", "A A A", (0, 0, 0)),
        (Scheme.IO, "_ A _", "O A O", (1, 1, 1)),
        (Scheme.IOB1, "_ I-A O", "I-A I-A O", (0, 0, 0)),
        (Scheme.IOBES, "S-A _ O", "B-A E-A O", (1, 0, 0)),  # S says that it ends here
        (Scheme.IOBES, "B-A _ O", "B-A E-A O", (0, 0, 0)),
    ],
)
def test_a_name_that_may_go_on_where_nobody_annotated(
    scheme: Scheme, gold: str, predicted: str, counted: tuple[int, int, int]
) -> None:
    true, told = document([gold.split()], scheme), document([predicted.split()], scheme)
    scores = score_task([true], [told], "t", known=[])
    assert isinstance(scores, SpanScores)
    for micro in (scores.micro, scores.conlleval):
        assert (micro.support, micro.predicted, micro.correct) == counted
    cases = judged_cases([true], [told], "t")
    shown = (sum(each.gold is not None for each in cases), sum(each.predicted is not None for each in cases))
    assert (*shown, sum(each.kind is None for each in cases)) == counted
    raw = score_raw([true], [told], "t").micro
    assert (raw.support, raw.predicted, raw.correct) == counted
