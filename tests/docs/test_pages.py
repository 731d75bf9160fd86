"""Every page shows what works: its commands and its Python run, print what it says, and name options that exist."""

from __future__ import annotations

import importlib.util
import json
import re
import shlex
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pages import PAGES, ROOT, Block, blocks_of, call_of, inline_code, name_of, shell_lines
from typer.main import get_command
from typer.testing import CliRunner

from bilstm_tagger.cli import app
from bilstm_tagger.settings.loading import load_settings
from bilstm_tagger.settings.schema import Settings
from bilstm_tagger.training.sweep_plan import read_plan

TASK_PAGES = {path for path in PAGES if path.parent.name == "tasks"}
RUN = [page for page in PAGES if any(block.language in ("bash", "python") for block in blocks_of(page))]
TOML = [(page, block) for page in PAGES for block in blocks_of(page) if block.language == "toml"]


def ids(value: object) -> str:
    return name_of(value) if isinstance(value, Path) else str(getattr(value, "line", value))


def test_there_is_something_to_test() -> None:
    assert len(TASK_PAGES) == 6
    assert set(RUN) >= TASK_PAGES
    languages = [block.language for page in PAGES for block in blocks_of(page)]
    assert languages.count("bash") > 40
    assert languages.count("python") > 25
    assert not [block for page in PAGES for block in blocks_of(page) if block.output and block.reason]


@pytest.mark.parametrize("page", RUN, ids=ids)
def test_blocks_run_from_top_to_bottom(page: Path, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, Any] = {}
    for block in blocks_of(page):
        if block.file is not None:
            (place / block.file).write_text(block.code, "utf-8")
        elif block.reason is not None and block.language == "bash":
            for line in shell_lines(block.code):
                _check_options(call_of(line)[0])
        elif block.reason is None and block.language in ("bash", "python"):
            capsys.readouterr()
            if block.language == "python":
                exec(compile(block.code, f"{name_of(page)}:{block.line}", "exec"), names)
                printed = capsys.readouterr().out
            else:
                printed = "".join(run(line, place, whole=page in TASK_PAGES) for line in shell_lines(block.code))
            if block.output is not None:
                assert printed == block.output, f"{name_of(page)}:{block.line}"


def run(line: str, place: Path, *, whole: bool) -> str:
    """Run one line of a shell block, or check what would change the machine; return what it prints."""
    program, *words = shlex.split(line)
    if program == "pip":
        _check_install(words)
    elif program == "make":
        assert re.search(rf"^{words[0]}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE), line
    elif program == "python":
        _check_benchmark(line)
    elif program in ("torchrun", "accelerate"):
        _check_options(words[words.index("bilstm_tagger") + 1 :])
    else:
        return _call(line, place, whole=whole)
    return ""


def _call(line: str, place: Path, *, whole: bool) -> str:
    words, read, written = call_of(line)
    if read is not None:
        shutil.copy(place / read, place / "stdin")
    if words[0] == "benchmark":
        words = [word for word in words if word not in ("--seconds", "1")] + ["--seconds", "0"]
    if words[0] in ("study", "benchmark") and not whole:
        _check_options(words)
        return ""
    result = CliRunner().invoke(app, words)
    assert (result.exit_code, result.stderr.count("error")) == (0, 0), (line, result.stderr, result.exception)
    if written is not None:
        (place / written).write_text(result.stdout, "utf-8")
        return ""
    return result.stdout


# What is not run is checked


def _check_install(words: list[str]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert words[0] == "install"
    name, _, extra = words[1].rstrip("]").partition("[")
    assert name in (".", project["name"])
    assert not extra or extra in project["optional-dependencies"]
    assert words[2:] in ([], ["--extra-index-url", "https://download.pytorch.org/whl/cpu"])


def _check_benchmark(line: str) -> None:
    """A module that can be run, and knows the options."""
    call = re.fullmatch(r"python -m (benchmarks\.\w+)(.*)", line)
    assert call, line
    found = importlib.util.find_spec(call[1])
    assert found is not None and found.origin is not None, line
    folder = Path(found.origin)
    files = sorted(folder.parent.glob("*.py")) if folder.name == "__init__.py" else [folder]
    source = "".join(file.read_text("utf-8") for file in [*files, ROOT / "benchmarks" / "machine.py"])
    for option in re.findall(r"--[\w-]+", call[2]):
        assert f'"{option}"' in source, line


def _commands(group: Any, prefix: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], set[str]]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, (*prefix, name))
        else:
            yield (
                (*prefix, name),
                {option for each in command.params for option in (*each.opts, *each.secondary_opts)} | {"--help"},
            )


COMMANDS = dict(_commands(get_command(app)))
OPTIONS = set().union(*COMMANDS.values()) | {"--version", "--extra-index-url", "--data"}
COMPLETION = {"--install-completion", "--show-completion"}
OPTIONS |= COMPLETION


def _check_options(words: list[str]) -> None:
    name = next((key for key in COMMANDS if tuple(words[: len(key)]) == key), None)
    assert name or words[0] in {"study", "COMMAND", "--help", *COMPLETION}, words
    known = COMMANDS[name] if name else OPTIONS
    for word in words:
        assert not word.startswith("--") or word in known, words


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_what_stands_in_backticks_exists(page: Path) -> None:
    for text in inline_code(page):
        words = re.findall(r"[^\s'\"]+", text)
        if text.startswith("bilstm-tagger "):
            _check_options(words[1:])
        elif text.startswith("python -m benchmarks"):
            _check_benchmark(text)
        elif words and words[0].startswith("--"):
            assert {word for word in words if word.startswith("--")} <= OPTIONS, text
        for section, name in re.findall(r"(?<![\w./])(data|embedder|encoder|head|training)\.(\w+)", text):
            if "/" not in text and not (ROOT / "bilstm_tagger" / section / f"{name}.py").is_file():
                assert name in Settings.model_fields[section].annotation.model_fields, text  # type: ignore[union-attr]


@pytest.mark.parametrize(("page", "block"), TOML, ids=ids)
def test_settings_load(page: Path, block: Block, place: Path) -> None:
    file = place / "some.toml"
    file.write_text(block.code, "utf-8")
    if "[sweep]" in block.code:
        assert read_plan(file).space, name_of(page)
    else:
        assert load_settings(file=file).tasks, name_of(page)


def test_lines_of_json_hold_their_text() -> None:
    shown = [block for page in PAGES for block in blocks_of(page) if block.language == "json"]
    every = [json.loads(block.code) for block in shown]
    records = [each for each in every if "documents" not in each]  # which tests of the server send
    assert records
    for record in records:
        text = record["text"]
        assert [text[a:b] for a, b in zip(record["start_char"], record["end_char"], strict=True)] == record["tokens"]
        assert all(text[span["start_char"] : span["end_char"]] == span["text"] for span in record["spans"])


@pytest.mark.parametrize("page", [page for page in PAGES if ".zh." in page.name], ids=ids)
def test_chinese_has_its_own_punctuation(page: Path) -> None:
    text = re.sub(
        r"`[^`]*`|\]\([^)]*\)|^ *#.*$", "", re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.M | re.S)
    )
    wrong = re.findall(r"[\u4e00-\u9fff] ?[,;:!?()]|[,;:!?(][\u4e00-\u9fff]", text)
    assert not wrong
    for old in ("专名", "元胞", "上一层网络"):
        assert old not in text
