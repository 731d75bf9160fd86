"""Mails of a mailbox (`.mbox`), told apart by their separators; a line of text that begins with `From ` is none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_DAY = rb"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_MONTH = rb"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
# As `ctime` writes a date (RFC 4155), or as mail does, which some programs put there; zones in any place.
_DATED = re.compile(rb"\b%b,?\s+(?:%b\s+\d{1,2}|\d{1,2}\s+%b)\b.*?\b\d{1,2}:\d{2}" % (_DAY, _MONTH, _MONTH))
# What is found too, and needs more around it: no date (Thunderbird), no sender, a date of another kind.
_BARE = re.compile(rb"From(?:\s+(?:-|MAILER-DAEMON|\S+@\S+))?\s*")
_TIME = re.compile(rb"\b\d{1,2}:\d{2}")
_YEAR = re.compile(rb"\b(?:19|20)\d{2}\b")
HEADER = re.compile(rb"[!-9;-~]+:|>From ")
USUAL = re.compile(
    rb"(?:from|to|date|subject|message-id|received|return-path|delivered-to|content-type|mime-version|status):", re.I
)
_QUOTED = re.compile(rb">+From ")
_LONGEST = 1000  # bytes of a separator


def split_mbox(lines: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Cut a mailbox into its mails.

    A separator is a line `From ADDRESS DATE` with lines of a header behind it. One without a date like that of
    `ctime` must follow a blank line, and have a header of several lines with a usual field, and a blank line behind
    it. Every other line is text.
    https://www.rfc-editor.org/rfc/rfc4155

    Args:
        lines: those of the file, with their ends.

    Yields:
        Each mail without its separator, and whether it has one: what stands before the first has none.
    """
    mail: list[bytes] = []
    marked = False
    held: list[bytes] = []  # a line that begins like a separator, and what looks like a header behind it
    after_blank = True
    for line in lines:
        if held:
            if HEADER.match(line) or (line[:1] in (b" ", b"\t") and line.strip()):
                held.append(line)
                continue
            if _separates(held, alone=after_blank and not line.strip()):
                yield from _complete(mail, marked)
                mail, marked = [], True
                held = held[1:]
            mail += held
            after_blank, held = False, []
        if line.startswith(b"From "):
            after_blank = not mail or not mail[-1].strip()
            held = [line]
        else:
            mail.append(line)
    if held and _separates(held, alone=after_blank):
        yield from _complete(mail, marked)
        mail, marked, held = [], True, held[1:]
    yield from _complete(mail + held, marked)


def _separates(block: list[bytes], *, alone: bool) -> bool:
    """Whether a line that begins like a separator is one.

    Args:
        block: the line, and the header behind it.
        alone: whether blank lines, or the ends of the file, are before and behind them.
    """
    line, *header = block
    if not header or len(line) > _LONGEST:
        return False
    if _DATED.search(line):
        return True
    by_itself = _BARE.fullmatch(line) or (_TIME.search(line) and _YEAR.search(line))
    return bool(by_itself) and alone and len(header) > 1 and any(map(USUAL.match, header))


def _complete(mail: list[bytes], marked: bool) -> Iterator[tuple[bytes, bool]]:
    """The mail, if there is one: a blank line at its end belongs to the next separator."""
    if marked or any(map(bytes.strip, mail)):
        end = -1 if len(mail) > 1 and not mail[-1].strip() else None
        yield b"".join(_unquoted(mail[:end])), marked


def _unquoted(mail: list[bytes]) -> Iterator[bytes]:
    """The lines of a mail as they were before their `From ` was quoted, where that is certain.

    It is not where a line `From ` stands in it as it is, since then nothing was quoted, nor among lines of a reply,
    which begin with the same sign.
    """
    body = next((number for number, line in enumerate(mail) if not line.strip()), len(mail))
    as_it_is = any(line.startswith(b"From ") for line in mail[body:])
    for number, line in enumerate(mail):
        if number > body and not as_it_is and _QUOTED.match(line):
            beside = (*mail[number - 1 : number], *mail[number + 1 : number + 2])
            if not any(each.startswith(b">") and not _QUOTED.match(each) for each in beside):
                yield line[1:]
                continue
        yield line
