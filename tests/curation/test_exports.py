"""Files for annotation tools: read back as these tools export them, they have the spans of the model."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from bilstm_tagger.corpus import read_corpus
from bilstm_tagger.curation.choosing import Suggestion
from bilstm_tagger.curation.exports import EXPORTS
from bilstm_tagger.document.document import Document
from bilstm_tagger.schemes.grammar import Scheme

TEXT = "=Ada Lovelace  left Ulm."
STARTS = [0, 1, 5, 15, 20, 23]
ENDS = [1, 4, 13, 19, 23, 24]
TAGS = ["O", "B-PER", "I-PER", "O", "B-LOC", "O"]
MARKS = [(1, 13, "PER"), (20, 23, "LOC")]


def suggestions() -> list[Suggestion]:
    words = [TEXT[start:end] for start, end in zip(STARTS, ENDS, strict=True)]
    document = Document(
        words,
        [0, 6],
        text=TEXT,
        starts=STARTS,
        ends=ENDS,
        tags={"ner": TAGS},
        schemes={"ner": Scheme.BIO},
        id="a.txt",
        path="a.txt",
        lines=[3] * 6,
    )
    bare = Document(["Nothing"], [0, 1], tags={"ner": ["O"]}, schemes={"ner": Scheme.BIO})
    return [Suggestion(document, 0.25, 40), Suggestion(bare, 0.125, 0)]


def written(format: str) -> str:
    stream = io.StringIO()
    EXPORTS[format](suggestions(), stream, task="ner")
    return stream.getvalue()


def spans_in(path: Path) -> list[list[tuple[int, int, str]]]:
    corpus = read_corpus(path, {"ner": -1}, tokenizer="spacy:en").settle("ner", declared=Scheme.BIO)
    return [[(span.start_char, span.end_char, span.label) for span in document.spans] for document in corpus]


@pytest.mark.parametrize("format", ["doccano", "prodigy"])
def test_json_lines_are_read_as_those_of_the_tool(tmp_path: Path, format: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(written(format), "utf-8")
    assert spans_in(path) == [MARKS, []]


def test_doccano() -> None:
    first, second = map(json.loads, written("doccano").splitlines())
    assert first == {
        "text": TEXT,
        "label": [list(mark) for mark in MARKS],
        "rank": 1,
        "uncertainty": 0.25,
        "file": "a.txt",
        "document": "a.txt",
        "line": 3,
        "start": 40,
    }
    assert second == {"text": "Nothing", "label": [], "rank": 2, "uncertainty": 0.125, "start": 0}


def test_prodigy_has_tokens_that_make_up_the_text_and_spans_that_fit_them() -> None:
    for record in map(json.loads, written("prodigy").splitlines()):
        tokens = record["tokens"]
        assert [token["id"] for token in tokens] == list(range(len(tokens)))
        for token in tokens:
            assert record["text"][token["start"] : token["end"]] == token["text"]
            assert token["ws"] == record["text"][token["end"] : token["end"] + 1].isspace()
        for span in record["spans"]:
            assert tokens[span["token_start"]]["start"] == span["start"]
            assert tokens[span["token_end"]]["end"] == span["end"]
    assert json.loads(written("prodigy").splitlines()[0])["meta"]["file"] == "a.txt"


def test_label_studio_reads_predictions_which_an_annotator_submits(tmp_path: Path) -> None:
    tasks: list[dict[str, Any]] = json.loads(written("label-studio"))
    assert [task["data"]["text"] for task in tasks] == [TEXT, "Nothing"]
    for task in tasks:
        for result in task["predictions"][0]["result"]:
            value = result["value"]
            assert task["data"]["text"][value["start"] : value["end"]] == value["text"]
            assert (result["from_name"], result["to_name"], result["type"]) == ("label", "text", "labels")
    submitted = [{"id": 1, "data": task["data"], "annotations": task["predictions"]} for task in tasks]
    path = tmp_path / "exported.json"
    path.write_text(json.dumps(submitted), "utf-8")
    assert spans_in(path) == [MARKS, []]


def test_csv_is_read_as_a_corpus_and_holds_no_formula(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(written("csv"), "utf-8", newline="")
    corpus = read_corpus(path, {"ner": "tags"})
    assert [document.words for document in corpus] == [["=", "Ada", "Lovelace", "left", "Ulm", "."], ["Nothing"]]
    assert [document.tags_of("ner") for document in corpus] == [TAGS, ["O"]]
    assert ",'=Ada" in path.read_text("utf-8")
