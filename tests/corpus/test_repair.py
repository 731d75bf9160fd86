"""Impossible tag sequences made legal: counted, placed, and only where asked for."""

from __future__ import annotations

import logging
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny import settings_of

from bilstm_tagger.corpus import Corpus, read_corpus
from bilstm_tagger.corpus.repair import Repairs
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.schemes.grammar import Scheme, first_illegal

BROKEN = "Ada\tB-PER\nLovel\tI-PER\nof\tO\nTurin\tI-LOC\n\nthe\tO\nLake\tB-LOC\nOb\tI-PER\n\n"


def of(*sentences: list[str]) -> Document:
    document = Document.from_sentences([["word"] * len(tags) for tags in sentences])
    document.tags["ner"] = [tag for tags in sentences for tag in tags]
    return document


@given(
    st.lists(st.lists(st.sampled_from(["O", *(f"{letter}-{label}" for letter in "BIES" for label in "XY")]))),
    st.sampled_from([Scheme.IOB1, Scheme.BIO, Scheme.IOBES, Scheme.BMES, Scheme.BILOU, None]),
)
def test_all_is_legal_afterwards_and_every_change_is_counted(
    sentences: list[list[str]], declared: Scheme | None
) -> None:
    given = [of(*sentences[:2]), of(*sentences[2:])]
    before = [list(document.tags["ner"]) for document in given]
    documents, repairs = Corpus(given).repair("ner", declared=declared)
    scheme = documents.schemes["ner"]
    assert declared in (None, scheme)
    assert [document.tags["ner"] for document in given] == before
    assert not any(document.schemes for document in given)
    changed = sum(
        old != new
        for tags, document in zip(before, documents, strict=True)
        for old, new in zip(tags, document.tags["ner"], strict=True)
    )
    assert (repairs.tags, bool(repairs), bool(repairs.first)) == (changed, changed > 0, changed > 0)
    for document in documents:
        for start, end in pairwise(document.bounds):
            assert first_illegal(document.tags["ner"][start:end], scheme) is None


def test_places_and_words(tmp_path: Path) -> None:
    path = tmp_path / "broken.conll"
    path.write_text(BROKEN)
    documents, repairs = read_corpus(path, {"ner": -1}).repair("ner")
    assert (documents.schemes["ner"], repairs) == (Scheme.BIO, Repairs(2, 2, f"{path}:4"))
    assert str(repairs) == f"2 tags in 2 sentences, the first at {path}:4"
    assert documents[0].tags["ner"] == ["B-PER", "I-PER", "O", "B-LOC", "O", "B-LOC", "B-PER"]
    assert documents.settle("ner").schemes == {"ner": Scheme.BIO}
    again, repairs = documents.repair("ner")
    assert (again.schemes["ner"], repairs) == (Scheme.BIO, Repairs())
    assert [document.tags for document in again] == [document.tags for document in documents]


def test_plain_tags_stay() -> None:
    document = of(["NOUN", "VERB"], ["I-PER", "x"])
    same, repairs = Corpus([document]).repair("ner")
    assert (same.schemes["ner"], repairs) == (Scheme.NONE, Repairs())
    assert same[0].tags == document.tags
    with pytest.raises(CorpusError, match=r"^tag 1 of 2, 'NOUN', is beyond repair: no scheme has it$"):
        Corpus([document]).repair("ner", declared=Scheme.BIO)


def test_training_repairs_where_asked(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    from bilstm_tagger.training.prepare import prepare

    for name in ("train", "dev"):
        (tmp_path / f"{name}.conll").write_text(BROKEN)
    files = {"data__train": str(tmp_path / "train.conll"), "data__dev": str(tmp_path / "dev.conll")}
    with pytest.raises(
        CorpusError,
        match=(
            r"train\.conll:4: tag 'I-LOC' cannot follow 'O' in BIO.*--repair read it as the CoNLL scorer " r"would$"
        ),
    ):
        prepare(settings_of(**files))
    with caplog.at_level(logging.WARNING):
        prepared = prepare(settings_of(**files, data__repair=True))
    assert list(prepared.info.schemes.values()) == [Scheme.BIO]
    repaired = [message for message in caplog.messages if "repaired" in message]
    assert len(repaired) == 2
    assert "train: repaired 2 tags in 2 sentences" in repaired[0]


def test_training_does_not_take_strays_for_plain_tags(tmp_path: Path) -> None:
    from bilstm_tagger.training.prepare import prepare

    path = tmp_path / "train.conll"
    path.write_text(BROKEN.replace("of\tO", "of\tN/A"))
    with pytest.raises(
        CorpusError,
        match=(
            r"train\.conll:3: tag 'N/A' among tags such as 'B-LOC'; correct it, or declare the scheme of the "
            r"task as none if these are plain tags$"
        ),
    ):
        prepare(settings_of(data__train=str(path), data__dev=str(path), data__repair=True))


@pytest.mark.parametrize(
    ("scheme", "tags", "expected"),
    [
        (Scheme.BMES, "B-X M-X M-X E-X M-Y", "B-X M-X M-X E-X S-Y"),
        (Scheme.BMES, "B-X M-X B-Y", "B-X E-X S-Y"),
        (Scheme.BMES, "S-X M-X E-X", "S-X B-X E-X"),
        (Scheme.BMES, "E-X E-X M-Y", "S-X S-X S-Y"),
        (Scheme.BILOU, "B-X I-X L-X I-Y", "B-X I-X L-X U-Y"),
        (Scheme.BILOU, "B-X I-X O L-Y", "B-X L-X O U-Y"),
        (Scheme.BILOU, "U-X I-X L-X", "U-X B-X L-X"),
        (Scheme.BILOU, "U-X L-X I-Y", "U-X U-X U-Y"),
    ],
)
def test_spans_that_other_tags_mark_stay_whole(scheme: Scheme, tags: str, expected: str) -> None:
    """Worked out by hand by the rules of conlleval, with M as I, L as E and U as S."""
    documents, repairs = Corpus([of(tags.split())]).repair("ner", declared=scheme)
    assert documents[0].tags["ner"] == expected.split()
    assert repairs.tags == sum(old != new for old, new in zip(tags.split(), expected.split(), strict=True))


@pytest.mark.parametrize(("count", "said"), [(1, "the line begins with #"), (3, "this and 2 more lines begin with #")])
def test_lines_that_may_be_comments_are_counted(count: int, said: str, tmp_path: Path) -> None:
    path = tmp_path / "a.conll"
    path.write_text("a B-X\nb I-X\nc B-Y\nd I-Y\ne O\n\n" * 3 + "# note\n\n" * count, "utf-8")
    with pytest.raises(CorpusError, match=rf"tag 'note' among tags such as 'B-X'; {said}: if that means a comment"):
        read_corpus(path, {"t": -1}).settle("t")
