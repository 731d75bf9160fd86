"""Files of every kind that people have: what is read of each, and what is told."""

from __future__ import annotations

import gzip
import io
import json
import mailbox
import re
import sys
import zipfile
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from command_line import run
from hypothesis import given
from hypothesis import strategies as st
from rule_tagger import RuleTagger
from tagged import records, to_stream

from bilstm_tagger.corpus import read_corpus
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import ConfigError, CorpusError, TaggerError
from bilstm_tagger.files import FilesReport, tag_files
from bilstm_tagger.files.html_text import visible_text
from bilstm_tagger.files.source import Tally
from bilstm_tagger.settings.read_spec import ReadSpec
from bilstm_tagger.tagging.tagger import Tagger

PROSE = "to Ada Byron in London"


def names(path: Path, **options: Any) -> tuple[list[str], FilesReport]:
    """The names found in a file or folder, each of which is checked to be where its offsets say."""
    output, report = to_stream(RuleTagger(), [path], **options)
    found = []
    for record in records(output):
        for span in record["spans"]:
            assert record["text"][span["start_char"] : span["end_char"]] == span["text"]
            found.append(span["text"])
    return found, report


def texts(path: Path, **options: Any) -> list[str]:
    return [record["text"] for record in records(to_stream(RuleTagger(), [path], **options)[0])]


# ---- encodings


@pytest.mark.parametrize("suffix", ["txt", "csv", "tsv", "jsonl", "log", "srt", "html"])
@pytest.mark.parametrize("encoding", ["cp1252", "utf-16-le"])
def test_an_encoding_is_asked_for_and_used(suffix: str, encoding: str, tmp_path: Path) -> None:
    if suffix == "html":
        pytest.importorskip("selectolax")
    content = {
        "csv": "text\nto Zo\xeb\n",
        "tsv": "id\ttext\n1\tto Zo\xeb now\n",
        "jsonl": '{"text": "to Zo\xeb"}\n',
        "srt": "1\n00:00:01,000 --> 00:00:02,000\nto Zo\xeb\n",
        "html": "<meta charset='utf-8'><p>to Zo\xeb",
    }.get(suffix, "to Zo\xeb\n")
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(content.encode(encoding))
    spec = ReadSpec(encoding=encoding)
    assert [text.strip() for text in texts(path, spec=spec)] == ["to Zo\xeb now" if suffix == "tsv" else "to Zo\xeb"]
    if encoding == "cp1252":
        _, report = to_stream(RuleTagger(), [path])
        assert "--encoding" in str(report.failures[0])


def test_the_command_takes_an_encoding(model_folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("Le café de Zoë était fermé à Orléans.".encode("cp1252"))
    for command in ("predict", "entities"):
        assert "--encoding cp1252" in run(command, path, "--model", model_folder).stderr
        done = run(command, path, "--model", model_folder, "--encoding", "cp1252")
        assert done.exit_code == 0, done.stderr


def test_a_list_of_texts_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": ["by Ada", "by Bob"]}', "utf-8")
    _, report = to_stream(RuleTagger(), [path])
    assert "text is a list, not a text" in str(report.failures[0])


# ---- HTML


def test_only_visible_text_of_a_page_is_tagged(tmp_path: Path) -> None:
    pytest.importorskip("selectolax")
    page = tmp_path / "a.html"
    page.write_text(
        "<!doctype html><title>Eve</title><style>Bob{}</style><script>var Bob</script><h1>by Ada</h1>"
        "<p>to <b>Cy</b>&nbsp;and\n <i>Dee</i><p hidden>Bob</p><div style='display: none'>Bob</div>"
        "<!-- Bob --><ul><li>Fay<li>Gus</ul><table><tr><td>Hal<td>Ida</table>a<br>Jo&amp;Kim",
        "utf-8",
    )
    assert texts(page) == ["by Ada\nto Cy\u00a0and Dee\nFay\nGus\nHal\nIda\na\nJo&Kim\n"]
    found, report = names(page)
    assert found == ["Ada", "Cy", "Dee", "Fay", "Gus", "Hal", "Ida", "Jo", "Kim"]  # no name over two lines
    assert report.tally.extracted == {".html": 1}


@pytest.mark.parametrize(
    ("data", "guessed"),
    [
        ('<meta charset="utf-8"><p>Zoë'.encode(), 0),
        ("<p>Zoë".encode(), 0),
        ("\ufeff<p>Zoë".encode(), 0),
        ("<p>Zoë".encode("utf-16"), 0),
        ("<meta http-equiv=Content-Type content='text/html; charset=ISO-8859-1'><p>Zoë".encode("cp1252"), 0),
        ("<p>Zoë".encode("cp1252"), 1),
        *(
            (f"<meta charset={name}><p>Zoë".encode(), 0)
            for name in ("utf-16", "UTF-16LE", "utf-16be", "unicode", "UCS-2")
        ),
        ('<?xml version="1.0" encoding="utf-16"?><html><body><p>Zoë</p></body></html>'.encode(), 0),
        ("<meta charset=utf-16><p>Zoë".encode("utf-16"), 0),
        ("<meta charset=utf-16><p>Zoë".encode("cp1252"), 1),
    ],
)
def test_encodings_of_pages(tmp_path: Path, data: bytes, guessed: int) -> None:
    pytest.importorskip("selectolax")
    (tmp_path / "a.htm").write_bytes(data)
    found, report = names(tmp_path / "a.htm")
    assert (found, len(report.tally.guessed)) == (["Zoë"], guessed)


@pytest.mark.parametrize("name", ["iso-8859-1", "ISO-8859-1", "latin1", "latin-1", "us-ascii", "ascii"])
def test_old_names_of_encodings_mean_windows_1252_in_pages(name: str, tmp_path: Path) -> None:
    """As in browsers; in a table of the standard, and with letters that these encodings do not have."""
    pytest.importorskip("selectolax")
    (tmp_path / "a.html").write_bytes(f'<meta charset="{name}"><p>'.encode() + b"by \x93Ada\x94 Zo\xeb")
    assert texts(tmp_path / "a.html") == ["by \u201cAda\u201d Zo\xeb\n"]


def test_a_page_that_is_not_what_it_says_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("selectolax")
    for data, message in (
        (b'<meta charset="utf-8">\n<p>Zo\xeb', r"a\.html:2: the page says what it is not, utf-8; .* --encoding$"),
        (
            b'<meta charset="nonsense"><p>Zoe',
            r"a\.html: the encoding 'nonsense' is not known; name another, --encoding$",
        ),
    ):
        (tmp_path / "a.html").write_bytes(data)
        (error,) = names(tmp_path / "a.html")[1].failures
        with pytest.raises(CorpusError, match=message):
            raise error


@given(st.lists(st.text(st.characters(exclude_characters="<&\r\x00\xad", exclude_categories=["Cs"])), max_size=5))
def test_text_of_paragraphs_comes_back(paragraphs: list[str]) -> None:
    pytest.importorskip("selectolax")
    page = "".join(f"<p>{text}</p>" for text in paragraphs)
    expected = [" ".join(filter(None, text.replace("\t", " ").replace("\n", " ").replace("\f", " ").split(" ")))
                for text in paragraphs]  # fmt: skip
    assert visible_text(page, Tally()) == "".join(f"{text}\n" for text in expected if text)


def test_soft_hyphens_of_a_page_are_left_out() -> None:
    assert visible_text("<p>Charles Bab&shy;bage", Tally()) == "Charles Babbage\n"


def test_a_page_may_nest_deeply() -> None:
    pytest.importorskip("selectolax")
    assert visible_text("<div>" * 20_000 + "Ada", Tally()).strip() == "Ada"


@pytest.mark.parametrize(
    "names",
    [
        "a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark nobr output blink slot",
        "q ruby s samp small span strike strong sub sup time tt u var person tool-tip st1:place o:p",
    ],
)
def test_elements_of_phrases_and_unknown_ones_do_not_break_a_line(names: str) -> None:
    pytest.importorskip("selectolax")
    for name in names.split():
        assert visible_text(f"<p>Ada By<{name}>ro</{name}>n left", Tally()) == "Ada Byron left\n", name
    for name in ("wbr", "link itemprop=x href=y", "meta itemprop=x content=y", "input type=hidden", "script></script"):
        assert visible_text(f"<p>Ada By<{name}>ron left", Tally()) == "Ada Byron left\n", name


def test_blocks_break_a_line() -> None:
    pytest.importorskip("selectolax")
    names = (
        "address article aside blockquote button center dd details dialog dir div dl dt fieldset figcaption figure "
        "footer form h1 h2 h3 h4 h5 h6 header hgroup li listing main marquee menu nav ol p pre search section summary "
        "textarea ul xmp"
    )
    for name in names.split():
        assert visible_text(f"Ada By<{name}>ron</{name}> left", Tally()) == "Ada By\nron\nleft\n", name
    for name in ("br", "hr"):
        assert visible_text(f"Ada By<{name}>ron left", Tally()) == "Ada By\nron left\n", name
    rows = "<caption>to Ada<tr><th>By<td>ron<tr><td>left"
    assert visible_text(f"<table>{rows}</table>", Tally()) == "to Ada\nBy\nron\nleft\n"


def test_smart_tags_and_microdata_keep_names_whole() -> None:
    pytest.importorskip("selectolax")
    page = (
        "the <st1:PlaceType>University</st1:PlaceType> of <st1:PlaceName>Leeds</st1:PlaceName> and "
        "<st1:PersonName>Ada <st1:Sn>Byron</st1:Sn></st1:PersonName>.<o:p></o:p>"
        "<p><span itemprop='name'>Ada <meta itemprop='x' content='y'>Byron</span> spoke"
    )
    assert visible_text(page, Tally()) == "the University of Leeds and Ada Byron.\nAda Byron spoke\n"


def test_white_space_of_preformatted_text_stays() -> None:
    pytest.importorskip("selectolax")
    for page, expected in (
        ("<pre>to  Ada\nBob</pre>", "to  Ada\nBob\n"),
        ("<pre><code><b>to</b>  <i>Ada\nBob</i>\n</code></pre>by  Cy\nDee", "to  Ada\nBob\nby Cy Dee\n"),
        ("<pre><pre>a</pre>to\nAda</pre>by\nBob", "a\nto\nAda\nby Bob\n"),
        ("<textarea>to\nAda</textarea>by\nBob", "to\nAda\nby Bob\n"),
    ):
        assert visible_text(page, Tally()) == expected, page


@pytest.mark.parametrize("box", ["input", "img", "select", "svg", "iframe", "video", "progress", "input type=text"])
def test_words_on_both_sides_of_a_box_are_apart(box: str) -> None:
    pytest.importorskip("selectolax")
    end = "" if box.startswith(("input", "img")) else f"</{box}>"
    border = "\n" if box.startswith(("input", "select")) else " "
    assert visible_text(f"<label>Ada<{box}>{end}</label><label>Bob</label>", Tally()) == f"Ada{border}Bob\n"
    assert visible_text(f"<span>Ada</span><{box}>{end}<span>@ada</span>", Tally()) in ("Ada @ada\n", "Ada@ada\n")
    assert visible_text(f"Ada <{box}>{end} Byron, Bob<{box}>{end}.", Tally()) == "Ada Byron, Bob.\n"


def test_custom_elements_that_touch_are_apart() -> None:
    """Else names of two that their style shows one below the other are one."""
    pytest.importorskip("selectolax")
    for page, expected in (
        ("<x-a>Home</x-a><x-b>Ada</x-b>", "Home\nAda\n"),
        ("<x-a><x-b>Ada</x-b></x-a>Bob", "Ada\nBob\n"),
        ("<x-a>Ada</x-a> <x-b>Byron</x-b>", "Ada Byron\n"),
        ("<x-a>Ada</x-a><x-b>, Bob</x-b>", "Ada, Bob\n"),
        ("By<x-a>ro</x-a>n", "Byron\n"),
        (
            "<headline>Ada in Leeds</headline><para>Bob left.</para><item>A</item><item>B</item>",
            "Ada in Leeds\nBob left.\nA\nB\n",
        ),
        ("<slot>Ada</slot><slot>Bob</slot>", "Ada\nBob\n"),
        ("<st1:PersonName><st1:Sn>Byron</st1:Sn></st1:PersonName>'s", "Byron's\n"),
    ):
        assert visible_text(page, Tally()) == expected, page


def test_elements_that_are_not_read_as_text() -> None:
    pytest.importorskip("selectolax")
    names = (
        "script style template noscript noembed noframes svg math iframe object audio video canvas select datalist "
        "title meter progress rp rt"
    )
    for name in names.split():
        assert "Bob" not in visible_text(f"<p>Ada<{name}>Bob</{name}>", Tally()), name


# ---- mail


def mail(body: str, *, charset: str = "utf-8", html: bool = False, **headers: str) -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = "Bob"
    message["From"] = "Bob <bob@example.org>"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(body, charset=charset, cte="quoted-printable", subtype="html" if html else "plain")
    return message


def test_bodies_of_mails_are_decoded(tmp_path: Path) -> None:
    pytest.importorskip("selectolax")
    plain = mail("to Zoë\n\n> by Ada\n", charset="iso-8859-1")
    both = mail("to Zoë\n")
    both.add_alternative("<p>Bob", subtype="html")
    page = mail("<p>to Zoë", html=True)
    forwarded = mail("to Zoë\n")
    forwarded.add_attachment(mail("by Ada\n"))
    forwarded.add_attachment(b"Bob", maintype="application", subtype="octet-stream", filename="bob.bin")
    for message, expected, attachments in (
        (plain, ["Zoë", "Ada"], 0), (both, ["Zoë"], 0), (page, ["Zoë"], 0), (forwarded, ["Zoë", "Ada"], 1),
    ):  # fmt: skip
        (tmp_path / "a.eml").write_bytes(message.as_bytes())
        found, report = names(tmp_path / "a.eml")
        assert (found, report.tally.unread["attachments"].total(), report.failures) == (expected, attachments, [])


def test_a_mail_without_its_encoding_is_still_read(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(b"From: a@b\n\nto Zo\xeb\n")
    found, report = names(tmp_path / "a.eml")
    assert (found, len(report.tally.guessed)) == (["Zoë"], 1)
    (tmp_path / "b.eml").write_bytes(b"\n\nto Ada\n")
    assert "no header of a mail" in str(names(tmp_path / "b.eml")[1].failures[0])


@pytest.mark.parametrize("packed", [False, True])
def test_each_mail_of_a_mailbox_is_a_document(tmp_path: Path, packed: bool) -> None:
    box = mailbox.mbox(tmp_path / "a.mbox")
    box.add(mail("to Ada now\n\nFrom here on\n", Message_ID="<1@x>"))
    box.add(mail("by Eve\n"))
    box.close()
    path = tmp_path / "a.mbox"
    if packed:
        path = tmp_path / "b.mbox.gz"
        path.write_bytes(gzip.compress((tmp_path / "a.mbox").read_bytes()))
    output, report = to_stream(RuleTagger(), [path])
    assert report.tally.extracted == {".mbox": 1}
    assert [record["id"] for record in records(output)] == ["1@x", f"{path.name}:2"]
    assert names(path)[0] == ["Ada", "From", "Eve"]
    (tmp_path / "c.mbox").write_text("to Ada\n")
    assert "no line that begins with 'From '" in str(names(tmp_path / "c.mbox")[1].failures[0])


# ---- subtitles, logs, Markdown


def test_cues_are_sentences(tmp_path: Path) -> None:
    first = "\ufeff1\n00:00:01,000 --> 00:00:02,000\n<i>to Ada</i>\nByron\n\n"
    srt = f"{first}2\n00:00:03,0 --> 00:00:04,500\n- by Eve\n- Bob\n"
    cue = "id\n00:01.000 --> 00:02.000 align:start\n<v Cy>to Ada &amp; Eve\n\n"
    vtt = f"WEBVTT Cy\n\nNOTE Cy\n\n{cue}1:00:03.000 --> 1:00:04.000\nBob\n"
    (tmp_path / "a.srt").write_text(srt, "utf-8", newline="\r\n")
    (tmp_path / "a.vtt").write_text(vtt, "utf-8")
    assert texts(tmp_path / "a.srt") == ["to Ada Byron\n- by Eve\n- Bob\n"]
    assert texts(tmp_path / "a.vtt") == ["to Ada & Eve\nBob\n"]
    (record,) = records(to_stream(RuleTagger(), [tmp_path / "a.vtt"])[0])
    assert record["sentences"] == [[0, 4], [4, 5]]
    (tmp_path / "b.srt").write_text("no times\n")
    assert "b.srt:1: no line of times" in str(names(tmp_path / "b.srt")[1].failures[0])
    (tmp_path / "c.srt").write_text("")
    assert names(tmp_path / "c.srt")[1].failures == []


def cue(number: int, *said: str) -> list[str]:
    return [str(number), f"00:00:0{number},000 --> 00:00:0{number},500", *said]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([*cue(1, "to Ada"), *cue(2, "by Bob"), *cue(3, "on")], ["to Ada", "by Bob", "on"]),
        ([*cue(1, "to Ada", ""), *cue(2, "by Bob"), *cue(3)], ["to Ada", "by Bob"]),
        ([*cue(1, "to Ada", "", "by Bob", ""), *cue(2, "on")], ["to Ada", "by Bob", "on"]),
        ([*cue(1, "to Ada", "and Cy", ""), *cue(2, "by", "", "- Bob")], ["to Ada and Cy", "by", "- Bob"]),
        ([*cue(1, "it is", "42", ""), *cue(2, "42", ""), *cue(3, "on")], ["it is 42", "42", "on"]),
        ([*cue(1, "it is", "42"), *cue(2, "on")], ["it is 42", "on"]),
        ([*cue(1, "it is", "42", ""), *cue(2, "on", "")[1:], *cue(3, "5")], ["it is 42", "on", "5"]),
        ([*cue(1, "to Ada", "")[1:], *cue(2, "by Bob", ""), *cue(3, "on")], ["to Ada", "by Bob", "on"]),
        ([*cue(1, "it is", "42")[1:], *cue(2, "on")[1:]], ["it is 42", "on"]),
        (["by Cy", "", *cue(1, "to Ada")], ["by Cy", "to Ada"]),
        ([each for line in [*cue(1, "to Ada"), *cue(2, "by Bob")] for each in (line, "")], ["to Ada", "by Bob"]),
        (["1", "0:0:1 --> 0:0:2", "to Ada"], ["to Ada"]),
        (["WEBVTT", "", "Cy", *cue(1, "to Ada", "", "NOTE Cy", ""), *cue(2, "by Bob")], ["to Ada", "by Bob"]),
        (["WEBVTT", "", *cue(1, "to Ada"), *cue(2, "by Bob"), *cue(3, "on")], ["to Ada", "by Bob", "on"]),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_what_is_said_in_cues_is_whole(tmp_path: Path, lines: list[str], expected: list[str], end: str) -> None:
    path = tmp_path / ("a.vtt" if lines[0] == "WEBVTT" else "a.srt")
    path.write_text(end.join([*lines, ""]), "utf-8", newline="")
    assert texts(path) == ["".join(f"{line}\n" for line in expected)]


def test_lines_of_a_log_are_sentences(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("by Ada\nBob ran\n")
    assert names(tmp_path / "a.log")[0] == ["Ada", "Bob"]
    (tmp_path / "a.md").write_text("# by Ada\n")
    assert (names(tmp_path / "a.md")[0], texts(tmp_path / "a.md")) == (["Ada"], ["# by Ada\n"])


# ---- documents of office programs


def test_all_text_of_a_word_document(tmp_path: Path) -> None:
    docx = pytest.importorskip("docx")
    document = docx.Document()
    document.add_paragraph("to Ada")
    document.add_paragraph("Bob\tCy")
    table = document.add_table(1, 2)
    table.cell(0, 0).text, table.cell(0, 1).text = "Dee", "Eve"
    document.sections[0].header.paragraphs[0].text = "by Fay"
    document.save(tmp_path / "a.docx")
    found, report = names(tmp_path / "a.docx")
    assert (found, report.tally.extracted) == (["Ada", "Bob Cy".replace(" ", "\t"), "Dee", "Eve", "Fay"], {".docx": 1})
    whole = (tmp_path / "a.docx").read_bytes()
    for damaged in (whole[:-300], b"", b"PK", whole.replace(b"word/document.xml", b"word/docoment.xml")):
        (tmp_path / "b.docx").write_bytes(damaged)
        assert "b.docx: not a whole .docx file" in str(names(tmp_path / "b.docx")[1].failures[0])


def pdf(text: str) -> bytes:
    """A page in the smallest file that a reader takes."""
    stream = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode()
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    data, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(data)
    return (
        data
        + b"xref\n0 6\n0000000000 65535 f \n"
        + table
        + b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % start
    )


def test_text_of_pdf(tmp_path: Path) -> None:
    pypdf = pytest.importorskip("pypdf")
    (tmp_path / "a.pdf").write_bytes(pdf(PROSE))
    assert names(tmp_path / "a.pdf")[0] == ["Ada Byron", "London"]
    writer = pypdf.PdfWriter(clone_from=tmp_path / "a.pdf")
    writer.encrypt("secret", algorithm="RC4-128")
    writer.write(tmp_path / "b.pdf")
    (tmp_path / "c.pdf").write_bytes(pdf(""))
    (tmp_path / "d.pdf").write_bytes(b"%PDF-1.4 no more")
    for name, message in (("b", "is encrypted"), ("c", "1 page without text"), ("d", "not a whole PDF file")):
        assert message in str(names(tmp_path / f"{name}.pdf")[1].failures[0])


# ---- compression


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
@pytest.mark.parametrize("name", ["a.txt", "a.csv", "a.jsonl", "a.html", "a.conll"])
def test_packed_files(tmp_path: Path, name: str, suffix: str) -> None:
    if name == "a.html":
        pytest.importorskip("selectolax")
    data = {"a.csv": "text\nto Ada\n", "a.jsonl": '{"text": "to Ada"}\n', "a.conll": "to\nAda\n"}.get(name, "to Ada")
    path = tmp_path / (name + suffix)
    with pa.output_stream(path, compression="gzip" if suffix == ".gz" else "zstd") as stream:
        stream.write(data.encode())
    assert names(tmp_path)[0] == ["Ada"]
    path.write_bytes(path.read_bytes()[:-4])
    assert "damaged or cut short" in str(names(path)[1].failures[0])
    path.write_bytes(b"no such file at all")
    assert "damaged or cut short" in str(names(path)[1].failures[0])


# ---- tables of texts


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.tsv", "id\ttext\n1\tto Ada Byron\n2\tand Eve\n"),
        ("a.csv", "id;Body;date\n1;to Ada Byron;x\n2;and Eve;y\n"),
        ("a.csv", 'id,text\n1,"to Ada Byron"\n2,and Eve\n'),
        ("a.csv", "id\tmessage\n1\tto Ada Byron\n2\tand Eve\n"),
        ("a.jsonl", '{"id": 1, "content": "to Ada Byron"}\n{"id": 2, "content": "and Eve"}\n'),
        ("a.json", '[{"id": 1, "text": "to Ada Byron"},\n {"id": 2, "text": "and Eve"}]'),
        ("a.json", '{\n "id": 1,\n "text": "to Ada Byron"\n}\n{\n "id": 2, "text": "and Eve"}\n'),
        ("a.json", '[{"id": 1, "data": {"text": "to Ada Byron"}}, {"id": 2, "data": {"text": "and Eve"}}]'),
    ],
)
def test_a_table_is_read_as_a_table(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content, "utf-8")
    for path in (tmp_path / name, tmp_path):  # named itself, and in a folder
        output, report = to_stream(RuleTagger(), [path])
        found = [(record["id"], record["text"], len(record["spans"])) for record in records(output)]
        assert found == [("1", "to Ada Byron", 1), ("2", "and Eve", 1)]
        assert report.failures == []


def test_columns_of_tokens_in_tsv_stay_columns(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("Ada\tB-PER\nruns\tO\n\nEve\tB-PER\n")
    (record,) = records(to_stream(RuleTagger(), [tmp_path / "a.tsv"])[0])
    assert (record["tokens"], record["sentences"]) == (["Ada", "runs", "Eve"], [[0, 2], [2, 3]])


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "a.tsv",
            "id\tnote\n1\tto Ada\n",
            r"a\.tsv: no column is called like a text .columns: id, note.; name it, --text-column NAME$",
        ),
        (
            "a.csv",
            "id,note\n1,to Ada\n",
            r"a\.csv: no column is called like a text \(columns: id, note\); name it, --text-column NAME$",
        ),
        (
            "a.csv",
            "text,body\nto Ada,to Eve\n",
            r"a\.csv: text and body may each be the text; name it, --text-column text$",
        ),
        (
            "a.jsonl",
            '{"body": "x", "message": null}\n',
            r"a\.jsonl:1: body and message may each be the text; name it, --text-column body$",
        ),
        (
            "a.json",
            '{"note": "x"}',
            r"a\.json:1: no column is called like a text .columns: note.; name it, --text-column NAME$",
        ),
    ],
)
def test_where_it_is_unclear_the_column_is_asked_for(tmp_path: Path, name: str, content: str, message: str) -> None:
    (tmp_path / name).write_text(content)
    (error,) = names(tmp_path / name)[1].failures
    with pytest.raises(CorpusError, match=message):
        raise error
    (tmp_path / "other.txt").write_text("by Ada")
    found, report = names(tmp_path)  # among other files of a folder it is left out and named
    assert (found, report.failures, report.files) == (["Ada"], [], 1)
    assert [name in line for line in report.tally.no_text] == [True]
    column = "body" if "body" in content else "note"
    assert names(tmp_path / name, text_column=column)[1].failures == []


def test_a_text_column_where_there_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("to Ada")
    (tmp_path / "a.conll").write_text("to\nAda\n")
    (tmp_path / "a.csv").write_text("id,note\n1,to Ada\n")
    for name in ("a.txt", "a.conll"):
        with pytest.raises(ConfigError, match=f"{name}: --text-column note is of no use"):
            names(tmp_path / name, text_column="note")
    assert names(tmp_path, text_column="note")[0] == ["Ada", "Ada", "Ada"]
    (error,) = names(tmp_path / "a.csv", text_column="nonsense")[1].failures
    assert "no column 'nonsense'; there are: id, note" in str(error)


def test_null_texts_are_empty_documents(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "to Ada"}\n{"text": null}\n{"id": 3}\n{"text": "Eve"}\n')
    (tmp_path / "b.json").write_text('[{"text": "to Ada"}, {"text": null}, {"id": 3}, {"text": "Eve"}]')
    table = pa.table({"text": ["to Ada", None, None, "Eve"], "year": [1, 2, 3, 4]})
    pq.write_table(table, tmp_path / "c.parquet")
    with pa.ipc.new_stream(tmp_path / "d.arrow", table.schema) as stream:
        stream.write_table(table)
    for path in sorted(tmp_path.iterdir()):
        found, report = names(path)
        assert (found, report.documents, report.tally.empty, report.failures) == (["Ada", "Eve"], 4, {str(path): 2}, [])
    tag_files(RuleTagger(), [tmp_path / "c.parquet"], output=tmp_path / "out", format="parquet")
    assert pq.read_table(tmp_path / "out" / "c.parquet.parquet")["year"].to_pylist() == [1, 2, 3, 4]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_inside_cells_are_lines_of_the_file(tmp_path: Path, end: str) -> None:
    rows = ["id,note,text,more", '1,"a', 'b","to', "Ada", 'and to Eve",x', '2,c,"to Zoe","d', 'e"', "3,f,to Liz,", ""]
    (tmp_path / "a.csv").write_text(end.join(rows), "utf-8", newline="")
    found, _ = to_stream(RuleTagger(), [tmp_path / "a.csv"], format="entities")
    for row in map(json.loads, found.splitlines()):
        assert row["text"] in rows[row["line"] - 1]
    assert len(found.splitlines()) == 4


def test_sheets_of_workbooks(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    pytest.importorskip("python_calamine")
    book = openpyxl.Workbook()
    for row in (["ID", "Text"], [1, "to Ada"], [None, None], [2, None], [3, 4.0]):
        book.active.append(row)
    book.create_sheet("odd").append(["x", "y"])
    book.create_sheet("blank")
    book.save(tmp_path / "a.xlsx")
    output, report = to_stream(RuleTagger(), [tmp_path / "a.xlsx"])
    assert [(record["id"], record["text"]) for record in records(output)] == [
        *(("Sheet!1", "to Ada"), ("Sheet!2", ""), ("Sheet!3", "4")),
    ]
    assert (report.tally.empty.total(), ["sheet 'odd'" in line for line in report.tally.no_text]) == (1, [True])
    rows, _ = to_stream(RuleTagger(), [tmp_path / "a.xlsx"], format="entities")
    assert json.loads(rows)["line"] == 2
    for title, name in (("2023", "Eve"), ("2024", "Zoe")):
        sheet = book.create_sheet(title)
        sheet.append(["text"])
        sheet.append([f"to {name}"])
    book.save(tmp_path / "a.xlsx")
    rows, _ = to_stream(RuleTagger(), [tmp_path / "a.xlsx"], format="entities")
    found = [json.loads(row) for row in rows.splitlines()]
    assert [(row["document"], row["line"], row["text"]) for row in found] == [
        *(("Sheet!1", 2, "Ada"), ("2023", 2, "Eve"), ("2024", 2, "Zoe")),
    ]
    for title in book.sheetnames[1:]:
        del book[title]
    book.save(tmp_path / "one.xlsx")
    assert [record["id"] for record in records(to_stream(RuleTagger(), [tmp_path / "one.xlsx"])[0])] == ["1", "2", "3"]
    (tmp_path / "b.xlsx").write_bytes((tmp_path / "a.xlsx").read_bytes()[:-200])
    message = str(names(tmp_path / "b.xlsx")[1].failures[0])
    assert re.fullmatch(r"\S+b\.xlsx: not a whole spreadsheet: \S+( \S+)+", message), "words behind single blanks"


@pytest.mark.parametrize(
    "record", ['{"id": "\\ud800", "text": "Ada"}', '{"text": "Ada", "\\uDC00x": 1}', '{"text": "a\\ud83d"}']
)
def test_half_characters_are_refused_with_their_line(tmp_path: Path, record: str) -> None:
    whole = '{"text": "Eve \\ud83d\\ude00"}'
    (tmp_path / "a.txt").write_text("to Bob")
    (tmp_path / "b.jsonl").write_text(f"{whole}\n{record}\n")
    (tmp_path / "c.txt").write_text("to Cy")
    found, report = names(tmp_path)
    assert found == ["Bob", "Eve", "Cy"]
    (error,) = report.failures
    assert str(error).startswith(f"{tmp_path / 'b.jsonl'}:2: ")
    assert "is half a character" in str(error)


# ---- where a fault lies in one character


def test_a_first_token_with_a_byte_order_mark_comes_back(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("\ufeff\ufeffAda runs", "utf-8")
    tag_files(RuleTagger(tasks=("ner",)), [tmp_path / "a.txt"], output=tmp_path / "out", format="conll")
    written = read_corpus(tmp_path / "out" / "a.txt.conll", {"ner": -1})
    (plain,) = records(to_stream(RuleTagger(), [tmp_path / "a.txt"])[0])
    assert plain["tokens"][0].startswith("\ufeff")
    assert [document.words for document in written] == [plain["tokens"]]


def test_an_empty_word_is_refused(tagger: Tagger) -> None:
    for words in ([""], ["Ada", ""], [["Ada"], ["runs", ""]], Document.from_words(["Ada", ""])):
        with pytest.raises(TaggerError, match="is empty"):
            tagger(words)
    for words in (["\ud800"], [["Ada", "x\udfff"]], Document.from_words(["\ud800"])):
        with pytest.raises(TaggerError, match="half a character"):
            tagger(words)
    assert tagger([]).words == []


# ---- what is given


def test_patterns_the_shell_left_are_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("b.txt", "a.txt", "sub/c.txt", "[x].txt"):
        (tmp_path / name).write_text("Ada")
    monkeypatch.chdir(tmp_path)
    for pattern, count in (("?.txt", 2), ("**/*.txt", 4), ("[x].txt", 1), (f"{tmp_path}/*.txt", 3)):
        assert to_stream(RuleTagger(), [Path(pattern)])[1].files == count
    with pytest.raises(CorpusError, match=r"^\*\.csv: no file matches this pattern; check it$"):
        to_stream(RuleTagger(), [Path("*.csv")])


def test_an_empty_input_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"^an input is empty; name a file or a folder \(\. is the current one\)$"):
        tag_files(RuleTagger(), [""], stream=io.StringIO())


def test_an_input_format_is_that_of_the_whole_folder(tmp_path: Path) -> None:
    (tmp_path / "a.part1").write_text("Ada")
    (tmp_path / "b").write_text("Bob")
    assert names(tmp_path, input_format="text")[0] == ["Ada", "Bob"]


def test_what_is_left_out_is_named_by_suffix(model_folder: Path, tmp_path: Path) -> None:
    for name in ("a.txt", "b.jpg", "c.JPG", "d.zip.gz", "e"):
        (tmp_path / name).write_text("Ada")
    with zipfile.ZipFile(tmp_path / "f.zip", "w"):
        pass
    result = run("predict", tmp_path, "--model", model_folder)
    assert "note: 5 files of other kinds left out (2 .jpg, 2 .zip, 1 without a suffix)" in result.stderr
    assert result.exit_code == 0


def test_pairs_of_a_text_and_its_annotation_are_texts(tmp_path: Path) -> None:
    """As spaCy 2 was trained on."""
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps([PROSE, {"entities": [[3, 12, "PER"]]}]) + "\n")
    assert texts(path) == [PROSE]


def test_a_table_may_be_named_as_one(tmp_path: Path) -> None:
    path = tmp_path / "a.out"
    path.write_text(f"id;text\n1;{PROSE}\n2;\n")
    found, report = names(path, input_format="table")
    assert (found, report.tally.empty) == (["Ada Byron", "London"], {str(path): 1})


# ---- UTF-16 without its mark, encodings of pages, XHTML


@pytest.mark.parametrize(
    "suffix", ["txt", "md", "csv", "tsv", "jsonl", "json", "log", "srt", "html", "conll", "conllu"]
)
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_its_mark_is_refused(suffix: str, encoding: str, tmp_path: Path) -> None:
    if suffix == "html":
        pytest.importorskip("selectolax")
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(f"text\n{PROSE}\n".encode(encoding))
    found, report = names(path)
    assert found == []
    (error,) = report.failures
    assert str(error).startswith(f"{path}: is {encoding.upper()} without a byte order mark; add --encoding {encoding}")


VOID = "area base br col embed hr img input link meta param source track wbr"
OTHERS = "script style title textarea iframe noscript template svg select object canvas div p a i span video"


@pytest.mark.parametrize("name", f"{VOID} {OTHERS}".split())
@pytest.mark.parametrize("attributes", ["", ' src="a/b>c"', " title='a/' class=\"b\" "])
def test_an_empty_element_of_xhtml_hides_nothing(tmp_path: Path, name: str, attributes: str) -> None:
    """What is read is what a reader of XML finds."""
    pytest.importorskip("selectolax")
    body = f"<body>to <{name}{attributes}/>Ada<p>by <{name}{attributes}/><b/>Bob</p></body>"
    page = f'<html xmlns="http://www.w3.org/1999/xhtml"><head><{name}{attributes}/></head>{body}</html>'
    words = "".join(ElementTree.fromstring(page).itertext()).replace("by", " by").split()
    begin = '<?xml version="1.0"?>\n<!DOCTYPE html>\n'
    for path, data in (("a.xhtml", page), ("b.html", page), ("c.htm", begin + page), ("d.xhtml", body)):
        (tmp_path / path).write_text(data, "utf-8")
        (text,) = texts(tmp_path / path)
        assert "".join(text.split()) == "".join(words), path


def test_sections_and_comments_of_xhtml(tmp_path: Path) -> None:
    pytest.importorskip("selectolax")
    path = tmp_path / "a.xhtml"
    for body, expected in (
        ("<p><![CDATA[to <Ada> & Bob]]> on</p>", "to <Ada> & Bob on\n"),
        ("<script>//<![CDATA[\nif (a<b/>c) '</p>'\n//]]></script>to Ada", "to Ada\n"),
        ("<!-- <script/> <![CDATA[ -->to Ada<!-- ]]> -->", "to Ada\n"),
        ("<script>x = '<![CDATA['</script>to Ada<script>y = ']]>'</script>", "to Ada\n"),
        ("<script>x = '<![CDATA['</script>to Ada", "to Ada\n"),
        ("<p>it's <i/>5 < 6 to Ada", "it's 5 < 6 to Ada\n"),
    ):
        path.write_text(body, "utf-8")
        assert texts(path) == [expected], body


@pytest.mark.parametrize("piece", ["<a \"'", "<!--", "<![CDATA[", "<a ", "<a '", "<a/", "<html "])
def test_a_damaged_page_of_xhtml_takes_no_time(tmp_path: Path, piece: str) -> None:
    pytest.importorskip("selectolax")
    path = tmp_path / "a.xhtml"
    path.write_text(piece * 50_000, "utf-8")  # looked through from each piece to the end, it would not finish
    texts(path)


def test_the_package_that_html_needs_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "selectolax.lexbor", None)
    with pytest.raises(ConfigError) as caught:
        visible_text("<p>Ada</p>", Tally())
    assert str(caught.value) == "HTML needs selectolax: pip install 'bilstm-tagger[documents]'"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_offsets_count_behind_a_byte_order_mark(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("to Ada\r\nByron", encoding, newline="")
    (record,) = records(to_stream(RuleTagger(), [tmp_path / "a.txt"])[0])
    with open(tmp_path / "a.txt", encoding=encoding, newline="") as stream:
        text = stream.read()
    assert record["text"] == text
    assert [text[start:end] for start, end in zip(record["start_char"], record["end_char"], strict=True)] == [
        "to", "Ada", "Byron",
    ]  # fmt: skip
