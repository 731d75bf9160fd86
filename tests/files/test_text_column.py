"""Where the text of tables and records is: usual names, named columns, and what is asked or refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from rule_tagger import RuleTagger
from tagged import records, to_stream

from bilstm_tagger.files.notes import notes_of
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


def texts_of(path: Path, value: Any, **options: Any) -> list[str]:
    path.write_text(value if isinstance(value, str) else json.dumps(value), "utf-8")
    output, report = to_stream(RuleTagger(), [path], **options)
    assert report.failures == []
    return [record["text"] for record in records(output)]


def test_the_first_records_may_lack_a_text(tmp_path: Path) -> None:
    """As the message that somebody joined, which begins many a chat."""
    joined = {"type": "message", "subtype": "channel_join", "user": "U2"}
    said = {"type": "message", "user": "U1", "text": "to Ada"}
    for before in (1, 20, 999):
        assert texts_of(tmp_path / "a.json", [joined] * before + [said]) == [""] * before + ["to Ada"]
    tokens = {"tokens": ["by", "Bob"]}
    assert texts_of(tmp_path / "a.json", [joined, tokens, said]) == ["", "by Bob", "to Ada"]


def test_words_under_another_key_are_asked_for_or_told(tmp_path: Path) -> None:
    titles = [{"id": number, "title": f"Ada and Bob in Leeds {number}"} for number in range(30)]
    said, path = {"text": "to Ada"}, tmp_path / "a.json"
    path.write_text("\n".join(map(json.dumps, [*titles, said])))
    assert refusal(path) == (
        f"{path}:31: the first record with 'text', while 30 before it have words under 'title'; name the text, "
        "--text-column title or --text-column text"
    )
    assert texts_of(path, [*titles, said], text_column="text") == [""] * 30 + ["to Ada"]
    # One is told, and so are those behind the first text.
    path.write_text("\n".join(map(json.dumps, [titles[0], said, *titles[1:3], {"user": "Ada"}])))
    _, report = to_stream(RuleTagger(), [path])
    assert not report.failures
    assert notes_of(report.tally)[-1] == (
        f"3 records have words, but not under the key of the text: title: 'Ada and Bob in Leeds 0': {path} (3)"
    )


@pytest.mark.parametrize("count", [1, 3, 1_000, 1_001])
def test_records_without_any_text_are_asked_for_one(count: int, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps([{"user": "U2", "kind": "joined"}] * count))
    place = f"{tmp_path / 'a.json'}:1"
    said = f"{place}: no column is called like a text (columns: user, kind); name it, --text-column NAME"
    assert refusal(tmp_path / "a.json") == said
    _, report = to_stream(RuleTagger(), [tmp_path])
    assert report.tally.no_text == [said]


def test_records_before_those_with_tokens_have_no_text(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    rows = [{"None": "Obama came.", "a": "x"}, {"id": "b", "a": "y"}, {"id": "c", "tokens": ["Ada", "ran"]}]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    output, report = to_stream(RuleTagger(), [path])
    assert [(each["id"], each["tokens"]) for each in records(output)] == [
        (f"{path.name}:1", []), ("b", []), ("c", ["Ada", "ran"]),
    ]  # fmt: skip
    assert (report.failures, report.tally.empty[str(path)]) == ([], 2)


def test_two_texts_are_asked_about_in_later_records_too(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('[{"user": "U2"},\n{"text": "to Ada", "body": "by Bob"}]')
    assert "a.json:2: text and body may each be the text" in refusal(tmp_path / "a.json")


def test_nan_is_no_text(tmp_path: Path) -> None:
    """As pandas writes a cell without a value."""
    lines = '{"text": NaN, "n": NaN}\n{"text": "to Ada", "n": 1}\n{"text": NaN, "n": Infinity}\n'
    assert texts_of(tmp_path / "a.jsonl", lines) == ["", "to Ada", ""]
    assert texts_of(tmp_path / "a.json", '[{"text": NaN}, {"text": "to Ada"}]', text_column="text") == ["", "to Ada"]


def test_pieces_of_a_message_are_one_text(tmp_path: Path) -> None:
    """As Telegram writes messages with links, and other programs those of several blocks."""
    link, bold = {"type": "link", "text": "http://x"}, {"type": "bold", "text": "by Bob", "href": ""}
    messages = [
        {"id": 1, "type": "service", "text": ""},
        {"id": 2, "text": ["see ", link, " to Ada"]},
        {"id": 3, "text": [bold]},
        {"id": 4, "text": "to Eve"},
    ]
    assert texts_of(tmp_path / "a.json", messages) == ["", "see http://x to Ada", "by Bob", "to Eve"]
    assert texts_of(tmp_path / "a.json", messages[1:]) == ["see http://x to Ada", "by Bob", "to Eve"]
    blocks = [{"answer": [{"type": "text", "text": "to Ada."}, {"type": "text", "text": "By Bob."}]}]
    assert texts_of(tmp_path / "b.json", blocks, text_column="answer") == ["to Ada.\nBy Bob."]


@pytest.mark.parametrize(
    "pieces",
    [
        ["to Ada", "by Bob"],
        [{"text": "to"}, {"text": "Ada"}],  # tokens
        [{"type": "PER", "text": "Ada"}, {"type": "PER", "text": "Bob"}],
        [{"type": "text", "text": "to Ada"}, {"type": "image", "source": "x"}],
        ["to ", {"type": "link", "text": 1}],
        ["to ", 1, {"type": "link", "text": "Ada"}],
    ],
)
def test_other_lists_are_no_text(pieces: list[Any], tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps([{"text": pieces}]))
    assert "a.json:1: text is a list, not a text" in refusal(tmp_path / "a.json")


@pytest.mark.parametrize("key", ["donn\u00e9es", "all records", "\u6d88\u606f"])
def test_no_command_is_given_for_a_key_that_jq_would_not_take(key: str, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps({key: [{"text": "Ada ran."}]}))
    _, report = to_stream(RuleTagger(), [path])
    assert f"in the list {key!r}: write that list alone, or one record in each line" in str(report.failures[0])


def test_what_is_said_of_an_export_leads_to_its_messages(tmp_path: Path) -> None:
    messages = [{"id": 1, "type": "service", "action": "joined"}, {"id": 2, "text": "to Ada"}]
    (tmp_path / "a.json").write_text(json.dumps({"name": "G", "id": 1, "messages": messages}))
    assert refusal(tmp_path / "a.json") == (
        f"{tmp_path / 'a.json'}:1: one object with all records in the list 'messages': write that list alone, as by "
        "jq '.messages' FILE > NEW.json, or one record in each line"
    )
    assert texts_of(tmp_path / "b.json", messages) == ["", "to Ada"]
