"""What a file is encoded in: by its byte order mark, or as a guess that is only told, never used."""

from __future__ import annotations

import codecs
import unicodedata

from bilstm_tagger.io.guesses import plausible

_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF32_BE: "utf-32", codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}  # fmt: skip
_CONTROLS = bytes(range(0x20))
_FEWEST = 3  # zero bytes that make UTF-16 of a text
# Of Python's text encodings those that no file is in: their escapes can spell half a character.
_ESCAPES = frozenset({"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape", "utf-7"})


def is_encoding(name: str) -> bool:
    """Whether Python knows an encoding of text files by that name, one that gives whole characters."""
    try:
        known = codecs.lookup(name)
    except (LookupError, ValueError):  # ValueError for names that are no names, such as those with a zero byte
        return False
    return known._is_text_encoding and known.name not in _ESCAPES


def marked_encoding(begin: bytes) -> str | None:
    """UTF-16 or UTF-32 if a file that begins so has a byte order mark of it, else None."""
    return next((encoding for mark, encoding in _MARKS.items() if begin.startswith(mark)), None)


def without_mark(begin: bytes) -> str | None:
    """UTF-16 or UTF-32, with its byte order, if a text is in it although it has no byte order mark, else None.

    The high bytes of an alphabet's letters are small and those of ASCII are zero: such bytes are in every second place
    there, and zero bytes in no other. In UTF-8 a zero byte is a character of its own, which a text hardly has.

    Args:
        begin: the first bytes of the file, at least a few words.
    """
    if b"\0" not in begin:
        return None
    for first, name in ((0, "be"), (1, "le")):
        high, low = begin[first::2], begin[1 - first :: 2]
        zeros = high.count(0)
        if zeros < _FEWEST:
            continue
        if low.count(0) * 20 <= zeros and len(high.translate(None, _CONTROLS)) * 4 <= len(high):
            return f"utf-16-{name}"
        top, next_top = (begin[::4], begin[1::4]) if first == 0 else (begin[3::4], begin[2::4])
        last = begin[3::4] if first == 0 else begin[::4]
        if not any(top) and max(next_top, default=0) <= 0x10 and last.count(0) * 20 <= len(last):
            return f"utf-32-{name}"
    return None


def likely_encodings(data: bytes) -> list[str]:
    """What a text that is not UTF-8 may be encoded in, the most likely first; empty if it does not look like text."""
    if (found := without_mark(data) or _of_ideographs(data)) is not None:
        return [found]
    if b"\x00" in data[:64] or data[:4] in (b"%PDF", b"PK\x03\x04"):
        return []
    from charset_normalizer import from_bytes

    # Without zero bytes it is no UTF-16 or UTF-32 of any alphabet; a guess from a few bytes likes to be.
    matches = [match for match in from_bytes(data) if not match.encoding.startswith(("utf_16", "utf_32"))]
    # Those that give the same text as the best guess are as likely, and of them cp1252 is by far the most usual.
    names = list(dict.fromkeys(name for match in matches for name in (match.encoding, *match.could_be_from_charset)))
    if likely := plausible(data, next(iter(names), None)):
        return likely
    return list(dict.fromkeys([*(name for name in ("cp1252",) if name in names), *names[:1]])) or ["cp1252"]


def _of_ideographs(data: bytes) -> str | None:
    """UTF-16 with its byte order if data is that of a script whose high bytes are not small, such as Chinese."""
    even, odd = data[::2].count(0), data[1::2].count(0)
    if bool(even) == bool(odd):
        return None
    name = "utf-16-be" if even else "utf-16-le"
    text = codecs.getincrementaldecoder(name)("replace").decode(data)
    # Line ends and tabs are controls too, but the only ones of a text.
    odd_ones = sum(
        each == "\ufffd" or (each not in "\t\n\r\f" and unicodedata.category(each) in ("Cc", "Cn", "Co", "Cs"))
        for each in text
    )
    return name if odd_ones * 100 <= len(text) else None
