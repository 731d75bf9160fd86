"""Counts with their words."""

from __future__ import annotations

import pytest
from command_line import ONE_OF_MANY

from bilstm_tagger.corpus.split import CorpusStats
from bilstm_tagger.wording import counted


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


def test_sizes_of_a_corpus() -> None:
    assert str(CorpusStats(1, 1, 1)) == "1 document, 1 sentence, 1 token"
    assert str(CorpusStats(2, 3000, 1)) == "2 documents, 3,000 sentences, 1 token"


@pytest.mark.parametrize(
    ("text", "wrong"), [("1 files", True), ("11 files", False), ("1 tokens/s", False), ("2.1 words", False)]
)
def test_what_the_tests_of_commands_look_for(text: str, wrong: bool) -> None:
    assert bool(ONE_OF_MANY.search(f"tagged {text} of them")) is wrong
