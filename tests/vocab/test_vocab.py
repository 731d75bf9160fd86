"""Words as numbers: which row a word gets, its characters and its case shape."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bilstm_tagger.vocab.vocab import (
    PAD,
    SHAPES,
    UNK,
    Vocab,
    build_vocab,
    extend_vocab,
    lookup_keys,
    shape_of,
    shorten,
    zero_digits,
)

TAGS = {"ner": ["O", "B-X", "I-X"]}
word_lists = st.lists(st.text(alphabet="aBc19é0", min_size=1, max_size=4), max_size=25)


def name_of(vocab: Vocab, row: int) -> str:
    return [*vocab.trained, *vocab.frozen][row]


def test_rows_of_frequent_and_of_pretrained_words() -> None:
    words = ["Boat", "boat", "rare", "vec", "The", "1999", "2024"]
    vocab = build_vocab(words, tags=TAGS, vector_words=["the", "vec", "river"], min_count=2)
    assert set(vocab.trained) == {"<pad>", "<unk>", "boat", "vec", "the", "0000"}
    assert vocab.trained[:2] == ["<pad>", "<unk>"]
    assert vocab.frozen == ["river"]
    assert vocab.known == frozenset(words)
    assert vocab.tags == TAGS
    for word, key in [("BOAT", "boat"), ("THE", "the"), ("River", "river"), ("1850", "0000")]:
        assert name_of(vocab, vocab.row(word)) == key
    for word in ("rare", "99", "absent", "<pad>", "<unk>"):
        assert vocab.row(word) == UNK


def test_vectors_with_capitals_are_those_of_the_words_as_written() -> None:
    words = ["Köln", "köln", "Bonn", "bonn", "AG", "ag", "ag"]
    vocab = build_vocab(words, tags=TAGS, vector_words=["Köln", "bonn", "Rhein", "rhein"], min_count=2)
    assert set(vocab.trained) == {"<pad>", "<unk>", "Köln", "bonn", "ag"}
    assert vocab.frozen == ["Rhein", "rhein"]
    for word, key in [("Köln", "Köln"), ("Bonn", "bonn"), ("AG", "ag"), ("Rhein", "Rhein"), ("RHEIN", "rhein")]:
        assert name_of(vocab, vocab.row(word)) == key
    assert vocab.row("KÖLN") == vocab.row("köln") == UNK


def test_a_word_of_an_earlier_model_is_looked_up_as_before() -> None:
    vocab = Vocab(["<pad>", "<unk>", "köln"], ["Köln"], ["<pad>", "<unk>"], TAGS)
    assert name_of(vocab, vocab.row("Köln")) == "köln"
    assert "cased" not in vocab.to_json()


@pytest.mark.parametrize("cased", ["new", "earlier", "neither"])
def test_an_extended_vocabulary_keeps_the_case_that_either_has(cased: str) -> None:
    new, earlier = (
        build_vocab(["Köln"], tags=TAGS, vector_words=["Köln" if cased == which else "köln"])
        for which in ("new", "earlier")
    )
    assert extend_vocab(new, earlier).cased == (cased != "neither")


def test_a_number_with_a_vector_of_its_own_keeps_it() -> None:
    vocab = build_vocab(["1999", "2024", "2025"], tags=TAGS, vector_words=["1999"], min_count=2)
    assert name_of(vocab, vocab.row("1999")) == "1999"
    assert name_of(vocab, vocab.row("2024")) == "0000"


@given(words=word_lists, pretrained=word_lists, min_count=st.integers(1, 3))
def test_every_word_finds_the_row_the_rules_give_it(words: list[str], pretrained: list[str], min_count: int) -> None:
    vocab = build_vocab(words, tags=TAGS, vector_words=pretrained, min_count=min_count)
    keys = [*vocab.trained, *vocab.frozen]
    assert len(set(keys)) == len(keys)
    cased = any(word != word.lower() for word in pretrained)

    def all_keys(word: str) -> list[str]:
        return [*([word] if cased else ()), word.lower(), zero_digits(word.lower())]

    counts = Counter(next((key for key in all_keys(word) if key in pretrained), all_keys(word)[-1]) for word in words)
    for word in words + pretrained:
        has_row = [key for key in all_keys(word) if key in pretrained or counts[key] >= min_count]
        row = vocab.row(word)
        assert (row == UNK) if not has_row else keys[row] == has_row[0]
        if has_row and has_row[0] in counts:
            assert row < len(vocab.trained), "a training word's row must learn"


@given(words=word_lists, more=st.lists(st.text(max_size=30), max_size=8), longest=st.integers(1, 8))
def test_encode_looks_up_word_by_word(words: list[str], more: list[str], longest: int) -> None:
    vocab = build_vocab(words, tags=TAGS, longest=longest)
    asked = words + more
    arrays = vocab.encode(asked)
    assert arrays.rows.tolist() == [vocab.row(word) for word in asked]
    assert [SHAPES[number] for number in arrays.shapes] == [SHAPES[shape_of(word)] for word in asked]
    assert arrays.chars.shape[0] == len(asked)
    assert arrays.chars.shape[1] <= longest
    for word, ids in zip(asked, arrays.chars, strict=True):
        cut = shorten(word, longest)
        assert (ids[len(cut) :] == PAD).all()
        for char, number in zip(cut, ids[: len(cut)], strict=True):
            assert number == UNK or vocab.characters[number] == char
            assert number != PAD
    assert {arrays.rows.dtype, arrays.chars.dtype, arrays.shapes.dtype} == {np.dtype(np.int64)}


def test_a_character_met_once_is_unknown() -> None:
    vocab = build_vocab(["ab", "ac"], tags=TAGS)
    assert vocab.characters == ["<pad>", "<unk>", "a"]
    assert vocab.encode(["abz"]).chars.tolist() == [[2, UNK, UNK]]


@given(words=word_lists, pretrained=word_lists)
def test_json_round_trip(words: list[str], pretrained: list[str]) -> None:
    vocab = build_vocab(words, tags=TAGS, vector_words=pretrained, longest=7)
    again = Vocab.from_json(json.loads(json.dumps(vocab.to_json())))
    assert again == vocab
    assert [again.row(word) for word in words + pretrained] == [vocab.row(word) for word in words + pretrained]


@given(word_lists)
def test_lookup_keys_are_all_keys_of_a_lookup(words: list[str]) -> None:
    keys = lookup_keys(words)
    full = build_vocab(words, tags=TAGS, vector_words=sorted(keys | {"other"}), min_count=1)
    few = build_vocab(words, tags=TAGS, vector_words=sorted(keys), min_count=1)
    for word in words:
        assert name_of(full, full.row(word)) == name_of(few, few.row(word))


@given(st.text(max_size=20), st.integers(1, 12))
def test_shorten(word: str, longest: int) -> None:
    cut = shorten(word, longest)
    assert len(cut) == min(len(word), longest)
    head = longest // 2
    assert word.startswith(cut[:head])
    assert word.endswith(cut[head:])


@pytest.mark.parametrize(
    ("word", "shape"),
    [
        ("boat", "lower"),
        ("Boat", "title"),
        ("BOAT", "upper"),
        ("I", "initial"),
        ("McCoy", "mixed"),
        ("iPhone", "mixed"),
        ("1999", "number"),
        ("3.14", "number"),
        ("B2B", "digits and letters"),
        ("b2b", "lower"),
        ("U.S.", "upper"),
        ("...", "other"),
        ("東京", "other"),
        ("", "other"),
    ],
)
def test_shape(word: str, shape: str) -> None:
    assert SHAPES[shape_of(word)] == shape


@given(st.text(max_size=6))
def test_every_text_has_a_shape_that_is_not_padding(word: str) -> None:
    assert 0 < shape_of(word) < len(SHAPES)


def test_what_an_earlier_model_trained_keeps_its_row() -> None:
    """A word that it learnt, which the new data lacks and the vectors have, goes to no row that does not learn."""
    earlier = build_vocab(["boat", "lake"], tags=TAGS, min_count=1)
    new = build_vocab(["river"], tags=TAGS, vector_words=["boat", "swan"], min_count=1)
    assert new.frozen == ["boat", "swan"]
    both = extend_vocab(new, earlier)
    assert both.trained == ["<pad>", "<unk>", "boat", "lake", "river"]
    assert both.frozen == ["swan"]
    assert [both.row(word) for word in ("boat", "lake")] == [earlier.row(word) for word in ("boat", "lake")]
    assert both.row("swan") == len(both.trained)


def test_the_smallest_vocabulary_comes_back() -> None:
    """No word and no character has a row of its own."""
    vocab = build_vocab([], tags=TAGS)
    assert vocab.trained == vocab.characters == ["<pad>", "<unk>"]
    assert Vocab.from_json(json.loads(json.dumps(vocab.to_json()))) == vocab
    assert vocab.row("word") == UNK
