"""Probabilities of pieces and spans, spans left out by them, and rows of names: by hand, and by sums over all."""

from __future__ import annotations

from itertools import pairwise
from math import inf
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bilstm_tagger.document.document import Document
from bilstm_tagger.document.entities import Entity, entities_of, span_tasks
from bilstm_tagger.document.probabilities import Probabilities, TagSequence
from bilstm_tagger.document.probable import check_least, keep_probable
from bilstm_tagger.errors import ConfigError, CorpusError
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.schemes.spans import spans_to_tags

SPANS = [[(0, 2, "PER"), (2, 3, "LOC")], [(1, 2, "PER"), (2, 4, "PER")]]  # of two sentences with 4 tokens each
SHARES = {0: (0.75, 0.125), 2: (0.25, 0.5), 5: (0.5, 0.25), 6: (0.9375, 0.0)}  # of PER and LOC, by first token


def document(scheme: Scheme = Scheme.BIO, *, known: bool = True, **more: Any) -> Document:
    words = [f"w{number}" for number in range(8)]
    tags = [tag for spans in SPANS for tag in spans_to_tags(spans, 4, scheme)]
    made = Document(words, [0, 4, 8], tags={"ner": tags, "pos": ["X"] * 8}, schemes={"ner": scheme}, **more)
    if not known:
        return made
    return made.with_tags(made.tags, made.schemes, probabilities={"ner": probabilities()})


def probabilities() -> Probabilities:
    spans = np.zeros((8, 2))
    for token, shares in SHARES.items():
        spans[token] = shares
    return Probabilities(("O", "B-PER", "I-PER"), np.arange(24).reshape(8, 3) / 32, ("PER", "LOC"), spans)


def test_a_part_has_the_rows_of_its_tokens() -> None:
    whole = probabilities()
    part = whole.part(2, 5)
    assert (part.tags, part.labels, part.n_best) == (whole.tags, whole.labels, None)
    np.testing.assert_array_equal(part.marginals, whole.marginals[2:5])
    np.testing.assert_array_equal(part.spans, whole.spans[2:5])


@given(st.lists(st.integers(0, 8), max_size=3).map(sorted))
def test_parts_are_joined_to_the_whole(cuts: list[int]) -> None:
    whole = probabilities()
    joined = Probabilities.joined([whole.part(first, last) for first, last in pairwise([0, *cuts, 8])])
    assert (joined.tags, joined.labels, joined.n_best) == (whole.tags, whole.labels, None)
    np.testing.assert_array_equal(joined.marginals, whole.marginals)
    np.testing.assert_array_equal(joined.spans, whole.spans)


def test_sequences_of_parts_follow_each_other() -> None:
    def part(*shares: float) -> Probabilities:
        n_best = [[TagSequence(share, ["O"])] for share in shares]
        return Probabilities(("O",), np.ones((len(shares), 1)), (), np.zeros((len(shares), 0)), n_best)

    joined = Probabilities.joined([part(0.5, 0.25), part(0.125)])
    assert [sequence.probability for each in joined.n_best or () for sequence in each] == [0.5, 0.25, 0.125]


def test_probabilities_of_tokens_and_spans() -> None:
    known = probabilities()
    assert list(known.of_token(2).items()) == [("I-PER", 0.25), ("B-PER", 7 / 32), ("O", 6 / 32)]
    assert known.token(2, "B-PER") == 7 / 32
    assert known.span(2, 3, "LOC") == 0.5
    assert list((known.of_span(2, 3) or {}).items()) == [("LOC", 0.5), ("PER", 0.25)]
    assert known.span(5, 7, "PER") is None  # two spans of the model
    assert known.of_span(5, 7) is None
    assert known.span(1, 2, "PER") is None  # none begins there


@pytest.mark.parametrize("scheme", [Scheme.BIO, Scheme.IOB1, Scheme.IOBES, Scheme.BMES, Scheme.BILOU])
@pytest.mark.parametrize("least", [0, 0.5, 0.50001, 0.75, 1, {"PER": 0.8}, {"LOC": inf}, {"PER": 0.6, "LOC": 0.4}, inf])
def test_spans_less_probable_are_left_out(scheme: Scheme, least: Any) -> None:
    given_ = document(scheme)
    kept = keep_probable(given_, least)

    def wanted(token: int, label: str) -> bool:
        bound = least.get(label, 0) if isinstance(least, dict) else least
        return SHARES[token][("PER", "LOC").index(label)] >= bound

    expected = [
        tag
        for first, spans in zip((0, 4), SPANS, strict=True)
        for tag in spans_to_tags([span for span in spans if wanted(first + span[0], span[2])], 4, scheme)
    ]
    assert kept.tags == {"ner": expected, "pos": ["X"] * 8}
    assert kept.probabilities == given_.probabilities
    assert kept.schemes == given_.schemes


def test_a_span_of_unknown_probability_stays_where_anything_does() -> None:
    given_ = document()
    known = probabilities()
    known.spans[2] = 0.0
    given_ = given_.with_tags(given_.tags, given_.schemes, probabilities={"ner": known})
    assert keep_probable(given_, {"PER": 0.5}).tags["ner"][2] == "B-LOC"
    assert keep_probable(given_, 0.001).tags["ner"][2] == "O"
    with pytest.raises(CorpusError, match=r"^the document has no probabilities; tag with probabilities=True$"):
        keep_probable(document(known=False), 0.5)


@pytest.mark.parametrize("least", [0, 1, 0.5, inf, {"PER": 0, "LOC": inf}, {}])
def test_what_is_a_least_probability(least: Any) -> None:
    check_least(least, ["PER", "LOC"])


@pytest.mark.parametrize("least", [-0.1, 1.1, True, "0.5", None, -inf, float("nan"), {"PER": 2}, {"LOC": False}])
def test_what_is_none(least: Any) -> None:
    with pytest.raises(ConfigError, match="min_probability must be a number from 0 to 1"):
        check_least(least, ["PER", "LOC"])


def test_labels_that_the_model_lacks_are_named() -> None:
    with pytest.raises(ConfigError, match=r"^min_probability: the model has no label 'ORG'; it has: LOC, PER$"):
        check_least({"ORG": 0.5}, ["PER", "LOC", "PER"])


# ---- rows


def test_names_are_rows_in_the_order_of_the_text() -> None:
    text = "w0 w1\nw2 w3\r\nw4 w5 w6 w7"
    starts = [text.index(f"w{number}") for number in range(8)]
    made = document(text=text, starts=starts, ends=[start + 2 for start in starts], id="a", path="a.txt")
    found = list(entities_of(made))
    first = Entity("a.txt", "a", 1, 0, 5, "PER", "w0 w1", "w0 w1\nw2 w3", 0.75, "ner")
    second = Entity("a.txt", "a", 2, 6, 8, "LOC", "w2", "w0 w1\nw2 w3", 0.5, "ner")
    assert found[:2] == [first, second]
    assert [(row.line, row.text, row.sentence, row.probability) for row in found[2:]] == [
        (3, "w5", "w4 w5 w6 w7", 0.5),
        (3, "w6 w7", "w4 w5 w6 w7", 0.9375),
    ]
    known = probabilities()
    known.spans[0, 0] = 0.12345678
    rounded = made.with_tags(made.tags, made.schemes, probabilities={"ner": known})
    assert next(entities_of(rounded)).probability == 0.123457
    assert {row.probability for row in entities_of(document(known=False))} == {None}


def test_lines_are_those_of_the_file_where_they_are_known() -> None:
    made = document(lines=[4, 4, 4, 4, 9, 9, 10, 10], path="a.conll")
    assert [row.line for row in entities_of(made)] == [4, 4, 9, 10]


def test_tasks_without_spans_have_no_rows() -> None:
    plain = Document(["a"], [0, 1], tags={"pos": ["X"], "ner": ["O"]}, schemes={"ner": Scheme.BIO, "pos": Scheme.NONE})
    assert span_tasks(plain) == ["ner"]
    assert list(entities_of(plain)) == []
    tags = {"one": ["O", "B-X"], "two": ["B-Y", "O"]}
    both = Document(["a", "b"], [0, 2], tags=tags, schemes=dict.fromkeys(tags, Scheme.BIO))
    assert [(row.task, row.text) for row in entities_of(both)] == [("two", "a"), ("one", "b")]


def test_views_tell_the_probabilities_of_their_place() -> None:
    made, known = document(), probabilities()
    for token in [*made.tokens, *made.sentences[1].tokens]:
        assert token.probabilities_of("ner") == known.of_token(token.index)
        assert token.probabilities_of("pos") is None
    told = [(span.probability, span.alternatives) for span in made.spans]
    assert told == [
        (0.75, {"PER": 0.75, "LOC": 0.125}),
        (0.5, {"LOC": 0.5, "PER": 0.25}),
        (0.5, {"PER": 0.5, "LOC": 0.25}),
        (0.9375, {"PER": 0.9375, "LOC": 0.0}),
    ]
    assert [span.probability for span in made.sentences[1].spans] == [0.5, 0.9375]
    assert {span.probability for span in document(known=False).spans} == {None}
    assert {token.probabilities for token in document(known=False)} == {None}
