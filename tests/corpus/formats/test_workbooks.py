"""Workbooks with several sheets: all are read, and what is left out or wrong is named by its sheet."""

from __future__ import annotations

import datetime
import io
import zipfile
from pathlib import Path

import openpyxl
import pytest

from bilstm_tagger.corpus import ReadSpec, read_corpus
from bilstm_tagger.corpus.convert.tasks import find_columns
from bilstm_tagger.corpus.reading import iterate_corpus, save_corpus
from bilstm_tagger.corpus.split import sentence_document
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import ConfigError, CorpusError
from bilstm_tagger.files.workbook import workbook_writer


def workbook(path: Path, sheets: dict[str, list[list[object]]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        made = book.create_sheet(name)
        for row in rows:
            made.append(row)
    book.save(path)
    return path


TOKENS: list[list[object]] = [["Sentence #", "Word", "Tag"], [1, "Ada", "B-PER"], [None, "ran", "O"]]
RECORDS: list[list[object]] = [["id", "tokens", "ner"], [7, "Bob ran", "B-PER O"], [8, "He sat", "O O"]]


@pytest.mark.parametrize(
    ("sheets", "expected"),
    [
        ({"S": TOKENS, "T": TOKENS}, [("S", ["Ada", "ran"]), ("T", ["Ada", "ran"])]),
        ({"S": TOKENS, "T": RECORDS}, [("S", ["Ada", "ran"]), ("T!7", ["Bob", "ran"]), ("T!8", ["He", "sat"])]),
        ({"Empty": [], "T": TOKENS, "U": [[None, ""]]}, [(None, ["Ada", "ran"])]),
        ({"Readme": [["How to"], ["Tag names."]], "T": TOKENS}, [("T", ["Ada", "ran"])]),
        ({"T": TOKENS, "Counts": [["Tag", "Count"], ["B-PER", 3]]}, [("T", ["Ada", "ran"])]),
    ],
)
def test_all_sheets_of_a_workbook_are_read(
    tmp_path: Path,
    sheets: dict[str, list[list[object]]],
    expected: list[tuple[str | None, list[str]]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    corpus = read_corpus(workbook(tmp_path / "a.xlsx", sheets), {"ner": -1})
    assert [(document.id, document.words) for document in corpus] == expected
    left = {"Readme", "Counts"} & sheets.keys()
    assert [f"sheet {name!r} was left out: no column has tokens" in caplog.text for name in left] == [True] * len(left)
    assert len(caplog.records) == len(left)


@pytest.mark.parametrize("option", ["word_column", "text_column"])
def test_a_sheet_without_the_named_column_is_left_out(
    tmp_path: Path, option: str, caplog: pytest.LogCaptureFixture
) -> None:
    named: list[list[object]] = [["tags", "Form"], ["B-PER O", "Ada ran"], ["O O", "He sat"]]
    path = workbook(tmp_path / "a.xlsx", {"S": RECORDS, "T": named})
    corpus = read_corpus(path, {"ner": "tags"} if option == "word_column" else {}, **{option: "Form"})
    assert [(document.id, document.words) for document in corpus] == [("T", ["Ada", "ran"]), ("T", ["He", "sat"])]
    assert caplog.messages == [f"{path}: sheet 'S' was left out: no column 'Form'; there are id, tokens, ner"]
    with pytest.raises(CorpusError) as caught:
        read_corpus(path, {}, **{option: "Wort"})
    assert str(caught.value) == (
        f"{path}: sheet 'S': no column 'Wort'; there are id, tokens, ner, nor has one of the other sheets; "
        "name it, --word-column or --text-column"
    )


def test_places_in_a_workbook_name_the_sheet_and_the_row(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", {"S": TOKENS, "T": TOKENS})
    assert read_corpus(path, {"ner": -1})[1].where(1) == f"{path}: sheet 'T':3"
    part = sentence_document(read_corpus(path, {"ner": -1})[1], 0)
    assert (part.where(0), part.path) == (f"{path}: sheet 'T':2", str(path))
    faulty: dict[str, list[list[object]]] = {
        "no 'Tag'": [*TOKENS, [None, "home", None]],
        "4 cells, but the header names 3": [*TOKENS, [None, "home", "O", "x"]],
        "2 tags of task 'ner' for 1 token": [["tokens", "ner"], ["a b", "O O"], ["a b", "O O"], ["a", "O O"]],
    }
    for fault, rows in faulty.items():
        workbook(path, {"S": TOKENS, "T": rows})
        with pytest.raises(CorpusError, match=rf"a\.xlsx: sheet 'T':4: {fault}"):
            read_corpus(path, {"ner": -1})
    workbook(path, {"S": TOKENS, "T": [["word", "tag", "tag"]]})
    with pytest.raises(CorpusError, match=r"a\.xlsx: sheet 'T':1: two columns are named 'tag'; rename one of them$"):
        read_corpus(path, {"ner": -1})


def test_a_workbook_without_tokens_is_refused_by_its_first_sheet(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", {"S": [["a", "b"], [1, 2]], "T": [["c"], [3]]})
    with pytest.raises(
        CorpusError,
        match=(
            r"a\.xlsx: sheet 'S': no column has tokens or a text \(columns: a, b\), nor has one of the other "
            r"sheets; name it, --word-column or --text-column$"
        ),
    ):
        read_corpus(path, {"ner": -1})


def test_tasks_of_a_workbook_are_found_behind_another_sheet(tmp_path: Path) -> None:
    rows: list[list[object]] = [["sentence_id", "word", "ner", "pos"], [1, "Ada", "B-PER", "NOUN"]]
    path = workbook(tmp_path / "a.xlsx", {"Readme": [["word of the author"], ["No."]], "T": rows})
    assert find_columns(path) == {"ner": "ner", "pos": "pos"}


def test_a_sheet_of_counted_words_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", {"T": TOKENS, "Freq": [["Word", "Count"], ["Ada", 1], ["ran", 3]]})
    with pytest.raises(CorpusError, match=r"a\.xlsx: sheet 'Freq':2: .* take this sheet out of the workbook$"):
        next(iterate_corpus(path, ReadSpec(columns={"ner": -1})))


_NAMESPACES = " ".join(
    f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for short, name in (("office", "office"), ("table", "table"), ("text", "text"))
)


def opendocument(path: Path, sheets: dict[str, list[list[str]]]) -> Path:
    """A workbook as LibreOffice writes it: empty cells and rows are counted, not listed."""
    empty = '<table:table-cell table:number-columns-repeated="3"/>'
    tables = []
    for name, rows in sheets.items():
        lines = [
            "".join(
                f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>'
                if cell
                else "<table:table-cell/>"
                for cell in row
            )
            for row in rows
        ]
        body = "".join(f"<table:table-row>{line or empty}{empty}</table:table-row>" for line in lines)
        end = f'<table:table-row table:number-rows-repeated="5000">{empty}</table:table-row>'
        tables.append(f'<table:table table:name="{name}">{body}{end}</table:table>')
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {_NAMESPACES}>'
        f"<office:body><office:spreadsheet>{''.join(tables)}</office:spreadsheet></office:body></office:document-content>"
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
    return path


def test_a_workbook_of_opendocument_is_read_as_one_of_excel(tmp_path: Path) -> None:
    texts = [[str(cell or "") for cell in row] for row in TOKENS]
    path = opendocument(tmp_path / "a.ods", {"T": [*texts, []], "R": [[str(cell) for cell in row] for row in RECORDS]})
    same = workbook(tmp_path / "a.xlsx", {"T": TOKENS, "R": RECORDS})
    read, expected = read_corpus(path, {"ner": -1}), read_corpus(same, {"ner": -1})
    assert [(each.id, each.words, each.tags_of("ner")) for each in read] == [
        (each.id, each.words, each.tags_of("ner")) for each in expected
    ]
    assert find_columns(path) == find_columns(same)


def test_a_wrong_row_of_opendocument_has_its_place(tmp_path: Path) -> None:
    path = opendocument(
        tmp_path / "a.ods", {"T": [["Sentence #", "Word", "Tag"], ["1", "Ada", "B-PER"], [], ["", "ran", ""]]}
    )
    with pytest.raises(
        CorpusError,
        match=(
            r"a\.ods:4: no 'Tag': the cell is empty; every token needs a word and a tag: fill it in, or "
            r"leave the whole row empty where a sentence ends$"
        ),
    ):
        read_corpus(path, {"ner": -1})


@pytest.mark.parametrize("suffix", [".xlsm", ".xls", ".ods"])
def test_other_workbooks_are_read_but_not_written(tmp_path: Path, suffix: str) -> None:
    made = workbook(tmp_path / "a.xlsx", {"T": TOKENS})
    other = made.rename(tmp_path / f"a{suffix}")  # what a workbook is tells its first bytes
    corpus = read_corpus(other, {"ner": -1})
    assert [each.words for each in corpus] == [["Ada", "ran"]]
    for format in (None, "xlsx", "csv"):
        with pytest.raises(
            CorpusError, match=rf"out\{suffix}: \{suffix} is read, not written; call it \.xlsx or \.csv"
        ):
            save_corpus(corpus, tmp_path / f"out{suffix}", format=format)
    assert not (tmp_path / f"out{suffix}").exists()


def test_what_a_cell_shows_is_its_token(tmp_path: Path) -> None:
    day = datetime.date(2024, 5, 6)
    cells = [3, 2.5, day, datetime.datetime(2024, 5, 6, 7, 8), datetime.time(7, 8), "a_x0042_", "001"]
    rows = [["sentence_id", "token", "ner"], *([1, cell, "O"] for cell in cells)]
    (document,) = read_corpus(workbook(tmp_path / "a.xlsx", {"T": rows}), {"ner": -1})
    assert document.words == ["3", "2.5", "2024-05-06", "2024-05-06 07:08:00", "07:08:00", "aB", "001"]


def test_excel_with_a_token_in_each_row(tmp_path: Path) -> None:
    rows: list[list[object]] = [["sentence_id", "word", "tag"], [1, "Anna", "B-per"], [1, 2, "I-per"], [2.0, "He", "O"]]
    corpus = read_corpus(workbook(tmp_path / "a.xlsx", {"S": rows}), {"ner": -1})
    assert [sentence.words for document in corpus for sentence in document.sentences] == [["Anna", "2"], ["He"]]


def test_excel_with_a_sentence_in_each_row(tmp_path: Path) -> None:
    rows: list[list[object]] = [["tokens", "tags"], ["Anna slept", "B-PER O"], [None, None], ['["He"]', "O"]]
    corpus = read_corpus(workbook(tmp_path / "a.xlsx", {"S": rows}), {"ner": -1})
    assert [sentence.words for document in corpus for sentence in document.sentences] == [["Anna", "slept"], ["He"]]
    assert corpus[1].where(0) == f"{tmp_path / 'a.xlsx'}:4"


def test_excel_that_is_damaged_or_not_supported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.xlsx"
    path.write_text("no zip")
    with pytest.raises(CorpusError, match="not a whole spreadsheet"):
        read_corpus(path, {})
    monkeypatch.setitem(__import__("sys").modules, "python_calamine", None)
    with pytest.raises(
        ConfigError, match=r"a\.xlsx: spreadsheets need python-calamine: pip install 'bilstm-tagger\[office\]'$"
    ):
        read_corpus(path, {})


def test_excel_is_not_written_without_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "openpyxl", None)
    with pytest.raises(ConfigError, match=r"Excel needs openpyxl; install it: pip install 'bilstm-tagger\[office\]'"):
        save_corpus([Document(["Tea"], [0, 1], tags={"t": ["a"]})], tmp_path / "b.xlsx")
    with pytest.raises(ConfigError, match=r"Excel needs openpyxl; install it: pip install 'bilstm-tagger\[office\]'"):
        workbook_writer(lambda *_: ([], iter(())))([], io.BytesIO())
