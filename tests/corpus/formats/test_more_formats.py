"""brat, WebAnno, spans by tokens in JSON, CoNLL-U Plus, word/TAG: small files of each, read right."""

from __future__ import annotations

import json
import logging
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bilstm_tagger.corpus import Corpus, read_corpus, save_corpus
from bilstm_tagger.corpus.convert.tasks import find_columns
from bilstm_tagger.corpus.formats import FORMATS, webanno
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.schemes.grammar import UNKNOWN

TEXT = "Anna Berg slept.\nShe left the Port of Oslo.\n"


def put(folder: Path, name: str, content: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, "utf-8")
    return path


def found(corpus: Corpus, task: str = "tags") -> list[tuple[str, str]]:
    return [(span.text, span.label) for document in corpus for span in document.spans_of(task)]


# ---- brat


def brat(folder: Path, *lines: str, text: str = TEXT) -> Path:
    put(folder, "brat/a.txt", text)
    return put(folder, "brat/a.ann", "".join(line + "\n" for line in lines))


ANNA, OSLO = "T1\tPER 0 9\tAnna Berg", "T2\tLOC 38 42\tOslo"


def test_b6_brat_file_and_folder(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = brat(tmp_path, ANNA, OSLO, "R1\tlives Arg1:T1 Arg2:T2", "#1\tAnnotatorNotes T1\ta note")
    put(tmp_path, "brat/below/b.txt", "He slept.")
    put(tmp_path, "brat/below/b.ann", "")
    with caplog.at_level(logging.WARNING, "bilstm_tagger"):
        for corpus in (read_corpus(path), read_corpus(tmp_path / "brat")):
            assert found(corpus) == [("Anna Berg", "PER"), ("Oslo", "LOC")]
    assert ": 2 lines that are no spans, such as relations and notes" in caplog.text
    assert [(document.id, document.text) for document in corpus] == [("a", TEXT), ("b", "He slept.")]
    assert corpus[0].where(5) == f"{tmp_path / 'brat' / 'a.txt'}:2"


@pytest.mark.parametrize(
    ("policy", "spans"),
    [("snap", [("Port of Oslo", "LOC")]), ("drop", [("Oslo", "LOC")])],
)
def test_b6_brat_spans_in_pieces(tmp_path: Path, policy: str, spans: list[tuple[str, str]]) -> None:
    path = brat(tmp_path, "T1\tLOC 30 34;38 42\tPort Oslo", OSLO)
    assert found(read_corpus(path, misaligned=policy)) == spans  # type: ignore[arg-type]
    with pytest.raises(
        CorpusError,
        match=(
            r"brat/a\.ann:1: LOC 'Port Oslo' is in 2 pieces, and tags hold whole spans: --misaligned snap "
            r"takes all from the first to the last piece, --misaligned drop leaves it out$"
        ),
    ):
        read_corpus(path)


def test_brat_texts_without_annotation_are_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = brat(tmp_path, ANNA).parent
    assert len(read_corpus(folder)) == 1
    assert not caplog.messages
    for number in range(6):
        put(tmp_path, f"brat/below/{number}.txt", "He slept.")
    assert len(read_corpus(folder)) == 1
    below = [f"below{os.sep}{number}.txt" for number in range(5)]
    assert caplog.messages == [f"{folder}: 6 texts without an .ann file were left out: {', '.join(below)}, ..."]
    read_corpus(folder / "a.ann")
    assert len(caplog.messages) == 1


@pytest.mark.parametrize("alone", [True, False])
def test_brat_spans_in_pieces_are_counted_by_themselves(
    alone: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = brat(tmp_path, OSLO, "R1\tlives Arg1:T1 Arg2:T2", "T1\tLOC 30 34;38 42\tPort Oslo")
    source = path if alone else path.parent
    where = "line 3" if alone else "a.ann:3"
    read_corpus(source, misaligned="drop")
    read_corpus(source, misaligned="snap")
    notes = f"{source}: 1 line that is no span, such as a relation or a note, was left out"
    assert caplog.messages == [
        f"{source}: 1 span of several pieces was left out: {where}",
        notes,
        f"{source}: 1 span that overlaps a longer one was left out: {'line 1' if alone else 'a.ann:1'}",
        f"{source}: 1 span of several pieces became one span over all of them: {where}",
        notes,
    ]


def test_brat_spans_that_overlap_are_named_with_their_lines(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = brat(tmp_path, ANNA, OSLO, "R1\tlives Arg1:T1 Arg2:T2", "T3\tORG 5 9\tBerg")
    with pytest.raises(CorpusError, match=r"a\.ann:1: span PER \(tokens 0 to 2\) overlaps span ORG .* 2, line 4\); "):
        read_corpus(path)
    read_corpus(path.parent, misaligned="drop")
    assert f"{path.parent}: 1 span that overlaps a longer one was left out: a.ann:4" in caplog.messages


def test_brat_spans_that_do_not_fit_are_named_with_their_lines(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Those of all files of a folder together."""
    folder = brat(tmp_path, ANNA, "T2\tLOC 39 42\tslo").parent
    put(tmp_path, "brat/below/b.txt", "He slept.")
    put(tmp_path, "brat/below/b.ann", "\n\nT1\tX 3 5\tsl\n")
    with pytest.raises(CorpusError) as told:
        read_corpus(folder)
    assert str(told.value).startswith(f"{folder / 'a.ann'}:2: span LOC 'slo' (characters 39 to 42) does not fall on")
    assert str(told.value).endswith("(2 of 3 spans do not fit, a.ann:2, below/b.ann:3)")
    assert found(read_corpus(folder, misaligned="drop")) == [("Anna Berg", "PER")]
    assert caplog.messages == [f"{folder}: 2 of 3 spans are no whole tokens and were left out: a.ann:2, below/b.ann:3"]
    for lines, fault in (((ANNA, "T2\tLOC 380 384\tOslo"), "380 to 384"), ((ANNA, "T2\tLOC 38 42\tOsla"), "Osla")):
        with pytest.raises(CorpusError, match=rf"brat/a\.ann:2: span LOC .*{fault}"):
            read_corpus(brat(tmp_path, *lines))
    with pytest.raises(CorpusError, match=r"brat/a\.ann:1: not a span of brat"):
        read_corpus(brat(tmp_path, "T1\t 0 9\tAnna Berg"))


def test_b6_brat_nested_spans_and_faults(tmp_path: Path) -> None:
    nested = brat(tmp_path, "T1\tORG 30 42\tPort of Oslo", OSLO)
    assert found(read_corpus(nested, misaligned="drop")) == [("Port of Oslo", "ORG")]
    with pytest.raises(
        CorpusError,
        match=(
            r"brat/a\.ann:1: span .* overlaps span LOC \(tokens 9 to 10, line 2\); tags hold one span a token: drop "
            r"one of them, or let --misaligned drop keep the longer one$"
        ),
    ):
        read_corpus(nested)
    with pytest.raises(
        CorpusError, match=r"brat/a\.ann:1: not a span of brat: T1, a tab, LABEL START END, a tab, its text$"
    ):
        read_corpus(brat(tmp_path, "T1\tPER 0\tAnna"))
    (tmp_path / "brat" / "a.txt").unlink()
    with pytest.raises(CorpusError, match=r"brat/a\.ann: no a\.txt beside it, the text that it is about$"):
        read_corpus(tmp_path / "brat")


# ---- WebAnno

HEAD = """#FORMAT=WebAnno TSV 3.3
#T_SP=de.tudarmstadt.ukp.dkpro.core.api.lexmorph.type.pos.POS|PosValue
#T_SP=de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity|identifier|value


"""
WEBANNO = (
    HEAD
    + """#Text=Anna Berg slept .
1-1\t0-4\tAnna\tPROPN\t*[1]\tPER[1]\t
1-2\t5-9\tBerg\tPROPN\t*[1]\tPER[1]\t
1-3\t10-15\tslept\tVERB\t_\t_\t
1-4\t16-17\t.\t_\t_\t_\t

#Text=In Oslo
2-1\t18-20\tIn\tADP\t_\t_\t
2-2\t21-25\tOslo\tPROPN\t*\tL\\_OC\t
"""
)


def test_b6_webanno(tmp_path: Path) -> None:
    path = put(tmp_path, "a.tsv", WEBANNO)
    (document,) = corpus = read_corpus(path, {"ner": -1, "pos": "PosValue"})
    assert found(corpus, "ner") == [("Anna Berg", "PER"), ("Oslo", "L_OC")]
    assert document.tags_of("pos") == ["PROPN", "PROPN", "VERB", UNKNOWN, "ADP", "PROPN"]
    assert (document.text, document.bounds) == ("Anna Berg slept .\nIn Oslo", [0, 4, 6])
    assert document.where(4) == f"{path}:13"
    for column in ("NamedEntity", "value", "NamedEntity.value", 3):
        assert found(read_corpus(path, {"ner": column}), "ner") == found(corpus, "ner")
    with pytest.raises(
        CorpusError,
        match=r"a\.tsv: no feature is 'x'; it has POS\.PosValue, NamedEntity\.identifier, NamedEntity\.value$",
    ):
        read_corpus(path, {"ner": "x"})


def test_b6_webanno_a_part_of_speech_without_a_value_is_not_known(tmp_path: Path) -> None:
    path = put(tmp_path, "a.tsv", WEBANNO.replace("10-15\tslept\tVERB", "10-15\tslept\t*"))
    assert read_corpus(path, {"pos": "PosValue"})[0].tags_of("pos")[1:4] == ["PROPN", UNKNOWN, UNKNOWN]


def test_webanno_spans_without_a_value_are_not_annotated(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """One of two tokens, one beside a labelled one, one alone, one of a part of a token."""
    rows = [("Ada", "PER[1]"), ("B", "PER[1]|*[2]"), ("C", "*[2]"), ("in", "_"), ("Rom", "*"), ("so", "_")]
    content = HEAD + "#Text=Ada B C in Rom so\n"
    content += "".join(f"1-{n}\t{n}-{n + 1}\t{word}\t_\t*\t{cell}\t\n" for n, (word, cell) in enumerate(rows, 1))
    path = put(tmp_path, "a.tsv", content + "1-6.1\t6-7\ts\t_\t*\t*[3]\t\n")
    (document,) = read_corpus(path, {"ner": "value"})
    assert document.tags_of("ner") == ["B-PER", "I-PER", UNKNOWN, "O", UNKNOWN, UNKNOWN]
    said = "3 spans have no label, and their tokens are not annotated (_)"
    assert caplog.messages == [f"{path}: {said}: lines 8, 11, 13"]


def test_b6_webanno_stacked_spans(tmp_path: Path) -> None:
    path = put(tmp_path, "a.tsv", WEBANNO.replace("PER[1]\t\n1-2", "PER[1]|X\t\n1-2"))
    assert found(read_corpus(path, misaligned="drop"))[0] == ("Anna Berg", "PER")
    with pytest.raises(
        CorpusError,
        match=(
            r"a\.tsv:7: span X \(tokens 0 to 1\) overlaps span PER \(tokens 0 to 2\); tags hold one span a "
            r"token: drop one of them, or let --misaligned drop keep the longer one$"
        ),
    ):
        read_corpus(path)


def test_b6_webanno_spans_of_parts_of_tokens(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """One alone, one that begins with a whole token, and one of a layer that is not read."""
    part = "1-2.1\t5-7\tBe\t_\t*[1]\tPER[1]\t\n"
    content = WEBANNO.replace("1-2\t5-9\tBerg\tPROPN\t*[1]\tPER[1]\t\n", f"1-2\t5-9\tBerg\tPROPN\t_\t_\t\n{part}")
    content = content.replace("2-2\t21-25\tOslo\tPROPN\t*\tL\\_OC\t\n", "2-2\t21-25\tOslo\tPROPN\t_\t_\t\n")
    content += "2-2.1\t21-23\tOs\t_\t*\tLOC\t\n2-2.2\t23-25\tlo\tX\t_\t_\t\n"
    path = put(tmp_path, "a.tsv", content + "2-3\t26-30\tLund\tPROPN\t*\tLOC\t\n")
    line = next(at for at, row in enumerate(path.read_text("utf-8").split("\n"), 1) if row.startswith("1-2.1"))
    with pytest.raises(CorpusError) as told:
        read_corpus(path)
    assert str(told.value).startswith(f"{path}:{line}: span PER marks 'Be', a part of a token; correct it, or use")
    assert "--misaligned snap or --misaligned drop (2 of 3 spans do not fit" in str(told.value)
    snapped = [("Anna Berg", "PER"), ("Oslo", "LOC"), ("Lund", "LOC")]
    assert found(read_corpus(path, misaligned="snap")) == snapped
    assert "2 of 3 spans are no whole tokens and were widened to whole tokens" in caplog.text
    assert found(read_corpus(path, misaligned="drop")) == [("Lund", "LOC")]
    assert "2 of 3 spans are no whole tokens and were left out" in caplog.text
    assert read_corpus(path, {"pos": "PosValue"})[0].tags_of("pos")[4:] == ["ADP", "PROPN", "PROPN"]
    with pytest.raises(CorpusError, match=r"b\.tsv:18: 'x' is a part of token 9-9, which is not there$"):
        read_corpus(put(tmp_path, "b.tsv", content + "9-9.1\t0-1\tx\t_\t_\t_\t\n"))


# ---- JSON with spans of tokens


def test_spans_of_other_keys_are_not_taken_for_those_of_spert(tmp_path: Path) -> None:
    record = {"tokens": WORDS, "entities": [{"label": "PER", "start": 0, "end": 2}]}
    with pytest.raises(
        CorpusError, match=r"a\.json:1: entities counts characters, but the record has no text with its tokens$"
    ):
        read_corpus(put(tmp_path, "a.json", json.dumps(record)))


WORDS = ["Anna", "Berg", "slept", "in", "Oslo"]
SPANS = [("Anna Berg", "PER"), ("Oslo", "LOC")]
LAYOUTS: dict[str, Any] = {
    "GLiNER": {"tokenized_text": WORDS, "ner": [[0, 1, "PER"], [4, 4, "LOC"]]},
    "SpERT": {
        "tokens": WORDS,
        "entities": [{"type": "PER", "start": 0, "end": 2}, {"type": "LOC", "start": 4, "end": 5}],
        "relations": [],
    },
    "DyGIE": {"doc_key": "1", "sentences": [WORDS[:3], WORDS[3:]], "ner": [[[0, 1, "PER"]], [[4, 4, "LOC"]]]},
    "CLUENER": {
        "text": "Anna Berg slept in Oslo",
        "label": {"PER": {"Anna Berg": [[0, 8]]}, "LOC": {"Oslo": [[19, 22]]}},
    },
}


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("column", [-1, "ner"])
def test_b6_spans_of_tokens(tmp_path: Path, name: str, column: int | str) -> None:
    if name == "CLUENER" and column == "ner":
        pytest.skip("its spans have no name")
    path = put(tmp_path, "a.json", json.dumps([LAYOUTS[name]] * 2))
    corpus = read_corpus(path, {"ner": column}, tokenizer="whitespace")
    assert found(corpus, "ner") == SPANS * 2
    assert corpus[0].words == WORDS


@pytest.mark.parametrize("span", [[4, 5, "X"], [2, 1, "X"], [0, 1, ""], [0, "1", "X"], [0, 1]])
def test_b6_spans_of_tokens_that_do_not_fit(tmp_path: Path, span: list[Any]) -> None:
    path = put(tmp_path, "a.jsonl", json.dumps({"tokenized_text": WORDS, "ner": [span]}))
    with pytest.raises(CorpusError, match=r"a\.jsonl:1: .*span"):
        read_corpus(path, {"ner": -1})


def test_b6_the_training_data_of_spacy_2(tmp_path: Path) -> None:
    tags = ["B-PER", "L-PER", "O", "-", "U-LOC"]
    tokens = [
        {"id": at, "orth": word, "ner": tag, "tag": "T"} for at, (word, tag) in enumerate(zip(WORDS, tags, strict=True))
    ]
    sentences = [{"tokens": tokens[:3], "brackets": []}, {"tokens": tokens[3:]}]
    record = {"id": 0, "paragraphs": [{"raw": "Anna Berg slept  in Oslo", "sentences": sentences}]}
    corpus = read_corpus(put(tmp_path, "a.json", json.dumps([record])), {"ner": -1, "tag": "tag"}).settle("ner")
    assert corpus[0].tags_of("ner") == ["B-PER", "L-PER", "O", UNKNOWN, "U-LOC"]
    assert (found(corpus, "ner"), corpus[0].bounds) == (SPANS, [0, 3, 5])
    assert corpus[0].starts == [0, 5, 10, 17, 20]
    with pytest.raises(CorpusError, match=r"a\.json:1: no 'dep' for task 'dep'; the tokens have ner, tag$"):
        read_corpus(tmp_path / "a.json", {"dep": "dep"})
    bare = [{"paragraphs": [{"sentences": [{"tokens": [{"orth": "Anna"}]}]}]}]
    with pytest.raises(CorpusError, match=r"b\.json:1: no 'dep' for task 'dep'; the tokens have none$"):
        read_corpus(put(tmp_path, "b.json", json.dumps(bare)), {"dep": "dep"})


# ---- CoNLL-U Plus, word/TAG


@pytest.mark.parametrize("name", ["a.conllup", "a.conllu", "a.tsv"])
def test_b6_columns_that_the_first_line_names(tmp_path: Path, name: str) -> None:
    content = (
        "# global.columns = ID FORM UPOS X:NE\n# newdoc id = d1\n# text = x\n1-2\tzum\t_\t_\n1\tzu\tADP\tO\n"
        "2\tOslo\tPROPN\tB-LOC\n2.1\tx\t_\t_\n\n# newdoc id = d2\n1\tAnna\tPROPN\tB-PER\n\n"
    )
    path = put(tmp_path, name, content)
    first, second = read_corpus(path, {"ner": -1, "upos": "upos"})
    assert (first.id, first.words, first.tags_of("ner")) == ("d1", ["zu", "Oslo"], ["O", "B-LOC"])
    assert (second.id, second.tags_of("upos"), second.where(0)) == ("d2", ["PROPN"], f"{path}:10")
    with pytest.raises(CorpusError, match="no column 'y'; the first line names ID, FORM, UPOS, X:NE"):
        read_corpus(path, {"ner": "y"})


def test_b6_words_with_tags_behind_a_slash(tmp_path: Path) -> None:
    path = put(tmp_path, "a.pos", "Anna/NNP 1/2/CD\n./.\n\nHe/PRP\n")
    first, second = read_corpus(path, {"pos": -1})
    assert (first.words, first.tags_of("pos"), first.bounds) == (["Anna", "1/2", "."], ["NNP", "CD", "."], [0, 2, 3])
    assert second.where(0) == f"{path}:4"
    assert read_corpus(put(tmp_path, "b.pos", "Anna_NNP\n"), {"pos": -1}, delimiter="_")[0].tags_of("pos") == ["NNP"]
    for item in ("/NNP", "Anna/", "/", "Anna"):
        with pytest.raises(CorpusError, match=rf"c\.pos:2: '{item}' is no word with a tag behind '/'; see"):
            read_corpus(put(tmp_path, "c.pos", f"Bo/NNP\n{item}\n"), {"pos": -1})
    with pytest.raises(CorpusError, match=r"b\.pos:1: 'Anna_NNP' is no word with a tag behind '/'; see --delimiter$"):
        read_corpus(tmp_path / "b.pos", {"pos": -1})


# ---- writing

OTHER_SPACES = [chr(c) for c in range(0x110000) if chr(c).isspace() and c not in (0xA0, 0x202F, 0x2007)]

plain = st.text("abÄ東1,;\"'=+#", min_size=1, max_size=4).filter(lambda word: word != "_")
sentences = st.lists(st.lists(st.tuples(plain, plain), min_size=1, max_size=4), min_size=1, max_size=4)


@pytest.mark.parametrize("format", ["token-csv", "xlsx", "word/tag"])
@settings(max_examples=15, deadline=None)
@given(given=sentences)
def test_b6_tokens_come_back(format: str, given: list[list[tuple[str, str]]]) -> None:
    document = Document.from_sentences([[word for word, _ in sentence] for sentence in given])
    document = document.with_tags({"pos": [tag for sentence in given for _, tag in sentence]})
    with tempfile.TemporaryDirectory() as folder:
        save_corpus([document], Path(folder, "a"), format=format)
        back = read_corpus(Path(folder, "a"), {"pos": -1}, format=format)
    assert [sentence.words for each in back for sentence in each.sentences] == [
        [word for word, _ in sentence] for sentence in given
    ]
    assert [tag for each in back for tag in each.tags_of("pos")] == document.tags_of("pos")


tokens = st.sampled_from(["1\u00a0000", "10\u202f000", "1"]) | (
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]), min_size=1, max_size=4)
    .map(lambda word: "a".join(word.split(" ")))
    .filter(lambda word: word == word.strip() and not set(word) & set(OTHER_SPACES))
)
names = st.none() | st.sampled_from(["a", "b", "a.2", "1", "2"]) | tokens | st.text("a \n\r\"',\u00a0", max_size=3)


@pytest.mark.parametrize("format", ["token-csv", "xlsx"])
@pytest.mark.parametrize("columns", [{"t": "t"}, {}])
@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(names, st.lists(st.lists(tokens, min_size=1, max_size=3), max_size=3)), max_size=4))
def test_documents_of_tokens_come_back_apart_and_with_their_names(
    format: str, columns: dict[str, str], given: list[tuple[str | None, list[list[str]]]]
) -> None:
    documents = []
    for name, sentences in given:
        document = Document.from_sentences(sentences)
        documents.append(document.with_tags({"t": [word[::-1] for word in document.words]}))
        documents[-1].id = name
    filled = [document for document in documents if document.words]
    if not filled:
        return
    with tempfile.TemporaryDirectory() as folder:
        save_corpus(documents, Path(folder, "a"), format=format)
        assert find_columns(Path(folder, "a"), format=format) == {"t": "t"}
        back = list(read_corpus(Path(folder, "a"), columns, format=format))
    assert [[s.words for s in each.sentences] for each in back] == [
        [s.words for s in each.sentences] for each in filled
    ]
    if columns:
        assert [each.tags_of("t") for each in back] == [each.tags_of("t") for each in filled]
    before = None
    for document, again in zip(filled, back, strict=True):
        if document.id and document.id.strip() and document.id != before:
            assert again.id == document.id
        before = again.id


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx"])
def test_one_document_without_a_name_needs_no_column_of_names(name: str, tmp_path: Path) -> None:
    document = Document.from_words(["1\u00a0000", "Tea"]).with_tags({"pos": ["NUM", "NOUN"]})
    save_corpus([document], tmp_path / "a.csv", format="token-csv")
    assert (tmp_path / "a.csv").read_text("utf-8").splitlines() == [
        "sentence_id,word,pos", "1,1\u00a0000,NUM", "1,Tea,NOUN",
    ]  # fmt: skip
    document.id = "x"
    save_corpus([document], tmp_path / "b.csv", format="token-csv")
    assert (tmp_path / "b.csv").read_text("utf-8").splitlines()[:2] == [
        "doc_id,sentence_id,word,pos",
        "x,1,1\u00a0000,NUM",
    ]


def test_b6_what_cannot_be_written_is_refused(tmp_path: Path) -> None:
    document = Document.from_words(["a b"]).with_tags({"pos": ["X"]})
    for name in ("a.xlsx", "a.pos"):
        with pytest.raises(CorpusError, match="'a b'"):
            save_corpus([document], tmp_path / name)
    with pytest.raises(CorpusError, match=r"a\.ann: brat is written as a folder; name one, with --to brat$"):
        save_corpus([document], tmp_path / "a.ann")
    with pytest.raises(CorpusError, match=r"^task 'word' is named like a column that each table has; rename the task$"):
        save_corpus([document.with_tags({"word": ["X"]})], tmp_path / "a.xlsx")
    assert set(FORMATS) >= {"brat", "conllup", "token-csv", "word/tag", "xlsx"}


def test_conllu_plus_without_its_first_line_says_what_it_needs(tmp_path: Path) -> None:
    with pytest.raises(
        CorpusError, match=r"a\.conllup:1: CoNLL-U Plus begins with # global\.columns = ID FORM \.\.\.$"
    ):
        read_corpus(put(tmp_path, "a.conllup", "1\tAnna\n\n"), {"x": 2})


def test_webanno_in_another_encoding(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    layer = "#FORMAT=WebAnno TSV 3.3\n#T_SP=custom.Größe|Größe\n\n\n#Text=Anna\n1-1\t0-4\tAnna\tklein\n"
    path.write_bytes(layer.encode("cp1252"))
    assert [each.name for each in webanno.features(path, encoding="cp1252")] == ["Größe"]
    assert read_corpus(path, {"x": "Größe"}, encoding="cp1252")[0].tags_of("x") == ["B-klein"]
    with pytest.raises(CorpusError, match="UTF-8"):
        webanno.features(path)


@pytest.mark.parametrize("mark", ["\u200b", "\u200f", "\u2066", "\ufeff"])
@pytest.mark.parametrize("tokenizer", ["spacy:en", "whitespace", "characters"])
def test_spans_may_begin_and_end_with_what_is_not_seen(tmp_path: Path, tokenizer: str, mark: str) -> None:
    put(tmp_path, "a.txt", f"so {mark}Paris{mark} is big.")
    path = put(tmp_path, "a.ann", f"T1\tLOC 3 10\t{mark}Paris{mark}\n")
    (span,) = next(iter(read_corpus(path, tokenizer=tokenizer))).spans
    assert (span.text.strip(mark), span.label) == ("Paris", "LOC")
