"""Documents cut into pieces and joined are what they were."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bilstm_tagger.document.document import Document
from bilstm_tagger.files.chunking import Tags, cut_document, cut_text, join_tags, join_texts
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.text.tokenizers import Tokenizer, get_tokenizer

# All that decides where tokens and sentences end, at paragraphs above all.
PIECES = [
    "\n", "\n\n", "\r\n", "\r\n\r\n", "\r\r", " ", "\t", "\u2029", "\u2028", "\u00a0", "\x1c", "\u200b",
    "A", "go", "9", "_", ".", "...", "!", "”", '"', "'", ")", "(", "«", "。", "don't", "e.g.", "U.S.", "é",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES)).map("".join)


@pytest.fixture(scope="module", params=["spacy:en", "characters", "whitespace"])
def tokenizer(request: pytest.FixtureRequest) -> Tokenizer:
    return get_tokenizer(request.param)


@settings(max_examples=300, deadline=None)
@given(text=TEXTS, size=st.integers(1, 12))
@example(text="He left.\n\n) So\n\n...\n\nthen.\n\nA. b\n \nc", size=1)
@example(text="", size=5)
def test_a_text_in_pieces_has_the_same_tokens_and_sentences(tokenizer: Tokenizer, text: str, size: int) -> None:
    pieces = list(cut_text(text, size))
    assert "".join(pieces) == text
    assert all(len(piece) >= size for piece in pieces[:-1])
    whole = tokenizer(text)
    joined = join_texts(text, [tokenizer(piece) for piece in pieces])
    for column in ("text", "words", "bounds", "starts", "ends"):
        assert getattr(joined, column) == getattr(whole, column)
    joined.check_offsets()


def test_plain_paragraphs_are_cut() -> None:
    text = "One two.\n\nThree four.\n\nFive"
    assert list(cut_text(text, 3)) == ["One two.\n\n", "Three four.\n\n", "Five"]
    assert list(cut_text(text, 12)) == ["One two.\n\nThree four.\n\n", "Five"]


def test_tags_are_joined() -> None:
    texts = ["Ada wins\n\n", "so Bob"]
    pieces = [get_tokenizer("whitespace")(text) for text in texts]
    tagged = [
        piece.with_tags({"ner": tags}, {"ner": Scheme.BIO})
        for piece, tags in zip(pieces, (["B-PER", "O"], ["O", "B-PER"]), strict=True)
    ]
    tagged[0].id = "a"
    joined = join_texts("".join(texts), tagged)
    assert joined.tags == {"ner": ["B-PER", "O", "O", "B-PER"]}
    assert [(span.text, span.start_char) for span in joined.spans] == [("Ada", 0), ("Bob", 13)]
    assert joined.id == "a"


@given(sentences=st.lists(st.lists(st.sampled_from(["a", "b"]), max_size=4)), size=st.integers(1, 6))
def test_documents_are_cut_between_sentences(sentences: list[list[str]], size: int) -> None:
    document = Document.from_sentences(sentences)
    document.columns = {"n": [str(number) for number in range(len(document))], "other": list(document.words)}
    pieces = list(cut_document(document, size, columns=["n", "absent"]))
    assert [number for piece in pieces for number in piece.columns["n"]] == document.columns["n"]
    assert not any("other" in piece.columns for piece in pieces)
    assert [sentence.words for piece in pieces for sentence in piece.sentences] == sentences
    assert all(len(piece) >= size for piece in pieces[:-1])
    tags = [Tags({"t": [word.upper() for word in piece.words]}, {"t": Scheme.NONE}, {}) for piece in pieces]
    joined = join_tags(document, tags)
    assert joined.tags == {"t": [word.upper() for word in document.words]}
    assert joined.bounds == document.bounds
