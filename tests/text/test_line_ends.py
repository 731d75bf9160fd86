"""Line ends of lists end sentences, those of wrapped prose do not."""

from __future__ import annotations

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
        "Name\tTown|Anna Berg\tOslo|ola dahl\tBergen",
        "Name      Town|Anna Berg    Oslo|ola dahl   Bergen",
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


LINES = st.one_of(
    st.sampled_from(
        ["", " ", "- x", "> a b", "1. X", "a\tb", PROSE, PROSE[:60], PROSE[14:70], "Anna Berg", "so it is"]
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
    assert all(text[cut - 1] in "\r\n" for cut in whole)
