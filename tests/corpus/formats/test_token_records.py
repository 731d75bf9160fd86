"""Records with a token in each: read as the same table in CSV is, or refused."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bilstm_tagger.corpus.reading import read_corpus
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.settings.read_spec import ReadSpec

Rows = list[dict[str, Any]]
ROWS: Rows = [
    {"s": 1, "word": "Ada", "pos": "PROPN", "ner": "B-PER"},
    {"s": 1, "word": "Lovelace", "pos": "PROPN", "ner": "I-PER"},
    {"s": 1, "word": "wrote", "pos": "VERB", "ner": "O"},
    {"s": 2, "word": "Oslo", "pos": "PROPN", "ner": "B-LOC"},
]
SPEC = ReadSpec(columns={"ner": "ner", "pos": "pos"}, sentence_column="s")


def _csv(path: Path, rows: Rows) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _jsonl(path: Path, rows: Rows) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


def _json(path: Path, rows: Rows) -> None:
    path.write_text(json.dumps(rows), "utf-8")


def _parquet(path: Path, rows: Rows) -> None:
    pq.write_table(pa.Table.from_pylist(rows), path)


def _arrow(path: Path, rows: Rows) -> None:
    table = pa.Table.from_pylist(rows)
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, table.schema) as sink:
        sink.write_table(table)


WRITERS: dict[str, Callable[[Path, Rows], None]] = {
    ".jsonl": _jsonl, ".json": _json, ".parquet": _parquet, ".arrow": _arrow,
}  # fmt: skip
everywhere = pytest.mark.parametrize("suffix", WRITERS)


def _read(folder: Path, suffix: str, rows: Rows, spec: ReadSpec) -> tuple[Any, ...]:
    path = folder / f"a{suffix}"
    WRITERS.get(suffix, _csv)(path, rows)
    (document,) = read_corpus(path, spec=spec)
    return document.words, document.bounds, document.tags, document.columns


@everywhere
@pytest.mark.parametrize("column", ["s", 1])
def test_the_column_of_sentences_counts(suffix: str, column: str | int, tmp_path: Path) -> None:
    words, bounds, tags, _ = _read(tmp_path, suffix, ROWS, SPEC.replace(sentence_column=column))
    assert (words, bounds) == (["Ada", "Lovelace", "wrote", "Oslo"], [0, 3, 4])
    assert tags == {"ner": ["B-PER", "I-PER", "O", "B-LOC"], "pos": ["PROPN", "PROPN", "VERB", "PROPN"]}


@everywhere
def test_one_that_is_called_so_is_found(suffix: str, tmp_path: Path) -> None:
    rows = [{"sentence_id": row["s"], "token": row["word"], "ner": row["ner"]} for row in ROWS]
    assert _read(tmp_path, suffix, rows, ReadSpec(columns={"ner": -1}))[1] == [0, 3, 4]


@pytest.mark.parametrize("suffix", [".parquet", ".arrow"])
def test_a_column_of_dates_makes_no_documents_of_tokens(suffix: str, tmp_path: Path) -> None:
    rows = [row | {"day": date(2020, 1, 2), "value": Decimal("1.5")} for row in ROWS]
    words, bounds, _, columns = _read(tmp_path, suffix, rows, SPEC)
    assert (words, bounds) == (["Ada", "Lovelace", "wrote", "Oslo"], [0, 3, 4])
    assert (columns["day"], columns["value"]) == (["2020-01-02"] * 4, ["1.5"] * 4)


@everywhere
def test_without_one_the_rows_are_refused(suffix: str, tmp_path: Path) -> None:
    """Each would be a sentence of its own."""
    path = tmp_path / f"a{suffix}"
    WRITERS[suffix](path, ROWS)
    with pytest.raises(CorpusError) as caught:
        read_corpus(path, spec=ReadSpec(columns={"pos": "pos"}))
    assert str(caught.value) == (
        f"{path}:1: each row has one token, and nothing tells where sentences end: name the column that does by "
        "--sentence-column; if each row is a sentence of one token, write the token and its tags as lists"
    )


@everywhere
def test_numbers_for_tags_are_refused(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    WRITERS[suffix](path, [row | {"ner": number} for number, row in enumerate(ROWS)])
    with pytest.raises(CorpusError, match="task 'ner' are numbers without names"):
        read_corpus(path, spec=SPEC)


@everywhere
def test_a_document_in_each_row_has_no_such_column(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    WRITERS[suffix](path, [{"s": 1, "tokens": ["Ada", "left"], "ner": ["B-PER", "O"]}])
    with pytest.raises(CorpusError, match="not a token but a document; --sentence-column is for a token in each row"):
        read_corpus(path, spec=ReadSpec(columns={"ner": "ner"}, sentence_column="s"))


def test_nor_have_documents_behind_a_record_that_might_be_a_token(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    _jsonl(path, [{"s": 1, "tokens": "Ada", "ner": "O"}, {"s": 1, "tokens": ["Ada", "left"], "ner": ["B-PER", "O"]}])
    with pytest.raises(
        CorpusError,
        match=(
            r"a\.jsonl:2: not a token but a document; --sentence-column is for a token in each row, so leave "
            r"it out$"
        ),
    ):
        read_corpus(path, spec=ReadSpec(columns={"ner": "ner"}, sentence_column="s"))


@everywhere
def test_sentences_of_a_word_among_longer_ones_are_documents(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    WRITERS[suffix](path, [{"tokens": "Yes", "ner": "O"}, {"tokens": "Ada left", "ner": "B-PER O"}])
    read = read_corpus(path, spec=ReadSpec(columns={"ner": "ner"}))
    assert [document.words for document in read] == [["Yes"], ["Ada", "left"]]


WORD = st.text(st.characters(codec="utf-8", exclude_categories=["Z", "C"]), min_size=1, max_size=5).filter(
    lambda word: word.split() == [word] and not word.startswith(("[", "{", '"', "'", "("))
)
ROW = st.fixed_dictionaries({"s": st.integers(0, 3), "word": WORD, "pos": st.sampled_from("NV"), "ner": st.just("O")})


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(ROW, min_size=1, max_size=8))
def test_all_formats_give_the_same(tmp_path: Path, rows: Rows) -> None:
    wanted = _read(tmp_path, ".csv", rows, SPEC)
    assert wanted[0] == [row["word"] for row in rows]
    for suffix in WRITERS:
        assert _read(tmp_path, suffix, rows, SPEC) == wanted
