"""Which line ends of a text end a sentence: those of lists, tables, signatures and headlines, not of wrapped prose.

Cells of one line end sentences too (see `cells`).

A line was wrapped if the first word of the next one would not have fitted into it. So line ends of a paragraph (lines
without a blank one between them) are judged together: prose fills its lines, a list does not. All that is asked lies
inside the paragraph, so that a long text can be cut at blank lines and judged in pieces.

Lines of proportional fonts, as PDF files have them, are as wide as each other and differ in their characters. Where
lines around go on in lower case, and so are wrapped for sure, a line is also compared with these, by estimated widths.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate

from bilstm_tagger.text.cells import Row, may_have_cells, rows_of

WRAPPED = 50  # characters: prose is rarely wrapped at less, unless most of its lines go on in lower case
UNWRAPPED = 200  # nor at more: such lines are paragraphs
_FULL = 0.7  # share of the lines of wrapped prose that are full; breaks in the middle of a paragraph are rare
_ALL = 0.95  # share of them in narrow lines that hold many names
_LOWER = 0.4  # share of lines that go on in lower case, where lengths alone do not tell prose
_NEAR = 6  # line ends before and behind one that it is judged by
_LEAST = 2  # of them go on in lower case
_WITHIN = 0.97  # what widths are estimated to
_NARROWEST = 25  # mean characters of a line that is compared so; names in a column of them are shorter

_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n|$)")
# Quotation of mail, and what opens before a word.
_PREFIX = re.compile(r"[>|\s]*")
_OPENING = "\"'“‘„«‹([{*_"
_ITEM = re.compile(r"(?:[-*•·‣▪◦–—+]|\(?\d{1,3}[.)]|[a-z][.)])\s")
# What ends no line in the middle of a sentence.
_ENDED = re.compile(r"[.!?…:][\"'”’»)\]]*$")
_LOOKED_AT = 8  # characters at the end of a line
_BAR = re.compile(r"\S\s*\|\s*\S")


def list_line_ends(text: str) -> list[int]:
    """Where lines, and cells inside of lines, begin before which a sentence ends.

    Args:
        text: any text.

    Returns:
        Positions in the text, ascending. Blank lines are not among them.
    """
    with_cells = may_have_cells(text)
    if "\n" not in text and "\r" not in text and not with_cells:
        return []
    least = 1 if with_cells else 2
    cuts: list[int] = []
    paragraph: list[str] = []
    first = position = 0
    lines = text.splitlines(keepends=True) if _plain(text) else _LINE.findall(text)
    for line in lines:
        if line.isspace() or not line:
            if len(paragraph) >= least:
                _judge(paragraph, first, cuts)
            paragraph = []
            first = position + len(line)
        else:
            paragraph.append(line)
        position += len(line)
    if len(paragraph) >= least:
        _judge(paragraph, first, cuts)
    return cuts


def _plain(text: str) -> bool:
    """Whether `str.splitlines`, which is faster, divides at line ends alone."""
    return not _OTHER_ENDS.search(text)


_OTHER_ENDS = re.compile("[\v\f\x1c-\x1e\x85\u2028\u2029]")


def _judge(paragraph: list[str], position: int, cuts: list[int]) -> None:
    """Add the line ends of one paragraph that end sentences."""
    lines = [line.rstrip() for line in paragraph]
    rows = rows_of(lines)
    width = max(map(len, lines))
    starts = [_start(line) for line in lines]
    full: list[bool] = []
    lower = 0
    for index in range(1, len(lines)):
        _, is_lower, word = starts[index]
        lower += is_lower
        full.append(len(lines[index - 1]) + 1 + len(word) > width)
    count = len(full)
    filled = sum(full)
    prose = WRAPPED <= width <= UNWRAPPED or lower >= _LOWER * count
    # Names in narrow lines may leave few that go on in lower case.
    prose = prose or (width >= _NARROWEST and lower >= _LEAST and filled >= _ALL * count)
    prose = prose and width <= UNWRAPPED and filled >= _FULL * count
    beside = _Beside(lines, starts) if lower else None
    cuts += [position + end for end in rows[0].ends]
    for index in range(1, len(lines)):
        position += len(paragraph[index - 1])
        quoted, is_lower, _ = starts[index]
        line, before = lines[index], lines[index - 1]
        in_rows = _is_row(line, rows[index]) and _is_row(before, rows[index - 1])
        apart = in_rows or quoted != starts[index - 1][0] or _is_item(line)
        if apart or not (is_lower or (prose and full[index - 1]) or (beside and beside.is_wrapped(index))):
            cuts.append(position)
        cuts += [position + end for end in rows[index].ends]


def _is_row(line: str, row: Row) -> bool:
    return row.is_row or ("|" in line and _BAR.search(line) is not None)


class _Beside:
    """Line ends as those around them are.

    Lines that go on in lower case were wrapped. Where they are many, one that goes on in upper case was wrapped too if
    its first word would have made the line before wider than the widest of them.
    """

    def __init__(self, lines: Sequence[str], starts: Sequence[tuple[str, bool, str]]) -> None:
        """Find the line ends that tell something: those that do not end a sentence by themselves.

        Args:
            lines: those of a paragraph, without their ends.
            starts: what `_start` says of them.
        """
        self._lines = lines
        self._starts = starts
        self._open = [index for index in range(1, len(lines)) if not _ENDED.search(lines[index - 1][-_LOOKED_AT:])]
        known = [starts[index][1] and len(lines[index - 1]) <= UNWRAPPED for index in self._open]
        self._known = [index for index, is_known in zip(self._open, known, strict=True) if is_known]
        self._known_before = [0, *accumulate(known)]
        self._widths: dict[int, int] = {}

    def is_wrapped(self, index: int) -> bool:
        """Whether the line before that of `index`, which begins in upper case, was wrapped."""
        before = self._lines[index - 1]
        if len(before) > UNWRAPPED or before[-1].isdigit():  # a row of a table ends in a number
            return False
        place = bisect_left(self._open, index)
        behind = place + (self._open[place : place + 1] == [index])
        first, last = max(0, place - _NEAR), min(behind + _NEAR, len(self._open))
        # A stretch of prose may begin or end here.
        return any(
            self._exceeds(before, self._starts[index][2], known)
            for known in (self._near(first, place), self._near(behind, last), self._near(first, last))
        )

    def _near(self, first: int, last: int) -> list[int]:
        """Lines known to be wrapped among these, if they are enough of them."""
        begin, end = self._known_before[first], self._known_before[last]
        return self._known[begin:end] if end - begin >= max(_LEAST, _LOWER * (last - first)) else []

    def _exceeds(self, line: str, word: str, known: list[int]) -> bool:
        if not known:
            return False
        widest = max(self._width(index - 1) for index in known)
        return widest >= _NARROWEST * _MEAN and _width(f"{line} {word}") >= _WITHIN * widest

    def _width(self, number: int) -> int:
        """The estimated width of a line."""
        if number not in self._widths:
            self._widths[number] = _width(self._lines[number])
        return self._widths[number]


def estimated_width(text: str) -> float:
    """The width that a text has in a usual font.

    Args:
        text: without line ends.

    Returns:
        The width, in sizes of the font.
    """
    return _width(text) / 10


def _width(line: str) -> int:
    """The width that a line has in a usual font, in tenths of its size."""
    return len(line.translate(_WIDTHS))


class _Widths(dict[int, str]):
    """Characters as strings that are as long as they are wide, so that `str.translate` adds up widths."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        if unicodedata.combining(character):
            width = 0
        elif unicodedata.east_asian_width(character) in "WF":
            width = 10
        else:
            width = 7 if character.isupper() else _MEAN
        self[code] = "x" * width
        return self[code]


_MEAN = 5
# Rounded from the metrics of Times and Helvetica.
_WIDTHS = _Widths()
for _characters, _tenths in (("ijltf.,;:'|!()[] ", 3), ('rst-"IJ/', 4), ("w", 7), ("mMW", 9)):
    _WIDTHS.update(dict.fromkeys(map(ord, _characters), "x" * _tenths))


def _start(line: str) -> tuple[str, bool, str]:
    """The marks of quotation before a line, whether it goes on in lower case, and its first word."""
    if line[0].isalpha():  # nearly all
        prefix, rest = "", line
    else:
        prefix = _PREFIX.match(line).group()  # type: ignore[union-attr]
        rest = line[len(prefix) :]
        prefix = "".join(prefix.split())
    word = rest.split(None, 1)[0] if rest else ""
    bare = word.lstrip(_OPENING)
    return prefix, bare[:1].islower(), word


def _is_item(line: str) -> bool:
    return (not line[0].isalpha() and _ITEM.match(line.lstrip(" \t>|")) is not None) or line[1:3] in (") ", ". ")
