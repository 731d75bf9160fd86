"""Probabilities on the command line: in every form of output, by workers, and as a filter."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from command_line import run

from bilstm_tagger.corpus import read_corpus, save_corpus
from bilstm_tagger.document.document import Document
from bilstm_tagger.document.probabilities import Probabilities
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.files.formats import OUTPUT_FORMATS
from bilstm_tagger.tagging.tagger import Tagger

TEXT = "Ada Lovelace met Charles Babbage in London, and IBM bought Red Hat.\n\nMay flew to Jordan with Paris Hilton.\n"


def records(*arguments: str | Path) -> list[dict[str, Any]]:
    done = run("predict", *arguments)
    assert done.exit_code == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "a.txt"
    path.write_text(TEXT, "utf-8")
    return path


def test_predict_gives_them_only_if_asked(text: Path) -> None:
    arguments = [text, "--model", "en"]
    plain, asked = records(*arguments), records(*arguments, "--probabilities")
    assert not any("probabilities" in record for record in plain)
    assert not any("probability" in span for record in plain for span in record["spans"])
    assert any(record["spans"] for record in asked)
    for record in asked:
        assert all(0 < span["probability"] <= 1 for span in record["spans"] if span["task"] == "ner")
        for task, tags in record["tags"].items():
            assert len(record["probabilities"][task]) == len(tags)
            assert all(0 <= each <= 1 for each in record["probabilities"][task])
    assert [record["tags"] for record in asked] == [record["tags"] for record in plain]


@pytest.mark.parametrize("flags", [["--probabilities"], ["--min-probability", "0.5"]])
def test_workers_give_the_same(flags: list[str], model_folder: Path, tiny_dev: Path, tmp_path: Path) -> None:
    long = tmp_path / "a.txt"
    long.write_text("Ada Lovelace saw Paris.\n\nBob did not.\n" * 20, "utf-8")
    arguments = [long, tiny_dev, "--model", model_folder, *flags]
    one, two = records(*arguments), records(*arguments, "--workers", "2")
    for record in (*one, *two):  # workers batch other texts together, so the last digits may differ
        for span in record["spans"]:
            span.pop("probability", None)
        record.pop("probabilities", None)
    assert one == two


def test_the_best_sequences_are_those_of_the_tagger(text: Path, tmp_path: Path) -> None:
    tagger = Tagger.load("en")
    expected = tagger(TEXT, n_best=3)
    for flags in ([], ["--output", tmp_path / "out", "--workers", "2"]):
        done = run("predict", text, "--n-best", "3", *flags)
        assert done.exit_code == 0, done.stderr
        line = (tmp_path / "out" / "a.txt.jsonl").read_text("utf-8") if flags else done.stdout
        given = json.loads(line)["n_best"]
        assert list(given) == tagger.tasks
        for task, sentences in given.items():
            known = expected.probabilities[task].n_best
            assert known is not None
            assert [[each["tags"] for each in best] for best in sentences] == [[e.tags for e in best] for best in known]
            told = [each["probability"] for best in sentences for each in best]
            assert told == pytest.approx([each.probability for best in known for each in best], abs=2e-6)
    for name in ("conll", "parquet", "text", "entities"):
        refused = run("predict", text, "--n-best", "3", "--format", name)
        assert refused.exit_code == 2
        assert "has no place for tag sequences" in " ".join(refused.stderr.replace("│", " ").split())


def test_improbable_names_are_left_out(text: Path) -> None:
    arguments = [text, "--model", "en", "--probabilities"]
    found = [span for record in records(*arguments) for span in record["spans"]]
    middle = sorted(span["probability"] for span in found)[len(found) // 2]
    kept = [span for record in records(*arguments, "--min-probability", f"{middle}") for span in record["spans"]]
    assert 0 < len(kept) < len(found)
    assert all(span["probability"] >= middle - 1e-6 for span in kept)


def test_entities_fill_their_column(text: Path) -> None:
    done = run("entities", text, "--model", "en", "--format", "csv")
    assert done.exit_code == 0, done.stderr
    rows = list(csv.DictReader(io.StringIO(done.stdout.removeprefix("\ufeff"))))
    assert rows
    assert all(0 < float(row["probability"]) <= 1 for row in rows)


def test_a_precision_needs_a_calibrated_model(model_folder: Path, text: Path) -> None:
    result = run("predict", text, "--model", model_folder, "--min-precision", "0.9")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "calibrate" in result.stderr


def test_a_precision_sets_a_threshold_for_each_label(text: Path) -> None:
    all_of_them = [span for record in records(text, "--model", "en") for span in record["spans"]]
    kept = [span for record in records(text, "--model", "en", "--min-precision", "0.9") for span in record["spans"]]
    assert len(kept) <= len(all_of_them)
    both = run("predict", text, "--model", "en", "--min-precision", "0.9", "--min-probability", "0.5")
    assert both.exit_code == 2
    assert "not both" in both.stderr


@pytest.mark.parametrize("format", OUTPUT_FORMATS)
def test_a_format_has_a_place_for_probabilities_or_that_is_told(format: str, text: Path, tmp_path: Path) -> None:
    outputs, without = [], not OUTPUT_FORMATS[format].probable
    for number, flags in enumerate(([], ["--probabilities"])):
        folder = tmp_path / str(number)
        done = run("predict", text, "--model", "en", "--format", format, "--output", folder, "--workers", "1", *flags)
        (written,) = folder.glob("[!.]*")
        outputs.append(written.read_bytes())
    assert (f"{format} has no place for probabilities" in done.stderr) is without
    if format not in ("xlsx", "spacy", "parquet"):  # binary ones may tell when they were written
        assert (outputs[0] == outputs[1]) is without


@pytest.mark.parametrize("empty_first", [False, True])
def test_parquet_has_the_probabilities_of_json_lines(text: Path, tmp_path: Path, empty_first: bool) -> None:
    import pyarrow.parquet as pq

    if empty_first:
        (tmp_path / "0.txt").write_text("", "utf-8")
    inputs = [tmp_path / "0.txt", text] if empty_first else [text]
    call = ["predict", *inputs, "--model", "en", "--probabilities", "--format"]
    (tmp_path / "a.parquet").write_bytes(run(*call, "parquet").stdout_bytes)
    rows = pq.read_table(tmp_path / "a.parquet").to_pylist()
    expected = [json.loads(line) for line in run(*call, "jsonl").stdout.splitlines()]
    assert len(rows) == len(expected) == len(inputs)
    for row, record in zip(rows, expected, strict=True):
        assert row["spans"] == record["spans"]
        assert (row["probabilities"] or {}) == record.get("probabilities", {})
    assert rows[-1]["probabilities"]["ner"] and all("probability" in span for span in rows[-1]["spans"])


def test_parquet_with_probabilities_is_read_as_without(text: Path, tmp_path: Path) -> None:
    from bilstm_tagger.corpus.convert.convert import convert_corpus
    from bilstm_tagger.corpus.convert.tasks import find_columns

    for name, flags in (("a", []), ("b", ["--probabilities"])):
        table = run("predict", text, "--model", "en", "--format", "parquet", *flags).stdout_bytes
        (tmp_path / f"{name}.parquet").write_bytes(table)
    assert (
        find_columns(tmp_path / "a.parquet") == find_columns(tmp_path / "b.parquet") == {"upos": "upos", "ner": "ner"}
    )
    assert convert_corpus(tmp_path / "a.parquet", tmp_path / "a.jsonl").losses == ()
    told = convert_corpus(tmp_path / "b.parquet", tmp_path / "b.jsonl").losses
    assert told == ("further keys of the records: probabilities",)
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()


def test_a_task_of_that_name_is_refused_only_where_it_is_in_the_way(tmp_path: Path) -> None:
    import numpy as np

    document = Document(["a"], [0, 1], tags={"probabilities": ["X"]})
    save_corpus([document], tmp_path / "a.parquet")
    assert read_corpus(tmp_path / "a.parquet", {"t": "probabilities"})[0].tags_of("t") == ["X"]
    told = Probabilities(["X"], np.ones((1, 1)), [], np.zeros((1, 0)))
    both = document.with_tags(document.tags, probabilities={"probabilities": told})
    with pytest.raises(CorpusError, match="'probabilities' is named like a column that each table has"):
        save_corpus([both], tmp_path / "b.parquet")
