"""A command that could read none of its files prints one error and no beginning of a result."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import run

# What is written of no documents at all begins with a header in all but those that have none.
FORMATS = ["csv", "tsv", "html", "jsonl", "conll", "conllu", "text", "entities"]
COMMANDS = {
    "suggest": ["suggest"],
    **{f"suggest {tool}": ["suggest", "--format", tool] for tool in ("csv", "doccano", "label-studio", "prodigy")},
    "entities": ["entities"],
    "counts": ["entities", "--count"],
    **{f"predict {name}": ["predict", "--format", name] for name in FORMATS},
}


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    path = tmp_path / "bad.txt"
    path.write_bytes(b"K\xf6ln \x81\x8d\n")
    return path


@pytest.mark.parametrize("command", COMMANDS)
def test_of_no_file_nothing_is_printed(command: str, bad: Path, model_folder: Path) -> None:
    again = bad.with_name("again.txt")
    again.write_bytes(bad.read_bytes())
    result = run(*COMMANDS[command], bad, again, "--encoding", "utf-8", "--model", model_folder)
    assert (result.exit_code, result.stdout) == (1, "")
    errors = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert [line.split(":")[1].strip() for line in errors] == [str(bad), str(again)]


@pytest.mark.parametrize("command", ["suggest", "entities"])
def test_of_no_file_nothing_is_left(command: str, bad: Path, model_folder: Path) -> None:
    target = bad.with_name("out.csv")
    result = run(command, bad, "--encoding", "utf-8", "--model", model_folder, "--output", target)
    assert result.exit_code == 1 and "error: " in result.stderr
    assert sorted(path.name for path in bad.parent.iterdir()) == ["bad.txt"]


@pytest.mark.parametrize("command", ["suggest", "counts", "predict csv", "predict html", "predict text"])
def test_an_empty_file_and_what_could_be_read_are_written(command: str, bad: Path, model_folder: Path) -> None:
    """As they were before another file failed beside them."""
    good = bad.with_name("good.txt")
    good.write_text("Ada left Turin.\n", "utf-8")
    alone = run(*COMMANDS[command], good, "--model", model_folder)
    both = run(*COMMANDS[command], good, bad, "--encoding", "utf-8", "--model", model_folder)
    assert (alone.exit_code, both.exit_code) == (0, 1)
    shown = both.stdout.replace(f"== {good.name} ==\n", "")
    assert shown == alone.stdout


@pytest.mark.parametrize(
    "line",
    [
        ["review", "FILE", "--model", "MODEL", "--column", "ner=2"],
        ["compare", "FILE", "MODEL", "MODEL", "--gold-column", "ner=2"],
        ["evaluate", "FILE", "--model", "MODEL", "--column", "ner=2"],
        ["evaluate", "FILE", "--model", "MODEL", "--column", "ner=2", "--raw"],
        ["calibrate", "FILE", "--model", "MODEL", "--column", "ner=2"],
        ["evaluate", "--predictions", "FILE", "--column", "2", "--gold-column", "-1"],
        ["convert", "FILE", "OUT"],
    ],
    ids=lambda line: line[0],
)
def test_annotated_files_likewise(line: list[str], tmp_path: Path, model_folder: Path) -> None:
    file = tmp_path / "bad.conll"
    file.write_bytes(b"K\xf6ln\tB-LOC\n\xff\x81\tO\n\n")
    names = {"FILE": str(file), "MODEL": str(model_folder), "OUT": str(tmp_path / "out.jsonl")}
    result = run(*(names.get(each, each) for each in line))
    assert (result.exit_code, result.stdout) == (1, "")
    (error,) = result.stderr.splitlines()
    assert error.startswith(f"error: {file}:1: ")
