"""The study of memory at tiny sizes: the task, the gradients against known answers, the study and its report."""

from __future__ import annotations

import math
import multiprocessing
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Generator
from torch.nn import functional as F

from bilstm_tagger.studies.copy_task import KINDS, CopyTask, Recipe, Sizes, accuracy_by_lag, build, train
from bilstm_tagger.studies.gradient_flow import (
    forced_gates_differences,
    gradient_by_lag,
    scale_recurrent_weights,
    train_plainly,
)
from bilstm_tagger.studies.memory import run_memory_study
from bilstm_tagger.studies.memory_claims import memory_claims, power
from bilstm_tagger.studies.memory_report import write_memory_report
from bilstm_tagger.studies.memory_result import MemoryResult, MemorySettings, Recall

TASK = CopyTask(marks=3, distractors=2, max_lag=6, lead=2)
SIZES = Sizes(embedding=3, hidden=4, kernel=3, convolutions=2)  # a window of 5 tokens
RECIPE = Recipe(0.01, batch=4, steps=3)
TINY = MemorySettings(
    task=TASK,
    sizes=SIZES,
    recipes={mixture: dict.fromkeys(KINDS, RECIPE) for mixture in ("even", "short first")},
    seeds=(0, 1),
    lags=(0, 2, 4, 5, 6),
    accuracy_count=8,
    gradient_count=2,
    scales=(0.5, 4.0),
    clipping_task=TASK,
    clipping_recipe=RECIPE,
)


@pytest.fixture(scope="module")
def result() -> MemoryResult:
    return run_memory_study(TINY)


def test_every_sequence_holds_one_mark_at_its_lag() -> None:
    lags = torch.tensor([0, 6, 3])
    symbols, marks = TASK.draw(lags, Generator().manual_seed(0))
    assert symbols.shape == (3, TASK.tokens) == (3, 9)
    for row, lag, mark in zip(symbols.tolist(), lags.tolist(), marks.tolist(), strict=True):
        assert [symbol for symbol in row if symbol < TASK.marks] == [mark]
        assert row.index(mark) == len(row) - 1 - lag


@pytest.mark.parametrize("mixture", ["even", "short first"])
def test_mixtures_draw_every_lag_with_the_chance_they_promise(mixture: str) -> None:
    lags = TASK.draw_lags(20_000, mixture, Generator().manual_seed(0))
    counts = torch.bincount(lags, minlength=7) / 20_000
    whole = math.log(TASK.max_lag + 2)
    expected = [1 / 7 if mixture == "even" else math.log((lag + 2) / (lag + 1)) / whole for lag in range(7)]
    torch.testing.assert_close(counts, torch.tensor(expected), atol=0.015, rtol=0)


def test_cnn_sees_the_last_place_of_causal_convolutions() -> None:
    model = build("cnn", TASK, SIZES, seed=0)
    vectors = torch.randn(2, 9, 3)
    whole = vectors.transpose(1, 2)
    for layer in model.body:  # type: ignore[union-attr]
        whole = layer(F.pad(whole, (2, 0)) if isinstance(layer, torch.nn.Conv1d) else whole)
    torch.testing.assert_close(model.last_state(vectors), whole[:, :, -1])


def test_cnn_is_blind_exactly_beyond_its_window() -> None:
    model = build("cnn", TASK, SIZES, seed=0)
    symbols, marks = TASK.draw(torch.arange(7), Generator().manual_seed(0))
    other = symbols.clone()
    other[torch.arange(7), TASK.tokens - 1 - torch.arange(7)] = (marks + 1) % TASK.marks
    seen = (model(symbols) != model(other)).any(1)
    assert seen.tolist() == [True] * SIZES.window + [False] * (7 - SIZES.window)
    norms = gradient_by_lag(model, TASK, range(7), count=3, seed=0)
    assert [norm > 0 for norm in norms] == seen.tolist()


@pytest.mark.parametrize("scale", [0.7, 1.3])
def test_gradient_of_a_linear_rnn_is_the_power_of_its_scale(scale: float) -> None:
    """With tiny inputs tanh is the identity: the gradient goes through a scaled orthogonal matrix once a token."""
    model = build("rnn", TASK, Sizes(embedding=4, hidden=4), seed=0)
    scale_recurrent_weights(model, scale, seed=0)
    with torch.no_grad():
        model.embed.weight.mul_(1e-6)
        model.body.get_parameter("weight_ih_l0").copy_(torch.eye(4))
        model.body.get_parameter("bias_ih_l0").zero_()
        model.body.get_parameter("bias_hh_l0").zero_()
    norms = gradient_by_lag(model, TASK, range(7), count=5, seed=0)
    assert norms == pytest.approx([scale**lag for lag in range(7)], rel=1e-5)


def test_every_gate_stretches_by_the_scale() -> None:
    model = build("lstm1", TASK, SIZES, seed=0)
    scale_recurrent_weights(model, 3.0, seed=0)
    for gate in model.body.get_parameter("weight_hh_l0").split(4):
        torch.testing.assert_close(torch.linalg.svdvals(gate), torch.full((4,), 3.0))


def test_forget_bias_is_set_and_the_others_are_zero() -> None:
    for name, value in (("lstm0", 0.0), ("lstm1", 1.0)):
        body = build(name, TASK, SIZES, seed=0).body
        total = body.get_parameter("bias_ih_l0") + body.get_parameter("bias_hh_l0")
        assert total.tolist() == [0.0] * 4 + [value] * 4 + [0.0] * 8


def test_an_lstm_learns_the_tiny_task_and_stops_early() -> None:
    task = CopyTask(marks=2, distractors=2, max_lag=2, lead=0)
    model = build("lstm1", task, Sizes(embedding=4, hidden=8), seed=0)
    before = accuracy_by_lag(model, task, [0, 1, 2], count=200, seed=1)
    losses = train(model, task, mixture="even", recipe=Recipe(0.05, batch=16, steps=600), seed=0)
    assert len(losses) < 600
    assert min(before) < 0.9
    assert accuracy_by_lag(model, task, [0, 1, 2], count=200, seed=1) == [1.0, 1.0, 1.0]


def test_clipping_bounds_the_step() -> None:
    steps = {}
    for clip in (None, 0.01):
        model = build("rnn", TASK, SIZES, seed=0)
        before = torch.cat([weight.detach().flatten().clone() for weight in model.parameters()])
        _, norms = train_plainly(model, TASK, mixture="even", recipe=Recipe(1.0, 4, 1), clip=clip, seed=0)
        after = torch.cat([weight.detach().flatten() for weight in model.parameters()])
        steps[clip] = (after - before).norm().item()
    assert steps[None] == pytest.approx(norms[0], rel=1e-3)
    assert steps[0.01] == pytest.approx(0.01, rel=1e-3)


def test_forced_gates_equal_the_doubled_rnn_only() -> None:
    differences = forced_gates_differences(seed=0)
    assert differences["doubled"] < 1e-12
    assert differences["plain"] > 0.01


def test_the_study_is_whole_and_survives_json(result: MemoryResult, tmp_path: Path) -> None:
    assert len(result.recall) == 2 * len(KINDS) * 2
    assert len(result.growth) == 3 * 2 * 2
    assert {(run.clip, run.seed) for run in result.clipping} == {(None, 0), (None, 1), (1.0, 0), (1.0, 1)}
    assert result.window == 5
    assert result.parameters["lstm1"] == 4 * result.parameters["rnn"] == 4 * (4 * 3 + 4 * 4 + 8)
    assert result.wide_cnn_parameters == 4 * 3 * 4 + 4 + 4 * 4 * 4 + 4  # two kernels of 4: a window of 7
    result.save(tmp_path / "memory.json")
    assert MemoryResult.load(tmp_path / "memory.json") == result


def test_numbers_do_not_depend_on_workers_or_on_what_was_random_before(result: MemoryResult) -> None:
    torch.manual_seed(99)
    before, threads = torch.get_rng_state(), torch.get_num_threads()
    calls: list[tuple[str, int, int]] = []
    again = run_memory_study(TINY, workers=2, progress=lambda *call: calls.append(call))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_num_threads() == threads
    assert [(done, total) for _, done, total in calls] == [(place, 36) for place in range(1, 37)]
    assert "RNN, lags even, seed 0" in {what for what, _, _ in calls}
    for name in ("recall", "growth", "clipping"):
        mine, theirs = ([replace(run, seconds=0.0) for run in getattr(each, name)] for each in (again, result))
        assert mine == theirs


def test_report_stands_alone_and_shows_every_claim(result: MemoryResult, tmp_path: Path) -> None:
    page = write_memory_report(result, tmp_path / "new" / "study", command="tagger study memory --seeds 2")
    text = page.read_text(encoding="utf-8")
    assert text.count("data:image/png;base64,") == 4
    assert "<script" not in text
    assert 'src="http' not in text and "href" not in text
    assert "tagger study memory --seeds 2" in text
    assert text.count('class="verdict"') == len(memory_claims(result)) == 11
    assert MemoryResult.load(page.parent / "memory.json") == result
    assert "Every figure is over 2 seeds: lines are means, shades reach from the lowest" in text


def test_the_report_tells_how_it_is_made_again(result: MemoryResult, tmp_path: Path) -> None:
    text = write_memory_report(result, tmp_path).read_text("utf-8")
    assert "Made by <code>bilstm-tagger study memory --seeds 2</code>" in text
    one = run_memory_study(replace(TINY, seeds=(0,)))
    text = write_memory_report(one, tmp_path).read_text("utf-8")
    assert "Made by <code>bilstm-tagger study memory --seeds 1</code>" in text
    assert "Every figure is over 1 seed.</p>" in text


def test_what_explodes_follows_one_rule(result: MemoryResult, tmp_path: Path) -> None:
    """A gradient that grows threefold over all lags has a factor above 1 and does not explode."""
    ends = {0.5: 3.0, 4.0: 11.0}
    grown = [replace(each, gradient=[1.0, 1.0, 1.0, 1.0, ends[each.scale]]) for each in result.growth]
    made_up = replace(result, growth=grown)
    text = write_memory_report(made_up, tmp_path).read_text("utf-8")
    assert "above 1 the gradient grows, below 1 it vanishes" in text
    rule = "more than 10 times as large at lag 6 as at lag 0"
    assert f"It is said to explode if it is {rule}, which takes a factor of 1.468 per token." in text
    claim = memory_claims(made_up)[5]
    assert f"make it explode ({rule}); the smallest of these scales at which it does: ×4." in claim.measured
    assert "1.20 at ×0.5" in claim.measured


def test_who_stops_the_study_waits_for_no_job() -> None:
    """The first job is short and the second would take minutes."""
    short, long = replace(RECIPE, steps=1), Recipe(0.0, batch=64, steps=200_000)
    settings = replace(TINY, recipes={"even": {"rnn": short, "lstm1": long}}, seeds=(0,))
    times: list[float] = []

    def stop(*_: object) -> None:
        times.append(time.perf_counter())
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_memory_study(settings, workers=2, progress=stop)
    assert time.perf_counter() - times[0] < 5
    assert not multiprocessing.active_children()


def idealised(result: MemoryResult, *, rnn: float, inside: float, outside: float) -> MemoryResult:
    """The result with these accuracies of the RNN and of the CNN inside and outside its window, and 1 of the rest."""

    def changed(run: Recall) -> Recall:
        shares = [1.0] * 5
        if run.model == "rnn":
            shares = [rnn] * 5
        if run.model == "cnn":
            shares = [inside] * 3 + [outside] * 2
        return replace(run, accuracy=shares)

    return replace(result, recall=[changed(run) for run in result.recall])


def test_verdicts_follow_the_numbers(result: MemoryResult) -> None:
    agreeing = [claim.verdict for claim in memory_claims(idealised(result, rnn=0.34, inside=1.0, outside=0.35))]
    contrary = [claim.verdict for claim in memory_claims(idealised(result, rnn=1.0, inside=1.0, outside=0.6))]
    assert (agreeing[0], agreeing[2]) == ("agrees", "agrees")
    assert (contrary[0], contrary[2]) == ("disagrees", "disagrees")


def test_numbers_for_people() -> None:
    assert [power(value) for value in (0, 0.25, 12.5, 3.7e-26, 4.2e17)] == [
        "0",
        "0.25",
        "12.5",
        "3.7·10⁻²⁶",
        "4.2·10¹⁷",
    ]
