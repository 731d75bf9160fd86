"""Word vectors from text files: what is kept, and what is said about a damaged file."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bilstm_tagger.errors import VectorsError
from bilstm_tagger.vocab.vectors import Vectors, read_vectors

GLOVE = "the 0.5 -1 2e-1\nof 1 2 3\nriver 4 5 6\nBoat 7 8 9\n"


class Everything:
    """A container that holds every word."""

    def __contains__(self, word: object) -> bool:
        return True


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    def make(text: str, name: str = "vectors.txt") -> Path:
        path = tmp_path / name
        path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
        return path

    return make


def rows(vectors: Vectors) -> dict[str, list[float]]:
    return {word: row.tolist() for word, row in zip(vectors.words, vectors.table, strict=True)}


@pytest.mark.parametrize("name", ["glove.txt", "glove.txt.gz"])
@pytest.mark.parametrize("header", ["", "4 3\n"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", " \n"])
def test_glove_and_word2vec_text_plain_and_gzip(
    write: Callable[..., Path], name: str, header: str, ending: str
) -> None:
    path = write((header + GLOVE).replace("\n", ending), name)
    vectors = read_vectors(path, words=Everything())
    assert vectors.words == ["the", "of", "river", "Boat"]
    assert vectors.table.dtype == np.float32
    np.testing.assert_allclose(vectors.table, [[0.5, -1, 0.2], [1, 2, 3], [4, 5, 6], [7, 8, 9]])
    assert (vectors.size, vectors.total, vectors.path) == (3, 4, str(path))


def test_a_last_line_without_an_end_and_blank_lines(write: Callable[..., Path]) -> None:
    assert rows(read_vectors(write("a 1 2\n\nb 3 4"), words=Everything())) == {"a": [1, 2], "b": [3, 4]}


@given(
    words=st.lists(st.sampled_from([f"w{number}" for number in range(30)]), unique=True, min_size=1, max_size=12),
    needed=st.sets(st.sampled_from([f"w{number}" for number in range(30)])),
    keep=st.integers(0, 14),
)
def test_the_needed_and_the_first_rows_are_kept(
    tmp_path_factory: pytest.TempPathFactory, words: list[str], needed: set[str], keep: int
) -> None:
    path = tmp_path_factory.mktemp("v") / "v.txt"
    path.write_text("".join(f"{word} {number} -{number}\n" for number, word in enumerate(words)))
    vectors = read_vectors(path, words=needed, keep=keep)
    expected = {word: [number, -number] for number, word in enumerate(words) if number < keep or word in needed}
    assert rows(vectors) == expected
    assert vectors.words == list(expected)
    assert vectors.table.shape == (len(expected), 2)
    assert vectors.total == len(words)


def test_no_row_read_leaves_an_empty_table_of_the_right_size(write: Callable[..., Path]) -> None:
    assert read_vectors(write(GLOVE), words=()).table.shape == (0, 3)


def test_a_word_may_hold_spaces(write: Callable[..., Path]) -> None:
    """As some rows of GloVe 840B do, the word `at name@domain.com` among them."""
    path = write("at 1 2\n. . . 3 4\nat a@b.c 5 6\nof 7 8\n")
    assert rows(read_vectors(path, words={"at", "of", "."})) == {"at": [1, 2], "of": [7, 8]}
    assert read_vectors(path, words=(), keep=3).words == ["at", ". . .", "at a@b.c"]


def test_words_are_cut_at_plain_spaces_only(write: Callable[..., Path]) -> None:
    path = write("a\u00a0b 1 2\nc\u2028d 3 4\n")
    assert read_vectors(path, words=Everything()).words == ["a\u00a0b", "c\u2028d"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a 1 2\nb 1 x\n", ":2: not a word and numbers: 'b 1 x'"),
        ("a 1 2\nb 1\n", ":2: 1 number where the rows before have 2"),
        ("a 1 2\nb 1 2 3\n", ":2: 3 numbers where the rows before have 2"),
        ("a 1 2\nb\n", ":2: a word without numbers: 'b'"),
        ("a\n", ":1: a word without numbers: 'a'"),
        ("2 2\na 1 2\nb 1 2 x\n", ":3: not a word and numbers: 'b 1 2 x'"),
        ("a 1 2\n\nb 1 nan\n", ":3: not a word and numbers: 'b 1 nan'"),
        ("", ": holds no vectors"),
        ("\n\n", ": holds no vectors"),
        ("4 3\n", ": holds no vectors"),
    ],
)
def test_a_malformed_row_is_named(write: Callable[..., Path], text: str, message: str) -> None:
    path = write(text)
    with pytest.raises(VectorsError, match=re.escape(f"{path}{message}")):
        read_vectors(path, words=Everything())


@pytest.mark.parametrize("row", ["b x", "b 1", "b 1 2 3", "b 1 nan"])
def test_what_is_refused_does_not_hang_on_the_words(
    write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, row: str
) -> None:
    path = write(f"a 1 2\n{row}\nc 3 4\n")
    for keep in (0, 2):
        with pytest.raises(VectorsError, match=r"s\.txt:2: "):
            read_vectors(path, words={"c"}, keep=keep)
    monkeypatch.setattr("bilstm_tagger.vocab.vectors.text.CHECKED", 1)
    assert read_vectors(path, words={"c"}).words == ["c"]  # rare words at the end are let be
    with pytest.raises(VectorsError, match=r"s\.txt:4: 1 number where the rows before have 2"):
        read_vectors(write("a 1 2\nb 3 4\nc 5 6\nd 7\n"), words=())  # but not the end of a file that was cut off


def test_the_rows_are_held_to_the_first_line(write: Callable[..., Path], caplog: pytest.LogCaptureFixture) -> None:
    rows_there = "a 1 2\nb 3 4\n  5 6\n"
    assert read_vectors(write(f"3 2\n\n{rows_there}"), words=()).total == 3
    assert not caplog.messages
    with pytest.raises(VectorsError, match=r"s\.txt: breaks off: its first line says 2,000 rows, and there"):
        read_vectors(write(f"2000 2\n{rows_there}"), words=())
    assert read_vectors(write(f"1 2\n{rows_there}"), words={"b"}).words == ["b"]
    assert caplog.messages[0].endswith("s.txt: its first line says 1 row, but there are 3, all of which were read")
    assert read_vectors(write(rows_there), words={"b"}).words == ["b"]


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.txt", tmp_path / "absent.gz", tmp_path):
        with pytest.raises(VectorsError, match=re.escape(f"{path}: cannot be read")):
            read_vectors(path, words=Everything())


def test_a_truncated_or_damaged_gzip(write: Callable[..., Path], tmp_path: Path) -> None:
    text = "".join(f"w{number} {number * 7919 % 1000} {number * 104729 % 997}\n" for number in range(2000))
    whole = write(text, "v.txt.gz").read_bytes()
    for content in (whole[: len(whole) // 2], whole[:30], b"no gzip", whole[:3000] + bytes(500) + whole[3500:]):
        path = tmp_path / "damaged.txt.gz"
        path.write_bytes(content)
        with pytest.raises(VectorsError, match=r"damaged\.txt\.gz:(\d+:)? "):
            read_vectors(path, words=Everything())


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    path = tmp_path / "v.txt"
    path.write_bytes(b"2 3\n" + b"the \x00\x01\xff\xfe\n")
    with pytest.raises(VectorsError, match=r"v\.txt:2: not UTF-8.*\.bin$"):
        read_vectors(path, words=Everything())
