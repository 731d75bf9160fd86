"""A token in each row, in any format: its documents, cells with a space or nothing, columns of counts."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bilstm_tagger.corpus import ReadSpec, read_corpus
from bilstm_tagger.errors import CorpusError

Rows = list[list[Any]]


def put_csv(folder: Path, rows: Rows, delimiter: str = ",") -> Path:
    path = folder / ("a.tsv" if delimiter == "\t" else "a.csv")
    with open(path, "w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, delimiter=delimiter).writerows(rows)
    return path


def put_tsv(folder: Path, rows: Rows) -> Path:
    return put_csv(folder, rows, "\t")


def put_xlsx(folder: Path, rows: Rows) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(folder / "a.xlsx")
    return folder / "a.xlsx"


def put_jsonl(folder: Path, rows: Rows) -> Path:
    records = [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
    (folder / "a.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")
    return folder / "a.jsonl"


def put_parquet(folder: Path, rows: Rows) -> Path:
    columns = zip(*rows[1:], strict=True)
    pq.write_table(pa.table(dict(zip(rows[0], map(list, columns), strict=True))), folder / "a.parquet")
    return folder / "a.parquet"


WAYS: dict[str, Callable[[Path, Rows], Path]] = {
    "csv": put_csv, "tsv": put_tsv, "xlsx": put_xlsx, "jsonl": put_jsonl, "parquet": put_parquet
}  # fmt: skip
every_way = pytest.mark.parametrize("way", WAYS)


def found(path: Path, **options: Any) -> list[tuple[str | None, list[list[str]]]]:
    corpus = read_corpus(path, options.pop("columns", {"ner": -1}), **options)
    return [(document.id, [sentence.words for sentence in document.sentences]) for document in corpus]


# ---- documents

PER_DOCUMENT: Rows = [["a", 1, "Ada", "B-PER"], ["b", 1, "Rain", "O"], ["b", 2, "Bob", "B-PER"]]
APART = [("a", [["Ada"]]), ("b", [["Rain"], ["Bob"]])]


@every_way
@pytest.mark.parametrize(
    "name",
    ["doc", "doc_id", "DocID", "document", "Document #", "document_id", "file", "filename", "article", "tweet_id"],
)
def test_another_document_ends_the_sentence_and_the_document(way: str, name: str, tmp_path: Path) -> None:
    assert found(WAYS[way](tmp_path, [[name, "sentence_id", "token", "tag"], *PER_DOCUMENT])) == APART


@every_way
def test_documents_are_heard_with_a_named_sentence_column(way: str, tmp_path: Path) -> None:
    path = WAYS[way](tmp_path, [["doc_id", "nr", "token", "tag"], *PER_DOCUMENT])
    assert found(path, sentence_column="nr") == APART
    # What tells the sentences apart, or the tags, is no column of documents.
    assert found(path, sentence_column="doc_id") == [(None, [["Ada"], ["Rain", "Bob"]])]


@pytest.mark.parametrize("way", ["csv", "tsv", "xlsx"])
def test_a_document_may_be_named_once(way: str, tmp_path: Path) -> None:
    rows = [["a", 1, "Ada", "B-PER"], ["", "", "ran", "O"], ["b", "", "Rain", "O"], ["", 2, "Bob", "B-PER"]]
    path = WAYS[way](tmp_path, [["doc", "Sentence #", "word", "ner"], *rows])
    assert found(path) == [("a", [["Ada", "ran"]]), ("b", [["Rain"], ["Bob"]])]
    assert read_corpus(path, {"ner": -1})[1].where(1).endswith(":5")


def test_the_last_column_is_not_that_of_documents(tmp_path: Path) -> None:
    rows = [["token", "kind", "sentence_id", "doc_id"], ["Ada", "x", 1, "a"], ["Bob", "y", 1, "b"]]
    corpus = read_corpus(put_csv(tmp_path, rows), {"t": -1})
    assert [document.tags_of("t") for document in corpus] == [["x"], ["y"]]
    assert found(put_csv(tmp_path, rows), columns={"t": "doc_id"}) == [(None, [["Ada", "Bob"]])]


# ---- cells with a space, and without anything

HEADER = ["Sentence #", "Word", "Tag"]
ODD_WORDS = ["1 000", "New York", "1\u00a0000", "a\tb", "10 : 30"]


@every_way
@pytest.mark.parametrize("word", ODD_WORDS)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_word_with_a_space_is_one_token(way: str, word: str, place: int, tmp_path: Path) -> None:
    words = ["Ada", "on", "Monday"]
    words[place] = word
    path = WAYS[way](tmp_path, [HEADER, *([1, each, "O"] for each in words)])
    assert found(path) == [(None, [words])]
    assert found(path, columns={}) == [(None, [words])]


def test_a_day_is_read_without_a_time_of_day(tmp_path: Path) -> None:
    rows = [HEADER, ["Sentence: 1", "Ada", "B-PER"], [None, "on", "O"], [None, datetime(2024, 1, 2), "O"]]
    assert found(put_xlsx(tmp_path, rows)) == [(None, [["Ada", "on", "2024-01-02"]])]
    rows[3][1] = datetime(2024, 1, 2, 10, 30)
    assert found(put_xlsx(tmp_path, rows)) == [(None, [["Ada", "on", "2024-01-02 10:30:00"]])]


@pytest.mark.parametrize("way", ["csv", "tsv", "xlsx", "jsonl"])
@pytest.mark.parametrize("columns", [{"ner": -1}, {}])
def test_an_empty_word_is_named_with_its_row(way: str, columns: dict[str, int], tmp_path: Path) -> None:
    path = WAYS[way](tmp_path, [HEADER, [1, "Ada", "B-PER"], [1, "", "O"], [1, "ran", "O"]])
    row = 2 if way == "jsonl" else 3
    with pytest.raises(CorpusError, match=rf"a\.{way}:{row}: no 'Word': the cell is empty.*every token needs a word"):
        read_corpus(path, columns)


def test_a_formula_without_a_value_is_an_empty_word(tmp_path: Path) -> None:
    rows = [HEADER, [1, "Ada", "B-PER"], [1, "=1+1", "O"], [1, "ran", "O"]]
    with pytest.raises(
        CorpusError,
        match=(
            r"a\.xlsx:3: no 'Word': .* or a formula whose value is not stored; every token needs a word and "
            r"a tag: fill it in, or leave the whole row empty where a sentence ends$"
        ),
    ):
        read_corpus(put_xlsx(tmp_path, rows), {"ner": -1})


@pytest.mark.parametrize("way", ["csv", "tsv", "xlsx"])
def test_several_words_in_one_row_are_named_with_their_row(way: str, tmp_path: Path) -> None:
    rows = [HEADER, *([1, "Ada", "O"] for _ in range(20)), [2, "Bob ran", "B-PER O"]]
    with pytest.raises(CorpusError, match=rf"a\.{way}:22: the word 'Bob ran' holds a space, and no single tag"):
        read_corpus(WAYS[way](tmp_path, rows), {"ner": -1})
    spec = ReadSpec(columns={}, sentence_column="Sentence #")
    assert found(WAYS[way](tmp_path, rows), columns=None, spec=spec)[0][1][-1] == ["Bob ran"]


@every_way
def test_documents_with_a_numbered_sentence_stay_documents(way: str, tmp_path: Path) -> None:
    rows = [["sentence_id", "tokens", "tags"], [1, "Ada ran", "B-PER O"], [2, "Yes", "O"], [3, "He sat", "O O"]]
    words = [[["Ada", "ran"]], [["Yes"]], [["He", "sat"]]]
    assert [sentences for _, sentences in found(WAYS[way](tmp_path, rows))] == words


@every_way
def test_sentences_with_a_class_are_not_tokens(way: str, tmp_path: Path) -> None:
    rows = [["sentence_id", "tokens", "label"], [1, "Ada ran", "x"], [2, "Yes", "y"], [3, "He sat", "x"]]
    path = WAYS[way](tmp_path, rows)
    assert [sentences for _, sentences in found(path, columns={})] == [[["Ada", "ran"]], [["Yes"]], [["He", "sat"]]]
    with pytest.raises(CorpusError, match="1 tag of task 'ner' for 2 tokens"):
        read_corpus(path, {"ner": -1})


# ---- counts

COUNTED = [["text", "words"], ["Ada Lovelace came.", 4], ["He left", 2], ["1999", 1]]


@every_way
@pytest.mark.parametrize("name", ["words", "tokens"])
@pytest.mark.parametrize("count", [2, 4])
def test_numbers_beside_a_text_are_no_words(way: str, name: str, count: int, tmp_path: Path) -> None:
    rows = [["text", name], *COUNTED[1:count]]
    corpus = read_corpus(WAYS[way](tmp_path, rows), {})
    assert [document.text for document in corpus] == [text for text, _ in COUNTED[1:count]]


@pytest.mark.parametrize("way", ["csv", "xlsx", "jsonl"])
@pytest.mark.parametrize("cells", [[4, "Ada came ."], ["Ada came .", 4]])
def test_numbers_among_words_are_refused(way: str, cells: list[object], tmp_path: Path) -> None:
    rows = [["text", "tokens"], *(["Ada came.", cell] for cell in cells)]
    row = 2 if way == "jsonl" else 3
    with pytest.raises(CorpusError, match=rf"a\.{way}:{row}: tokens is a number in some .*--text-column text"):
        read_corpus(WAYS[way](tmp_path, rows), {})
    assert len(read_corpus(WAYS[way](tmp_path, rows), {}, text_column="text")) == 2


@every_way
def test_a_number_that_is_the_text_is_its_word(way: str, tmp_path: Path) -> None:
    rows = [["text", "tokens"], ["Ada ran", "Ada ran"], ["1999", "1999"]]
    assert [document.words for document in read_corpus(WAYS[way](tmp_path, rows), {})] == [["Ada", "ran"], ["1999"]]
