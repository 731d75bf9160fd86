"""Text of mails in `format=flowed`, where a blank at the end of a line says that its paragraph goes on in the next.

https://www.rfc-editor.org/rfc/rfc3676#section-4
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

_LINE = re.compile(r"([^\r\n]*)(\r\n|\r|\n|$)")
# Some mailers set a blank between signs of quotation, which the standard does not.
_QUOTED = re.compile(r"(?:> ?(?=>))*>|")
_SIGNATURE = "-- "


class _Line(NamedTuple):
    """A line: its signs of quotation, its text without the blank that only sets it off, and its end."""

    quoted: str
    text: str
    end: str

    @property
    def depth(self) -> int:
        return self.quoted.count(">")

    @property
    def goes_on(self) -> bool:
        return self.text.endswith(" ") and self.text != _SIGNATURE


def with_flowed_lines_joined(part: Any, text: str) -> str:
    """The text of a part with whole paragraphs in one line, if its lines are flowed; any other as it is.

    Args:
        part: of the kind `text/plain`.
        text: what it holds, decoded.
    """
    if _parameter(part, "format") != "flowed":
        return text
    drops_blanks = _parameter(part, "delsp") == "yes"
    pieces: list[str] = []
    open_line: _Line | None = None  # the one before, if it goes on
    for line in map(_parsed, _LINE.finditer(text)):
        # An empty line stays one, since it ends a paragraph for whoever wrote a blank before it.
        if open_line is not None and line.depth == open_line.depth and line.text not in ("", _SIGNATURE):
            joined = open_line.text[:-1] if drops_blanks else open_line.text
            pieces.append(joined)
        else:
            if open_line is not None:
                pieces += (open_line.text, open_line.end)
            pieces.append(f"{line.quoted} " if line.quoted and line.text else line.quoted)
        open_line = line if line.goes_on else None
        if open_line is None:
            pieces += (line.text, line.end)
    if open_line is not None:
        pieces += (open_line.text, open_line.end)
    return "".join(pieces)


def _parsed(found: re.Match[str]) -> _Line:
    line, end = found.groups()
    quoted = _QUOTED.match(line)[0]  # type: ignore[index]
    return _Line(quoted, line[len(quoted) :].removeprefix(" "), end)


def _parameter(part: Any, name: str) -> str:
    return str(part.get_param(name) or "").strip().lower()
