"""What is said of Word and PDF files that cannot be read: the file, and the reason in the words of the package."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bilstm_tagger.errors import ConfigError, CorpusError
from bilstm_tagger.files.office_text import read_docx, read_pdf
from bilstm_tagger.files.source import Tally

RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"  # ECMA-376, part 1, annex F
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


@pytest.mark.parametrize(("part", "read"), [
    ("header", True), ("footer", True), ("footnotes", True), ("endnotes", True), ("glossaryDocument", False),
])  # fmt: skip
def test_text_beside_the_body_of_a_word_document(tmp_path: Path, part: str, read: bool) -> None:
    docx = pytest.importorskip("docx")
    opc = pytest.importorskip("docx.opc.part")
    document = docx.Document()
    document.add_paragraph("to Ada")
    content = f'<w:{part} xmlns:w="{W}"><w:p><w:r><w:t>by Eve</w:t></w:r></w:p></w:{part}>'
    name = pytest.importorskip("docx.opc.packuri").PackURI(f"/word/{part}9.xml")
    beside = opc.Part(name, "application/xml", content.encode(), document.part.package)
    document.part.relate_to(beside, RELATIONS + part)
    document.save(tmp_path / "a.docx")
    assert read_docx(tmp_path / "a.docx", Tally()) == ("to Ada\nby Eve\n" if read else "to Ada\n")


READERS = {
    "a.docx": (read_docx, "docx", "Document", "not a whole .docx file", ".docx needs python-docx"),
    "a.pdf": (read_pdf, "pypdf", "PdfReader", "not a whole PDF file", ".pdf needs pypdf"),
}
each = pytest.mark.parametrize(
    ("name", "read", "package", "opens", "what", "needs"), [(k, *v) for k, v in READERS.items()]
)


@each
@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ValueError("an odd\n object"), "an odd object"),
        (RuntimeError("x" * 300), "x" * 200),
        (KeyError("word/document.xml"), "'word/document.xml'"),
        (AssertionError(), "AssertionError"),
    ],
)
def test_the_reason_is_told(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    read: Callable[[Path, Tally], str],
    package: str,
    opens: str,
    what: str,
    needs: str,
    error: Exception,
    reason: str,
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise error

    path = tmp_path / name
    path.write_bytes(b"any")
    monkeypatch.setattr(pytest.importorskip(package), opens, broken)
    with pytest.raises(CorpusError, match=f"^{re.escape(f'{path}: {what}: {reason}')}$"):
        read(path, Tally())


@each
def test_a_package_that_is_not_there_is_named(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    read: Callable[[Path, Tally], str],
    package: str,
    opens: str,
    what: str,
    needs: str,
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    path = tmp_path / name
    message = f"{path}: {needs}: pip install 'bilstm-tagger[documents]'"
    with pytest.raises(ConfigError, match=f"^{re.escape(message)}$"):
        read(path, Tally())


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["Charles Bab \u2010", "bage, of Leeds", "and"], "Charles Babbage,\nof Leeds\nand"),  # as Chromium prints it
        (["Charles Bab\u00ad", "bage", "and"], "Charles Babbage\nand"),
        (["Charles Bab\u00ad", "bage"], "Charles Babbage\n"),
        (["Mr Bab-", "bage and Babbage"], "Mr Babbage\nand Babbage"),
        (["a well-", "known man"], "a well-\nknown man"),
        (["the well\u2010known", "and a well\u2010", "known man"], "the well\u2010known\nand a well\u2010\nknown man"),
        (["by\u2010law Bab\u2010", "bage and Babbage"], "by\u2010law Babbage\nand Babbage"),
        (["by\u2010law, Bab\u00ad", "bage, of Leeds"], "by\u2010law, Babbage,\nof Leeds"),
        (["the re -", "port of it. The report is"], "the re -\nport of it. The report is"),
        (["by\u2010law the re \u2010", "port. The report"], "by\u2010law the re \u2010\nport. The report"),
        (["Anne\u2010", "Marie"], "Anne\u2010\nMarie"),
        (["Mr Bab-", "bage", "Babbage-", "like"], "Mr Babbage\nBabbage-\nlike"),
        (["1990 \u2010", "and so"], "1990 \u2010\nand so"),
        (["Wolver\u00ad", "hampton Wolver\u00ad", "hampton so"], "Wolverhampton\nWolverhampton\nso"),
    ],
)
def test_words_divided_at_line_ends_of_a_pdf_are_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: list[str], expected: str
) -> None:
    pypdf = pytest.importorskip("pypdf")
    writer = pypdf.PdfWriter()
    writer.add_blank_page(100, 100)
    writer.write(tmp_path / "a.pdf")
    monkeypatch.setattr(pypdf.PageObject, "extract_text", lambda page: "\n".join(lines))
    assert read_pdf(tmp_path / "a.pdf", Tally()) == expected
