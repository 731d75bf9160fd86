"""Tags spelled otherwise than meant, comments among tokens, labels renamed: each read right, or named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bilstm_tagger.corpus import Corpus, read_corpus, save_corpus
from bilstm_tagger.corpus.spelling import doubts, unknown_tokens
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.schemes.near_miss import in_the_way, near_misses
from bilstm_tagger.schemes.spans import spans_to_tags, tags_to_spans

MEANT = ["B-PER", "I-PER", "O", "B-LOC"]
SPELLINGS = {
    "B_PER": ["B_PER", "I_PER", "O", "B_LOC"],
    "b-per": ["b-per", "i-per", "o", "b-loc"],
    "PER-B": ["PER-B", "PER-I", "O", "LOC-B"],
    "B:PER": ["B:PER", "I:PER", "O", "B:LOC"],
    "en dash": ["B–PER", "I–PER", "O", "B–LOC"],
    "hyphen of Unicode": ["B‐PER", "I‐PER", "O", "B‐LOC"],
    "quotes": ['"B-PER"', '"I-PER"', '"O"', '"B-LOC"'],
    "slash": ["B/PER", "I/PER", "0", "B/LOC"],
    "one of them": ["B-PER", "I_PER", "O", "B-LOC"],
}


def put(folder: Path, content: str, name: str = "a.conll") -> Path:
    path = folder / name
    path.write_text(content, "utf-8")
    return path


def columns(tags: list[str]) -> str:
    return "".join(f"w{number}\t{tag}\n" for number, tag in enumerate(tags)) + "\n"


def sentences(count: int, before: str = "") -> str:
    return "".join(before.format(number) + f"Anna B-PER\nBerg{number} I-PER\nslept O\n\n" for number in range(count))


# ---- near misses


@pytest.mark.parametrize("name", SPELLINGS)
def test_a4_near_misses_are_read_as_meant(tmp_path: Path, name: str) -> None:
    path = put(tmp_path, columns(SPELLINGS[name]))
    corpus = read_corpus(path, {"ner": -1}, fix_tags=True).settle("ner")
    meant = [tag.lower() for tag in MEANT] if name == "b-per" else MEANT
    assert [tag.lower() for tag in corpus[0].tags_of("ner")] == [tag.lower() for tag in meant]
    assert corpus.schemes["ner"] is Scheme.BIO


@pytest.mark.parametrize("name", [name for name in SPELLINGS if name != "one of them"])
def test_a4_near_misses_are_doubted(tmp_path: Path, name: str) -> None:
    corpus = read_corpus(put(tmp_path, columns(SPELLINGS[name])), {"ner": -1}).settle("ner")
    ((kind, message),) = doubts(corpus, "ner", corpus.schemes["ner"])
    assert kind == "near-miss tags"
    assert re.fullmatch(
        "tags such as '.+' were taken for plain tags; if '.+' was meant, --fix-tags reads them so", message
    )


def test_a4_a_near_miss_among_good_tags_is_named(tmp_path: Path) -> None:
    corpus = read_corpus(put(tmp_path, columns(SPELLINGS["one of them"])), {"ner": -1})
    with pytest.raises(
        CorpusError,
        match=(
            r"a\.conll:2: tag 'I_PER' .* if 'I-PER' was meant, add --fix-tags, or declare the scheme of the "
            r"task as none if these are plain tags$"
        ),
    ):
        corpus.settle("ner")
    with pytest.raises(
        CorpusError, match=r"a\.conll:2: tag 'I_PER' is no tag of BIO; if 'I-PER' was meant, add --fix-tags$"
    ):
        corpus.settle("ner", declared=Scheme.BIO)


@pytest.mark.parametrize(
    "tags",
    [
        ["NOUN", "VERB", "O"],
        ["NN", "IN", "PRP$", ":", "''"],
        ["S_x", "B_y", "NOUN"],
        ["O", "o"],
        ["e.g", "i.e"],
        [],
        ["B_x"],
        ["B_x", "B_y"],
        ["I_x"],
        ["B_x", "", "_"],
    ],
)
def test_a4_plain_tags_are_no_near_misses(tags: list[str]) -> None:
    assert near_misses(tags) == {}


def test_a4_labels_are_spelled_as_in_legal_tags() -> None:
    tags = ["B-Per", "I-PER", "B_per", "b-per", "B_Per", "O"]
    meant = {"B_per": "B-PER", "b-per": "B-PER", "B_Per": "B-Per"}
    assert near_misses(tags) == near_misses(reversed(tags)) == meant


def test_a4_letters_on_either_side() -> None:
    mixed = ["B_ORG", "I_ORG", "b-org", "B-Per", "PER-B", "O"]
    meant = {"B_ORG": "B-ORG", "I_ORG": "I-ORG", "b-org": "B-org", "PER-B": "B-Per"}
    assert near_misses(mixed) == meant
    assert near_misses([*mixed, "LOC-B"]) == {}  # which is no label of another tag
    assert in_the_way([*mixed, "LOC-B"]) == (meant, {"LOC-B"})
    assert in_the_way([*mixed, "LOC"]) == (meant, {"LOC"})
    assert in_the_way(["B_ORG", "I_ORG", "O", "NN", "VB"]) == ({}, set())


def test_a4_a_tag_that_keeps_near_misses_from_being_read_is_named(tmp_path: Path) -> None:
    rows = "a B_X\nb I_X\nc ?X\nd {}\n\ne O\nf O\ng O\n\n"
    corpus = read_corpus(put(tmp_path, rows.format("B-X")), {"ner": -1}, fix_tags=True)
    with pytest.raises(CorpusError, match=r":3: tag '\?X' among .* and --fix-tags reads .* 'B_X', as 'B-X'"):
        corpus.settle("ner")
    corpus = read_corpus(put(tmp_path, rows.format("O")), {"ner": -1}, fix_tags=True).settle("ner")
    ((kind, message),) = doubts(corpus, "ner", corpus.schemes["ner"])
    assert kind == "near-miss tags"
    assert message.endswith(
        "; if 'B-X' was meant, correct ?X, which no tag of spans can mean, and --fix-tags reads the others so"
    )


def test_a4_tags_of_which_none_is_outside() -> None:
    assert near_misses(["B_x", "I_x"]) == {"B_x": "B-x", "I_x": "I-x"}


@given(
    st.lists(st.from_regex(r"[A-Z]{2,6}", fullmatch=True), min_size=1, max_size=4),
    st.sampled_from("_:/.|–—‐−"),
    st.booleans(),
)
def test_a4_every_separator_on_either_side(labels: list[str], separator: str, behind: bool) -> None:
    meant = ["O", *(f"{letter}-{label}" for label in labels for letter in "BI")]

    def spelled(tag: str) -> str:
        return tag if tag == "O" else separator.join(tag.split("-")[:: -1 if behind else 1])

    assert near_misses(map(spelled, meant)) == {spelled(tag): tag for tag in meant if tag != "O"}


# ---- labels


@pytest.mark.parametrize(
    ("letters", "scheme"), [("B I O", Scheme.BIO), ("B M E S", Scheme.BMES), ("B- I- O", Scheme.BIO)]
)
def test_a5_letters_are_given_a_label(tmp_path: Path, letters: str, scheme: Scheme) -> None:
    path = put(tmp_path, columns(letters.split()))
    plain = read_corpus(path, {"ws": -1}).settle("ws")
    ((kind, message),) = doubts(plain, "ws", plain.schemes["ws"])
    assert kind == "no labels"
    assert message == (
        f"tags {', '.join(sorted(letters.split()))} have no label and were taken for plain tags; if they mark spans, "
        "--label NAME gives them one"
    )
    corpus = read_corpus(path, {"ws": -1}, label="WORD").settle("ws")
    assert corpus.schemes["ws"] is scheme
    assert {label for _, _, label in tags_to_spans(corpus[0].tags_of("ws"), scheme)} == {"WORD"}
    with pytest.raises(
        CorpusError, match=r"a\.conll: --label WORD is for tags without a label, such as B and I; leave it out$"
    ):
        read_corpus(put(tmp_path, columns(MEANT)), {"ws": -1}, label="WORD")


def test_a5_labels_alone_are_spans_in_io(tmp_path: Path) -> None:
    path = put(tmp_path, "Anna Person\nBerg Person\nslept O\nin O\nOslo Ort\n. O\n\n")
    plain = read_corpus(path, {"ner": -1}).settle("ner")
    ((kind, message),) = doubts(plain, "ner", plain.schemes["ner"])
    assert (kind, message) == (
        "plain tags",
        "tags such as 'Ort' beside O were taken for plain tags; if they mark spans, --scheme IO reads them so",
    )
    corpus = read_corpus(path, {"ner": -1}).settle("ner", declared=Scheme.IO)
    assert [(span.text, span.label) for span in corpus[0].spans] == [("Anna Berg", "Person"), ("Oslo", "Ort")]
    save_corpus(corpus.respell("ner", Scheme.IOBES), tmp_path / "b.conll")
    assert (tmp_path / "b.conll").read_text() == "Anna B-Person\nBerg E-Person\nslept O\nin O\nOslo S-Ort\n. O\n\n"
    back = read_corpus(tmp_path / "b.conll", {"ner": -1}).respell("ner", Scheme.IO)
    assert back[0].tags_of("ner") == corpus[0].tags_of("ner")


def test_b7_labels_are_renamed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = put(tmp_path, "A B-Person\nB I-Person\nC B-ort\nD B-MISC\nE I-MISC\nF O\n\n")
    corpus = read_corpus(path, {"ner": -1}, labels={"Person": "PER", "ort": "Ort", "MISC": "O"})
    assert corpus[0].tags_of("ner") == ["B-PER", "I-PER", "B-Ort", "O", "O", "O"]
    assert not caplog.records
    read_corpus(path, {"ner": -1}, labels={"person": "PER"})
    assert "no label 'person'" in caplog.text
    plain = read_corpus(put(tmp_path, "a NN\nb VB\n\n"), {"pos": -1}, labels={"NN": "NOUN"})
    assert plain[0].tags_of("pos") == ["NOUN", "VB"]


@given(st.lists(st.sampled_from(["A", "B", "O"]), max_size=8), st.sampled_from([Scheme.IOB1, Scheme.BIO, Scheme.IOBES]))
def test_b7_spans_that_touch_stay_apart(labels: list[str], scheme: Scheme) -> None:
    from bilstm_tagger.corpus.spelling import _rename

    spans = [(at, at + 1, label) for at, label in enumerate(labels) if label != "O"]
    tags = list(_rename(spans_to_tags(spans, len(labels), scheme), {"B": "A"}))
    assert tags_to_spans(tags, scheme) == [(start, end, "A") for start, end, _ in spans]


# ---- comments


@pytest.mark.parametrize("count", [4, 60])
def test_a3_a_comment_before_each_sentence_is_named(tmp_path: Path, count: int) -> None:
    path = put(tmp_path, sentences(count, "# {}\n"))
    with pytest.raises(
        CorpusError,
        match=(
            r"a\.conll:1: tag '0' .*if that means a comment, add --comments '#'; declare the scheme of the "
            r"task as none if these are plain tags$"
        ),
    ):
        read_corpus(path, {"ner": -1}).settle("ner")
    corpus = read_corpus(path, {"ner": -1}, comments="#").settle("ner")
    assert (corpus.schemes["ner"], corpus.stats().tokens) == (Scheme.BIO, 3 * count)
    assert corpus[0].where(0) == f"{path}:2"


def test_b1_comments_are_kept_when_written(tmp_path: Path) -> None:
    content = "-DOCSTART- O\n\n# 1 2 3\nAnna B-PER\n# inside\nslept O\n\n# last\n# line\n"
    path = put(tmp_path, content)
    with pytest.raises(
        CorpusError,
        match=(
            r"a\.conll:4: 2 columns where the file's first token has 4; every token needs the same columns, "
            r"an empty line ends a sentence; if lines that begin with # are comments, add --comments '#'$"
        ),
    ):
        read_corpus(path, {"ner": -1})
    corpus = read_corpus(path, {"ner": -1}, comments="#")
    assert corpus[0].words == ["Anna", "slept"]
    save_corpus(corpus, tmp_path / "b.conll")
    assert (tmp_path / "b.conll").read_text() == content


def test_b1_a_number_sign_is_a_token_unless_said(tmp_path: Path) -> None:
    assert read_corpus(put(tmp_path, "# O\n#code O\n1 O\n\n"), {"ner": -1})[0].words == ["#", "#code", "1"]


def test_b6_empty_columns_at_the_end_are_left_out(tmp_path: Path) -> None:
    corpus = read_corpus(put(tmp_path, "Anna\tB-PER\t\t\nBerg\tI-PER\t\t\n\nslept\tO\t\t\n"), {"ner": -1})
    assert corpus[0].tags_of("ner") == ["B-PER", "I-PER", "O"]


# ---- unknown tags


@pytest.mark.parametrize("mark", ["_", "-", "?"])
def test_a9_unknown_tags_are_counted_and_kept(tmp_path: Path, mark: str) -> None:
    corpus = read_corpus(put(tmp_path, f"Anna B-PER\nBerg I-PER\nin {mark}\nOslo {mark}\n\n"), {"ner": -1})
    settled = corpus.settle("ner")
    assert settled.schemes["ner"] is Scheme.BIO
    assert unknown_tokens(settled, "ner") == (2, f"{tmp_path / 'a.conll'}:3")
    save_corpus(settled.respell("ner", Scheme.IOBES), tmp_path / "b.conll")
    assert (tmp_path / "b.conll").read_text() == "Anna B-PER\nBerg E-PER\nin _\nOslo _\n\n"


def test_a11_unspecified_parts_of_speech_are_unknown(tmp_path: Path) -> None:
    row = "{}\t{}\t_\t{}\t_\t_\t0\troot\t_\t_\n"
    path = put(tmp_path, row.format(1, "a", "DET") + "\n" + row.format(1, "b", "_") + "\n", "a.conllu")
    corpus = read_corpus(path).settle("upos")
    assert unknown_tokens(corpus, "upos") == (1, f"{path}:3")
    assert unknown_tokens(Corpus(corpus[:0]), "upos") == (0, "")
