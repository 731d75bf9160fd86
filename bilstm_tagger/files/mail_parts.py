"""The body of a mail from its parts: each text of it once, and a count of what is not read."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage, Message
from typing import Any, NamedTuple

from bilstm_tagger.errors import CorpusError
from bilstm_tagger.files.flowed import with_flowed_lines_joined
from bilstm_tagger.files.html_text import visible_text
from bilstm_tagger.files.mail_headers import parse_mail, parse_part
from bilstm_tagger.files.source import Source, Tally, Unread
from bilstm_tagger.files.transfer_encodings import decode_base64, decoded, encoding_of
from bilstm_tagger.io.encodings import is_encoding
from bilstm_tagger.wording import counted

_PLAIN = "text/plain"
_PAGE = "text/html"
# What mailers write before the first part, for readers of mails that know no parts.
_FOR_OLD = re.compile(r"mime|multi-?part", re.IGNORECASE)
_LONGEST = 500  # characters of it


class _Content(NamedTuple):
    """What a part holds.

    Attributes:
        texts: its texts, each with whether it was taken out of a page.
        unread: number of parts that are not read.
        without_text: whether there is a page that shows no text.
    """

    texts: Sequence[tuple[str, bool]] = ()
    unread: int = 0
    without_text: bool = False

    @classmethod
    def joined(cls, contents: Iterable[_Content]) -> _Content:
        """The contents of several parts in order."""
        listed = list(contents)
        return cls(
            [text for each in listed for text in each.texts],
            sum(each.unread for each in listed),
            any(each.without_text for each in listed),
        )


def body_of(message: EmailMessage, place: str, tally: Tally) -> Source:
    """The text of a mail, with that of mails forwarded in it.

    Of alternatives plain text is read before HTML, if it holds a text. Texts beside each other are all read.

    Args:
        message: the mail, as `parse_mail` gives it.
        place: where it stands, for messages.
        tally: where parts that are not read and guessed encodings are counted.

    Raises:
        CorpusError: if its parts nest too deep.
    """
    try:
        content = _Parts(place, tally).read_parsed(message)
    except RecursionError:
        raise CorpusError(f"{place}: parts in each other without end; take out what is to be read") from None
    tally.leave_out(Unread.ATTACHMENTS, place, content.unread)
    if content.without_text and not content.texts:
        tally.no_visible_text.append(place)
    by_line = bool(content.texts) and all(from_page for _, from_page in content.texts)
    return Source("\n\n".join(text for text, _ in content.texts), by_line=by_line)


@dataclass(frozen=True, slots=True)
class _Parts:
    """Reads the parts of one mail."""

    place: str
    tally: Tally

    def read(self, part: Any, *, shown: bool = True) -> _Content:
        """What a part holds.

        Args:
            part: the part.
            shown: whether it is shown; of an alternative that is not, only what is no text of the mail itself is read.
        """
        part, odd = parse_part(part)
        if odd:
            self._tell(odd_lines(odd))
        return self.read_parsed(part, shown=shown)

    def read_parsed(self, part: Any, *, shown: bool = True) -> _Content:
        """What a part holds whose header is whole, as `read` gives it."""
        kind = part.get_content_type()
        if kind == "message/rfc822" and part.is_multipart():
            return self._forwarded(part)
        if part.get_content_maintype() == "multipart":
            return self._read_several(part, kind, shown=shown)
        if part.is_attachment() or (kind not in (_PLAIN, _PAGE) and (shown or part.get_content_maintype() != "text")):
            return _Content(unread=1)
        if not shown:
            return _Content(unread=int(part.get_filename() is not None))
        text = self._decoded(part)
        if not text.strip():
            return _Content()
        page = kind == _PAGE
        text = visible_text(text, self.tally, self.place) if page else with_flowed_lines_joined(part, text)
        return _Content([(text, page)]) if text.strip() else _Content(without_text=page)

    def _read_several(self, part: Any, kind: str, *, shown: bool) -> _Content:
        if not part.is_multipart():
            if shown and str(part.get_payload() or "").strip():
                self._tell(f"the boundary {str(part.get_boundary() or '')[:80]!r} of its parts does not occur in it")
            return _Content()
        if (part.epilogue or "").strip():
            self._tell("there is text behind its last part")
        if (before := (part.preamble or "").strip()) and not (len(before) <= _LONGEST and _FOR_OLD.search(before)):
            self._tell("there is text before its first part")
        parts = list(part.get_payload())
        if kind == "multipart/alternative" and shown:
            return self._alternative(parts)
        if kind == "multipart/related" and shown and parts:
            start = part.get_param("start")
            main = next((each for each in parts if start and each.get("content-id") == start), parts[0])
            return _Content.joined(
                _Content(unread=1) if each is not main and _is_resource(each) else self.read(each) for each in parts
            )
        return _Content.joined(self.read(each, shown=shown) for each in parts)

    def _alternative(self, parts: Sequence[Any]) -> _Content:
        """The first part that holds a text, plain text before HTML, and of the others what is no alternative to it."""
        contents: dict[int, _Content] = {}
        for number in sorted(range(len(parts)), key=lambda number: _rank(parts[number])):
            if any(each.texts for each in contents.values()):
                contents[number] = self.read(parts[number], shown=False)
            else:
                contents[number] = self.read(parts[number])
        return _Content.joined(contents[number] for number in range(len(parts)))

    def _decoded(self, part: Any) -> str:
        """The text of a part by its declared encoding; undeclared or wrong, it is UTF-8 or else windows-1252."""
        data, fault = decoded(part)
        if fault is not None:
            self._tell(fault)
        declared = part.get_content_charset() or "utf-8"
        for encoding in filter(is_encoding, (declared, "utf-8")):
            with suppress(UnicodeError):
                return data.decode(encoding)
            if fault is not None:  # which is why it cannot be decoded
                return data.decode(encoding, "replace")
            if (text := _but_for_the_end(data, encoding)) is not None:
                self._tell("its text ends inside of a character")
                return text
        if self.tally.guessed[-1:] != [self.place]:
            self.tally.guessed.append(self.place)
        return data.decode("windows-1252", "replace")

    def _forwarded(self, part: Any) -> _Content:
        """What the mail in a part holds, which is not parsed right if the part itself has a transfer encoding."""
        inner = part.get_payload(0)
        if encoding_of(part) != "base64" or inner.keys():
            return self.read(inner)
        data, fault = decode_base64(str(inner.get_payload()).encode("ascii", "replace"))
        if fault is not None:
            self._tell(fault)
        mail, odd = parse_mail(data)
        if odd:
            self._tell(odd_lines(odd))
        return self.read_parsed(mail)

    def _tell(self, fault: str) -> None:
        self.tally.damaged.append(f"{self.place}: {fault}")


def _but_for_the_end(data: bytes, encoding: str) -> str | None:
    """The text without a character that is cut short at its end; None if that is not all that is wrong."""
    with suppress(UnicodeError):
        text = codecs.getincrementaldecoder(encoding)().decode(data)
        # Else a last character of another encoding may look like the beginning of a longer one.
        return None if text.isascii() else text
    return None


def odd_lines(number: int) -> str:
    """What is wrong with a header in which lines are no fields."""
    return f"{counted(number, 'line')} of its header {'is no field' if number == 1 else 'are no fields'}"


def _rank(part: Any) -> int:
    """0 for what has plain text in it, 1 for HTML, 2 for all else."""
    kinds = {each.get_content_type() for each in part.walk()}
    return 0 if _PLAIN in kinds else 1 if _PAGE in kinds else 2


def _is_resource(part: Message) -> bool:
    """Whether a part is shown inside of another, such as a picture of a page."""
    return "content-id" in part or "content-location" in part
