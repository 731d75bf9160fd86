"""Probabilities in documents: those of the tags that are there, from any batch, in the scheme of the data."""

from __future__ import annotations

from itertools import pairwise
from math import inf
from typing import Any

import numpy as np
import pytest
from tiny import NAMES, PLAIN, settings_of, untrained

from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import ConfigError
from bilstm_tagger.schemes.grammar import Scheme, first_illegal
from bilstm_tagger.tagging.tagger import Tagger

WORDS = [*PLAIN, *NAMES["PER"], *NAMES["LOC"]]
CORPUS = [[WORDS[at : at + 6], [], WORDS[: at % 4 + 1]] for at in range(8)]


def make(scheme: Scheme, **overrides: object) -> Tagger:
    tasks = {"ner": {"head": "crf"}, "chunk": {"head": "softmax", "encoding": "BIO"}, "pos": {"head": "softmax"}}
    schemes = {"ner": scheme, "chunk": Scheme.BIO, "pos": Scheme.NONE}
    return untrained(settings_of(tasks=tasks, **overrides), schemes=schemes, seed=5)


@pytest.mark.parametrize("scheme", [scheme for scheme in Scheme if scheme is not Scheme.NONE])
@pytest.mark.parametrize("ensemble_size", [1, 2])
def test_probabilities_are_those_of_the_tags(scheme: Scheme, ensemble_size: int) -> None:
    tagger = make(scheme, encoder__ensemble_size=ensemble_size)
    plain = list(tagger.pipe(CORPUS))
    spans = 0
    for without, document in zip(plain, tagger.pipe(CORPUS, probabilities=True, n_best=4), strict=True):
        assert document.tags == without.tags
        assert without.probabilities == {}
        assert all(span.probability is None for span in without.spans)
        for task in tagger.tasks:
            told = document.probabilities[task]
            np.testing.assert_allclose(told.marginals.sum(1), 1, rtol=1e-9)
            if not (task == "ner" and scheme is Scheme.IOB1):
                assert set(document.tags[task]) <= set(told.tags)
            for (start, end), sequences in zip(pairwise(document.bounds), told.n_best or [], strict=True):
                assert sequences[0].tags == document.tags[task][start:end]
                shares = [each.probability for each in sequences]
                assert shares == sorted(shares, reverse=True)
                assert 0 < sum(shares) <= 1 + 1e-9
                assert all(first_illegal(each.tags, document.schemes[task]) is None for each in sequences)
            for span in document.spans_of(task):
                spans += 1
                if scheme is Scheme.IO and span.alternatives is None:
                    assert task == "ner"
                    assert span.probability is None
                    continue  # two spans of the network that IO cannot tell apart
                assert span.alternatives is not None
                assert span.probability == span.alternatives[span.label]
                assert 0 < span.probability <= 1
                assert sum(span.alternatives.values()) <= 1 + 1e-9
    assert spans > 20


def test_views_of_sentences_tell_the_same() -> None:
    document = make(Scheme.BIO)([WORDS[:5], WORDS[3:12]], probabilities=True)
    whole = [(span.start, span.probability) for span in document.spans]
    parts = [
        (span.start + sentence.start, span.probability) for sentence in document.sentences for span in sentence.spans
    ]
    assert whole == parts
    assert len(whole) > 1
    token = document.tokens[0]
    assert token.probabilities == token.probabilities_of("pos")
    assert next(iter(token.probabilities_of("pos") or {})) == token.tag("pos")


def test_probabilities_do_not_depend_on_the_batch() -> None:
    tagger = make(Scheme.BIO)
    documents = list(map(Document.from_sentences, CORPUS))
    together = list(tagger.pipe(documents, probabilities=True))
    for batch_tokens in (1, 9):
        for one, other in zip(
            together, tagger.pipe(documents, batch_tokens=batch_tokens, probabilities=True), strict=True
        ):
            for task in tagger.tasks:
                left, right = one.probabilities[task], other.probabilities[task]
                np.testing.assert_allclose(left.marginals, right.marginals, atol=1e-5)
                np.testing.assert_allclose(left.spans, right.spans, atol=1e-5)


def test_probabilities_do_not_depend_on_what_was_tagged_before() -> None:
    """Numbers of bfloat16 are rounded to eight bits, so a last bit of what they are made from may show."""
    text = "Angela Merkel met Siemens in Paris on day {} \U0001f600."

    def told(*numbers: int) -> np.ndarray:
        tagger = Tagger.load("en", precision="bfloat16")
        (*_, last) = [tagger(text.format(number), probabilities=True) for number in numbers]
        return np.array([span.probability for span in last.spans])

    alone = told(95)
    for before in ([94], [94, 93, 9], [5, 95]):  # then one word or none is new
        np.testing.assert_allclose(told(*before, 95), alone, atol=1e-6)


def test_other_tags_have_no_probabilities() -> None:
    document = make(Scheme.BIO)(WORDS[:6], probabilities=True)
    other = document.with_tags({"ner": ["B-PER"] + ["O"] * 5}, {"ner": Scheme.BIO})
    assert other.spans[0].probability is None
    assert other.tokens[0].probabilities_of("ner") is None


@pytest.mark.parametrize("scheme", [scheme for scheme in Scheme if scheme is not Scheme.NONE])
def test_improbable_spans_are_left_out_and_no_other(scheme: Scheme) -> None:
    tagger = make(scheme)
    for document, kept in zip(
        tagger.pipe(CORPUS, probabilities=True), tagger.pipe(CORPUS, min_probability=0.5), strict=True
    ):
        for task in ("ner", "chunk"):
            expected = [span for span in document.spans_of(task) if (span.probability or 0) >= 0.5]
            assert kept.spans_of(task) == expected
            for sentence in kept.sentences:
                assert first_illegal(sentence.tags(task), kept.schemes[task]) is None
        assert kept.tags["pos"] == document.tags["pos"]
    some = tagger(CORPUS[0], min_probability={"PER": inf})
    assert not any(span.label == "PER" for span in some.spans)
    assert any(span.label == "LOC" for each in tagger.pipe(CORPUS, min_probability={"PER": inf}) for span in each.spans)


@pytest.mark.parametrize("scheme", [Scheme.BIO, Scheme.IOBES])
@pytest.mark.parametrize("factor", [3e3, 1e12, 1e30, 2e38])
@pytest.mark.parametrize("ensemble_size", [1, 2])
def test_no_weights_are_large_enough_for_a_disallowed_sequence(
    scheme: Scheme, factor: float, ensemble_size: int
) -> None:
    """Case E4: legality does not depend on how large scores are, be they infinite or no numbers."""
    tagger = make(scheme, encoder__ensemble_size=ensemble_size)
    for task in ("ner", "chunk"):
        for head in tagger.runtime.model.heads(task):  # type: ignore[attr-defined]
            head.projection.weight.data.mul_(factor)
            if head.crf is not None:
                head.crf.transitions.data.fill_(-factor)
                head.crf.start_transitions.data.fill_(factor)
    for document in tagger.pipe(CORPUS, probabilities=True, n_best=2):
        for sentence in document.sentences:
            for task in ("ner", "chunk"):
                assert first_illegal(sentence.tags(task), document.schemes[task]) is None
        assert all(0 <= (span.probability or 0) <= 1 for span in document.spans)
        for told in document.probabilities.values():
            assert np.isfinite(told.marginals).all()


@pytest.mark.parametrize("options", [
    {"n_best": -1}, {"n_best": 2.5}, {"n_best": "3"}, {"n_best": True},
    {"min_probability": "0.9"}, {"min_probability": 1.5}, {"min_probability": -1}, {"min_probability": float("nan")},
    {"min_probability": True}, {"min_probability": {"NOSUCH": 0.9}}, {"min_probability": {"PER": 2}},
])  # fmt: skip
def test_options_that_mean_nothing_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=next(iter(options))):
        Tagger.load("en")("Ada wins.", **options)


def test_each_sentence_has_its_best_sequences_however_long_it_is() -> None:
    document = Tagger.load("en")("Paris. " + "Angela Merkel visited Paris and " * 300, n_best=2)
    assert len(document.sentences) > 2
    best = document.probabilities["ner"].n_best
    assert best is not None
    assert [len(each[0].tags) for each in best] == [len(sentence) for sentence in document.sentences]
