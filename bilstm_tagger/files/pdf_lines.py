"""Lines of PDF pages by where their text stands: runs on one base line are one line, wide gaps in it are cell borders.

pypdf ends a line where a text object moves on behind its last text, which shows nothing, and gives one blank for a gap
of any width. So what a page draws is changed before pypdf reads it: such moves are left out, and blanks are drawn into
wide gaps. What is drawn left of the text before it is a line of its own, what is drawn twice, as if in bold, is left
out once, and a raised mark is apart by a blank.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from bilstm_tagger.files.pdf_fonts import Font, fonts_of
from bilstm_tagger.text.cells import WIDE

# In sizes of the font; a blank is a quarter of one.
_WIDE = 0.8
_ESTIMATE = 0.25  # that an estimated width may be off
_WORDS = 0.15
_MOST_JUSTIFIED = 1.5
_SAME_LINE = 0.3  # that base lines are apart
_RAISED = 0.8  # that what is raised beside a word is at most
_SMALLER = 0.85  # of the size of a word, raised text is
_MARK = 6  # codes of a mark of a note
_BACK = 2.0  # that text moves back in one text object, farther than over an accent or a letter from right to left
_TWICE = 0.1  # that text is moved that is drawn again
_EDGE = 0.15  # that edges of justified lines are apart
_OVER = 0.5  # that a text object begins before the end of the last one, as if of a word of its own
_ALIKE = 1.25  # times the narrowest gap of a line
_FEW = 2  # gaps that may be alike by chance
_MOVES = frozenset({b"Td", b"TD", b"Tm", b"T*"})
_SETS = {b"cm": "matrix", b"Tf": "font", b"TL": "leading", b"Tc": "character", b"Tw": "word", b"Tz": "stretch"}
_SHOWS = frozenset({b"Tj", b"TJ", b"'", b'"'})
_IDENTITY = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
_Matrix = tuple[float, float, float, float, float, float]


class PageText(NamedTuple):
    """The text of a page.

    Attributes:
        text: the text.
        has_lines: whether its lines are by where they stand; else as pypdf has them, as where operands are odd.
    """

    text: str
    has_lines: bool


def page_text(page: Any) -> PageText:
    """The text of a page.

    Args:
        page: as pypdf reads it.
    """
    from pypdf.generic import ContentStream, NameObject

    drawn = page.get("/Contents")
    if drawn is None:
        return PageText(str(page.extract_text()), has_lines=True)
    content = ContentStream(drawn.get_object(), page.pdf, "bytes")
    data = content.get_data()
    if b"BT" not in data:
        return PageText(str(page.extract_text()), has_lines=True)
    operations = content.operations
    try:
        content.operations = _Page(fonts_of(page)).rewritten(operations)
    except (ValueError, TypeError, LookupError, OverflowError):  # odd operands; pypdf leaves out what it cannot read
        return PageText(str(page.extract_text()), has_lines=False)
    content.get_data = lambda: data  # type: ignore[method-assign]  # else made of the operations again
    key = NameObject("/Contents")
    kept = page.raw_get(key)
    page[key] = content
    try:
        return PageText(str(page.extract_text()), has_lines=True)
    finally:
        page[key] = kept


class _State(NamedTuple):
    """The part of the graphics state that says where text stands."""

    matrix: _Matrix = _IDENTITY
    font: str = ""
    size: float = 1.0
    leading: float = 0.0
    character: float = 0.0
    word: float = 0.0
    stretch: float = 1.0


class _Run(NamedTuple):
    """Where text begins that goes on without a move, and what shows it."""

    matrix: _Matrix
    state: _State
    shown: list[Any]


class _Gap(NamedTuple):
    """A gap.

    Attributes:
        width: in sizes of the font.
        operation: the one before it.
        item: that of its array that makes it.
        is_behind_blank: whether a blank is shown before it.
        end: where it ends, along the line; None inside of an array.
    """

    width: float
    operation: int
    item: int | None
    is_behind_blank: bool
    end: float | None = None


class _Line(NamedTuple):
    """Where a line begins and ends along its direction, the size of its font, and its gaps."""

    start: float
    end: float
    size: float
    gaps: list[_Gap]

    def are_alike(self) -> bool:
        """Whether its gaps are, as in a justified line."""
        widths = [gap.width for gap in self.gaps]
        return max(widths) <= _ALIKE * min(widths)

    def is_beside(self, other: _Line) -> bool:
        """Whether both edges are those of the other line, and not all gaps are in column with those of that."""
        most = _EDGE * self.size or 1.0
        if abs(self.start - other.start) > most or abs(self.end - other.end) > most:
            return False
        ends = {round(gap.end / most) + near for gap in other.gaps if gap.end is not None for near in (-1, 0, 1)}
        return not all(gap.end is not None and round(gap.end / most) in ends for gap in self.gaps)


class _Page:
    """What a page draws, with its gaps."""

    def __init__(self, fonts: Callable[[str], Font]) -> None:
        """Begin with a page on which nothing is drawn.

        Args:
            fonts: gives a font of the page by its name.
        """
        self._fonts = fonts
        self._out: list[tuple[Any, bytes] | None] = []
        self._state = _State()
        self._line: _Matrix = _IDENTITY
        self._run: _Run | None = None  # the last one with text
        self._last = 0  # operation that showed it
        self._has_moved = False
        self._moves: list[int] = []  # operations since the last text
        self._first: _Run | None = None  # of the line
        self._gaps: list[_Gap] = []  # of the line
        self._lines: list[_Line] = []
        self._has_dropped = False  # moves since the last text
        self._apart: dict[int, str] = {}  # what is drawn behind operations that no gap follows

    def rewritten(self, operations: Sequence[tuple[Any, bytes]]) -> list[tuple[Any, bytes]]:
        """The operations without moves that show nothing, and with blanks drawn into wide gaps."""
        stack: list[_State] = []
        append = self._out.append
        for operation in operations:
            operands, operator = operation
            if operator in _SHOWS:
                if self._show(operands, operator):
                    continue
            elif operator in _MOVES:
                self._move(operands, operator)
            elif operator in _SETS:
                self._set(operands, operator)
            elif operator == b"BT":
                self._line, self._has_moved, self._moves = _IDENTITY, True, []
            elif operator == b"ET":
                self._drop_moves()
            elif operator == b"q":
                stack.append(self._state)
            elif operator == b"Q":
                self._state = stack.pop() if stack else _State()
            elif operator == b"Do":
                self._end_line()
            append(operation)
        self._end_line()
        return self._with_blanks()

    def _set(self, operands: Any, operator: bytes) -> None:
        state = self._state
        if operator == b"cm":
            self._state = state._replace(matrix=_product(operands[:6], state.matrix))
        elif operator == b"Tf":
            self._state = state._replace(font=str(operands[0]), size=float(operands[1]))
        elif operator == b"Tz":
            self._state = state._replace(stretch=float(operands[0]) / 100)
        else:
            self._state = state._replace(**{_SETS[operator]: float(operands[0])})  # type: ignore[arg-type]

    def _move(self, operands: Any, operator: bytes) -> None:
        if operator == b"Tm":
            self._line = _product(operands[:6], _IDENTITY)
        else:
            right, up = (0.0, -self._state.leading) if operator == b"T*" else operands[:2]
            if operator == b"TD":
                self._state = self._state._replace(leading=-up)
            a, b, c, d, x, y = self._line
            self._line = (a, b, c, d, right * a + up * c + x, right * b + up * d + y)
        self._has_moved = True
        self._moves.append(len(self._out))

    def _drop_moves(self) -> None:
        """Leave out moves behind the last text of a text object, but for the distance of lines that they set."""
        for place in self._moves:
            operands, operator = self._out[place]  # type: ignore[misc]
            self._out[place] = ([-operands[1]], b"TL") if operator == b"TD" else None
        self._has_dropped |= bool(self._moves)
        self._moves = []

    def _show(self, operands: Any, operator: bytes) -> bool:
        """Take in text; tell whether it was drawn before at this place, and is to be left out."""
        if operator in (b"'", b'"'):
            if operator == b'"':
                self._state = self._state._replace(word=float(operands[0]), character=float(operands[1]))
            self._move((), b"T*")
        self._moves = []
        shown = operands[-1]
        if self._has_moved or self._run is None:
            matrix = self._state.matrix
            run = _Run(self._line if matrix == _IDENTITY else _product(self._line, matrix), self._state, [])
            if operator in (b"Tj", b"TJ") and self._is_again(run, shown):
                return True
            self._measure(run, shown)
            self._run, self._has_moved, self._has_dropped = run, False, False
            self._first = self._first or run
        self._last = len(self._out)
        self._run.shown.append((shown, self._state.font, self._state.size))
        if operator == b"TJ":
            before: Any = b""
            for item, moved in enumerate(shown):
                if not isinstance(moved, (int, float)):
                    before = moved
                elif moved < -1000 * _WORDS:
                    self._gaps.append(
                        _Gap(-moved / 1000, self._last, item, self._ends_in_blank(before, self._state.font))
                    )
        return False

    def _is_again(self, run: _Run, shown: Any) -> bool:
        """Whether a text is drawn again over itself, to look bold or to have a shadow."""
        before = self._run
        if before is None or len(before.shown) != 1 or before.shown[0][0] != shown:
            return False
        most = _TWICE * abs(run.state.size) * math.hypot(*run.matrix[:2])
        places = zip(before.matrix[4:], run.matrix[4:], strict=True)
        return all(abs(there - here) <= most for there, here in places) and 2 * most < self._width(before) * math.hypot(
            *before.matrix[:2]
        )

    def _ends_in_blank(self, shown: Any, font: str) -> bool:
        if not isinstance(shown, (str, bytes)):
            shown = next((item for item in reversed(shown) if not isinstance(item, (int, float))), b"")
        return _codes(shown).endswith(self._fonts(font).blank)

    def _measure(self, run: _Run, shown: Any) -> None:
        """Find the gap between the last text and a run, if both are on one line."""
        if (before := self._run) is None:
            return
        a, b, _, _, x, y = before.matrix
        c, d, _, _, right, up = run.matrix
        right, up = right - x, up - y
        if b or d or a < 0:
            scale = math.hypot(a, b)
            if not scale:  # of no width, so nothing stands behind it
                self._end_line()
                return
            along, across = (right * a + up * b) / scale, (up * a - right * b) / scale
            is_turned = abs(d * a - c * b) > abs(c * a + d * b) / 10
        else:
            scale, along, across, is_turned = a, right, up, c < 0
        size = abs(before.state.size) * scale
        if is_turned or abs(across) >= _SAME_LINE * size:
            self._end_line()
            if not is_turned and 0 < across <= _RAISED * size and self._is_mark(run, shown, along / scale):
                self._apart[self._last] = " "
            return
        if along > _WORDS * size:
            width = self._width(before) * scale
            gap = (along - width) / size
            # An estimate that is too wide makes cells of a table, which are text objects, look like words.
            if self._has_dropped and gap > _WORDS and self._fonts(before.state.font).other is None:
                gap += _ESTIMATE
            is_raised = across > _WORDS * size and abs(run.state.size) * math.hypot(c, d) < _SMALLER * size
            is_over = self._has_dropped and along + _OVER * size < 0.9 * width
            if is_over or (is_raised and self._is_mark(run, shown, along / scale)):
                self._apart[self._last] = " "
            elif gap > _WORDS:
                is_behind = self._ends_in_blank(*before.shown[-1][:2])
                end = (run.matrix[4] * a + run.matrix[5] * b) / scale
                self._gaps.append(_Gap(gap, self._last, None, is_behind, end))
        elif along < -_BACK * size or (self._has_dropped and self._width(before) * scale > along + _WORDS * size):
            self._end_line()
            self._apart[self._last] = "\n"

    def _is_mark(self, run: _Run, shown: Any, along: float) -> bool:
        """Whether what stands raised beside the last text, so far along from its start, is a mark of a note."""
        before: _Run = self._run  # type: ignore[assignment]
        if along < 0.9 * self._width(before):
            return False
        size = abs(run.state.size) * math.hypot(*run.matrix[:2])
        if size > abs(before.state.size) * math.hypot(*before.matrix[:2]):  # behind what is lowered, as in a formula
            return False
        if self._fonts(run.state.font).is_wide:  # letters are not known
            return self._has_dropped
        items = (shown,) if isinstance(shown, (str, bytes)) else shown
        codes = b"".join(_codes(item) for item in items if not isinstance(item, (int, float)))
        return len(codes) <= _MARK and not codes.isalpha()

    def _width(self, run: _Run) -> float:
        width = 0.0
        state = run.state
        for shown, name, size in run.shown:
            font = self._fonts(name)
            for item in (shown,) if isinstance(shown, (str, bytes)) else shown:
                if isinstance(item, (int, float)):
                    width -= item / 1000 * size
                    continue
                codes = _codes(item)
                width += font.width(codes) * size
                if state.character:
                    width += state.character * (len(codes) >> font.is_wide)
                if state.word and not font.is_wide:
                    width += state.word * codes.count(b" ")
        return width * state.stretch

    def _end_line(self) -> None:
        """Keep where the line stands, and its gaps."""
        if self._run is not None and self._first is not None:
            a, b, _, _, x, y = self._first.matrix
            scale = math.hypot(a, b) or 1.0
            last = self._run.matrix
            end = (last[4] * a + last[5] * b) / scale + self._width(self._run) * scale
            size = abs(self._first.state.size) * scale
            self._lines.append(_Line((x * a + y * b) / scale, end, size, self._gaps))
        self._first, self._gaps = None, []

    def _borders(self) -> list[_Gap]:
        """The gaps that are borders: wide ones, unless all of their line are alike since it is justified."""
        borders: list[_Gap] = []
        for number, line in enumerate(self._lines):
            most = max((gap.width for gap in line.gaps), default=0.0)
            if most < _WIDE:
                continue
            if line.are_alike():
                if len(line.gaps) > _FEW and most <= _MOST_JUSTIFIED:
                    continue
                beside = [*self._lines[max(0, number - 1) : number], *self._lines[number + 1 : number + 2]]
                beside = [other for other in beside if line.is_beside(other)]
                several = [len(of.gaps) > 1 and of.are_alike() for of in (line, *beside)]
                if beside and (any(several) or all(gap.is_behind_blank for gap in line.gaps)):
                    continue
            borders += [gap for gap in line.gaps if gap.width >= _WIDE]
        return borders

    def _with_blanks(self) -> list[tuple[Any, bytes]]:
        from pypdf.generic import ArrayObject, TextStringObject

        borders = self._borders()
        if not borders and not self._apart:
            return [operation for operation in self._out if operation is not None]
        blanks = TextStringObject(" " * WIDE)
        behind: dict[int, list[int | None]] = {}
        for gap in borders:
            behind.setdefault(gap.operation, []).append(gap.item)
        operations: list[tuple[Any, bytes]] = []
        for place, operation in enumerate(self._out):
            if operation is None:
                continue
            items = behind.get(place, [])
            inside = [item for item in items if item is not None]
            if inside:
                operands, operator = operation
                array = list(operands[0])
                for item in reversed(inside):
                    array.insert(item, blanks)
                operation = ([ArrayObject(array)], operator)
            operations.append(operation)
            if None in items:
                operations.append(([blanks], b"Tj"))
            elif place in self._apart:
                operations.append(([TextStringObject(self._apart[place])], b"Tj"))
        return operations


def _codes(shown: Any) -> bytes:
    return shown if isinstance(shown, bytes) else str(shown).encode("latin-1", "replace")


def _product(first: Sequence[float], second: Sequence[float]) -> _Matrix:
    a, b, c, d, e, f = first
    g, h, i, j, k, m = second
    return (a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m)
