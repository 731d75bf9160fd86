"""What annotation tools export beside spans: several annotations, ratings, binary answers, other offsets."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from bilstm_tagger.corpus import Corpus, iterate_corpus, read_corpus, save_corpus
from bilstm_tagger.corpus.reading import ReadSpec
from bilstm_tagger.corpus.spelling import unknown_tokens
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.schemes.grammar import UNKNOWN, Scheme

TEXT = "Anna Berg visited Oslo"


def read(folder: Path, *records: Any, name: str = "a.jsonl", **options: Any) -> Corpus:
    path = folder / name
    path.write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")
    columns = options.pop("columns", {"ner": -1})
    return read_corpus(path, columns, tokenizer="whitespace", **options)


def found(corpus: Corpus) -> list[tuple[str, str]]:
    return [(span.text, span.label) for document in corpus for span in document.spans]


def result(start: int, end: int, label: str, name: str = "label", **further: Any) -> dict[str, Any]:
    value = {"start": start, "end": end, "text": TEXT[start:end], "labels": [label]}
    return {"from_name": name, "to_name": "text", "type": "labels", "value": value, **further}


def task(*results: Any, **further: Any) -> dict[str, Any]:
    return {"data": {"text": TEXT}, "annotations": [{"result": list(results)}], **further}


# ---- Label Studio


@pytest.mark.parametrize("order", [1, -1])
def test_a8_ground_truth_is_preferred(tmp_path: Path, order: int, caplog: pytest.LogCaptureFixture) -> None:
    answers = [{"result": [result(0, 4, "ORG")]}, {"result": [result(0, 9, "PER")], "ground_truth": True}]
    with caplog.at_level(logging.WARNING, "bilstm_tagger"):
        corpus = read(tmp_path, {"data": {"text": TEXT}, "annotations": answers[::order]}, task(result(18, 22, "LOC")))
    assert found(corpus) == [("Anna Berg", "PER"), ("Oslo", "LOC")]
    assert "1 task has several annotations" in caplog.text


def test_a8_without_ground_truth_the_first_counts(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    answers = [{"result": [result(0, 4, "X")], "was_cancelled": True}, {"result": [result(0, 9, "PER")]}]
    assert found(read(tmp_path, {"data": {"text": TEXT}, "annotations": answers})) == [("Anna Berg", "PER")]
    assert "several" not in caplog.text


OTHERS: dict[str, Any] = {
    "relation": {"from_id": "a", "to_id": "b", "type": "relation", "direction": "right"},
    "rating": {"from_name": "stars", "to_name": "text", "type": "rating", "value": {"rating": 4}},
    "textarea": {"from_name": "t", "type": "textarea", "value": {"start": 0, "end": 4, "text": ["a note"]}},
    "taxonomy": {"from_name": "t", "type": "taxonomy", "value": {"start": 0, "end": 4, "taxonomy": [["A", "B"]]}},
    "choices": {"from_name": "c", "type": "choices", "value": {"start": 0, "end": 4, "choices": ["yes"]}},
}


@pytest.mark.parametrize("name", OTHERS)
def test_b2_results_that_are_no_spans_are_counted(tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "bilstm_tagger"):
        corpus = read(tmp_path, task(OTHERS[name], result(18, 22, "LOC")))
    assert found(corpus) == [("Oslo", "LOC")]
    assert "1 result that is no labelled span" in caplog.text


def test_b2_one_of_several_kinds_of_spans_is_named(tmp_path: Path) -> None:
    record = task(result(0, 9, "PER"), result(0, 9, "SUBJ", "role"), OTHERS["rating"])
    with pytest.raises(
        CorpusError, match=r"a\.jsonl:1: spans has spans of label, role; name one of them, --column ner=NAME$"
    ):
        read(tmp_path, record)
    assert found(read(tmp_path, record, columns={"ner": "role"})) == [("Anna Berg", "SUBJ")]


# ---- Prodigy and spaCy


def test_a9_a_binary_answer_says_nothing_of_the_rest(tmp_path: Path) -> None:
    record = {"text": TEXT, "spans": [{"start": 0, "end": 9, "label": "PER"}], "answer": "accept", "_is_binary": True}
    corpus = read(tmp_path, record, record | {"_is_binary": False}).settle("ner")
    assert corpus[0].tags_of("ner") == ["B-PER", "I-PER", UNKNOWN, UNKNOWN]
    assert corpus[1].tags_of("ner") == ["B-PER", "I-PER", "O", "O"]
    assert unknown_tokens(corpus, "ner")[0] == 2
    save_corpus(corpus, tmp_path / "b.jsonl")
    assert read_corpus(tmp_path / "b.jsonl", {"ner": "ner"})[0].tags_of("ner") == corpus[0].tags_of("ner")


def test_a9_a_tag_that_is_null_is_unknown(tmp_path: Path) -> None:
    corpus = read(tmp_path, {"tokens": ["a", "b"], "tags": ["B-X", None]}).settle("ner")
    assert (corpus[0].tags_of("ner"), corpus.schemes["ner"]) == (["B-X", UNKNOWN], Scheme.BIO)


def test_a9_missing_entities_of_spacy_are_unknown_and_written_back(tmp_path: Path) -> None:
    from spacy.tokens import Doc, DocBin, Span
    from spacy.vocab import Vocab

    doc = Doc(Vocab(), TEXT.split())
    doc.set_ents([Span(doc, 0, 2, "PER")], missing=[Span(doc, 3, 4)], default="outside")
    DocBin(docs=[doc]).to_disk(tmp_path / "a.spacy")
    corpus = read_corpus(tmp_path / "a.spacy").settle("ner")
    assert corpus[0].tags_of("ner") == ["B-PER", "I-PER", "O", UNKNOWN]
    save_corpus(corpus, tmp_path / "b.spacy")
    (back,) = DocBin().from_disk(tmp_path / "b.spacy").get_docs(Vocab())
    assert [token.ent_iob_ for token in back] == ["B", "I", "O", ""]


def test_a_span_of_spacy_without_a_label_is_not_annotated(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    from spacy.tokens import Doc, DocBin, Span
    from spacy.vocab import Vocab

    doc = Doc(Vocab(), ["Ada", "B", "saw", "Bob"])
    doc.set_ents([Span(doc, 3, 4, "PER")], blocked=[Span(doc, 0, 1), Span(doc, 1, 2)], default="outside")
    DocBin(docs=[doc]).to_disk(tmp_path / "a.spacy")
    (document,) = read_corpus(tmp_path / "a.spacy", {"ner": "ents"})
    assert document.tags_of("ner") == [UNKNOWN, UNKNOWN, "O", "B-PER"]
    said = "2 spans have no label, and their tokens are not annotated (_)"
    assert caplog.messages == [f"{tmp_path / 'a.spacy'}: {said}: record 1"]


@pytest.mark.parametrize("labels", [{"labels": []}, {}])
def test_a_span_of_label_studio_without_a_label_is_not_annotated(
    labels: dict[str, Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It says that something is there, not what."""
    value = {"start": 0, "end": 7, "text": "Ada Lov"} | labels
    bob = {"start": 12, "end": 15, "text": "Bob", "labels": ["PER"]}
    results = [{"type": "labels", "from_name": "label", "value": each} for each in (value, bob)]
    task = {"data": {"text": "Ada Lov saw Bob"}, "annotations": [{"result": results}]}
    (tmp_path / "a.json").write_text(json.dumps([task, task]), "utf-8")
    for document in read_corpus(tmp_path / "a.json", {"ner": -1}):
        assert document.tags_of("ner") == [UNKNOWN, UNKNOWN, "O", "B-PER"]
    said = "2 spans have no label, and their tokens are not annotated (_)"
    assert caplog.messages == [f"{tmp_path / 'a.json'}: {said}: records 1, 2"]


@pytest.mark.parametrize("label", [None, "", []])
def test_a_span_without_a_label_in_other_records_is_refused(label: Any, tmp_path: Path) -> None:
    good, bad = ({"text": "Ada ran", "label": [{"start": 0, "end": 3, "label": each}]} for each in ("X", label))
    (tmp_path / "a.json").write_text(json.dumps([good, bad]), "utf-8")
    with pytest.raises(CorpusError, match=r"a\.json:1, record 2: span .* needs one label, a string$"):
        read_corpus(tmp_path / "a.json", {"ner": -1})


def test_records_in_one_line_have_numbers_in_messages(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    records = [{"text": "Ada ran", "label": [[0, end, "X"]]} for end in (3, 2, 3, 1)]
    (tmp_path / "a.json").write_text(json.dumps(records), "utf-8")
    with pytest.raises(CorpusError) as told:
        read_corpus(tmp_path / "a.json", {"ner": -1})
    assert str(told.value).startswith(f"{tmp_path / 'a.json'}:1, record 2: span X 'Ad'")
    assert str(told.value).endswith("(2 of 4 spans do not fit, records 2, 4)")
    (tmp_path / "a.json").write_text(json.dumps(records, indent=0).replace("},\n{", "},\n\n{"), "utf-8")
    read_corpus(tmp_path / "a.json", {"ner": -1}, misaligned="drop")
    assert " were left out: lines " in caplog.text


def test_b4_tokens_of_white_space_are_left_out(tmp_path: Path) -> None:
    text = "Anna\nBerg visited"
    tokens = [("Anna", 0), ("\n", 4), ("Berg", 5), ("visited", 10)]
    record = {
        "text": text,
        "tokens": [{"text": word, "start": at, "end": at + len(word), "id": n} for n, (word, at) in enumerate(tokens)],
        "spans": [{"start": 0, "end": 9, "label": "PER"}],
    }
    corpus = read(tmp_path, record)
    assert corpus[0].words == ["Anna", "Berg", "visited"]
    assert found(corpus) == [("Anna\nBerg", "PER")]
    plain = read(tmp_path, {"tokens": ["Anna", "\n", " ", "slept"], "tags": ["B-PER", "O", "O", "O"]})
    assert (plain[0].words, plain[0].tags_of("ner")) == (["Anna", "slept"], ["B-PER", "O"])
    with pytest.raises(CorpusError, match=r"a\.jsonl:1: 3 tags of task 'ner' for 1 token$"):
        read(tmp_path, {"tokens": ["Anna", "\n"], "tags": ["B-PER", "O", "O"]})


# ---- texts and offsets


def test_b3_a_null_text_is_an_empty_document_or_an_error(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "Anna slept"}\n{"text": null}\n{"text": "He"}\n')
    with caplog.at_level(logging.WARNING, "bilstm_tagger"):
        documents = list(iterate_corpus(path, ReadSpec(columns={}, tokenizer="whitespace")))
    assert [document.words for document in documents] == [["Anna", "slept"], [], ["He"]]
    assert "1 record without text is an empty document" in caplog.text
    path.write_text('{"text": "Anna slept"}\n{"text": null}\n{"text": null}\n')
    with caplog.at_level(logging.WARNING, "bilstm_tagger"):
        assert len(list(iterate_corpus(path, ReadSpec(columns={}, tokenizer="whitespace")))) == 3
    assert "2 records without text are empty documents" in caplog.text
    path.write_text('{"text": null, "spans": []}\n')
    with pytest.raises(CorpusError, match=r"a\.jsonl:1: text is null; leave the record out, or give it a text$"):
        read_corpus(path, {"ner": -1})


@pytest.mark.parametrize(("start", "end"), [(0, 10), (4, 9), (4, 10), (5, 9)])
def test_b5_blanks_around_a_span_are_no_part_of_it(tmp_path: Path, start: int, end: int) -> None:
    corpus = read(tmp_path, {"text": TEXT, "label": [[start, end, "PER"]]})
    assert found(corpus) == [(TEXT[start:end].strip(), "PER")]


def test_b5_offsets_counted_with_short_line_ends(tmp_path: Path) -> None:
    text = "One.\r\nTwo.\r\nAnna\r\nBerg slept"
    short = text.replace("\r\n", "\n")
    at = short.index("Anna")
    mark = {"start": at, "end": at + 9, "text": "Anna\nBerg", "label": "PER"}
    assert found(read(tmp_path, {"text": text, "spans": [mark]})) == [("Anna\r\nBerg", "PER")]
    wrong = mark | {"start": at - 1, "end": at + 8}
    with pytest.raises(
        CorpusError,
        match=(
            r"a\.jsonl:1: span PER \(characters 9 to 18\) is '\.\\r\\nAnna\\r\\n', but the file gives its "
            r"text as 'Anna\\nBerg'; count characters, not bytes, in the text as it is$"
        ),
    ):
        read(tmp_path, {"text": text, "spans": [wrong]})


def test_b6_records_over_several_lines_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    one = {"tokens": ["Anna", "slept"], "tags": ["B-PER", "O"]}
    path.write_text(json.dumps(one, indent=2) + "\n\n" + json.dumps(one, indent=2))
    corpus = read_corpus(path, {"ner": -1})
    assert [document.words for document in corpus] == [["Anna", "slept"]] * 2
    assert corpus[1].where(0) == f"{path}:12"


def test_prodigy_leaves_out_spans_where_there_are_none(tmp_path: Path) -> None:
    tokens = [{"text": "He", "start": 0, "end": 2, "id": 0}, {"text": "slept", "start": 3, "end": 8, "id": 1}]
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"text": "He slept", "tokens": tokens, "answer": "accept"}) + "\n")
    assert read_corpus(path, {"ner": -1})[0].tags_of("ner") == ["O", "O"]
