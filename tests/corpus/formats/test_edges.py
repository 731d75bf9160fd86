"""Cases at the edge of formats, of which a sample of changes to the code found that nothing would notice them."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bilstm_tagger.corpus.formats import columns_write
from bilstm_tagger.corpus.formats.char_spans import Aligner
from bilstm_tagger.corpus.formats.marks import Mark, Spot, read_mark
from bilstm_tagger.corpus.formats.records import RecordReader
from bilstm_tagger.corpus.reading import iterate_corpus
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.settings.read_spec import ReadSpec


def written(text: str, folder: Path, *, tags: str | None, tasks: list[str] | None) -> str:
    """A file of columns read as words alone, with one more task or none, and written again."""
    (folder / "a.conll").write_text(text)
    documents = list(iterate_corpus(folder / "a.conll", ReadSpec(columns={})))
    for document in documents:
        if tags is not None:
            document.tags["new"] = [tags] * len(document)
    stream = io.StringIO()
    columns_write.write(documents, stream, tasks=tasks)
    return stream.getvalue()


def test_a_task_is_added_to_a_file_of_one_column(tmp_path: Path) -> None:
    assert written("Ada\nran\n\n", tmp_path, tags="X", tasks=["new"]) == "Ada X\nran X\n\n"
    assert written("Ada\nran\n\n", tmp_path, tags=None, tasks=[]) == "Ada\nran\n\n"


def test_a_file_of_docstart_alone(tmp_path: Path) -> None:
    for tags, tasks in ((None, []), ("X", ["new"])):
        assert written("-DOCSTART-\n\n", tmp_path, tags=tags, tasks=tasks).split() in (
            ["-DOCSTART-"],
            ["-DOCSTART-", "O"],
        )


def test_only_what_overlaps_is_left_out() -> None:
    spans = [(0, 3, "A"), (2, 4, "B"), (4, 6, "C"), (6, 7, "D")]
    assert Aligner("a", "drop").without_overlaps(spans, Spot("a", 1)) == [(0, 3, "A"), (4, 6, "C"), (6, 7, "D")]


@given(st.sets(st.tuples(st.integers(0, 8), st.integers(1, 4), st.sampled_from("AB")), max_size=7))
def test_of_spans_that_overlap_the_longest_is_kept(drawn: set[tuple[int, int, str]]) -> None:
    """By sets of tokens: from the longest on, each that shares no token with one kept before."""
    spans = sorted((start, start + size, label) for start, size, label in drawn)
    taken: set[int] = set()
    expected = []
    for start, end, label in sorted(spans, key=lambda span: (span[0] - span[1], span)):
        if taken.isdisjoint(range(start, end)):
            taken.update(range(start, end))
            expected.append((start, end, label))
    assert Aligner("a", "drop").without_overlaps(spans, Spot("a", 1)) == sorted(expected)


def test_names_of_tasks_and_their_usual_keys() -> None:
    record = {"tokens": ["Ada"], "ner_tags": ["B-PER"]}
    for task in ("ner", "tags"):
        document = RecordReader("a", ReadSpec(columns={task: -1})).document(record, 1)
        assert document is not None
        assert document.tags == {task: ["B-PER"]}
    with pytest.raises(
        CorpusError,
        match=(
            r"^a:1: no tags for task 'upos'; the record has: tokens, ner_tags; name the right key with " r"--column$"
        ),
    ):
        RecordReader("a", ReadSpec(columns={"upos": -1})).document(record, 1)


@pytest.mark.parametrize("end", [10, 99])
def test_a_span_outside_the_text_is_no_sign_of_utf_16(end: int) -> None:
    """It has 9 characters and 10 units of UTF-16; without the text of the spans nothing tells which is meant."""
    reader = RecordReader("a", ReadSpec(columns={"ner": -1}, tokenizer="whitespace"))
    with pytest.raises(CorpusError, match=rf"a:1: span LOC \(characters 6 to {end}\) lies outside the text of 9 char"):
        reader.document({"text": "🙂 Ada ran", "label": [[2, 5, "PER"], [6, end, "LOC"]]}, 1)


@pytest.mark.parametrize("value", [3, None, 2.5, True])
def test_tags_that_are_no_list(value: object) -> None:
    with pytest.raises(CorpusError, match=r"^a:1: "):
        RecordReader("a", ReadSpec(columns={"x": "x"})).document({"tokens": ["Ada"], "x": value}, 1)


def test_brat_in_another_encoding(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Zoë slept", "cp1252")
    (tmp_path / "a.ann").write_text("T1\tGröße 0 3\tZoë\n", "cp1252")
    (document,) = iterate_corpus(tmp_path / "a.ann", ReadSpec(columns={"x": -1}, encoding="cp1252"))
    assert document.tags_of("x") == ["B-Größe", "O"]


@pytest.mark.parametrize(
    ("kind", "value", "label"),
    [
        ("labels", {"labels": ["PER"]}, "PER"),
        ("hypertextlabels", {"hypertextlabels": ["PER"]}, "PER"),
        (None, {"labels": ["PER"]}, "PER"),
        ("choices", {"choices": ["PER"], "labels": ["PER"]}, None),
        ("labels", {"labels": []}, ""),  # a region that nobody labelled
    ],
)
def test_results_of_label_studio(kind: str | None, value: dict[str, list[str]], label: str | None) -> None:
    """Of their types those that end in `labels` are spans: https://labelstud.io/guide/export"""
    result = {"from_name": "ner", "value": {"start": 0, "end": 3, "text": "Ada", **value}}
    found = read_mark(result if kind is None else result | {"type": kind}, "a.json:1")
    assert found == (None if label is None else Mark(0, 3, label, "ner", "Ada"))


def test_text_without_blanks_is_told_to_be_cut_into_characters(tmp_path: Path) -> None:
    path = tmp_path / "数.jsonl"
    told = {}
    for text, end in (("東京で会議がある", 2), ("Großstadt", 4)):
        path.write_text(json.dumps({"text": text, "label": [[0, end, "LOC"]]}), "utf-8")
        with pytest.raises(CorpusError) as caught:
            list(iterate_corpus(path, ReadSpec(columns={"ner": -1})))
        told[text] = str(caught.value)
    assert told["東京で会議がある"].endswith(
        "correct it, cut the text into characters, --tokenizer characters, or use --misaligned snap or --misaligned "
        "drop"
    )
    assert told["Großstadt"].endswith("correct it, or use --misaligned snap or --misaligned drop")
    path.write_text(json.dumps({"text": "東京で会議がある", "label": [[0, 2, "LOC"]]}), "utf-8")
    (document,) = iterate_corpus(path, ReadSpec(columns={"ner": -1}, tokenizer="characters"))
    assert document.tags_of("ner")[:3] == ["B-LOC", "I-LOC", "O"]
