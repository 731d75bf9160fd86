"""Same in, same out: whatever the input, its documents, sentences and tokens are those of the output, in order."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from rule_tagger import RuleTagger
from worker_taggers import load_rules

from bilstm_tagger.corpus.formats import FORMATS
from bilstm_tagger.corpus.reading import iterate_corpus, save_corpus
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.files import TagOptions, WorkerPool, tag_files
from bilstm_tagger.io.encodings import without_mark
from bilstm_tagger.settings.read_spec import ReadSpec
from bilstm_tagger.text.tokenizers import get_tokenizer

# Joiners, bidi controls, marks, line ends of all kinds, control characters, planes beyond the first.
HOSTILE = (
    "\u200c\u200d\u2060\u200b\u00ad\u202a\u202e\u2066\u2069\u200e\u200f\ufeff\ufffe\uffff\ufffd\u0000\u0001\u001b\u007f\u0085\u009b"
    "\r\n\t\x0b\x0c\x1c\x1d\x1e\x1f\u2028\u2029\u00a0\u1680\u2007\u202f\u3000\u0301\u0e33\ud7ff\ue000\U0001f468\U0001f3fd\U000e0041"
    "\U0010ffff\u00df\u0130ﬁ東京aAbB19.,:;!?#%/\\|_-=<>&'\"()[]{} "
)
# Of these no tokeniser makes a token, as of white space.
UNSEEN = "\u200b\u202a\u202e\u2066\u2069\u200e\u200f\ufeff"
hostile = st.text(st.sampled_from(HOSTILE), max_size=40)
words = st.text(st.sampled_from(HOSTILE), min_size=1, max_size=8)
documents = st.lists(st.lists(st.lists(words, min_size=1, max_size=4), min_size=1, max_size=3), min_size=1, max_size=4)
names = st.none() | st.text(st.sampled_from(HOSTILE), min_size=1, max_size=6)


class Tokenizing(RuleTagger):
    """Reads raw text by a tokeniser of the program."""

    reading: ClassVar = {"ner": ReadSpec(columns={"ner": -1})}

    def __init__(self, name: str) -> None:
        super().__init__()
        self.own = get_tokenizer(name)

    def read(self, source: str | Document) -> Document:
        return source if isinstance(source, Document) else self.own(source)


def tagged(tagger: RuleTagger | WorkerPool, path: Path, **options: Any) -> list[dict[str, Any]]:
    # A zero character in every second place is refused as UTF-16 without its mark.
    assume(without_mark(path.read_bytes()[:4096]) is None)
    stream = io.StringIO()
    report = tag_files(tagger, [path], stream=stream, check_language=False, **options)
    assert report.failures == []
    return [json.loads(line) for line in stream.getvalue().split("\n")[:-1]]


def check_record(record: dict[str, Any]) -> None:
    """Every token is where it is said to be, has a tag, and is in one sentence."""
    text, starts, ends = record["text"], record["start_char"], record["end_char"]
    assert [text[start:end] for start, end in zip(starts, ends, strict=True)] == record["tokens"]
    assert all(len(tags) == len(record["tokens"]) for tags in record["tags"].values())
    assert [at for start, end in record["sentences"] for at in range(start, end)] == list(range(len(record["tokens"])))


@pytest.mark.parametrize(
    "format", ["conll", "conllu", "jsonl", "spacy", "parquet", "arrow", "csv", "token-csv", "word/tag"]
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(given=documents, ids=st.lists(names, min_size=4, max_size=4))
def test_tokens_of_annotated_files(format: str, given: list[list[list[str]]], ids: list[str | None]) -> None:
    """What a writer refuses to write has no file; what it writes comes back from the tagger as it was."""
    made = []
    for sentences, id in zip(given, ids, strict=False):
        document = Document.from_sentences(sentences)
        document.tags, document.id = {"tags": ["X"] * len(document)}, id
        made.append(document)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a" + (FORMATS[format].suffixes or (".csv",))[0])
        try:
            save_corpus(made, path, format=format)
        except CorpusError:
            assume(False)
        read = list(iterate_corpus(path, ReadSpec(columns={}, tokenizer="whitespace")))
        records = tagged(RuleTagger(), path)
    assert [record.get("words", record["tokens"]) for record in records] == [document.words for document in read]
    assert [[end for _, end in record["sentences"]] for record in records] == [each.bounds[1:] for each in read]
    if format in ("jsonl", "parquet", "arrow"):  # which hold anything; other formats have one document or drop blanks
        assert [document.words for document in read] == [document.words for document in made]
        assert [document.bounds for document in read] == [document.bounds for document in made]
        for record, id in zip(records, ids, strict=False):  # one without a name is called by its file and place
            assert record["id"] == id if id else record["id"].startswith("a.")
    for record in records:
        check_record(record)


TEXTS = {
    "text": lambda texts: "\n\n".join(texts),
    "lines": lambda texts: "\n".join(texts),
    "jsonl": lambda texts: "".join(json.dumps({"text": text}) + "\n" for text in texts),
    "ascii": lambda texts: "".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts),
}


@pytest.mark.parametrize("tokenizer", ["whitespace", "characters", "rules"])
@pytest.mark.parametrize("format", list(TEXTS))
@settings(max_examples=25, deadline=None)
@given(texts=st.lists(hostile, min_size=1, max_size=4))
def test_texts(format: str, tokenizer: str, texts: list[str]) -> None:
    """No character of a text is lost, and every one that is no white space is in a token."""
    tagger = RuleTagger() if tokenizer == "rules" else Tokenizing(tokenizer)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.jsonl" if format in ("jsonl", "ascii") else "a.txt")
        content = TEXTS[format](texts)
        path.write_bytes(content.encode())
        records = tagged(tagger, path, input_format=format if format in ("text", "lines") else None)
    if format == "text":
        expected = [content.removeprefix("\ufeff")]
    elif format == "lines":
        lines = content.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
        expected = lines[:-1] if lines[-1] == "" else lines
    else:
        expected = texts
    assert [record["text"] for record in records] == expected
    for record in records:
        check_record(record)
        inside = {
            at for start, end in zip(record["start_char"], record["end_char"], strict=True) for at in range(start, end)
        }
        assert all(at in inside or letter.isspace() or letter in UNSEEN for at, letter in enumerate(record["text"]))


@pytest.fixture(scope="module")
def pool() -> Iterator[WorkerPool]:
    with WorkerPool(load_rules, 2) as workers:
        yield workers


@settings(max_examples=15, deadline=None)
@given(
    texts=st.lists(hostile, min_size=1, max_size=6),
    format=st.sampled_from(["jsonl", "entities", "csv", "text", "html"]),
)
@example(texts=["a" * 1_000_000], format="jsonl")
@example(texts=["Ada \u202e" * 25_000], format="jsonl")
def test_any_number_of_processes(pool: WorkerPool, texts: list[str], format: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.jsonl")
        path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), "utf-8")
        here, there = io.StringIO(), io.StringIO()
        options = TagOptions(batch_tokens=len(texts))
        for tagger, stream in ((RuleTagger(), here), (pool, there)):
            report = tag_files(tagger, [path], stream=stream, format=format, options=options, check_language=False)
            assert (report.documents, report.failures) == (len(texts), [])
    assert there.getvalue() == here.getvalue()
