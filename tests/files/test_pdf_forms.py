"""What is filled into PDF files, and what of them is counted since it is not read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bilstm_tagger.files.office_text import read_pdf
from bilstm_tagger.files.source import Tally

pypdf = pytest.importorskip("pypdf")
generic = pytest.importorskip("pypdf.generic")
HIGH, LOW = (0, 80, 9, 90), (0, 10, 9, 20)


def made(value: Any) -> Any:
    """A value of Python as an object of a PDF file; a text that begins with a slash is a name."""
    if isinstance(value, dict):
        return generic.DictionaryObject({generic.NameObject(f"/{key}"): made(each) for key, each in value.items()})
    if isinstance(value, (list, tuple)):
        return generic.ArrayObject(map(made, value))
    if isinstance(value, int):
        return generic.NumberObject(value)
    return (generic.NameObject if value.startswith("/") else generic.TextStringObject)(value)


def field(value: Any, place: tuple[int, ...] = HIGH, kind: str = "/Tx", **more: Any) -> dict[str, Any]:
    return {"Subtype": "/Widget", "FT": kind, "V": value, "Rect": place, **more}


def note(kind: str, text: str, **more: Any) -> dict[str, Any]:
    return {"Subtype": kind, "Contents": text, "Rect": HIGH, **more}


def read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, texts: list[str], annotations: Any = ()
) -> tuple[str, dict[str, int]]:
    """The text of a file with these texts on its pages and annotations on its first, and what is not read."""
    writer = pypdf.PdfWriter()
    for _ in texts:
        writer.add_blank_page(100, 100)
    writer.pages[0][generic.NameObject("/Annots")] = made(annotations)
    writer.write(tmp_path / "a.pdf")
    pages = iter(texts)
    monkeypatch.setattr(pypdf.PageObject, "extract_text", lambda page: next(pages))
    tally = Tally()
    text = read_pdf(tmp_path / "a.pdf", tally)
    return text, {what: counts[str(tmp_path / "a.pdf")] for what, counts in tally.unread.items()}


@pytest.mark.parametrize(
    ("annotations", "texts"),
    [
        ([field("Ada")], ["Ada"]),
        ([field("Bob", LOW), field("Ada")], ["Ada", "Bob"]),
        ([field("Bob", (50, 80, 90, 90)), field("Ada")], ["Ada", "Bob"]),
        ([field("Ada\rBob")], ["Ada\nBob"]),
        ([field("Ada", kind="/Ch")], ["Ada"]),
        ([field(["Ada", "Bob"], kind="/Ch")], ["Ada\nBob"]),
        ([{"Subtype": "/Widget", "Rect": HIGH, "Parent": {"Parent": {"FT": "/Tx", "V": "Ada"}}}], ["Ada"]),
        ([note("/FreeText", "Ada")], ["Ada"]),
        ([field("Ada", Rect=[])], ["Ada"]),
    ],
)
def test_what_is_filled_in_stands_behind_the_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, annotations: Any, texts: list[str]
) -> None:
    filled = "".join(f"\n\n{text}" for text in texts)
    assert read(tmp_path, monkeypatch, ["Name:", "More"], annotations) == (f"Name:{filled}\n\n\nMore", {})
    assert read(tmp_path, monkeypatch, [""], annotations) == (f"{filled[2:]}\n\n", {})  # a scanned form


@pytest.mark.parametrize(
    "annotations",
    [
        [field("Bob", F=2)],
        [field("Bob", F=32)],
        [field("Bob", Ff=1 << 13)],
        [field("/Yes", kind="/Btn")],
        [field("Bob", kind="/Sig")],
        [field("")],
        [note("/Link", "Bob"), note("/Popup", "Bob"), note("/Highlight", "")],
        [note("/Text", "Bob", F=2)],
        [5, "Bob"],
        "Bob",
        [field("Bob", FT=5)],
        [{"Subtype": []}],
    ],
)
def test_what_is_not_shown_or_damaged_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, annotations: Any
) -> None:
    assert read(tmp_path, monkeypatch, ["Name:"], annotations) == ("Name:", {})


def test_annotations_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    annotations = [note("/Text", "by Bob"), note("/Highlight", "by Bob")]
    assert read(tmp_path, monkeypatch, ["Name:"], annotations) == ("Name:", {"annotations": 2})


def test_pages_without_text_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(tmp_path, monkeypatch, ["to Ada", " \n", ""]) == ("to Ada\n \n\n", {"pages": 2})
