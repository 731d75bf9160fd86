"""Scores from raw text, counted by hand."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

import pytest

from bilstm_tagger.document.document import Document
from bilstm_tagger.evaluation.raw import score_raw, tag_raw
from bilstm_tagger.schemes.grammar import Scheme


def tagged(words: list[str], tags: list[str], text: str, scheme: Scheme = Scheme.BIO) -> Document:
    """A document of one sentence with its text."""
    starts, at = [], 0
    for word in words:
        at = text.index(word, at)
        starts.append(at)
        at += len(word)
    ends = [start + len(word) for start, word in zip(starts, words, strict=True)]
    schemes = {} if scheme is Scheme.NONE else {"t": scheme}
    return Document(words, [0, len(words)], text=text, starts=starts, ends=ends, tags={"t": tags}, schemes=schemes)


def test_a_name_counts_though_it_was_cut_into_other_tokens() -> None:
    text = "Ann met Jean-Luc."
    gold = tagged(["Ann", "met", "Jean-Luc", "."], ["B-PER", "O", "B-PER", "O"], text)
    found = tagged(["Ann", "met", "Jean", "-", "Luc", "."], ["B-LOC", "O", "B-PER", "I-PER", "I-PER", "O"], text)
    scores = score_raw([gold], [found], "t")
    assert (scores.micro.correct, scores.micro.predicted, scores.micro.support) == (1, 2, 2)
    assert scores.labels["PER"].recall == 0.5
    assert scores.labels["LOC"].precision == 0
    assert (scores.tokens.correct, scores.tokens.predicted, scores.tokens.support) == (3, 6, 4)
    assert json.loads(json.dumps(scores.to_json()))["headline"] == 0.5


def test_a_plain_tag_counts_only_with_the_ends_of_its_token() -> None:
    text = "well-kept lawn"
    gold = tagged(["well-kept", "lawn"], ["ADJ", "NOUN"], text, Scheme.NONE)
    found = tagged(["well", "-", "kept", "lawn"], ["ADV", "PUNCT", "ADJ", "NOUN"], text, Scheme.NONE)
    scores = score_raw([gold], [found], "t")
    assert (scores.micro.correct, scores.micro.predicted, scores.micro.support) == (1, 4, 2)


def test_what_touches_an_unknown_token_is_left_out() -> None:
    text = "Ann of Rome"
    gold = tagged(["Ann", "of", "Rome"], ["B-PER", "O", "_"], text)
    found = tagged(["Ann", "of", "Rome"], ["B-PER", "O", "B-LOC"], text)
    scores = score_raw([gold], [found], "t")
    assert (scores.micro.correct, scores.micro.predicted, scores.micro.support) == (1, 1, 1)


@pytest.mark.parametrize("with_text", [True, False])
def test_each_sentence_is_sent_as_it_stands_in_the_text(with_text: bool) -> None:
    words = ["It", "is", "n't", ".", "Why", "?"]
    text = "It isn't.\n  Why?"
    sent: list[str] = []

    class Listening:
        def pipe(self, texts: Iterable[str]) -> Iterator[Document]:
            sent.extend(texts)
            return iter([])

    if with_text:
        starts = [0, 3, 5, 8, 12, 15]
        ends = [start + len(word) for start, word in zip(starts, words, strict=True)]
        gold = Document(words, [0, 4, 4, 6], text=text, starts=starts, ends=ends)
    else:
        gold = Document.from_sentences([words[:4], [], words[4:]])
    tag_raw(Listening(), [gold])  # type: ignore[arg-type]
    assert sent == (["It isn't.", "Why?"] if with_text else ["It is n't .", "Why ?"])
