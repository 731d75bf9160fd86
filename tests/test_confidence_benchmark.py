"""The benchmark of calibration: temperatures that are known are found, rules agree with the package."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tiny import sentences, settings_of, untrained, write_conll

from benchmarks.confidence.calibrators import CALIBRATORS, one_temperature, two_temperatures
from benchmarks.confidence.rules import RULES, least
from benchmarks.confidence.spans import LOGARITHMS, TASK, Spans, error_of, loss_of, spans_of
from bilstm_tagger.corpus.reading import read_corpus
from bilstm_tagger.evaluation.calibration import Judged, judged_spans, with_temperatures
from bilstm_tagger.evaluation.thresholds import threshold_for


def drawn(count: int, *, unknown: float, known: float, seed: int = 0) -> Spans:
    """Spans whose log odds are divided by the temperature, and right as often as at the given ones."""
    draw = np.random.default_rng(seed)
    odds, beside = draw.normal(3.0, 2.5, count), draw.random(count) < 0.5
    share = 1 / (1 + np.exp(-odds / np.where(beside, unknown, known)))
    zeros = np.zeros(count)
    return Spans(
        logits=odds[:, None] / np.exp(LOGARITHMS),
        right=draw.random(count) < share,
        unknown=beside,
        share=beside * draw.random(count),
        labels=draw.choice(["LOC", "MISC", "ORG", "PER"], count),
        documents=np.arange(count) // 50,
        strange=zeros,
        loss=np.zeros((count, len(LOGARITHMS))),
    )


def test_the_temperatures_that_the_truth_was_drawn_with_are_found() -> None:
    spans = drawn(40_000, unknown=2.0, known=2.0)
    np.testing.assert_allclose(one_temperature(loss_of)(spans)(spans), spans.at(np.log(2.0)), atol=0.01)
    spans = drawn(40_000, unknown=3.0, known=1.2)
    truth = spans.at(np.where(spans.unknown, np.log(3.0), np.log(1.2)))
    np.testing.assert_allclose(two_temperatures(spans)(spans), truth, atol=0.02)


@pytest.mark.parametrize("name", [name for name in CALIBRATORS if "tags" not in name])
def test_each_way_is_calibrated_where_all_are_alike(name: str) -> None:
    spans, other = (drawn(20_000, unknown=2.0, known=2.0, seed=seed) for seed in (1, 2))
    assert error_of(spans.at(0.0), spans.right) > 5
    assert error_of(CALIBRATORS[name](spans)(other), other.right) < 2


def test_rules_are_those_of_the_package_and_stricter_ones_keep_less() -> None:
    spans = drawn(3_000, unknown=1.8, known=1.2)
    told = two_temperatures(spans)(spans)
    none = np.zeros(len(spans), np.bool_)
    found = {name: least(rule, spans, told, 0.9) for name, rule in RULES.items()}
    plain, bonferroni, *_, both = found.values()
    for unknown, value in ((none, plain), (spans.unknown, both)):
        threshold = threshold_for(Judged(("",) * len(spans), told, spans.right, unknown), 0.9)
        assert threshold is not None
        assert threshold.probability == value
    assert max(found.values()) < 1
    assert plain < min(bonferroni, both)


def test_spans_are_those_that_the_tagger_predicts(tmp_path: Path) -> None:
    tagger, path = untrained(settings_of()), write_conll(tmp_path / "dev.conll", sentences(30, seed=4))
    spans = spans_of(tagger, path, unmarked=("LOC",))
    gold = read_corpus(path, {TASK: -1}).settle(TASK)
    warm = with_temperatures(tagger, {TASK: 1.7})
    judged = judged_spans(gold, list(warm.pipe(gold, probabilities=True)), TASK, known=tagger.vocab.known)
    own = judged.of_label("PER")
    assert len(own) == len(spans) > 5
    np.testing.assert_array_equal(own.right, spans.right)
    np.testing.assert_allclose(own.probabilities, spans.at(np.log(1.7)), atol=1e-3)
