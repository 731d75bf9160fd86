"""Label schemes against brute force and against seqeval's own readers."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seqeval.metrics.sequence_labeling import get_entities
from seqeval.scheme import BILOU, IOB1, IOB2, IOBES, Entities

from bilstm_tagger.errors import CorpusError
from bilstm_tagger.schemes.detection import detect
from bilstm_tagger.schemes.grammar import Scheme, allowed_transitions, first_illegal, tag_names
from bilstm_tagger.schemes.spans import SpanTuple, convert, repair, spans_to_tags, tags_to_spans

SPAN_SCHEMES = [scheme for scheme in Scheme if scheme not in (Scheme.NONE, Scheme.IO)]
SEQEVAL = {Scheme.IOB1: IOB1, Scheme.BIO: IOB2, Scheme.IOBES: IOBES, Scheme.BILOU: BILOU}

# Two names in a row, one of three words, then another label that touches it.
EXAMPLE: list[SpanTuple] = [(0, 1, "PER"), (1, 2, "PER"), (3, 6, "ORG"), (6, 8, "PER")]
SPELLED = {
    Scheme.IOB1: "I-PER B-PER O I-ORG I-ORG I-ORG I-PER I-PER O",
    Scheme.BIO: "B-PER B-PER O B-ORG I-ORG I-ORG B-PER I-PER O",
    Scheme.IOBES: "S-PER S-PER O B-ORG I-ORG E-ORG B-PER E-PER O",
    Scheme.BMES: "S-PER S-PER O B-ORG M-ORG E-ORG B-PER E-PER O",
    Scheme.BILOU: "U-PER U-PER O B-ORG I-ORG L-ORG B-PER L-PER O",
}


@st.composite
def sentences(draw: st.DrawFn) -> tuple[list[SpanTuple], int]:
    """Spans that do not overlap, in a sentence of some length."""
    spans: list[SpanTuple] = []
    position = 0
    for gap, size, label in draw(
        st.lists(
            st.tuples(st.integers(0, 2), st.integers(1, 4), st.sampled_from(["PER", "LOC", "B-X", "-"])),
            max_size=6,
        )
    ):
        spans.append((position + gap, position + gap + size, label))
        position += gap + size
    return spans, position + draw(st.integers(0, 3))


def all_span_sets(length: int, labels: str, start: int = 0) -> Iterator[list[SpanTuple]]:
    """Every set of spans a sentence can hold."""
    yield []
    for first in range(start, length):
        for end in range(first + 1, length + 1):
            for label in labels:
                for rest in all_span_sets(length, labels, end):
                    yield [(first, end, label), *rest]


@pytest.mark.parametrize("scheme", SPAN_SCHEMES)
def test_spells_the_example(scheme: Scheme) -> None:
    tags = SPELLED[scheme].split()
    assert spans_to_tags(EXAMPLE, 9, scheme) == tags
    assert spans_to_tags(reversed(EXAMPLE), 9, scheme) == tags
    assert tags_to_spans(tags, scheme) == EXAMPLE


@pytest.mark.parametrize(("source", "target"), list(itertools.product(SPAN_SCHEMES, repeat=2)))
def test_converts_the_example(source: Scheme, target: Scheme) -> None:
    assert convert(SPELLED[source].split(), source, target) == SPELLED[target].split()


@settings(deadline=None)
@given(sentences(), st.sampled_from(SPAN_SCHEMES), st.sampled_from(SPAN_SCHEMES))
def test_round_trips(sentence: tuple[list[SpanTuple], int], source: Scheme, target: Scheme) -> None:
    spans, length = sentence
    tags = spans_to_tags(spans, length, source)
    assert len(tags) == length
    assert first_illegal(tags, source) is None
    assert tags_to_spans(tags, source) == spans
    other = convert(tags, source, target)
    assert other == spans_to_tags(spans, length, target)
    assert convert(other, target, source) == tags
    assert repair(tags, source) == (tags, 0)


@settings(deadline=None)
@given(sentences(), st.sampled_from(sorted(SEQEVAL)))
def test_reads_spans_as_seqeval_does(sentence: tuple[list[SpanTuple], int], scheme: Scheme) -> None:
    spans = [(start, end, label.replace("-", "_")) for start, end, label in sentence[0]]
    tags = spans_to_tags(spans, sentence[1], scheme)
    expected = [entity.to_tuple()[1:] for entity in Entities([tags], scheme=SEQEVAL[scheme]).entities[0]]
    assert [(label, start, end) for start, end, label in tags_to_spans(tags, scheme)] == [
        (tag, start, end) for tag, start, end in expected
    ]


@pytest.mark.parametrize("scheme", SPAN_SCHEMES)
def test_legal_is_what_some_spans_spell(scheme: Scheme) -> None:
    """Of all tag sequences up to four tokens, legal are just those that some set of spans is spelled as."""
    names = tag_names("XY", scheme)
    allowed, starts, ends = allowed_transitions(names, scheme)
    for length in range(5):
        spelled = {tuple(spans_to_tags(spans, length, scheme)) for spans in all_span_sets(length, "XY")}
        for ids in itertools.product(range(len(names)), repeat=length):
            tags = tuple(names[index] for index in ids)
            by_table = not ids or (
                starts[ids[0]] and ends[ids[-1]] and all(allowed[a, b] for a, b in itertools.pairwise(ids))
            )
            assert bool(by_table) == (tags in spelled) == (first_illegal(tags, scheme) is None)


@pytest.mark.parametrize(
    ("tags", "scheme", "place"),
    [
        ("O I-PER", Scheme.BIO, 1),
        ("I-PER O", Scheme.BIO, 0),
        ("B-PER I-LOC", Scheme.BIO, 1),
        ("B-PER E-PER", Scheme.BIO, 1),
        ("O B-PER", Scheme.IOB1, 1),
        ("I-LOC B-PER", Scheme.IOB1, 1),
        ("B-X O S-X", Scheme.IOBES, 1),
        ("O B-X", Scheme.IOBES, 1),
        ("B-X", Scheme.IOBES, 0),
        ("B-X M-X E-X", Scheme.IOBES, 1),
        ("B-X I-X E-X", Scheme.BMES, 1),
        ("O PER", Scheme.BIO, 1),
        ("O ", Scheme.BIO, None),
        ("I-PER I-LOC B-LOC", Scheme.IOB1, None),
        ("PRP$ . -LRB-", Scheme.NONE, None),
        ("", Scheme.IOBES, None),
    ],
)
def test_finds_the_first_illegal_tag(tags: str, scheme: Scheme, place: int | None) -> None:
    assert first_illegal(tags.split(), scheme) == place


def test_an_empty_tag_is_not_legal() -> None:
    assert first_illegal(["O", "", "O"], Scheme.BIO) == 1


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(["O", *(f"{letter}-{label}" for letter in "BIES" for label in ("X", "Y"))]),
        max_size=8,
    ),
    st.sampled_from([Scheme.BIO, Scheme.IOB1, Scheme.IOBES]),
)
def test_repairs_as_the_scorer_reads(tags: list[str], scheme: Scheme) -> None:
    legal, changed = repair(tags, scheme)
    assert first_illegal(legal, scheme) is None
    assert changed == sum(old != new for old, new in zip(tags, legal, strict=True))
    expected = [(start, last + 1, label) for label, start, last in get_entities(tags)]
    assert tags_to_spans(legal, scheme) == expected


def test_repair_refuses_what_is_no_tag() -> None:
    with pytest.raises(CorpusError, match=r"^tag 2 of 2, 'PER', is beyond repair: no scheme has it$"):
        repair(["O", "PER"], Scheme.BIO)


@pytest.mark.parametrize("tags", ["O I-PER", "B-PER I-LOC", "B-PER O I-PER"])
def test_reading_refuses_a_span_without_beginning(tags: str) -> None:
    with pytest.raises(CorpusError, match="cannot begin a span in BIO"):
        tags_to_spans(tags.split(), Scheme.BIO)


def test_reading_refuses_plain_tags() -> None:
    with pytest.raises(CorpusError, match=r"^'NOUN' is not a tag that spans are spelled with$"):
        tags_to_spans(["O", "NOUN"], Scheme.BIO)


@pytest.mark.parametrize(
    ("spans", "message"),
    [
        (
            [(0, 2, "X"), (1, 3, "Y")],
            (
                r"^span 'Y' \(tokens 1 to 3\) overlaps span 'X' \(tokens 0 to 2\); tags can hold one span a "
                "token, so drop one of them$"
            ),
        ),
        (
            [(0, 2, "X"), (0, 2, "X")],
            (
                r"^span 'X' \(tokens 0 to 2\) overlaps span 'X' \(tokens 0 to 2\); tags can hold one span a "
                "token, so drop one of them$"
            ),
        ),
        ([(1, 1, "X")], "^span 'X' covers tokens 1 to 1, but the sentence has 3$"),
        ([(2, 4, "X")], "^span 'X' covers tokens 2 to 4, but the sentence has 3$"),
        ([(-1, 1, "X")], "^span 'X' covers tokens -1 to 1, but the sentence has 3$"),
        ([(0, 1, "")], "^span '' cannot be spelled as tags: it has no label$"),
    ],
)
def test_spelling_refuses_impossible_spans(spans: list[SpanTuple], message: str) -> None:
    with pytest.raises(CorpusError, match=message):
        spans_to_tags(spans, 3, Scheme.BIO)


def test_plain_tags_have_no_spans() -> None:
    assert tags_to_spans(["NOUN", "B-X"], Scheme.NONE) == []
    assert convert(["NOUN"], Scheme.NONE, Scheme.NONE) == ["NOUN"]
    assert repair(["NOUN"], Scheme.NONE) == (["NOUN"], 0)
    assert tag_names(["VERB", "NOUN", "VERB"], Scheme.NONE) == ["NOUN", "VERB"]
    assert all(table.all() for table in allowed_transitions(["NOUN", "VERB"], Scheme.NONE))
    with pytest.raises(CorpusError, match=r"^tags in scheme none cannot become BIO: plain tags have no spans$"):
        convert(["NOUN"], Scheme.NONE, Scheme.BIO)
    with pytest.raises(CorpusError, match=r"^span 'X' cannot be spelled as tags: plain tags have no spans$"):
        spans_to_tags([(0, 1, "X")], 1, Scheme.NONE)


@pytest.mark.parametrize("tags", [["O", "I-X"], ["I-X", "O"], ["B-X", "I-Y"]])
def test_conversion_refuses_illegal_tags(tags: list[str]) -> None:
    with pytest.raises(CorpusError, match="cannot follow"):
        convert(tags, Scheme.BIO, Scheme.IOBES)


def test_names_and_tables() -> None:
    assert tag_names(["B", "A"], Scheme.BMES) == ["O", "B-A", "M-A", "E-A", "S-A", "B-B", "M-B", "E-B", "S-B"]
    allowed, starts, ends = allowed_transitions(["O", "B-A", "I-A"], Scheme.BIO)
    np.testing.assert_array_equal(allowed, [[1, 1, 0], [1, 1, 1], [1, 1, 1]])
    np.testing.assert_array_equal(starts, [1, 1, 0])
    np.testing.assert_array_equal(ends, [1, 1, 1])
    assert allowed.dtype == np.bool_
    assert allowed_transitions([], Scheme.BIO)[0].shape == (0, 0)
    with pytest.raises(CorpusError, match="'E-A' is no tag of BIO"):
        allowed_transitions(["O", "E-A"], Scheme.BIO)


@pytest.mark.parametrize(
    ("corpus", "scheme"),
    [
        (["O O", "O"], Scheme.BIO),
        (["B-X I-X O B-Y"], Scheme.BIO),
        (["I-X I-X O", "I-Y B-Y I-X"], Scheme.IOB1),
        (["O I-X"], Scheme.IOB1),
        (["B-X E-X O S-Y"], Scheme.IOBES),
        (["S-X O"], Scheme.IOBES),
        (["B-X I-X E-X"], Scheme.IOBES),
        (["B-X M-X E-X S-Y"], Scheme.BMES),
        (["B-X L-X U-Y"], Scheme.BILOU),
        (["U-X O"], Scheme.BILOU),
        (["DET NOUN O"], Scheme.NONE),
        (["X SYM PRP$ -LRB- ."], Scheme.NONE),
        (["B I O"], Scheme.NONE),
        (["B-"], Scheme.NONE),
        (["b-PER"], Scheme.NONE),
        ([], Scheme.NONE),
        (["B-PER-part I-PER-part"], Scheme.BIO),
        # One slip among many does not change the scheme.
        (["B-X I-X O", "O B-Y", "B-X O", "I-X O"], Scheme.BIO),
        (["I-X I-X O", "O I-Y", "I-X O", "B-X O"], Scheme.IOB1),
    ],
)
def test_detects_the_scheme(corpus: list[str], scheme: Scheme) -> None:
    assert detect(line.split() for line in corpus) is scheme


@settings(deadline=None)
@given(st.lists(sentences(), min_size=1), st.sampled_from(SPAN_SCHEMES))
def test_a_detected_scheme_reads_the_same_spans(corpus: list[tuple[list[SpanTuple], int]], scheme: Scheme) -> None:
    tags = [spans_to_tags(spans, length, scheme) for spans, length in corpus]
    found = detect(tags)
    if any(tags):
        assert [tags_to_spans(sentence, found) for sentence in tags] == [spans for spans, _ in corpus]
