"""Bodies that are damaged or cut short: what is whole of them is read, and the damage is told."""

from __future__ import annotations

import base64
import binascii
import quopri
import time
from collections.abc import Callable
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rule_tagger import RuleTagger
from tagged import records, to_stream

from bilstm_tagger.files.source import Tally
from bilstm_tagger.files.transfer_encodings import _uu, decode_base64
from bilstm_tagger.wording import counted

TEXT = "Zoë wrote to Ada in Malmö. " * 6
BASE64 = base64.encodebytes(TEXT.encode()).decode()  # lines of 76 characters, 57 bytes
UU = "".join(
    [
        "begin 644 a.txt\n",
        *(binascii.b2a_uu(TEXT.encode()[at : at + 45]).decode() for at in range(0, 168, 45)),
        "`\nend\n",
    ]
)


def mail(encoding: str, body: str, charset: str = "utf-8") -> bytes:
    header = f"From: a@b\nContent-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: {encoding}\n\n"
    return (header + body).encode("utf-8", "surrogateescape")


def read(path: Path, data: bytes) -> tuple[list[str], Tally]:
    path.write_bytes(data)
    output, report = to_stream(RuleTagger(), [path])
    assert not report.failures, report.failures
    assert report.tally.guessed == []
    return [record["text"] for record in records(output)], report.tally


DAMAGED = {
    "cut short": ("base64", BASE64[:150], TEXT.encode()[:111].decode("utf-8", "replace"), "its base64 is cut short"),
    "cut in a group": ("base64", BASE64[:6], "Zoë", "its base64 is cut short"),
    "cut in a character": ("base64", base64.b64encode(TEXT.encode()[:26]).decode(), "Zoë wrote to Ada in Malm",
                           "its text ends inside of a character"),
    "text cut in a character": ("8bit", "Zoë saw Malm\udcc3", "Zoë saw Malm", "its text ends inside of a character"),
    "a damaged line": ("base64", BASE64[:77] + "*#" + BASE64[79:],
                       (TEXT.encode()[:57] + TEXT.encode()[114:]).decode("utf-8", "replace"),
                       "1 line of its body is not base64"),
    "damage in a line alone": ("base64", BASE64.replace("\n", "")[:80] + "*#",
                               TEXT.encode()[:60].decode("utf-8", "replace"),
                               "2 characters in its base64 are none of it"),
    "a footer": ("base64", f"{BASE64}\n_____\nlist of x@y\n", TEXT, "2 lines of its body are not base64"),
    "no base64 at all": ("base64", "I saw her, too.\nby Bob!\n", "", "2 lines of its body are not base64"),
    "escapes": ("quoted-printable", "Zo=C3=AB saw =C and =XY", "Zoë saw =C and =XY",
                "2 escapes of its quoted-printable are damaged"),
    "an escape cut short": ("quoted-printable", "Zo=C3=AB saw Malm=C3=B", "Zoë saw Malm\ufffd=B",
                            "1 escape of its quoted-printable is damaged"),
    "uuencoded and cut short": ("x-uuencode", UU[: UU.index("`")], TEXT, "its uuencoded body is cut short"),
    "uuencoded and damaged": ("uuencode", UU[:78] + "M~~~\n", TEXT[:42], "a line of its body is not uuencoded"),
    "no known encoding": ("base-64", "to Ada", "to Ada", "its transfer encoding 'base-64' is not known"),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGED)
@pytest.mark.parametrize("inside", ["alone", "part", "mailbox"])
def test_what_is_whole_is_read_and_the_damage_is_told(tmp_path: Path, name: str, inside: str) -> None:
    encoding, body, expected, fault = DAMAGED[name]
    data, path = mail(encoding, body), tmp_path / "a.eml"
    if inside == "part":
        data = b"From: a@b\nContent-Type: multipart/mixed; boundary=XX\n\n--XX\n" + data + b"\n--XX--\n"
    if inside == "mailbox":
        path, data = tmp_path / "a.mbox", b"From a@b Mon Jan  1 00:00:00 2024\n" + data
    (found,), tally = read(path, data)
    assert found.strip() == expected.strip()
    assert [each.rpartition(": ")[2] for each in tally.damaged] == [fault]


@pytest.mark.parametrize(
    "encoding", ["base64", "quoted-printable", "x-uuencode", "BASE64 (as ever)", "8bit", "7bit", ""]
)
def test_whole_bodies_are_read_without_a_word(tmp_path: Path, encoding: str) -> None:
    bodies = {"base64": BASE64, "BASE64 (as ever)": BASE64, "x-uuencode": UU,
              "quoted-printable": quopri.encodestring(TEXT.encode()).decode()}  # fmt: skip
    (found,), tally = read(tmp_path / "a.eml", mail(encoding, bodies.get(encoding, TEXT)))
    assert (found.strip(), tally.damaged) == (TEXT.strip(), [])


@given(st.binary(max_size=300), st.integers(1, 90), st.booleans())
def test_whole_base64_of_any_width_is_decoded(data: bytes, width: int, padded: bool) -> None:
    """Signs that fill the last group are left away by some programs; then nothing tells whether it is whole."""
    letters = base64.b64encode(data)
    if padded or not letters.endswith(b"="):
        lines = b"\r\n".join(letters[at : at + width] for at in range(0, len(letters), width))
        assert decode_base64(lines) == (data, None)
    else:
        assert decode_base64(letters.rstrip(b"=")).data == data


@given(st.text("AQz=\n* ", max_size=60) | st.text("AQ=\n", max_size=200))
def test_base64_of_any_kind_is_no_error(text: str) -> None:
    decode_base64(text.encode())


@pytest.mark.parametrize(
    ("body", "expected", "fault"),
    [
        ("QQ=\nQUJD\n", b"AABC", "its base64 is cut short"),
        ("QUJD=\nQUJD\nQUJD\n", b"ABCABCABC", "its base64 is cut short"),
        ("QQ=\n=\n", b"A", None),
        ("QUI=\nQUJD\n", b"ABABC", None),
        ("QUJD\nQU\nJD\nQUJD\nQUJD\n", b"ABC" * 4, None),
    ],
)
def test_signs_that_fill_a_group_end_it(body: str, expected: bytes, fault: str | None) -> None:
    assert decode_base64(body.encode()) == (expected, fault)


@given(st.binary(min_size=171, max_size=600), st.integers(0, 75), st.data())
def test_a_line_that_has_lost_a_character_costs_no_other(data: bytes, at: int, drawn: st.DataObject) -> None:
    lines = base64.encodebytes(data).splitlines()
    number = drawn.draw(st.integers(0, len(lines) - 2))
    lines[number] = lines[number][:at] + lines[number][at + 1 :]
    expected = data[: 57 * number] + data[57 * (number + 1) :]
    assert decode_base64(b"\n".join(lines)) == (expected, "1 line of its body is not base64")


@pytest.mark.parametrize("body", [lambda n: b"QUJ\n" + b"QUJD\n" * n, lambda n: b"QUJDQUJDQ\n" * n + b"QUJDQUJD\n" * n])
def test_the_time_for_base64_grows_with_its_length_not_with_the_square(body: Callable[[int], bytes]) -> None:
    def seconds(lines: int) -> float:
        given = body(lines)
        start = time.process_time()
        assert len(decode_base64(given).data) > 2 * lines
        return time.process_time() - start

    assert min(seconds(160_000) for _ in range(2)) < 8 * min(seconds(40_000) for _ in range(2))


def test_a_forwarded_mail_in_base64_is_read(tmp_path: Path) -> None:
    inner = base64.encodebytes(b"From: c@d\n\nto Ada\n")
    head = b"From: a@b\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n"
    (found,), tally = read(tmp_path / "a.eml", head + inner)
    assert (found.strip(), tally.damaged) == ("to Ada", [])


HEADERS = {
    "amid fields": (b"From: a@b\nan odd line\nSubject: x\n\nto Ada\n", "to Ada", "1 line of its header is no field"),
    "before the kind of the text": (
        b"From: a@b\nodd\n more of it\nContent-Transfer-Encoding: 8bit\nContent-Type: text/plain; charset=latin-1\n"
        b"\nto Zo\xeb\n",
        "to Zoë",
        "2 lines of its header are no fields",
    ),
    "in a part": (
        b"From: a@b\nContent-Type: multipart/mixed; boundary=XX\n\n--XX\nContent-Language: en\nodd\n"
        b"Content-Type: text/plain; charset=latin-1\n\nto Zo\xeb\n--XX--\n",
        "to Zoë",
        "1 line of its header is no field",
    ),
    "first of all": (b"odd\nFrom: a@b\nSubject: x\n\nto Ada\n", "to Ada", "1 line of its header is no field"),
    "before the encoding of the text": (
        b"From: a@b\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nodd\n"
        b"Content-Transfer-Encoding: base64\n\ndG8gQWRh\n",
        "to Ada",
        "1 line of its header is no field",
    ),
    "behind the kind of the text of a part": (
        b"From: a@b\nContent-Type: multipart/mixed; boundary=XX\n\n--XX\nContent-Type: text/plain; charset=latin-1\n"
        b"odd\nContent-Transfer-Encoding: 8bit\n\nto Zo\xeb\n--XX--\n",
        "to Zoë",
        "1 line of its header is no field",
    ),
    "in a forwarded mail in base64": (
        b"From: a@b\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n"
        + base64.encodebytes(b"From: a@b\nodd\nSubject: x\n\nto Ada\n"),
        "to Ada",
        "1 line of its header is no field",
    ),
    "the text": (b"From: a@b\nto Ada\nNote: by Bob\n\nby Eve\n", "to Ada\nNote: by Bob\n\nby Eve", None),
}


@pytest.mark.parametrize("name", HEADERS)
def test_lines_of_a_header_that_are_no_fields_are_told(tmp_path: Path, name: str) -> None:
    data, expected, fault = HEADERS[name]
    (found,), tally = read(tmp_path / "a.eml", data)
    assert found.strip() == expected
    assert [each.rpartition(": ")[2] for each in tally.damaged] == ([fault] if fault else [])


@pytest.mark.parametrize("text", [b"\xe4\xf6", b"\xc3\xa4"])
def test_a_mail_of_parts_without_any_ends_no_run(tmp_path: Path, text: bytes) -> None:
    head = b"Subject: a\nContent-Type: multipart/mixed; boundary=B\n"
    (found,), tally = read(tmp_path / "a.eml", head + b"hello\n" + text)
    assert (found, len(tally.damaged)) == ("", 1)
    for kind in (b"multipart/mixed; boundary=C", b'text/plain; charset="=?"'):
        part = b"--B\nContent-Type: " + kind + b"\nhello\n" + text + b"\n--B--\n"
        (tmp_path / "b.eml").write_bytes(head + b"\n" + part)
        _, report = to_stream(RuleTagger(), [tmp_path / "b.eml"])
        assert not report.failures


def test_headers_of_many_odd_lines_are_read_in_time(tmp_path: Path) -> None:
    start = time.process_time()
    (found,), tally = read(
        tmp_path / "a.eml", b"From: a@b\nodd\n" + b"odd\n  more\n" * 20_000 + b"Subject: x\n\nto Ada\n"
    )
    assert (found, len(tally.damaged)) == ("to Ada\n", 1)
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    ("preamble", "told"),
    [
        ("This is a multi-part message in MIME format.", False),
        ("Dies ist eine mehrteilige Nachricht im MIME-Format.", False),
        ("", False),
        ("to Ada in Oslo", True),
        ("to Ada in MIME " * 40, True),
    ],
)
def test_text_before_the_first_part_is_told(tmp_path: Path, preamble: str, told: bool) -> None:
    message = MIMEMultipart("mixed", None, [MIMEText("to Ada")])
    message.preamble = preamble
    (found,), tally = read(tmp_path / "a.eml", b"From: a@b\n" + message.as_bytes())
    assert found.strip() == "to Ada"
    assert [each.rpartition(": ")[2] for each in tally.damaged] == ["there is text before its first part"] * told


@pytest.mark.parametrize(
    ("damage", "count"),
    [
        (lambda body: body.replace(b"S", b"S ", 3), 3),
        (lambda body: body[:10] + b"\0" + body[10:], 1),
        (lambda body: b"\xef\xbb\xbf" + body, 3),
        (lambda body: body[:990] + b"!\n " + body[990:], 0),
    ],
    ids=["blanks", "NUL", "mark of byte order", "a line that a mailer divided"],
)
def test_a_few_characters_that_are_no_base64_cost_nothing(damage: Callable[[bytes], bytes], count: int) -> None:
    text = "Ada met Eve in Köln .\nBob saw her in Bonn too .\n".encode() * 30
    data, fault = decode_base64(damage(base64.encodebytes(text)))
    assert data == text
    are = "is" if count == 1 else "are"
    assert fault == (f"{counted(count, 'character')} in its base64 {are} none of it" if count else None)


def test_the_line_at_which_uuencoding_is_cut_is_left_out() -> None:
    text = "Ada met Eve in Köln .\nBob saw her in Bonn too .\n".encode() * 3
    lines = [binascii.b2a_uu(text[at : at + 45]).rstrip(b"\n") for at in range(0, len(text), 45)]
    whole = _uu([b"begin 644 a.txt", *lines, b"`", b"end"])
    assert whole == (text, None)
    cut = _uu([b"begin 644 a.txt", *lines[:2], lines[2][:30]])
    assert cut == (text[:90], "its uuencoded body is cut short")
    zeros = _uu([b"begin 644 a.txt", binascii.b2a_uu(b"a" + bytes(20)).rstrip(), b"end"])  # blanks at its end are gone
    assert zeros == (b"a" + bytes(20), None)
