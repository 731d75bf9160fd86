"""Options of all commands: a value that no choice matches is refused, with the nearest one named."""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from command_line import run
from typer.core import TyperGroup

from bilstm_tagger.cli import app
from bilstm_tagger.cli.app import FILE_OPTIONS
from bilstm_tagger.cli.study import study
from bilstm_tagger.errors import choose

# Of each option with choices: a value near one of them, and what was meant.
CHOICES = {
    "device": ("cpuu", "cpu"),
    "precision": ("flot32", "float32"),
    "format": ("jsonll", "jsonl"),
    "input_format": ("txt", "text"),
    "source_format": ("conl", "conll"),
    "target_format": ("conl", "conll"),
    "scheme": ("IOBS", "IOBES"),
    "from_scheme": ("IOBS", "IOBES"),
    "misaligned": ("snapp", "snap"),
    "preset": ("nerr", "ner"),
    "tokenizer": ("charcters", "characters"),
    "language": ("jap", "ja"),
    "task": ("upoz", "upos"),
    "model": ("en-new", "en-news"),
    "engine": ("rayy", "ray"),
    "track": ("tensorbord", "tensorboard"),
}
OF_COMMANDS = {  # where a command has other choices
    ("review", "task"): ("nerr", "ner"),
    ("suggest", "task"): ("nerr", "ner"),
    ("suggest", "format"): ("docano", "doccano"),
}
# Options that take any text; `set_` and `unit` have keys and axes, which have tests of their own.
FREE = {
    "text", "text_column", "encoding", "word_column", "names", "column", "columns", "comments", "delimiter",
    "sentence_column", "labels", "label", "tasks", "replay", "set_", "unit",
    "annotated", "shard", "gold_column", "column_a", "column_b", "host", "allowed_host", "id_column",
}  # fmt: skip


def commands() -> Iterator[tuple[str, Callable[..., Any]]]:
    for each in app.registered_commands:
        assert each.callback is not None
        yield each.callback.__name__, each.callback
    for each in study.registered_commands:
        assert each.callback is not None
        yield f"study {each.callback.__name__}", each.callback


def parameters() -> Iterator[tuple[str, inspect.Parameter, Any, Any]]:
    """Command, parameter, its type, and the option or argument of typer."""
    for command, callback in commands():
        hints = typing.get_type_hints(callback, include_extras=True)
        for name, parameter in inspect.signature(callback).parameters.items():
            if hints[name] is typer.Context:
                continue
            kind, info = typing.get_args(hints[name])
            yield command, parameter, kind, info


def is_text(kind: Any) -> bool:
    return kind is str or str in typing.get_args(kind) or list[str] in typing.get_args(kind)


def test_every_option_is_known_to_these_tests() -> None:
    for command, parameter, kind, info in parameters():
        if isinstance(info, typer.models.OptionInfo) and is_text(kind):
            assert parameter.name in {*CHOICES, *FREE, *FILE_OPTIONS}, (command, parameter.name)
        if isinstance(info, typer.models.OptionInfo) and (kind is Path or Path in typing.get_args(kind)):
            assert parameter.name in FILE_OPTIONS, (command, parameter.name)


def with_choices() -> list[tuple[str, str]]:
    return [
        (command, parameter.name)
        for command, parameter, kind, info in parameters()
        if isinstance(info, typer.models.OptionInfo) and parameter.name in CHOICES and is_text(kind)
    ]


ARGUMENTS = {
    "evaluate": ["{corpus}", "-m", "{model}"],
    "calibrate": ["{corpus}", "-m", "{model}"],
    "predict": ["{text}", "-m", "{model}"],
    "entities": ["{text}", "-m", "{model}"],
    "check": ["{corpus}"],
    "convert": ["{corpus}", "{out}"],
    "compare": ["{corpus}", "{model}", "{model}"],
    "review": ["{corpus}", "-m", "{model}", "-o", "{table}"],
    "suggest": ["{text}", "-m", "{model}"],
    "serve": ["-m", "{model}"],
    "inspect": ["--text", "Ada", "-m", "{model}"],
    "benchmark": ["{text}", "-m", "{model}", "--seconds", "0"],
    "train": ["--train", "{corpus}", "--dev", "{corpus}", "-o", "{out}"],
    "study encoders": ["--train", "{corpus}", "--dev", "{corpus}", "-o", "{out}"],
}
FLAGS = {"source_format": "--from", "target_format": "--to"}


def click_commands() -> dict[str, Any]:
    program = typer.main.get_command(app)
    assert isinstance(program, TyperGroup)
    inner = program.commands["study"]
    assert isinstance(inner, TyperGroup)
    return {**program.commands, **inner.commands}


@pytest.mark.parametrize("command", sorted(set(click_commands()) - {"study"}))
def test_a_second_value_of_an_option_that_takes_one_is_refused(command: str) -> None:
    parser = click_commands()[command]
    for option in parser.params:
        if option.param_type_name != "option" or option.is_flag:
            continue
        for flag in option.opts:
            again = [flag, "2"] if len(flag) == 2 else [f"{flag}=2"]
            refused = ""
            try:
                parser.make_context(command, [flag, "1", "no-such-argument", *again])
            except Exception as error:  # click's own, which typer keeps to itself
                refused = str(error)
            assert (refused == "is given twice, but takes one value") == (not option.multiple), (flag, refused)


def test_a_second_value_is_one_line(model_folder: Path) -> None:
    result = run("predict", "--text", "Ada ran.", "-m", str(model_folder), "--model", "en")
    assert result.exit_code == 2
    assert "Invalid value for --model: is given twice, but takes one value" in re.sub(r"[\s│]+", " ", result.output)
    result = run("predict", "--text", "Ada ran.", "-m", str(model_folder), "--quiet", "--quiet")
    assert "given twice" not in result.output


@pytest.mark.parametrize(("command", "option"), with_choices())
def test_a_near_miss_is_refused_and_the_nearest_named(
    command: str, option: str, model_folder: Path, tiny_dev: Path, tmp_path: Path
) -> None:
    given, meant = OF_COMMANDS.get((command, option)) or CHOICES[option]
    (tmp_path / "a.jsonl").write_text('{"text": "Ada ran.", "spans": []}\n')
    (tmp_path / "a.txt").write_text("Ada ran.")
    corpus = tmp_path / "a.jsonl" if option in ("tokenizer", "language") else tiny_dev
    places = {"corpus": corpus, "model": model_folder, "text": tmp_path / "a.txt", "out": tmp_path / "out.conll"}
    places["table"] = tmp_path / "out.csv"
    flag = FLAGS.get(option, f"--{option.replace('_', '-')}")
    arguments = [part.format(**places) for part in ARGUMENTS[command]]
    if (command, option) == ("review", "preset"):  # which is for training, not for judging by a model
        arguments = arguments[:1]
    if flag == "--model":
        arguments = [part for part in arguments if part not in ("-m", str(model_folder))]
    result = run(*command.split(), *arguments, flag, given)
    assert result.exit_code in (1, 2), result.output
    shown = re.sub(r"[\s│]+", " ", result.output)
    assert f"did you mean '{meant}'?" in shown, shown
    assert "Traceback" not in shown
    assert not (tmp_path / "out.conll").exists()


def test_the_nearest_is_named_first() -> None:
    assert choose("JSON", ["jsonl", "conll"]) == "did you mean 'jsonl'? known: jsonl, conll"
    assert choose("mp3", ["jsonl", "conll"]) == "known: jsonl, conll"
    assert choose("mp3", []) == "known: none"


@pytest.mark.parametrize(
    "arguments",
    [
        ["predict", ""],
        ["predict", "a.txt", "--output", ""],
        ["predict", "a.txt", "--output="],
        ["predict", "a.txt", "-o", ""],
        ["predict", "a.txt", "--model", ""],
        ["entities", "a.txt", "--output", ""],
        ["evaluate", ""],
        ["evaluate", "a.conll", "--json", ""],
        ["check", "a.conll", ""],
        ["check", "a.conll", "--vectors", ""],
        ["convert", "a.conll", ""],
        ["train", ""],
        ["train", "--train", ""],
        ["train", "a.conll", "--vectors", ""],
        ["train", "a.conll", "--init-from", ""],
        ["inspect", "--text", "Ada", "--html", ""],
        ["info", ""],
        ["study", "encoders", "--train", ""],
        ["study", "memory", "--output", ""],
    ],
)
def test_an_empty_name_of_a_file_is_refused(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(*arguments)
    assert result.exit_code == 2, result.output
    assert "an argument is empty" in re.sub(r"[\s│]+", " ", result.stderr)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["predict", "--text", "\udce9"],
        ["predict", "a.txt", "--text-column", "\udce9"],
        ["train", "a.conll", "--label", "\udce9"],
        ["train", "a.conll", "--set", "embedder.plugin=\udce9"],
        ["check", "a.conll", "--map", "A=\udce9"],
        ["convert", "a.conll", "b.conll", "--names", "a,\udce9"],
    ],
)
def test_half_characters_are_refused(arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2, result.output
    assert r"\udce9' is not UTF-8" in re.sub(r"[\s│]+", " ", result.stderr)


def test_a_corpus_whose_name_is_not_utf8_is_not_trained_on(tmp_path: Path) -> None:
    """The settings of the run, which name it, could not be saved."""
    result = run("train", "--train", tmp_path / "\udce9.conll", "-o", tmp_path / "model")
    assert result.exit_code == 1
    assert result.stderr.rstrip().endswith("is not UTF-8; give it another name")


def test_a_text_may_be_empty_and_look_like_an_option(model_folder: Path) -> None:
    for text in ("", "--output="):
        result = run("predict", "--text", text, "-m", model_folder)
        assert result.exit_code == 0, result.output


@pytest.mark.parametrize(
    "arguments", [["--threads", "1" + "0" * 19], ["--workers", "100000000"], ["--batch-tokens", "9" * 30]]
)
def test_numbers_have_bounds(arguments: list[str], model_folder: Path) -> None:
    result = run("predict", "--text", "Ada", "-m", model_folder, *arguments)
    assert result.exit_code == 2
    assert re.search(
        "is not in the range|should be less than or equal to|nor a number from 1 to 256",
        re.sub(r"[\s│]+", " ", result.stderr),
    )
