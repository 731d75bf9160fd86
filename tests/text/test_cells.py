"""No sentence goes over a border of cells inside of a line, and justified prose stays whole."""

from __future__ import annotations

import random
import re
import textwrap
from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bilstm_tagger.text.line_ends import list_line_ends
from bilstm_tagger.text.tokenizers import get_tokenizer

ENGLISH = get_tokenizer("spacy:en")
NAMES = [
    "Anna Berg",
    "Ola Dahl",
    "Nordic Council",
    "Oslo",
    "Lille Fjell",
    "Nordlys Ventures",
    "Tilla Fill",
    "Los Altos",
]
OTHERS = ["member of the board", "4711", "2024-01-01", "n/a", "active", "the talks with"]
GAP = re.compile(r"(?<=\S)(?:[^\S\r\n]*[\t\v\f][^\S\r\n]*|[^\S\r\n]{3,})(?=\S)")
PROSE = (
    "The committee met in Oslo on Monday and agreed that Anna Berg should lead the talks with the Nordic Council and "
    "with Siemens while Ola Dahl would write to the press in Stockholm and in Bergen about what had been decided there"
)


def sentences(text: str) -> list[str]:
    return [sentence.text for sentence in ENGLISH(text).sentences]


@pytest.mark.parametrize("gap", ["\t", " \t", "\t\t ", "\v", "\f", "   ", "\u00a0\u00a0\u00a0", "     \t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    "rows",
    [
        ["Anna Berg|Oslo|Nordic Council"],
        ["Name|Town", "Anna Berg|Oslo", "Ola Dahl|Lille Fjell"],
        ["2024-01-01|INFO|Anna Berg|Ola Dahl"],
    ],
)
def test_cells_are_sentences(rows: list[str], gap: str, line_end: str) -> None:
    cells = [cell for row in rows for cell in row.split("|")]
    assert sentences(line_end.join(rows).replace("|", gap)) == cells


@pytest.mark.parametrize(
    "text",
    [
        "Anna Berg          Oslo        Ventures\nOla Dahl           Bergen      Nordic Council",
        "the harbour    Anna Berg\nthe fish       Ola Dahl\nthe talks      Siri Lund",
        "Anna Berg         leads the talks with the council in Oslo and writes to the press",
        "of  Oslo   Ola  Dahl   Siri",
    ],
)
def test_columns_of_blanks_are_cells(text: str) -> None:
    cells = [cell for line in text.splitlines() for cell in re.split(" {3,}", line)]
    assert sentences(text) == cells


@pytest.mark.parametrize(
    "text", ["  \tAnna Berg\t", "\f\nAnna Berg\n\f", "    Anna Berg   ", "Anna\u00a0Berg", "Anna  Berg"]
)
def test_white_space_around_a_line_and_two_blanks_are_no_border(text: str) -> None:
    assert sentences(text) == [text.strip()]


def test_a_page_may_end_inside_of_a_sentence() -> None:
    text = textwrap.fill(PROSE, 72).replace("\n", "\n\f", 1)
    assert len(sentences(text)) == 1


def test_chinese_rows() -> None:
    found = get_tokenizer("characters")("\u5f20\u4e09\t\u5317\u4eac   \u674e\u56db\n\u5f20 \u4e09")
    assert [sentence.text for sentence in found.sentences] == [
        "\u5f20\u4e09",
        "\u5317\u4eac",
        "\u674e\u56db",
        "\u5f20 \u4e09",
    ]


def test_text_that_was_tokenised_before_is_one_sentence_a_line() -> None:
    assert len(get_tokenizer("whitespace")("Anna\tBerg   Oslo").sentences) == 1


def table(draw: random.Random, layout: str) -> list[str]:
    columns = draw.randint(2, 6)
    rows = [[draw.choice(NAMES + OTHERS) for _ in range(columns)] for _ in range(draw.randint(1, 9))]
    if layout in ("\t", "\f"):
        return [layout.join(row) for row in rows]
    if layout == "ragged":
        return ["".join(cell + " " * draw.randint(3, 9) for cell in row).rstrip() for row in rows]
    widths = [max(map(len, column)) + draw.randint(3, 8) for column in zip(*rows, strict=True)]
    place = str.rjust if layout == "right" else str.ljust
    return ["".join(map(place, row, widths)).strip() for row in rows]


def justified(text: str, width: int, draw: random.Random) -> list[str]:
    """The text as programs justify it, which spread blanks from the left, from the right or anyhow."""
    *lines, last = textwrap.wrap(text, width)
    order = draw.choice(("left", "right", "any"))
    spread = []
    for line in lines:
        words = line.split()
        gaps = len(words) - 1
        blanks, more = divmod(width - sum(map(len, words)), gaps) if gaps else (0, 0)
        widths = [blanks + 1] * more + [blanks] * (gaps - more)
        if order == "right":
            widths.reverse()
        elif order == "any":
            draw.shuffle(widths)
        spread.append("".join(word + " " * blank for word, blank in zip(words, [*widths, 0], strict=True)))
    return [*spread, last]


@pytest.mark.parametrize("layout", ["\t", "\f", "left", "right", "ragged"])
@pytest.mark.parametrize("before", ["", "\n", "\n\n"])
def test_hardly_a_name_goes_over_a_border(layout: str, before: str) -> None:
    borders = crossed = 0
    for seed in range(100):
        draw = random.Random(seed)
        head = "\n".join(justified(PROSE, draw.choice((40, 60, 72)), draw)) + before if before else ""
        rows = "\n".join(table(draw, layout))
        cuts = set(list_line_ends(head + rows))
        for gap in GAP.finditer(rows):
            borders += 1
            names = rows[: gap.start()].split()[-1][0].isupper() and rows[gap.end()].isupper()
            crossed += names and len(head) + gap.end() not in cuts
    assert borders > 1000
    assert crossed <= borders * (0 if layout in ("\t", "\f") else 0.001)


@pytest.mark.parametrize("width", [30, 36, 45])
@pytest.mark.parametrize("between", ["\n", "\n\n"])
def test_justified_prose_is_hardly_cut(width: int, between: str) -> None:
    gaps = ends = cut_gaps = cut_ends = 0
    for seed in range(100):
        draw = random.Random(seed)
        words = [PROSE, "", *draw.choices(PROSE.split(" and "), k=6)]
        paragraphs = [justified(" and ".join(filter(None, draw.sample(words, 7))), width, draw) for _ in range(2)]
        text = between.join(map("\n".join, paragraphs))
        cuts = set(list_line_ends(text))
        inside = [gap.end() for gap in GAP.finditer(text)]
        gaps += len(inside)
        cut_gaps += len(cuts.intersection(inside))
        lines = [end.end() for end in re.finditer(r"(?<=[^\n])\n(?=[a-z])", text)]
        ends += len(lines)
        cut_ends += len(cuts.intersection(lines))
    assert gaps > 20
    assert cut_gaps <= 0.05 * gaps
    assert cut_ends <= 0.01 * ends


@pytest.mark.parametrize(
    "text", ["the    quick   brown", "the   quick   brown   fox   came\nand    saw   Anna   Berg   there"]
)
def test_blanks_spread_over_a_line_are_no_borders(text: str) -> None:
    assert len(sentences(text)) == 1


def test_a_wide_gap_in_wrapped_prose_is_no_border() -> None:
    lines = textwrap.wrap(PROSE, 60)
    lines[1] = lines[1].replace("should lead", "should   lead")
    assert any(sentence.startswith("Berg should   lead the talks") for sentence in sentences("\n".join(lines)))


@pytest.mark.parametrize(
    "text",
    [
        "Yesterday the chairman   Ola Dahl went to   Lille Fjell where he met   Anna   Berg of the   Union.",
        "The patient saw Dr.   Anna Berg at St.     Mary's Hospital in Los   Altos.",
        "I, Anna     Berg, born in Los     Altos, declare.",
        "it was said that   Anna    Berg   would lead the talks with the council of   Lille Fjell",
    ],
)
def test_gaps_in_a_line_that_reads_as_prose_are_no_borders(text: str) -> None:
    assert list_line_ends(text) == []
    assert list_line_ends(f"{text}\n\n{text}") == []


@pytest.mark.parametrize(
    "text",
    [
        "2024-01-01 12:00   INFO   the server was started by Ola Dahl in Los Altos and by others.",
        "INFO   Anna Berg logged in to the server in Los Altos and was sent away.",
        "Name:   Anna Berg was born in Los Altos and went to the school there.",
        "OLA DAHL   I went to the school in Los Altos and to the council.",
        "Anna Berg       leads the talks with the council in Oslo and writes to the press.",
    ],
)
def test_a_line_of_prose_behind_a_field_is_a_cell(text: str) -> None:
    cells = re.split(" {3,}", text)
    assert sentences(text) == cells


@pytest.mark.parametrize(("width", "most"), [(None, 0), (90, 0.15), (60, 0.3)])
def test_gaps_by_chance_are_hardly_borders(width: int | None, most: float) -> None:
    gaps = cut = 0
    for seed in range(60):
        draw = random.Random(seed)
        text = " and ".join(draw.sample([PROSE, *PROSE.split(" and ")], 4)) + "."
        text = textwrap.fill(text, width) if width else text
        words = text.split(" ")
        blanks = [" " * (draw.randint(3, 5) if draw.random() < 0.1 else 1) for _ in words[1:]]
        text = "".join(chain.from_iterable(zip(words, [*blanks, ""], strict=True)))
        inside = [gap.end() for gap in GAP.finditer(text)]
        gaps += len(inside)
        cut += len(set(list_line_ends(text)).intersection(inside))
    assert gaps > 300
    assert cut <= most * gaps


def test_narrow_justified_lines_of_names() -> None:
    text = (
        "Internationally       acknowledged\nrepresentatives      of      Saint\n"
        "Petersburg    State     University\nmet Anna Berg."
    )
    assert list_line_ends(text) == []


@given(st.lists(st.sampled_from(["Anna", "berg", "\t", "   ", "\f", "\v", " ", "\n", "\n\n", "|", "4"]), max_size=40))
@settings(deadline=None)
def test_no_sentence_goes_over_a_tab_inside_of_a_line(pieces: list[str]) -> None:
    text = "".join(pieces)
    document = ENGLISH(text)
    assert document.bounds == sorted(set(document.bounds))
    assert not any(re.search(r"\S[^\S\r\n]*[\t\v\f][^\S\r\n]*\S", sentence.text) for sentence in document.sentences)
