"""The command line of `evaluate` and `compare`: files, tables and refusals."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from command_line import run


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Words, gold tags, and the tags of two systems."""
    rows = ["Ada B-PER B-PER B-PER", "left O O B-LOC", "Turin B-LOC B-PER B-LOC", "", "Rain O O O", ""]
    path = tmp_path / "both.conll"
    path.write_text("\n".join(rows * 4) + "\n", "utf-8")
    return path


def test_evaluate_writes_errors_and_matrices(model_folder: Path, tiny_dev: Path, tmp_path: Path) -> None:
    page, table, picture = tmp_path / "e.html", tmp_path / "e.csv", tmp_path / "c.png"
    files = ["--errors", page, "--errors", table, "--confusion", picture, "--json", tmp_path / "s.json"]
    result = run("evaluate", tiny_dev, "--model", model_folder, *files)
    assert result.exit_code == 0, result.stderr
    assert f"Errors of {model_folder.name} on {tiny_dev.name}" in page.read_text("utf-8")
    assert picture.read_bytes().startswith(b"\x89PNG")
    scores = json.loads((tmp_path / "s.json").read_text("utf-8"))["tasks"]
    wrong = (
        sum(scores["ner"]["errors"].values())
        + scores["upos"]["accuracy"]["total"]
        - scores["upos"]["accuracy"]["correct"]
    )
    assert len(table.read_text("utf-8").splitlines()) == wrong + 1
    assert page.read_text("utf-8").count("<article") == wrong
    low, high = scores["ner"]["strict"]["micro"]["intervals"]["f1"]
    assert low <= scores["ner"]["strict"]["micro"]["f1"] <= high
    assert f"{100 * low:.1f} to {100 * high:.1f}" in result.stdout
    cells = [count for row in scores["upos"]["confusion_matrix"].values() for count in row.values()]
    assert sum(cells) == scores["upos"]["accuracy"]["total"]
    assert re.search(r"errors: wrong label \d+, wrong ends \d+", result.stdout)


def test_evaluate_without_intervals(file: Path) -> None:
    line = ["evaluate", "--predictions", file, "--gold-column", "2", "--column", "3", "--resamples", "0"]
    result = run(*line)
    assert "95 %" not in result.stdout and "caution" not in result.stdout
    assert "tokens/s" not in result.stdout
    assert "intervals" not in json.dumps(json.loads(run(*line, "--json", "-").stdout))


def test_gold_without_a_span_is_told(model_folder: Path, tmp_path: Path) -> None:
    """By the command on tokens and on text, and beside tags of another system."""
    path = tmp_path / "a.conll"
    path.write_text("Ada O O\nleft O B-PER\n\n", "utf-8")
    told = "note: ner: gold has no span, so there is nothing to find: precision, recall and F1 are 0 whatever is"
    model = ["--model", model_folder]
    for more in (["--column", "ner=2", *model], ["--column", "ner=2", "--raw", *model]):
        result = run("evaluate", path, *more)
        assert result.exit_code == 0, result.stderr
        assert result.stderr.count(told) == 1
    result = run("evaluate", "--predictions", path, "--gold-column", "ner=2", "--column", "ner=3")
    assert result.stderr.count(told) == 1, result.stderr
    plain = tmp_path / "b.conll"
    plain.write_text("Ada B-PER X\nleft O B-PER\n\n", "utf-8")
    assert "gold has no span" not in run("evaluate", plain, "--column", "ner=2", *model).stderr


def test_the_lenient_score_has_its_interval(file: Path) -> None:
    line = ["evaluate", "--predictions", file, "--gold-column", "2", "--column", "3"]
    scores = json.loads(run(*line, "--json", "-").stdout)["tasks"]
    (only,) = scores.values()
    low, high = only["conlleval"]["intervals"]["f1"]
    assert re.search(rf"conlleval.*F1 \d+\.\d+ \({100 * low:.1f} to {100 * high:.1f}\)", run(*line).stdout)


def test_evaluate_shows_matrix_and_caution(file: Path) -> None:
    result = run("evaluate", "--predictions", file, "--gold-column", "2", "--column", "3", "--confusion", "-")
    rows = [line.split() for line in result.stdout.splitlines()]
    assert ["LOC", "·", "4"] in rows and ["PER", "·", "4"] in rows
    assert "too few to say much of LOC (only 4 in gold), PER (only 4 in gold)" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["evaluate"], "name the annotated file"),
        (["evaluate", "FILE", "--gold-column", "2"], "--gold-column is for --predictions"),
        (["evaluate", "--predictions", "FILE", "--model", "en"], "not both"),
        (["evaluate", "FILE", "--errors", "errors.txt"], "must end in .html or .csv"),
        (["evaluate", "FILE", "--confusion", "c.jpg"], "must end in .png"),
        (["evaluate", "--predictions", "FILE", "--gold-column", "a=2", "--gold-column", "a=3"], "named twice"),
        (["compare", "FILE", "FILE", "FILE", "--differences", "d.txt"], "must end in .html or .csv"),
        (["compare", "FILE", "FILE", "FILE", "--resamples", "5"], "greater than or equal to 100"),
        (["evaluate", "FILE", "--resamples", "1"], "1 draws give no 95 % interval; 100 are the least, or 0 for no"),
        (["evaluate", "FILE", "--resamples", "99"], "99 draws give no 95 % interval"),
        (["evaluate", "FILE", "--resamples", "-1"], "greater than or equal to 0"),
        (["evaluate", "FILE", "--raw", "--resamples", "200"], "--raw gives no intervals; leave it out"),
        (["evaluate", "FILE", "--raw", "--seed", "2"], "--raw gives no intervals; leave it out"),
    ],
)
def test_wrong_usage(file: Path, arguments: list[str], said: str) -> None:
    result = run(*(str(file) if each == "FILE" else each for each in arguments))
    assert result.exit_code == 2
    assert said in " ".join(re.sub(r"[│\n]", " ", result.stderr).split())


def test_refusals_are_one_line(file: Path) -> None:
    for line in (["evaluate", "--predictions", file], ["compare", file, file, "nowhere"]):
        result = run(*line)
        assert result.exit_code == 1
        assert result.stderr.startswith("error: ") and len(result.stderr.splitlines()) == 1


def test_compare_shows_and_writes(file: Path, tmp_path: Path) -> None:
    columns = ["--gold-column", "2", "--column-a", "3", "--column-b", "4"]
    page, table, values = tmp_path / "d.html", tmp_path / "d.csv", tmp_path / "d.json"
    result = run("compare", file, file, file, *columns, "--differences", page, "--differences", table, "--json", values)
    assert result.exit_code == 0, result.stderr
    assert "A both.conll (A): micro F1 50.00" in result.stdout
    assert "B both.conll (B): micro F1 80.00" in result.stdout
    assert "right in both 4, only in A 0, only in B 4, in neither 0; sentences with different counts: 4" in " ".join(
        result.stdout.split()
    )
    assert "0.1250 by randomisation (exact): may be chance" in " ".join(result.stdout.split())
    assert page.read_text("utf-8").count("<article") == 4
    assert len(table.read_text("utf-8-sig").splitlines()) == 5
    assert json.loads(values.read_text("utf-8"))["tasks"]["tags"]["p_randomisation"] == 0.125
    piped = run("compare", file, file, file, *columns, "--json", "-")
    assert json.loads(piped.stdout) == json.loads(values.read_text("utf-8"))


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx", "a.json", "a.jsonl", "a.conllu"])
def test_an_empty_file_is_called_empty(name: str, model_folder: Path, tmp_path: Path) -> None:
    (tmp_path / name).touch()
    lines = (
        ["evaluate", tmp_path / name, "--model", model_folder],
        ["train", "--train", tmp_path / name, "--output", tmp_path / "model"],
        ["check", tmp_path / name],
    )
    for line in lines:
        done = run(*line)
        assert done.exit_code == 1
        (told,) = [each for each in (done.stdout + done.stderr).splitlines() if "error: " in each]
        what = "is empty (0 bytes); name a file with annotated tokens, or write this one again"
        assert told == f"error: {tmp_path / name}: {what}"


def test_evaluate_raw_and_tokens_have_the_same_shape(model_folder: Path, tiny_dev: Path, tmp_path: Path) -> None:
    """Both kinds of scores are one class of evaluations, and write the same keys."""
    shapes = []
    for options in (["--raw"], ["--resamples", "0"]):
        done = run("evaluate", tiny_dev, "--model", model_folder, *options, "--json", tmp_path / "s.json")
        assert done.exit_code == 0, done.stderr
        shapes.append(json.loads((tmp_path / "s.json").read_text("utf-8")))
    raw, tokens = shapes
    assert raw.keys() == tokens.keys()
    assert [raw[name] for name in ("documents", "sentences", "tokens")] == [
        tokens[name] for name in ("documents", "sentences", "tokens")
    ]
    assert raw["tokens_per_second"] == pytest.approx(raw["tokens"] / raw["seconds"])
