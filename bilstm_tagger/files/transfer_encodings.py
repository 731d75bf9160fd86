"""Bodies of mails out of their transfer encodings: what is whole of a damaged one, and what is wrong with it."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable
from email.message import Message
from typing import NamedTuple

from bilstm_tagger.wording import counted

_BASE64 = re.compile(rb"[A-Za-z0-9+/]*={0,2}")
_SPLIT_END = re.compile(rb"(?<!=)=\s+=(?!=)")  # the two signs at the end of base64, on two lines
_DIVIDED = re.compile(rb"!\r?\n ")  # what sendmail puts into lines of more than 990 characters
_STRAY = re.compile(rb"[^A-Za-z0-9+/=]")
_STRAYS = 4  # of them in a line; a line of text has more
_LONG = 60  # characters of a line that is not text
_NO_ESCAPE = re.compile(rb"=(?![0-9A-Fa-f]{2}|[ \t]*(?:\r?\n|$))")
_UU_BEGIN = re.compile(rb"begin [0-7]{3,4} ")
_UU = frozenset({"x-uuencode", "uuencode", "uue", "x-uue"})
_AS_IT_IS = frozenset({"", "7bit", "8bit", "binary", "7-bit", "8-bit"})


class Decoded(NamedTuple):
    """The body of a part.

    Attributes:
        data: its bytes, without those of what is damaged.
        fault: what is wrong with it, if anything is.
    """

    data: bytes
    fault: str | None = None


def decoded(part: Message) -> Decoded:
    """The body of a part that holds no parts.

    https://www.rfc-editor.org/rfc/rfc2045#section-6
    """
    encoded = str(part.get_payload()).encode("utf-8", "surrogateescape")  # but for bytes that are no ASCII
    data = part.get_payload(decode=True)
    data = data if isinstance(data, bytes) else b""
    encoding = encoding_of(part)
    if encoding == "base64":
        return decode_base64(encoded)
    if encoding == "quoted-printable":
        wrong = len(_NO_ESCAPE.findall(encoded))
        are = "is" if wrong == 1 else "are"
        return Decoded(data, f"{counted(wrong, 'escape')} of its quoted-printable {are} damaged" if wrong else None)
    if encoding in _UU:
        return _uu(encoded.splitlines())
    return Decoded(data, None if encoding in _AS_IT_IS else f"its transfer encoding {encoding[:80]!r} is not known")


def encoding_of(part: Message) -> str:
    """The transfer encoding that a part declares; empty if it declares none."""
    declared = str(part.get("content-transfer-encoding", "")).split(";")[0].split("(")[0]
    return declared.strip().lower()


def decode_base64(data: bytes) -> Decoded:
    """Decode base64 line by line, so that one that is damaged costs no other.

    Four characters are three bytes, so where a line is left out, the next one must begin such a group: it does if its
    own length is a multiple of four. If that of most lines is, one behind which a whole line begins inside of a group
    has lost characters. Where lines are of other lengths, all behind such a line may be misread.
    """
    data = _DIVIDED.sub(b"", _SPLIT_END.sub(b"==", data))
    given = list(filter(None, map(bytes.strip, data.splitlines())))
    lines = list(map(_without_strays, given))
    strays = sum(map(len, given)) - sum(map(len, lines))
    in_groups = 2 * sum(len(line) % 4 == 0 for line in lines) > len(lines)
    whole: list[bytes] = []
    open_lines: list[bytes] = []  # those since the last end of a group
    length = lost = short = 0
    for number, line in enumerate(lines, 1):
        found = _BASE64.match(line)
        if not found or found.end() < len(line) or (lost and not length and len(line) % 4):
            lost += 1
            # Of a line of text, which has spaces, the first word may look like base64.
            begun = found[0] if found and len(line) >= _LONG and len(line.split()) == 1 else b""
            if in_groups and begun:
                lost += len(open_lines)
                open_lines = []
            begun = b"".join((*open_lines, begun))
            _flush(begun[: len(begun) // 4 * 4], whole)
            open_lines, length = [], 0
            continue
        ends = line.endswith(b"=") or number == len(lines)
        if in_groups and length and (not len(line) % 4 or (ends and (length + len(line)) % 4)):
            lost += len(open_lines)
            open_lines, length = [], 0
        open_lines.append(line)
        length += len(line)
        if ends or not length % 4:
            short += _flush(b"".join(open_lines), whole)
            open_lines, length = [], 0
    faults = []
    if lost:
        faults.append(f"{counted(lost, 'line')} of its body {'is' if lost == 1 else 'are'} not base64")
    if strays:
        faults.append(f"{counted(strays, 'character')} in its base64 {'is' if strays == 1 else 'are'} none of it")
    if short:
        faults.append("its base64 is cut short")
    return Decoded(b"".join(whole), "; ".join(faults) or None)


def _without_strays(line: bytes) -> bytes:
    """A line of base64 without the few characters that were put into it; another line as it is.

    Those that took the place of others leave a length that is no multiple of four.
    """
    if _BASE64.fullmatch(line):  # as nearly all
        return line
    bare = _STRAY.sub(b"", line)
    few = len(line) - len(bare) <= min(_STRAYS, len(line) // 20)
    return bare if few and not len(bare) % 4 and _BASE64.fullmatch(bare) else line


def _flush(group: bytes, whole: list[bytes]) -> bool:
    """Add what a stretch of base64 holds; whether it ends inside of a group of four."""
    bare = group.rstrip(b"=")
    # One character is not even a byte. Signs that fill the last group are often left away at the end.
    bare = bare[:-1] if len(bare) % 4 == 1 else bare
    whole.append(binascii.a2b_base64(bare + b"=" * (-len(bare) % 4)))
    return len(group) % 4 > 0


def _uu(lines: Iterable[bytes]) -> Decoded:
    """Decode what stands between `begin` and `end`."""
    whole: list[bytes] = []
    begun = is_short = False
    for line in lines:
        if not begun:
            begun = _UU_BEGIN.match(line) is not None
        elif line.strip() == b"end":
            return Decoded(b"".join(whole))
        else:
            try:
                whole.append(binascii.a2b_uu(line))
                is_short = len(line) <= -(-(line[0] - 32 & 63) * 4 // 3) if line else False
            except binascii.Error:
                return Decoded(b"".join(whole), "a line of its body is not uuencoded")
    # Of a line that is cut, what lacks would be zeros; inside of a body it is blanks at its end, which are zeros.
    return Decoded(b"".join(whole[:-1] if is_short else whole), "its uuencoded body is cut short")
