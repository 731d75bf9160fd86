"""Tables of names: what spreadsheets make of them, counts, and the same rows in every format."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from pathlib import Path

import pytest
from command_line import run
from hypothesis import given
from hypothesis import strategies as st
from rule_tagger import RuleTagger
from tagged import to_stream

from bilstm_tagger.document.document import Document
from bilstm_tagger.document.entities import entities_of
from bilstm_tagger.errors import ConfigError
from bilstm_tagger.files import tag_files
from bilstm_tagger.files.formats import output_format
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.tagging.tagger import Tagger
from bilstm_tagger.text.tokenizers import UNSEEN

FORMULAS = ["=1+1", "+SUM(A1)", "-2", "@cmd", "\tx", "\rx"]


def named(words: list[str], *, id: str | None = None) -> Document:
    """A document in which every word is a name of its own."""
    return Document(words, [0, len(words)], tags={"ner": ["B-PER"] * len(words)}, schemes={"ner": Scheme.BIO}, id=id)


def written(documents: list[Document], format: str) -> str:
    stream = io.StringIO(newline="")
    output_format(format).write(documents, stream)
    return stream.getvalue()


def test_csv_has_the_mark_and_the_line_ends_of_spreadsheets() -> None:
    text = written([named(["Zoë", 'Q"x', "a,b"])], "csv")
    assert text.startswith("\ufefffile,document,line,start,end,label,text,sentence,probability\r\n")
    assert text.count("\r\n") == text.count("\n") == 4
    assert [row["text"] for row in csv.DictReader(io.StringIO(text[1:], newline=""))] == ["Zoë", 'Q"x', "a,b"]


@pytest.mark.parametrize("format", ["csv", "tsv"])
@pytest.mark.parametrize("word", FORMULAS)
def test_no_cell_is_a_formula(format: str, word: str) -> None:
    dialect = "excel" if format == "csv" else "excel-tab"
    text = written([named([word, "Ada"], id=word)], format).removeprefix("\ufeff")
    first, second = csv.DictReader(io.StringIO(text, newline=""), dialect=dialect)
    cell = "'" + word if format == "csv" or not word[0].isspace() else " x"
    assert (first["text"], first["document"]) == (cell, cell)
    assert second["text"] == "Ada"


@given(st.lists(st.text(min_size=1, max_size=8).filter(lambda word: not word.isspace()), min_size=1, max_size=4))
def test_whatever_the_words_cells_come_back(words: list[str]) -> None:
    text = written([named(words)], "csv").removeprefix("\ufeff")
    cells = [row["text"] for row in csv.DictReader(io.StringIO(text, newline=""))]
    assert [cell[1:] if cell.startswith("'") and cell != word else cell for cell, word in zip(cells, words, strict=True)
            ] == words  # fmt: skip
    assert not any(cell.startswith(tuple("=+-@\t\r")) for cell in cells)


def test_a_workbook_holds_text_not_formulas(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    calamine = pytest.importorskip("python_calamine")
    words = ["=1+1", "Zoë", "bell\x07", "_x0041_", "-2", "x" * 40_000]
    stream = io.BytesIO()
    output_format("xlsx").write([named([word]) for word in words], stream)
    sheet = openpyxl.load_workbook(io.BytesIO(stream.getvalue())).active
    cells = [row[6] for row in sheet.iter_rows(min_row=2)]
    assert {cell.data_type for cell in cells} == {"s"}
    # Another reader, which undoes the escapes as Excel does.
    rows = calamine.CalamineWorkbook.from_filelike(io.BytesIO(stream.getvalue())).get_sheet_by_index(0).to_python()
    assert rows[0][:3] == ["file", "document", "line"]
    assert [row[6] for row in rows[1:-1]] == words[:-1]
    assert rows[-1][6] == "x" * 32_766 + "…"
    assert [row[3] for row in rows[1:]] == [0] * 6


def test_more_rows_than_a_sheet_holds_go_on_in_another(monkeypatch: pytest.MonkeyPatch) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    monkeypatch.setattr("bilstm_tagger.files.workbook.MOST_ROWS", 3)
    stream = io.BytesIO()
    output_format("xlsx").write([named(["A", "B", "C", "D", "E"])], stream)
    book = openpyxl.load_workbook(io.BytesIO(stream.getvalue()))
    assert [[row[6] for row in sheet.values] for sheet in book] == [
        ["text", "A", "B"],
        ["text", "C", "D"],
        ["text", "E"],
    ]


def test_rows_tell_the_place_in_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.txt").write_text("to Ada Byron\r\nand\rfrom Bob\n", "utf-8", newline="")
    (tmp_path / "b.jsonl").write_text('{"id": "x", "text": "no one"}\n\n{"text": "by\\nEve"}\n', "utf-8")
    (tmp_path / "c.lines").write_text("none\nof Zoe\n", "utf-8")
    (tmp_path / "d.conll").write_text("to\nAda\n\nand\nBob\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    rows = []
    for name, input_format in (("a.txt", None), ("b.jsonl", None), ("c.lines", "lines"), ("c.lines", "words"),
                               ("d.conll", None)):  # fmt: skip
        output, _ = to_stream(RuleTagger(), [Path(name)], format="entities", input_format=input_format)
        rows += [json.loads(line) for line in output.splitlines()]
    assert [(row["file"], row["document"], row["line"], row["start"], row["end"], row["text"]) for row in rows] == [
        ("a.txt", "a.txt", 1, 3, 12, "Ada Byron"),
        ("a.txt", "a.txt", 3, 23, 26, "Bob"),
        ("b.jsonl", "b.jsonl:2", 3, 3, 6, "Eve"),
        ("c.lines", "c.lines:2", 2, 3, 6, "Zoe"),
        ("c.lines", "c.lines:2", 2, 3, 6, "Zoe"),
        ("d.conll", "d.conll:1", 2, 3, 6, "Ada"),
        ("d.conll", "d.conll:1", 5, 11, 14, "Bob"),
    ]
    assert {(row["label"], row["task"], row["probability"]) for row in rows} == {("PER", "ner", None)}


def test_counts_are_sorted_and_join_line_ends(tmp_path: Path) -> None:
    for name, text in (("a.txt", "Bob met Ada\nByron . Bob"), ("b.txt", "for Ada Byron , Cy"), ("c.txt", "by Bob")):
        (tmp_path / name).write_text(text, "utf-8")
    output, _ = to_stream(RuleTagger(), [tmp_path], format="csv-counts")
    assert output.removeprefix("\ufeff").splitlines() == [
        "text,label,count,files", "Bob,PER,3,2", "Ada Byron,PER,2,2", "Cy,PER,1,1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("spellings", "name"),
    [
        (["Jeff Huffman", "Je\ufb00 Hu\ufb00man", "Jeff\u00a0Huffman"], "Jeff Huffman"),
        (["M\u00fcller", "Mu\u0308ller", "M\u00fcl\u00adler", "\u200eM\u00fcller\u200f"], "M\u00fcller"),
        (["Ada", *(f"A{unseen}da" for unseen in [*UNSEEN, "\u2060"])], "Ada"),
        (["Ann-Marie", "Ann\u2010Marie", "Ann\u2011Marie"], "Ann-Marie"),
        (["\u0633\u0644\u0627\u0645", "\ufeb3\ufefc\ufee1"], "\u0633\u0644\u0627\u0645"),  # shapes of Arabic letters
    ],
)
def test_spellings_that_look_alike_are_counted_as_one(spellings: list[str], name: str) -> None:
    documents = [named([spelling]) for spelling in spellings]
    assert written(documents, "tsv-counts").splitlines()[1:] == [f"{name}\tPER\t{len(spellings)}\t1"]
    rows = written(documents, "tsv").splitlines()[1:]
    assert [row.split("\t")[6] for row in rows] == spellings


@pytest.mark.parametrize(
    "pair", [["M\u00fcller", "Muller"], ["H2", "H\u00b2"], ["O'Brien", "O\u2019Brien"], ["Ada", "ADA"]]
)
def test_spellings_that_differ_are_counted_apart(pair: list[str]) -> None:
    assert len(written([named([spelling]) for spelling in pair], "tsv-counts").splitlines()) == 3


def test_a_probability_is_written_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    from bilstm_tagger.document.views import Span

    monkeypatch.setattr(Span, "probability", property(lambda span: 0.25 * len(span)))
    (entity,) = entities_of(named(["Ada"]))
    assert entity.probability == 0.25
    assert written([named(["Ada"])], "tsv").splitlines()[1].split("\t")[-1] == "0.25"


def test_several_tasks_of_spans_have_a_column() -> None:
    document = named(["Ada", "Bob"])
    document.tags["chunk"], document.schemes["chunk"] = ["B-NP", "I-NP"], Scheme.BIO
    lines = written([document], "tsv").splitlines()
    assert lines[0].endswith("probability\ttask")
    assert [line.split("\t")[-1] for line in lines[1:]] == ["ner", "chunk", "ner"]


def test_a_model_without_names_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Ada")
    with pytest.raises(
        ConfigError, match=r"^the model finds no names \(its tasks: upos\); use another --model or --format jsonl$"
    ):
        to_stream(RuleTagger(tasks=("upos",)), [tmp_path], format="csv")


def test_each_file_has_its_own_table_in_a_folder(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text("by Ada")
    (tmp_path / "in" / "b.txt").write_text("nobody")
    tag_files(RuleTagger(), [tmp_path / "in"], output=tmp_path / "out", format="tsv")
    assert [len((tmp_path / "out" / "in" / f"{name}.txt.tsv").read_text().splitlines()) for name in "ab"] == [2, 1]


def test_json_is_json_lines(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("by Ada")
    same = [to_stream(RuleTagger(), [tmp_path], format=format)[0] for format in ("json", "jsonl")]
    assert same[0] == same[1] != ""


def test_control_characters_do_not_reach_a_terminal() -> None:
    text = written([named(["\x1b[31mAda", "Bo\u202eb"])], "table")
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "[31mAda" in text


def test_entities_of_texts_are_plain_rows(tagger: Tagger) -> None:
    texts = ["Ada Lovelace lived in London.", "", "Then Paris."]
    rows = tagger.entities(texts)
    expected = [(str(number), span.label, span.text, span.start_char)
                for number, document in enumerate(tagger.pipe(texts), 1) for span in document.spans]  # fmt: skip
    assert [(row.document, row.label, row.text, row.start) for row in rows] == expected
    assert all(texts[int(row.document or 0) - 1][row.start : row.end] == row.text for row in rows)
    certain = tagger.entities(texts, probabilities=True)
    assert [0 < (row.probability or 0) <= 1 for row in certain] == [True] * len(rows)
    assert tagger.entities(texts[0]) == [row for row in rows if row.document == "1"]


# ---- the command


def test_the_command_writes_one_table_of_all_files(tiny_dev: Path, tmp_path: Path) -> None:
    model_folder = "en"
    tagged = run("predict", tiny_dev, "--model", model_folder)
    spans = [span for line in tagged.stdout.splitlines() for span in json.loads(line)["spans"]]
    assert spans
    output = tmp_path / "in" / "names.csv"
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "dev.conllu").write_bytes(tiny_dev.read_bytes())
    for extra in ([], ["--force"], ["--force", "--workers", "2"]):  # its own table is not among the input
        result = run("entities", tmp_path / "in", "--model", model_folder, "--output", output, *extra)
        assert result.exit_code == 0, result.stderr
        assert f"tagged 1 of 1 file into {output}" in result.stderr
        rows = list(csv.DictReader(io.StringIO(output.read_text("utf-8-sig"), newline="")))
        assert [row["text"].removeprefix("'") for row in rows] == [span["text"] for span in spans]
    assert "would be overwritten" in run("entities", tiny_dev, "--model", model_folder, "--output", output).stderr
    counted = run("entities", tiny_dev, "--model", model_folder, "--count", "--format", "jsonl")
    found = {(row["text"], row["label"]): row["count"] for row in map(json.loads, counted.stdout.splitlines())}
    assert found == Counter((" ".join(span["text"].split()), span["label"]) for span in spans)


def test_wrong_usage_of_the_command(model_folder: Path, tmp_path: Path) -> None:
    for arguments in (["--text", "x", "--format", "html"], ["--text", "x", "--output", tmp_path / "a.html"], []):
        assert run("entities", *arguments, "--model", model_folder).exit_code == 2
    result = run("entities", "--text", "x", "--output", tmp_path, "--format", "csv", "--model", model_folder)
    assert (result.exit_code, "is a folder" in result.stderr) == (1, True)
    result = run("entities", "--text", "Ada", "--model", model_folder)
    assert result.stdout.startswith("\ufefffile,")


def test_what_is_too_long_for_a_cell_is_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    pytest.importorskip("openpyxl")
    from openpyxl import load_workbook

    path = tmp_path / "a.xlsx"
    document = Document.from_words(["Ada", "x" * 40_000]).with_tags({"ner": ["B-PER", "I-PER"]}, {"ner": Scheme.BIO})
    with path.open("wb") as stream:
        output_format("xlsx").write([document], stream)
    cells = [cell for row in load_workbook(path).active.iter_rows(values_only=True) for cell in row]
    assert max(len(cell) for cell in cells if isinstance(cell, str)) == 32_767
    assert "2 texts are longer than a cell can be" in caplog.text


SUFFIXES = {
    "jsonl": ".jsonl", "json": ".jsonl", "conll": ".conll", "conllu": ".conllu", "html": ".html",
    "text": ".tagged.txt", "named-text": ".tagged.txt", "spacy": ".spacy", "parquet": ".parquet",
    "csv": ".csv", "tsv": ".tsv", "xlsx": ".xlsx", "table": ".txt", "entities": ".entities.jsonl",
    "entities-counts": ".jsonl", "csv-counts": ".csv", "tsv-counts": ".tsv", "xlsx-counts": ".xlsx",
    "table-counts": ".txt",
}  # fmt: skip


@pytest.mark.parametrize("name", SUFFIXES)
def test_each_format_has_the_suffix_of_its_kind(name: str) -> None:
    assert output_format(name).suffix == SUFFIXES[name]
    assert output_format(name).binary is (SUFFIXES[name] in (".spacy", ".parquet", ".xlsx"))


def test_columns_of_places_are_not_shown_on_a_terminal() -> None:
    first = written([named(["Ada"])], "table").split("\n \u2500")[0].split()
    assert not {"document", "start", "end"}.intersection(first)
    assert {"text", "label"} <= set(first)
