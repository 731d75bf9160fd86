"""Documents: columns, views, positions, and the HTML made of them."""

from __future__ import annotations

import copy
import pickle
import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.displacy.render import DEFAULT_LABEL_COLORS

from bilstm_tagger.corpus import Corpus
from bilstm_tagger.document.document import Document
from bilstm_tagger.document.html import html_fragment
from bilstm_tagger.document.probabilities import Probabilities
from bilstm_tagger.document.views import Span
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.schemes.spans import spans_to_tags

TEXT = "Ann Lee  left Oslo.\n\nShe didn't\tcall <Bo>."
WORDS = ["Ann", "Lee", "left", "Oslo", ".", "She", "did", "n't", "call", "<", "Bo", ">", "."]


def located(words: list[str] = WORDS, text: str = TEXT) -> tuple[list[int], list[int]]:
    """Find words one after the other."""
    starts, ends, position = [], [], 0
    for word in words:
        starts.append(text.index(word, position))
        position = starts[-1] + len(word)
        ends.append(position)
    return starts, ends


def example(**changes: Any) -> Document:
    """Two sentences with names and parts of speech."""
    starts, ends = located()
    names = spans_to_tags([(0, 2, "PER"), (3, 4, "LOC")], 5, Scheme.BIO)
    names += spans_to_tags([(5, 6, "PER")], 8, Scheme.BIO)
    options: dict[str, Any] = {
        "text": TEXT,
        "starts": starts,
        "ends": ends,
        "tags": {"ner": names, "upos": ["X"] * 5 + ["Y"] * 8},
        "schemes": {"ner": Scheme.BIO},
    }
    return Document(WORDS, [0, 5, 13], **options | changes)


def test_views_agree_with_columns() -> None:
    document = example()
    assert len(document) == len(document.tokens) == 13
    assert [token.text for token in document] == WORDS
    assert [token.word for token in document.tokens] == WORDS
    assert [sentence.text for sentence in document.sentences] == [
        "Ann Lee  left Oslo.",
        "She didn't\tcall <Bo>.",
    ]
    assert [list(sentence.words) for sentence in document.sentences] == [WORDS[:5], WORDS[5:]]
    second = document.sentences[-1]
    assert (second.index, second.start, second.end, len(second)) == (1, 5, 13, 8)
    assert TEXT[second.start_char : second.end_char] == second.text
    assert [token.index for token in second] == list(range(5, 13))
    assert second.tokens[0].word == "She"
    assert second.tokens[-1].sentence.index == 1
    assert document.tokens[4].sentence.index == 0
    assert [token.word for token in document.tokens[1:3]] == ["Lee", "left"]
    document.check_offsets()


def test_spans_count_from_what_was_asked() -> None:
    document = example()
    assert [(span.start, span.end, span.label, span.text) for span in document.spans] == [
        (0, 2, "PER", "Ann Lee"),
        (3, 4, "LOC", "Oslo"),
        (10, 11, "PER", "Bo"),
    ]
    (inner,) = document.sentences[1].spans
    assert (inner.start, inner.end, inner.text, len(inner)) == (5, 6, "Bo", 1)
    assert [token.word for token in inner.tokens] == ["Bo"]
    for span in [*document.spans, inner]:
        assert TEXT[span.start_char : span.end_char] == span.text
    assert document.spans_of("upos") == []
    assert document.sentences[0].spans_of("ner") == document.spans[:2]


def test_spans_compare_without_their_document() -> None:
    assert example().spans == example().spans
    assert len({*example().spans, *example().spans}) == 3
    with pytest.raises(AttributeError):
        example().spans[0].label = "ORG"  # type: ignore[misc]


def test_default_tasks() -> None:
    document = example()
    assert document.tasks == ["ner", "upos"]
    assert document.tokens[0].tag() == "X"
    assert document.tokens[0].tag("ner") == "B-PER"
    assert document.sentences[1].tags() == ["Y"] * 8
    assert document.sentences[0].tags("ner")[:2] == ["B-PER", "I-PER"]
    names = document.with_tags({"ner": document.tags_of("ner")}, {"ner": Scheme.BIO})
    assert names.tokens[0].tag() == "B-PER"
    plain = document.with_tags({"upos": document.tags_of("upos")})
    assert plain.spans == plain.sentences[0].spans == []


def test_missing_tasks_are_named() -> None:
    with pytest.raises(CorpusError, match=r"a.txt has no tags for task 'xpos'; it has: ner, upos"):
        example(path="a.txt").tags_of("xpos")
    with pytest.raises(CorpusError, match=r"^the document has no tags$"):
        Document.from_words(["a"]).tokens[0].tag()


def test_spans_end_with_their_sentence() -> None:
    tags = {"ner": ["I-X", "I-X"]}
    document = Document(["a", "b"], [0, 1, 2], tags=tags, schemes={"ner": Scheme.IOB1})
    assert [(span.start, span.end) for span in document.spans] == [(0, 1), (1, 2)]


@settings(deadline=None)
@given(st.lists(st.lists(st.text(min_size=1, max_size=5), max_size=5), max_size=6))
def test_words_get_a_text_and_offsets(sentences: list[list[str]]) -> None:
    document = Document.from_sentences(sentences)
    assert document.words == [word for sentence in sentences for word in sentence]
    assert [sentence.words for sentence in document.sentences] == sentences
    assert document.text == "\n".join(" ".join(sentence) for sentence in sentences)
    assert [
        document.text[start:end] for start, end in zip(document.starts, document.ends, strict=True)
    ] == document.words
    assert [token.text for token in document] == document.words
    assert [sentence.text for sentence in document.sentences] == [" ".join(sentence) for sentence in sentences]
    document.check_offsets()


def test_sizes_without_tokens() -> None:
    for document in (Document([], [0]), Document.from_words([]), Document.from_sentences([[], []])):
        assert document.text.strip() == ""
        assert (len(document), list(document), document.starts, document.ends) == (0, [], [], [])
        assert document  # true although its length is 0
        document.check_offsets()
    assert len(Document.from_sentences([[], []]).sentences) == 2
    assert not len(Document([], [0]).sentences)
    empty = Document.from_sentences([["a"], [], ["b"]]).sentences[1]
    assert (empty.text, empty.start_char, empty.end_char, empty.spans) == ("", 1, 1, [])
    assert Document.from_sentences([[], ["b"]]).tokens[0].sentence.index == 1


def test_sequences_behave_like_lists() -> None:
    tokens = example().tokens
    assert tokens[-1].index == 12
    assert [token.index for token in tokens[::-6]] == [12, 6, 0]
    assert next(iter(reversed(tokens))).index == 12
    for index in (13, -14):
        with pytest.raises(IndexError):
            tokens[index]
    assert repr(tokens[:1]) == repr(Document.from_words(["Ann"]).tokens) == "[<Token 0: 'Ann'>]"


def test_with_tags_shares_columns() -> None:
    document = example(path="a.conll", lines=list(range(1, 14)), id="7", columns={"2": WORDS}, layout="x")
    other = document.with_tags({"pos": ["Z"] * 13})
    assert other.words is document.words
    assert other.starts is document.starts
    assert other.columns is document.columns
    assert (other.text, other.path, other.id, other.layout, other.tasks) == (
        TEXT,
        "a.conll",
        "7",
        "x",
        ["pos"],
    )
    assert document.tasks == ["ner", "upos"]
    assert other.schemes == {}


def test_where() -> None:
    assert example(path="a.conll", lines=list(range(3, 16))).where(2) == "a.conll:5"
    assert example(path="a.txt").where(2) == "a.txt"
    assert example().where(6) == "sentence 2, token 2"


@pytest.mark.parametrize(
    ("words", "bounds", "options", "message"),
    [
        (["a"], [0, 2], {}, "bounds"),
        (["a"], [], {}, "bounds"),
        (["a"], [0, 1], {"tags": {"ner": ["O", "O"]}}, "^column 'ner' has 2 entries for 1 token$"),
        (["a"], [0, 1], {"lines": []}, "^column 'lines' has 0 entries for 1 token$"),
        (["a"], [0, 1], {"columns": {"2": []}}, "^column '2' has 0 entries for 1 token$"),
        (["a"], [0, 1], {"text": "a"}, "^a text needs the starts and ends of its tokens, and these need the text$"),
        (
            ["a"],
            [0, 1],
            {"starts": [0], "ends": [1]},
            "^a text needs the starts and ends of its tokens, and these need the text$",
        ),
    ],
)
def test_columns_that_do_not_fit_are_refused(
    words: list[str], bounds: list[int], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(CorpusError, match=message):
        Document(words, bounds, **options)


@pytest.mark.parametrize(
    ("starts", "ends", "place"),
    [
        ([0, 3, 3], [2, 5, 5], None),  # the words of one multiword token
        ([0, 2, 4], [2, 4, 6], None),
        ([0, 3, 3], [2, 3, 5], 2),
        ([0, 1, 4], [2, 3, 5], 2),
        ([-1, 2, 4], [1, 3, 5], 1),
        ([0, 3, 5], [2, 4, 7], 3),
        ([3, 0, 5], [4, 2, 6], 2),
    ],
)
def test_offsets_are_checked(starts: list[int], ends: list[int], place: int | None) -> None:
    document = Document(["a", "b", "c"], [0, 3], text="abcdef", starts=starts, ends=ends)
    if place is None:
        document.check_offsets()
    else:
        with pytest.raises(CorpusError, match=f"sentence 1, token {place}: "):
            document.check_offsets()


def test_copies_and_travels() -> None:
    document = example()
    travelled = pickle.loads(pickle.dumps(document))  # noqa: S301
    for other in (travelled, copy.deepcopy(document)):
        assert other.words == document.words
        assert other.spans == document.spans
        assert isinstance(other.spans[0], Span)


def test_repr_is_short() -> None:
    document = Document.from_words(["word"] * 10_000)
    assert len(repr(document)) < 200
    assert repr(example()) == '<Document: 2 sentences, 13 tokens: "Ann Lee left Oslo . She did n\'t ...">'
    assert repr(Document.from_words(list("abcdefgh"))) == "<Document: 1 sentence, 8 tokens: 'a b c d e f g h'>"
    assert repr(example().spans[1]) == "Span(start=3, end=4, label='LOC', task='ner')"
    assert repr(example().sentences[1].spans[0]) == "Span(start=5, end=6, label='PER', task='ner')"
    assert repr(example().sentences[0]) == "<Sentence 0: 'Ann Lee left Oslo .'>"


class Reader(HTMLParser):
    """The text of a fragment, marked spans in brackets."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen += {"mark": "[", "span": "|"}.get(tag, "")

    def handle_endtag(self, tag: str) -> None:
        self.seen += "]" if tag == "mark" else ""

    def handle_data(self, data: str) -> None:
        self.seen += data


def read_html(document: Document) -> str:
    reader = Reader()
    reader.feed(html_fragment(document))
    return reader.seen


def test_html_of_spans() -> None:
    fragment = example()._repr_html_()
    assert fragment.count("<mark") == fragment.count("</mark>") == 3
    assert "#aa9cfc" in fragment
    assert "&lt;" in fragment
    assert "<Bo>" not in fragment
    assert read_html(example()) == ("[Ann Lee|PER]  left [Oslo|LOC].\n\nShe didn't\tcall <[Bo|PER]>.")


def test_spans_have_the_colours_of_displacy() -> None:
    wanted = {**DEFAULT_LABEL_COLORS, "PER": DEFAULT_LABEL_COLORS["PERSON"], "MISC": "#ddd", "any other": "#ddd"}
    for label, colour in wanted.items():
        fragment = html_fragment(Document(["Bo"], [0, 1], tags={"t": [f"B-{label}"]}, schemes={"t": Scheme.BIO}))
        assert f'<mark style="background: {colour};' in fragment, label


def test_html_of_plain_tags_and_of_none() -> None:
    words = Document.from_words(["a", "<b>"])
    assert read_html(words) == "a <b>"
    assert read_html(words.with_tags({"pos": ["X", '"&"']})) == 'a|X <b>|"&"'
    spans = words.with_tags({"ner": ["S-<i>", "O"]}, {"ner": Scheme.IOBES})
    assert read_html(spans) == "[a|<i>] <b>"


FRAME = '<div class="bilstm-tagger" style="line-height: 2.2; white-space: pre-wrap; overflow-wrap: anywhere;">'


def test_the_whole_html() -> None:
    """Its styles too: line breaks of the text show, long words do not run out of the page."""
    words = Document.from_words(["a", "b"])
    small = "font-size: 0.65em; color: #777; margin-left: 0.15em;"
    assert html_fragment(words.with_tags({"pos": ["X", "Y"]})) == (
        f'{FRAME}a<span style="{small}">X</span> b<span style="{small}">Y</span></div>'
    )
    mark = "color: #000; padding: 0.2em 0.4em; margin: 0 0.15em; line-height: 1; border-radius: 0.35em;"
    label = "font-size: 0.75em; font-weight: bold; margin-left: 0.5em;"
    assert html_fragment(words.with_tags({"ner": ["S-MISC", "O"]}, {"ner": Scheme.IOBES})) == (
        f'{FRAME}<mark style="background: #ddd; {mark}">a<span style="{label}">MISC</span></mark> b</div>'
    )


def test_html_shows_a_multiword_token_once() -> None:
    document = Document(
        ["de", "el", "mar"],
        [0, 3],
        text="del mar",
        starts=[0, 0, 4],
        ends=[3, 3, 7],
        tags={"pos": ["A", "D", "N"]},
    )
    assert read_html(document) == "del|A|D mar|N"


def test_improbable_names_are_fainter_in_html() -> None:
    document = example()
    spans = np.zeros((13, 2), np.float32)
    spans[0], spans[3], spans[10] = (1.0, 0.0), (0.1, 0.4), (0.0004, 0.0)
    known = Probabilities(("O",), np.ones((13, 1), np.float32), ("PER", "LOC"), spans)
    sure, other, faint = re.findall(r"<mark ([^>]*)>", html_fragment(document.with_tags(
        document.tags, document.schemes, probabilities={"ner": known}
    )))  # fmt: skip
    assert 'title="PER 1.000" style="background: #aa9cfc;' in sure
    assert 'title="LOC 0.400, PER 0.100" style="background: #' in other
    assert "background: #eae6fe;" in faint  # a quarter of the colour, the rest is white


def test_spans_of_tags_whose_scheme_is_not_settled_are_refused() -> None:
    tags = {"upos": ["X", "Y", "X", "X"], "ner": ["B-A", "I-A", "O", "O"]}
    document = Document(["a", "b", "c", "d"], [0, 2, 4], tags=tags, path="a.conll", lines=[3, 4, 6, 7])
    refusal = (
        r"a\.conll:3: it is not settled how the tags of ner write spans; take the documents of corpus\.settle\('ner'\)"
    )
    reads: list[Callable[[], object]] = [
        lambda: document.spans,
        lambda: document.spans_of("ner"),
        lambda: document.sentences[0].spans,
        lambda: document.sentences[1].spans_of("ner"),
    ]
    for read in reads:
        with pytest.raises(CorpusError, match=refusal):
            read()
    assert document.spans_of("upos") == []
    assert "a" in document._repr_html_()  # a notebook shows it all the same
    settled = Corpus([document]).settle("ner")[0]
    assert [(span.start, span.end, span.label) for span in settled.spans] == [(0, 2, "A")]
    plain = Document(["a", "b"], [0, 2], tags={"ner": ["O", "O"]})
    assert plain.spans == plain.spans_of("ner") == []
