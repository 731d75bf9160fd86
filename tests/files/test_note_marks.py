"""Raised marks of notes: left out of pages and Word documents, but not what is raised in words and formulas."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from growth import grows_linearly

from bilstm_tagger.files.html_text import visible_text
from bilstm_tagger.files.notes import notes_of
from bilstm_tagger.files.source import Tally, Unread


def shown(page: str) -> tuple[str, int, int]:
    """The text of a page, the number of marks left out, and that of readings."""
    pytest.importorskip("selectolax")
    tally = Tally()
    text = visible_text(page, tally, "a.html")
    return text.removesuffix("\n"), tally.unread[Unread.MARKS]["a.html"], tally.unread[Unread.READINGS]["a.html"]


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
        ("Ada Byron<sup>[citation needed]</sup> met", "Ada Byron met"),
        ("Ada Byron<sup>[Note 1][Note 2]</sup> met", "Ada Byron met"),
        ("Ada Byron<sup>[II]</sup> met", "Ada Byron met"),
        ("Ada Byron<sup><a href='#n'>[Quelle fehlt]</a></sup> met", "Ada Byron met"),
        ("<p><sup>4</sup>He was a poet", "He was a poet"),
        ("<p>Ada</p> <p><sup>60</sup> I think<sup>99</sup>", "Ada\nI think"),
        ("Ada<sup>1</sup>/Bob<sup>14</sup>C", "Ada/Bob C"),
        ("Ada <sup>1</sup>/Bob", "Ada /Bob"),
        ("in 1990.<sup>12</sup> In 2019,<sup>13</sup> on May 5.<sup>3</sup>", "in 1990. In 2019, on May 5."),
        ("Merkel (CDU)<sup>2</sup> (CDU/CSU)<sup>2</sup> (2019)<sup>3</sup>", "Merkel (CDU) (CDU/CSU) (2019)"),
        ("the 27 members<sup>2</sup>, 5 miles.<sup>2</sup>", "the 27 members, 5 miles."),
        ("<p>Ada<sup>1</sup></p><p>/ 2", "Ada\n/ 2"),
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
        ("Chancellor<sup>[Angela Merkel]</sup> met", "Chancellor[Angela Merkel] met"),
        ("Chancellor<sup>[Merkel]</sup> met", "Chancellor[Merkel] met"),
        ("Chancellor<sup>[Angela Merkel, 2005]</sup> met", "Chancellor[Angela Merkel, 2005] met"),
        ("\u603b\u7406<sup>[\u5b89\u683c\u62c9]</sup>", "\u603b\u7406[\u5b89\u683c\u62c9]"),
        ("a<p><sup>1</sup>/<sub>2</sub> of, <sup>3</sup>\u2044<sub>4</sub>", "a\n1/2 of, 3\u20444"),
        ("9.<sup>99</sup> Euro, 1 299,<sup>00</sup> Euro", "9.99 Euro, 1 299,00 Euro"),
        ("<sup>14</sup>C dating, in <sup>235</sup>U", "14C dating, in 235U"),
        ("by \u03b4<sup>13</sup>C, [<sup>18</sup>F], of <sup>4</sup>He", "by \u03b413C, [18F], of 4He"),
        ("5 (km/h)<sup>2</sup>, (a + b)<sup>2</sup>, 3 (m)<sup>3</sup>", "5 (km/h)2, (a + b)2, 3 (m)3"),
        (
            "5 miles<sup>2</sup>, Kilometer<sup>2</sup>, kilom\u00e8tres<sup>2</sup>",
            "5 miles2, Kilometer2, kilom\u00e8tres2",
        ),
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


@pytest.mark.parametrize(
    "page",
    [
        lambda n: "<a>" + "<sup>x y z</sup>" * n,
        lambda n: "<sup>" * n + "1",
        lambda n: "<sup><b></b>" * n,
        lambda n: "Ada" + "<sup>1</sup>" * n,
        lambda n: "Ada" + "<sup>1</sup>/" * n,
    ],
)
def test_the_time_for_a_page_grows_with_its_raised_elements_not_with_the_square(page: Callable[[int], str]) -> None:
    pytest.importorskip("selectolax")
    assert grows_linearly(lambda given: visible_text(given, Tally()), page, 2000)


def test_one_of_the_texts_that_are_left_out_is_named() -> None:
    pytest.importorskip("selectolax")
    tally = Tally()
    visible_text("Ada<sup>1</sup> Bob<sup>[by\nwhom?]</sup> Cy<sup>*</sup>", tally, "a.html")
    visible_text("Ada<sup>12</sup>", tally, "b.html")
    assert notes_of(tally) == ["4 raised marks of notes, such as [by whom?], are not read: a.html (3); b.html (1)"]
    tally = Tally()
    visible_text("Ada" + f"<sup>{'[1]' * 25}</sup>", tally, "a.html")
    assert len(notes_of(tally)[0]) < 140


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("stars in Se<sup>7</sup>en by", "stars in Se7en by"),
        ("<sup>235</sup><sub>92</sub>U and <sup>99m</sup>Tc", "23592U and 99mTc"),
        ("with carbon-<sup>14</sup> and", "with carbon-14 and"),
        ("NaCl<sub>(s)</sub>, x<sub>[1]</sub>", "NaCl(s), x[1]"),
        ("<h2><sup>68</sup>Ga PET in Bonn</h2>", "68Ga PET in Bonn"),
        ("<p><sup>20</sup>K. Marx wrote", "K. Marx wrote"),
        ("<p><sup>4</sup>He wrote", "He wrote"),
        ("<p>Ada Byron<sup>7</sup> wrote", "Ada Byron wrote"),
    ],
)
def test_raised_figures_that_are_parts_of_words(page: str, expected: str) -> None:
    assert visible_text(page, Tally()) == f"{expected}\n"
