"""Parts of mails: each text is read once, and what is not read is told."""

from __future__ import annotations

from email.message import EmailMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from pathlib import Path
from typing import Any

import pytest
from command_line import run
from rule_tagger import RuleTagger
from tagged import records, to_stream

from bilstm_tagger.files.source import Tally


def read(path: Path, message: Any) -> tuple[str, Tally]:
    path.write_bytes(message if isinstance(message, bytes) else message.as_bytes())
    output, report = to_stream(RuleTagger(), [path])
    assert not report.failures, report.failures
    (record,) = records(output)
    return " ".join(record["text"].split()), report.tally


def text(content: str, subtype: str = "plain", **headers: str) -> MIMEText:
    part = MIMEText(content, subtype, "utf-8")
    for name, value in headers.items():
        part[name.replace("_", "-")] = value
    return part


def several(subtype: str, *parts: Any, **parameters: str) -> MIMEMultipart:
    return MIMEMultipart(subtype, None, parts, **parameters)


PICTURE = EmailMessage()
PICTURE.set_content(b"GIF", maintype="image", subtype="gif", cid="<1@x>")
RESOURCE = text("Bob", "html", Content_ID="<2@x>")
CALENDAR = text("BEGIN:VCALENDAR", "calendar")
NOTES = text("Bob", Content_Disposition="attachment; filename=bob.txt")
FORWARDED = EmailMessage()
FORWARDED.set_content(text("by Eve"))

MAILS = {
    "text around a picture": (several("mixed", text("to Ada"), PICTURE, text("by Cy")), "to Ada by Cy", 1),
    "a footer of a mailing list": (
        several("mixed", several("alternative", text("to Ada"), text("Bob", "html")), text("by Cy")),
        "to Ada by Cy",
        0,
    ),
    "text beside a page": (several("mixed", text("to Ada"), text("<p>by Cy", "html")), "to Ada by Cy", 0),
    "text that is shown in its place": (
        several("mixed", text("to Ada"), text("by Cy", Content_Disposition="inline")),
        "to Ada by Cy",
        0,
    ),
    "blank text before a page": (several("alternative", text(" \n"), text("<p>to Ada", "html")), "to Ada", 0),
    "no text before a page": (several("alternative", text(""), text("<p>to Ada", "html")), "to Ada", 0),
    "blank text and a page with pictures": (
        several("alternative", text("\n"), several("related", text("<p>to Ada", "html"), PICTURE)),
        "to Ada",
        1,
    ),
    "a blank page behind a text": (several("alternative", text("to Ada"), text("<p> ", "html")), "to Ada", 0),
    "a page before its text": (several("alternative", text("<p>Bob", "html"), text("to Ada")), "to Ada", 0),
    "the text of a page with attachments": (
        several("alternative", text("to Ada"), several("mixed", text("<p>Bob", "html"), NOTES, text("Bob", "html"))),
        "to Ada",
        1,
    ),
    "a mail forwarded in a page": (
        several("alternative", text("to Ada"), several("mixed", text("<p>Bob", "html"), FORWARDED)),
        "to Ada by Eve",
        0,
    ),
    "a page with resources": (several("related", text("<p>to Ada", "html"), RESOURCE, PICTURE), "to Ada", 2),
    "a page that another part begins": (
        several("related", RESOURCE, text("<p>to Ada", "html", Content_ID="<0@x>"), start="<0@x>"),
        "to Ada",
        1,
    ),
    "an appointment alone": (CALENDAR, "", 1),
    "an appointment for a text": (several("alternative", text("to Ada"), CALENDAR), "to Ada", 0),
    "an appointment for no text": (several("alternative", text(" "), CALENDAR), "", 1),
    "an attachment alone": (NOTES, "", 1),
    "a signed mail": (several("signed", text("to Ada"), EmailMessage()), "to Ada", 0),
    "nothing": (text(" \n"), "", 0),
}


@pytest.mark.parametrize("name", MAILS)
def test_texts_of_mails_are_read_once(tmp_path: Path, name: str) -> None:
    pytest.importorskip("selectolax")
    message, expected, unread = MAILS[name]
    found, tally = read(tmp_path / "a.eml", message)
    assert (found, tally.unread["attachments"].total(), tally.damaged) == (expected, unread, [])


def multipart(parts: str, kind: str = "multipart/mixed; boundary=XX") -> bytes:
    return f"From: a@b\nMIME-Version: 1.0\nContent-Type: {kind}\n\n{parts}".encode()


@pytest.mark.parametrize(
    ("data", "expected", "told"),
    [
        (multipart("--YY\n\nto Ada\n--YY--\n"), "", "a.eml: the boundary 'XX' of its parts does not occur in it"),
        (multipart("to Ada\n", "multipart/mixed"), "", "a.eml: the boundary '' of its parts does not occur in it"),
        (multipart("--XX\n\nto Ada\n--XX--\nby Bob\n"), "to Ada", "a.eml: there is text behind its last part"),
        (multipart("--XX\n\nto Ada\n"), "to Ada", None),  # cut short, but whole as far as it goes
        (multipart("--XX--\n"), "", None),
        (multipart(""), "", None),
    ],
)
def test_text_that_is_in_no_part_is_told(tmp_path: Path, data: bytes, expected: str, told: str | None) -> None:
    found, tally = read(tmp_path / "a.eml", data)
    assert (found, [each.partition("a.eml")[1:] for each in tally.damaged]) == (
        expected,
        [("a.eml", told.removeprefix("a.eml"))] if told else [],
    )


def test_what_is_in_no_known_encoding_is_read_as_windows_1252(tmp_path: Path) -> None:
    """Of its 256 bytes 5 are no character, which shows as U+FFFD: https://www.unicode.org/Public/MAPPINGS/."""
    data = b"Content-Type: text/plain; charset=no-such\n\nZo\xeb \x81\x8d\x8f\x90\x9d \x80"
    found, tally = read(tmp_path / "a.eml", data)
    assert (found, tally.guessed) == ("Zoë \ufffd\ufffd\ufffd\ufffd\ufffd €", [str(tmp_path / "a.eml")])


@pytest.mark.parametrize("data", [b"", b" \r\n\n"])
def test_a_file_without_anything_is_an_empty_text(tmp_path: Path, data: bytes) -> None:
    assert read(tmp_path / "a.eml", data)[0] == ""


def test_mails_in_mails_without_end_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(b"Content-Type: message/rfc822\n\n" * 20_000 + b"to Ada\n")
    _, report = to_stream(RuleTagger(), [tmp_path / "a.eml"])
    assert "a.eml: mails and parts in each other without end" in str(report.failures[0])


def test_what_is_not_read_is_told_with_its_file(model_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(CALENDAR.as_bytes())
    (tmp_path / "b.eml").write_bytes(multipart("--YY\n\nto Ada\n--YY--\n"))
    for number in range(3, 9):
        (tmp_path / f"{number}.csv").write_text('text\nto Ada\n""\n""\n')
    done = run("predict", tmp_path, "--model", model_folder, "--output", tmp_path / "out")
    told = " ".join(done.stderr.split())
    assert done.exit_code == 0, told
    assert (
        f"1 attachment or other part of a mail is not read; save it as a file to tag it: {tmp_path / 'a.eml'} (1)"
        in told
    )
    assert (
        f"mails with damage, of which text may be missing or misread: {tmp_path / 'b.eml'}: the boundary 'XX'" in told
    )
    assert "12 rows or records without a text are empty documents: " in told
    assert f"{tmp_path / '3.csv'} (2); " in told
    assert "; and 1 more" in told
