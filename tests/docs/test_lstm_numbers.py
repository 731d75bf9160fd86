"""The numbers on memory in the LSTM pages are those of the run in `benchmarks/results/memory.json`."""

from __future__ import annotations

import math
import re
from pathlib import Path
from statistics import fmean, stdev

import pytest
from pages import ROOT
from scipy.stats import t as students

from bilstm_tagger import Tagger, inspect
from bilstm_tagger.studies.memory_result import Clipping, MemoryResult

RESULT = MemoryResult.load(ROOT / "benchmarks" / "results" / "memory.json")
PAGES = [ROOT / "docs" / name for name in ("lstm.md", "lstm.zh.md")]
SHOWN = (0, 1, 5, 20, 21, 60, 100)
GATED = ("gru", "lstm0", "lstm1")
SUPERSCRIPTS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


def table(page: Path, column: str) -> list[list[float]]:
    """The numbers of the table of which a column has this header, by row; the first cell is left out."""
    parts = re.split(r"\n\s*\n", page.read_text("utf-8"))
    (lines,) = (
        part.splitlines() for part in parts if column in (cell.strip() for cell in part.split("\n")[0].split("|"))
    )
    return [[number(cell) for cell in line.strip("| ").split("|")[1:]] for line in lines[2:]]


def number(cell: str) -> float:
    digits, power, exponent = cell.strip().partition("·10")
    return float(digits + (f"e{exponent.translate(SUPERSCRIPTS)}" if power else ""))


def text_of(page: Path) -> str:
    return re.sub(r"\s+", " ", page.read_text("utf-8"))


def tenth(run: Clipping) -> float:
    return fmean(run.losses[-60:])


@pytest.fixture(params=PAGES, ids=lambda page: page.name)
def page(request: pytest.FixtureRequest) -> Path:
    found: Path = request.param
    return found


def test_recall(page: Path) -> None:
    rows = table(page, {"lstm.md": "lag 100", "lstm.zh.md": "间隔 100"}[page.name])
    networks = [(mixture, name) for mixture in ("even", "short first") for name in ("rnn", *GATED, "cnn")]
    for (mixture, name), (steps, *shares) in zip(networks, rows, strict=True):
        runs = RESULT.runs(mixture, name)
        assert steps == pytest.approx(fmean(run.steps for run in runs), abs=0.51)
        measured = [fmean(run.accuracy[RESULT.lags.index(lag)] for run in runs) for lag in SHOWN]
        assert shares == pytest.approx(measured, abs=0.00051)


def test_gradients(page: Path) -> None:
    rows = table(page, {"lstm.md": "before training", "lstm.zh.md": "训练前"}[page.name])
    for name, (before, per_token, after) in zip(("rnn", *GATED), rows, strict=True):
        norms = [run.gradient_before for run in RESULT.runs("even", name)]
        trained = [run.gradient_after for run in RESULT.runs("even", name)]
        assert before == pytest.approx(fall(norms), rel=0.05)
        assert after == pytest.approx(fall(trained), rel=0.05)
        assert per_token == pytest.approx(fall(norms) ** (1 / 100), abs=0.0051)


def fall(norms: list[list[float]]) -> float:
    """The norm at lag 100 as a part of that at lag 0, geometric mean over the seeds."""
    return math.exp(fmean(math.log(run[-1] / run[0]) for run in norms))


def test_growth(page: Path) -> None:
    for name, (*factors, norm) in zip(("rnn", "gru", "lstm1"), table(page, "×0.5"), strict=True):
        for scale, factor in zip((0.5, 1, 1.5, 2, 4, 8), factors, strict=True):
            found = [item.gradient for item in RESULT.growth if (item.model, item.scale) == (name, scale)]
            assert factor == pytest.approx(fall(found) ** (1 / 100), abs=0.0051)
        assert norm == pytest.approx(math.exp(fmean(math.log(run[-1]) for run in found)), rel=0.05)


def test_clipping_is_not_decided(page: Path) -> None:
    """Losses, the interval of Welch's test with whole degrees of freedom, and the verdict that follows from it."""
    free, clipped = ([tenth(run) for run in RESULT.clipping if (run.clip is None) is kind] for kind in (True, False))
    squares = [stdev(losses) ** 2 / len(losses) for losses in (free, clipped)]
    degrees = sum(squares) ** 2 / sum(square**2 / 2 for square in squares)
    mean, half = fmean(free) - fmean(clipped), students.ppf(0.975, math.floor(degrees)) * math.sqrt(sum(squares))
    text = text_of(page)
    for loss in (fmean(free), fmean(clipped), *free, *clipped, mean, mean + half):
        assert f"{loss:.2f}" in text
    assert f"−{half - mean:.2f}" in text
    assert mean - half < 0
    assert {"lstm.md": "not enough to tell", "lstm.zh.md": "不能判断"}[page.name] in text
    largest = max(max(run.norms) for run in RESULT.clipping if run.clip is not None)
    assert f"{round(largest, -2):,.0f}" in text


def test_sentences(page: Path) -> None:
    """Numbers that stand in the text alone."""
    text = text_of(page)
    lstm, rnn, cnn = (RESULT.accuracy("even", name) for name in ("lstm1", "rnn", "cnn"))
    at, inside = RESULT.lags.index(80), sum(lag < RESULT.window for lag in RESULT.lags)
    assert lstm[at] == 1.0
    rounded = f"{math.floor(1000 * rnn[at] + 0.5) / 10:.1f} %"  # 14.75 is rounded up
    edge = 100 * RESULT.accuracy("short first", "cnn")[inside - 1]
    for found in (rounded, f"{100 * lstm[-1]:.2f} %", f"{100 * min(cnn[:inside]):.1f} %", f"{edge:.1f} %"):
        assert found in text
    assert RESULT.accuracy("short first", "rnn")[-1] == 1.0  # no wrong answer in 1,200
    assert min(fall([run.gradient_after for run in RESULT.runs("even", name)]) for name in GATED) > 1 / 30
    assert f"{sum(RESULT.seconds[part] for part in ('recall', 'growth', 'clipping')):.0f} " in text
    assert f"PyTorch {RESULT.torch_version.rsplit('.', 1)[0]}" in text


def test_what_the_model_en_shows(page: Path) -> None:
    seen = inspect(Tagger.load("en"), "Angela Merkel visited Paris.")
    gates = {way: seen.gates.select(layer=0, direction=way, gate="forget") for way in ("forward", "backward")}
    low, high = (pick(pick(means) for means in gates.values()) for pick in (min, max))
    assert [seen.tokens[means.argmin()] for means in gates.values()] == ["visited", "Merkel"]
    every = [seen.dependence.select(path="all", token=place) for place in range(len(seen.tokens))]
    own = [round(100 * float(row[place] / row.sum())) for place, row in enumerate(every)]
    shares = {"lstm.md": f"{min(own)} to {max(own)} %", "lstm.zh.md": f"{min(own)} % 到 {max(own)} %"}[page.name]
    range_ = {"lstm.md": f"{low:.2f} and {high:.2f}", "lstm.zh.md": f"{low:.2f} 到 {high:.2f}"}[page.name]
    assert shares in text_of(page)
    assert range_ in text_of(page)
