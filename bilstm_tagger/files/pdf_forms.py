"""What is filled into the pages of a PDF file, which is no part of their text: form fields and added texts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple

_HIDDEN = 0b100010  # flags of an annotation: hidden, and not shown on a screen (ISO 32000-1, table 165)
_PASSWORD = 1 << 13  # flag of a field for text (table 228)
_NO_NOTES = frozenset({"/Link", "/Widget", "/Popup", "/FreeText"})
_DEEPEST = 30  # fields in each other


class FilledIn(NamedTuple):
    """What is filled into a page.

    Attributes:
        texts: values of its fields and texts added to it, from top to bottom, then left to right.
        annotations: number of other annotations with a text.
    """

    texts: list[str]
    annotations: int


def filled_in(page: Any) -> FilledIn:
    """What is filled into a page.

    Args:
        page: a page of pypdf; what is damaged in its annotations is passed over.
    """
    found: list[tuple[int, int, str]] = []
    annotations = 0
    with suppress(Exception):  # pypdf raises whatever the first wrong object leads to; the page was read
        for each in _annotations(page):
            kind = _resolved(each.get("/Subtype"))
            if _number(_resolved(each.get("/F"))) & _HIDDEN:
                continue
            text = _value(each) if kind == "/Widget" else _text(each.get("/Contents"))
            if text and kind in ("/Widget", "/FreeText"):
                found.append((*_place(each), text))
            annotations += bool(text and kind not in _NO_NOTES)
    return FilledIn([text for *_, text in sorted(found)], annotations)


def _annotations(page: Any) -> Iterator[Any]:
    listed = _resolved(page.get("/Annots"))
    for each in listed if isinstance(listed, list) else ():
        annotation = _resolved(each)
        if isinstance(annotation, dict):
            yield annotation


def _value(widget: Any) -> str:
    """The value of the field that a widget shows, if it is one of text or a choice."""
    found: dict[str, Any] = {}
    field = widget
    for _ in range(_DEEPEST):  # what a field lacks it has from the one above
        if not isinstance(field, dict):
            break
        for key in ("/FT", "/V", "/Ff"):
            if key not in found and key in field:
                found[key] = _resolved(field.get(key))
        field = _resolved(field.get("/Parent"))
    if found.get("/FT") not in ("/Tx", "/Ch") or (found["/FT"] == "/Tx" and _number(found.get("/Ff")) & _PASSWORD):
        return ""
    value = found.get("/V")
    return "\n".join(map(_text, value)) if isinstance(value, list) else _text(value)


def _text(value: Any) -> str:
    value = _resolved(value)
    if not isinstance(value, str):
        return ""
    return "\n".join(filter(None, map(str.strip, str(value).splitlines())))


def _place(annotation: Any) -> tuple[int, int]:
    """Where an annotation begins, so that what is above or to the left comes first."""
    box = _resolved(annotation.get("/Rect"))
    if not isinstance(box, list) or len(box) != 4:
        return 0, 0
    left, bottom, right, top = (_number(_resolved(side)) for side in box)
    return -max(bottom, top), min(left, right)


def _number(value: Any) -> int:
    return int(value) if isinstance(value, (int, float)) else 0


def _resolved(value: Any) -> Any:
    """The object that a reference stands for."""
    return value.get_object() if hasattr(value, "get_object") else value
