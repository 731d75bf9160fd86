"""The scheme IO, tokens that nobody annotated, and tables of transitions for thousands of tags."""

from __future__ import annotations

import time
from itertools import groupby

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bilstm_tagger.errors import CorpusError
from bilstm_tagger.schemes.detection import detect
from bilstm_tagger.schemes.grammar import (
    UNKNOWN,
    Scheme,
    allowed_transitions,
    belongs,
    first_illegal,
    has_unknown,
    is_legal,
    tag_names,
)
from bilstm_tagger.schemes.spans import SpanTuple, convert, repair, spans_to_tags, tags_to_spans

WITH_LETTERS = [Scheme.IOB1, Scheme.BIO, Scheme.IOBES, Scheme.BMES, Scheme.BILOU]
io_tags = st.lists(st.sampled_from(["O", "Person", "Ort", "a-b"]), max_size=7)


def runs(tags: list[str]) -> list[SpanTuple]:
    """The spans of IO tags: runs of one label."""
    found, place = [], 0
    for label, group in groupby(tags):
        size = len(list(group))
        if label != "O":
            found.append((place, place + size, label))
        place += size
    return found


@given(io_tags, st.sampled_from(WITH_LETTERS))
def test_a5_io_is_read_written_and_converted(tags: list[str], scheme: Scheme) -> None:
    assert first_illegal(tags, Scheme.IO) is None
    assert tags_to_spans(tags, Scheme.IO) == runs(tags)
    assert spans_to_tags(runs(tags), len(tags), Scheme.IO) == tags
    there = convert(tags, Scheme.IO, scheme)
    assert tags_to_spans(there, scheme) == runs(tags)
    assert convert(there, scheme, Scheme.IO) == tags
    assert repair(tags, Scheme.IO) == (tags, 0)


def test_a5_tags_with_letters_are_none_of_io() -> None:
    assert not belongs("B-PER", Scheme.IO)
    assert first_illegal(["O", "B-PER"], Scheme.IO) == 1
    with pytest.raises(
        CorpusError, match=r"^span 'B-X' cannot be spelled in IO, where its label would be read as another tag$"
    ):
        spans_to_tags([(0, 1, "B-X")], 1, Scheme.IO)
    assert tag_names(["b", "a"], Scheme.IO) == ["O", "a", "b"]


@pytest.mark.parametrize("scheme", WITH_LETTERS)
def test_a9_next_to_an_unknown_tag_everything_is_allowed(scheme: Scheme) -> None:
    for tag in tag_names(["A"], scheme):
        assert is_legal(UNKNOWN, tag, scheme)
        assert is_legal(tag, UNKNOWN, scheme)
    tags = [UNKNOWN, *spans_to_tags([(0, 2, "A")], 3, scheme), UNKNOWN, UNKNOWN]
    assert detect([tags, spans_to_tags([(0, 1, "A"), (1, 2, "A"), (2, 5, "A")], 5, scheme)]) is scheme
    assert tags_to_spans(tags, scheme) == [(1, 3, "A")]
    for target in WITH_LETTERS:
        assert convert(convert(tags, scheme, target), target, scheme) == tags
    assert repair(tags, scheme) == (tags, 0)
    assert repair([UNKNOWN, "O", "I-A", "S-A", UNKNOWN], scheme)[0][::4] == [UNKNOWN, UNKNOWN]


def test_a9_a_span_whose_beginning_is_unknown_is_read() -> None:
    assert tags_to_spans([UNKNOWN, "I-A", "O"], Scheme.BIO) == [(1, 2, "A")]
    assert detect([[UNKNOWN, UNKNOWN]]) is Scheme.NONE


def test_a11_no_features_is_not_unknown() -> None:
    assert has_unknown(["NOUN", UNKNOWN])
    assert not has_unknown(["NOUN"])
    assert not has_unknown(["Case=Nom|Number=Sing", UNKNOWN])


@pytest.mark.parametrize("scheme", list(Scheme))
def test_e17_the_table_is_what_each_pair_is(scheme: Scheme) -> None:
    names = [*tag_names(["A", "B", "a-b"], scheme), UNKNOWN]
    allowed, starts, ends = allowed_transitions(names, scheme)
    for row, left in enumerate(names):
        assert starts[row] == is_legal(None, left, scheme)
        assert ends[row] == is_legal(left, None, scheme)
        assert allowed[row].tolist() == [is_legal(left, right, scheme) for right in names]
    assert {table.dtype for table in (allowed, starts, ends)} == {np.dtype(bool)}


def test_e17_thousands_of_tags_take_less_than_a_second() -> None:
    names = tag_names([f"L{number}" for number in range(1000)], Scheme.IOBES)
    assert len(names) == 4001
    began = time.perf_counter()
    allowed_transitions(names, Scheme.IOBES)
    assert time.perf_counter() - began < 1
