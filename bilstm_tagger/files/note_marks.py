"""Raised marks of notes, such as `[1]` behind a name: they are no part of the word before them.

A tagger takes `Merkel1` for another name and `Merkel 1` for a longer one, so such marks are left out of a text.
"""

from __future__ import annotations

import re

__all__ = ["Stretches"]

_SIGNS = "*\u2020\u2021\u00a7\u00b6#"
_BRACKETED = re.compile(rf"(?:\[[^\[\]\n]{{1,40}}\]|\((?:\d{{1,3}}|[a-z]|[{_SIGNS}])\)|[\s,;\u2013-])+")
_IN_BRACKETS = re.compile(r"\[([^\[\]]+)\]")
_WORD = re.compile(r"[^\W\d_]{2,}")
_ROMAN = re.compile(r"[IVXLC]+")
# Figures, signs and single letters: of notes, and of what an author belongs to. Then signs of trade.
_BARE = re.compile(
    rf"(?=[\da-z{_SIGNS}])(?:[\d{_SIGNS},;\s\u2013-]|(?<![a-z])[a-z](?![a-z])){{1,20}}|TM|SM|[\u00ae\u2122\u2120]"
)
# What a power stands behind: a figure, or a unit or sign of few letters, as in km2 and E = mc2.
_BASE = re.compile(r"(?:\d|(?<![^\W\d_])(?:[a-z\u00b5\u03bc]{1,3}|[^\W\d_]))\Z")
# The same in words, and in brackets, where it takes a sign of calculation: `(CDU)` and `(2019)` have notes.
_LENGTH = re.compile(
    r"(?<![^\W\d_])(?:(?:kil[o\u00f3]|[cz]enti|milli)?m[e\u00e8]t(?:er|re|ro)s?|miles?|meilen?|feet|foot|fu\u00df|inch(?:es)?|yards?)\Z",
    re.IGNORECASE,
)
_CALCULATED = re.compile(
    r"\((?:(?=[^()]*[^\W\d_])(?=[^()]*[-+\u2212/*\u00b7\u00d7^])"
    r"(?:[\s\d.,+\u2212/*\u00b7\u00d7^-]|(?<![^\W\d_])(?:[a-z\u00b5\u03bc]{1,3}|[A-Z])(?![^\W\d_]))+"
    r"|[mcdk]?m|ft|mi|yd)\)\Z"
)
# The whole part of a price whose hundredths are raised; behind a year a note is more likely.
_WHOLE = re.compile(r"(?<!\d)(?!(?:1[5-9]|20)\d\d[.,])\d+[.,]\Z")
_FRACTION = re.compile(r"[/\u2044](?![^\W\d_])")
_SYMBOL = re.compile(r"[A-Z][a-z]?(?![^\W\d_])")
_ELEMENTS = (
    "HHeLiBeBCNOFNeNaMgAlSiPSClArKCaScTiVCrMnFeCoNiCuZnGaGeAsSeBrKrRbSrYZrNbMoTcRuRhPdAgCdInSnSbTeIXeCsBa"
    "LaCePrNdPmSmEuGdTbDyHoErTmYbLuHfTaWReOsIrPtAuHgTlPbBiPoAtRnFrRaAcThPaUNpPuAmCmBkCfEsFmMdNoLr"
)
_PROTONS = {symbol: number for number, symbol in enumerate(re.findall(r"[A-Z][a-z]?", _ELEMENTS), 1)}
_LIKE_WORDS = frozenset({"Am", "As", "At", "Be", "He", "I", "In", "No"})
_NUMBER = re.compile(r"\d{1,3}m?")  # also of an isotope in its excited state
_LOOKED_AT = 24  # characters that tell it


class Stretches:
    """The stretches of a text in order, without raised marks of notes.

    Attributes:
        parts: the stretches, none of which is empty.
        marks: the marks that were left out.
    """

    __slots__ = ("_apart", "_open", "marks", "parts")

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.marks: list[str] = []
        self._apart = False
        self._open: int | None = None  # stretches before the last mark, where what follows may tell that it is none

    def add(self, text: str) -> None:
        """Add text, apart from the word before a mark that was left out."""
        if self._open is not None and text:
            if self._open == len(self.parts) and self._belongs_to(text):
                self.parts.append(self.marks.pop())
                self._apart = False
            self._open = None
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
            lowered: whether it is lowered instead, where only `[1]` behind a word is a mark: H2O and NaCl(s) have none.

        Returns:
            Whether it was left out.
        """
        mark = text.strip()
        if lowered and not (mark.startswith("[") and self._last()[-2:].isalpha()):
            return False
        if not (self._is_bracketed(mark, linked=linked) or (not lowered and self._is_bare(mark, linked=linked))):
            return False
        self.marks.append(mark)
        self._open = len(self.parts) if _NUMBER.fullmatch(text) and not linked else None
        if mark.endswith(","):
            self.add(",")  # between names that have marks
        if text[-1].isspace():
            self.add(" ")
        self._apart = True
        return True

    @staticmethod
    def _is_bracketed(mark: str, *, linked: bool) -> bool:
        """Whether this is one or more marks in brackets, and no name or title.

        A mark begins with a capital, at most, where it is a link or has a number: `[Note 1]`.
        """
        if mark[:1] not in ("[", "(") or not _BRACKETED.fullmatch(mark):
            return False
        for inside in _IN_BRACKETS.findall(mark):
            words = [word for word in _WORD.findall(inside) if not (word[0].islower() or _ROMAN.fullmatch(word))]
            if len(words) > (linked or any(map(str.isdecimal, inside))):
                return False
        return True

    def _is_bare(self, mark: str, *, linked: bool) -> bool:
        """Whether this is a mark without brackets, and no ending of a word (`1st`, `Mme`), power or part of a price."""
        if not _BARE.fullmatch(mark):
            return False
        if linked or not (mark[0].isdigit() or mark[0].islower()):
            return True
        if mark.isalpha():
            return False
        last = self._last()
        if last.endswith(("-", "\u2010", "\u2011")):  # as in carbon-14
            return False
        if mark in ("2", "3") and (_LENGTH.search(last) or _CALCULATED.search(last)):
            return False
        return not (_BASE.search(last) or (len(mark) == 2 and mark.isdecimal() and _WHOLE.search(last)))

    def _belongs_to(self, text: str) -> bool:
        """Whether the last mark, a number, is the upper part of a fraction or the mass of an isotope before `text`."""
        last = self._last()
        if last[-1:].isalpha() and text[0].islower():
            return True  # as in the title Se7en
        if last[-1:].isalpha() and last[-2:-1].isalpha():
            return False  # a word, to which it is a mark
        if text[0].isdigit():
            return True  # over the number of protons
        if _FRACTION.match(text):
            return not last[-1:].isalpha()
        symbol = _SYMBOL.match(text)
        protons = _PROTONS.get(symbol[0]) if symbol else None
        if symbol is None or protons is None or not protons <= int(self.marks[-1].rstrip("m")) <= 3 * protons:
            return False
        # A note begins with its number, and the first word of it may look like a symbol: `He`, `In`, `K.`
        is_first = not last.rstrip(" ") or last.rstrip(" ").endswith("\n")
        return not is_first or not (symbol[0] in _LIKE_WORDS or text[symbol.end() :].startswith("."))

    def _last(self) -> str:
        """The last characters so far."""
        end = ""
        for part in reversed(self.parts):
            end = part[-_LOOKED_AT:] + end
            if len(end) >= _LOOKED_AT:
                break
        return end
