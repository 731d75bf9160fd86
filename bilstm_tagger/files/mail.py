"""The bodies of mails (`.eml`) and mailboxes (`.mbox`): decoded, without headers; quoted replies are kept."""

from __future__ import annotations

import mailbox
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from email import message_from_binary_file, message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import IO, Any

from bilstm_tagger.errors import CorpusError
from bilstm_tagger.files.html_text import visible_text
from bilstm_tagger.files.source import PACKED, Source, Tally
from bilstm_tagger.io.reading import is_encoding, read_bytes, spelled_out


def read_mail(path: Path, tally: Tally) -> Iterator[Source]:
    """Read the body of a mail.

    Args:
        path: the file.
        tally: where attachments and guessed encodings are counted.

    Raises:
        CorpusError: if the file cannot be read or is no mail.
    """
    message = message_from_bytes(read_bytes(path), policy=policy.default)
    if not message.keys():
        raise CorpusError(f"{path}:1: no header of a mail; is it text? (--input-format text)")
    yield _source(message, f"{path}", tally)._replace(whole=True)


def read_mbox(path: Path, tally: Tally) -> Iterator[Source]:
    """Read the bodies of the mails in a mailbox, each a document that goes by its Message-ID.

    Args:
        path: the file.
        tally: where attachments and guessed encodings are counted.

    Raises:
        CorpusError: if the file cannot be read or is no mailbox.
    """
    with tempfile.TemporaryDirectory() as folder:
        place = path
        if path.suffix.lower() in PACKED:  # the standard library's reader needs a file
            place = Path(folder) / "mbox"
            place.write_bytes(read_bytes(path))
        try:
            box = mailbox.mbox(place, factory=_message, create=False)  # type: ignore[arg-type]
        except mailbox.NoSuchMailboxError:
            raise CorpusError(f"{path}: no such file; check the path") from None
        try:
            if not len(box) and place.stat().st_size:
                raise CorpusError(f"{path}:1: no line that begins with 'From '; is it one mail? (--input-format mail)")
            for number, message in enumerate(box, 1):
                identity = message.get("message-id")
                name = None if identity is None else spelled_out(str(identity).strip().strip("<>")) or None
                yield _source(message, f"{path}: mail {number}", tally)._replace(id=name)  # type: ignore[arg-type]
        finally:
            box.close()


def _message(stream: IO[Any]) -> Any:
    return message_from_binary_file(stream, policy=policy.default)


def _source(message: EmailMessage, place: str, tally: Tally) -> Source:
    """The body of a mail, as plain text if it has it, with the bodies of mails forwarded in it."""
    texts: list[str] = []
    by_line = True
    for part in _bodies(message, tally):
        text = _decoded(part, place, tally)
        if part.get_content_subtype() == "html":
            text = visible_text(text)
        else:
            by_line = False
        texts.append(text)
    return Source("\n\n".join(texts), by_line=by_line)


def _bodies(message: EmailMessage, tally: Tally) -> Iterator[EmailMessage]:
    body = message.get_body(preferencelist=("plain", "html"))
    if body is not None:
        yield body  # type: ignore[misc]
    for part in message.iter_attachments() if message.is_multipart() else ():
        if part.get_content_type() == "message/rfc822" and part.get_payload():
            yield from _bodies(part.get_payload(0), tally)  # type: ignore[arg-type]
        elif part is not body:
            tally.attachments += 1


def _decoded(part: EmailMessage, place: str, tally: Tally) -> str:
    """The text of a part by its declared encoding; undeclared or wrong, it is UTF-8 or else windows-1252."""
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return ""
    declared = part.get_content_charset() or "utf-8"
    for encoding in filter(is_encoding, (declared, "utf-8")):
        with suppress(UnicodeError):
            return data.decode(encoding)
    tally.guessed.append(place)
    return data.decode("windows-1252", "replace")
