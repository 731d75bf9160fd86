"""Lines of PDF pages: what stands on one base line is one line, wide gaps in it are three blanks."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

pypdf = pytest.importorskip("pypdf")
from pypdf.generic import (  # noqa: E402
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    NameObject,
    NumberObject,
)

from bilstm_tagger.files import pdf_lines  # noqa: E402
from bilstm_tagger.files.office_text import read_pdf  # noqa: E402
from bilstm_tagger.files.pdf_fonts import fonts_of  # noqa: E402
from bilstm_tagger.files.pdf_lines import page_text  # noqa: E402
from bilstm_tagger.files.source import Tally, Unread  # noqa: E402

WIDTHS = " ".join(["250", *["500"] * 94])
SPREAD = "Ada Eve   Oslo"
FONTS = {
    "F1": "<< /Type /Font /Subtype /Type1 /BaseFont /Times-Roman >>",
    "F2": "<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>",
    "F3": f"<< /Type /Font /Subtype /TrueType /BaseFont /Any /FirstChar 32 /LastChar 126 /Widths [{WIDTHS}] >>",
}


def pdf(drawn: str) -> BytesIO:
    """A file with one page that draws this, in a form that is read without a table of objects."""
    fonts = " ".join(f"/{name} {font}" for name, font in FONTS.items())
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 /MediaBox [0 0 600 800] >>",
        f"<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Resources << /Font << {fonts} >> >> >>",
        f"<< /Length {len(drawn.encode('latin-1'))} >>\nstream\n{drawn}\nendstream",
    ]
    body, places = "%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(body))
        body += f"{number} 0 obj\n{each}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    body += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer << /Size 5 /Root 1 0 R >>\n"
    return BytesIO((body + f"startxref\n{body.index('xref')}\n%%EOF\n").encode("latin-1"))


def text(drawn: str) -> str:
    (page,) = pypdf.PdfReader(pdf(drawn)).pages
    before = page.raw_get("/Contents")
    found = page_text(page)
    assert page.raw_get("/Contents") == before  # what was changed is not kept in memory
    assert found.has_lines
    return found.text


def shown(*words: tuple[float, str], font: str = "F1", y: float = 700) -> str:
    """Each of these as a text object, as canvases draw strings: it moves on to the next line behind it."""
    return "".join(f"BT /{font} 10 Tf 12 TL 1 0 0 1 {x} {y} Tm ({word}) Tj T* ET\n" for x, word in words)


def mark(x: float, text: str, y: float) -> str:
    """A text object in a smaller font."""
    return f"BT /F3 6 Tf 12 TL 1 0 0 1 {x} {y} Tm ({text}) Tj T* ET\n"


@pytest.mark.parametrize(
    ("drawn", "expected"),
    [
        (shown((50, "met "), (67, "Ada "), (85, "Byron")), "met Ada Byron"),
        (shown((50, "met"), (67, "Ada"), (85, "Byron")), "met Ada Byron"),
        (shown((50, "Ada Byron"), (200, "Oslo"), (400, "Cy")), "Ada Byron   Oslo   Cy"),
        (shown((50, "Ada"), font="F2") + shown((74, "Byron"), (140, "Oslo"), font="F3"), "Ada Byron   Oslo"),
        (shown((50, "Ada")) + shown((50, "Byron"), y=688), "Ada\nByron"),
        # One text object, moved by Tm, Td and TD, with a scale and a matrix of the page.
        ("BT /F3 10 Tf 1 0 0 1 50 700 Tm (Ada) Tj 1 0 0 1 200 700 Tm (Oslo) Tj ET", "Ada   Oslo"),
        ("BT /F3 10 Tf 50 700 Td (Ada) Tj 18 0 Td (Byron) Tj 90 0 Td (Oslo) Tj ET", "Ada Byron   Oslo"),
        ("BT /F3 10 Tf 50 700 Td (Ada) Tj 90 0 TD (Oslo) Tj 0 -12 TD (Eve) Tj 0 -12 TD ET", "Ada   Oslo\nEve"),
        ("q 2 0 0 2 9 9 cm BT /F3 1 Tf 5 0 0 5 9 200 Tm (Ada) Tj 1.8 0 Td (Eve) Tj 9 0 Td (Oslo) Tj ET Q", SPREAD),
        ("BT /F3 10 Tf 50 700 Td [(Ada) -250 (Eve) -3000 (Oslo)] TJ ET", SPREAD),
        ("BT /F3 10 Tf 50 700 Td [(A) 20 (da) -250 (Eve)] TJ 90 0 Td (Oslo) Tj ET", SPREAD),
        ("BT /F3 10 Tf 12 TL 50 700 Td (Ada) Tj (Eve) ' 90 0 Td (Oslo) Tj ET", "Ada\nEve   Oslo"),
        # Spaced letters and words, and a font that is narrower, are as wide as they are.
        ("BT /F3 10 Tf 50 700 Td 10 Tc (Ada) Tj 47 0 Td (Eve) Tj ET", "Ada Eve"),
        ("BT /F3 10 Tf 50 700 Td 30 Tw (A a) Tj 46 0 Td (Eve) Tj ET", "A a Eve"),
        ("BT /F3 10 Tf 50 700 Td 50 Tz (Ada) Tj 27.5 0 Td (Oslo) Tj ET", "Ada   Oslo"),
        # Turned by a quarter.
        ("BT /F3 10 Tf 0 1 -1 0 50 100 Tm (Ada) Tj 18 0 Td (Eve) Tj 99 0 Td (Oslo) Tj ET", SPREAD),
        # A line that is justified.
        ("BT /F3 10 Tf 50 700 Td (Ada) Tj 27 0 Td (met) Tj 27 0 Td (Eve) Tj 27 0 Td (Cy) Tj ET", "Ada met Eve Cy"),
        # A superscript, and text drawn twice.
        ("BT /F3 10 Tf 50 700 Td (Ada) Tj 15 2.5 Td (1) Tj ET", "Ada1"),
        # Text of no width.
        ("BT /F3 10 Tf 0 0 0 1 9 9 Tm (a) Tj ET " + shown((50, "Ada"), (140, "Oslo"), font="F3"), "a \nAda   Oslo"),
        # Objects drawn over each other are words of their own.
        ("BT 4 Tc ET\n" + shown((50, "Barack"), (70, "Obama"), font="F3"), "Barack Obama"),
    ],
)  # fmt: skip
def test_lines(drawn: str, expected: str) -> None:
    assert text(drawn).strip() == expected


@pytest.mark.parametrize(
    ("drawn", "expected"),
    [
        # An amount or a number of the page first, then what stands left of it.
        (shown((360, "1,200.00"), (50, "Ada Byron")), "1,200.00\nAda Byron"),
        (shown((360, "12"), (50, "Ada"), (67.5, "Byron"), font="F3"), "12\nAda Byron"),
        (shown((90, "Eve"), (70, "Ada"), (50, "Oslo")), "Eve\nAda\nOslo"),
        ("BT /F3 10 Tf 1 0 0 1 360 700 Tm (12) Tj 1 0 0 1 50 700 Tm (Ada) Tj ET", "12\nAda"),
        # An accent, which moves back a little, in one text object.
        ("BT /F3 10 Tf 50 700 Td (Zo) Tj -1 0 Td (e) Tj ET", "Zoe"),
        # As if in bold, or with a shadow.
        (
            shown((50, "Ada Byron"), (50.3, "Ada Byron"), (50.6, "Ada Byron"), (140, "Oslo"), font="F3"),
            "Ada Byron   Oslo",
        ),
        (
            shown((50, "Ada Byron"), y=700) + shown((50.5, "Ada Byron"), y=699) + shown((50, "Eve"), y=680),
            "Ada Byron\nEve",
        ),
        (shown((50, "Ada Byron"), (50.3, "Eve Byron"), font="F3"), "Ada Byron\nEve Byron"),
        (shown((50, "Ada"), (50, "Ada"), (68, "Byron"), font="F3"), "Ada Byron"),
        (shown((50, "ll"), (60, "ll"), font="F3"), "llll"),
        # Marks of notes, raised, small or not; raised letters and lowered figures belong to the word.
        (shown((50, "Ada Byron")) + mark(94.5, "1", 704) + shown((100, "met Eve")), "Ada Byron 1 met Eve"),
        (shown((50, "Ada"), font="F3") + mark(65, "*", 702), "Ada *"),
        (shown((50, "Ada"), font="F3") + shown((65, "1"), font="F3", y=703.5), "Ada 1"),
        (shown((50, "the 2"), font="F3") + mark(73, "nd", 704), "the 2nd"),
        (shown((50, "H"), font="F3") + mark(55, "2", 697) + shown((58, "O"), font="F3"), "H2O"),
    ],
)
def test_text_left_of_drawn_again_over_or_raised_beside_other(drawn: str, expected: str) -> None:
    assert re.sub(" +(?=\n)", "", text(drawn)) == expected


def line_of(words: str, y: int, *, blank: str = " ", width: int = 200) -> str:
    """Words in F3, spread to this width by moves in an array of texts, in one text object."""
    items = words.split()
    extra = (width - 5 * sum(map(len, items)) - 2.5 * len(blank) * (len(items) - 1)) / max(1, len(items) - 1)
    array = f" {-100 * extra} ".join(f"({item}{blank if item is not items[-1] else ''})" for item in items)
    return f"BT /F3 10 Tf 1 0 0 1 50 {y} Tm [{array}] TJ ET\n"


@pytest.mark.parametrize("blank", [" ", ""])
def test_justified_lines_as_wide_as_those_around_have_no_cells(blank: str) -> None:
    lines = ["Internationally acknowledged", "representatives of Saint", "Eve University", "as title rivals Oslo,"]
    drawn = "".join(line_of(line, 700 - 12 * at, blank=blank) for at, line in enumerate(lines))
    assert text(drawn).split("\n") == lines
    rows = [shown((50, "Ada"), (200, "1.50"), font="F3", y=700 - 12 * at) for at in range(4)]
    assert text("".join(rows)) == "\n".join(["Ada   1.50"] * 4)
    rows = [shown((50, "GER"), (85, "FRA"), (120, "ITA"), font="F3", y=700 - 12 * at) for at in range(4)]
    assert text("".join(rows)) == "\n".join(["GER   FRA   ITA"] * 4)


def test_a_form_is_read_and_ends_a_line(tmp_path: Path) -> None:
    """Text of forms inside of a page is pypdf's."""
    writer = pypdf.PdfWriter(pdf(shown((50, "Ada")) + "/X Do\n" + shown((90, "Eve"))))
    page = writer.pages[0]
    form = DecodedStreamObject()
    form.set_data(b"BT /F1 10 Tf 70 700 Td (by) Tj ET")
    form.update({
        NameObject("/Type"): NameObject("/XObject"), NameObject("/Subtype"): NameObject("/Form"),
        NameObject("/Resources"): page["/Resources"],
    })  # fmt: skip
    page["/Resources"][NameObject("/XObject")] = DictionaryObject({NameObject("/X"): writer._add_object(form)})
    writer.write(tmp_path / "a.pdf")
    assert read_pdf(tmp_path / "a.pdf", Tally()).split() == ["Ada", "by", "Eve"]


OPERATIONS = (
    "BT|ET|q|Q|/F1 9 Tf|/F3 Tf|Tf|(a) Tj|Tj|[(a) -2000 (b)] TJ|[] TJ|1 Tj|T*|Td|50 0 Td|0 -9 TD|1 0 0 1 9 9 Tm|1 Tm|"
    '0 0 0 0 0 0 Tm|2 0 0 2 0 0 cm|/N cm|5 Tc|5 Tw|0 Tz|9 TL|(c) \'|1 2 (d) "|(e) "|/X Do|Do'
)


@given(st.lists(st.sampled_from(OPERATIONS.split("|")), max_size=15).map(" ".join))
def test_odd_operations_lose_no_text(drawn: str) -> None:
    (page,) = pypdf.PdfReader(pdf(drawn)).pages
    expected = page.extract_text()
    assert "".join(page_text(page).text.split()) == "".join(expected.split())


@pytest.mark.parametrize("odd", ["(Ada) Tf", "1 TJ", "1 Tm", "Td", "/N cm"])
def test_a_page_with_odd_operands_is_counted(tmp_path: Path, odd: str) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf(f"BT {odd} ET " + shown((50, "Ada"))).getvalue())
    tally = Tally()
    read_pdf(path, tally)
    assert tally.unread == {Unread.LAYOUTS: {str(path): 1}}


def test_a_fault_of_this_package_is_not_taken_for_an_odd_page(monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(pdf_lines._Page, "_measure", fault)
    with pytest.raises(ZeroDivisionError):
        text(shown((50, "Ada")))


def test_fonts_that_list_codes_below_0_take_no_memory() -> None:
    inside = DictionaryObject({NameObject("/W"): ArrayObject(map(NumberObject, (-(10**6), 5, 500)))})
    font = DictionaryObject({NameObject("/Subtype"): NameObject("/Type0")})
    font[NameObject("/DescendantFonts")] = ArrayObject([inside])
    widths = fonts_of({"/Resources": {"/Font": {"/F": font}}})("/F").widths
    assert widths == dict.fromkeys(range(6), 0.5)


def test_ranges_of_a_font_that_go_over_each_other_end() -> None:
    inside = DictionaryObject({NameObject("/W"): ArrayObject(map(NumberObject, (0, 10**6, 500) * 10**5))})
    font = DictionaryObject({NameObject("/Subtype"): NameObject("/Type0")})
    font[NameObject("/DescendantFonts")] = ArrayObject([inside])
    assert len(fonts_of({"/Resources": {"/Font": {"/F": font}}})("/F").widths) == 0x10000


def test_the_code_of_the_blank_in_a_wide_font() -> None:
    font = DictionaryObject({NameObject("/Subtype"): NameObject("/Type0")})
    font[NameObject("/DescendantFonts")] = ArrayObject([DictionaryObject()])
    assert fonts_of({"/Resources": {"/Font": {"/F": font}}})("/F").blank == b"\0 "
    for line in (b"<0003> <0020>", b"<0003> <005F> <0020>"):
        table = DecodedStreamObject()
        table.set_data(b"1 beginbfchar\n" + line + b"\nendbfchar")
        font[NameObject("/ToUnicode")] = table
        assert fonts_of({"/Resources": {"/Font": {"/F": font}}})("/F").blank == b"\0\3"
