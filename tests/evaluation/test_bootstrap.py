"""Intervals: those of scores that are computed anew for each draw, and those of scipy."""

from __future__ import annotations

import random
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bilstm_tagger import Tagger, compare, evaluate, evaluate_predictions
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import ConfigError
from bilstm_tagger.evaluation.bootstrap import Resampled, draws, f1_of, interval, resampled_counts, share_of
from bilstm_tagger.evaluation.counting import score_task, tally_of
from bilstm_tagger.evaluation.scores import Interval, Intervals, Score, SpanScores, TagScores
from bilstm_tagger.evaluation.tally import Tally
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.schemes.spans import repair

SPAN_TAGS = ("O", "O", "O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-RARE")
PLAIN_TAGS = ("NOUN", "VERB", "DET", "X")
KNOWN = frozenset({"w0", "w1", "w2"})
Sentences = list[list[str]]


def documents(sentences: Sentences, scheme: Scheme) -> list[Document]:
    """One document with these tags."""
    flat = list(chain.from_iterable(sentences))
    bounds = np.cumsum([0, *map(len, sentences)]).tolist()
    words = [f"w{place % 5}" for tags in sentences for place in range(len(tags))]
    return [Document(words, bounds, tags={"t": flat}, schemes={"t": scheme})]


def drawn(scheme: Scheme, *, sentences: int = 40, seed: int = 0) -> tuple[Sentences, Sentences]:
    draw = random.Random(seed)
    names = PLAIN_TAGS if scheme is Scheme.NONE else SPAN_TAGS
    gold = [[draw.choice(names) for _ in range(draw.randint(0, 8))] for _ in range(sentences)]
    guesses = [[draw.choice(names) if draw.random() < 0.3 else tag for tag in tags] for tags in gold]
    if scheme is not Scheme.NONE:
        gold, guesses = ([repair(tags, scheme)[0] for tags in each] for each in (gold, guesses))
    return gold, guesses


@pytest.mark.parametrize("scheme", [Scheme.BIO, Scheme.NONE])
def test_intervals_are_those_of_scores_of_drawn_sentences(scheme: Scheme) -> None:
    """Every draw is written out as documents and scored from the start."""
    gold, guesses = drawn(scheme)
    resamples = 100
    scores = score_task(
        documents(gold, scheme), documents(guesses, scheme), "t", known=KNOWN, resamples=resamples, seed=3
    )
    made: list[Any] = []
    for counts in np.concatenate(list(draws(len(gold), resamples, seed=3))).astype(int):
        chosen = [number for number, count in enumerate(counts) for _ in range(count)]
        pair = (documents([each[number] for number in chosen], scheme) for each in (gold, guesses))
        made.append(score_task(*pair, "t", known=KNOWN))

    def of(values: list[float]) -> Any:
        return pytest.approx(np.quantile(values, [0.025, 0.975]).tolist(), abs=1e-12)

    if isinstance(scores, SpanScores):
        for name in ("micro", "macro", "weighted", "conlleval"):
            intervals = getattr(scores, name).intervals
            for figure in Intervals._fields:
                assert list(getattr(intervals, figure)) == of([getattr(getattr(each, name), figure) for each in made])
    labels = "labels" if isinstance(scores, SpanScores) else "tags"
    for label, score in getattr(scores, labels).items():
        assert score.intervals is not None
        found = [own[label].f1 for each in made if label in (own := getattr(each, labels))]
        assert list(score.intervals.f1) == of(found)
    for name in ("accuracy", "known", "unknown"):
        shares = [getattr(each, name) for each in made]
        assert list(getattr(scores, name).interval) == of([share.value for share in shares if share.total])
    assert scores.macro.intervals is not None
    assert list(scores.macro.intervals.f1) == of([each.macro.f1 for each in made])


def test_interval_agrees_with_scipy() -> None:
    """Another bootstrap with other random numbers: the ends agree to what is left to chance."""
    from scipy.stats import bootstrap

    gold, guesses = drawn(Scheme.BIO, sentences=300)
    tally = tally_of(documents(gold, Scheme.BIO), documents(guesses, Scheme.BIO), "t")
    counts = tally.by_sentence().sum(1)

    def f1(numbers: np.ndarray, axis: int) -> Any:
        return f1_of(counts[numbers.astype(int)].sum(axis if axis >= 0 else numbers.ndim + axis))

    theirs = bootstrap((np.arange(len(counts)),), f1, n_resamples=4000, method="percentile", random_state=1)
    ours = Resampled.of(tally, resamples=4000).micro.f1
    assert ours == pytest.approx(tuple(theirs.confidence_interval), abs=0.006)
    assert ours.width > 0.03


def test_draws_do_not_depend_on_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    from bilstm_tagger.evaluation import bootstrap

    whole = np.concatenate(list(draws(30, 50, seed=2)))
    assert (whole.sum(1) == 30).all()
    monkeypatch.setattr(bootstrap, "_MOST_DRAWN", 100)
    blocks = list(draws(30, 50, seed=2))
    assert len(blocks) == 17
    assert (np.concatenate(blocks) == whole).all()
    assert not (np.concatenate(list(draws(30, 50, seed=3))) == whole).all()


def test_many_labels_are_counted_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    from bilstm_tagger.evaluation import bootstrap

    gold, guesses = drawn(Scheme.NONE)
    tally = tally_of(documents(gold, Scheme.NONE), documents(guesses, Scheme.NONE), "t")
    block = next(draws(tally.sentences, 20))
    whole = resampled_counts(block, tally)
    monkeypatch.setattr(bootstrap, "_BLOCK", 3)
    assert (resampled_counts(block, tally) == whole).all()
    assert (tally.by_sentence().sum(0) == tally.totals()).all()


def test_large_counts_are_exact() -> None:
    """In float32 a sum beyond 2 ** 24 would lose its last digits."""
    huge = np.array([[2**24 - 1], [2**24 - 3]])
    tally = Tally((), 2, np.zeros(0, np.int64), *(np.repeat(huge, size, 1) for size in (2, 2, 2, 3)))
    assert set(Resampled.of(tally, resamples=50).tokens[:, 0]) == {2**25 - 2, 2**25 - 4, 2**25 - 6}


def test_scores_have_no_intervals_unless_asked() -> None:
    gold, guesses = drawn(Scheme.BIO)
    scores = score_task(documents(gold, Scheme.BIO), documents(guesses, Scheme.BIO), "t", known=KNOWN)
    assert isinstance(scores, SpanScores)
    assert scores.micro.intervals is None and scores.accuracy.interval is None
    assert "intervals" not in scores.micro.to_json()


def test_no_sentence_is_no_fault() -> None:
    nothing = documents([], Scheme.NONE)
    scores = score_task(nothing, nothing, "t", known=None, resamples=100)
    assert isinstance(scores, TagScores)
    assert scores.accuracy.interval is None and scores.known is None


@pytest.mark.parametrize(
    ("score", "caution"),
    [
        (Score(3, 3, 3, Intervals(*[Interval(1.0, 1.0)] * 3)), "only 3 in gold"),
        (Score(0, 0, 5, Intervals(*[Interval(0.0, 0.0)] * 3)), "only 5 in gold"),
        (Score(0, 4, 0, Intervals(*[Interval(0.0, 0.0)] * 3)), "none in gold"),
        (Score(300, 320, 310, Intervals(*[Interval(0.9, 0.97)] * 3)), ""),
        (Score(300, 320, 310, Intervals(*[Interval(0.7, 0.97)] * 3)), "only 310 in gold"),
        (Score(3, 3, 3), ""),
    ],
)  # fmt: skip
def test_caution(score: Score, caution: str) -> None:
    assert score.caution() == caution


@pytest.mark.parametrize(("correct", "total"), [(3, 3), (0, 7), (40, 50), (1, 1)])
def test_wilson_interval_equals_scipy(correct: int, total: int) -> None:
    from scipy.stats import binomtest

    from bilstm_tagger.evaluation.scores import _wilson

    theirs = binomtest(correct, total).proportion_ci(0.95, method="wilson")
    assert tuple(_wilson(correct, total)) == pytest.approx((theirs.low, theirs.high), abs=1e-6)


def test_interval_leaves_out_what_is_not_defined() -> None:
    assert interval(np.array([np.nan, 0.5, 0.5])) == (0.5, 0.5)
    assert interval(np.array([np.nan])) == (0.0, 0.0)
    assert np.isnan(share_of(np.array([0, 0])))


@pytest.mark.parametrize("resamples", [-1, 1, 99])
def test_too_few_draws_give_no_interval(tagger: Tagger, tiny_dev: Path, resamples: int) -> None:
    """Of 39 draws on average less than one lies beyond each end of the middle 95 %."""
    told = f"resamples: {resamples} draws give no 95 % interval; 100 are the least"
    for ask in (
        lambda: evaluate(tagger, tiny_dev, resamples=resamples),
        lambda: evaluate_predictions(
            tiny_dev, tiny_dev, columns={"ner": "NER"}, gold_columns={"ner": "NER"}, resamples=resamples
        ),
    ):
        with pytest.raises(ConfigError, match=f"{told}, or 0 for no intervals"):
            ask()
    with pytest.raises(ConfigError, match=f"{told}$"):
        compare(tiny_dev, tagger, tagger, resamples=resamples)
    with pytest.raises(ConfigError, match="0 draws"):
        compare(tiny_dev, tagger, tagger, resamples=0)
