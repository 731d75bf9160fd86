"""Calibration: errors and temperatures against arithmetic done by hand, thresholds against exact binomial sums."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom
from tiny import sentences, settings_of, write_conll

from bilstm_tagger.corpus.reading import read_corpus
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError, TaggerError
from bilstm_tagger.evaluation.calibration import (
    Judged,
    calibrated,
    calibration_error,
    fit_temperatures,
    judged_spans,
    judged_tokens,
    reliability,
    with_temperatures,
)
from bilstm_tagger.evaluation.thresholds import lower_bound, threshold_for, thresholds_of
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.tagging.tagger import Tagger
from bilstm_tagger.training import train


def judged(pairs: list[tuple[float, bool]], unknown: list[bool] | None = None) -> Judged:
    """Predictions of one label."""
    probabilities, right = np.array([p for p, _ in pairs], float), np.array([r for _, r in pairs], bool)
    return Judged(("A",) * len(pairs), probabilities, right, np.array(unknown or [False] * len(pairs), bool))


def test_the_error_is_the_mean_distance_of_probability_and_share() -> None:
    pairs = [(0.95, True)] * 3 + [(0.95, False)] + [(0.55, True), (0.55, False)]
    assert calibration_error(judged(pairs)) == pytest.approx((4 * abs(0.95 - 0.75) + 2 * abs(0.55 - 0.5)) / 6)
    assert [(each.count, each.right) for each in reliability(judged(pairs))] == [(2, 0.5), (4, 0.75)]
    assert calibration_error(judged([])) is None
    assert calibration_error(judged([(1.0, True), (0.0, False)])) == 0


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60), st.integers(1, 20))
def test_bins_hold_each_prediction_once(pairs: list[tuple[float, bool]], bins: int) -> None:
    found = reliability(judged(pairs), bins)
    assert sum(each.count for each in found) == len(pairs)
    assert sum(each.count * each.right for each in found) == pytest.approx(sum(right for _, right in pairs))
    error = calibration_error(judged(pairs), bins)
    assert error is not None
    assert 0 <= error <= 1


@pytest.mark.parametrize(("right", "count"), [(1, 1), (5, 5), (59, 59), (58, 60), (0, 4), (30, 100)])
def test_the_lower_bound_leaves_five_percent_above(right: int, count: int) -> None:
    """At the bound so many or more right ones are seen with probability 0.05."""
    bound = float(lower_bound(right, count))
    tail = sum(math.comb(count, k) * bound**k * (1 - bound) ** (count - k) for k in range(right, count + 1))
    assert tail == pytest.approx(1.0 if right == 0 else 0.05, abs=1e-9)


def test_a_threshold_keeps_as_much_as_it_may() -> None:
    pairs = [(0.9, True)] * 100 + [(0.6, True)] * 30 + [(0.6, False)] * 1 + [(0.3, False)] * 20
    found = threshold_for(judged(pairs), 0.95)
    assert found is not None
    assert found.probability == 0.6
    assert (found.precision, found.kept, found.spans) == (pytest.approx(130 / 131), 1.0, 151)
    assert found.lower >= 0.95
    assert threshold_for(judged([(0.9, True)] * 58), 0.95) is None, "58 right ones do not show 0.95 with 95 %"
    assert threshold_for(judged([(0.9, True)] * 59), 0.95) is not None
    assert threshold_for(judged([]), 0.5) is None


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9).map(bool), st.booleans()), min_size=1, max_size=200),
    st.sampled_from([0.5, 0.7, 0.8]),
)
def test_a_threshold_holds_in_sentences_with_unknown_words_too(
    spans: list[tuple[int, bool, bool]], precision: float
) -> None:
    """Against trying each threshold, with the tail of the binomial distribution in place of the bound."""

    def holds(kept: list[tuple[int, bool, bool]]) -> bool:
        right, count = sum(each[1] for each in kept), len(kept)
        return right > 0 and binom.sf(right - 1, count, precision) <= 0.05

    allowed = []
    for least in {each[0] for each in spans}:
        kept = [each for each in spans if each[0] >= least]
        if holds(kept) and (not any(each[2] for each in spans) or holds([each for each in kept if each[2]])):
            allowed.append(least / 10)
    found = threshold_for(judged([(p / 10, right) for p, right, _ in spans], [each[2] for each in spans]), precision)
    assert (found and found.probability) == (min(allowed) if allowed else None)


def test_what_dev_cannot_tell_is_refused() -> None:
    few = {"ner": {"PER": judged([(0.9, True)] * 5).to_json()}}
    with pytest.raises(
        TaggerError,
        match=(
            r"^ner: the spans on dev \(PER 5\) are too few or too often wrong to promise a precision of "
            r"0\.95; ask for less, or calibrate on more text$"
        ),
    ):
        thresholds_of(few, "ner", 0.95)
    with pytest.raises(
        TaggerError,
        match=(
            r"^ner: the model does not know how probable its spans were on dev; run `bilstm-tagger "
            r"calibrate` on annotated text that it was not trained on$"
        ),
    ):
        thresholds_of({}, "ner", 0.95)
    assert thresholds_of(few, "ner", 0.5)["PER"] is not None


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Tagger, Path]:
    """A tagger that has learnt a little, with a dev file."""
    folder = tmp_path_factory.mktemp("calibration")
    swapped = {"B-PER": "B-LOC", "I-PER": "I-LOC", "B-LOC": "B-PER", "I-LOC": "I-PER"}
    rows = sentences(120, seed=1)
    noisy = [  # the labels of every fourth sentence are wrong, so that some predictions are
        [(word, tag if number % 4 else swapped.get(tag, tag)) for word, tag in row]
        for number, row in enumerate(sentences(80, seed=2))
    ]
    dev = write_conll(folder / "dev.conll", noisy)
    chosen = settings_of(
        data__train=str(write_conll(folder / "train.conll", rows)), data__dev=str(dev), training__epochs=12,
        training__learning_rate=0.01, training__optimizer="adamw",
    )  # fmt: skip
    return train(chosen, output=folder / "model"), dev


def test_the_fitted_temperature_has_the_smallest_loss(trained: tuple[Tagger, Path]) -> None:
    tagger, dev = trained
    gold = read_corpus(dev, {"ner": -1}).settle("ner")
    temperature = fit_temperatures(tagger, gold)["ner"]

    def loss(value: float) -> float:
        warm = with_temperatures(tagger, {"ner": value})
        return judged_spans(gold, list(warm.pipe(gold, probabilities=True)), "ner").log_loss()

    assert loss(temperature) <= min(loss(temperature * 1.2), loss(temperature / 1.2))
    assert tagger.info.temperatures["ner"] == temperature, "training ended with it"


def test_a_task_to_which_no_temperature_can_be_fitted_is_told(
    trained: tuple[Tagger, Path], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="bilstm_tagger")
    tagger, dev = trained
    told = list(tagger.pipe(read_corpus(dev, {"ner": -1})))
    empty = [each.with_tags({"ner": ["O"] * len(each)}, each.schemes) for each in told]
    for gold, what in ((told, "all predictions right"), (empty, "none right")):
        caplog.clear()
        assert fit_temperatures(tagger, gold) == {}
        kept = tagger.info.temperatures["ner"]
        assert caplog.messages == [f"ner: {what}, so no temperature can be fitted; it stays {kept:g}"]


def test_a_temperature_changes_probabilities_and_no_tag(trained: tuple[Tagger, Path], tmp_path: Path) -> None:
    tagger, dev = trained
    gold = read_corpus(dev, {"ner": -1}).settle("ner")
    cold, warm = (with_temperatures(tagger, {"ner": value}) for value in (0.5, 4.0))
    pairs = list(zip(cold.pipe(gold, probabilities=True), warm.pipe(gold, probabilities=True), strict=True))
    assert all(one.tags == other.tags for one, other in pairs)
    sums = [
        sum(span.probability or 0 for document in documents for span in document.spans)
        for documents in zip(*pairs, strict=True)
    ]
    assert sums[0] > sums[1]
    warm.save(tmp_path / "model")
    assert Tagger.load(tmp_path / "model").info.temperatures == {"ner": 4.0}


def test_the_folder_knows_what_dev_said(trained: tuple[Tagger, Path]) -> None:
    tagger, dev = trained
    gold = read_corpus(dev, {"ner": -1}).settle("ner")
    again = calibrated(tagger, [(gold, ["ner"])])
    judged_now = judged_spans(gold, list(again.pipe(gold, probabilities=True)), "ner", known=tagger.vocab.known)
    for label, stored in again.info.calibration["ner"].items():
        own = judged_now.of_label(label)
        assert stored["right"] == own.right.astype(int).tolist()
        assert stored["unknown"] == own.unknown.astype(int).tolist()
        np.testing.assert_allclose(stored["probabilities"], own.probabilities, atol=1e-6)


def test_spans_beside_unknown_words_are_marked(trained: tuple[Tagger, Path]) -> None:
    tagger, _ = trained
    tags = {"ner": ["B-PER", "O", "B-LOC", "I-LOC", "B-PER", "O", "B-LOC"]}
    words = ["Ada", "left", "Lake", "Erie", "Noor", "wept", "Turin"]  # Erie and wept are in no sentence of `tiny`
    document = Document(words, [0, 4, 7], tags=tags, schemes={"ner": Scheme.BIO})
    told = list(tagger.probabilities_of([document]))
    judged_now = judged_spans([document], told, "ner", known=tagger.vocab.known)
    assert judged_now.unknown.tolist() == [True, True, False, False]
    assert not judged_spans([document], told, "ner").unknown.any()


def test_predictions_without_probabilities_are_refused(trained: tuple[Tagger, Path]) -> None:
    tagger, dev = trained
    gold = read_corpus(dev, {"ner": -1}).settle("ner")
    for judge in (judged_spans, judged_tokens):
        with pytest.raises(CorpusError, match=r"^the predictions have no probabilities; tag with probabilities=True$"):
            judge(gold, list(tagger.pipe(gold)), "ner")
