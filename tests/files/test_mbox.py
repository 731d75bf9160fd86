"""Mailboxes: each mail by itself, and every line of text in one of them."""

from __future__ import annotations

import gzip
import mailbox
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rule_tagger import RuleTagger
from tagged import records, to_stream

from bilstm_tagger.files.mbox import split_mbox

HEADER = "From: a@example.org\nSubject: x\n"
DATED = "From a@example.org Mon Jan  1 12:34:56 2024\n"


def texts(path: Path, data: str) -> list[str]:
    path.write_bytes(data.encode())
    output, report = to_stream(RuleTagger(), [path])
    assert not report.failures, report.failures
    return [record["text"] for record in records(output)]


@pytest.mark.parametrize(
    "separator",
    [
        "From a@example.org Mon Jan  1 12:34:56 2024",
        "From a@example.org Mon Jan 01 12:34:56 +0000 2024",  # Google Takeout
        "From a at example.org  Mon Jan  1 12:34:56 2024",  # archives of Mailman
        "From - Mon Jan 01 12:34:56 2024",  # Thunderbird
        "From a@example.org Mon, 1 Jan 2024 12:34:56 +0000",
        "From a@example.org Mon Jan  1 12:34 CET 2024",
        "From a@example.org 2024-01-01 12:34:56",
        "From MAILER-DAEMON",
        "From a@example.org",
        "From - ",
        "From ",
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_separators_that_programs_write(tmp_path: Path, separator: str, end: str) -> None:
    data = "".join(f"{separator}\n{HEADER}\n{body}\n\n" for body in ("to Ada", "by Bob"))
    assert texts(tmp_path / "a.mbox", data.replace("\n", end)) == [f"to Ada{end}", f"by Bob{end}"]


@pytest.mark.parametrize(
    "line",
    [
        "From London we went to Paris",
        "From 12:30 in 2024 on",
        "From Monday, Jan 1, we went at 12:00",
        "From a@example.org Mon Jan  1 12:34:56 2024",  # with no header behind it
        "From",
        "From a@example.org",
    ],
)
@pytest.mark.parametrize("before", ["", "by Bob\n", "by Bob\n\n"])
@pytest.mark.parametrize("behind", ["", "to Cy\n", "\nto Cy\n", "Place: London\n\nto Cy\n", "Date: now\n\nto Cy\n"])
def test_a_line_of_text_separates_no_mails(tmp_path: Path, line: str, before: str, behind: str) -> None:
    if "Mon Jan" in line and ":" in behind:
        return  # which is what a separator looks like
    body = f"{before}{line}\n{behind}"
    data = f"{DATED}{HEADER}\n{body}\n{DATED}{HEADER}\nto Eve\n"
    assert texts(tmp_path / "a.mbox", data) == [body, "to Eve\n"]


@pytest.mark.parametrize(
    "line", ["From 12:30 on", "From 2024 on", "From London at 12:30", "From Berlin, 1999", "From 1:2 in 3024"]
)
def test_a_time_or_a_year_alone_separates_no_mails(tmp_path: Path, line: str) -> None:
    body = f"by Bob\n\n{line}\nDate: now\nTo: Cy\n\nto Di\n"
    assert texts(tmp_path / "a.mbox", f"{DATED}{HEADER}\n{body}") == [body]
    assert len(texts(tmp_path / "a.mbox", f"{DATED}{HEADER}\n{body.replace(line, 'From x 12:30 in 1999')}")) == 2


def test_what_stands_before_the_first_separator_is_read(tmp_path: Path) -> None:
    assert texts(tmp_path / "a.mbox", f"\n\n{DATED}{HEADER}\nto Ada\n") == ["to Ada\n"]
    assert texts(tmp_path / "a.mbox", f"{HEADER}\nto Bob\n\n{DATED}{HEADER}\nto Ada\n") == ["to Bob\n", "to Ada\n"]
    (tmp_path / "a.mbox").write_text("From London to Paris\n")
    _, report = to_stream(RuleTagger(), [tmp_path / "a.mbox"])
    assert "no line that begins with 'From ', an address and a date" in str(report.failures[0])


def test_a_mail_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    nested = "Content-Type: message/rfc822\n\n" * 20_000
    (tmp_path / "a.mbox").write_text(f"{DATED}{HEADER}\nto Ada\n\n{DATED}{nested}to Bob\n")
    _, report = to_stream(RuleTagger(), [tmp_path / "a.mbox"])
    assert [str(error) for error in report.failures] == [
        f"{tmp_path / 'a.mbox'}: mail 2: mails and parts in each other without end; take out what is to be read; "
        "1 document before that is tagged"
    ]


@pytest.mark.parametrize("day", ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"])
def test_any_day_dates_a_separator(tmp_path: Path, day: str) -> None:
    check_dated(tmp_path, day, "Jan")


@pytest.mark.parametrize("month", ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"])
def test_any_month_dates_a_separator(tmp_path: Path, month: str) -> None:
    check_dated(tmp_path, "Mon", month)


def check_dated(folder: Path, day: str, month: str) -> None:
    """A dated line separates mails with no blank line before it; the names of days and months are of RFC 5322."""
    for date in (f"{day} {month}  1 12:34:56 2024", f"{day}, 1 {month} 2024 12:34:56 +0000"):
        data = "".join(f"From a@example.org {date}\n{HEADER}\n{body}\n" for body in ("to Ada", "by Bob"))
        assert texts(folder / "a.mbox", data) == ["to Ada\n", "by Bob\n"]


@pytest.mark.parametrize(
    ("quoted", "expected"),
    [
        ("by Ada\n>From here\n", "by Ada\nFrom here\n"),
        (">From here\n>From there\n", "From here\nFrom there\n"),
        ("by Ada\n>>From here\n", "by Ada\n>From here\n"),
        ("> by Ada\n>From here\n> on\n", "> by Ada\n>From here\n> on\n"),  # the reply's own sign
        ("by Ada\n>From here\n\nFrom there\n", "by Ada\n>From here\n\nFrom there\n"),  # nothing is quoted in it
        ("by Ada\n> From here\n>Fromage\n", "by Ada\n> From here\n>Fromage\n"),
    ],
)
def test_quoted_lines_are_given_back(tmp_path: Path, quoted: str, expected: str) -> None:
    assert texts(tmp_path / "a.mbox", f"{DATED}{HEADER}\n{quoted}") == [expected]


@pytest.mark.parametrize(
    ("identity", "expected"),
    [("<1@x>", "1@x"), ("<a@[1", "a@[1"), ("\n <2@x>", "2@x"), ("", "a.mbox:1"), ("<>", "a.mbox:1"), ("1 2", "12")],
)
def test_any_name_of_a_mail_will_do(tmp_path: Path, identity: str, expected: str) -> None:
    (tmp_path / "a.mbox").write_text(f"{DATED}Message-ID: {identity}\n{HEADER}\nto Ada\n")
    output, report = to_stream(RuleTagger(), [tmp_path / "a.mbox"])
    assert ([record["id"] for record in records(output)], report.failures) == ([expected], [])


LINES = st.lists(
    st.sampled_from(["From London to Paris", "to Ada", "", "Date: now", "From", "From x@y", " on", "From a 12:00 2024"])
)


@settings(deadline=None)
@given(st.lists(LINES, min_size=1, max_size=4))
def test_mails_of_the_standard_library_come_back(
    tmp_path_factory: pytest.TempPathFactory, bodies: list[list[str]]
) -> None:
    """The library that writes them quotes each line of text that begins with `From `."""
    folder = tmp_path_factory.mktemp("mbox")
    box = mailbox.mbox(folder / "a.mbox")
    written = ["to Bob\n" + "".join(f"{line}\n" for line in body) for body in bodies]
    for number, body in enumerate(written):
        box.add(f"Message-ID: <{number}@x>\n{HEADER}\n{body}")
    box.close()
    (folder / "b.mbox.gz").write_bytes(gzip.compress((folder / "a.mbox").read_bytes()))
    for name in ("a.mbox", "b.mbox.gz"):
        output, report = to_stream(RuleTagger(), [folder / name])
        assert not report.failures
        assert [(record["id"], record["text"]) for record in records(output)] == [
            (f"{number}@x", body) for number, body in enumerate(written)
        ]


@settings(deadline=None)
@given(st.lists(st.sampled_from([DATED, "From here\n", "Date: x\n", "\n", "by\n", "From\n", ">From x\n", " y\n"])))
def test_no_line_but_separators_is_lost(lines: list[str]) -> None:
    """All lines come back in order, without separators, blank lines before these, and quotation."""
    mails = list(split_mbox(each.encode() for each in lines))
    separators = sum(marked for _, marked in mails)
    kept = "".join(data.decode() for data, _ in mails).replace(">", "").splitlines()
    given_lines = "".join(lines).replace(">", "").splitlines()
    left = iter(given_lines)
    assert all(line in left for line in kept)  # a subsequence
    lost = [line for line in given_lines if line.strip()]
    for line in filter(str.strip, kept):
        lost.remove(line)
    assert len(lost) == separators
    assert all(line.startswith("From") for line in lost)
