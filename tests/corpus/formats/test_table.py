"""Tables: Parquet, Arrow and CSV; what `datasets` and pandas write is read, what is written they read."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from round_trips import check_same, documents, there_and_back

from bilstm_tagger.corpus import ReadSpec, iterate_corpus, read_corpus, save_corpus
from bilstm_tagger.corpus.formats.table_write import write_csv
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.schemes.grammar import Scheme

NAMES = ["O", "B-PER", "I-PER"]
ROWS = {"id": ["0", "1"], "tokens": [["Ada", "Byron", "ran"], ["she"]], "ner_tags": [[1, 2, 0], [0]]}
PLAIN = ReadSpec(columns={}, tokenizer="whitespace")


def labelled() -> datasets.Dataset:
    names = datasets.List(datasets.ClassLabel(names=NAMES))
    text = datasets.Value("string")
    features = datasets.Features({"id": text, "tokens": datasets.List(text), "ner_tags": names})
    return datasets.Dataset.from_dict(ROWS, features=features)


@pytest.mark.parametrize("format", ["parquet", "arrow", "csv"])
@settings(max_examples=40, deadline=None)
@given(given=st.lists(documents(), min_size=1, max_size=3))
def test_documents_come_back(format: str, given: list[Document]) -> None:
    back = there_and_back(given, format, {"ner": "ner", "pos": -1})
    check_same(given, back)
    for before, after in zip(given, back, strict=True):
        assert after.tags == before.tags
        if format != "csv" or before.id:
            assert after.id == before.id


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
def test_no_documents_are_a_table_without_rows(tmp_path: Path, kind: str) -> None:
    save_corpus([], tmp_path / f"a.{kind}")
    assert list(iterate_corpus(tmp_path / f"a.{kind}", {})) == []


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
def test_integers_are_resolved_through_classlabel(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"a.{kind}"
    if kind == "parquet":
        labelled().to_parquet(path)
    else:
        table = labelled().data.table
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
    first, second = read_corpus(path, {"ner": -1})
    assert (first.words, first.tags) == (["Ada", "Byron", "ran"], {"ner": ["B-PER", "I-PER", "O"]})
    assert (second.id, second.where(0)) == ("1", f"{path}:2")


def test_numbers_without_names_are_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table(ROWS), tmp_path / "a.parquet")
    with pytest.raises(
        CorpusError,
        match=(
            r"a\.parquet:1: the tags of task 'ner' are numbers without names; write strings, or make the "
            r"column a ClassLabel of `datasets`$"
        ),
    ):
        read_corpus(tmp_path / "a.parquet", {"ner": "ner_tags"})


def test_what_is_written_datasets_reads(tmp_path: Path) -> None:
    document = Document(
        ["Ada", "ran"], [0, 2], tags={"ner": ["B-PER", "O"], "pos": ["X", "Y"]}, schemes={"ner": Scheme.BIO}
    )
    save_corpus([document], tmp_path / "a.parquet")
    (row,) = pq.read_table(tmp_path / "a.parquet").to_pylist()
    assert (row["tokens"], row["ner"], row["pos"]) == (["Ada", "ran"], ["B-PER", "O"], ["X", "Y"])
    assert (row["text"], row["start_char"], row["sentences"], row["words"]) == ("Ada ran", [0, 4], [[0, 2]], None)
    assert row["spans"] == [
        {"task": "ner", "label": "PER", "text": "Ada", "start": 0, "end": 1, "start_char": 0, "end_char": 3}
    ]
    stored = datasets.Dataset.from_parquet(str(tmp_path / "a.parquet"), cache_dir=str(tmp_path / "cache"))
    assert stored[0]["ner"] == ["B-PER", "O"]


def test_further_columns_stay_beside_new_tags(tmp_path: Path) -> None:
    table = pa.table({"key": [7, 8], "note": ["x", None], "body": ["a b", "c"], "ner": ["old", "old"]})
    pq.write_table(table, tmp_path / "a.parquet")
    found = list(iterate_corpus(tmp_path / "a.parquet", PLAIN.replace(text_column="body")))
    assert [document.text for document in found] == ["a b", "c"]
    tagged = [document.with_tags({"ner": ["O"] * len(document)}) for document in found]
    save_corpus(tagged, tmp_path / "b.parquet")
    rows = pq.read_table(tmp_path / "b.parquet").to_pylist()
    assert [(row["key"], row["note"], row["text"], row["ner"]) for row in rows] == [
        (7, "x", "a b", ["O", "O"]), (8, None, "c", ["O"])
    ]  # fmt: skip
    other = Document.from_words(["d"]).with_tags({"ner": ["O"]})
    with pytest.raises(
        CorpusError, match=r"^a document: no column 'key' as before; write tables of other columns to other files$"
    ):
        save_corpus([*tagged, other], tmp_path / "c.parquet")


def test_a_task_may_not_be_named_like_a_column(tmp_path: Path) -> None:
    document = Document.from_words(["a"]).with_tags({"tokens": ["X"]})
    for name in ("a.parquet", "a.csv"):
        with pytest.raises(CorpusError, match="'tokens'"):
            save_corpus([document], tmp_path / name)


CSV: dict[str, tuple[str, dict[str, int | str]]] = {
    "json": ('tokens,tags\n"[""a"", ""b c""]","[""X"",""Y""]"\n', {"tags": -1}),
    "python": ("tokens,ner\n\"['a', 'b c']\",\"['X', 'Y']\"\n", {"tags": "ner"}),
    "crlf": ('tokens,tags\r\n\r\n"[""a"", ""b c""]","[""X"",""Y""]"\r\n', {"tags": "tags"}),
}


@pytest.mark.parametrize("name", CSV)
def test_lists_in_csv(tmp_path: Path, name: str) -> None:
    content, columns = CSV[name]
    (tmp_path / "a.csv").write_bytes(content.encode())
    (document,) = read_corpus(tmp_path / "a.csv", columns)
    assert (document.words, document.tags) == (["a", "b c"], {"tags": ["X", "Y"]})


def test_tokens_separated_by_spaces_in_csv(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('sentence,labels\n"Ada ran, fast",B-PER O O\n\n"x\ny",O O\nz,O\n')
    read = read_corpus(tmp_path / "a.csv", {"ner": -1}, word_column="sentence")
    assert [document.words for document in read] == [["Ada", "ran,", "fast"], ["x", "y"], ["z"]]
    assert [document.lines[0] for document in read if document.lines] == [2, 4, 6]
    (tmp_path / "b.csv").write_text("Ada ran,B-PER O\n")
    (document,) = read_corpus(tmp_path / "b.csv", {"ner": "t"}, names=["w", "t"], word_column="w")
    assert document.tags == {"ner": ["B-PER", "O"]}


def test_a_text_that_looks_like_a_list_stays_a_text(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('id,text\n[1],"[1, 2]"\n')
    (document,) = list(iterate_corpus(tmp_path / "a.csv", PLAIN))
    assert (document.id, document.text, document.words) == ("[1]", "[1, 2]", ["[1,", "2]"])


def test_csv_has_a_column_for_all_but_spans() -> None:
    document = Document.from_words(["Ada", 'a "b"']).with_tags({"ner": ["B-PER", "O"]}, {"ner": Scheme.BIO})
    stream = io.StringIO()
    write_csv([document], stream)
    assert list(csv.reader(stream.getvalue().splitlines())) == [
        ["id", "text", "sentences", "tokens", "words", "start_char", "end_char", "ner"],
        ["", 'Ada a "b"', "[[0,2]]", '["Ada","a \\"b\\""]', "", "[0,4]", "[3,9]", '["B-PER","O"]'],
    ]


def test_nothing_is_written_for_no_documents() -> None:
    stream = io.StringIO()
    write_csv([], stream)
    assert stream.getvalue() == ""


def read(path: Path, columns: Mapping[str, Any]) -> list[Document]:
    return list(iterate_corpus(path, PLAIN.replace(columns=columns)))


def test_many_rows_come_in_batches(tmp_path: Path) -> None:
    many = [Document.from_words([f"w{number}"]).with_tags({"t": ["X"]}) for number in range(1201)]
    save_corpus(many, tmp_path / "a.parquet")
    found = read(tmp_path / "a.parquet", {"t": "t"})
    assert [document.words for document in found] == [document.words for document in many]
    assert found[-1].lines == [1201]


@pytest.mark.parametrize("wrong", [3, -1])
def test_a_number_that_is_no_class_has_its_place(wrong: int, tmp_path: Path) -> None:
    schema = labelled().data.schema
    rows = {"id": ["0", "1"], "tokens": [["Ada"], ["she"]], "ner_tags": [[1], [wrong]]}
    pq.write_table(pa.table(rows, schema=schema), tmp_path / "a.parquet")
    with pytest.raises(
        CorpusError, match=rf"a\.parquet:2: column 'ner_tags': {wrong} is no class; there are 3, counted"
    ):
        read_corpus(tmp_path / "a.parquet", {"ner": "ner_tags"})
