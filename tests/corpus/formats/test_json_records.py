"""The one reader of JSON records: every way to write them down, their lines, and what is refused."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bilstm_tagger.corpus import ReadSpec, iterate_corpus, read_corpus
from bilstm_tagger.corpus.formats.json_records import read_records
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.files.json_texts import read_json
from bilstm_tagger.files.source import Tally
from bilstm_tagger.schemes.grammar import Scheme

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
records = st.lists(
    st.dictionaries(text, st.none() | st.integers() | text | st.lists(text, max_size=3), min_size=1, max_size=3),
    min_size=1,
    max_size=4,
)


def written(items: list[Any], form: str, indent: int | None, ascii: bool) -> tuple[str, list[int]]:
    """The records in a file of some form, and the line that each begins in, counted while writing."""
    content, lines = "\n" if form != "lines" else "", []
    if form == "array":
        content += "["
    for number, item in enumerate(items):
        content += "," if number and form == "array" else ""
        content += " \n" if number or form == "array" else ""
        lines.append(content.count("\n") + 1)
        content += json.dumps(item, ensure_ascii=ascii, indent=None if form == "lines" else indent)
    return content + ("\n]\n" if form == "array" else "\n"), lines


@given(records, st.sampled_from(["lines", "array", "spread"]), st.sampled_from([None, 0, 2]), st.booleans())
def test_records_come_back_with_their_lines(items: list[Any], form: str, indent: int | None, ascii: bool) -> None:
    content, lines = written(items, form, indent, ascii)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.json")
        path.write_bytes(content.encode())
        assert list(read_records(path)) == list(zip(lines, items, strict=True))


GOOD = '{"text": "to Ada"}'
BAD = {
    f"{GOOD}\n{{'text': 1}}\n": "2: not JSON at character 2: .*; each line needs one whole record",
    '{"text": "to\n"}\n': "1: not JSON at character 1.: .*; each line needs one whole record",
    f"{GOOD}\n{GOOD}, {GOOD}\n": "2: not JSON at character 19: Extra data; each line needs one whole record",
    f"[{GOOD}\n{GOOD}]": "2: not JSON: a comma or ] is missing after this record; is the file whole",
    f"[{GOOD},\n": "2: not JSON: the array has no end; is the file whole",
    f"[{GOOD}]\n\n[]": "3: not JSON: something stands behind the end of the array",
    f'[{GOOD},\n{{"text": }}]': "2: not JSON at character 10: Expecting value",
    '{\n"text": "to Ada"\n}\n{"text" 1}': "4: not JSON at character 9: Expecting ':' delimiter",
    '{\n"text": "to Ada"\n},\n{"text": "x"}': "3: not JSON at character 2: Expecting value",
    f'{GOOD}\n{{"text": "\\ud800"}}': r"2: '\\ud800' is half a character",
    f'[{GOOD},\n{{"text": "\\udfff"}}]': r"2: '\\udfff' is half a character",
    '{"text": ' + "[" * 100_000 + "\n": "1: not JSON that can be read: ",
    f'{GOOD}\n{{"text": {"9" * 5000}}}': "2: not JSON that can be read: ",
}


@pytest.mark.parametrize("content", BAD, ids=range(len(BAD)))
def test_annotated_files_and_texts_are_refused_alike(tmp_path: Path, content: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(content)
    for read in (
        lambda: read_records(path),
        lambda: iterate_corpus(path, ReadSpec(columns={}, tokenizer="whitespace")),
        lambda: read_json(path, ReadSpec(tokenizer="whitespace"), Tally()),
    ):
        with pytest.raises(CorpusError, match=r"a\.json:" + BAD[content]):
            list(read())


def test_two_escapes_of_one_character_are_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"text": "\\ud83d\\ude00"}')
    assert list(read_records(path)) == [(1, {"text": "\U0001f600"})]


def test_nothing_in_it(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("\n \n")
    assert list(read_records(tmp_path / "a.json")) == []


@pytest.mark.parametrize("column", [None, "label"])
def test_an_empty_cell_of_spans_is_named(column: str | None, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    spans = '"[{""start"":0,""end"":3,""labels"":[""PER""]}]"'
    path.write_text(f"id,text,label\n1,Ada ran,{spans}\n2,Bob,\n", "utf-8")
    refusal = r"a\.csv:3: 'label' is empty; give a tag for each token, or \[\] for no spans"
    with pytest.raises(CorpusError, match=refusal):
        read_corpus(path, None if column is None else {"ner": column})
    path.write_text(f"id,text,label\n1,Ada ran,{spans}\n2,Bob,[]\n", "utf-8")
    assert len(read_corpus(path, None if column is None else {"ner": column})) == 2


@pytest.mark.parametrize(("joint", "place"), [(", ", "a.json:1, record 2"), (",\n", "a.json:2")])
@pytest.mark.parametrize("spans", [False, True])
def test_documents_in_one_line_are_told_apart(joint: str, place: str, spans: bool, tmp_path: Path) -> None:
    ner = [{"start": 0, "end": 1, "type": "X"}]
    record = {"tokens": ["Ada", "left"], "entities": ner} if spans else {"tokens": ["Ada", "left"], "ner": ["O", "O"]}
    path = tmp_path / "a.json"
    path.write_text("[" + joint.join([json.dumps(record)] * 2) + "]", "utf-8")
    corpus = read_corpus(path, {"ner": -1})
    assert corpus[1].where(1) == str(tmp_path / place)
    assert corpus[1].with_tags({}).where(0) == corpus[1].where(1)
    path.write_text("[" + joint.join([json.dumps({"tokens": ["Ada"], "ner": [tag]}) for tag in ("O", "I-X-")]) + "]")
    with pytest.raises(CorpusError, match=re.escape(f"{tmp_path / place}: ")):
        read_corpus(path, {"ner": -1}).settle("ner", declared=Scheme.BIO)
