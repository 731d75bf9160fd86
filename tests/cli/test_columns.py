"""`[TASK=]COLUMN` means the same in every command that takes it, and all that is wrong is told at once."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import typer
from command_line import run

from bilstm_tagger.cli.columns import columns_by_task, task_columns
from bilstm_tagger.cli.train_settings import run_settings
from bilstm_tagger.errors import ConfigError

COMMANDS = {
    "train": (["train", "--train", "FILE"], "--column"),
    "review": (["review", "FILE"], "--column"),
    "evaluate": (["evaluate", "FILE", "--model", "MODEL"], "--column"),
    "raw": (["evaluate", "FILE", "--model", "MODEL", "--raw"], "--column"),
    "predictions": (["evaluate", "--predictions", "FILE"], "--column"),
    "gold": (["evaluate", "--predictions", "FILE", "--column", "x=2"], "--gold-column"),
    "compare gold": (["compare", "FILE", "FILE", "FILE"], "--gold-column"),
    "compare": (["compare", "FILE", "FILE", "FILE"], "--column-a"),
    "calibrate": (["calibrate", "FILE", "--model", "MODEL"], "--column"),
    "check": (["check", "FILE"], "--column"),
    "convert": (["convert", "FILE", "OUT"], "--column"),
}


def refusal(command: str, given: list[str], tmp_path: Path, model: Path) -> str:
    """What a command says of values of its option, on one line."""
    file = tmp_path / "a.conll"
    file.write_text("Ada\tX\tB-PER\nleft\tY\tO\n\n", "utf-8")
    line, option = COMMANDS[command]
    names = {"FILE": str(file), "MODEL": str(model), "OUT": str(tmp_path / "out.jsonl")}
    arguments = [names.get(each, each) for each in line] + [part for value in given for part in (option, value)]
    result = run(*arguments)
    assert result.exit_code == 2, result.output
    return " ".join(re.sub(r"[│\n]", " ", result.stderr).split())


@pytest.mark.parametrize("command", COMMANDS)
def test_every_malformed_value_is_named(command: str, tmp_path: Path, model_folder: Path) -> None:
    said = refusal(command, ["=3", "ner=", "2", ""], tmp_path, model_folder)
    assert f"Invalid value for {COMMANDS[command][1]}: '=3', 'ner=', '': write COLUMN or TASK=COLUMN" in said


@pytest.mark.parametrize("command", COMMANDS)
def test_every_column_that_needs_a_task_is_named(command: str, tmp_path: Path, model_folder: Path) -> None:
    said = refusal(command, ["2", "3", "-1"], tmp_path, model_folder)
    option = COMMANDS[command][1]
    assert f"{option} TASK=2 {option} TASK=3 {option} TASK=-1" in said


@pytest.mark.parametrize("command", COMMANDS)
def test_a_task_is_named_once(command: str, tmp_path: Path, model_folder: Path) -> None:
    assert "task 'ner' is named twice" in refusal(command, ["ner=2", "ner=3"], tmp_path, model_folder)


def test_what_stands_before_the_first_sign_is_the_task() -> None:
    assert task_columns(["ner=a=b", "UPOS"]) == columns_by_task(["ner=a=b", "upos=UPOS"])
    assert task_columns(["ner=a=b"]) == {"ner": "a=b"}
    assert task_columns(["3", "UPOS"]) == {"tags": 3, "upos": "UPOS"}
    assert (columns_by_task(["-1"]), columns_by_task(["UPOS"]), columns_by_task([])) == (-1, "UPOS", None)
    with pytest.raises(typer.BadParameter, match="'tags' is named twice"):
        task_columns(["tags=2", "3"])


def settings_of(column: list[str], experiment: Path | None = None, **flags: object) -> dict[str, int | str]:
    settings = run_settings(experiment, None, [], flags, column, None)
    return {name: task.column for name, task in settings.tasks.items()}


def test_columns_of_training_name_its_tasks(tmp_path: Path) -> None:
    assert settings_of(["4"]) == {"ner": 4}
    assert settings_of(["ner=4"]) == {"ner": 4}
    assert settings_of(["upos=2", "chunk=NP"]) == {"upos": 2, "chunk": "NP"}
    file = tmp_path / "two.toml"
    file.write_text('[tasks.ner]\ncolumn = 3\n[tasks.upos]\ncolumn = "UPOS"\n', "utf-8")
    assert settings_of(["ner=4"], file) == {"ner": 4, "upos": "UPOS"}
    with pytest.raises(
        ConfigError, match=r"--column chunk=4: no task 'chunk'; there are ner, upos; --set tasks\.chunk"
    ):
        settings_of(["chunk=4"], file)
    with pytest.raises(ConfigError, match=r"--column needs exactly one task, .*use --column TASK=COLUMN"):
        settings_of(["4"], file)
    own = {"tasks.ner.train": "a.conll", "tasks.ner.column": -1}
    assert settings_of(["ner=4"], **own) == {"ner": 4}
    with pytest.raises(ConfigError, match="no task 'upos'"):
        settings_of(["upos=4"], **own)


def test_columns_choose_tasks_of_the_model_to_start_from(model_folder: Path) -> None:
    """Without one the file would have to be read to find out."""
    flags = {"training.init_from": str(model_folder), "data.train": "nowhere.conll"}
    assert settings_of(["ner=4"], **flags) == {"ner": 4}


def test_review_judges_the_task_that_is_named(tmp_path: Path, model_folder: Path) -> None:
    file = tmp_path / "a.conll"
    file.write_text("Ada\tB-PER\tX\nleft\tO\tY\n\n", "utf-8")
    alone = run("review", file, "--model", model_folder, "--column", "2", "--task", "ner")
    named = run("review", file, "--model", model_folder, "--column", "ner=2")
    assert (alone.exit_code, named.exit_code) == (0, 0), named.output
    assert named.stdout == alone.stdout and "ner: 1 span judged" in named.stderr
    wrong = run("review", file, "--model", model_folder, "--column", "chunk=2")
    assert wrong.exit_code == 1 and "no task 'chunk' with spans" in wrong.stderr


def test_check_and_convert_take_what_evaluate_takes(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text('tokens,a=b\n"[""Ada""]","[""B-PER""]"\n', "utf-8")
    assert run("convert", file, tmp_path / "b.jsonl", "--column", "ner=a=b").exit_code == 0
    assert json.loads((tmp_path / "b.jsonl").read_text("utf-8"))["tags"] == {"ner": ["B-PER"]}
