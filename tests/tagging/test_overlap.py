"""Windows of overlong sentences: tags are those of the whole away from the seams, and always legal."""

from __future__ import annotations

import logging
import random
from itertools import pairwise
from pathlib import Path

import pytest
from rule_tagger import RuleTagger
from tagged import to_stream
from tiny import untrained

from bilstm_tagger.corpus import read_corpus
from bilstm_tagger.document.document import Document
from bilstm_tagger.schemes.grammar import Scheme, first_illegal
from bilstm_tagger.schemes.spans import spans_to_tags, tags_to_spans
from bilstm_tagger.tagging.overlap import narrowed, widened, windowed
from bilstm_tagger.tagging.runtime import BATCH_TOKENS, Window
from bilstm_tagger.tagging.tagger import Tagger
from bilstm_tagger.text.windows import MOST, OVERLAP, WINDOW


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
    cut = tagger(text)
    (whole,) = tagger._tag([Document(cut.words, [0, len(cut.words)])], BATCH_TOKENS, None)
    assert len(cut.bounds) > len(words) // MOST
    seams = cut.bounds[1:-1]
    assert all(end - start <= WINDOW for start, end in pairwise(cut.bounds))
    for task in cut.tags:
        differing = [
            place
            for place, (left, right) in enumerate(zip(cut.tags[task], whole.tags[task], strict=True))
            if left != right
        ]
        far = [place for place in differing if min(abs(place - seam) for seam in seams) > 5]
        assert len(far) <= 0.004 * len(words), (task, far)
        assert len(differing) <= 0.01 * len(words), (task, differing)
    # The same tokens without a text are tagged in the same windows, and stay one sentence.
    given = tagger(words)
    assert given.bounds == [0, len(words)]
    assert given.words == words == cut.words
    for task, scheme in given.schemes.items():
        alike = [(span.start, span.end, span.label) for span in given.spans_of(task)] == [
            (span.start, span.end, span.label) for span in cut.spans_of(task)
        ]
        assert scheme is Scheme.NONE or alike
    assert given.tags["upos"] == cut.tags["upos"]


def test_sentences_as_they_were_given_stay_as_they_are() -> None:
    tagger = untrained()
    rng = random.Random(3)
    words = ["the", "boat", "Ada", "Turin", "left"]
    sentences = [rng.choices(words, k=size) for size in (3, 1_000, 0, 401, 5)]
    (document,) = tagger.pipe([sentences], probabilities=True)
    assert [sentence.words for sentence in document.sentences] == sentences
    assert document.probabilities["ner"].marginals.shape[0] == len(document) == len(document.tags["ner"])
    for sentence in document.sentences:
        assert first_illegal(sentence.tags("ner"), Scheme.BIO) is None
    for short in (0, 4):
        assert document.sentences[short].tags("ner") == list(tagger(sentences[short]).tags["ner"])
    alone = tagger(sentences[1])
    assert document.sentences[1].tags("ner") == alone.tags["ner"]
    best = next(tagger.pipe([sentences], n_best=1))
    assert len(best.probabilities["ner"].n_best) == 5


def test_columns_of_features_are_cut_too() -> None:
    document = Document(["a"] * 900, [0, 900], columns={"pos": [str(place) for place in range(900)]})
    wide = widened(windowed(document))
    assert max(end - start for start, end in pairwise(wide.bounds)) <= WINDOW + 2 * OVERLAP
    for start, end in pairwise(wide.bounds):
        numbers = list(map(int, wide.columns["pos"][start:end]))
        assert numbers == list(range(numbers[0], numbers[-1] + 1))
    assert windowed(Document(["a"] * 400, [0, 400])).bounds == [0, 400]


def test_memory_does_not_grow_with_the_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """By what the network is given, since memory itself depends on the machine."""
    tagger = untrained()
    widths: list[int] = []
    decode = type(tagger.runtime).decode

    def listen(runtime: object, window: Window, **given: object) -> object:
        widths.append(int(window.lengths.max()))
        return decode(runtime, window, **given)  # type: ignore[arg-type]

    monkeypatch.setattr(type(tagger.runtime), "decode", listen)
    for size in (500, 5_000, 20_000):
        tagger(["boat"] * size)
    assert max(widths) <= WINDOW + 2 * OVERLAP


def test_it_is_announced(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "a.conll"
    path.write_text("to\nAda\n" * 300)
    with caplog.at_level(logging.WARNING, "bilstm_tagger"):
        to_stream(RuleTagger(), [path])
    assert "a.conll: a sentence of 600 tokens is tagged in windows that overlap; it stays one" in caplog.text
