"""The panel: its own texts are marked soundly, and its scores are those of seqeval."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics import f1_score
from seqeval.scheme import IOB2

from benchmarks.panel.scoring import tally
from benchmarks.panel.sets import item_of, own, recased
from benchmarks.recipes.text import Sentence, spans_of

FOUR = {"PER", "ORG", "LOC", "MISC"}
tags = st.lists(st.sampled_from(["O", "B-PER", "I-PER", "B-ORG", "I-ORG"]), min_size=6, max_size=6)


def test_the_own_texts_have_whole_words_as_names_without_overlap() -> None:
    sizes = {}
    for name in ("hyphens", "hyphens-dev", "everyday"):
        items = list(own(name))
        sizes[name] = len(items)
        for item in items:
            last = 0
            for start, end, label in sorted(item.spans):
                text = item.text[start:end]
                assert label in FOUR
                assert last <= start < end
                assert text == text.strip()
                assert not item.text[start - 1 : start].isalnum()
                assert not item.text[end : end + 1].isalnum()
                last = end
    assert sizes == {"hyphens": 60, "hyphens-dev": 48, "everyday": 20}
    names = {
        part: {item.text[start:end] for item in own(part) for start, end, _ in item.spans}
        for part in ("hyphens", "hyphens-dev")
    }
    assert all("-" in name for part in names.values() for name in part)
    assert not names["hyphens"] & names["hyphens-dev"]  # what is chosen on is not what is judged on


@given(gold=tags, guessed=tags)
def test_f1_is_that_of_seqeval(gold: list[str], guessed: list[str]) -> None:
    true, other = spans_of(gold), spans_of(guessed)
    written = [[Sentence(["x"] * 6, spans).tags] for spans in (true, other)]
    expected = f1_score(*written, mode="strict", scheme=IOB2, zero_division=0)
    assert abs(tally([true], [other], FOUR).f1 - 100 * expected) < 1e-9


def test_errors_by_kind() -> None:
    gold = [[(0, 2, "PER"), (3, 4, "ORG"), (5, 6, "LOC"), (8, 9, "LOC")]]
    guessed = [[(0, 1, "PER"), (3, 4, "LOC"), (6, 7, "LOC"), (8, 9, "LOC")]]
    found = tally(gold, guessed, FOUR)
    assert found.errors == {"boundary": 1, "type": 1, "missed": 1, "invented": 1}
    assert (found.f1, found.recall) == (25.0, 25.0)
    assert found.f1_of("LOC") == 40.0


def test_labels_that_a_text_does_not_mark_are_ignored() -> None:
    found = tally([[(0, 1, "PER")]], [[(0, 1, "PER"), (2, 3, "MISC")]], FOUR - {"MISC"})
    assert found.f1 == 100
    assert not found.errors


def test_characters_of_names_in_the_text_that_was_sent() -> None:
    item = item_of(Sentence(["Ada", "-", "Lou", "left", "."], [(0, 3, "PER")]), "Ada-Lou left.")
    assert item.spans == [(0, 7, "PER")]
    assert item_of(Sentence(["Ada", "left"], [(0, 1, "PER")]), "other text").text == "Ada left"


def test_a_text_that_grows_in_upper_case_stays_as_it_is() -> None:
    items = [item_of(Sentence(["Straße"], [])), item_of(Sentence(["Ada"], [(0, 1, "PER")]))]
    assert [item.text for item in recased(items, str.upper)] == ["Straße", "ADA"]
