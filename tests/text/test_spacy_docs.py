"""Docs of spaCy, given to a tagger: as the component and as the text itself are read."""

from __future__ import annotations

from functools import cache

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.language import Language
from spacy.tokens import Doc

from bilstm_tagger.tagging.sources import read_source
from bilstm_tagger.text.spacy_docs import document_of
from bilstm_tagger.text.tokenizers import Tokenizer, get_tokenizer


@cache
def english() -> tuple[Language, Tokenizer]:
    return spacy.blank("en"), get_tokenizer("spacy:en")


TEXT = "Ada  Byron ran.\n\nThe\train \U0001f600 fell;\u00a0 Bob\r\n saw  it. "


@pytest.mark.parametrize("text", [TEXT, "", " ", "\n\n", "Ada", " Ada", "Ada "])
def test_a_doc_is_read_as_its_text(text: str) -> None:
    nlp, tokenizer = english()
    read, expected = read_source(nlp(text), lambda: tokenizer), tokenizer(text)
    for name in ("text", "words", "bounds", "starts", "ends"):
        assert getattr(read, name) == getattr(expected, name), name


@settings(max_examples=60, deadline=None)
@given(st.text(st.sampled_from("aB. \n\t\u00a0'-\U0001f600"), max_size=30))
def test_tokens_of_white_space_are_no_words(text: str) -> None:
    nlp, tokenizer = english()
    doc = nlp(text)
    document, places = document_of(doc, tokenizer)
    assert places == [token.i for token in doc if not token.is_space]
    assert document.words == [doc[place].text for place in places]
    assert document.starts == [doc[place].idx for place in places]
    assert document.text == text
    document.check_offsets()


def test_sentences_of_a_doc_stay() -> None:
    nlp, tokenizer = english()
    doc = Doc(nlp.vocab, ["\n", "Ada", "ran", " ", "Bob", "sat", "\n"], sent_starts=[1, 0, 0, 1, 0, 0, 0])
    document, _ = document_of(doc, tokenizer)
    assert [each.words for each in document.sentences] == [["Ada", "ran"], ["Bob", "sat"]]
