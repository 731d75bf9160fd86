"""No message names an option that the command at hand does not have."""

from __future__ import annotations

import ast
import json
import re
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import typer
from command_line import run

import bilstm_tagger
from bilstm_tagger.cli import app
from bilstm_tagger.cli.hints import SETTINGS, in_options_of, options_of
from bilstm_tagger.errors import without_options
from bilstm_tagger.settings.loading import load_settings, parse_override

LIBRARY = Path(bilstm_tagger.__file__).parent
ROOT: Any = typer.main.get_command(app)
COMMANDS = {name: each for name, each in ROOT.commands.items() if name != "study"}
COMMANDS |= {f"study {name}": each for name, each in ROOT.commands["study"].commands.items()}
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
OF_PIP = {"--force-reinstall"}


def context_of(name: str) -> Any:
    """What stands for the context of a running command."""
    return SimpleNamespace(command=COMMANDS[name], find_root=lambda: SimpleNamespace(command=ROOT))


def texts(tree: ast.AST) -> list[str]:
    """The strings of a module that are no docstrings, with `X` for what is put into them."""
    inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            found.append("".join(part.value if isinstance(part, ast.Constant) else "X" for part in node.values))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and not {id(node)} & (inner | docs):
            found.append(node.value)
    return found


@cache
def messages() -> dict[str, str]:
    """All strings of the library that name an option, with the module they are in."""
    return {
        text: module.name
        for module in sorted(LIBRARY.rglob("*.py"))
        if "cli" not in module.parts
        for text in texts(ast.parse(module.read_text("utf-8")))
        if OPTION.search(text) and "var(--" not in text
    }


def test_messages_are_found() -> None:
    found = messages()
    assert len(found) > 60
    assert "settle.py" in found.values()
    assert "reading.py" in found.values()


def test_what_joins_two_options_is_no_value() -> None:
    message = "name the right one with --word-column or --text-column"
    assert in_options_of(message, context_of("train")) == (
        "name the right one with --set data.word_column=... or --set data.text_column=..."
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_names_an_option_that_it_lacks(name: str) -> None:
    """Whatever message of the library comes up, what it names is there, or it is told where."""
    own = options_of(COMMANDS[name])
    for message in messages():
        told = in_options_of(message, context_of(name))
        for match in OPTION.finditer(told):
            if match[0] in own or match[0] in OF_PIP:
                continue
            command = re.search(r"`([a-z ]+) $", told[: match.start()])  # as in `train --seeds`
            if command is not None:
                assert match[0] in options_of(COMMANDS[command[1]])
                continue
            owner = re.match(
                r"\S+(?: '[^']*'| [^\s,;:()]+)?(?: --scheme BIO)? \(of bilstm-tagger ([a-z ]+)\)", told[match.start() :]
            )
            assert owner is not None, (message, told)
            assert match[0] in options_of(COMMANDS[owner[1]])


@pytest.mark.parametrize("option", SETTINGS)
def test_settings_that_stand_for_options_exist(option: str) -> None:
    """Each is a setting, and what a message shows can be typed."""
    value = {
        "data.dev_fraction": "0.1", "data.word_column": "2", "data.labels": "'Person=PER,ort=Ort'",
        "data.misaligned": "snap", "training.epochs": "3", "data.delimiter": "';'", "data.names": '["a", "b"]',
        "data.tokenizer": "whitespace", "tasks.NAME.column": "2", "tasks.NAME.scheme": "BIO",
    }.get(SETTINGS[option], "x")  # fmt: skip
    message = in_options_of(f"add {option} {value}", context_of("train")) if option not in ("--train",) else ""
    if "--set" not in message:
        assert option in options_of(COMMANDS["train"])
        message = in_options_of(f"add {option} {value}", context_of("sweep"))
    if option in ("--fix-tags", "--repair"):
        message = message.removesuffix(f" {value}")
    key, _, given = message.removeprefix("add --set ").partition("=")
    override = dict([parse_override(f"{key.replace('NAME', 'ner')}={given.strip(chr(39)).strip(chr(34))}")])
    settings = load_settings(None, tasks=["ner"], overrides=override)
    section, *rest = key.replace("NAME", "ner").split(".")
    found: Any = getattr(settings, section)
    for part in rest:
        found = found[part] if isinstance(found, dict) else getattr(found, part)
    assert found


def test_where_a_command_has_the_option_nothing_changes() -> None:
    message = "correct it, or let --repair read it as the CoNLL scorer would"
    assert in_options_of(message, context_of("convert")) == message
    assert in_options_of(message, None) == message
    assert in_options_of(message, context_of("evaluate")) == (
        "correct it, or let --repair (of bilstm-tagger convert) read it as the CoNLL scorer would"
    )
    scheme = "if they mark spans, --scheme IO reads them so"
    for command, option in (
        ("check", "--scheme IO"), ("convert", "--from-scheme IO"), ("sweep", "--set tasks.NAME.scheme=IO"),
        ("evaluate", "--from-scheme IO --scheme BIO (of bilstm-tagger convert)"),
    ):  # fmt: skip
        assert in_options_of(scheme, context_of(command)) == f"if they mark spans, {option} reads them so"
    told = in_options_of("see --column ner=4", context_of("compare"))
    assert told == "see --gold-column ner=4 (--column-a or --column-b for a file of predictions)"
    told = "holds one model per seed, as of `train --seeds`; `results --mean` has their mean"
    assert in_options_of(told, context_of("compare")) == told


def test_impossible_tags_in_evaluate(tmp_path: Path) -> None:
    (tmp_path / "a.conll").write_text("Ada I-PER B-PER\nleft O O\n\nBo B-PER O\n", "utf-8")
    done = run("evaluate", "--predictions", tmp_path / "a.conll", "--gold-column", 2, "--column", 3)
    assert done.exit_code == 1
    assert "--repair (of bilstm-tagger convert)" in done.stderr
    done = run("check", tmp_path / "a.conll", "--column", 2)
    assert "--repair (of bilstm-tagger convert)" in done.stdout
    assert "--repair " not in done.stdout.replace("--repair (of bilstm-tagger convert)", "")


def test_train_names_settings(tmp_path: Path) -> None:
    record = {"text": "Ada left", "spans": [[1, 3, "PER"]]}
    (tmp_path / "a.jsonl").write_text(json.dumps(record) + "\n", "utf-8")
    done = run("train", "--train", tmp_path / "a.jsonl", "--output", tmp_path / "model")
    assert done.exit_code == 1
    assert "--set data.misaligned=snap" in done.stderr
    (tmp_path / "b.csv").write_text("item,Sentence #,Tag\nAda,1,B-PER\nleft,1,O\n", "utf-8")
    done = run(
        "train", "--train", tmp_path / "b.csv", "--sentence-column", "Sentence #", "--output", tmp_path / "model"
    )
    assert "name it by --set data.word_column=..." in done.stderr


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_its_mark_is_told_by_every_command(model_folder: Path, tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.conll"
    path.write_bytes("Ada B-PER\nleft O\n\n".encode(encoding))
    told = f"{path}: is {encoding.upper()} without a byte order mark; add "
    for command in (
        ("convert", path, tmp_path / "b.conll"),
        ("evaluate", "--model", model_folder, path),
        ("check", path),
        ("predict", path, "--model", model_folder),
        ("train", "--train", path, "--output", tmp_path / "model"),
    ):
        done = run(*command)
        assert done.exit_code == 1
        assert told + f"--encoding {encoding}" in done.output, done.output
    done = run("convert", path, tmp_path / "b.conll", "--encoding", encoding)
    assert done.exit_code == 0, done.stderr
    assert (tmp_path / "b.conll").read_text("utf-8").split() == ["Ada", "B-PER", "left", "O"]


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            "a.txt:3: no UTF-8; it may be cp1252: add --encoding cp1252, or save it as UTF-8",
            "a.txt:3: no UTF-8; it may be cp1252: save it as UTF-8",
        ),
        ("a.txt: begins like a mail; use --input-format mail", "a.txt: begins like a mail"),
        (
            "a.eml:1: no header of a mail; is it text? (--input-format text)",
            "a.eml:1: no header of a mail; is it text?",
        ),
        ("correct it, or save it", "correct it, or save it"),
        ("name its --encoding, or fetch it again", "fetch it again"),
        (
            "a.txt: it may be cp1252 or cp1250: try --encoding cp1252 first, or save it as UTF-8",
            "a.txt: it may be cp1252 or cp1250: save it as UTF-8",
        ),
        ("a.html: the encoding 'x' is not known; name another, --encoding", "a.html: the encoding 'x' is not known"),
        ("tags 'x' are plain; if spans are meant, --fix-tags reads them so", "tags 'x' are plain"),
        ("a.txt: no column 'x', --text-column names another", "a.txt: no column 'x'"),
    ],
)
def test_without_a_command_line(message: str, expected: str) -> None:
    assert without_options(message) == expected


def test_no_message_names_options_over_http() -> None:
    for message in messages():
        assert not OPTION.search(without_options(message)), message
