"""Damaged files of every kind are read, or refused by one line that names its place; none ends the process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fuzz_files
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bilstm_tagger.corpus.formats.records import RecordReader
from bilstm_tagger.corpus.reading import iterate_corpus
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.settings.read_spec import ReadSpec


def test_damaged_files_of_every_kind() -> None:
    """In a process of its own with bounded memory; `make fuzz` reads many more."""
    counts, failures = fuzz_files.run(350, seed=int(os.environ.get("FUZZ_SEED", "0")))
    assert failures == []
    assert counts.total() == 350
    assert counts["read"] > 30
    assert counts["refused"] > 100


@pytest.mark.parametrize("kind", ["arrow", "stream", "parquet"])
def test_numbers_in_tables_are_checked_before_they_are_followed(kind: str) -> None:
    counts, failures = fuzz_files.run(60, seed=0, kinds=[kind])
    assert failures == []
    assert counts.total() == 60


WAITS = """
import sys
from bilstm_tagger.corpus.reading import iterate_corpus
from bilstm_tagger.settings.read_spec import ReadSpec
documents = iterate_corpus(sys.argv[1], ReadSpec(columns={}))
next(documents)
open(sys.argv[1], "w").close()
try:
    print(sum(1 for _ in documents))
except Exception as error:
    print(type(error).__name__, error)
"""


def test_a_table_that_is_cut_short_while_it_is_read(tmp_path: Path) -> None:
    """A mapped file would end the process by SIGBUS."""
    path = tmp_path / "a.arrow"
    table = pa.table({"tokens": [["Ada", "ran"]] * 2_000})
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table, max_chunksize=500)
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", WAITS, str(path)], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": root},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("CorpusError ")


KEYS = st.sampled_from(
    ["id", "text", "tokens", "words", "tags", "ner_tags", "spans", "entities", "label", "labels", "sentences",
     "start_char", "end_char", "start", "end", "data", "annotations", "result", "value", "answer", "ner", "sentence",
     "type", "task"]
)  # fmt: skip
STRINGS = st.sampled_from(["", "Ada ran", "B-PER", "\ud800"])
SCALARS = st.none() | st.booleans() | st.integers(-3, 30) | st.floats() | STRINGS
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)


@settings(max_examples=150, deadline=None)
@example(record={"text": "", "tags": {"id": None, "start": []}}, columns={"tags": -1})
@given(record=st.dictionaries(KEYS, VALUES, max_size=5), columns=st.sampled_from([{"tags": -1}, {"ner": "ner"}, {}]))
def test_records_of_any_shape(record: dict[str, Any], columns: dict[str, int | str]) -> None:
    reader = RecordReader("a.jsonl", ReadSpec(columns=columns, tokenizer="whitespace"))
    try:
        document = reader.document(record, 1)
        reader.finish()
    except CorpusError as error:
        assert str(error).startswith("a.jsonl")
        assert "\n" not in str(error)
        return
    if document is not None:
        document.check_offsets()
        assert set(document.tags) == set(columns)


HALF = "\ud800"


def halves() -> Iterator[tuple[str, Any]]:
    """A half character in each string of a record, keys included."""
    yield "id", {"id": HALF, "tokens": ["Ada"], "tags": ["O"]}
    yield "token", {"tokens": [f"A{HALF}"], "tags": ["O"]}
    yield "tag", {"tokens": ["Ada"], "tags": [f"B-{HALF}"]}
    yield "key", {"tokens": ["Ada"], "tags": ["O"], HALF: 1}
    yield "value", {"tokens": ["Ada"], "tags": ["O"], "note": [{"a": HALF}]}
    yield "text", {"text": f"Ada{HALF}", "spans": []}
    yield "label", {"text": "Ada", "label": [[0, 3, HALF]]}
    yield "task", {"text": "Ada", "spans": [{"start": 0, "end": 3, "label": "P", "task": HALF}]}
    yield "pair", ["Ada", {"entities": [[0, 3, HALF]]}]
    yield "tasks", {"tokens": ["Ada"], "tags": {HALF: ["O"]}}
    yield "type", {"tokens": ["Ada"], "entities": [{"start": 0, "end": 1, "type": HALF}]}
    labels = {"from_name": "l", "to_name": "t", "type": "labels", "value": {"start": 0, "end": 3, "labels": [HALF]}}
    yield "studio", {"data": {"text": "Ada"}, "annotations": [{"result": [labels]}]}


@pytest.mark.parametrize(("record"), [record for _, record in halves()], ids=[name for name, _ in halves()])
def test_half_characters_in_any_string_of_json(record: Any, tmp_path: Path) -> None:
    lines, array = tmp_path / "a.jsonl", tmp_path / "a.json"
    lines.write_text('{"tokens": ["x"], "tags": ["O"]}\n' + json.dumps(record) + "\n")
    array.write_text("[\n" + json.dumps(record) + "\n]\n")
    for path in (lines, array):
        with pytest.raises(CorpusError) as caught:
            list(iterate_corpus(path, ReadSpec(columns={"tags": -1}, tokenizer="whitespace")))
        assert str(caught.value).startswith(f"{path}:2: '\\ud800' is half a character")


def test_half_characters_in_lists_of_csv(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("tokens,tags\n\"['A']\",\"['B-\\ud800']\"\n")
    with pytest.raises(
        CorpusError, match=r"a\.csv:2: '\\ud800' is half a character; write both halves of the pair or neither$"
    ):
        list(iterate_corpus(path, ReadSpec(columns={"tags": -1})))


@pytest.mark.parametrize(
    "encoding",
    ["utf-7", "unicode_escape", "raw_unicode_escape", "punycode", "undefined", "rot13", "\0", "\ud800", "a" * 999],
)
def test_encodings_that_no_file_is_in(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "a.conll"
    path.write_bytes(b"\\ud800\tO\n")
    with pytest.raises(CorpusError, match="unknown encoding") as caught:
        list(iterate_corpus(path, ReadSpec(columns={"tags": -1}, encoding=encoding)))
    str(caught.value).encode()


def test_brat_files_with_names_that_are_not_utf8(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9")
    try:
        (tmp_path / f"{name}.txt").write_text("Ada ran.")
    except OSError:
        pytest.skip("the file system has only names in UTF-8")
    (tmp_path / f"{name}.ann").write_text("T1\tPER 0 3\tAda\n")
    (document,) = iterate_corpus(tmp_path, ReadSpec(columns={"tags": -1}, tokenizer="whitespace"))
    assert document.id == r"caf\udce9"
