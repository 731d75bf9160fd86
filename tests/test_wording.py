"""Counts with their words."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from command_line import ONE_OF_MANY

import bilstm_tagger
from bilstm_tagger.corpus.split import CorpusStats
from bilstm_tagger.wording import counted, percent, some_of


@pytest.mark.parametrize(
    ("count", "words", "expected"),
    [
        (0, ("sentence",), "0 sentences"),
        (1, ("sentence",), "1 sentence"),
        (2000, ("sentence",), "2,000 sentences"),
        (1, ("entry", "entries"), "1 entry"),
        (2, ("entry", "entries"), "2 entries"),
    ],
)
def test_counted(count: int, words: tuple[str, ...], expected: str) -> None:
    assert counted(count, *words) == expected


def test_some_of() -> None:
    assert some_of(["b", "a"]) == "a, b"
    assert some_of("abcdefghij") == "a, b, c, d, e, f, g, h and 2 more"


@pytest.mark.parametrize("value", [0.0, 0.00005, 0.5, 0.12345, 2 / 3, 0.999949, 1.0])
def test_percent_is_the_same_everywhere(value: float) -> None:
    """In tables, on pages and in what `results` writes; exact halves are rounded up, as decimal arithmetic does."""
    expected = str((Decimal(value) * 100).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP))
    assert percent(value) == expected
    modules = [Path(bilstm_tagger.__file__).parent / name for name in ("cli", "evaluation")]
    sources = [path.read_text("utf-8") for folder in modules for path in folder.glob("*.py")]
    assert not any(re.search(r"def _?percent\(|ROUND_HALF_UP", source) for source in sources)


def test_sizes_of_a_corpus() -> None:
    assert str(CorpusStats(1, 1, 1)) == "1 document, 1 sentence, 1 token"
    assert str(CorpusStats(2, 3000, 1)) == "2 documents, 3,000 sentences, 1 token"


@pytest.mark.parametrize(
    ("text", "wrong"), [("1 files", True), ("11 files", False), ("1 tokens/s", False), ("2.1 words", False)]
)
def test_what_the_tests_of_commands_look_for(text: str, wrong: bool) -> None:
    assert bool(ONE_OF_MANY.search(f"tagged {text} of them")) is wrong
