"""`bilstm-tagger review` and `suggest`: from data to a table and back, from texts to a file of an annotation tool."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest
import tiny
from command_line import run

from bilstm_tagger.curation import reviewing

SMALL = ["--set", "training.epochs=1", "--set", "training.min_steps=0", "--set", "encoder.hidden_size=4"]


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def test_review_by_folds_and_the_corrected_file(tmp_path: Path) -> None:
    data = tiny.write_conll(tmp_path / "data.conll", tiny.sentences(30))
    table, target = tmp_path / "review.csv", tmp_path / "better.conll"
    done = run("review", data, "--folds", "2", "-n", "3", "-o", table, *SMALL)
    assert done.exit_code == 0, done.stderr
    assert "fold 2 of 2 judged" in done.stderr
    assert not (tmp_path / "review.csv.folds").exists()
    rows = rows_of(table)
    assert 1 <= len(rows) <= 3
    assert run("review", data, "--folds", "2", "-o", table, *SMALL).exit_code == 1  # it is there already
    rows[0]["accept"] = "yes"
    with table.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    applied = run("review", data, "--apply", table, "-o", target)
    assert applied.exit_code == 0, applied.stderr
    place = f"{data}:{rows[0]['line']}: "
    assert f"changed: {place}" in applied.stderr
    assert f"1 change, {len(rows) - 1} row" in applied.stderr
    before, after = (path.read_text("utf-8").splitlines() for path in (data, target))
    changed = [number for number, pair in enumerate(zip(before, after, strict=True), 1) if pair[0] != pair[1]]
    assert changed
    assert changed[0] >= int(rows[0]["line"])
    assert changed[-1] < int(rows[0]["line"]) + 8
    other = tmp_path / "other.conll"
    other.write_bytes(data.read_bytes())
    refused = run("review", other, "--apply", table, "-o", tmp_path / "more.conll")
    assert refused.exit_code == 1
    assert f"the row is about {data}, not {other}; give that file" in refused.stderr
    assert refused.stderr.count("error: ") == 1
    assert not (tmp_path / "more.conll").exists()
    (tmp_path / "moved").mkdir()
    moved = data.rename(tmp_path / "moved" / data.name)
    assert run("review", moved, "--apply", table, "-o", tmp_path / "more.conll").exit_code == 0
    assert (tmp_path / "more.conll").read_bytes() == target.read_bytes()
    moved.rename(data)
    again = run("review", data, "--apply", table, "-o", target)
    assert (again.exit_code, "would be overwritten" in again.stderr) == (1, True)
    assert run("review", data, "--apply", table).exit_code == 2


def test_an_interrupted_review_says_how_to_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tiny.write_conll(tmp_path / "data.conll", tiny.sentences(30))
    arguments = ["review", data, "--folds", "2", "-o", tmp_path / "review.tsv", *SMALL]
    judge = reviewing.opinions
    monkeypatch.setattr(reviewing, "opinions", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    broken = run(*arguments)
    assert (broken.exit_code, "--resume continues the review" in broken.stderr) == (130, True)
    monkeypatch.setattr(reviewing, "opinions", judge)
    refused = run(*arguments)
    assert (refused.exit_code, "--resume continues it" in refused.stderr) == (1, True)
    assert run(*arguments, "--resume").exit_code == 0
    assert (tmp_path / "review.tsv").read_text("utf-8").startswith("accept\tkind\t")


def test_review_by_a_model(tiny_dev: Path, model_folder: Path, tmp_path: Path) -> None:
    done = run("review", tiny_dev, "--model", model_folder, "--column", "NER")
    assert done.exit_code == 0, done.stderr
    assert "must not have been trained on" in done.stderr
    assert done.stdout.lstrip("\ufeff").startswith("accept,kind,text,given,instead,")
    plain = run("review", tiny_dev, "--model", model_folder, "--task", "upos")
    assert (plain.exit_code, "no task 'upos' with spans" in plain.stderr) == (1, True)
    name = run("review", tiny_dev, "--model", model_folder, "-o", tmp_path / "table.txt")
    assert (name.exit_code, "call it .csv, .tsv or .xlsx" in name.stderr) == (1, True)


def test_suggest_reads_what_predict_reads_and_writes_for_the_tool(model_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "a.txt").write_text("Rain fell on Leeds.\nAda Lovelace was late.\nRain fell on Leeds.\n", "utf-8")
    (folder / "b.csv").write_text("id,text\n1,Noor went to the Lake District with Ben.\n", "utf-8")
    target = tmp_path / "next.jsonl"
    done = run("suggest", folder, "--model", model_folder, "-n", "2", "-f", "doccano", "-o", target)
    assert done.exit_code == 0, done.stderr
    records = [json.loads(line) for line in target.read_text("utf-8").splitlines()]
    assert [record["rank"] for record in records] == [1, 2]
    assert records[0]["uncertainty"] >= records[1]["uncertainty"] > 0
    texts = {path.name: path.read_text("utf-8") for path in folder.iterdir()}
    assert all(record["text"] in texts[Path(record["file"]).name] for record in records)
    for record in records:
        lines = texts[Path(record["file"]).name].split("\n")
        assert record["text"].split()[0] in lines[record["line"] - 1]
    assert "1 sentence occurs again" in done.stderr
    assert "2 of 4 sentences" in done.stderr
    every = run("suggest", folder, "--model", model_folder, "-o", tmp_path / "all.json")
    assert every.exit_code == 0, every.stderr
    assert len(json.loads((tmp_path / "all.json").read_text("utf-8"))) == 3
    assert "3 sentences are all there are" in every.stderr


@pytest.mark.parametrize("name", ["next.json", "next.csv", "doccano.jsonl", "prodigy.jsonl", "tagged.conll"])
def test_suggest_leaves_out_what_earlier_rounds_annotated(name: str, model_folder: Path, tmp_path: Path) -> None:
    texts = tmp_path / "a.txt"
    texts.write_text("Rain fell on Leeds. Ada Lovelace was late.\nMr. Noor left at noon. Ben stayed here.\n", "utf-8")
    first = tmp_path / name
    format = ["-f", first.stem] if first.suffix == ".jsonl" else []
    if first.suffix == ".conll":
        assert run("predict", texts, "--model", model_folder, "-o", first).exit_code == 0
        kept = first.read_text("utf-8").split("\n\n")[:2]
        first.write_text("\n\n".join([*kept, ""]), "utf-8")
    else:
        assert run("suggest", texts, "--model", model_folder, "-n", "2", *format, "-o", first).exit_code == 0
    again = ["suggest", texts, "--model", model_folder, "-f", "prodigy"]
    left = run(*again, "--annotated", first)
    assert left.exit_code == 0, left.stderr
    assert "2 sentences are annotated already and were left out" in left.stderr
    every = {json.loads(line)["text"] for line in run(*again).stdout.splitlines()}
    rest = {json.loads(line)["text"] for line in left.stdout.splitlines()}
    assert (len(every), len(rest), rest < every) == (4, 2, True)
    # A second file adds to the first.
    (tmp_path / "b.conll").write_text(
        "\n".join(f"{word}\tO" for word in min(rest)[:-1].split()) + "\n.\tO\n\n", "utf-8"
    )
    both = run(*again, "--annotated", first, "--annotated", tmp_path / "b.conll")
    assert "3 sentences are annotated already" in both.stderr


def test_suggest_refuses_an_annotated_file_that_is_none(model_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Rain fell.", "utf-8")
    (tmp_path / "empty.conll").write_text("\n", "utf-8")
    for name, message in (("none.conll", "no such file"), ("empty.conll", "white space")):
        refused = run("suggest", tmp_path / "a.txt", "--model", model_folder, "--annotated", tmp_path / name)
        assert (refused.exit_code, message in refused.stderr, refused.stdout) == (1, True, "")


def test_suggest_tells_the_line_of_texts_and_mails(model_folder: Path, tmp_path: Path) -> None:
    body = "Rain fell.\r\n\r\nAda Lovelace was late.\r\n"
    (tmp_path / "a.txt").write_bytes(body.encode())
    (tmp_path / "b.eml").write_text("From: a@b.c\nSubject: Weather\n\nNoor stayed here.\n\nBen left Leeds.\n", "utf-8")
    done = run("suggest", tmp_path / "a.txt", tmp_path / "b.eml", "--model", model_folder, "-f", "prodigy")
    assert done.exit_code == 0, done.stderr
    found = {each["text"]: each["meta"]["line"] for each in map(json.loads, done.stdout.splitlines())}
    assert found["Rain fell."] == 1
    assert found["Ada Lovelace was late."] == 3
    assert found["Ben left Leeds."] == found["Noor stayed here."] + 2


def test_suggest_refuses_what_could_mean_two_things(model_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Rain fell.", "utf-8")
    unclear = run("suggest", tmp_path / "a.txt", "--model", model_folder, "-o", tmp_path / "next.jsonl")
    shown = re.sub(r"[\s│]+", " ", unclear.stderr)
    assert (unclear.exit_code, "doccano, label-studio, prodigy, csv" in shown) == (2, True), shown
    for name in ("next.txt", "next", "next.xlsx"):
        unknown = run("suggest", tmp_path / "a.txt", "--model", model_folder, "-o", tmp_path / name)
        shown = re.sub(r"[\s│]+", "", unknown.stderr)
        assert unknown.exit_code == 2
        assert "callit.json(label-studio)or.csv(csv),ornameoneofdoccano,label-studio,prodigy,csv" in shown
    plain = run("suggest", tmp_path / "a.txt", "--model", model_folder, "--task", "upos")
    assert (plain.exit_code, "no task upos with spans; known: ner" in plain.stderr) == (1, True)


def test_the_commands_warn_of_columns_that_are_read_as_text(model_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Ada\tB-PER\nran\tO\n.\tO\n\nLeeds\tB-LOC\nslept\tO\n\n", "utf-8")
    for command in ("predict", "entities", "suggest"):
        done = run(command, tmp_path / "a.txt", "--model", model_folder)
        assert "5 of 5 lines, such as 'Ada B-PER'); use --input-format conll" in done.stderr
        named = run(command, tmp_path / "a.txt", "--model", model_folder, "--input-format", "conll")
        assert "looks like" not in named.stderr


def test_the_task_of_a_table_is_the_one_that_is_corrected(tmp_path: Path) -> None:
    data = tmp_path / "a.conll"
    data.write_text("Ada B-NP B-PER\nKing I-NP O\nran O O\n\n", "utf-8")
    table, target = tmp_path / "t.csv", tmp_path / "b.conll"
    columns = ["--column", "chunk=2", "--column", "ner=3"]
    header = "accept,kind,given,instead,sentence,document,number,task\n"
    table.write_text(header + "yes,wrong ends,PER 1,PER 1-2,Ada King ran,1,1,ner\n", "utf-8")
    done = run("review", data, *columns, "--apply", table, "-o", target)
    assert done.exit_code == 0, done.stderr
    assert target.read_text("utf-8") == "Ada B-NP B-PER\nKing I-NP I-PER\nran O O\n\n"
    other = run("review", data, *columns, "--apply", table, "-o", target, "--force", "--task", "chunk")
    assert (other.exit_code, "leave --task out" in other.stderr) == (1, True)


@pytest.mark.parametrize(
    "flags", [["--folds", "3"], ["--preset", "fast"], ["--set", "training.epochs=1"], ["--vectors", "x"], ["--resume"]]
)
def test_flags_of_trainings_are_refused_with_a_model(flags: list[str], tiny_dev: Path, model_folder: Path) -> None:
    refused = run("review", tiny_dev, "--model", model_folder, *flags)
    assert refused.exit_code == 2
    assert f"{flags[0]}: is for training, and --model trains nothing" in " ".join(
        refused.stderr.replace("│", " ").split()
    )


def test_labels_that_are_all_strange_to_the_model_are_no_clean_bill(model_folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.conll"
    path.write_text("Anna\tB-person\nslept\tO\n\nOslo\tB-place\n\n", "utf-8")
    refused = run("review", path, "--model", model_folder, "--column", "ner=2")
    assert refused.exit_code == 1
    assert "ner: the model gives none of the labels here (person, place)" in refused.stderr
    assert run("review", path, "--model", model_folder, "--column", "ner=2", "--map", "person=PER").exit_code == 0
