"""Malformed files, each under its name: every one ends in one clear line with its file and place."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from spacy.tokens import Doc, DocBin
from spacy.vocab import Vocab

from bilstm_tagger.cli import app
from bilstm_tagger.corpus import read_corpus
from bilstm_tagger.errors import CorpusError

Content = str | bytes | Callable[[Path], None]
GOOD = '{"tokens": ["a"], "tags": ["X"]}\n'
ROW = "1\ta\t_\tX\t_\t_\t_\t_\t_\tN=O\n"


def record(**values: Any) -> str:
    return GOOD + json.dumps(values) + "\n"


def parquet(**columns: Any) -> Callable[[Path], None]:
    return lambda path: pq.write_table(pa.table(columns), path)


def docbin(**attributes: Any) -> Callable[[Path], None]:
    return lambda path: DocBin(docs=[Doc(Vocab(), words=["a", "b"], **attributes)]).to_disk(path)


def cut(write: Callable[[Path], None]) -> Callable[[Path], None]:
    def write_half(path: Path) -> None:
        write(path)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    return write_half


# Name of the case: file, content, where it is wrong behind the file's name, and a part of the message; the whole
# messages are in `malformed.json`.
CASES: dict[str, tuple[str, Content, str, str]] = {
    # Columns.
    "conll: a column too few": ("a.conll", "a X\nb\n", ":2", "1 column where the file's first token has 2"),
    "conll: a column too many": ("a.conll", "a X\n\nb Y Z\n", ":3", "3 columns where"),
    "conll: an empty tag": ("a.tsv", "a\tX\nb\t\n", ":2", "column 2 is empty"),
    "conll: an empty word": ("a.bio", "a\tO\n\tO\n", ":2", "column 1 is empty"),
    "conll: words alone": ("a.conll", "a\nb\n", ":1", "would be read from the column of the words"),
    "conll: a span goes on from nothing": ("a.conll", "a B-X\n\nb O\nc I-Y\nd B-X\n", ":4", "cannot follow 'O' in BIO"),
    "conll: a span is not finished": ("a.bmes", "a B-X\nb M-X\nc E-X\n\nd B-X\ne O\n", ":6", "in BMES"),
    "conll: a stray tag": ("a.conll", "a B-X\nb I-X\nc B-Y\nd I-Y\ne OO\n", ":5", "tag 'OO' among tags such as"),
    "conll: Latin-1": ("a.conll", b"a X\ncaf\xe9 X\n", ":2", "byte 7 of the file (0xe9) is not UTF-8"),
    "conll: UTF-16": ("a.conll", "a X\n".encode("utf-16")[:-1], "", "is not whole UTF-16"),
    "conll: no token": ("a.conll", "\n\n", "", "holds nothing but white space"),
    "conll: damaged gzip": ("a.conll.gz", b"\x1f\x8b\x08rubbish", "", "gzip file is damaged"),
    "conll: no gzip": ("a.conll.gz", b"a X\n", "", "gzip file is damaged"),
    # CoNLL-U.
    "conllu: nine columns": ("a.conllu", ROW + "2\tb\t_\tX\t_\t_\t_\t_\t_\n", ":2", "9 columns"),
    "conllu: spaces for tabs": ("a.conllu", ROW.replace("\t", " "), ":1", "1 column"),
    "conllu: numbers out of order": ("a.conllu", ROW + ROW.replace("1", "3", 1), ":2", "3"),
    "conllu: an empty cell": ("a.conllu", ROW.replace("_", "", 1), ":1", "empty"),
    # JSON.
    "json: a line cut short": ("a.jsonl", GOOD + '{"tokens": ["a"', ":2", "not JSON at character 16"),
    "json: a record over several lines": ("a.jsonl", '{\n"tokens": ["a"]\n"b"}\n', ":3", "not JSON at"),
    "json: no object": ("a.jsonl", GOOD + "7\n", ":2", "a number where an object"),
    "json: nested without end": ("a.jsonl", GOOD + "[" * 100_000 + "\n", ":2", "not JSON that can be read"),
    "json: an endless number": ("a.jsonl", GOOD + '{"id": ' + "9" * 5000 + "}\n", ":2", "not JSON that can be read"),
    "json: no value": ("a.jsonl", record(words=None), ":2", "neither tokens nor text; the record has: nothing; name"),
    "json: neither tokens nor text": ("a.jsonl", record(words=None, body="x"), ":2", "the record has: body"),
    "json: text is a number": ("a.jsonl", record(text=5, tags=["X"]), ":2", "text is a number, not a string"),
    "json: tokens is an object": ("a.jsonl", record(tokens={"a": 1}, tags=["X"]), ":2", "the tokens are an object"),
    "json: an empty token": ("a.jsonl", record(tokens=["a", ""], tags=["X", "X"]), ":2", "token 2 is empty"),
    "json: a token is nothing": ("a.jsonl", record(tokens=["a", None], tags=["X", "X"]), ":2", "token 2 is nothing"),
    "json: no tags": ("a.jsonl", record(tokens=["a"]), ":2", "no tags for task 'ner'; the record has: tokens"),
    "json: a tag too few": ("a.jsonl", record(tokens=["a", "b"], tags=["X"]), ":2", "1 tag of task 'ner' for 2"),
    "json: a tag is no string": ("a.jsonl", record(tokens=["a"], tags=[True]), ":2", "task 'ner' is true or false"),
    "json: tags as numbers": ("a.jsonl", record(tokens=["a"], tags=[3]), ":2", "are numbers without names"),
    "json: tags of other tasks": ("a.jsonl", record(tokens=["a"], tags={"a": ["X"], "b": ["X"]}), ":2", "it has: a, b"),
    "json: half a character": ("a.jsonl", GOOD + '{"tokens": ["\\ud83d"], "tags": ["X"]}\n', ":2", "half a character"),
    "json: half a character in a text": ("a.jsonl", '{"text": "\\udc00", "label": []}', ":1", "half a character"),
    "json: a span of two numbers": ("a.jsonl", record(text="ab", label=[[0, 1]]), ":2", "is no span"),
    "json: a span without a label": ("a.jsonl", record(text="ab", label=[[0, 1, None]]), ":2", "needs one label"),
    "json: a span with two labels": (
        "a.jsonl", record(text="ab", label=[{"start": 0, "end": 2, "labels": ["A", "B"]}]), ":2", "needs one label",
    ),
    "json: a span of fractions": ("a.jsonl", record(text="ab", label=[[0.5, 2, "A"]]), ":2", "needs a start"),
    "json: a span outside the text": ("a.jsonl", record(text="ab", label=[[0, 3, "A"]]), ":2", "outside the text of 2"),
    "json: a span backwards": ("a.jsonl", record(text="ab", label=[[2, 0, "A"]]), ":2", "lies outside the text"),
    "json: a span inside a word": ("a.jsonl", record(text="ab", label=[[1, 2, "A"]]), ":2", "token boundaries"),
    "json: a span of white space": ("a.jsonl", record(text="a b", label=[[1, 2, "A"]]), ":2", "no token is in it"),
    "json: spans that overlap": ("a.jsonl", record(text="a b", label=[[0, 3, "A"], [2, 3, "B"]]), ":2", "overlaps"),
    "json: spans of another text": (
        "a.jsonl", record(text="ab", spans=[{"start": 0, "end": 2, "label": "A", "text": "xy"}]), ":2", "text as 'xy'",
    ),
    "json: spans without a text": ("a.jsonl", record(tokens=["a"], spans=[[0, 1, "A"]]), ":2", "has no text"),
    "json: offsets that do not fit": (
        "a.jsonl", record(text="a", tokens=["a"], start_char=[0], end_char=[9], tags=["X"]), ":2", "outside the text",
    ),
    "json: offsets of another number": (
        "a.jsonl", record(text="a", tokens=["a"], start_char=[0, 1], end_char=[1], tags=["X"]), ":2", "has 2 entries",
    ),
    "json: tokens of another text": (
        "a.jsonl", record(text="ab", tokens=[{"text": "xy", "start": 0, "end": 2}], spans=[]), ":2", "is not the text",
    ),
    "json: sentences with a gap": (
        "a.jsonl", record(tokens=["a", "b"], tags=["X", "Y"], sentences=[[0, 1], [2, 2]]), ":2", "does not follow",
    ),
    "json: sentences too short": (
        "a.jsonl", record(tokens=["a", "b"], tags=["X", "Y"], sentences=[[0, 1]]), ":2", "sentences end at token 1",
    ),
    "json: an array cut short": ("a.json", f"[\n{GOOD},\n{GOOD}", ":5", "is the file whole?"),
    "json: an array with a broken record": ("a.json", f'[\n{GOOD},\n{{"a" 1}}]', ":4", "not JSON at character 6"),
    "json: an array with something behind": ("a.json", f"[{GOOD}]\n\n{GOOD}", ":4", "behind the end of the array"),
    # Tables.
    "csv: a cell too many": ("a.csv", "tokens,tags\na,X\na,X,Y\n", ":3", "3 cells, but the header names 2"),
    "csv: an open quotation mark": ("a.csv", 'tokens,tags\na,X\n"a,X\n', ":3", "is a quotation mark missing?"),
    "csv: a quotation mark inside": ("a.csv", 'tokens,tags\n"a"b,X\n', ":2", "not CSV"),
    "csv: two columns of one name": ("a.csv", "tokens,tags,tags\na,X,X\n", ":1", "two columns are named 'tags'"),
    "csv: no column of words": ("a.csv", "word,tags\na,X\n", ":2", "the record has: word, tags"),
    "csv: lists of two lengths": ("a.csv", 'tokens,tags\n"[""a"",""b""]",X\n', ":2", "1 tag of task 'ner'"),
    "csv: an empty cell": ("a.csv", "tokens,tags\na b,X Y\na,\n", ":3", "'tags' is empty; give a tag for each token"),
    "parquet: another file": ("a.parquet", b"PAR1 not really PAR1", "", "Parquet file: Parquet file size is 20"),
    "parquet: cut short": ("a.parquet", cut(parquet(tokens=[["a"]], tags=[["X"]])), "", "not a whole Parquet file"),
    "parquet: empty file": ("a.parquet", b"", "", "is empty (0 bytes)"),
    "parquet: no tokens": ("a.parquet", parquet(tokens=[["a"], None], tags=[["X"]] * 2), ":2", "neither tokens"),
    "parquet: numbers for words": ("a.parquet", parquet(tokens=[[1]], tags=[["X"]]), ":1", "token 1 is a number"),
    "parquet: no rows": ("a.parquet", parquet(tokens=pa.array([], pa.list_(pa.string()))), "", "there is no token"),
    "arrow: another file": ("a.arrow", b"ARROW1 not really", "", "not a whole Arrow file"),
    # spaCy.
    "spacy: another file": ("a.spacy", b"no zlib", "", "not a whole .spacy file"),
    "spacy: zlib of something else": ("a.spacy", zlib.compress(b"\x93\x01\x02\x03"), "", "not a whole .spacy file"),
    "spacy: cut short": ("a.spacy", cut(docbin(tags=["X", "Y"])), "", "not a whole .spacy file"),
    "spacy: no entities annotated": ("a.spacy", docbin(tags=["X", "Y"]), ":1", "no token is annotated, 'a' not even"),
    # Files as such.
    "an unknown suffix": ("a.xml", "<a/>", "", "the name does not tell the format"),
    "no such file": ("gone.jsonl", lambda path: None, "", "no such file"),
    "a folder": ("folder.jsonl", lambda path: path.mkdir(), "", "is a folder"),
}  # fmt: skip


# Their messages have words of other packages in them, or a list that grows.
OPEN = {
    "conll: Latin-1", "conll: damaged gzip", "conll: no gzip", "json: nested without end", "json: an endless number",
    "csv: an open quotation mark", "csv: a quotation mark inside", "parquet: another file", "parquet: cut short",
    "arrow: another file", "spacy: another file", "spacy: zlib of something else", "spacy: cut short",
    "an unknown suffix",
}  # fmt: skip
WHOLE = json.loads((Path(__file__).parent / "malformed.json").read_text("utf-8"))


def put(folder: Path, name: str, content: Content) -> Path:
    path = folder / name
    if callable(content):
        content(path)
    else:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("case", CASES)
def test_one_line_with_the_place(tmp_path: Path, case: str) -> None:
    name, content, place, part = CASES[case]
    path = put(tmp_path, name, content)
    with pytest.raises(CorpusError) as caught:
        read_corpus(path, {"ner": "XPOS" if name.endswith("u") else -1}, tokenizer="whitespace").settle("ner")
    message = str(caught.value)
    assert message.startswith(f"{path}{place}: ")
    assert part in message
    assert case in OPEN or message == f"{path}{place}: {WHOLE[case]}"
    assert "\n" not in message
    assert len(message) < len(str(path)) + 300


@pytest.mark.parametrize("case", ["json: a tag too few", "csv: an open quotation mark", "spacy: another file"])
def test_the_command_line_says_it_without_a_traceback(
    tmp_path: Path, case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    name, content, place, part = CASES[case]
    path = put(tmp_path, name, content)
    with pytest.raises(SystemExit) as ended:
        app(["train", "--train", str(path), "--output", str(tmp_path / "model"), "--preset", "ner"])
    assert ended.value.code == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[-1].startswith(f"error: {path}{place}: ")
    assert part in lines[-1]
    assert not any("Traceback" in line for line in lines)
    assert not (tmp_path / "model").exists()


def test_there_are_many_cases() -> None:
    assert len(CASES) >= 60


@pytest.mark.parametrize(
    "suffix", ["csv", "xlsx", "json", "jsonl", "conllu", "conll", "parquet", "arrow", "spacy", "tsv"]
)
@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", r"is empty \(0 bytes\)"),
        (b"\xef\xbb\xbf", "nothing but white space"),
        (b" \n\t\n", "nothing but white space"),
    ],
)
def test_files_with_nothing_in_them(tmp_path: Path, suffix: str, content: bytes, what: str) -> None:
    """Of any format, one sentence says that the file is empty, whatever column was asked for."""
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(content)
    for columns in (None, {"ner": -1}, {"upos": "UPOS"}):
        with pytest.raises(CorpusError, match=rf"a\.{suffix}: (is|holds) .*{what[-12:]}; name a file with annotated"):
            read_corpus(path, columns)


@pytest.mark.parametrize("content", ["[]", "{}\n", "[\n]\n"])
def test_json_without_a_record(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.json").write_text(content, "utf-8")
    with pytest.raises(
        CorpusError, match=r"a\.json: holds no record; name a file with annotated tokens, or write this one again$"
    ):
        read_corpus(tmp_path / "a.json")
