"""`bilstm-tagger calibrate`: tables, a picture, and a model folder of which nothing else changes."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from command_line import run

from bilstm_tagger.evaluation.evaluate import read_gold
from bilstm_tagger.evaluation.reliability import calibration_errors
from bilstm_tagger.tagging.tagger import Tagger
from bilstm_tagger.wording import percent

ENDS = re.compile(r"(\w+) \((\S+), then (\S+)\)")


def test_it_writes_the_temperature_and_nothing_else(model_folder: Path, tiny_dev: Path, tmp_path: Path) -> None:
    model = shutil.copytree(model_folder, tmp_path / "model")
    before = {path.name: path.read_bytes() for path in model.iterdir() if path.is_file()}
    config = json.loads(before["config.json"])
    config["temperatures"] = {"ner": 7.0}
    (model / "config.json").write_text(json.dumps(config), "utf-8")
    dry = run("calibrate", tiny_dev, "--model", model, "--dry-run")
    assert dry.exit_code == 0, dry.stderr
    assert Tagger.load(model).info.temperatures == {"ner": 7.0}
    little = run("calibrate", tiny_dev, "--model", model)
    assert little.exit_code == 1
    assert re.search(
        r"error: .*: too little to calibrate by: ner has \d+ spans? of the 50 needed, upos has \d+ tokens of the 1,000 "
        r"needed; give more text, or add --force\n",
        little.stderr,
    )
    assert Tagger.load(model).info.temperatures == {"ner": 7.0}
    done = run("calibrate", tiny_dev, "--model", model, "--png", tmp_path / "a.png", "--force")
    assert done.exit_code == 0, done.stderr
    assert "expected calibration error" in done.stdout
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    after = {path.name: path.read_bytes() for path in model.iterdir() if path.is_file()}
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed <= {"config.json", "calibration.json"}
    assert Tagger.load(model).info.temperatures != {"ner": 7.0}
    assert json.loads(after["config.json"]) | {"temperatures": 0} == config | {"temperatures": 0}


def test_tasks_with_enough_text_are_fitted_and_the_others_named(model_folder: Path, tmp_path: Path) -> None:
    """In both directions; what is not fitted stays as it was."""
    model = shutil.copytree(model_folder, tmp_path / "model")
    config = json.loads((model / "config.json").read_text("utf-8"))
    path = tmp_path / "a.conllu"
    name = "1\tAda\t_\tPROPN\t_\t_\t0\troot\t_\tNER=B-PER\n2\tleft\t_\tVERB\t_\t_\t1\tdep\t_\tNER=O\n\n"
    for count, fitted, lacking in (
        (60, "ner", "upos has 120 tokens of the 1,000 needed"),
        (0, "upos", "ner has 1 span of the 50 needed"),
    ):
        plain = "".join(
            f"{at}\train\t_\t{'VERB' if at % 2 else 'NOUN'}\t_\t_\t0\tdep\t_\tNER=O\n" for at in range(1, 501)
        )
        path.write_text(name * count if count else name + (plain + "\n") * 2, "utf-8")
        (model / "config.json").write_text(json.dumps(config | {"temperatures": {"ner": 7.0, "upos": 7.0}}), "utf-8")
        done = run("calibrate", path, "--model", model)
        assert done.exit_code == 0, done.stderr
        note = f"note: too little to calibrate all tasks by: {lacking}; for these give more text, or add --force"
        assert note in done.stderr
        assert f"temperature {fitted} " in done.stderr
        rows = [line.split()[0] for line in done.stdout.splitlines() if line.split()[:1] in (["ner"], ["upos"])]
        assert set(rows) == {fitted}
        (other,) = {"ner", "upos"} - {fitted}
        assert Tagger.load(model).info.temperatures[other] == 7.0
        dry = run("calibrate", path, "--model", model, "--dry-run")
        assert {"ner", "upos"} <= {line.split()[0] for line in dry.stdout.splitlines() if line.split()}


def test_a_precision_that_dev_cannot_promise_is_refused(model_folder: Path, tiny_dev: Path) -> None:
    result = run("calibrate", tiny_dev, "--model", model_folder, "--precision", "0.999", "--dry-run")
    assert result.exit_code == 1
    assert "too few or too often wrong" in result.stderr


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_a_token_in_each_row_and_a_column_of_sentences(model_folder: Path, tmp_path: Path, suffix: str) -> None:
    """`calibrate` and `evaluate` take the same options, and find the task by its name."""
    import pandas as pd

    frame = pd.DataFrame(
        {"sent": [1, 1, 1, 2, 2], "word": ["Ada", "Lovelace", "wrote", "Leeds", "rests"],
         "ner": ["B-PER", "I-PER", "O", "B-LOC", "O"]}
    )  # fmt: skip
    path = tmp_path / f"a{suffix}"
    if suffix == ".parquet":
        frame.to_parquet(path)
    elif suffix == ".jsonl":
        frame.to_json(path, orient="records", lines=True)
    else:
        frame.to_csv(path)
    for words in (["evaluate", path, "--resamples", "0"], ["calibrate", path, "--dry-run"]):
        refused = run(*words, "--model", model_folder)
        assert (refused.exit_code, "name the column that does by --sentence-column" in refused.stderr) == (1, True)
        done = run(*words, "--model", model_folder, "--sentence-column", "sent")
        assert done.exit_code == 0, done.stderr
        if words[0] == "evaluate":
            assert "1 document, 2 sentences, 5 tokens" in done.stdout + done.stderr


def test_what_cannot_be_is_said_before_the_work(model_folder: Path, tiny_dev: Path, tmp_path: Path) -> None:
    for png in ("a.foo", "nowhere/a.png"):
        result = run("calibrate", tiny_dev, "--model", model_folder, "--dry-run", "--png", tmp_path / png)
        assert (result.exit_code, "--png" in result.stderr) == (2, True)
    shipped = run("calibrate", tiny_dev, "--model", "en")
    assert (shipped.exit_code, "comes with the package" in shipped.stderr) == (2, True)


def test_a_folder_of_brat_needs_no_column(model_folder: Path, tmp_path: Path) -> None:
    """`calibrate`, `evaluate`, `check` and `train`, though the model was trained on CoNLL-U with two tasks."""
    (tmp_path / "brat").mkdir()
    for name in "abc":
        (tmp_path / "brat" / f"{name}.txt").write_text("Ada Lovelace wrote.\nRain fell on Leeds.\n")
        (tmp_path / "brat" / f"{name}.ann").write_text("T1\tPER 0 12\tAda Lovelace\nT2\tLOC 33 38\tLeeds\n")
    brat = tmp_path / "brat"
    model = shutil.copytree(model_folder, tmp_path / "model")
    small = [part for key in ("embedder.size=4", "encoder.hidden_size=4") for part in ("--set", key)]
    for words in (
        ["check", brat],
        ["evaluate", brat, "--model", model],
        ["calibrate", brat, "--model", model, "--force"],
        ["train", brat, "--test", brat, "--epochs", "1", *small, "--output", tmp_path / "new"],
        ["calibrate", brat, "--model", tmp_path / "new", "--force"],
    ):
        done = run(*words)
        assert done.exit_code == 0, (words, done.stderr)
        assert "LOC" in done.stdout or words[0] in ("train", "calibrate")
    assert Tagger.load(tmp_path / "new").info.vocab.tags["ner"][-1] == "S-PER"


CHUNKS = "Anna\tB-NP\nslept\tB-VP\nlong\tO\n\n"


def test_labels_of_another_task_leave_the_calibration_alone(model_folder: Path, tmp_path: Path) -> None:
    """They would have replaced thresholds by such as promise nothing."""
    copy = shutil.copytree(model_folder, tmp_path / "model")
    before = {path.name: path.read_bytes() for path in copy.iterdir()}
    (tmp_path / "a.conll").write_text(CHUNKS * 200, "utf-8")
    done = run("calibrate", tmp_path / "a.conll", "--model", copy, "--column", "ner=2", "--force")
    assert done.exit_code == 1
    assert "ner: the model gives none of the labels here (NP, VP) but " in done.stderr
    assert "name another --column, or rename them, --map NP=" in done.stderr
    assert {path.name: path.read_bytes() for path in copy.iterdir()} == before


def test_it_tells_what_is_replaced(model_folder: Path, tiny_dev: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(model_folder, tmp_path / "model")
    first = run("calibrate", tiny_dev, "--model", copy, "--force").stderr.splitlines()[-1]
    again = run("calibrate", tiny_dev, "--model", copy, "--force").stderr.splitlines()[-1]
    ner = first.partition("ner ")[2].split()[0]
    assert f"ner {ner} (before 1)" in first
    assert f"ner {ner} (before {ner})" in again


def test_it_shows_the_error_that_the_model_had(model_folder: Path, tiny_dev: Path, tmp_path: Path) -> None:
    """Not that of temperature 1, which it had not; and what became worse."""
    copy = shutil.copytree(model_folder, tmp_path / "model")
    config = json.loads((copy / "config.json").read_text("utf-8"))
    (copy / "config.json").write_text(json.dumps(config | {"temperatures": {"ner": 7.0, "upos": 0.5}}), "utf-8")
    tagger = Tagger.load(copy)
    gold, _ = read_gold(tagger, tiny_dev)
    had = calibration_errors(tagger, gold)
    dry = run("calibrate", tiny_dev, "--model", copy, "--dry-run")
    assert dry.exit_code == 0, dry.stderr
    assert re.search(r"model: temperature ner \S+ \(before 7\), upos \S+ \(before 0.5\); not written\n$", dry.stderr)
    assert run("calibrate", tiny_dev, "--model", copy, "--force").exit_code == 0
    has = calibration_errors(Tagger.load(copy), gold)
    rows = [line.split() for line in dry.stdout.splitlines() if line.split()[:1] in (["ner"], ["upos"])]
    assert re.search(r"^ *task +of +predictions +before +after *$", dry.stdout, re.MULTILINE)
    shown = {(task, of): (before, after) for task, of, _, before, after in rows}
    assert shown == {key: (percent(error or 0.0), percent(has[key][1] or 0.0)) for key, (_, error) in had.items()}
    worse = {key: errors for key, errors in shown.items() if float(errors[1]) > float(errors[0])}
    listed = re.findall(r"note: (\w+): worse than before are (.*); a task has one temperature", dry.stderr)
    told = {(task, of): (old, new) for task, all_of in listed for of, old, new in ENDS.findall(all_of)}
    assert told == worse
