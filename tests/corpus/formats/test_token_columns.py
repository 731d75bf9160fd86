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
