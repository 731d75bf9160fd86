"""Scores where not all is annotated: equal to those of the annotated parts alone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bilstm_tagger.document.document import Document
from bilstm_tagger.evaluation.counting import headline, score_task
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
