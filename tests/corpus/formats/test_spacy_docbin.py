"""`.spacy` files: what spaCy wrote is read, what is written spaCy reads, nothing is lost on the way."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from round_trips import any_text, check_same, documents, there_and_back
from spacy.tokens import Doc, DocBin, Span

from bilstm_tagger.corpus import ReadSpec, iterate_corpus, read_corpus, save_corpus
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.schemes.spans import convert
from bilstm_tagger.text.tokenizers import get_tokenizer

words = any_text.filter(lambda word: not word.isspace())


@pytest.fixture(scope="module")
def nlp() -> spacy.Language:
    return spacy.blank("en")


def stored(folder: Path, *docs: Doc) -> Path:
    DocBin(docs=docs).to_disk(folder / "a.spacy")
    return folder / "a.spacy"


def read(path: Path, columns: Mapping[str, int | str], **options: str) -> list[Document]:
    return list(iterate_corpus(path, ReadSpec(columns=columns, **options)))


@settings(max_examples=60, deadline=None)
@given(st.lists(documents(words=words, empty=False), max_size=3))
def test_documents_come_back(given: list[Document]) -> None:
    back = there_and_back(given, "spacy", {"ner": "ents", "pos": "tag"})
    check_same(given, back)
    for before, after in zip(given, back, strict=True):
        assert after.tags["pos"] == before.tags["pos"]
        respelled = [
            tag
            for sentence in before.sentences
            for tag in convert(sentence.tags("ner"), before.schemes["ner"], Scheme.BIO)
        ]
        assert after.tags["ner"] == respelled
        assert [(s.start_char, s.end_char, s.label) for s in after.spans] == [
            (s.start_char, s.end_char, s.label) for s in before.spans
        ]


def test_what_spacy_wrote(tmp_path: Path, nlp: spacy.Language) -> None:
    doc = nlp.make_doc("Ada  Byron\n left London. She ran.")
    start = [token.text for token in doc].index("London")
    doc.ents = [Span(doc, 0, 3, "PER"), Span(doc, start, start + 1, "LOC")]
    for token in doc:
        token.pos_, token.tag_ = ("SPACE", "_SP") if token.is_space else ("X", "T" + token.text[0])
    (document,) = read(stored(tmp_path, doc), {"ner": -1, "upos": -1, "xpos": "tag"})
    assert document.text == doc.text
    assert document.words == ["Ada", "Byron", "left", "London", ".", "She", "ran", "."]
    assert document.tags["ner"] == ["B-PER", "I-PER", "O", "B-LOC", "O", "O", "O", "O"]
    assert set(document.tags["upos"]) == {"X"}
    assert document.tags["xpos"][:3] == ["TA", "TB", "Tl"]
    assert document.bounds == [0, 5, 8]  # ours, as the file has none
    assert document.where(5) == f"{tmp_path / 'a.spacy'}:1, sentence 2"
    assert [span.text for span in document.spans] == ["Ada  Byron", "London"]


def test_sentences_of_the_file_are_kept(tmp_path: Path, nlp: spacy.Language) -> None:
    doc = nlp.make_doc(" a. b\n\nc")
    for token in doc:
        token.is_sent_start = token.text in " c"
    (document,) = read(stored(tmp_path, doc), {})
    assert [sentence.words for sentence in document.sentences] == [["a.", "b"], ["c"]]


def test_what_spacy_reads(tmp_path: Path, nlp: spacy.Language) -> None:
    text = "  Ada Byron\tleft.  She ran "
    words = ["Ada", "Byron", "left", ".", "She", "ran"]
    starts = [text.index(word) for word in words]
    document = Document(
        words,
        [0, 4, 6],
        text=text,
        starts=starts,
        ends=[start + len(word) for start, word in zip(starts, words, strict=True)],
        tags={
            "ner": ["B-PER", "E-PER", "O", "O", "S-PER", "O"],
            "more": ["O", "O", "B-V", "O", "O", "O"],
            "upos": ["PROPN", "PROPN", "VERB", "PUNCT", "PRON", "VERB"],
            "xpos": ["NNP", "NNP", "VBD", ".", "PRP", "VBD"],
            "feats": ["_", "Case=Nom", "_", "_", "_", "_"],
        },
    )
    save_corpus([document], tmp_path / "a.spacy")
    (doc,) = DocBin().from_disk(tmp_path / "a.spacy").get_docs(nlp.vocab)
    assert doc.text == text
    assert [(ent.text, ent.label_) for ent in doc.ents] == [("Ada Byron", "PER"), ("She", "PER")]
    assert [(span.text, span.label_) for span in doc.spans["more"]] == [("left", "V")]
    assert [sent.text.strip() for sent in doc.sents] == ["Ada Byron\tleft.", "She ran"]
    kept = [token for token in doc if not token.is_space]
    assert [(token.pos_, token.tag_) for token in kept][:2] == [("PROPN", "NNP"), ("PROPN", "NNP")]
    assert [str(token.morph) for token in kept] == ["", "Case=Nom", "", "", "", ""]
    assert all(token.ent_iob_ for token in doc)
    assert document.schemes == {}
    (back,) = read(tmp_path / "a.spacy", {"ner": "NER", "more": "more", "feats": "morph", "upos": "upos"})
    assert back.tags["more"] == document.tags["more"]
    assert back.tags["feats"] == document.tags["feats"]
    check_same([document], [back])


def test_tags_that_are_not_universal_go_to_tag(tmp_path: Path) -> None:
    document = Document.from_words(["a", "b"]).with_tags({"pos": ["NN", "X"], "ner": ["O", "O"]})
    save_corpus([document], tmp_path / "a.spacy")
    (back,) = read_corpus(tmp_path / "a.spacy", {"pos": "tag"})
    assert back.tags == {"pos": ["NN", "X"]}
    crowded = document.with_tags({"pos": ["NN", "X"], "chunk": ["1", "2"]})
    with pytest.raises(
        CorpusError, match=r"^\.spacy has no place for the tags of task 'chunk' beside the others; write fewer tasks$"
    ):
        save_corpus([crowded], tmp_path / "b.spacy")


def test_multiword_tokens_keep_their_words(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    document = Document(["a", "el", "fin"], [0, 3], text="al fin", starts=[0, 0, 3], ends=[2, 2, 6])
    with caplog.at_level(logging.WARNING, "bilstm_tagger"):
        save_corpus([document], tmp_path / "a.spacy")
    assert "1 document holds multiword tokens" in caplog.text
    (back,) = read(tmp_path / "a.spacy", {})
    assert (back.words, back.text) == (["a", "el", "fin"], "a el fin")


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (Document.from_words(["a", "\u00a0"]), "sentence 1, token 2: '\\xa0' cannot be a token of .spacy"),
        (
            Document(["b"], [0, 1], text="a b", starts=[2], ends=[3]),
            "sentence 1, token 1: 'a' in the text belongs to no token, which .spacy cannot hold; write .jsonl",
        ),
        (Document(["a"], [0, 1], text="a b", starts=[0], ends=[1]), "sentence 1, token 1: 'b' in the text belongs to"),
    ],
)
def test_what_spacy_cannot_hold(tmp_path: Path, document: Document, message: str) -> None:
    with pytest.raises(CorpusError) as caught:
        save_corpus([document], tmp_path / "a.spacy")
    assert message in str(caught.value)
    assert not (tmp_path / "a.spacy").exists()


def test_overlapping_spans_of_a_group(tmp_path: Path, nlp: spacy.Language) -> None:
    doc = nlp.make_doc("a b c")
    doc.spans["sc"] = [Span(doc, 0, 2, "X"), Span(doc, 1, 2, "Y")]
    path = stored(tmp_path, nlp.make_doc("d"), doc)
    with pytest.raises(
        CorpusError,
        match=(
            r"a\.spacy:2: span X \(tokens 0 to 2\) overlaps span Y \(tokens 1 to 2\); tags hold one span a "
            r"token: drop one of them, or let --misaligned drop keep the longer one$"
        ),
    ):
        read(path, {"x": "sc"})
    first, second = read(path, {"x": "sc"}, misaligned="drop")
    assert (first.tags["x"], second.tags["x"]) == (["O"], ["B-X", "I-X", "O"])


def test_a_group_that_is_nowhere_is_named_with_those_there_are(tmp_path: Path, nlp: spacy.Language) -> None:
    doc = Doc(nlp.vocab, ["Ada", "left"])
    doc.spans["people"] = [Span(doc, 0, 1, "PER")]
    doc.spans["ents"] = [Span(doc, 0, 1, "PER")]
    path = stored(tmp_path, doc)
    with pytest.raises(
        CorpusError, match=r"a\.spacy: no document has a span group 'towns'; there are ents, .*, people$"
    ):
        read(path, {"x": "towns"})


MARKED = "\u200eAda \u200eByron\u200f\n\u200e \ufeff\u200eleft.\u200b\u200b She\u2066 \u2069ran\u200e"


@pytest.mark.parametrize("tags", [{}, {"upos": ["PROPN", "PROPN", "VERB", "PUNCT", "PRON", "VERB"]}])
def test_marks_that_belong_to_no_word_come_back(tmp_path: Path, tags: dict[str, list[str]]) -> None:
    """As in chats with right-to-left scripts: spaCy has the text whole, and the words are ours."""
    document = get_tokenizer("spacy:en")(MARKED)
    assert document.words == ["Ada", "Byron", "left", ".", "She", "ran"]
    document = document.with_tags({"ner": ["B-PER", "I-PER", "O", "O", "B-PER", "O"], **tags})
    save_corpus([document], tmp_path / "a.spacy")
    (doc,) = DocBin().from_disk(tmp_path / "a.spacy").get_docs(spacy.blank("en").vocab)
    assert doc.text == MARKED
    assert [(ent.text, ent.label_) for ent in doc.ents] == [("Ada \u200eByron", "PER"), ("She", "PER")]
    (back,) = read(tmp_path / "a.spacy", {"ner": "ents", **dict.fromkeys(tags, "pos")})
    check_same([document], [back])
    assert back.tags == document.tags
    assert (back.text, back.starts) == (MARKED, document.starts)


def test_a_mark_that_is_a_token_stays_one(tmp_path: Path) -> None:
    document = Document.from_words(["Ada", "\u200e", "ran"]).with_tags({"ner": ["B-PER", "O", "O"]})
    save_corpus([document], tmp_path / "a.spacy")
    (back,) = read(tmp_path / "a.spacy", {"ner": "ents"})
    assert back.words == document.words
