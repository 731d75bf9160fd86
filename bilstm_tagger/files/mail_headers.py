"""Mails and parts of them parsed with all of their header, also where a line in it is no field."""

from __future__ import annotations

import re
from copy import copy
from email import message_from_bytes, policy
from email.errors import MissingHeaderBodySeparatorDefect
from email.message import EmailMessage, Message

from bilstm_tagger.files.mbox import HEADER, USUAL

_BLANK = re.compile(rb"(?:^|(?<=\n))\r?\n")
# Beside those by which mails are told apart, the fields that say how a body is to be read.
_USUAL = re.compile(rb"%b|content-[\w-]+:" % USUAL.pattern, re.I)


def parse_mail(data: bytes) -> tuple[EmailMessage, int]:
    """Parse a mail.

    The standard library takes a line that is no field for the beginning of the text, and with it all fields behind it.

    Args:
        data: the mail.

    Returns:
        The mail, and how many lines of its header are left out, since they are no fields and usual ones are behind.
    """
    mail = message_from_bytes(data, policy=policy.default)
    if not _begins_early(mail):
        return mail, 0
    blank = _BLANK.search(data)
    header = (data[: blank.start()] if blank else data).splitlines(keepends=True)
    fields: list[bytes] = []
    last_usual = -1
    odd: list[int] = []
    for number, line in enumerate(header):
        is_more = line[:1] in (b" ", b"\t") and odd[-1:] != [number - 1]
        if is_more or HEADER.match(line) or (number == 0 and line.startswith(b"From ")):
            fields.append(line)
            last_usual = number if _USUAL.match(line) else last_usual
        else:
            odd.append(number)
    if not odd or last_usual < odd[0]:
        return mail, 0  # the text, behind which no blank line is
    rest = data[blank.start() :] if blank else b""
    return message_from_bytes(b"".join(fields) + rest, policy=policy.default), len(odd)


def parse_part(part: Message) -> tuple[Message, int]:
    """Parse a part of a mail once more if a line of its header is no field, as `parse_mail` does."""
    if not _begins_early(part) or part.is_multipart():
        return part, 0
    header = "".join(f"{name}: {value}\n" for name, value in part.raw_items())
    parsed, odd = parse_mail(header.encode("utf-8", "surrogateescape") + _payload(part))
    return (parsed, odd) if odd else (part, 0)


def _payload(part: Message) -> bytes:
    """The body of a part as it stands in the mail: without fields that say how, nothing of it is decoded."""
    bare = copy(part)
    del bare["content-type"]
    del bare["content-transfer-encoding"]
    payload = bare.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _begins_early(message: Message) -> bool:
    return any(isinstance(defect, MissingHeaderBodySeparatorDefect) for defect in message.defects)
