"""What training prints for each epoch."""

from __future__ import annotations

from typing import Any

import pytest

from bilstm_tagger.training.progress import AVERAGING, BarProgress, LineProgress, best_row

RATES = {"loss": 1.0, "learning_rate": 0.1, "tokens_per_second": 1000.0, "seconds": 1.0}


def rows(scores: list[float], averaged_from: int) -> list[dict[str, Any]]:
    history: list[dict[str, Any]] = []
    for epoch, score in enumerate(scores, 1):
        row = {"epoch": epoch, "score": score, "dev": {"ner": score}, "averaged": epoch >= averaged_from, **RATES}
        history.append(row)
        best = best_row(history)
        row |= {"best": best["score"], "best_epoch": best["epoch"]}
    return history


def printed(progress: LineProgress | BarProgress, history: list[dict[str, Any]], capsys: Any) -> list[str]:
    for row in history:
        progress.epoch(row)
    return [" ".join(line.split()) for line in capsys.readouterr().err.splitlines()]


def test_a_star_that_moves_to_a_lower_score_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    """The third epoch scores less than the second, and is the best: only now weights are means."""
    lines = printed(LineProgress(), rows([0.5, 0.7, 0.6, 0.65], averaged_from=3), capsys)
    assert lines[2] == AVERAGING
    assert [line.split()[1] for line in lines if line.startswith("epoch") and " * " in line] == ["1", "2", "3", "4"]
    assert lines.count(AVERAGING) == 1
    assert len(lines) == 5


def test_an_epoch_that_is_as_good_as_an_earlier_one_has_no_star(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(LineProgress(), rows([0.5, 0.7, 0.7, 0.6], averaged_from=1), capsys)
    assert [line.split()[1] for line in lines if " * " in line] == ["1", "2"]


@pytest.mark.parametrize("averaged_from", [1, 9])
def test_nothing_is_said_where_averaging_does_not_begin_on_the_way(
    averaged_from: int, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = printed(LineProgress(), rows([0.5, 0.7, 0.6], averaged_from=averaged_from), capsys)
    assert AVERAGING not in lines
    assert len(lines) == 3
