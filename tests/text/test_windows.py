"""Sentences have a bound, and windows begin at good places."""

from __future__ import annotations

import random
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from bilstm_tagger.text.tokenizers import get_tokenizer
from bilstm_tagger.text.windows import MOST, WINDOW

ENGLISH = get_tokenizer("spacy:en")
CHARACTERS = get_tokenizer("characters")


@given(st.integers(0, 2_000), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=30)
def test_no_sentence_is_longer_than_the_bound(tokens: int, rng: random.Random) -> None:
    text = "".join(rng.choice(["a", "b,", "Ada"]) + rng.choice([" ", " ", "\n"]) for _ in range(tokens))
    document = ENGLISH(text)
    assert all(0 < end - start <= MOST for start, end in pairwise(document.bounds))
    assert document.seams <= set(document.bounds)
    assert document.text == text
    # Without the seams there is what there would be without the bound: no other sentence end is new or lost.
    natural = [bound for bound in document.bounds if bound not in document.seams]
    assert all(end - start > MOST for start, end in pairwise(natural) if any(start < s < end for s in document.seams))


def test_a_sentence_of_the_bound_is_not_cut() -> None:
    assert ENGLISH("a " * MOST).bounds == [0, MOST]
    assert ENGLISH("a " * (MOST + 1)).seams == set(range(WINDOW, MOST + 1, WINDOW))
    assert CHARACTERS("中" * 1_000).seams == set(range(WINDOW, 1_000, WINDOW))


def test_windows_begin_at_line_ends_or_behind_commas() -> None:
    words = ["w"] * 500
    words[169] = "w,"
    assert min(ENGLISH(" ".join(words)).seams) == 171  # the comma is a token too
    text = " ".join(words[:160]) + "\n" + " ".join(words[160:])
    assert min(ENGLISH(text).seams) == 160
