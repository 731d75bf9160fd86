"""The README is short, the same in both languages, and runs; `tests/docs` runs its blocks beside those of all pages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pages import ROOT, blocks_of

ENGLISH, CHINESE = (ROOT / name for name in ("README.md", "README.zh.md"))
LINK = re.compile(r"\]\((?!https?:)([^)#\s]+)")


@pytest.mark.parametrize("page", [ENGLISH, CHINESE], ids=lambda page: page.name)
def test_it_is_short(page: Path) -> None:
    assert len(page.read_text("utf-8").splitlines()) <= 150


@pytest.mark.parametrize("page", [ENGLISH, CHINESE], ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    targets = LINK.findall(page.read_text("utf-8"))
    assert len(targets) > 20
    for target in targets:
        assert (ROOT / target).exists(), target


def test_both_languages_show_the_same() -> None:
    english, chinese = (
        [(block.language, re.sub(r"  #.*", "", block.code), block.output) for block in blocks_of(page)]
        for page in (ENGLISH, CHINESE)
    )
    assert english == chinese
    english_links, chinese_links = (set(LINK.findall(page.read_text("utf-8"))) for page in (ENGLISH, CHINESE))
    assert chinese_links - english_links == {"README.md", "docs/lstm.zh.md", "docs/guide.zh.md"}
    assert english_links - chinese_links == {"README.zh.md", "docs/lstm.md"}
    numbers = [set(re.findall(r"\d[\d,.]*\d", page.read_text("utf-8"))) for page in (ENGLISH, CHINESE)]
    assert numbers[0] == numbers[1]


def test_figures_are_those_of_the_measurements() -> None:
    """What the README claims stands in the tables that the benchmarks wrote."""
    text = ENGLISH.read_text("utf-8")
    tables = {name: (ROOT / f"benchmarks/results/{name}.md").read_text("utf-8") for name in ("accuracy", "finetuning")}
    row = next(line for line in tables["accuracy"].splitlines() if line.startswith("| ner-best |"))
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert f"{cells[4]} ± {cells[5]} F1, {cells[2]} seeds" in text
    row = next(line for line in tables["finetuning"].splitlines() if line.startswith("| 100 |"))
    scratch, warm = (cell.strip().split(" ")[0] for cell in row.strip("|").split("|")[1:3])
    assert f"{warm} F1; {scratch} from scratch" in text
    speed = (ROOT / "benchmarks/results/speed.md").read_text("utf-8")
    measured = re.search(r"^\| ours \| ([\d,]+) \|", speed, re.MULTILINE)
    assert measured is not None
    assert f"{round(int(measured[1].replace(',', '')), -3):,} tokens/s" in text
