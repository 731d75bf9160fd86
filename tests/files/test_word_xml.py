"""Word documents as they stand after all changes: what is read of their XML, and what is counted instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from bilstm_tagger.files.office_text import read_docx
from bilstm_tagger.files.source import Tally, Unread

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
MC = "http://schemas.openxmlformats.org/markup-compatibility/2006"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
HIDDEN = "<w:rPr><w:vanish/></w:rPr>"
RAISED = '<w:rPr><w:vertAlign w:val="superscript"/></w:rPr>'


def run(text: str, properties: str = "") -> str:
    return f'<w:r>{properties}<w:t xml:space="preserve">{text}</w:t></w:r>'


def paragraph(*runs: str, end: str = "", style: str = "") -> str:
    named = f'<w:pStyle w:val="{style}"/>' if style else ""
    return f"<w:p><w:pPr>{named}<w:rPr>{end}</w:rPr></w:pPr>{''.join(runs)}</w:p>"


def box(*paragraphs: str) -> str:
    """A text box as Word writes it: for itself, and a second time for programs that do not know it."""
    content = f"<w:txbxContent>{''.join(paragraphs)}</w:txbxContent>"
    choice, fallback = (f"<mc:{name}><w:pict>{content}</w:pict></mc:{name}>" for name in ("Choice", "Fallback"))
    return f"<w:r><mc:AlternateContent>{choice}{fallback}</mc:AlternateContent></w:r>"


def styles(*inside: tuple[str, str, str]) -> str:
    return "".join(
        f'<w:style w:styleId="{name}"><w:basedOn w:val="{base}"/><w:rPr>{properties}</w:rPr></w:style>'
        for name, base, properties in inside
    )


STYLES = styles(
    ("Secret", "none", "<w:vanish/>"),
    ("Inner", "Secret", ""),
    ("Shown", "Secret", '<w:vanish w:val="0"/>'),
    ("Reference", "Loop", '<w:vertAlign w:val="superscript"/>'),
    ("Loop", "Loop", ""),
)


def read(tmp_path: Path, *body: str) -> tuple[str, Tally]:
    """The text of a document with these elements, and what is told of it."""
    docx = pytest.importorskip("docx")
    oxml = pytest.importorskip("docx.oxml")
    document = docx.Document()
    for element in oxml.parse_xml(f'<w:body xmlns:w="{W}" xmlns:mc="{MC}">{"".join(body)}</w:body>'):
        document.element.body.append(element)
    for style in oxml.parse_xml(f'<w:styles xmlns:w="{W}">{STYLES}</w:styles>'):
        document.styles.element.append(style)
    document.save(tmp_path / "a.docx")
    tally = Tally()
    return read_docx(tmp_path / "a.docx", tally), tally


def styled(name: str) -> str:
    return f'<w:rPr><w:rStyle w:val="{name}"/></w:rPr>'


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (paragraph(f"<w:moveFrom>{run('Bob')}</w:moveFrom>", run("Ada")), "Ada\n"),
        (paragraph(f"<w:moveTo>{run('Bob')}</w:moveTo><w:ins>{run(' Ada')}</w:ins>"), "Bob Ada\n"),
        (paragraph(run("Ada"), "<w:r><w:ptab/></w:r>", run("Bob")), "Ada\tBob\n"),
        (paragraph(run("a "), run("14", RAISED), run("C, Ada"), run("1", RAISED)), "a 14C, Ada\n"),
        (paragraph(run("Ada"), "<w:del><w:r><w:tab/><w:delText>Bob</w:delText></w:r></w:del>", run("h")), "Adah\n"),
        (paragraph(f"<w:del>{box(paragraph(run('Bob')))}</w:del>", run("Ada")), "Ada\n"),
        (paragraph(run("Ada "), end="<w:del/>") + paragraph(run("Byron")), "Ada Byron\n"),
        (paragraph(run("Ada "), end="<w:moveFrom/>") + paragraph(run("Byron")), "Ada Byron\n"),
        (paragraph(run("Ada "), end="<w:vanish/>") + paragraph(run("Byron")), "Ada Byron\n"),
        (
            paragraph(run("Ada "), end="<w:del/>") + '<w:bookmarkEnd w:id="1"/>' + paragraph(run("Byron")),
            "Ada Byron\n",
        ),
        (paragraph(run("Ada "), end="<w:ins/>") + paragraph(run("Byron")), "Ada \nByron\n"),
        (paragraph(run("Ada"), end="<w:del/>") + "<w:tbl><w:tr><w:tc><w:p/></w:tc></w:tr></w:tbl>", "Ada\n"),
        (
            f"<w:tbl><w:tr><w:tc>{paragraph(run('Ada'), end='<w:del/>')}</w:tc>"
            f"<w:tc>{paragraph(run('Bob'))}</w:tc></w:tr></w:tbl>",
            "Ada\nBob\n",
        ),
    ],
)
def test_what_is_deleted_or_moved_is_read_where_it_stands_now(tmp_path: Path, body: str, text: str) -> None:
    assert read(tmp_path, body)[0] == text


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (paragraph(run("Ada"), run("Bob", HIDDEN)), "Ada\n"),
        (paragraph(run("Ada"), run(" Byron", HIDDEN.replace("/>", ' w:val="0"/>', 1))), "Ada Byron\n"),
        (paragraph(run("Ada"), run("Bob", styled("Secret")), run("Cy", styled("Inner"))), "Ada\n"),
        (paragraph(run("Ada"), run(" Byron", styled("Shown"))), "Ada Byron\n"),
        (paragraph(run("Bob"), run("Ada", '<w:rPr><w:vanish w:val="false"/></w:rPr>'), style="Inner"), "Ada\n"),
        (paragraph(run("Bob"), style="Secret") + paragraph(run("Ada")), "Ada\n"),
    ],
)
def test_hidden_text_is_not_read(tmp_path: Path, body: str, text: str) -> None:
    assert read(tmp_path, body)[0] == text


def test_text_boxes_are_read_once_behind_their_paragraph(tmp_path: Path) -> None:
    inner = box(paragraph(run("Cy")), paragraph(run("Dee")))
    body = paragraph(run("Ada "), inner, end="<w:del/>") + paragraph(run("Byron")) + paragraph(run("Eve"))
    assert read(tmp_path, body)[0] == "Ada Byron\nCy\nDee\nEve\n"
    assert read(tmp_path, paragraph(run("Ada"), inner, end="<w:del/>"))[0] == "Ada\nCy\nDee\n"


@pytest.mark.parametrize("properties", [RAISED, styled("Reference")])
def test_raised_marks_are_left_out(tmp_path: Path, properties: str) -> None:
    marks = run("[", properties), run("1", properties), run("]", properties)
    text, tally = read(
        tmp_path,
        paragraph(run("Ada Byron"), run("12", properties), run(" met Bob"), *marks),
        paragraph(run("the 1"), run("st", properties), run(" of 5 km"), run("2", properties)),
    )
    assert (text, tally.unread[Unread.MARKS].total()) == ("Ada Byron met Bob\nthe 1st of 5 km2\n", 2)


def test_what_is_not_raised_is_no_mark(tmp_path: Path) -> None:
    lowered = RAISED.replace("superscript", "subscript")
    text, tally = read(tmp_path, paragraph(run("Ada"), run("1", lowered), run("2", styled("Loop"))))
    assert (text, tally.unread) == ("Ada12\n", {})


def test_readings_are_left_out(tmp_path: Path) -> None:
    ruby = f"<w:r><w:ruby><w:rt>{run('とう')}</w:rt><w:rubyBase>{run('東')}</w:rubyBase></w:ruby></w:r>"
    text, tally = read(tmp_path, paragraph(ruby, run("京")))
    assert (text, tally.unread["readings"].total()) == ("東京\n", 1)


@pytest.mark.parametrize(
    ("kind", "content", "what"),
    [
        ("comments", f"<w:comment>{paragraph(run('by Bob'))}</w:comment><w:comment/>", "comments"),
        ("chart", "", "embedded"),
        ("diagramData", "", "embedded"),
        ("aFChunk", "", "embedded"),
        ("oleObject", "", "embedded"),
        ("image", "", None),
    ],
)
def test_parts_that_are_not_read_are_counted(tmp_path: Path, kind: str, content: str, what: str | None) -> None:
    docx = pytest.importorskip("docx")
    opc = pytest.importorskip("docx.opc.part")
    document = docx.Document()
    document.add_paragraph("to Ada")
    name = pytest.importorskip("docx.opc.packuri").PackURI(f"/word/{kind}9.xml")
    blob = f'<w:{kind} xmlns:w="{W}">{content}</w:{kind}>'.encode()
    document.part.relate_to(opc.Part(name, "application/xml", blob, document.part.package), RELATIONS + kind)
    path = tmp_path / "a.docx"
    document.save(path)
    tally = Tally()
    assert read_docx(path, tally) == "to Ada\n"
    assert tally.unread == ({what: {str(path): 1}} if what else {})
