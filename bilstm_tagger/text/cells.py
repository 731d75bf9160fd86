"""Where cells of a row end inside of a line: at tabs, and at columns of blanks that are none of justified prose.

A program that justifies plain text spreads blanks evenly over a line, and all lines end at one place. In a row of cells
there are single blanks beside wide gaps, or hardly a word in lower case. Gaps of a few blanks in a line that reads as
prose, as readers of pages and markup leave them, are in line with none in the lines around.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import NamedTuple

WIDE = 3  # blanks; some put two behind a full stop
_GAP = re.compile(r"(?<=\S)[^\S\r\n]+(?=\S)")
_SIGNS = ("\t", "\v", "\f", " " * WIDE, "\u00a0", "\u3000")
_BREAKS = frozenset("\v\f")
_ENDED = frozenset(".!?:;")
_EVEN = 1  # blanks that gaps of a justified line differ by
_LOWER = 0.4  # share of words in lower case that prose has, names and German included
_LOWER_IN_SENTENCE = 0.3  # of a line that ends as a sentence does
_LOWER_IN_NAMES = 0.2  # where all lines around have their blanks spread evenly
_AROUND = 2  # lines before and behind one that it is judged by
_STRAY = 5  # blanks
_SINGLE = 5  # gaps of a line of prose that are not wide, beside some that are
_SINGLE_OF_MANY = 3  # where lines around are prose too
_SINGLES = 2  # times as many as wide ones
_END = re.compile(r"[^\W\d_][.!?][\"'”’»)\]]*$")


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
        width = len(self.lines[self.number])
        alike = [number for number in self._around() if abs(len(self.lines[number]) - width) <= 1]
        beside = [number for number in alike if abs(number - self.number) == 1]
        if len(self.lines) > 1 and not beside:
            return False
        spread = [widths for number in alike if len(widths := self._widths(number)) > 1 and max(widths) > 1]
        are_even = len(spread) > 1 and all(max(widths) - min(widths) <= _EVEN for widths in spread)
        share = _LOWER_IN_NAMES if are_even else _LOWER
        if not _are_words(map(self.lines.__getitem__, self._around()), share):
            return False
        if len(self.gaps[self.number]) > 1:
            return self._are_even(self.number)
        return any(len(self.gaps[number]) > 1 and self._are_even(number) for number in beside)

    def are_stray(self, wide: Sequence[_Gap]) -> bool:
        """Whether the wide ones are so by chance, as readers of pages and markup leave them in prose."""
        if any(gap.end - gap.start > _STRAY for gap in wide):
            return False
        if not (self._is_sentence(wide) or self._is_wrapped()):
            return False
        beside = [gap for number in self._around() if number != self.number for gap in self.gaps[number] if gap.is_wide]
        in_line = sum(any(gap.end == other.end or gap.start == other.start for other in beside) for gap in wide)
        return 2 * in_line < len(wide)

    def _is_wrapped(self) -> bool:
        """Whether the lines around are prose that goes on from line to line."""
        around = [self.lines[number] for number in self._around()]
        gaps = [gap for number in self._around() for gap in self.gaps[number]]
        own = self.gaps[self.number]
        goes_on = any(line.lstrip()[:1].islower() for line in self.lines[self.number : self.number + 2])
        if not goes_on:
            lone = sum(gap.is_wide for gap in own) == 1 and len(own) > _SINGLE
            goes_on = lone and any(line.lstrip()[:1].islower() for line in around)
        return (
            goes_on and _are_singles(gaps) and _are_singles(own, least=_SINGLE_OF_MANY) and _are_words(around, _LOWER)
        )

    def _is_sentence(self, wide: Sequence[_Gap]) -> bool:
        """Whether the line reads as prose by itself."""
        line = self.lines[self.number]
        if _is_field(line[: wide[0].start].lstrip()) or not _are_singles(self.gaps[self.number]):
            return False
        if _END.search(line):
            return _are_words([line], _LOWER_IN_SENTENCE)
        return len(self.lines) == 1 and _are_words([line], _LOWER)

    def _are_even(self, number: int) -> bool:
        widths = self._widths(number)
        return bool(widths) and max(widths) - min(widths) <= _EVEN and min(widths) > 1

    def _widths(self, number: int) -> list[int]:
        """Of the gaps of a line that follow no end of a sentence."""
        line = self.lines[number]
        return [gap.end - gap.start for gap in self.gaps[number] if line[gap.start - 1] not in _ENDED]

    def _around(self) -> range:
        return range(max(0, self.number - _AROUND), min(len(self.lines), self.number + _AROUND + 1))


def _is_field(cell: str) -> bool:
    """Whether a text goes before, not into, a sentence: a label, a number or time, a level of a log, a speaker."""
    return cell[-1] == ":" or cell.lstrip("([<#")[:1].isdigit() or (len(cell) > 1 and cell.isupper())


def _are_words(lines: Iterable[str], share: float) -> bool:
    """Whether at least this share of the words are in lower case."""
    words = [word for line in lines for word in line.split() if word[0].isalnum()]
    return sum(word[0].islower() for word in words) >= share * len(words) > 0


def _are_singles(gaps: Sequence[_Gap], least: int = _SINGLE) -> bool:
    """Whether most gaps are not wide, and at least so many."""
    wide = sum(gap.is_wide for gap in gaps)
    return len(gaps) - wide >= max(least, _SINGLES * wide)
