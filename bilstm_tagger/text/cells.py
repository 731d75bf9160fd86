"""Where cells of a row end inside of a line: at tabs, and at columns of blanks that are none of justified prose.

A program that justifies plain text spreads blanks evenly over a line, and all lines end at one place. In a row of cells
there are single blanks beside wide gaps, or hardly a word in lower case. One wide gap in a line of prose, as readers of
pages leave it, is in line with none in the lines around.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

WIDE = 3  # blanks; some put two behind a full stop
_GAP = re.compile(r"(?<=\S)[^\S\r\n]+(?=\S)")
_SIGNS = ("\t", "\v", "\f", " " * WIDE, "\u00a0", "\u3000")
_BREAKS = frozenset("\v\f")
_ENDED = frozenset(".!?:;")
_EVEN = 1  # blanks that gaps of a justified line differ by
_LOWER = 0.4  # share of words in lower case that prose has, names and German included
_AROUND = 2  # lines before and behind one that it is judged by
_STRAY = 5  # blanks
_SINGLE = 5  # gaps of a line that are not wide, beside one that is


class Row(NamedTuple):
    """What gaps inside a line tell.

    Attributes:
        ends: Where cells end, or the line breaks inside: places of the characters behind the gaps.
        is_row: Whether it has cells.
    """

    ends: Sequence[int] = ()
    is_row: bool = False


class _Gap(NamedTuple):
    start: int
    end: int
    text: str

    @property
    def is_sure(self) -> bool:
        """Whether it is no column of blanks."""
        return "\t" in self.text or not _BREAKS.isdisjoint(self.text)

    @property
    def is_wide(self) -> bool:
        return self.end - self.start >= WIDE


_NO_ROW = Row()


def may_have_cells(text: str) -> bool:
    """Whether it is worth to look at the lines of a text, which is quick to say."""
    return any(map(text.__contains__, _SIGNS))


def rows_of(lines: Sequence[str]) -> list[Row]:
    """Find the cells of lines.

    Args:
        lines: those of a paragraph, without white space at their ends.

    Returns:
        What the gaps inside of each line tell.
    """
    if not any(may_have_cells(line.lstrip()) for line in lines):
        return [_NO_ROW] * len(lines)
    gaps = [[_Gap(*found.span(), found[0]) for found in _GAP.finditer(line)] for line in lines]
    return [
        _row(of, _Blanks(lines, gaps, number)) if any(gap.is_sure or gap.is_wide for gap in of) else _NO_ROW
        for number, of in enumerate(gaps)
    ]


def _row(gaps: Sequence[_Gap], blanks: _Blanks) -> Row:
    sure = [gap for gap in gaps if gap.is_sure]
    wide = [gap for gap in gaps if gap.is_wide and not gap.is_sure]
    if wide and not (blanks.are_justified() or blanks.are_stray(wide)):
        return Row(sorted(gap.end for gap in chain(sure, wide)), is_row=True)
    return Row([gap.end for gap in sure], is_row=any("\t" in gap.text for gap in sure))


class _Blanks(NamedTuple):
    """The gaps of one line, which are blanks, among those of its paragraph."""

    lines: Sequence[str]
    gaps: Sequence[Sequence[_Gap]]
    number: int

    def are_justified(self) -> bool:
        """Whether a program has spread them to justify a line of prose."""
        beside = [number for number in (self.number - 1, self.number + 1) if 0 <= number < len(self.lines)]
        beside = [number for number in beside if abs(len(self.lines[number]) - len(self.lines[self.number])) <= 1]
        if (len(self.lines) > 1 and not beside) or not self._are_words(_LOWER):
            return False
        if len(self.gaps[self.number]) > 1:
            return self._are_even(self.number)
        return any(len(self.gaps[number]) > 1 and self._are_even(number) for number in beside)

    def are_stray(self, wide: Sequence[_Gap]) -> bool:
        """Whether the wide one is one by chance, as readers of pages leave it in prose that goes on."""
        of = self.gaps[self.number]
        if len(wide) > 1 or wide[0].end - wide[0].start > _STRAY or len(of) <= _SINGLE or not self._are_words(_LOWER):
            return False
        starts = [self.lines[number].lstrip()[:1] for number in self._around()]
        others = (gap for number in self._around() if number != self.number for gap in self.gaps[number])
        return any(map(str.islower, starts)) and not any(
            gap.is_wide and abs(gap.end - wide[0].end) <= 1 for gap in others
        )

    def _are_even(self, number: int) -> bool:
        line = self.lines[number]
        widths = [gap.end - gap.start for gap in self.gaps[number] if line[gap.start - 1] not in _ENDED]
        return bool(widths) and max(widths) - min(widths) <= _EVEN and min(widths) > 1

    def _are_words(self, share: float) -> bool:
        """Whether at least this share of the words around are in lower case."""
        words = [word for number in self._around() for word in self.lines[number].split() if word[0].isalnum()]
        return sum(word[0].islower() for word in words) >= share * len(words) > 0

    def _around(self) -> range:
        return range(max(0, self.number - _AROUND), min(len(self.lines), self.number + _AROUND + 1))
