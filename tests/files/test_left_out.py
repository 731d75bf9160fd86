"""What is not read of a file is counted and named."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import run
from growth import grows_linearly

from bilstm_tagger.files.inputs import Job, read_job
from bilstm_tagger.files.notes import UNREAD, notes_of
from bilstm_tagger.files.sheet_comments import count_comments
from bilstm_tagger.files.source import Tally, Unread
from bilstm_tagger.files.subtitles import read_subtitles
from bilstm_tagger.settings.read_spec import ReadSpec


def told(path: Path, format: str) -> list[str]:
    """The texts of a file, and what is told of it."""
    tally = Tally()
    texts = [str(source.content) for source in read_job(Job(path, path.name, format), ReadSpec(), tally)]
    return [*texts, *(note for note in notes_of(tally) if "offsets" not in note)]


@pytest.mark.parametrize("what", Unread)
def test_every_kind_of_it_is_told_by_place(what: Unread) -> None:
    one, more = (words.format(example="[1]") for words in UNREAD[what])
    for number, words in ((1, f"1 {one}: a (1)"), (2000, f"2,000 {more}: a (2,000)")):
        tally = Tally()
        tally.leave_out(what, "a", number)
        tally.leave_out(what, "b", 0)
        assert notes_of(tally) == [words]


@pytest.mark.parametrize(
    ("page", "blank"),
    [
        ("<title>Eve</title><body><div id=root></div><script>x</script>", True),
        ('<html><frameset cols="1"><frame src="a.html"><noframes>Bob</noframes></frameset></html>', True),
        ("<img src=a.png>", True),
        ("to Ada", False),
        (" \n", False),
        ("", False),
    ],
)
def test_pages_that_show_no_text_are_named(tmp_path: Path, page: str, blank: bool) -> None:
    pytest.importorskip("selectolax")
    path = tmp_path / "a.html"
    path.write_text(page, "utf-8")
    notes = told(path, "html")[1:]
    assert [note.startswith("pages that show no text") for note in notes] == [True] * blank
    mail = tmp_path / "a.eml"
    mail.write_text(f"Subject: x\nContent-Type: text/html\n\n{page}", "utf-8")
    notes = told(mail, "mail")[1:]
    assert [note.startswith("pages that show no text") for note in notes] == [True] * blank


def test_a_mail_with_another_text_is_not_named(tmp_path: Path) -> None:
    pytest.importorskip("selectolax")
    parts = ("plain\n\nto Ada", "html\n\n<html></html>")
    body = "".join(f"--b\nContent-Type: text/{part}\n\n" for part in parts)
    (tmp_path / "a.eml").write_text(f"Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n{body}--b--\n", "utf-8")
    assert [line.strip() for line in told(tmp_path / "a.eml", "mail")] == ["to Ada"]


def test_marks_in_mails_are_counted_by_mail(tmp_path: Path) -> None:
    pytest.importorskip("selectolax")
    path = tmp_path / "a.eml"
    path.write_text("Subject: x\nContent-Type: text/html\n\nto Ada<sup>1</sup>", "utf-8")
    assert told(path, "mail") == ["to Ada\n", f"1 raised mark of a note, such as 1, is not read: {path} (1)"]


def test_speakers_and_readings_of_subtitles_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.vtt"
    cue = "<v.loud Ada Byron>to <i>Bob</i></v> and <v Cy><ruby>東<rt>とう</rt>京<rt>きょう</ruby> <v.loud>on\n"
    path.write_text(f"WEBVTT\n\n00:01.000 --> 00:02.000\n{cue}", "utf-8")
    assert told(path, "subtitles") == [
        "to Bob and 東京 on\n",
        f"2 readings of characters (ruby) are not read: {path} (2)",
        f"2 names of speakers, <v NAME>, are not read: {path} (2)",
    ]


@pytest.mark.parametrize(
    ("cue", "size"),
    [
        (lambda n: "<v" + " " * n + "a" * n, 200),
        (lambda n: "<v ." * n, 2000),
        (lambda n: r"{\\" * n, 2000),
        (lambda n: "<rt>" * n, 2000),
    ],
)
def test_the_time_for_a_cue_grows_with_its_length_not_with_the_square(
    tmp_path: Path, cue: Callable[[int], str], size: int
) -> None:
    def made(size: int) -> Path:
        path = tmp_path / f"{size}.vtt"
        path.write_text(f"WEBVTT\n\n00:01.000 --> 00:02.000\n{cue(size)}\n", "utf-8")
        return path

    assert grows_linearly(lambda path: read_subtitles(path, Tally()), made, size)


def test_comments_of_workbooks_are_counted(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    comment = pytest.importorskip("openpyxl.comments").Comment
    pytest.importorskip("python_calamine")
    book = openpyxl.Workbook()
    for row in (["text"], ["to Ada"], ["by Bob"]):
        book.active.append(row)
    book.active["A2"].comment = comment("by Eve", "Gus")
    book.active["A3"].comment = comment("by Fay", "Gus")
    path = tmp_path / "a.xlsx"
    book.save(path)
    assert told(path, "table") == ["to Ada", "by Bob", f"2 comments are not read: {path} (2)"]


@pytest.mark.parametrize(
    ("name", "data", "count"),
    [
        (
            "content.xml",
            b"<office:annotation>x<office:annotation-end/><office:annotation a='b'>",
            2,
        ),
        ("xl/comments1.xml", b"<comments><commentList>" + b"<comment ref='A1'/>" * 200_000, 200_000),
        ("xl/comments/comment2.xml", b"<x:comments><x:comment ref='A1'/>", 1),
        ("xl/threadedComments/threadedComment1.xml", b"<comment ref='A1'/>", 0),
        ("xl/sharedStrings.xml", b"<comment ref='A1'/>", 0),
    ],
)
def test_comments_are_counted_in_their_parts(tmp_path: Path, name: str, data: bytes, count: int) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    (tmp_path / "a").write_bytes(packed.getvalue())
    assert count_comments(tmp_path / "a") == count
    (tmp_path / "a").write_bytes(packed.getvalue()[:-30])
    assert count_comments(tmp_path / "a") == 0


def test_the_command_tells_it(model_folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("selectolax")
    (tmp_path / "a.html").write_text("to Ada<sup>[1]</sup>", "utf-8")
    (tmp_path / "b.html").write_text("<script>x</script>", "utf-8")
    done = run("predict", tmp_path, "--model", model_folder)
    assert "note: 1 raised mark of a note, such as [1], is not read: " in done.stderr
    assert "note: pages that show no text by themselves, as where a script, frames or pictures do: " in done.stderr
