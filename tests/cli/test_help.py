"""Help has examples that parse, and the shell completes commands and options."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from command_line import ENVIRONMENT, run
from rich.text import Text
from typer.main import get_command

from bilstm_tagger.cli import app
from bilstm_tagger.cli.examples import EXAMPLES


def commands(group: Any, prefix: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*prefix, name))
        else:
            yield (*prefix, name), command


COMMANDS = dict(commands(get_command(app)))


@pytest.mark.parametrize("name", COMMANDS, ids=" ".join)
def test_each_command_has_examples_that_parse(name: tuple[str, ...]) -> None:
    """A new command gets its examples in cli/examples.py."""
    lines = EXAMPLES.get(" ".join(name))
    assert lines, f"bilstm_tagger/cli/examples.py has no example of {' '.join(name)}"
    for line in lines:
        words = shlex.split(line)
        assert tuple(words[1 : 1 + len(name)]) == name
        arguments = words[1 + len(name) :]
        given = COMMANDS[name].make_context("example", list(arguments), resilient_parsing=False).params
        told = set(map(str, flat(given.values())))
        assert {word for word in arguments if not word.startswith("--")} <= told, line


def flat(values: Any) -> Iterator[Any]:
    for value in values:
        if isinstance(value, (list, tuple)):
            yield from flat(value)
        else:
            yield value


def test_examples_are_of_commands() -> None:
    groups = {name[:1] for name in COMMANDS if len(name) > 1}
    assert {tuple(name.split()) for name in EXAMPLES} - {()} <= COMMANDS.keys() | groups


@pytest.mark.parametrize("name", ["", "study", *map(" ".join, COMMANDS)])
def test_help_shows_them(name: str) -> None:
    shown = run(*name.split(), "--help")
    assert shown.exit_code == 0
    text = " ".join(shown.stdout.split())  # long lines are wrapped
    for example in EXAMPLES[name]:
        assert example in text


@pytest.mark.parametrize("name", COMMANDS, ids=" ".join)
def test_no_word_of_help_is_taken_for_markup(name: tuple[str, ...]) -> None:
    """Help is read as rich's markup, which leaves out what stands in brackets: `[sweep]`."""
    command = COMMANDS[name]
    texts = [command.help, command.epilog, *(getattr(each, "help", None) for each in command.params)]
    texts += [each.metavar for each in command.params]
    for text in filter(None, texts):
        assert Text.from_markup(text).plain == text.replace("\\[", "[")
    assert "with a table [sweep] of" in " ".join(run("sweep", "--help").stdout.split())


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
@pytest.mark.parametrize(
    ("typed", "wanted"),
    [("bilstm-tagger pred", {"predict"}), ("bilstm-tagger entities --min-p", {"--min-probability", "--min-precision"})],
)
def test_bash_completes(typed: str, wanted: set[str], tmp_path: Path) -> None:
    """The script that `--show-completion` prints, in a real shell."""
    program = tmp_path / "bilstm-tagger"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m bilstm_tagger "$@"\n', "utf-8")
    program.chmod(0o755)
    script = f"""
        source <(bilstm-tagger --show-completion bash)
        COMP_WORDS=({typed}); COMP_CWORD={len(typed.split()) - 1}
        _bilstm_tagger_completion bilstm-tagger
        echo "${{COMPREPLY[@]}}"
    """
    environment = {**ENVIRONMENT, "PATH": f"{tmp_path}:{os.environ['PATH']}", "SHELL": "/bin/bash"}
    done = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True)
    assert set(done.stdout.split()) == wanted, done.stderr
