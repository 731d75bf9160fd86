"""Names by which columns of tables with a token in each row are known, in any spelling."""

from __future__ import annotations

from pathlib import Path

import pytest

from bilstm_tagger.corpus import read_corpus
from bilstm_tagger.corpus.formats.token_columns import kinds_of, looks_like_header
from bilstm_tagger.errors import CorpusError

NUMBERED = ("", " #", " ID", "_idx", "-no", ".nr", "Number")
NAMES = {
    "word": ["word", "Token", "FORM", "words", "tokens"],
    "tag": [
        "tag", "Tags", "NER", "ner_tag", "ner_tags", "label", "Labels", "IOB", "BIO", "NE-tag", "Entity", "UPOS", "pos",
    ],
    "sentence": [
        "Sentence #", "sentence_id", "sentence_idx", "Sentence No.", "sentence nr", "SentenceNumber", "sent_id",
        "sent_idx",
    ],
    "document": [
        *(f"{what}{end}" for what in ("doc", "Document", "file", "article") for end in NUMBERED),
        "docname", "document_name", "FileName", "file_path", "tweet_id", "post_id", "text_id", "abstract_id",
    ],
}  # fmt: skip


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in NAMES.items() for name in names])
def test_a_column_is_known_by_its_name(kind: str, name: str) -> None:
    for spelled in (name, name.upper(), f" {name.lower()} "):
        assert kinds_of([spelled]) == {kind}


LOCAL = [
    "Wort", "Wortform", "mot", "Mots", "Palabra", "parola", "palavra", "слово", "词", "词语", "单词", "字",
]  # fmt: skip
NUMBERING = ["Satz", "Sentence", "oración", "frase", "句子"]


@pytest.mark.parametrize("name", LOCAL)
def test_words_in_other_languages_count_beside_tags_or_sentences(name: str) -> None:
    assert kinds_of([name]) == kinds_of([name, "Satz"]) == frozenset()  # as in a list of words with examples
    assert kinds_of([name, "tag"]) == {"word", "tag"}
    assert kinds_of([name, "Satz-Nr."]) == {"word", "sentence"}
    assert kinds_of([name, "tag", "text"]) == {"tag"}
    assert kinds_of([name, "tag", "sentence"]) == {"word", "tag"}
    assert looks_like_header([name, "Tag"])
    assert not looks_like_header([name, "NN"])


def read(folder: Path, content: str, **options: object) -> list[list[str]]:
    path = folder / "a.csv"
    path.write_text(content, "utf-8")
    return [s.words for document in read_corpus(path, {"ner": -1}, **options) for s in document.sentences]


@pytest.mark.parametrize("name", NUMBERING)
@pytest.mark.parametrize("numbers", ["1 1 2", "Satz:1 Satz:1 Satz:2", "1  2", "1.0 1.0 2.0", "#1 #1 #2"])
@pytest.mark.parametrize("word", ["Word", "Wort"])
def test_a_column_called_like_a_sentence_numbers_it(word: str, name: str, numbers: str, tmp_path: Path) -> None:
    rows = zip(numbers.split(" "), ["Anna", "kam", "Er"], ["B-PER", "O", "O"], strict=True)
    content = f"{name},{word},Tag\n" + "".join(",".join(row) + "\n" for row in rows)
    assert read(tmp_path, content) == [["Anna", "kam"], ["Er"]]


@pytest.mark.parametrize("name", NUMBERING)
@pytest.mark.parametrize("cells", [["Er kam", "Er kam", "Er kam"], ["1", "2", "3"], ["1", "1", "Er"], ["", "1", "1"]])
def test_a_column_of_texts_or_of_other_numbers_tells_no_sentences_apart(
    name: str, cells: list[str], tmp_path: Path
) -> None:
    content = f"{name},Word,Tag\n" + "".join(f"{cell},a,O\n" for cell in cells)
    with pytest.raises(CorpusError, match=r"a\.csv:2: each row has one token, and nothing tells where sentences end"):
        read(tmp_path, content)


def test_a_phrase_is_a_sentence_in_french_only(tmp_path: Path) -> None:
    rows = "1,Anne,O\n1,vint,O\n2,Il,O\n"
    assert read(tmp_path, "phrase,mot,tag\n" + rows) == [["Anne", "vint"], ["Il"]]
    with pytest.raises(CorpusError, match="nothing tells where sentences end"):
        read(tmp_path, "phrase,token,tag\n" + rows)


def test_a_list_of_words_with_examples_is_no_table_of_tokens(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="neither tokens nor text"):
        read(tmp_path, "Wort,Satz\nHund,Der Hund bellt.\n\nHaus,Das Haus steht.\n")


def test_a_word_beside_its_lemma_is_no_header(tmp_path: Path) -> None:
    for row in (["Form", "form", "NOUN"], ["Tokens", "token", "NOUN"], ["Text", "text", "NOUN"]):
        assert not looks_like_header(row)


def test_both_columns_that_lack_are_named_at_once(tmp_path: Path) -> None:
    advice = (
        r"a\.csv:2: neither .* --word-column or --text-column; if each row is one token, also .* --sentence-column$"
    )
    with pytest.raises(CorpusError, match=advice):
        read(tmp_path, "nr,w,t\n1,Anna,B-PER\n1,kam,O\n2,Er,O\n")
    spec = {"word_column": "w", "sentence_column": "nr"}
    assert read(tmp_path, "nr,w,t\n1,Anna,B-PER\n1,kam,O\n2,Er,O\n", **spec) == [["Anna", "kam"], ["Er"]]


@pytest.mark.parametrize("name", ["", "note", "text", "sentence", "words2", "id", "tagged", "my label"])
def test_others_are_of_no_kind(name: str) -> None:
    assert kinds_of([name]) == frozenset()


@pytest.mark.parametrize("beside", ["id", "chunk", "Lemma", "text", "Sentence", "body", "content"])
def test_names_that_stand_beside_words_in_a_header(beside: str) -> None:
    assert looks_like_header([beside, "Word"])
    assert not looks_like_header([beside, "left"])
    assert not looks_like_header([beside])


def test_a_first_line_without_words_or_a_text_is_no_header() -> None:
    assert not looks_like_header(["id", "chunk", "lemma", "NER"])


@pytest.mark.parametrize("second", ["1", ""])
def test_rows_of_one_sentence_are_tokens_however_many_hold_spaces(second: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"Sentence #,Word,Tag\n1,New York,B-LOC\n{second},San Juan,B-LOC\n2,da,O\n", "utf-8")
    corpus = read_corpus(path, {"ner": -1})
    assert [words for each in corpus for words in (list(s.words) for s in each.sentences)] == [
        ["New York", "San Juan"], ["da"],
    ]  # fmt: skip
    path.write_text(f"Sentence #,Word,Tag\n1,New York,B-LOC\n{second},da,O\n2,,O\n", "utf-8")
    with pytest.raises(CorpusError, match=r"a\.csv:4: no 'Word': the cell is empty"):
        read_corpus(path, {"ner": -1})
