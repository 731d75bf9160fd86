"""Windows of overlong sentences: tags are those of the whole away from the seams, and always legal."""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path

import pytest

from bilstm_tagger.corpus import read_corpus
from bilstm_tagger.document.document import Document
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.schemes.spans import spans_to_tags, tags_to_spans
from bilstm_tagger.tagging.overlap import narrowed, widened
from bilstm_tagger.tagging.tagger import Tagger
from bilstm_tagger.text.windows import MOST, WINDOW


def cut(words: list[str], bounds: list[int], seams: set[int]) -> Document:
    document = Document(words, bounds, columns={"number": [str(place) for place in range(len(words))]})
    document.seams = frozenset(seams)
    return document


@pytest.mark.parametrize("scheme", [Scheme.BIO, Scheme.IOB1, Scheme.IOBES, Scheme.BMES, Scheme.BILOU])
def test_tags_of_a_perfect_tagger_come_back_but_for_spans_over_seams(scheme: Scheme) -> None:
    rng = random.Random(5)
    for _ in range(50):
        sizes = [rng.randint(1, 60) for _ in range(5)]
        bounds = [0, *(sum(sizes[: index + 1]) for index in range(5))]
        seams = {bound for bound in bounds[1:-1] if rng.random() < 0.6}
        length = bounds[-1]
        spans, place = [], 0
        while place < length:
            end = min(place + rng.randint(1, 8), length)
            spans.append((place, end, rng.choice("XY")))
            place = end + rng.randint(0, 5)
        document = cut([f"w{place}" for place in range(length)], bounds, seams)
        wide = widened(document)
        # The perfect tagger knows each token by its number and gives all of a span that it sees.
        tags: list[str] = []
        for start, end in pairwise(wide.bounds):
            numbers = [int(number) for number in wide.columns["number"][start:end]]
            first, last = numbers[0], numbers[-1] + 1
            seen = [(max(a, first) - first, min(b, last) - first, label) for a, b, label in spans
                    if a < last and b > first]  # fmt: skip
            tags += spans_to_tags(seen, last - first, scheme)
        plain = [f"P{word}" for word in wide.words]
        (result,) = narrowed([document], [wide.with_tags({"ner": tags, "pos": plain}, {"ner": scheme})])
        assert result.tags["pos"] == [f"P{word}" for word in document.words]
        for start, end in pairwise(bounds):
            expected = [(max(a, start) - start, min(b, end) - start, label) for a, b, label in spans
                        if a < end and b > start]  # fmt: skip
            assert tags_to_spans(result.tags["ner"][start:end], scheme) == expected


def test_a_document_without_seams_is_itself() -> None:
    document = cut(["a", "b"], [0, 2], set())
    assert widened(document) is document
    assert next(narrowed([document], [document])) is document


def test_tags_away_from_the_seams_are_those_of_the_whole(sample: Path) -> None:
    """Of one sentence of 1,500 tokens, tagged whole and in windows, by the model that comes with the package."""
    tagger = Tagger.load("en", precision="float32")
    words = [
        word
        for document in read_corpus(sample / "en-train.conllu", {"upos": "UPOS"})
        for word in document.words
        if word.isalpha()
    ][:1_500]
    text = " ".join(words)
    windowed = tagger(text)
    whole = tagger(Document(windowed.words, [0, len(windowed.words)]))
    assert len(windowed.bounds) > len(words) // MOST
    seams = windowed.bounds[1:-1]
    assert all(end - start <= WINDOW for start, end in pairwise(windowed.bounds))
    for task in windowed.tags:
        differing = [
            place
            for place, (left, right) in enumerate(zip(windowed.tags[task], whole.tags[task], strict=True))
            if left != right
        ]
        far = [place for place in differing if min(abs(place - seam) for seam in seams) > 5]
        assert len(far) <= 0.004 * len(words), (task, far)
        assert len(differing) <= 0.01 * len(words), (task, differing)
