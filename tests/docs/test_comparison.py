"""What the comparison says was measured here stands in the tables that the benchmarks wrote."""

from __future__ import annotations

import re

import pytest
from pages import ROOT

PAGE = (ROOT / "docs" / "comparison.md").read_text("utf-8")
RESULTS = ROOT / "benchmarks" / "results"
SYSTEMS = ["bilstm-tagger", "spaCy", "Flair", "Stanza", "NCRF++", "GLiNER"]


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def rows(text: str, first: str) -> list[list[str]]:
    """The rows of the table whose header begins with this cell."""
    lines = text.splitlines()
    start = next(place for place, line in enumerate(lines) if line.startswith("|") and cells(line)[0] == first)
    table = []
    for line in lines[start:]:
        if not line.startswith("|"):
            break
        table.append(cells(line))
    return table


def test_every_system_has_an_answer_in_every_row() -> None:
    table = rows(PAGE, "")
    assert table[0][1:] == SYSTEMS
    assert len(table) > 20
    for row in table[1:]:
        assert len(row) == len(SYSTEMS) + 1
        assert all(row), row


@pytest.mark.parametrize("row", rows(PAGE, "Text")[2:], ids=lambda row: row[0])
def test_names_on_other_text(row: list[str]) -> None:
    """Raw text, strict F1: the third column of figures of the panel."""
    panel = [cells(line) for line in (RESULTS / "panel.md").read_text("utf-8").splitlines() if line.startswith("| ")]
    names = rows(PAGE, "Text")[0][1:]
    for name, figure in zip(names, row[1:], strict=True):
        measured = next(found for found in panel if found[:2] == [row[0], name.strip("`")] and len(found) == 11)
        assert figure == measured[4]


def test_the_task_page_has_figures_of_the_same_table() -> None:
    text = (ROOT / "docs" / "tasks" / "names-in-a-folder.md").read_text("utf-8")
    panel = [cells(line) for line in (RESULTS / "panel.md").read_text("utf-8").splitlines() if line.startswith("| ")]
    for name in ("CoNLL-2003, news", "Broad Twitter", "UNER English-EWT dev, web", "CrossNER, politics"):
        row = next(found for found in panel if found[:2] == [name, "en"] and len(found) == 11)
        assert f" {row[4]} on " in text, name


def test_own_score_is_that_of_the_accuracy_table() -> None:
    table = [cells(line) for line in (RESULTS / "accuracy.md").read_text("utf-8").splitlines()]
    row = next(found for found in table if found[0] == "ner-best")
    own = next(found for found in rows(PAGE, "System") if "ner-best" in found[0])
    assert own[1] == f"{row[4]} ± {row[5]}, {row[2]} seeds"


def test_threads_are_named_with_their_links() -> None:
    for number, target in re.findall(r"\[[\w+.]*#(\d+)\]\((https://github\.com/[^)]+)\)", PAGE):
        assert target.rsplit("/", 1)[1] == number
