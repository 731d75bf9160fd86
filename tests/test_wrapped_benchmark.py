"""The benchmark of wrapped text: what does not read back is left out, and the table says so."""

from __future__ import annotations

from collections import Counter

from benchmarks.wrapped import Block, count, table


def test_texts_that_do_not_read_back_are_in_the_table() -> None:
    found: Counter[str] = Counter()
    blocks = [Block(True, "Ada Byron", [(0, 9)]), Block(True, "Bob", [])]
    count(blocks, "Ada\nByron\n\nBob\n", found)
    count(blocks, "Ada\nByronBo\n", found)
    assert (found["texts"], found["left out"], found["items"]) == (2, 1, 1)
    assert table({"text": found}).splitlines()[-1].endswith("| 100.0 % of 1 | 50.0 % of 2 |")
