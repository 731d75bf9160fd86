"""Mails (`.eml`) and mailboxes (`.mbox`): their bodies, decoded, without headers; quoted replies are kept."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

from bilstm_tagger.errors import CorpusError
from bilstm_tagger.files.mail_headers import parse_mail
from bilstm_tagger.files.mail_parts import body_of, odd_lines
from bilstm_tagger.files.mbox import split_mbox
from bilstm_tagger.files.source import Source, Tally
from bilstm_tagger.io.reading import binary_lines, read_bytes, spelled_out


def read_mail(path: Path, tally: Tally) -> Iterator[Source]:
    """Read the body of a mail; a file without anything is an empty text, like others.

    Args:
        path: the file.
        tally: where parts that are not read and guessed encodings are counted.

    Raises:
        CorpusError: if the file cannot be read or is no mail.
    """
    data = read_bytes(path)
    if not data.strip():
        yield Source("", whole=True)
        return
    message = _message(data, str(path), tally)
    if not message.keys():
        raise CorpusError(f"{path}:1: no header of a mail; is it text? (--input-format text)")
    yield body_of(message, str(path), tally)._replace(whole=True)


def read_mbox(path: Path, tally: Tally) -> Iterator[Source]:
    """Read the bodies of the mails in a mailbox, each a document that goes by its Message-ID.

    Args:
        path: the file.
        tally: where parts that are not read and guessed encodings are counted.

    Raises:
        CorpusError: if the file cannot be read or is no mailbox.
    """
    mails = split_mbox(binary_lines(path))
    first = next(mails, None)
    second = next(mails, None)
    if first is not None and not first[1] and second is None:
        raise CorpusError(
            f"{path}:1: no line that begins with 'From ', an address and a date; is it one mail? (--input-format mail)"
        )
    for number, (data, _) in enumerate(_chained(first, second, mails), 1):
        place = f"{path}: mail {number}"
        message = _message(data, place, tally)
        yield body_of(message, place, tally)._replace(id=_identity(message))


def _identity(message: EmailMessage) -> str | None:
    """The Message-ID as it stands there, since the standard library's reader of it fails on some that are none."""
    raw = next((value for name, value in message.raw_items() if name.lower() == "message-id"), "")
    return spelled_out("".join(str(raw).split()).strip("<>")) or None


def _chained(
    first: tuple[bytes, bool] | None, second: tuple[bytes, bool] | None, others: Iterator[tuple[bytes, bool]]
) -> Iterator[tuple[bytes, bool]]:
    yield from filter(None, (first, second))
    yield from others


def _message(data: bytes, place: str, tally: Tally) -> EmailMessage:
    try:
        message, odd = parse_mail(data)
    except RecursionError:
        raise CorpusError(f"{place}: mails and parts in each other without end; take out what is to be read") from None
    if odd:
        tally.damaged.append(f"{place}: {odd_lines(odd)}")
    return message
