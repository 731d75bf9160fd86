"""Paragraphs of mails whose lines are flowed: https://www.rfc-editor.org/rfc/rfc3676#section-4 and 5."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bilstm_tagger.files.flowed import with_flowed_lines_joined
from bilstm_tagger.files.mail import read_mail
from bilstm_tagger.files.source import Tally


def part(parameters: str = "; format=flowed") -> EmailMessage:
    message = EmailMessage()
    message["Content-Type"] = f"text/plain{parameters}"
    return message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("by Ada \nByron.\nBye\n", "by Ada Byron.\nBye\n"),
        ("by Ada \r\nByron.\r\n\r\nBye", "by Ada Byron.\r\n\r\nBye"),
        ("a \nb \nc\n", "a b c\n"),
        ("by Ada \n\nByron\n", "by Ada \n\nByron\n"),  # an empty line stays
        ("> by Ada \n> Byron\n> Bye", "> by Ada Byron\n> Bye"),
        (">> by Ada \n>> Byron\n", ">> by Ada Byron\n"),
        ("> > by Ada \n> > Byron\n", "> > by Ada Byron\n"),
        ("> by Ada \nByron \n> came\n", "> by Ada \nByron \n> came\n"),  # another depth
        ("Best, Ada \n-- \nByron\n", "Best, Ada \n-- \nByron\n"),  # a signature
        ("> -- \n> Byron", "> -- \n> Byron"),
        (" From me \n >to you\n", "From me >to you\n"),  # blanks that set off
        ("  two\n", " two\n"),
        (">\n>Ada\n", ">\n> Ada\n"),
        ("Ada ", "Ada "),
        ("", ""),
    ],
)
def test_lines_that_go_on_are_joined(text: str, expected: str) -> None:
    assert with_flowed_lines_joined(part(), text) == expected
    assert with_flowed_lines_joined(part("; format=Flowed; delsp=no"), text) == expected
    assert with_flowed_lines_joined(part(""), text) == text
    assert with_flowed_lines_joined(part("; format=fixed; delsp=yes"), text) == text


def test_the_blank_is_no_part_of_the_text_if_the_mail_says_so() -> None:
    text = "Johannes \nburg and Ada  \nByron \n\n"
    assert with_flowed_lines_joined(part("; format=flowed; delsp=yes"), text) == "Johannesburg and Ada Byron \n\n"


@given(st.text(st.sampled_from("aB> -\n\r"), max_size=40), st.sampled_from(["", "; delsp=yes"]))
def test_nothing_else_is_lost(text: str, delsp: str) -> None:
    joined = with_flowed_lines_joined(part(f"; format=flowed{delsp}"), text)
    assert [letter for letter in joined if letter in "aB-"] == [letter for letter in text if letter in "aB-"]


def test_mails_are_read_so(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_text(
        "From: a@b.c\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/plain; format=flowed\n"
        "Content-Transfer-Encoding: quoted-printable\n\nby Ada=20\nByron\n--x--\n"
    )
    (source,) = read_mail(tmp_path / "a.eml", Tally())
    assert str(source.content).strip() == "by Ada Byron"
