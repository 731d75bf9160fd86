"""Which of the usual encodings a text may be in: those in which its letters make words.

Of a few words the bytes alone do not tell: in several encodings they are letters of some script. What tells most is
how letters stand together: a word has one script and no capital behind a small letter, and texts in Chinese, Japanese
and Korean have frequent characters, which the national standards put first.
"""

from __future__ import annotations

import codecs
import unicodedata
from collections.abc import Callable, Mapping
from functools import cache
from itertools import pairwise

__all__ = ["plausible"]

MOST = 3  # encodings that are named
_SAMPLE = 20_000  # bytes that are looked at
_FEW = 0.25  # of the characters that are not ASCII may be odd
_LONG = 6  # letters of a word that is hardly more than half of letters with accents
# The most usual first. Of a script's encodings the first few are by far the most frequent.
_USUAL = (
    "cp1252", "gb18030", "cp1251", "cp932", "cp949", "big5", "mac_roman", "cp1250", "cp1254", "cp1253", "cp1256",
    "cp1255", "koi8_r", "euc_jp", "cp850", "cp866", "iso8859_2",
)  # fmt: skip
# The first bytes of characters that each standard has in its first level.
_FREQUENT: Mapping[str, tuple[int, int]] = {
    "gb18030": (0xB0, 0xD7), "big5": (0xA4, 0xC6), "cp932": (0x88, 0x97), "euc_jp": (0xB0, 0xCF), "cp949": (0xB0, 0xC8),
}  # fmt: skip
_WESTERN = ("cp1252", "cp1250", "cp1254")
_SIGNS = frozenset("©®™°½¼¾±²³")  # which texts in these have, but not beside letters that ASCII lacks
_BEFORE_WORDS = "¡¿§¶•"  # and not behind a letter
_KANA = frozenset(map(chr, range(0x3041, 0x30FF)))
_JAPANESE = ("cp932", "euc_jp")


def plausible(data: bytes, guess: str | None) -> list[str]:
    """Tell which encodings may be those of a text, the most likely first.

    Args:
        data: the text, or the beginning of it.
        guess: an encoding that is looked at beside the usual ones, and is named where it is as likely as others.

    Returns:
        At most three, which give different texts, but for the first guess; empty if all are odd.
    """
    sample = b"\n".join(line for line in data.split(b"\n") if not line.isascii())[:_SAMPLE]
    order = list(dict.fromkeys([*_USUAL, *filter(None, [guess])]))
    oddness: dict[str, float] = {}
    texts: dict[str, str] = {}
    for name in order:
        text = _decoded(sample, name)
        if text is not None:
            texts[name], oddness[name] = text, _oddness(text, name)
    best = [name for name in sorted(oddness, key=oddness.__getitem__) if oddness[name] <= _FEW]
    named: list[str] = []
    for name in best:
        if name == guess or texts[name] not in {texts[other] for other in named}:
            named.append(name)
    return named[:MOST]


def _decoded(data: bytes, name: str) -> str | None:
    """The text, perhaps without half a character at its end; None if there is none."""
    try:
        return codecs.getincrementaldecoder(name)().decode(data)
    except (LookupError, UnicodeError):
        return None


def _oddness(text: str, name: str) -> float:
    """The share of the characters beyond ASCII that hardly stand where they do."""
    beyond = sum(not each.isascii() for each in text)
    if not beyond:
        return 1.0
    is_odd = _among(name)
    odd = sum(is_odd(each) for each in text if not each.isascii())
    odd += sum(_apart(a, b) for a, b in pairwise(text))
    odd += sum(sum(not each.isascii() for each in word) for word in _words(text) if _is_odd_word(word))
    return min(1.0, odd / beyond)


def _among(name: str) -> Callable[[str], bool]:
    """Tells whether a character is odd in an encoding by itself."""
    frequent = _FREQUENT.get(name)

    @cache
    def is_odd(each: str) -> bool:
        if each in _SIGNS and name in _WESTERN:
            return False
        category = unicodedata.category(each)
        if category in ("Cc", "Co", "Cn", "Cs", "So", "Sk", "Sm", "No", "Lm", "Cf"):
            return True
        if category[0] == "P" and unicodedata.east_asian_width(each) == "H":  # marks that hardly any text has
            return True
        if each in _KANA:
            return frequent is not None and name not in _JAPANESE
        if frequent is None or category != "Lo":
            return False
        try:
            lead = each.encode(name)
        except UnicodeError:
            return True
        return len(lead) != 2 or not frequent[0] <= lead[0] <= frequent[1]

    return is_odd


def _apart(first: str, second: str) -> bool:
    """Whether two characters hardly stand beside each other: a letter of ASCII and an ideograph, a letter and a £."""
    if (first.isalpha() and (second in _BEFORE_WORDS or _is_currency(second))) or (
        second.isalpha() and _is_currency(first)
    ):
        return True
    if first in _SIGNS or second in _SIGNS:
        other = second if first in _SIGNS else first
        return not other.isascii() and (other in _SIGNS or other.isalpha())
    if unicodedata.combining(second) and not (first.isalpha() or unicodedata.combining(first)):
        return True
    if first.isascii() == second.isascii():
        return False
    ascii, other = (first, second) if first.isascii() else (second, first)
    return ascii.isalpha() and unicodedata.category(other) == "Lo" and other not in "ªº"


def _is_currency(each: str) -> bool:
    return unicodedata.category(each) == "Sc"


def _words(text: str) -> list[str]:
    return "".join(each if each.isalpha() or unicodedata.combining(each) else " " for each in text).split()


def _is_odd_word(word: str) -> bool:
    """Whether a word has several scripts or a capital behind a small letter, or hardly a letter without an accent."""
    if word.isascii():
        return False
    if any(a.islower() and b.isupper() for a, b in pairwise(word)) or (word[:2].isupper() and word[2:].islower()):
        return True
    scripts = {unicodedata.name(each, "").partition(" ")[0] for each in word if unicodedata.category(each) != "Lo"}
    if len(scripts) > 1:
        return True
    return scripts == {"LATIN"} and len(word) >= _LONG and 2 * sum(map(str.isascii, word)) < len(word)
