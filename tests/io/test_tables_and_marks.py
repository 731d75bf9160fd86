"""What is written for spreadsheets, and what begins with U+FEFF: read back by other readers."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bilstm_tagger.io.csv_cells import safe_cell, write_csv
from bilstm_tagger.io.marked import marked_stream

PIECES = st.lists(st.sampled_from(["", "\ufeff", "a", "\ufeffb\n", "c\n", "é"]), max_size=5)


@given(PIECES, st.lists(st.booleans(), min_size=5, max_size=5))
def test_what_begins_with_a_mark_comes_back(pieces: Sequence[str], together: Sequence[bool]) -> None:
    """However it is written; a reader drops one mark, and text that does not begin with one gets none."""
    target = io.StringIO()
    stream = marked_stream(target)
    for piece, by_lines in zip(pieces, together, strict=False):
        if by_lines:
            stream.writelines(iter([piece, piece]))
        else:
            stream.write(piece)
    expected = "".join(piece * (2 if by_lines else 1) for piece, by_lines in zip(pieces, together, strict=False))
    assert target.getvalue().encode().decode("utf-8-sig") == expected
    assert target.getvalue() in (expected, "\ufeff" + expected)
    assert (target.getvalue() == expected) == (not expected.startswith("\ufeff"))


def test_the_number_of_characters_is_told() -> None:
    stream = marked_stream(io.StringIO())
    assert (stream.write(""), stream.write("ab"), stream.write("c")) == (0, 2, 1)


@pytest.mark.parametrize("cell", ["=1+1", "+a", "-a", "@a", "\ta", "\ra"])
def test_a_formula_gets_an_apostrophe(cell: str) -> None:
    assert safe_cell(cell) == "'" + cell


@pytest.mark.parametrize("cell", ["a=1", "", "'", "a", 5, -5, 0.5, None])
def test_other_cells_stay(cell: object) -> None:
    assert safe_cell(cell) is cell


def test_a_table_for_spreadsheets() -> None:
    stream = io.StringIO()
    write_csv(stream, ["=word", "n"], [["=a", 1], ['b"c\n', None], ["-x", -2.5]])
    assert stream.getvalue().startswith("\ufeff=word,n\r\n'=a,1\r\n")
    rows = list(csv.reader(io.StringIO(stream.getvalue()[1:], newline="")))
    assert rows == [["=word", "n"], ["'=a", "1"], ['b"c\n', ""], ["'-x", "-2.5"]]
