"""JSON: our own records, data sets' tokens, and the spans of doccano, Label Studio and Prodigy."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from round_trips import check_same, documents, there_and_back

from bilstm_tagger.corpus import Corpus, ReadSpec, iterate_corpus, read_corpus, save_corpus
from bilstm_tagger.corpus.formats.records import RecordReader
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.schemes.grammar import Scheme

PLAIN = ReadSpec(tokenizer="whitespace")
TEXT = "Ada Byron left  London"


def parse(
    folder: Path, records: Sequence[Any], columns: Mapping[str, int | str] | None = None, **options: Any
) -> list[Document]:
    path = folder / "a.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    wanted = {"ner": -1} if columns is None else columns
    return list(iterate_corpus(path, PLAIN.replace(columns=wanted, **options)))


def spans(document: Document) -> list[tuple[str, str]]:
    return [(span.text, span.label) for span in document.spans]


@settings(max_examples=60, deadline=None)
@given(st.lists(documents(), max_size=3))
def test_our_own_records_come_back(given: list[Document]) -> None:
    back = there_and_back(given, "jsonl", {"ner": "ner", "pos": "POS"})
    check_same(given, back)
    for before, after in zip(given, back, strict=True):
        assert after.id == before.id
        assert after.tags == before.tags
    only = there_and_back(given, "jsonl", {"x": -1}, tasks=["pos"])
    assert [document.tags["x"] for document in only] == [document.tags["pos"] for document in given]


@pytest.mark.parametrize(
    "task", ["id", "text", "sentences", "tokens", "words", "start_char", "end_char", "spans", "tags"]
)
def test_tasks_called_like_keys_of_our_records_come_back(tmp_path: Path, task: str) -> None:
    tags = {task: ["x", "y"], "ner": ["B-PER", "O"]}
    save_corpus([Document(["Ada", "left"], [0, 2], tags=dict(tags), id="one")], tmp_path / "a.jsonl")
    (document,) = read_corpus(tmp_path / "a.jsonl", {task: task, "ner": "ner"})
    assert document.tags == tags


RECOGNISED = {
    "doccano-label": {"id": 1, "text": TEXT, "label": [[0, 9, "PER"], [16, 22, "LOC"]]},
    "doccano-labels": {"text": TEXT, "labels": [[16, 22, "LOC"], [0, 9, "PER"]]},
    "doccano-entities": {
        "text": TEXT,
        "entities": [
            {"id": 5, "label": "PER", "start_offset": 0, "end_offset": 9},
            {"id": 6, "label": "LOC", "start_offset": 16, "end_offset": 22},
        ],
        "relations": [],
        "Comments": [],
    },
    "doccano-old": {
        "text": TEXT,
        "annotations": [
            {"label": "PER", "start_offset": 0, "end_offset": 9, "user": 1},
            {"label": "LOC", "start_offset": 16, "end_offset": 22, "user": 1},
        ],
    },
    "label-studio": {
        "id": 1,
        "data": {"text": TEXT, "label": "something imported"},
        "annotations": [
            {"was_cancelled": True, "result": []},
            {
                "was_cancelled": False,
                "result": [
                    {
                        "value": {"start": 0, "end": 9, "text": "Ada Byron", "labels": ["PER"]},
                        "from_name": "label",
                        "to_name": "text",
                        "type": "labels",
                    },
                    {
                        "value": {"start": 16, "end": 22, "text": "London", "labels": ["LOC"]},
                        "from_name": "label",
                        "to_name": "text",
                        "type": "labels",
                    },
                    {"value": {"choices": ["good"]}, "from_name": "quality", "to_name": "text", "type": "choices"},
                ],
            },
        ],
        "predictions": [{"result": [{"value": {"start": 3, "end": 4, "labels": ["NO"]}}]}],
    },
    "label-studio-min": {
        "text": TEXT,
        "id": 1,
        "label": [
            {"start": 0, "end": 9, "text": "Ada Byron", "labels": ["PER"]},
            {"start": 16, "end": 22, "text": "London", "labels": ["LOC"]},
        ],
        "annotator": 1,
        "annotation_id": 7,
    },
    "prodigy": {
        "text": TEXT,
        "tokens": [
            {"text": "Ada", "start": 0, "end": 3, "id": 0, "ws": True},
            {"text": "Byron", "start": 4, "end": 9, "id": 1, "ws": True},
            {"text": "left", "start": 10, "end": 14, "id": 2, "ws": True},
            {"text": "London", "start": 16, "end": 22, "id": 3, "ws": False},
        ],
        "spans": [
            {"start": 0, "end": 9, "token_start": 0, "token_end": 1, "label": "PER"},
            {"start": 16, "end": 22, "token_start": 3, "token_end": 3, "label": "LOC"},
        ],
        "answer": "accept",
        "label": "PER",
    },
    "spacy-2": [TEXT, {"entities": [[0, 9, "PER"], [16, 22, "LOC"]]}],
    "struct-of-lists": {"text": TEXT, "entities": {"start": [0, 16], "end": [9, 22], "label": ["PER", "LOC"]}},
    "our-own": {"text": TEXT, "spans": [{"label": "PER", "start": 0, "end": 2, "start_char": 0, "end_char": 9},
                                        {"label": "LOC", "start": 3, "end": 4, "start_char": 16, "end_char": 22}]},
}  # fmt: skip


@pytest.mark.parametrize("name", RECOGNISED)
def test_keys_of_annotation_tools(tmp_path: Path, name: str) -> None:
    (document,) = parse(tmp_path, [RECOGNISED[name]])
    assert document.text == TEXT
    assert document.words == ["Ada", "Byron", "left", "London"]
    assert document.tags == {"ner": ["B-PER", "I-PER", "O", "B-LOC"]}
    assert spans(document) == [("Ada Byron", "PER"), ("London", "LOC")]
    assert document.where(3) == f"{tmp_path / 'a.jsonl'}:1"
    assert Corpus([document]).settle("ner").schemes == {"ner": Scheme.BIO}


TOKENS = ["Ada", "left"]


@pytest.mark.parametrize(
    ("record", "columns"),
    [
        ({"tokens": TOKENS, "tags": ["B-PER", "O"]}, {"ner": -1}),
        ({"tokens": TOKENS, "ner_tags": ["B-PER", "O"]}, {"ner": 4}),
        ({"words": TOKENS, "labels": ["B-PER", "O"]}, {"ner": -1}),
        ({"tokens": TOKENS, "ner": ["B-PER", "O"], "tags": ["X", "Y"]}, {"ner": -1}),
        ({"tokens": TOKENS, "Entities": ["B-PER", "O"]}, {"ner": "entities"}),
        ({"tokens": TOKENS, "tags": {"ner": ["B-PER", "O"], "pos": ["X", "Y"]}}, {"ner": -1}),
        ({"tokens": TOKENS, "tags": {"other": ["B-PER", "O"]}}, {"ner": -1}),
        ({"tokens": "Ada left", "tags": "B-PER O"}, {"ner": -1}),
        ({"tokens": [["Ada"], ["left"]], "tags": [["B-PER"], ["O"]]}, {"ner": -1}),
        ({"text": "Ada left", "tokens": TOKENS, "spans": [{"start": 0, "end": 3, "label": "PER"}]}, {"ner": -1}),
    ],
)
def test_tokens_with_tags(tmp_path: Path, record: dict[str, Any], columns: dict[str, int | str]) -> None:
    (document,) = parse(tmp_path, [record], columns)
    assert (document.words, document.tags) == (TOKENS, {"ner": ["B-PER", "O"]})
    assert len(document.sentences) == (2 if record.get("tokens") == [["Ada"], ["left"]] else 1)


def test_several_tasks_and_a_named_word_key(tmp_path: Path) -> None:
    record = {"forms": TOKENS, "upos": ["PROPN", "VERB"], "entity": ["B-PER", "O"]}
    (document,) = parse(tmp_path, [record], {"ner": "entity", "upos": "UPOS"}, word_column="forms")
    assert document.tags == {"ner": ["B-PER", "O"], "upos": ["PROPN", "VERB"]}


def test_text_is_kept_where_the_tokens_are_in_it(tmp_path: Path) -> None:
    kept, made = parse(tmp_path, [{"text": " a  b", "tokens": ["a", "b"]}, {"text": "a'b", "tokens": ["a", "b"]}], {})
    assert (kept.text, kept.starts) == (" a  b", [1, 4])
    assert made.text == "a b"


def test_tasks_named_by_their_spans(tmp_path: Path) -> None:
    marks = [{"start": 0, "end": 3, "label": "PER", "task": "ner"}, {"start": 4, "end": 9, "label": "X", "task": "pos"}]
    (document,) = parse(tmp_path, [{"text": TEXT, "spans": marks}], {"a": "ner", "b": "pos"})
    assert document.tags == {"a": ["B-PER", "O", "O", "O"], "b": ["O", "B-X", "O", "O"]}
    record = {"text": TEXT, "spans": marks}
    assert [each.tags for each in parse(tmp_path, [record] * 3, {"a": "ner", "b": "pos"})] == [document.tags] * 3
    with pytest.raises(
        CorpusError, match=r"a\.jsonl:1: spans has spans of ner, pos; name one of them, --column a=NAME$"
    ):
        parse(tmp_path, [{"text": TEXT, "spans": marks}], {"a": -1})
    with pytest.raises(
        CorpusError,
        match=r"a\.jsonl: no span belongs to 'other' \(named there: ner, pos\); name another key with --column$",
    ):
        parse(tmp_path, [{"text": TEXT, "spans": marks}], {"a": "other"})


def test_records_nobody_accepted_are_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    records = [
        {"text": "a", "spans": [], "answer": "accept"},
        {"text": "b", "answer": "accept"},
        {"text": "c", "answer": "reject"},
        {"id": 9, "data": {"text": "d"}, "annotations": []},
        {"id": 9, "data": {"text": "e"}, "annotations": [{"result": []}]},
    ]
    with caplog.at_level(logging.WARNING, "bilstm_tagger"):
        assert [document.text for document in parse(tmp_path, records)] == ["a", "b", "e"]
    assert "2 records without an accepted annotation" in caplog.text
    assert [document.text for document in parse(tmp_path, records, {})] == ["a", "b", "c", "d", "e"]


MISFIT = [
    {"text": TEXT, "label": [[0, 9, "PER"]]},
    {"text": TEXT, "label": [[0, 6, "PER"], [17, 22, "LOC"]]},
    {"text": TEXT, "label": [[14, 15, "X"]]},
]


def test_misaligned_spans_are_refused_with_their_places(tmp_path: Path) -> None:
    with pytest.raises(CorpusError) as caught:
        parse(tmp_path, MISFIT)
    message = str(caught.value)
    assert message.startswith(f"{tmp_path / 'a.jsonl'}:2: span PER 'Ada By' (characters 0 to 6) does not fall on")
    assert "whole tokens are 'Ada Byron'" in message
    assert "(3 of 4 spans do not fit, lines 2, 3)" in message


@pytest.mark.parametrize(
    ("policy", "tags", "words"),
    [
        ("snap", ["B-PER", "I-PER", "O", "B-LOC"], "3 of 4 spans are no whole tokens and were widened to whole tokens"),
        ("drop", ["O", "O", "O", "O"], "3 of 4 spans are no whole tokens and were left out"),
    ],
)
def test_misaligned_spans_under_a_policy(
    tmp_path: Path, policy: str, tags: list[str], words: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "bilstm_tagger"):
        first, second, third = parse(tmp_path, MISFIT, misaligned=policy)
    assert first.tags["ner"][:2] == ["B-PER", "I-PER"]
    assert (second.tags["ner"], third.tags["ner"]) == (tags, ["O"] * 4)
    assert caplog.messages == [f"{tmp_path / 'a.jsonl'}: {words}: lines 2, 3"]


def test_overlapping_spans(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    records = [{"text": TEXT, "label": [[0, 3, "A"], [0, 3, "A"], [0, 9, "B"], [4, 9, "C"]]}]
    with pytest.raises(
        CorpusError,
        match=(
            r"a\.jsonl:1: span A \(tokens 0 to 1\) overlaps span B \(tokens 0 to 2\); tags hold one span a "
            r"token: drop one of them, or let --misaligned drop keep the longer one$"
        ),
    ):
        parse(tmp_path, records)
    (document,) = parse(tmp_path, records, misaligned="drop")
    assert spans(document) == [("Ada Byron", "B")]
    assert caplog.messages == [f"{tmp_path / 'a.jsonl'}: 2 spans that overlap a longer one were left out: line 1"]


def test_offsets_counted_in_utf16(tmp_path: Path) -> None:
    mark = {"start": 6, "end": 9, "text": "Ada", "labels": ["PER"]}
    (document,) = parse(tmp_path, [{"text": "😀 😀 Ada", "label": [mark]}])
    assert spans(document) == [("Ada", "PER")]
    with pytest.raises(
        CorpusError,
        match=(
            r"a\.jsonl:1: span PER \(characters 4 to 7\) is 'Ada', but the file gives its text as 'Bob'; "
            r"count characters, not bytes, in the text as it is$"
        ),
    ):
        parse(tmp_path, [{"text": "😀 😀 Ada", "label": [mark | {"start": 4, "end": 7, "text": "Bob"}]}])


@pytest.mark.parametrize(("start", "end"), [(4, 8), (7, 9), (-1, 3), (5, 4)])
def test_a_span_outside_the_text_is_not_read_as_utf16(tmp_path: Path, start: int, end: int) -> None:
    """Counted in UTF-16 it would fall into the text; without the span's own text nothing says that it was."""
    record = {"text": "😀 😀 Ada", "label": [{"start": start, "end": end, "labels": ["PER"]}]}
    with pytest.raises(CorpusError, match=r"span PER \(.*outside|begins|boundaries"):
        parse(tmp_path, [record])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text("é😀", max_size=3), max_size=5), st.sampled_from([" ", "\n", "  "]), st.data())
def test_marked_spans_become_the_same_spans(parts: list[str], blank: str, data: st.DataObject) -> None:
    """Spans over whole words come back as marked, in characters and in UTF-16 units."""
    text = blank.join(f"{part}{number}" for number, part in enumerate(parts))  # no word occurs twice
    words = [(at, at + len(word)) for at, word in _words(text)]
    cuts = sorted(data.draw(st.sets(st.integers(0, len(words)))))
    marked = [(words[a][0], words[b - 1][1]) for a, b in pairwise(cuts)]
    for count in (len, lambda part: len(part.encode("utf-16-le")) // 2):
        marks = [{"start": count(text[:a]), "end": count(text[:b]), "label": "X", "text": text[a:b]} for a, b in marked]
        reader = RecordReader("a", PLAIN.replace(columns={"ner": -1}))
        document = reader.document({"text": text, "spans": marks}, 1)
        reader.finish()
        assert document is not None
        assert [(span.start_char, span.end_char) for span in document.spans] == marked


def _words(text: str) -> list[tuple[int, str]]:
    found, at = [], 0
    for word in text.split():
        at = text.index(word, at)
        found.append((at, word))
        at += len(word)
    return found


def test_no_sentence_ends_inside_a_span(tmp_path: Path) -> None:
    text = "ＡＢ。ＣＤ。ＥＦ"
    (document,) = parse(tmp_path, [{"text": text, "label": [[1, 5, "ORG"]]}], tokenizer="characters")
    assert [sentence.text for sentence in document.sentences] == ["ＡＢ。ＣＤ。", "ＥＦ"]
    assert spans(document) == [("Ｂ。ＣＤ", "ORG")]


def test_prodigy_texts_are_cut_into_sentences(tmp_path: Path) -> None:
    tokens = [{"text": word, "start": at, "end": at + len(word)} for at, word in _words("a . b .")]
    (document,) = parse(tmp_path, [{"text": "a . b .", "tokens": tokens, "spans": []}])
    assert document.bounds == [0, 2, 4]


@pytest.mark.parametrize("indent", [None, 2])
def test_an_array_is_a_file_of_records(tmp_path: Path, indent: int | None) -> None:
    path = tmp_path / "a.json"
    records = [{"tokens": ["a"], "tags": ["X"]}, {"tokens": ["b", "c"], "tags": ["Y", "Z"]}]
    path.write_text(json.dumps(records, indent=indent))
    one, two = read_corpus(path)
    assert (one.words, two.tags) == (["a"], {"tags": ["Y", "Z"]})
    assert two.lines == ([1, 1] if indent is None else [10, 10])
    path.write_text("[]")
    assert list(iterate_corpus(path)) == []


def test_the_text_key(tmp_path: Path) -> None:
    record = {"body": "a b", "tokens": ["a b"], "text": "no"}
    (document,) = parse(tmp_path, [record], {}, text_column="body")
    assert (document.words, document.text) == (["a", "b"], "a b")
    (document,) = parse(tmp_path, [record], {}, text_column="body", word_column="tokens")
    assert (document.words, document.text) == (["a b"], "a b")


def test_records_of_sentences_are_set_aside_like_sentences_of_columns(tmp_path: Path) -> None:
    sentences = [[f"w{i}", "x"] for i in range(20)]
    whole = Document.from_sentences(sentences).with_tags({"ner": ["O"] * 40})
    save_corpus([whole], tmp_path / "a.conll")
    records = [{"tokens": words, "tags": ["O", "O"]} for words in sentences]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, records)))
    parts = [read_corpus(tmp_path / name, {"ner": -1}).set_aside() for name in ("a.conll", "a.jsonl")]
    assert [[d.words for d in part] for part in parts[0]] == [[d.words for d in part] for part in parts[1]]


def test_what_nobody_annotated_is_still_read_to_be_tagged(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    record = {"tokens": ["one", "two"], "pos": ["A", "B"], "answer": "reject"}
    path.write_text(json.dumps(record) + "\n", "utf-8")
    (document,) = iterate_corpus(path, ReadSpec(columns={}, features={"pos": "pos"}))
    assert document.columns["pos"] == ["A", "B"]
