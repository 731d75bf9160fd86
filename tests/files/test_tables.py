"""Tables that are tagged: which columns are the text, which are tokens, and what is refused or told."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from command_line import run
from rule_tagger import RuleTagger
from tagged import records, to_stream

from bilstm_tagger.corpus import read_corpus
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.settings.read_spec import ReadSpec

Rows = list[list[Any]]


def put(path: Path, rows: Rows) -> Path:
    """Write rows, the first of which is the header, in the format of the suffix."""
    if path.suffix == ".xlsx":
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        book.save(path)
    elif path.suffix == ".jsonl":
        lines = [json.dumps(dict(zip(rows[0], row, strict=True))) for row in rows[1:]]
        path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    elif path.suffix == ".parquet":
        columns = map(list, zip(*rows[1:], strict=True))
        pq.write_table(pa.table(dict(zip(rows[0], columns, strict=True))), path)
    else:
        with open(path, "w", encoding="utf-8", newline="") as stream:
            csv.writer(stream, delimiter="\t" if path.suffix == ".tsv" else ",").writerows(rows)
    return path


def tagged(path: Path, **options: Any) -> list[tuple[str, list[list[str]]]]:
    """The name of each document and the tokens of its sentences."""
    output, report = to_stream(RuleTagger(), [path], **options)
    assert report.failures == []
    return [(each["id"], [each["tokens"][a:b] for a, b in each["sentences"]]) for each in records(output)]


def refusal(path: Path, **options: Any) -> str:
    (error,) = to_stream(RuleTagger(), [path], **options)[1].failures
    return str(error)


every_table = pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.xlsx", "a.jsonl", "a.parquet"])


# ---- tokens


@every_table
@pytest.mark.parametrize("document", ["doc_id", "document", "article", "file"])
@pytest.mark.parametrize("token", ["token", "Word", "tokens"])
def test_documents_of_tokens(name: str, document: str, token: str, tmp_path: Path) -> None:
    rows = [["a", 1, "Ada", "B-PER"], ["b", 1, "Rain", "O"], ["b", 2, "Bob", "B-PER"]]
    path = put(tmp_path / name, [[document, "sentence_id", token, "tag"], *rows])
    assert tagged(path) == [("a", [["Ada"]]), ("b", [["Rain"], ["Bob"]])]


@every_table
def test_a_word_with_a_space_is_a_token(name: str, tmp_path: Path) -> None:
    rows = [["Sentence #", "Word", "Tag"], *(["Sentence: 1", word, "O"] for word in ("Ada", "has", "1 000"))]
    assert [sentences for _, sentences in tagged(put(tmp_path / name, rows))] == [[["Ada", "has", "1 000"]]]


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.xlsx", "a.jsonl"])
def test_an_empty_word_is_told(name: str, tmp_path: Path) -> None:
    rows = [["Sentence #", "Word", "Tag"], [1, "Ada", "O"], [1, "", "O"], [1, "ran", "O"]]
    row = 2 if name == "a.jsonl" else 3
    assert f"{name}:{row}: no 'Word': the cell is empty" in refusal(put(tmp_path / name, rows))


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx", "a.jsonl", "a.parquet"])
@pytest.mark.parametrize("first", ["document", "Sentence", "nr"])
def test_tokens_without_ends_of_sentences_are_told(name: str, first: str, tmp_path: Path) -> None:
    path = put(tmp_path / name, [[first, "word", "tag"], ["a", "Ada", "O"], ["a", "ran", "O"], ["b", "Bob", "O"]])
    assert "nothing tells where sentences end: name the column that does by --sentence-column" in refusal(path)
    if first != "document":
        ((_, sentences),) = tagged(path, spec=ReadSpec(sentence_column=first))
        assert sentences == [["Ada", "ran"], ["Bob"]]


def test_all_sheets_of_tokens_are_tagged(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, word in (("S", "Ada"), ("T", "Bob")):
        sheet = book.create_sheet(name)
        sheet.append(["Sentence #", "Word", "Tag"])
        sheet.append(["Sentence: 1", word, "O"])
    book.create_sheet("Readme").append(["What the tags mean"])
    book.save(tmp_path / "a.xlsx")
    assert tagged(tmp_path / "a.xlsx") == [("S", [["Ada"]]), ("T", [["Bob"]])]
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    sheet = book.create_sheet("U")
    for text in ("text", "to Eve"):
        sheet.append([text])
    book.save(tmp_path / "a.xlsx")
    output, report = to_stream(RuleTagger(), [tmp_path / "a.xlsx"])
    assert [each["text"] for each in records(output)] == ["to Eve"]
    assert sum("not a text in each row but tokens" in told for told in report.tally.no_text) == 2


@pytest.mark.parametrize("suffix", [".ods", ".xls", ".xlsm"])
@pytest.mark.parametrize("rows", [[["Sentence #", "Word"], [1, "Ada"], [1, "ran"]], [["text"], ["Ada ran"]]])
def test_any_workbook_of_tokens_or_texts_is_tagged(suffix: str, rows: Rows, tmp_path: Path) -> None:
    path = put(tmp_path / "a.xlsx", rows).rename(tmp_path / f"a{suffix}")
    assert [sentences for _, sentences in tagged(path)] == [[["Ada", "ran"]]]


def test_a_number_may_be_the_first_token(tmp_path: Path) -> None:
    rows = [["document", "sentence_id", "tokens", "tag"], ["a", 1, 1999, "O"], ["a", 1, "Ada", "O"]]
    for name in ("a.csv", "a.xlsx", "a.jsonl"):
        assert tagged(put(tmp_path / name, rows)) == [("a", [["1999", "Ada"]])]


def test_the_text_of_a_sheet_is_taken_before_its_lists_of_tokens(tmp_path: Path) -> None:
    path = put(tmp_path / "a.xlsx", [["id", "text", "tokens"], [7, "to Ada Byron", '["to", "Ada Byron"]']])
    assert tagged(path) == [("7", [["to", "Ada", "Byron"]])]


# ---- counts


@every_table
@pytest.mark.parametrize("counts", ["words", "tokens"])
@pytest.mark.parametrize("rows", [[["to Ada Byron", 3]], [["to Ada Byron", 3], ["by Eve", 2], ["1999", 1]]])
@pytest.mark.parametrize("text", ["text", "body"])
def test_a_column_of_counts_is_no_column_of_words(
    name: str, counts: str, rows: Rows, text: str, tmp_path: Path
) -> None:
    path = put(tmp_path / name, [[text, counts], *rows])
    output, report = to_stream(RuleTagger(), [path])
    assert (report.failures, [each["text"] for each in records(output)]) == ([], [row[0] for row in rows])


@every_table
@pytest.mark.parametrize("text", ["sentence", "Document", "article"])
def test_counts_beside_a_class_are_counts(name: str, text: str, tmp_path: Path) -> None:
    path = put(tmp_path / name, [[text, "tokens", "label"], ["to Ada Byron", 3, "x"], ["by Eve", 2, "y"]])
    output, report = to_stream(RuleTagger(), [path])
    assert (report.failures, [each["text"] for each in records(output)]) == ([], ["to Ada Byron", "by Eve"])


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx"])
def test_words_that_are_named_are_words_though_all_are_numbers(name: str, tmp_path: Path) -> None:
    path = put(tmp_path / name, [["text", "tokens"], ["to Ada", 1999], ["by Eve", 42]])
    found = [tokens for _, sentences in tagged(path, spec=ReadSpec(word_column="tokens")) for tokens in sentences]
    assert [word for tokens in found for word in tokens] == ["1999", "42"]
    assert [each[1] for each in tagged(path)] == [[["to", "Ada"]], [["by", "Eve"]]]


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx"])
def test_some_tokens_may_be_numbers(name: str, tmp_path: Path) -> None:
    rows = [["document", "tokens", "tag"], ["a", "in", "O"], ["a", "1999", "O"], ["", "", ""], ["b", "Ada", "O"]]
    assert tagged(put(tmp_path / name, rows)) == [("a", [["in", "1999"]]), ("b", [["Ada"]])]


@every_table
def test_a_table_without_a_text_is_asked_for_its_column(name: str, tmp_path: Path) -> None:
    path = put(tmp_path / name, [["year", "note"], [1999, "to Ada"], [2000, "by Eve"]])
    shown = "note" if name in ("a.jsonl", "a.parquet") else "year, note"
    place = f"{path}: sheet 'Sheet'" if name == "a.xlsx" else f"{path}:1" if name.endswith("l") else str(path)
    assert refusal(path).removeprefix(place) == (
        f": no column is called like a text (columns: {shown}); name it, --text-column NAME"
    )


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx", "a.jsonl"])
@pytest.mark.parametrize("cells", [[4, "to Ada ."], ["to Ada .", 4]])
def test_numbers_among_words_are_refused(name: str, cells: list[object], tmp_path: Path) -> None:
    path = put(tmp_path / name, [["text", "tokens"], *(["to Ada.", cell] for cell in cells)])
    assert "tokens is a number in some rows or records and words in others; name the text" in refusal(path)
    assert len(tagged(path, text_column="text")) == 2


# ---- JSON that has no such text


@pytest.mark.parametrize("content", ['{"a": "x"}\n{"a": "y"}\n', '[{"a": "x"}, {"b": null}]', '{"a": {"b": "x"}}'])
@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
def test_a_key_that_no_record_has_is_refused(name: str, content: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content)
    output, report = to_stream(RuleTagger(), [tmp_path / name], text_column="text")
    assert (output, report.tally.empty.total()) == ("", 0)
    assert f"{name}: no record has a key 'text'; there are: a" in str(report.failures[0])


def test_a_key_that_some_records_have_is_read(tmp_path: Path) -> None:
    lines = ['{"a": "x"}', '{"b": "y"}', '{"a": "x", "note": "to Ada"}', '{"note": null}', '{"a": "x"}']
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    output, report = to_stream(RuleTagger(), [tmp_path / "a.jsonl"], text_column="note")
    assert [each["text"] for each in records(output)] == ["", "", "to Ada", "", ""]
    assert (report.failures, report.tally.empty.total()) == ([], 4)


FRAME = pd.DataFrame({"text": ["to Ada", "by Eve"], "year": [1, 2]})
WHOLE = {
    "pandas": FRAME.to_json(),
    "a column": FRAME[["text"]].to_json(),
    "rows": FRAME.to_json(orient="index"),
    "split": FRAME.to_json(orient="split"),
    "table": FRAME.to_json(orient="table"),
    "data": '{"data": [{"text": "to Ada"}]}',
    "results": '{"count": 1, "next": null, "results": [{"id": 1, "text": "to Ada"}]}',
    "tokens": '{"version": "1", "rows": [{"tokens": ["to", "Ada"]}]}',
}


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("text_column", [None, "text"])
def test_one_object_of_all_records_is_refused_with_what_to_write(
    name: str, text_column: str | None, tmp_path: Path
) -> None:
    path = tmp_path / "a.json"
    path.write_text(WHOLE[name])
    advice = (
        "orient='records', lines=True" if name in ("pandas", "a column", "rows", "split") else "one record in each line"
    )
    told = refusal(path, text_column=text_column)
    assert "a.json:1: one object " in told and advice in told and "--text-column" not in told
    with pytest.raises(CorpusError, match=r"a\.json:1: one object (of|with) "):
        read_corpus(path, {}, text_column=text_column)
    (tmp_path / "b.txt").write_text("by Eve")
    report = to_stream(RuleTagger(), [tmp_path])[1]  # in a folder it is left out and named, as other JSON
    assert (report.failures, len(report.tally.no_text)) == ([], 1)


def test_records_as_pandas_writes_them_are_read(tmp_path: Path) -> None:
    for options in ({"lines": True}, {}):
        (tmp_path / "a.json").write_text(FRAME.to_json(orient="records", **options))
        assert [each["text"] for each in records(to_stream(RuleTagger(), [tmp_path / "a.json"])[0])] == [*FRAME["text"]]


# ---- columns of tokens, or a table of single words


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("name\tcity\nBob\tLeeds\nAda\tLondon\n", True),
        ("name\tcity\n" + "Bob\tLeeds\n" * 200, True),
        ("Bob\tLeeds\t7", True),
        ("Ada\tB-PER\nran\tO\n", False),
        ("Ada\tPROPN\nran\tVERB\n", False),
        ("Ada\tx\n\nran\ty\n", False),
        ("Ada\nran\n", False),
        ("Word\tTag\nAda\tx\n\nran\ty\n", False),
        ("name\tcity\nBob B\tLeeds\n", False),
    ],
)
def test_what_may_be_a_table_of_single_words_is_told(content: str, told: bool, tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text(content)
    report = to_stream(RuleTagger(), [path])[1]
    assert report.tally.columns == ([str(path)] if told else [])
    for options in ({"input_format": "csv", "text_column": "city"}, {"input_format": "conll"}):
        assert to_stream(RuleTagger(), [path], **options)[1].tally.columns == []


def test_the_way_out_of_columns_reads_the_table(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("name\tcity\nBob\tLeeds\nAda\tLondon\n")
    options = {"input_format": "csv", "text_column": "city"}
    assert [sentences for _, sentences in tagged(tmp_path / "a.tsv", **options)] == [[["Leeds"]], [["London"]]]


def test_the_note_on_columns_names_the_file_and_both_ways_out(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text("name\tcity\nBob\tLeeds\n")
    result = run("entities", path)
    assert result.exit_code == 0
    (line,) = [line for line in result.stderr.splitlines() if "columns of tokens" in line]
    for said in (str(path), "--input-format csv --text-column NAME", "end each sentence with an empty line"):
        assert said in line


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.xlsx"])
@pytest.mark.parametrize("text_column", [None, "text"])
def test_two_columns_of_one_name_are_told_at_once(name: str, text_column: str | None, tmp_path: Path) -> None:
    path = put(tmp_path / name, [["id", "text", "text"], [1, "to Ada", "by Eve"]])
    assert "two columns are named 'text'; rename one of them" in refusal(path, text_column=text_column)


def test_the_first_line_of_excel_tells_the_separator(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("sep=;\nid;text\n7;to Ada, by Eve\n")
    output, report = to_stream(RuleTagger(), [tmp_path / "a.csv"], format="entities")
    assert report.failures == []
    assert [(row["text"], row["line"]) for row in map(json.loads, output.splitlines())] == [("Ada", 3), ("Eve", 3)]
    (tmp_path / "a.tsv").write_text('id\ttext\n1\t"to Ada\n2\tby Eve"\n')
    output, _ = to_stream(RuleTagger(), [tmp_path / "a.tsv"])
    assert [(each["id"], each["text"]) for each in records(output)] == [("1", '"to Ada'), ("2", 'by Eve"')]


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx"])
@pytest.mark.parametrize("header", [["sentence", "word"], ["Sentence", "token"]])
def test_numbers_of_sentences_are_no_texts(name: str, header: list[str], tmp_path: Path) -> None:
    path = put(tmp_path / name, [header, ["1", "Ada"], ["1", "came"], ["2", "She"]])
    assert [words for _, words in tagged(path)] == [[["Ada", "came"], ["She"]]]
    path = put(tmp_path / name, [header, ["Ada came", "came"], ["Ada came", "Ada"]])
    assert [words for _, words in tagged(path)] == [[["Ada", "came"]], [["Ada", "came"]]]
