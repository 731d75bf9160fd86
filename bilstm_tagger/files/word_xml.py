"""The text in the XML of a Word document, as it stands after all changes, without what is hidden (ECMA-376, part 1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from bilstm_tagger.files.note_marks import Stretches

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"  # the same text a second time
_P, _R, _T = f"{_W}p", f"{_W}r", f"{_W}t"
_BREAKS = {
    f"{_W}br": "\n",
    f"{_W}cr": "\n",
    f"{_W}tab": "\t",
    f"{_W}ptab": "\t",  # to a place of the page, as in headers
    f"{_W}noBreakHyphen": "\u2011",
}
_BOX = f"{_W}txbxContent"
_DELETED, _MOVED = f"{_W}del", f"{_W}moveFrom"  # what is moved stands where it was moved to as well
_PARAGRAPH, _RUN = f"{_W}pPr", f"{_W}rPr"  # properties
_READING = f"{_W}rt"
_PASSED_OVER = frozenset({
    _FALLBACK, _DELETED, _MOVED, _PARAGRAPH, _RUN, _P,
    *(f"{_W}{name}" for name in ("tblPr", "tblGrid", "trPr", "tcPr", "sdtPr", "sectPr")),
})  # fmt: skip
_VANISH, _RAISE = f"{_W}vanish", f"{_W}vertAlign"
_VALUE, _STYLE_NAME = f"{_W}val", f"{_W}styleId"
_OFF = frozenset({"0", "false", "off"})


class WordReader:
    """Reads the paragraphs of a document.

    Attributes:
        marks: the raised marks of notes that were left out.
        readings: number of readings of characters (ruby) that were left out.
    """

    def __init__(self, styles: Iterable[Any]) -> None:
        """Look up which styles hide and which raise.

        Args:
            styles: the trees of the styles.
        """
        self.marks: list[str] = []
        self.readings = 0
        known = {style.get(_STYLE_NAME): style for tree in styles for style in tree.iter(f"{_W}style")}
        self._hidden = {name for name in known if _inherited(name, known, _is_hidden)}
        self._raised = {name for name in known if _inherited(name, known, _is_raised)}
        self._special: dict[Any, tuple[bool | None, bool]] = {}
        self._unended: set[Any] = set()

    def lines(self, tree: Any) -> Iterator[str]:
        """The paragraphs of a tree that have text."""
        self._look(tree)
        return (line for line in self._paragraphs(tree) if line.strip())

    def _look(self, tree: Any) -> None:
        """Find the few runs that say whether they are hidden or raised, and paragraphs whose end is no more.

        These are elements of lxml, which are the same objects as long as they are held.
        """
        self._special.clear()
        self._unended.clear()
        for found in tree.iter(_VANISH, _RAISE, f"{_W}rStyle", _DELETED, _MOVED):
            properties = found.getparent()
            if properties.tag != _RUN:
                continue
            owner = properties.getparent()
            if owner.tag == _R:
                style = _value(properties, f"{_W}rStyle")
                hidden, raised = _is_hidden(properties), _is_raised(properties)
                hidden = True if hidden is None and style in self._hidden else hidden
                self._special[owner] = hidden, style in self._raised if raised is None else raised
            elif owner.tag == _PARAGRAPH and (found.tag in (_DELETED, _MOVED) or _is_hidden(properties)):
                self._unended.add(owner.getparent())

    def _paragraphs(self, element: Any) -> Iterator[str]:
        begun: list[str] = []  # a paragraph whose end is deleted or hidden goes on in the next
        boxes: list[Any] = []
        for child in element:
            if child.tag == _P:
                text, inside = self._paragraph(child)
                begun.append(text)
                boxes += inside
                if child in self._unended and any(each.tag == _P for each in child.itersiblings()):
                    continue
                behind = []
            elif child.tag in _PASSED_OVER or not (behind := list(self._paragraphs(child))):
                continue
            yield "".join(begun)
            for box in boxes:
                yield from self._paragraphs(box)
            yield from behind
            begun, boxes = [], []
        if begun:
            yield "".join(begun)
        for box in boxes:
            yield from self._paragraphs(box)

    def _paragraph(self, paragraph: Any) -> tuple[str, list[Any]]:
        """The text of a paragraph, and the text boxes in it, whose paragraphs are not part of it."""
        hidden = bool(self._hidden) and _value(paragraph.find(_PARAGRAPH), f"{_W}pStyle") in self._hidden
        line = _Line()
        self._add(paragraph, line, hidden=hidden, raised=False)
        line.end_raised()
        self.marks += line.marks
        return "".join(line.parts), line.boxes

    def _add(self, element: Any, line: _Line, *, hidden: bool, raised: bool) -> None:
        """Add what is in an element of a paragraph to its line."""
        for child in element:
            tag = child.tag
            if tag == _T:
                if not hidden and child.text:
                    line.add_run(child.text, raised=raised)
            elif tag == _R:
                own, above = self._special.get(child, (None, False))
                self._add(child, line, hidden=hidden if own is None else own, raised=above)
            elif tag in _PASSED_OVER:
                continue
            elif tag in _BREAKS:
                if not hidden:
                    line.add_run(_BREAKS[tag], raised=False)
            elif tag == _BOX:
                line.boxes.append(child)
            elif tag == _READING:
                self.readings += 1
            else:
                self._add(child, line, hidden=hidden, raised=raised)


class _Line(Stretches):
    """The line of a paragraph.

    Attributes:
        boxes: the text boxes in it.
    """

    __slots__ = ("_waiting", "boxes")

    def __init__(self) -> None:
        super().__init__()
        self.boxes: list[Any] = []
        self._waiting = ""  # raised text, since a mark may be divided among runs

    def add_run(self, text: str, *, raised: bool) -> None:
        """Add text of a run."""
        if raised:
            self._waiting += text
        else:
            if self._waiting:
                self.end_raised()
            self.add(text)

    def end_raised(self) -> None:
        """Add what is raised, unless it is a mark."""
        if self._waiting and not self.leave_out(self._waiting):
            self.add(self._waiting)
        self._waiting = ""


def count_comments(tree: Any) -> int:
    """Number of comments with a text.

    Args:
        tree: that of the comments.
    """
    return sum(any(text.text for text in comment.iter(_T)) for comment in tree.iter(f"{_W}comment"))


def _inherited(name: str | None, styles: dict[str, Any], says: Callable[[Any], bool | None]) -> bool | None:
    """What a style says, or one that it is based on."""
    seen: set[str] = set()
    while name is not None and name in styles and name not in seen:
        seen.add(name)
        properties = styles[name].find(_RUN)
        if properties is not None and (said := says(properties)) is not None:
            return said
        name = _value(styles[name], f"{_W}basedOn")
    return None


def _is_hidden(properties: Any) -> bool | None:
    """Whether properties of a run hide it; None if they do not say."""
    found = properties.find(_VANISH)
    return None if found is None else found.get(_VALUE, "1").lower() not in _OFF


def _is_raised(properties: Any) -> bool | None:
    """Whether properties of a run raise it; None if they do not say."""
    found = _value(properties, _RAISE)
    return None if found is None else found == "superscript"


def _value(properties: Any, name: str) -> str | None:
    """The value of a property."""
    found = None if properties is None else properties.find(name)
    value: str | None = None if found is None else found.get(_VALUE)
    return value
