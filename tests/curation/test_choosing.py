"""What is chosen to be annotated: the doubtful, against direct sums; no near duplicates; in bounded memory."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from tiny import NAMES, PLAIN, settings_of, untrained

from bilstm_tagger.curation import choosing
from bilstm_tagger.curation.choosing import Candidates
from bilstm_tagger.curation.uncertainty import Doubt, doubts, uncertainty
from bilstm_tagger.document.document import Document
from bilstm_tagger.schemes.spans import tags_to_spans

WORDS = [*PLAIN, *NAMES["PER"], *NAMES["LOC"]]
ENDINGS = [a + b for a in "aeiou" for b in "lmnrst"]


def documents(count: int, *, seed: int = 0) -> list[Document]:
    draw = random.Random(seed)
    made = [
        Document.from_sentences(
            [[draw.choice(WORDS) + draw.choice(ENDINGS) for _ in range(draw.randint(3, 8))] for _ in "ab"]
        )
        for _ in range(count)
    ]
    for number, document in enumerate(made):
        document.id = str(number)
    return made


def test_doubts_are_the_expected_mistakes_over_all_tag_sequences() -> None:
    """Expected number of wrong spans and of missed tokens, by enumerating all sequences."""
    tagger = untrained(settings_of(), seed=4)
    given = [Document.from_words(WORDS[at : at + 3]) for at in range(6)]
    for document in tagger.pipe(given, n_best=5_000):
        mine = tags_to_spans(document.tags_of("ner"), document.schemes["ner"])
        covered = {index for start, end, _ in mine for index in range(start, end)}
        expected = 0.0
        for each in (document.probabilities["ner"].n_best or [])[0]:
            spans = tags_to_spans(each.tags, document.schemes["ner"])
            wrong = sum(span not in spans for span in mine)
            missed = sum(tag != "O" for index, tag in enumerate(each.tags) if index not in covered)
            expected += each.probability * (wrong + missed)
        found = doubts(document, 0, "ner")
        assert sum(doubt.probability for doubt in found) == pytest.approx(expected, abs=3e-3)  # tiny ones are left out
        assert uncertainty(found, 3, power=1) == pytest.approx(sum(doubt.probability for doubt in found) / 3)


def test_the_most_doubtful_comes_first_with_its_place_and_its_spans() -> None:
    tagger = untrained(settings_of(), seed=4)
    tagged = list(tagger.pipe(documents(20), probabilities=True))
    candidates = Candidates(5, "ner")
    candidates.add(tagged)
    chosen = candidates.chosen()
    assert candidates.sentences == 40
    values = [
        (uncertainty(doubts(document, number, "ner"), last - first), document.id, number)
        for document in tagged
        for number, (first, last) in enumerate(pairwise(document.bounds))
    ]
    best, name, number = max(values)
    assert chosen[0].uncertainty == pytest.approx(best)
    source = tagged[int(name or 0)]
    sentence = source.sentences[number]
    assert chosen[0].document.id == name
    assert chosen[0].document.text == sentence.text
    assert source.text[chosen[0].start_char :].startswith(sentence.text)
    told = [(span.start, span.end, span.label, span.probability) for span in chosen[0].document.spans]
    assert told == [(span.start, span.end, span.label, span.probability) for span in sentence.spans]


def test_near_duplicates_are_left_out() -> None:
    tagger = untrained(settings_of(), seed=4)
    base = ["Ada", "left", "Turin", "in", "1999", "and", "Rain", "fell"]
    near = [*base[:-1], "rains"]
    same = ["ADA", "left", "turin", "in", "2024", "and", "Rain", "fell"]  # but for case and the number
    other = ["Noor", "at", "the", "Lake", ".", "boat"]
    candidates = Candidates(9, "ner")
    candidates.add(tagger.pipe([base, near, same, other, base], probabilities=True))
    words = [each.document.words for each in candidates.chosen()]
    assert len(words) == 2
    assert other in words
    assert (candidates.sentences, candidates.repeated) == (5, 2)


def test_what_has_been_asked_counts_half() -> None:
    """Two sentences about one name lose to one about another name that is a little less doubtful."""
    candidates = Candidates(3, "ner", power=0)
    names = {"first": ("a", 0.9), "second": ("a", 0.8), "third": ("b", 0.5)}
    for order, (name, (text, probability)) in enumerate(names.items()):
        document = Document.from_words([f"{name}{letter}" for letter in "abcdef"])
        document.id = name
        suggestion = choosing.Suggestion(document, probability, 0, (Doubt(text, probability),))
        candidates._heap.append((probability, -order, suggestion))
    assert [each.document.id for each in candidates.chosen()] == ["first", "third", "second"]


def test_memory_is_bounded_and_the_choice_is_that_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choosing, "AGAIN", 1.0)
    tagger = untrained(settings_of(), seed=4)
    tagged = list(tagger.pipe(documents(60, seed=3), probabilities=True))
    whole = Candidates(4, "ner")
    whole.add(tagged)
    monkeypatch.setattr(choosing, "FEWEST", 1)
    monkeypatch.setattr(choosing, "POOL", 5)
    small = Candidates(4, "ner")
    small.add(tagged)
    assert len(small._heap) == 20
    assert len(whole._heap) == 120 - whole.repeated
    assert [each.uncertainty for each in small.chosen()] == [each.uncertainty for each in whole.chosen()]
