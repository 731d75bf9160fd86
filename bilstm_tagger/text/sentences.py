"""Where sentences end in a text that has been cut into tokens."""

from __future__ import annotations

import re
from bisect import bisect_left

from bilstm_tagger.document.columns import Columns
from bilstm_tagger.text.cells import may_have_cells
from bilstm_tagger.text.line_ends import list_line_ends

# A token of nothing but these ends a sentence.
FINAL = ".!?…。！？｡．‼⁇⁈⁉؟۔।॥"
CHINESE_FINAL = "。！？!?；…"
_NOTE = 8  # words of a mark of a note in square brackets (`[citation needed]`)
_NOTE_SIGNS = "†‡¹²³⁴⁵⁶⁷⁸⁹⁰"
_QUOTES = frozenset("\"'”’»›」』") | {"''"}
_CLOSING = _QUOTES | frozenset(")]}】》〉）］｝")
# These open as well as close, so they close only where no space is before them.
_AMBIGUOUS = frozenset("\"'")
LINE = re.compile(r"(?>\r\n?|\n)")
BLANK_LINE = re.compile(r"(?>\r\n?|\n)[^\S\r\n]*(?>\r\n?|\n)|\u2029")


def sentence_bounds(
    text: str,
    words: list[str],
    starts: list[int],
    ends: list[int],
    *,
    final: str = FINAL,
    breaks: re.Pattern[str] = BLANK_LINE,
) -> list[int]:
    """Find where sentences end: after final punctuation and what closes behind it, and at breaks of the text.

    Where blank lines are breaks, so are the line ends of list-like text (see `line_ends`). Cells of rows end sentences,
    but in text that has been tokenised before.

    Args:
        text: The text.
        words: Its tokens.
        starts: Where each token begins in the text.
        ends: Where each token ends.
        final: A token of nothing but these characters ends a sentence.
        breaks: Stretches of the text, such as blank lines, that no sentence goes across.

    Returns:
        Bounds as a `Document` has them; no sentence is empty.
    """
    cuts: set[int] = set()
    stops = {word for word in set(words) if not word.strip(final)} if final else set()
    following = 0
    for index in [place for place, word in enumerate(words) if word in stops] if stops else ():
        if index < following:
            continue
        following = _after_closing(words, starts, ends, index + 1, stops)
        if following < len(words) and not _goes_on(words, index, following):
            cuts.add(following)
    cuts.update(bisect_left(starts, found.end()) for found in breaks.finditer(text))
    if breaks is BLANK_LINE or (final and may_have_cells(text)):
        cuts.update(bisect_left(starts, position) for position in list_line_ends(text))
    if words:
        cuts.add(len(words))
    cuts.discard(0)
    return [0, *sorted(cuts)]


def with_line_ends(document: Columns) -> list[int]:
    """The bounds of a document with further ones: every line end of its text ends a sentence."""
    cuts = {bisect_left(document.starts, found.end()) for found in LINE.finditer(document.text)}
    return sorted(cuts.union(document.bounds))


def _after_closing(words: list[str], starts: list[int], ends: list[int], index: int, stops: set[str]) -> int:
    """Skip further stops, the quotation marks and brackets that close behind them, and marks of notes."""
    while index < len(words):
        word = words[index]
        touches = starts[index] == ends[index - 1]
        if touches and word == "[":
            inside = words[index + 1 : index + 2 + _NOTE]
            if "]" in inside[1:]:
                index += 2 + inside.index("]")
                continue
        if touches and not word.strip(_NOTE_SIGNS):
            index += 1
            continue
        if word not in stops and (word not in _CLOSING or (word in _AMBIGUOUS and not touches)):
            break
        index += 1
    return index


def _goes_on(words: list[str], index: int, following: int) -> bool:
    """Whether a sentence goes on in lower case after dots or a quotation, as in ``"Where?" she said``."""
    if not words[following][0].islower():
        return False
    dots = words[index].startswith("..") or "…" in words[index]
    return dots or any(word in _QUOTES for word in words[index + 1 : following])
