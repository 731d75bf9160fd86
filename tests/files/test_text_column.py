"""Where the text of tables and records is: usual names, named columns, and what is asked or refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from rule_tagger import RuleTagger
from tagged import records, to_stream

from bilstm_tagger.settings.read_spec import ReadSpec


def refusal(path: Path, **options: Any) -> str:
    (error,) = to_stream(RuleTagger(), [path], **options)[1].failures
    return str(error)


@pytest.mark.parametrize("text_column", [None, "body"])
def test_records_of_label_studio_are_read_by_their_data(text_column: str | None, tmp_path: Path) -> None:
    tasks = [{"id": 7, "data": {"body": "to Ada", "note": 1}, "annotations": []}, {"id": 8, "data": {"body": "by Eve"}}]
    (tmp_path / "a.json").write_text(json.dumps(tasks))
    output, report = to_stream(RuleTagger(), [tmp_path / "a.json"], text_column=text_column)
    assert [(each["id"], each["text"]) for each in records(output)] == [("7", "to Ada"), ("8", "by Eve")]
    assert report.failures == []
    _, report = to_stream(RuleTagger(), [tmp_path / "a.json"], text_column="text")
    assert [str(error) for error in report.failures] == [
        f"{tmp_path / 'a.json'}:1: no column 'text'; there are: id, body, note; name one of them, --text-column"
    ]


@pytest.mark.parametrize(
    ("value", "kind"), [("5", "a number"), ("true", "true or false"), ('["a"]', "a list"), ('{"a": 1}', "an object")]
)
def test_what_is_no_text_is_refused_with_its_line(value: str, kind: str, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(f'{{"body": "to Ada"}}\n{{"body": {value}}}\n')
    place = f"{tmp_path / 'a.jsonl'}:2"
    said = f"{place}: body is {kind}, not a text; 1 document before that is tagged"
    assert refusal(tmp_path / "a.jsonl", text_column="body") == said


@pytest.mark.parametrize(
    "name",
    [
        "text", "Texts", "FULL_TEXT", "raw_text", "body", "Content", "message", "sentence", "review", "tweet",
        "abstract", "article", "document", "post", "comment", "description", "transcript", "paragraph", "Utterance",
    ],
)  # fmt: skip
def test_usual_names_of_the_text(name: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"year,{name},kind\n1999,to Ada,x\n")
    output, _ = to_stream(RuleTagger(), [tmp_path / "a.csv"])
    assert [(each["id"], each["text"]) for each in records(output)] == [("a.csv:1", "to Ada")]


def test_a_column_of_sentences_asks_for_that_of_tokens(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Wörtchen,satz,tag\nAda,1,B-PER\nran,1,O\n")
    told = refusal(tmp_path / "a.csv", spec=ReadSpec(sentence_column="satz"))
    assert told == f"{tmp_path / 'a.csv'}: no column of tokens (Wörtchen, satz, tag); name it by --word-column"


def test_records_without_a_key_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("{}\n")
    _, report = to_stream(RuleTagger(), [tmp_path / "a.jsonl"], text_column="text")
    assert [str(error) for error in report.failures] == [
        f"{tmp_path / 'a.jsonl'}: no record has a key 'text'; there are: none; name one of them, --text-column"
    ]
