"""Fonts of PDF pages: how wide their characters are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from bilstm_tagger.text.line_ends import estimated_width

__all__ = ["Font", "fonts_of"]

_COURIER = 0.6
_WIDE_BLANK = b"\x00 "
# `<code> <0020>`, or a range that begins with it.
_BLANK = re.compile(rb"<([0-9A-Fa-f]{4})>\s*(?:<[0-9A-Fa-f]{4}>\s*)?<0020>")
_CODES = 0x10000  # of two bytes
_MOST_WIDTHS = 4 * _CODES  # that a font may list; ranges that go on over each other are meant to keep us busy


class Font(NamedTuple):
    """How wide the characters of a font are.

    Attributes:
        widths: of codes, in sizes of the font.
        other: width of other codes; None if it is to be estimated.
        is_wide: whether a code is two bytes.
        blank: the code of the blank.
    """

    widths: dict[int, float]
    other: float | None
    is_wide: bool = False
    blank: bytes = b" "

    def width(self, codes: bytes) -> float:
        """The width of a string."""
        if self.is_wide:
            numbers: Iterable[int] = [codes[at] << 8 | codes[at + 1] for at in range(0, len(codes) - 1, 2)]
        elif self.other is None:
            return estimated_width(codes.decode("latin-1"))
        else:
            numbers = codes
        get, other = self.widths.get, self.other or 0.0
        return sum([get(number, other) for number in numbers])


_UNKNOWN = Font({}, None)


def fonts_of(page: Any) -> Callable[[str], Font]:
    """A function that gives the fonts of a page by their names, read when they are asked for.

    Args:
        page: as pypdf reads it.
    """
    known: dict[str, Font] = {}

    def font(name: str) -> Font:
        if name not in known:
            try:
                known[name] = _font(page["/Resources"]["/Font"][name].get_object())
            except (ValueError, TypeError, LookupError, AttributeError, OverflowError):  # no such font, or an odd one
                known[name] = _UNKNOWN
        return known[name]

    return font


def _font(given: Any) -> Font:
    if given["/Subtype"] == "/Type0":
        descendant = given["/DescendantFonts"][0].get_object()
        widths, other = _of_ranges(descendant.get("/W", ())), float(descendant.get("/DW", 1000)) / 1000
        return Font(widths, other, is_wide=True, blank=_wide_blank(given))
    if "/Widths" not in given:  # one of those that each reader has
        return Font({}, _COURIER) if "Courier" in str(given.get("/BaseFont")) else _UNKNOWN
    unit = float(given["/FontMatrix"][0]) if given["/Subtype"] == "/Type3" else 0.001
    first = int(given["/FirstChar"])
    widths = {first + at: float(width.get_object()) * unit for at, width in enumerate(given["/Widths"].get_object())}
    described = given.get("/FontDescriptor", {}).get_object() if "/FontDescriptor" in given else {}
    return Font(widths, float(described.get("/MissingWidth", 0)) * unit)


def _wide_blank(given: Any) -> bytes:
    """The code of the blank in a font of two bytes a code, as its table of characters has it."""
    table: Any = given["/ToUnicode"].get_object() if "/ToUnicode" in given else None
    found = _BLANK.search(table.get_data()) if hasattr(table, "get_data") else None
    return bytes.fromhex(found[1].decode()) if found else _WIDE_BLANK


def _of_ranges(listed: Any) -> dict[int, float]:
    """Widths as a font of many characters lists them: `first [width ...]` or `first last width`."""
    widths: dict[int, float] = {}
    items = [item.get_object() for item in (listed.get_object() if listed else ())]
    at = count = 0
    while at + 1 < len(items) and count < _MOST_WIDTHS:
        first, second = max(int(items[at]), 0), items[at + 1]
        if isinstance(second, list):
            widths.update({first + place: float(width.get_object()) / 1000 for place, width in enumerate(second)})
            at += 2
            count += len(second)
        else:
            codes = range(first, min(int(second) + 1, _CODES))
            widths.update(dict.fromkeys(codes, float(items[at + 2]) / 1000))
            at += 3
            count += len(codes)
    return widths
