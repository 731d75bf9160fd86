"""Line ends of lists end sentences, those of wrapped prose do not."""

from __future__ import annotations

import random
import re
import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bilstm_tagger.files.chunking import cut_text
from bilstm_tagger.text.line_ends import list_line_ends
from bilstm_tagger.text.tokenizers import get_tokenizer

ENGLISH = get_tokenizer("spacy:en")
PROSE = (
    "The committee met in Oslo on Monday and agreed that Anna Berg should lead the talks with the Nordic Council and "
    "with Siemens while Ola Dahl would write to the press in Stockholm and in Bergen about what had been decided there"
)


def sentences(text: str) -> list[str]:
    return [sentence.text for sentence in ENGLISH(text).sentences]


@pytest.mark.parametrize(
    "text",
    [
        "Anna Berg|Ola Dahl|Siri Lund",  # a list of names
        "With best wishes|Anna Berg|Nordlys Ventures|Oslo",  # a signature
        "Merkel visits Oslo|The chancellor met the king in the palace and spoke with him about trade and fish",
        "- Anna Berg|- Ola Dahl|- salmon|- herring",
        "1) Anna Berg|2) Ola Dahl|a) salmon|b) herring",
        "| Anna | Oslo |".replace("|", "\u2502") + "|Ola Dahl",
        "> Anna Berg came|I did not see her",  # an answer below a quotation
        "Ola Dahl|> anna berg came",
        "Ada\u2028Byron|Eve",
        "x" * 300 + " goes on|Then another paragraph " + "y" * 300,  # a paragraph a line
    ],
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r", " \n"])
def test_line_ends_of_lists_end_sentences(text: str, line_end: str) -> None:
    assert sentences(text.replace("|", line_end)) == text.split("|")


@pytest.mark.parametrize("width", [50, 60, 72, 80, 120])
@pytest.mark.parametrize("indent", ["", "> ", "  "])
def test_line_ends_of_wrapped_prose_do_not(width: int, indent: str) -> None:
    text = textwrap.fill(PROSE, width, initial_indent=indent, subsequent_indent=indent)
    assert len(sentences(text)) == 1
    assert sentences(f"{text}.\n\n{text}.")[0].endswith("there.")


@given(st.lists(st.from_regex(r"[A-Za-z]{1,12}", fullmatch=True), min_size=30, max_size=120), st.integers(50, 120))
@settings(deadline=None)
def test_no_wrapped_prose_is_divided(words: list[str], width: int) -> None:
    text = textwrap.fill(" ".join(words), width)
    # A line that is the longest by itself makes shorter ones look unwrapped only if a word would have fitted.
    if max(map(len, text.splitlines())) == width:
        assert list_line_ends(text) == []


@given(st.lists(st.from_regex(r"[A-Z][a-z]{1,9}( [A-Z][a-z]{1,9}){0,2}", fullmatch=True), min_size=2, max_size=30))
@settings(deadline=None)
def test_no_span_can_cross_a_line_of_short_capitalised_lines(lines: list[str]) -> None:
    assert sentences("\n".join(lines)) == lines


def test_narrow_prose_goes_on_in_lower_case() -> None:
    assert len(sentences(textwrap.fill(PROSE, 36))) == 1


def test_narrow_prose_full_of_names_is_whole() -> None:
    text = (
        "After a long meeting in Little Hill Tilla Fill and Anna Berg returned to Los Altos without a word. The house "
        "is led by Willem Mommsen of Los Altos and New Market and London where Ola Dahl and Anna Berg opened a new and "
        "quite small branch of it in the last cold spring."
    )
    lines = textwrap.fill(text, 40)
    assert sum(line[0].islower() for line in lines.splitlines()) == 2
    assert len(sentences(lines)) == 2


LINES = st.one_of(
    st.sampled_from(
        [
            "",
            " ",
            "- x",
            "> a b",
            "1. X",
            "a\tb",
            "A    b  c",
            "a   b   c",
            "a\fB",
            PROSE,
            PROSE[:60],
            PROSE[14:70],
            "Anna Berg",
            "so it is",
        ]
    ),
    st.text(max_size=30),
)


@given(st.lists(LINES, max_size=25), st.sampled_from(["\n", "\r\n", "\r"]), st.integers(1, 200))
@settings(deadline=None)
def test_pieces_of_a_text_are_judged_as_the_whole(lines: list[str], line_end: str, size: int) -> None:
    """What workers get of a long text has the sentences of the whole."""
    text = line_end.join(lines)
    whole = list_line_ends(text)
    found, position = [], 0
    for piece in cut_text(text, size):
        found += [cut + position for cut in list_line_ends(piece)]
        position += len(piece)
    assert found == whole
    assert all(text[cut - 1] in "\r\n\t\v\f " for cut in whole)


# Thousandths of the size, of Helvetica: https://github.com/tecnickcom/tc-font-core14-afms
HELVETICA = {
    **dict.fromkeys("ijl", 222), **dict.fromkeys("ft., ", 278), "r": 333, **dict.fromkeys("ckvxyzsJ", 500),
    **dict.fromkeys("FTLZ", 611), **dict.fromkeys("ABEKPSVXY", 667), **dict.fromkeys("CDHNRUw", 722),
    **dict.fromkeys("GOQ", 778), **dict.fromkeys("Mm", 833), "W": 944, "I": 278,
}  # fmt: skip
CLAUSES = [
    "as far as anyone knows Anna Berg and Willem Mommsen met in San Francisco",
    "where she had lived with her sister in Little Hill for many years",
    "after which she wrote to the Nordic Council about the fish of Lille Fjell",
    "while Ola Dahl spoke of it in New Market and was heard by all who wished to",
    "and the company of Tilla Fill had meanwhile opened a new branch in Los Altos",
]
NAMES = ["Anna Berg", "Willem Mommsen", "San Francisco", "Little Hill", "Nordic Council", "Lille Fjell", "Ola Dahl",
         "New Market", "Tilla Fill", "Los Altos"]  # fmt: skip


def printed(text: str, width: int) -> str:
    """The text as a proportional font wraps it."""
    lines, room = [""], width * 500
    for word in text.split():
        line = f"{lines[-1]} {word}".lstrip()
        if sum(HELVETICA.get(character, 556) for character in line) > room:
            lines.append(word)
        else:
            lines[-1] = line
    return "\n".join(lines)


def paragraphs(number: int) -> list[str]:
    chosen = random.Random(number)
    return [
        "The paper says, " + ", ".join(chosen.choices(CLAUSES, k=chosen.randint(4, 16))) + "." for _ in range(number)
    ]


@pytest.mark.parametrize("width", [50, 65, 80, 100])
@pytest.mark.parametrize("number", [40])
def test_names_are_whole_in_lines_of_a_proportional_font(width: int, number: int) -> None:
    """Lines of one width differ in their characters, and no blank line is between paragraphs."""
    text = "\n".join(printed(paragraph, width) for paragraph in paragraphs(number))
    wrapped = [
        found.span() for name in NAMES for found in re.finditer(name.replace(" ", r"\s"), text) if "\n" in found[0]
    ]
    cut = sum(any(start < place < end for place in list_line_ends(text)) for start, end in wrapped)
    assert len(wrapped) > 20
    assert cut <= 0.1 * len(wrapped)


@pytest.mark.parametrize("width", [50, 65, 80, 100])
@pytest.mark.parametrize(
    "items",
    [
        ["Anna Berg", "Ola Dahl", "Siri Lund", "Per Lie"],
        ["Anna Berg, Oslo", "Ola Dahl, Bergen", "Siri Lund, Lille Fjell", "Per Lie, Los Altos"],
        [f"{name} of the fishers of {name} in winter 19" for name in ("Anna Berg", "Ola Dahl", "Siri Lund")],
        ["Nordlys Ventures", "Willem Mommsen", "Street of the King 4", "Oslo"],
    ],
)
def test_lists_between_such_lines_stay_apart(width: int, items: list[str]) -> None:
    prose = [printed(paragraph, width) for paragraph in paragraphs(4)]
    found = sentences("\n".join([*prose[:2], *items, *prose[2:]]))
    assert [sentence for sentence in found if sentence in items] == items


def test_letters_of_other_scripts_have_widths_too() -> None:
    russian = "Комитет собрался в Осло и решил, что переговоры с ней вести будет Анна Берг вместе с газетой и"
    text = "\n".join(printed(f"{russian} Улой Далем, {russian} Северным Советом.", 60) for _ in range(6))
    assert len(sentences(text)) == 6
