"""The rows of a CoNLL-U file: its columns, how they are numbered, what can be wrong with them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from bilstm_tagger.errors import CorpusError
from bilstm_tagger.wording import counted

COLUMNS = ("ID", "FORM", "LEMMA", "UPOS", "XPOS", "FEATS", "HEAD", "DEPREL", "DEPS", "MISC")
WIDTH = len(COLUMNS)
MISC = COLUMNS.index("MISC")
NEWDOC = re.compile(r"#\s*newdoc(?:\s+id\s*=\s*(.*\S))?\s*$")
_RANGE = re.compile(r"([1-9][0-9]*)-([1-9][0-9]*)")
_EMPTY_NODE = re.compile(r"([0-9]+)\.([1-9][0-9]*)")


@dataclass(frozen=True, slots=True)
class ConlluLayout:
    """The document as it stood in its file.

    Attributes:
        lines: all its lines: comments, words, multiword tokens, empty nodes, empty lines.
        rows: for each token, its index in `lines`.
        sources: column or MISC key each task was read from.
    """

    lines: Sequence[str]
    rows: Sequence[int]
    sources: Mapping[str, str]


def misc_value(cell: str, key: str) -> str | None:
    """Value of a key in a MISC cell (`A=1|B=2`), or None."""
    if key not in cell:
        return None
    prefix = key + "="
    return next((part[len(prefix) :] for part in cell.split("|") if part.startswith(prefix)), None)


@lru_cache(maxsize=256)
def ordinals(count: int) -> list[str]:
    """Give the IDs of a sentence of plain words: `1`, `2`, up to `count`."""
    return [str(number) for number in range(1, count + 1)]


def walk(ids: Sequence[str], path: str, first: int) -> tuple[list[int], list[tuple[int, int, int]]]:
    """Sort the rows of a sentence that has more than plain words.

    Returns:
        The rows of the words, and for each multiword token its row and its words' span, `(row, start, end)`
        counted in words.
    """
    words: list[int] = []
    ranges: list[tuple[int, int, int]] = []
    for row, name in enumerate(ids):
        place = f"{path}:{first + row}"
        covered = ranges[-1][2] if ranges else 0
        if name == str(len(words) + 1):
            words.append(row)
        elif match := _RANGE.fullmatch(name):
            start, end = int(match[1]) - 1, int(match[2])
            if start != len(words) or start < covered or end <= start:
                raise CorpusError(f"{place}: multiword token {name} is out of place; it goes before its first word")
            ranges.append((row, start, end))
        elif not (match := _EMPTY_NODE.fullmatch(name)) or int(match[1]) != len(words):
            raise CorpusError(f"{place}: ID {name!r} where word {len(words) + 1} was expected; number words from 1")
    if not words or (ranges and ranges[-1][2] > len(words)):
        raise CorpusError(f"{path}:{first}: the sentence ends before word {ranges[-1][2] if ranges else 1}")
    return words, ranges


def what_is_wrong(path: str, first: int, rows: Sequence[str]) -> str:
    """Say what makes these rows of a sentence no CoNLL-U, for an error message."""
    for number, line in enumerate(rows, first):
        if line[0] == "#" and line.count("\t") != WIDTH - 1:
            return f"{path}:{number}: a comment inside a sentence; put an empty line before it"
        if (count := line.count("\t") + 1) != WIDTH:
            return f"{path}:{number}: {counted(count, 'column')} separated by tabs where CoNLL-U has {WIDTH}"
        if "" in (cells := line.split("\t")):
            return f"{path}:{number}: column {COLUMNS[cells.index('')]} is empty; CoNLL-U writes '_' there"
    return f"{path}:{first}: not CoNLL-U"
