"""Where words are divided that a bracket or a mark of a note joins: `Merkel[1]`, `Kohl(CDU)`.

Tokenisers made for prose leave such stretches whole, so that the bracket becomes part of a name.
"""

from __future__ import annotations

import re

__all__ = ["MARK", "bracket_cuts"]

# What a stretch has that may be divided.
MARK = re.compile("[][()［］（）†‡⁰¹²³⁴-⁹]")

# Marks of notes behind a word or what ends it; of superscripts `km²` is none.
_NOTE_SIGN = re.compile(
    r"""(?<=[\w.,!?"'’”»)\]])[†‡]|(?:(?<=[^\W\d_]{4})|(?<=[^\W_][.,;:!?"'’”»)]))[⁰¹²³⁴-⁹]""", re.VERBOSE
)
# A bracket behind a word, or behind what ends one. Of `:(` and `(s)he` nothing is.
_OPENED = re.compile(r"""(?<=[\w.,;:!?%"'’”»)\]）］*+†‡])[(（\[［]""")
_INSIDE = re.compile(r"[^][()［］（）]*")
_NUMBER = re.compile(r"\d[\d,.:–-]*$")
_NOTE_LETTERS = "abcdefgh"  # `student[s]` is no note
_NAME = 3  # letters, begun in upper case; `Fe(OH)3` is a formula
_WORD = 5  # letters in lower case before a bracket of a word; `poly(AB)` is a formula
_LONGEST_WORD = 40
_WIDE_OPENING = "（［"
_BRACKET = re.compile(r"[][()［］（）]")
_CLOSING = ")]）］"
# What stands between a bracket that closes and the next word.
_BETWEEN = re.compile(r"""(?<![)\]）］])([)\]）］]++)([.,;:!?/–—+&-]*+)(?=["'“„‘«(\[（［]*+\w)""")
# A bracket of a number that closes before a word.
_CLOSED_NUMBER = re.compile(r"(?<=\[)\d{1,3}\](?=\w)")
_ALPHANUMERIC = re.compile(r"[^\W_]")
# Of a scheme so much is looked at: languages without blanks have stretches of any length.
_ADDRESS = re.compile(r"\w{1,20}://|www\.", re.ASCII)


def bracket_cuts(stretch: str) -> list[int]:
    """Where words that are joined by a bracket or a mark of a note are divided.

    Args:
        stretch: characters between white space.

    Returns:
        Positions in the stretch, ascending.
    """
    word = _ALPHANUMERIC.search(stretch)
    if word is None or not MARK.search(stretch, word.start()):
        return []
    address = _ADDRESS.search(stretch)
    last = address.start() if address else len(stretch)
    cuts = {found.start() for found in _NOTE_SIGN.finditer(stretch, word.end(), last)}
    divided: list[int] = []
    first = _BRACKET.search(stretch)
    joined = first is not None and (first.start() == 0 or first.group() in _CLOSING)
    for found in _OPENED.finditer(stretch, word.end(), last):
        # Behind a bracket as that one.
        if stretch[found.start() - 1] not in _CLOSING:
            joined = _divides(stretch, found.start())
        if joined:
            divided.append(found.start())
    if divided:
        cuts.update(divided)
        for found in _BETWEEN.finditer(stretch, divided[0], last):
            cuts.update((found.end(1), found.end(2)))
    cuts.update(found.end() for found in _CLOSED_NUMBER.finditer(stretch, 0, last))
    return sorted(cuts)


def _divides(stretch: str, place: int) -> bool:
    """Whether a bracket inside a stretch begins a mark of a note or a word, not a part of a word or formula.

    Args:
        stretch: characters between white space.
        place: where the bracket is, behind no other bracket.
    """
    if stretch[place] in _WIDE_OPENING:
        return True
    first = place
    while first > max(0, place - _LONGEST_WORD) and (stretch[first - 1].isalnum() or stretch[first - 1] in "-'’"):
        first -= 1
    before = stretch[first:place].strip("-'’")
    inside = _INSIDE.match(stretch, place + 1).group()  # type: ignore[union-attr]
    end = place + 1 + len(inside)
    is_closed = stretch[end : end + 1] in tuple(_CLOSING)
    follows = stretch[end + 1 : end + 2]
    is_word = not before or (len(before) > 1 and before.replace("-", "").replace("'", "").replace("’", "").isalpha())
    is_name = not before or _is_name(before)
    if stretch[place] == "[":
        if not (is_word or is_name or before.isdigit() or len(before) >= _NAME):
            return False
        if _NUMBER.match(inside) or (not before and inside[:1].isalpha()):
            return True
        if is_closed:
            return (inside in tuple(_NOTE_LETTERS) and not follows.isalpha()) or _is_upper(inside)
        return len(inside) > 1 and inside.isalpha()
    if not before and stretch[place - 1] in "*+":
        return False
    if _NUMBER.match(inside) or (not is_closed and inside[:1].isalpha()):
        return is_name and bool(before or not is_closed)
    is_address = bool(before) and is_name and inside.startswith("@")
    if not (_is_upper(inside) or is_address):
        return False
    if is_name:
        return not follows.isdigit()
    return ((is_word and len(before) >= _WORD) or before.isdigit()) and not follows.isalnum()


def _is_name(word: str) -> bool:
    """Whether a word could be one of a name, by its first letters: in upper case, or of a script without case."""
    letters = word[:_NAME]
    if letters[0].islower() or not letters.isalpha():
        return False
    return len(letters) == _NAME or (len(letters) > 1 and not letters[0].isupper())


def _is_upper(word: str) -> bool:
    """Whether a text in brackets begins as a name or an abbreviation does."""
    return len(word) > 1 and word[0].isalpha() and not word[0].islower() and (_is_name(word) or not word[1].islower())
