"""Spans that stand in for others: text around them stays, what comes in was there before, tags come along."""

from __future__ import annotations

from collections import Counter
from itertools import chain, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bilstm_tagger.document.document import Document
from bilstm_tagger.schemes.grammar import Scheme, tag_names
from bilstm_tagger.training.data import EncodedCorpus, batches_per_epoch, encode_corpus
from bilstm_tagger.training.replace import SpanReplacer
from bilstm_tagger.vocab.vocab import build_vocab

LABELS = ["LOC", "PER"]
WORDS = ["Ada", "Lovelace", "ADA", "TURIN", "Turin", "left", "in", "ate"]
POS = ["other", "title", "upper"]
TAGS = {"ner": tag_names(LABELS, Scheme.IOBES), "pos": POS}
VOCAB = build_vocab(WORDS * 2, tags=TAGS, digits="keep")

spans = st.tuples(st.lists(st.sampled_from(WORDS), min_size=1, max_size=3), st.sampled_from([None, *LABELS]))
corpora = st.lists(st.lists(st.lists(spans, min_size=1, max_size=5), min_size=1, max_size=4), min_size=1, max_size=4)


def pos_of(word: str) -> str:
    return "upper" if word.isupper() else "title" if word.istitle() else "other"


def encode(documents: list[list[list[tuple[list[str], str | None]]]], *, context: int = 0) -> EncodedCorpus:
    """A corpus of documents of sentences of pieces: words and their label, None outside of spans."""
    made = []
    for sentences in documents:
        words, tags, bounds = [], [], [0]
        for pieces in sentences:
            for piece, label in pieces:
                words += piece
                tags += [f"{'I' if at else 'B'}-{label}" if label else "O" for at in range(len(piece))]
            bounds.append(len(words))
        every = {"ner": tags, "pos": [pos_of(word) for word in words]}
        made.append(Document(words, bounds, tags=every, schemes={"ner": Scheme.BIO}))
    return encode_corpus(made, VOCAB, tasks={"ner": Scheme.IOBES, "pos": Scheme.NONE}, context=context)


def read(corpus: EncodedCorpus) -> list[list[tuple[tuple[str, ...], str | None, tuple[str, ...]]]]:
    """For each sentence its spans and outside words: wording, label, parts of speech."""
    found = []
    for row, lengths in enumerate(corpus.sentences):
        rows = corpus.types.rows.numpy()[corpus.words[row]]
        names, pos = ([TAGS[task][tag] for tag in corpus.tags[task][row]] for task in ("ner", "pos"))
        bounds = np.cumsum([0, *lengths]).tolist()
        assert bounds[-1] == len(rows) == len(names) == len(pos)
        for first, last in pairwise(bounds):
            pieces = []
            start = first
            for at in range(first, last):
                assert (names[at][0] in "OBS") == (at == start), "a span is whole"
                if names[at][0] in "OES":
                    wording = tuple(VOCAB.trained[word] for word in rows[start : at + 1])
                    pieces.append((wording, names[at][2:] or None, tuple(pos[start : at + 1])))
                    start = at + 1
            assert start == last
            found.append(pieces)
    return found


@given(corpora, st.sampled_from([0, 6]), st.floats(0, 0.99), st.integers(0, 3))
def test_what_stands_in_was_there_with_the_same_label(documents, context: int, share: float, seed: int) -> None:  # type: ignore[no-untyped-def]
    corpus = encode(documents, context=context)
    replacer = SpanReplacer(corpus, TAGS)
    new = replacer.replaced(share, [seed])
    before, after = read(corpus), read(new)
    there = {piece for sentence in before for piece in sentence}
    assert [len(row) for row in corpus.sentences] == [len(row) for row in new.sentences]
    assert len(before) == len(after)
    for old, young in zip(before, after, strict=True):
        assert [label for _, label, _ in old] == [label for _, label, _ in young]
        for was, becomes in zip(old, young, strict=True):
            assert becomes in there
            assert becomes[1] or was == becomes
            capitals = [set(piece[2]) == {"upper"} for piece in (was, becomes)]
            assert capitals[0] == capitals[1]
    assert batches_per_epoch([new], 2) == batches_per_epoch([corpus], 2)
    again = replacer.replaced(share, [seed])
    assert all(np.array_equal(a, b) for a, b in zip(new.words, again.words, strict=True))


def test_share_of_spans_and_rare_ones_as_often_as_frequent_ones() -> None:
    names = [(["Ada"], "PER")] * 900 + [(["Turin"], "PER")] * 50 + [(["Lovelace", "Ada"], "PER")] * 50
    corpus = encode([[[name, (["left"], None)] for name in names]])
    new = SpanReplacer(corpus, TAGS).replaced(0.6, [0])
    counts = Counter(chain.from_iterable([piece[0] for piece in sentence if piece[1]] for sentence in read(new)))
    assert counts["turin",] == pytest.approx(50 * 0.4 + 1000 * 0.6 / 3, abs=45)
    assert counts["lovelace", "ada"] == pytest.approx(50 * 0.4 + 1000 * 0.6 / 3, abs=45)
    untouched = SpanReplacer(corpus, TAGS).replaced(0.0, [0])
    assert read(untouched) == read(corpus)


def test_headlines_keep_to_headlines() -> None:
    headline, text = [(["ADA"], "PER")], [(["TURIN"], "PER"), (["left"], None)]
    new = SpanReplacer(encode([[headline, text] * 20]), TAGS).replaced(0.9, [0])
    assert {sentence[0][0] for sentence in read(new)[::2]} == {("ada",)}
    assert {sentence[0][0] for sentence in read(new)[1::2]} == {("turin",)}


def test_text_without_spans_stays() -> None:
    corpus = encode([[[(["Ada"], "PER"), (["left"], None)]]])
    plain = EncodedCorpus(corpus.types, corpus.words, {"pos": corpus.tags["pos"]}, corpus.sentences)
    assert SpanReplacer(plain, TAGS).replaced(0.9, [0]) is plain


def test_spans_that_end_within_those_of_another_task_stay() -> None:
    first = encode([[[(["Ada"], "PER"), (["left"], None)], [(["Lovelace"], "PER"), (["ate"], None)]] * 30])
    second = encode([[[(["Ada", "left"], "LOC")], [(["Lovelace"], "LOC"), (["ate"], None)]] * 30])
    both = {"ner": first.tags["ner"], "np": second.tags["ner"]}
    corpus = EncodedCorpus(first.types, first.words, both, first.sentences)
    new = SpanReplacer(corpus, {**TAGS, "np": TAGS["ner"]}).replaced(0.9, [0])
    assert all(np.array_equal(a, b) for a, b in zip(new.words, corpus.words, strict=True))
    swapped = encode([[[(["Ada"], "PER"), (["left"], None)], [(["Lovelace"], "PER"), (["ate"], None)]] * 30])
    assert any(
        not np.array_equal(a, b)
        for a, b in zip(SpanReplacer(swapped, TAGS).replaced(0.9, [0]).words, swapped.words, strict=True)
    )
