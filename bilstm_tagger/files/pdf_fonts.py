"""Fonts of PDF pages: how wide their characters are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from bilstm_tagger.text.line_ends import estimated_width

__all__ = ["Font", "fonts_of"]

_COURIER = 0.6


class Font(NamedTuple):
    """How wide the characters of a font are.

    Attributes:
        widths: of codes, in sizes of the font.
        other: width of other codes; None if it is to be estimated.
        is_wide: whether a code is two bytes.
    """

    widths: dict[int, float]
    other: float | None
    is_wide: bool = False

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
        return Font(_of_ranges(descendant.get("/W", ())), float(descendant.get("/DW", 1000)) / 1000, is_wide=True)
    if "/Widths" not in given:  # one of those that each reader has
        return Font({}, _COURIER) if "Courier" in str(given.get("/BaseFont")) else _UNKNOWN
    unit = float(given["/FontMatrix"][0]) if given["/Subtype"] == "/Type3" else 0.001
    first = int(given["/FirstChar"])
    widths = {first + at: float(width.get_object()) * unit for at, width in enumerate(given["/Widths"].get_object())}
    described = given.get("/FontDescriptor", {}).get_object() if "/FontDescriptor" in given else {}
    return Font(widths, float(described.get("/MissingWidth", 0)) * unit)


def _of_ranges(listed: Any) -> dict[int, float]:
    """Widths as a font of many characters lists them: `first [width ...]` or `first last width`."""
    widths: dict[int, float] = {}
    items = [item.get_object() for item in (listed.get_object() if listed else ())]
    at = 0
    while at + 1 < len(items):
        first, second = max(int(items[at]), 0), items[at + 1]
        if isinstance(second, list):
            widths.update({first + place: float(width.get_object()) / 1000 for place, width in enumerate(second)})
            at += 2
        else:
            widths.update(dict.fromkeys(range(first, min(int(second), 0xFFFF) + 1), float(items[at + 2]) / 1000))
            at += 3
    return widths
