"""Raised marks of notes: left out of pages and Word documents, but not what is raised in words and formulas."""

from __future__ import annotations

import pytest

from bilstm_tagger.files.html_text import visible_text
from bilstm_tagger.files.source import Tally


def shown(page: str) -> tuple[str, int, int]:
    """The text of a page, the number of marks left out, and that of readings."""
    pytest.importorskip("selectolax")
    tally = Tally()
    text = visible_text(page, tally, "a.html")
    return text.removesuffix("\n"), tally.unread["marks"]["a.html"], tally.unread["readings"]["a.html"]


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("Ada Byron<sup>1</sup> met", "Ada Byron met"),
        ("Ada Byron<sup>1, 2</sup> met", "Ada Byron met"),
        ("Ada Byron <sup>12</sup> met", "Ada Byron met"),
        ("Ada Byron<sup>[1]</sup> met", "Ada Byron met"),
        ("Ada Byron<sup>[<i>who?</i>]</sup> met", "Ada Byron met"),
        ("Ada Byron<sup><a href='#1'>[<b>1</b>]</a></sup> met", "Ada Byron met"),
        ("Ada Byron<sup>(a)</sup> met", "Ada Byron met"),
        ("Ada Byron<sup>[1]\u2013[4], [6]</sup> met", "Ada Byron met"),
        ("Ada Byron<sup>*</sup> met", "Ada Byron met"),
        ("Ada Byron<sup>a,*</sup> met", "Ada Byron met"),
        ("Ada Byron<sup><a href='#a'>a</a></sup> met", "Ada Byron met"),
        ("Ada Byron<a href='#a'><sup>a</sup></a> met", "Ada Byron met"),
        ("in 1990<a href='#3'><sup>3</sup></a> she", "in 1990 she"),
        ("Ada Byron<sub>[1]</sub> met", "Ada Byron met"),
        ("by Ada<sup>1</sup>, Bob<sup>2</sup>.<sup>3</sup> Then", "by Ada, Bob. Then"),
        ("Ada<sup>1,</sup> Bob", "Ada, Bob"),
        ("Ada<sup>1</sup>Bob", "Ada Bob"),
        ("Ada<sup>1 </sup>(Bob)", "Ada (Bob)"),
        ("<sup>1</sup>University of Leeds", "University of Leeds"),
        ("Apple<sup>TM</sup> and", "Apple and"),
        ("<p>Ada<sup>1</sup></p><p>Bob", "Ada\nBob"),
    ],
)
def test_a_mark_is_no_part_of_the_name_before_it(page: str, text: str) -> None:
    found, marks, _ = shown(page)
    assert (found, marks) == (text, page.count("</sup>") + page.count("</sub>"))


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("M<sup>me</sup> Curie, 1<sup>st</sup>, the XX<sup>e</sup>", "Mme Curie, 1st, the XXe"),
        ("10<sup>6</sup> m<sup>2</sup>, 5 km<sup>2</sup>", "106 m2, 5 km2"),
        ("cm<sup>-1</sup>, E=mc<sup>2</sup>, X<sup>2</sup>", "cm-1, E=mc2, X2"),
        ("H<sub>2</sub>O", "H2O"),
        ("Ada <sup>by Bob, [1] and others</sup>", "Ada by Bob, [1] and others"),
        ("Ada<sup></sup> Bob<sup> </sup>Cy", "Ada Bob Cy"),
    ],
)
def test_what_is_raised_in_words_and_formulas_stays(page: str, text: str) -> None:
    assert shown(page) == (text, 0, 0)


def test_readings_of_characters_are_left_out() -> None:
    page = "<ruby>Tony<rp>(</rp><rt>t</rt><rp>)</rp></ruby> Blair, <ruby>東<rt>とう</rt>京<rt>きょう</ruby>"
    assert shown(page) == ("Tony Blair, 東京", 0, 3)


@pytest.mark.parametrize(
    "mark", ["1" * 40, "[1]" * 20 + "x", "a," * 40, "*" * 70, "[" * 79, "1 " * 30 + "a", "[1]-" * 19 + "x", " " * 79]
)
def test_long_marks_take_no_time(mark: str) -> None:
    assert "Ada" in shown(f"Ada<sup>{mark}</sup>")[0]
