"""Finding the format, reading, saving and splitting corpora."""

from __future__ import annotations

import gzip
import io
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bilstm_tagger.corpus import iterate_corpus, read_corpus, save_corpus
from bilstm_tagger.corpus.formats import FORMATS, format_of
from bilstm_tagger.corpus.split import set_aside, stats
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import ConfigError, CorpusError
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.settings.read_spec import ReadSpec


def numbered(*sizes: int) -> Document:
    """A document with sentences of the given sizes and words that say where they stood."""
    bounds = [0]
    for size in sizes:
        bounds.append(bounds[-1] + size)
    words = [f"w{index}" for index in range(bounds[-1])]
    return Document(
        words,
        bounds,
        tags={"ner": [f"B-{word}" for word in words]},
        schemes={"ner": Scheme.BIO},
        lines=list(range(1, len(words) + 1)),
        path="x.conll",
        columns={"2": words[::-1]},
    )


def test_formats_by_suffix(tmp_path: Path) -> None:
    names = ("a.conll", "a.txt", "a.b.BIO", "a.tsv.gz", "train.iob", "a.iob2", "a.bmes", "a.gold_conll")
    for name in (*names, "a.v4_gold_conll"):
        assert format_of(name).columns == {"tags": -1}
    assert format_of("en.conllu.gz").columns == {"upos": "UPOS"}
    assert format_of("strange.name", "conllu") is format_of("a.conllu")
    with pytest.raises(
        CorpusError,
        match=r"^a\.xyz: the name does not tell the format \(known: \.conll(, \.[a-z0-9_]+)+\); name the format$",
    ):
        format_of("a.xyz")
    with pytest.raises(CorpusError, match=r"^train: the name does not tell"):
        format_of("train")
    with pytest.raises(
        ConfigError,
        match=(
            r"^no corpus format 'xml'; known: conll, conllu, jsonl, spacy, parquet, arrow, csv, xlsx, "
            r"token-csv, sentence-csv, sentence-xlsx, webanno, conllup, word/tag, brat$"
        ),
    ):
        format_of("a.conll", "xml")


@pytest.mark.parametrize(
    ("format", "message"),
    [
        ("conllup", "CoNLL-U Plus is read, not written; write .conllu"),
        ("brat", r"^brat as one file is read, not written; write a folder: --to brat$"),
    ],
)
def test_formats_that_are_only_read(format: str, message: str) -> None:
    with pytest.raises(CorpusError, match=message):
        FORMATS[format].write([Document.from_words(["a"])], io.StringIO())


def test_read_corpus_defaults(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("a X O\nb Y B-Z\n", encoding="utf-8")
    (document,) = read_corpus(path)
    assert document.tags == {"tags": ["O", "B-Z"]}
    (document,) = read_corpus(str(path), {}, names=["w", "p", "t"], word_column="p")
    assert (document.words, document.tags) == (["X", "Y"], {})
    packed = tmp_path / "a.conllu.gz"
    packed.write_bytes(gzip.compress(b"1\ta\ta\tDET\tDT\t_\t0\troot\t_\t_\n\n"))
    assert read_corpus(packed)[0].tags == {"upos": ["DET"]}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", r"is empty \(0 bytes\)"),
        ("\n\n", "holds nothing but white space"),
        ("-DOCSTART- O\n\n", "there is no token in it"),
    ],
)
def test_a_corpus_needs_tokens(tmp_path: Path, content: str, told: str) -> None:
    path = tmp_path / "a.conll"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(CorpusError, match=rf"a\.conll: {told}"):
        read_corpus(path)
    assert sum(map(len, iterate_corpus(path))) == 0


def test_paths_that_are_no_corpus(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"gone: no such file; check the path$"):
        read_corpus(tmp_path / "gone")
    with pytest.raises(CorpusError, match=r"is a folder; name a file in it$"):
        read_corpus(tmp_path)


def test_save_corpus(tmp_path: Path) -> None:
    document = numbered(2, 1)
    for name in ("deep/a.conll", "a.conllu"):
        save_corpus([document], tmp_path / name)
        (back,) = read_corpus(tmp_path / name, {"ner": 2 if name.endswith(".conll") else "NER"})
        assert (back.words, back.bounds, back.tags) == (document.words, document.bounds, document.tags)
    save_corpus([document], tmp_path / "words", format="conll", tasks=[])
    assert (tmp_path / "words").read_text() == "w0\nw1\n\nw2\n\n"


def test_a_corpus_that_cannot_be_saved_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.conll"
    path.write_text("old")
    for word in ("\ud800", "a\nb"):
        with pytest.raises(CorpusError):
            save_corpus([numbered(3), Document([word], [0, 1], tags={"ner": ["O"]})], path)
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.conll"]


def test_set_aside_takes_whole_documents() -> None:
    documents = [numbered(2, 3) for _ in range(30)]
    train, dev = set_aside(documents)
    assert len(dev) == 3
    assert {id(document) for document in train + dev} == {id(document) for document in documents}
    order = [id(document) for document in documents]
    assert [order.index(id(document)) for document in train] == sorted(order.index(id(d)) for d in train)


def test_set_aside_cuts_few_documents_into_sentences() -> None:
    whole = numbered(*[3] * 19, 0, 2)
    train, dev = set_aside([whole], 0.25)
    assert (len(train), len(dev)) == (15, 5)
    for piece in train + dev:
        piece.check_offsets()
        assert piece.bounds == [0, len(piece)]
        first = whole.words.index(piece.words[0])
        assert piece.tags_of("ner") == [f"B-{word}" for word in piece.words]
        assert piece.columns["2"] == whole.columns["2"][first : first + len(piece)]
        assert piece.where(0) == whole.where(first)
        assert piece.schemes == whole.schemes
        assert piece.text == " ".join(piece.words)
    assert Counter(word for piece in train + dev for word in piece.words) == Counter(whole.words)


def test_set_aside_keeps_true_offsets() -> None:
    text = "A  b.Cd !"
    document = Document(["A", "b", ".", "Cd", "!"], [0, 3, 5], text=text, starts=[0, 3, 4, 5, 8], ends=[1, 4, 5, 7, 9])
    train, dev = set_aside([document], 0.5)
    assert sorted(piece.text for piece in train + dev) == ["A  b.", "Cd !"]
    for piece in train + dev:
        assert [piece.text[a:b] for a, b in zip(piece.starts, piece.ends, strict=True)] == piece.words


@settings(deadline=None)
@given(
    sizes=st.lists(st.lists(st.integers(0, 3), max_size=4), max_size=15),
    fraction=st.floats(0.01, 0.99),
    seed=st.integers(0, 1000),
)
def test_set_aside_loses_nothing(sizes: list[list[int]], fraction: float, seed: int) -> None:
    documents = [numbered(*document) for document in sizes]
    if sum(1 for document in sizes for size in document if size) < 2:
        with pytest.raises(
            CorpusError,
            match=r"^the corpus has fewer than two sentences, none can be set aside; name development data$",
        ):
            set_aside(documents, fraction, seed)
        return
    train, dev = set_aside(documents, fraction, seed)
    assert train
    assert dev
    assert stats(train).tokens + stats(dev).tokens == stats(documents).tokens
    again = set_aside(documents, fraction, seed)
    assert [d.words for d in again[1]] == [d.words for d in dev]


def test_set_aside_differs_by_seed_and_checks_the_fraction() -> None:
    documents = [numbered(1) for _ in range(100)]
    chosen = [[documents.index(d) for d in set_aside(documents, seed=seed)[1]] for seed in range(3)]
    assert len({tuple(one) for one in chosen}) == 3
    for fraction in (0.0, 1.0, -1.0, 7.0):
        with pytest.raises(ConfigError, match="between 0 and 1"):
            set_aside(documents, fraction)


def test_stats() -> None:
    counted = stats([numbered(2, 3), numbered(), numbered(1000)])
    assert (counted.documents, counted.sentences, counted.tokens) == (3, 3, 1005)
    assert str(counted) == "3 documents, 3 sentences, 1,005 tokens"


@pytest.mark.parametrize("suffix", [".conll", ".pos", ".csv", ".conllu"])
@pytest.mark.parametrize("first", ["\ufeffAda", "\ufeff\ufeffAda", "\ufeff"])
def test_a_first_token_that_begins_with_u_feff_comes_back(suffix: str, first: str, tmp_path: Path) -> None:
    document = Document.from_words([first, "ran"])
    document.tags = {"tags": ["X", "Y"]}
    save_corpus([document, document], tmp_path / f"a{suffix}")
    back = [word for read in iterate_corpus(tmp_path / f"a{suffix}", ReadSpec(columns={})) for word in read.words]
    assert back == [first, "ran"] * 2
