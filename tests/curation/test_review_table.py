"""Tables of reviews: what is written can be read back and put into the corpus, and nothing else changes."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bilstm_tagger.corpus import read_corpus
from bilstm_tagger.corpus.reading import save_corpus
from bilstm_tagger.curation.corrections import apply_table, read_corrections
from bilstm_tagger.curation.places import Place
from bilstm_tagger.curation.review_table import HEADER, read_spans, review_rows, show_spans
from bilstm_tagger.curation.reviewing import Review
from bilstm_tagger.curation.tables import write_table
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.settings.read_spec import ReadSpec

LINES = """\
-DOCSTART- -X- O

Ada NNP B-PER
Lovelace NNP O
wrote VBD O

=Rain NN B-LOC
fell VBD O
on IN O
Leeds NNP O
. . O

"""
SPEC = ReadSpec(columns={"ner": -1})


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "data.conll"
    path.write_text(LINES, "utf-8")
    return path


def reviewed(source: Path) -> Review:
    corpus = read_corpus(source, spec=SPEC).settle("ner")
    ranked = [
        (1.4, Place("0.0", ((0, 1, "PER"),), ((0, 2, "PER"),), 0.01, 0.9)),
        (1.2, Place("0.1", ((0, 1, "LOC"),), (), 0.02, 0.8)),
        (1.1, Place("0.1", (), ((3, 4, "LOC"),), 0.1, 0.9)),
    ]
    return Review(corpus, "ner", ranked, judged=2)


def table(source: Path, kind: str, answers: dict[int, str], **cells: str) -> Path:
    """The table of the review, with these answers and these cells in the rows that have one."""
    path = source.with_name(f"table.{kind}")
    rows: list[list[Any]] = [list(row) for row in review_rows(reviewed(source))]
    for number, answer in answers.items():
        rows[number][0] = answer
        for name, cell in cells.items():
            rows[number][HEADER.index(name)] = cell
    with path.open("wb") if kind == "xlsx" else path.open("w", encoding="utf-8", newline="") as stream:
        write_table(HEADER, rows, stream, kind=kind)
    return path


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 9), st.sampled_from(["PER", "B 2", "a-b", "X;Y", "人"]))))
def test_spans_come_back_from_their_cell(drawn: list[tuple[int, int, str]]) -> None:
    spans = tuple(sorted((start, start + size, label) for start, size, label in drawn))
    assert read_spans(show_spans(spans), "here") == spans


@pytest.mark.parametrize("cell", ["PER", "PER 0", "PER 4-2", "3-4", "PER x", "PER 1; LOC"])
def test_cells_that_are_no_spans(cell: str) -> None:
    with pytest.raises(CorpusError, match=r"^here: .* are no spans; write O, or LABEL and words as in ORG 3-5; PER 7$"):
        read_spans(cell, "here")


@pytest.mark.parametrize("name", ["given", "instead"])
@pytest.mark.parametrize("cell", ["", " "])
def test_an_empty_cell_deletes_no_span(source: Path, name: str, cell: str) -> None:
    path = table(source, "csv", {0: "x"}, **{name: cell})
    with pytest.raises(CorpusError, match=rf"table\.csv:2: {name}: the cell is empty; write O for no span"):
        apply_table(source, path, source.with_name("new.conll"), spec=SPEC)
    assert not source.with_name("new.conll").exists()
    assert read_corrections(table(source, "csv", {0: ""}, **{name: cell}), "ner") == ([], 3)


@pytest.mark.parametrize("kind", ["csv", "tsv", "xlsx"])
def test_accepted_rows_and_nothing_else_change_the_file(source: Path, kind: str) -> None:
    target = source.with_name("corrected.conll")
    filled = table(source, kind, {0: "yes", 1: "X", 2: "no"})
    done = apply_table(source, filled, target, spec=SPEC)
    expected = LINES.replace("Lovelace NNP O", "Lovelace NNP I-PER").replace("=Rain NN B-LOC", "=Rain NN O")
    assert target.read_text("utf-8") == expected
    assert done.changes == [
        f"{source}:3: 'Ada Lovelace': PER 1 is PER 1-2",
        f"{source}:7: '=Rain': LOC 1 is O",
    ]
    assert (done.left, done.losses) == (1, [])


def test_the_column_that_was_corrected_in_a_table_is_not_told_as_lost(source: Path) -> None:
    lines = [line.split() for line in LINES.splitlines()[2:]]
    numbers = [sum(not each for each in lines[: at + 1]) for at in range(len(lines))]
    rows = [f"{number},{line[0]},{line[2]}\n" for number, line in zip(numbers, lines, strict=True) if line]
    path, target = source.with_name("data.csv"), source.with_name("corrected.csv")
    path.write_text("sentence_id,word,ner\n" + "".join(rows), "utf-8")
    done = apply_table(path, table(path, "csv", {0: "yes"}), target, spec=SPEC)
    assert (len(done.changes), done.losses) == (1, [])
    assert read_corpus(target, spec=SPEC)[0].tags_of("ner")[:2] == ["B-PER", "I-PER"]


def test_rows_in_further_sheets_change_the_file_too(source: Path, caplog: pytest.LogCaptureFixture) -> None:
    filled = table(source, "xlsx", {0: "yes", 1: "X", 2: "no"})
    book = openpyxl.load_workbook(filled)
    rows = list(book.active.iter_rows(values_only=True))
    book.active.delete_rows(3, 9)
    further = book.create_sheet("more")
    for row in (rows[0], *rows[2:]):
        further.append(row)
    for cell in (cell for row in further for cell in row if isinstance(cell.value, str)):
        cell.data_type = "s"  # a text, also where it begins like a formula
    book.create_sheet("notes").append(["to be asked"])
    book.save(filled)
    done = apply_table(source, filled, source.with_name("corrected.conll"), spec=SPEC)
    assert ([line.partition(":")[2] for line in done.changes], done.left) == (
        ["3: 'Ada Lovelace': PER 1 is PER 1-2", "7: '=Rain': LOC 1 is O"],
        1,
    )
    assert [f"sheet {name!r} was left out: no column" in caplog.text for name in ("notes", "more")] == [True, False]
    further["A2"] = "perhaps"
    book.save(filled)
    with pytest.raises(
        CorpusError, match=r"table\.xlsx: sheet 'more':2: accept is 'perhaps'; write yes or x, or leave it empty$"
    ):
        apply_table(source, filled, source.with_name("other.conll"), spec=SPEC)


def test_a_formula_is_a_text_for_spreadsheets(source: Path) -> None:
    with table(source, "csv", {}).open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert rows[1]["text"] == "'=Rain"
    assert rows[1]["sentence"].startswith("'=Rain fell")
    assert [rows[0][name] for name in ("kind", "given", "instead", "line", "document", "number")] == [
        "wrong ends", "PER 1", "PER 1-2", "3", "1", "1",
    ]  # fmt: skip


def test_a_table_with_semicolons_as_spreadsheets_save_it_in_other_countries(source: Path) -> None:
    path = table(source, "csv", {2: "x"})
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.reader(stream))
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, delimiter=";").writerows([*rows, [""] * len(HEADER)])
    target = source.with_name("corrected.conll")
    apply_table(source, path, target, spec=SPEC)
    assert target.read_text("utf-8") == LINES.replace("Leeds NNP O", "Leeds NNP B-LOC")


def test_the_reviewer_may_say_something_else(source: Path) -> None:
    target = source.with_name("corrected.conll")
    apply_table(source, table(source, "csv", {2: "x"}, instead="PER 3-4"), target, spec=SPEC)
    assert target.read_text("utf-8") == LINES.replace("on IN O\nLeeds NNP O", "on IN B-PER\nLeeds NNP I-PER")


@pytest.mark.parametrize(
    ("answer", "cells", "message"),
    [
        ("maybe", {}, "table.csv:4: accept is 'maybe'; write yes or x, or leave it empty$"),
        (
            "x",
            {"instead": "ORG 4"},
            (
                r"table\.csv:4: label 'ORG' is none of the data's: LOC, PER; write one of them into the cell "
                "`instead` of this row, or empty its cell `accept`$"
            ),
        ),
        (
            "x",
            {"instead": "LOC 9"},
            (r"table\.csv:4: the sentence has no word 9; is it the table of this data, or was it applied\?$"),
        ),
        (
            "x",
            {"instead": "LOC 1"},
            (
                r"table\.csv:4: span 'LOC' \(tokens 0 to 1\) overlaps span 'LOC' \(tokens 0 to 1\); tags can "
                "hold one span a token, so drop one of them$"
            ),
        ),
        (
            "x",
            {"given": "LOC 4"},
            (r"table\.csv:4: the sentence has no LOC 4; is it the table of this data, or was it applied\?$"),
        ),
        (
            "x",
            {"sentence": "Other words"},
            (
                r"table\.csv:4: the sentence in the data is '=Rain fell on Leeds \.'; is it the table of this "
                r"data\?$"
            ),
        ),
        ("x", {"document": "7"}, r"table\.csv:4: there is no document 7; is it the table of this data\?$"),
        ("x", {"number": "7"}, r"table\.csv:4: there is no sentence 7; is it the table of this data\?$"),
        ("x", {"number": "two"}, r"table\.csv:4: document and number are 1, two; they must stay as they were$"),
        (
            "x",
            {"task": "upos"},
            r"table\.csv:4: the row is about task 'upos', and the tasks that are read are ner \(BIO\); name its "
            "column, --column upos=COLUMN$",
        ),
    ],
)
def test_rows_that_do_not_fit_are_refused(source: Path, answer: str, cells: dict[str, str], message: str) -> None:
    target = source.with_name("corrected.conll")
    with pytest.raises(CorpusError, match=message):
        apply_table(source, table(source, "csv", {2: answer}, **cells), target, spec=SPEC)
    assert not target.exists()


def test_what_is_accepted_is_annotated_and_nothing_beside_it(source: Path) -> None:
    lines = LINES.replace("Lovelace NNP O", "Lovelace NNP _").replace("wrote VBD O", "wrote VBD _")
    source.write_text(lines, "utf-8")
    target = source.with_name("corrected.conll")
    done = apply_table(source, table(source, "csv", {0: "yes"}), target, spec=SPEC)
    assert target.read_text("utf-8") == lines.replace("Lovelace NNP _", "Lovelace NNP I-PER")
    assert [line.rpartition(": ")[2] for line in done.changes] == ["PER 1 is PER 1-2"]
    apply_table(source, table(source, "csv", {0: "yes"}, instead="O"), source.with_name("none.conll"), spec=SPEC)
    assert source.with_name("none.conll").read_text("utf-8") == lines.replace("B-PER", "O")


def test_the_column_task_of_the_table_says_which_task_a_row_is_about(source: Path) -> None:
    rows = [line.split() for line in LINES.splitlines()]
    source.write_text(
        "".join(" ".join([*row[:2], *(["O"] * (len(row) > 2)), *row[2:]]) + "\n" for row in rows), "utf-8"
    )
    spec, target = ReadSpec(columns={"chunk": 3, "ner": 4}), source.with_name("corrected.conll")
    filled = table(source, "csv", {0: "yes", 1: "x"})
    done = apply_table(source, filled, target, spec=spec)
    assert len(done.changes) == 2
    corpus = read_corpus(target, spec=spec)
    tags = [tag for document in corpus for tag in document.tags_of("ner")]
    assert tags[:2] == ["B-PER", "I-PER"]
    assert not any(tag != "O" for document in corpus for tag in document.tags_of("chunk"))
    with pytest.raises(CorpusError, match=r"table\.csv:2: the row is about task 'ner', but --task is 'chunk'; leave"):
        apply_table(source, filled, source.with_name("other.conll"), spec=spec, task="chunk")


def test_a_table_is_applied_once(source: Path) -> None:
    target = source.with_name("corrected.conll")
    filled = table(source, "csv", {1: "x"})
    apply_table(source, filled, target, spec=SPEC)
    target = target.replace(source)
    with pytest.raises(
        CorpusError,
        match=r"table\.csv:3: the sentence has no LOC 1; is it the table of this data, or was it applied\?$",
    ):
        apply_table(target, filled, source.with_name("again.conll"), spec=SPEC)


def test_tables_that_are_none(source: Path, tmp_path: Path) -> None:
    for name, text, message in (
        (
            "a.csv",
            "kind,text\nx,y\n",
            (r"a\.csv: no column accept, given, instead, sentence, document, number, task; it has: kind, text$"),
        ),
        ("a.txt", "", r"a\.txt: the name does not tell what table it is; call it .csv, .tsv or .xlsx$"),
        ("b.csv", None, r"b\.csv: no such file; check the path$"),
    ):
        path = tmp_path / name
        if text is not None:
            path.write_text(text, "utf-8")
        with pytest.raises(Exception, match=message):
            apply_table(source, path, tmp_path / "out.conll", spec=SPEC)


def test_other_tasks_of_records_are_kept(tmp_path: Path) -> None:
    path, target = tmp_path / "data.jsonl", tmp_path / "out.jsonl"
    ada = {"ner": ["O", "O"], "pos": ["NNP", "VBD"]}
    leeds = {"ner": ["B-PER"], "pos": ["NNP"]}
    words = [(["Ada", "came"], ada), (["Leeds"], leeds)]
    save_corpus((Document(each, [0, len(each)], tags=tags, schemes={"ner": Scheme.BIO}) for each, tags in words), path)
    spec = ReadSpec(columns={"ner": "ner"})
    corpus = read_corpus(path, spec=spec).settle("ner")
    ranked = [(1.0, Place("0.0", (), ((0, 1, "PER"),), 0.1, 0.9))]
    with (tmp_path / "t.csv").open("w", encoding="utf-8", newline="") as stream:
        write_table(
            HEADER, ([["yes", *row[1:]] for row in review_rows(Review(corpus, "ner", ranked))]), stream, kind="csv"
        )
    done = apply_table(path, tmp_path / "t.csv", target, spec=spec)
    written = read_corpus(target, {"ner": "ner", "pos": "pos"})
    assert [document.tags for document in written] == [{**ada, "ner": ["B-PER", "O"]}, leeds]
    assert len(done.changes) == 1


def test_webanno_stays_webanno(tmp_path: Path) -> None:
    source, target = tmp_path / "a.tsv", tmp_path / "b.tsv"
    layer = "#T_SP=de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity|value"
    rows = "1-1\t0-3\tAda\tPER\t\n1-2\t4-8\tKing\t_\t\n1-3\t9-12\tran\t_\t\n\n"
    source.write_text(f"#FORMAT=WebAnno TSV 3.3\n{layer}\n\n\n#Text=Ada King ran\n{rows}", "utf-8")
    spec = ReadSpec(columns={"ner": "NamedEntity.value"})
    ranked = [(1.0, Place("0.0", ((0, 1, "PER"),), ((0, 2, "PER"),), 0.1, 0.9))]
    found = Review(read_corpus(source, spec=spec).settle("ner"), "ner", ranked)
    with (tmp_path / "t.csv").open("w", encoding="utf-8", newline="") as stream:
        write_table(HEADER, (["x", *row[1:]] for row in review_rows(found)), stream, kind="csv")
    done = apply_table(source, tmp_path / "t.csv", target, spec=spec)
    assert (len(done.changes), done.losses) == (1, [])
    assert target.read_text("utf-8").splitlines()[:5] == source.read_text("utf-8").splitlines()[:5]
    assert [span.text for span in read_corpus(target, spec=spec).settle("ner")[0].spans_of("ner")] == ["Ada King"]
