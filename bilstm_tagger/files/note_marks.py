"""Raised marks of notes, such as `[1]` behind a name: they are no part of the word before them.

A tagger takes `Merkel1` for another name and `Merkel 1` for a longer one, so such marks are left out of a text.
"""

from __future__ import annotations

import re

__all__ = ["Stretches"]

_SIGNS = "*\u2020\u2021\u00a7\u00b6#"
_BRACKETED = re.compile(rf"(?:\[[^\[\]\n]{{1,40}}\]|\((?:\d{{1,3}}|[a-z]|[{_SIGNS}])\)|[\s,;\u2013-])+")
# Figures, signs and single letters: of notes, and of what an author belongs to. Then signs of trade.
_BARE = re.compile(
    rf"(?=[\da-z{_SIGNS}])(?:[\d{_SIGNS},;\s\u2013-]|(?<![a-z])[a-z](?![a-z])){{1,20}}|TM|SM|[\u00ae\u2122\u2120]"
)
# What a power stands behind: a figure, or a unit or sign of few letters, as in km2 and E = mc2.
_BASE = re.compile(r"(?:\d|(?<![^\W\d_])(?:[a-z\u00b5\u03bc]{1,3}|[^\W\d_]))\Z")
_LOOKED_AT = 4  # characters that tell it


class Stretches:
    """The stretches of a text in order, without raised marks of notes.

    Attributes:
        parts: the stretches, none of which is empty.
        marks: number of marks that were left out.
    """

    __slots__ = ("_apart", "marks", "parts")

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.marks = 0
        self._apart = False

    def add(self, text: str) -> None:
        """Add text, apart from the word before a mark that was left out."""
        if self._apart and text:
            self._apart = False
            if text[0].isalnum() and self.parts and self.parts[-1][-1].isalnum():
                self.parts.append(" ")
        if text:
            self.parts.append(text)

    def leave_out(self, text: str, *, linked: bool = False, lowered: bool = False) -> bool:
        """Leave raised text out if it is a mark of a note; else it is to be added.

        Args:
            text: what is raised.
            linked: whether it is a link, as a mark to its note.
            lowered: whether it is lowered instead, where figures are no marks, as in H2O.

        Returns:
            Whether it was left out.
        """
        mark = text.strip()
        if not (self._is_bracketed(mark) or (not lowered and self._is_bare(mark, linked=linked))):
            return False
        self.marks += 1
        if mark.endswith(","):
            self.add(",")  # between names that have marks
        if text[-1].isspace():
            self.add(" ")
        self._apart = True
        return True

    @staticmethod
    def _is_bracketed(mark: str) -> bool:
        return mark[:1] in ("[", "(") and _BRACKETED.fullmatch(mark) is not None

    def _is_bare(self, mark: str, *, linked: bool) -> bool:
        """Whether this is a mark without brackets, and no ending of a word (`1st`, `Mme`) or power."""
        if not _BARE.fullmatch(mark):
            return False
        if linked or not (mark[0].isdigit() or mark[0].islower()):
            return True
        return not (mark.isalpha() or _BASE.search(self._last()))

    def _last(self) -> str:
        """The last characters so far."""
        end = ""
        for part in reversed(self.parts):
            end = part[-_LOOKED_AT:] + end
            if len(end) >= _LOOKED_AT:
                break
        return end
