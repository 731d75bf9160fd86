"""Which line ends of a text end a sentence: those of lists, tables, signatures and headlines, not of wrapped prose.

A line was wrapped if the first word of the next one would not have fitted into it. So line ends of a paragraph (lines
without a blank one between them) are judged together: prose fills its lines, a list does not. All that is asked lies
inside the paragraph, so that a long text can be cut at blank lines and judged in pieces.
"""

from __future__ import annotations

import re

WRAPPED = 50  # characters: prose is rarely wrapped at less, unless most of its lines go on in lower case
UNWRAPPED = 200  # nor at more: such lines are paragraphs
_FULL = 0.7  # share of the lines of wrapped prose that are full; breaks in the middle of a paragraph are rare
_LOWER = 0.4  # share of lines that go on in lower case in prose that is wrapped at less

_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n|$)")
# Quotation of mail, and what opens before a word.
_PREFIX = re.compile(r"[>|\s]*")
_OPENING = "\"'“‘„«‹([{*_"
_ITEM = re.compile(r"(?:[-*•·‣▪◦–—+]|\(?\d{1,3}[.)]|[a-z][.)])\s")
_CELLS = re.compile(r"\S(?:\t|\s*\||\s{3,})\s*\S")


def list_line_ends(text: str) -> list[int]:
    """Where lines begin before which a sentence ends.

    Args:
        text: any text.

    Returns:
        Positions in the text, ascending. Blank lines are not among them.
    """
    if "\n" not in text and "\r" not in text:
        return []
    cuts: list[int] = []
    paragraph: list[str] = []
    first = position = 0
    lines = text.splitlines(keepends=True) if _plain(text) else _LINE.findall(text)
    for line in lines:
        if line.isspace() or not line:
            if len(paragraph) > 1:
                _judge(paragraph, first, cuts)
            paragraph = []
            first = position + len(line)
        else:
            paragraph.append(line)
        position += len(line)
    if len(paragraph) > 1:
        _judge(paragraph, first, cuts)
    return cuts


def _plain(text: str) -> bool:
    """Whether `str.splitlines`, which is faster, divides at line ends alone."""
    return not _OTHER_ENDS.search(text)


_OTHER_ENDS = re.compile("[\v\f\x1c-\x1e\x85\u2028\u2029]")


def _judge(paragraph: list[str], position: int, cuts: list[int]) -> None:
    """Add the line ends of one paragraph that end sentences."""
    lines = [line.rstrip() for line in paragraph]
    width = max(map(len, lines))
    starts = [_start(line) for line in lines]
    full: list[bool] = []
    lower = 0
    for index in range(1, len(lines)):
        lower += starts[index][1]
        full.append(len(lines[index - 1]) + 1 + starts[index][2] > width)
    count = len(full)
    prose = WRAPPED <= width <= UNWRAPPED or lower >= _LOWER * count
    prose = prose and width <= UNWRAPPED and sum(full) >= _FULL * count
    for index in range(1, len(lines)):
        position += len(paragraph[index - 1])
        depth, is_lower, _ = starts[index]
        line, before = lines[index], lines[index - 1]
        wrapped = is_lower or (prose and full[index - 1])
        rows = _CELLS.search(line) and _CELLS.search(before)
        if not wrapped or rows or depth != starts[index - 1][0] or _is_item(line):
            cuts.append(position)


def _start(line: str) -> tuple[str, bool, int]:
    """The marks of quotation before a line, whether it goes on in lower case, and the length of its first word."""
    if line[0].isalpha():  # nearly all
        prefix, rest = "", line
    else:
        prefix = _PREFIX.match(line).group()  # type: ignore[union-attr]
        rest = line[len(prefix) :]
        prefix = "".join(prefix.split())
    word = rest.split(None, 1)[0] if rest else ""
    bare = word.lstrip(_OPENING)
    return prefix, bare[:1].islower(), len(word)


def _is_item(line: str) -> bool:
    return (not line[0].isalpha() and _ITEM.match(line.lstrip(" \t>|")) is not None) or line[1:3] in (") ", ". ")
