"""The README shows what works: its Python runs, its settings load, its commands do what they say."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import bilstm_tagger
from bilstm_tagger import training
from bilstm_tagger.cli import app
from bilstm_tagger.corpus.formats import FORMATS
from bilstm_tagger.files import INPUT_FORMATS, OUTPUT_FORMATS, find_jobs
from bilstm_tagger.settings.loading import load_settings, presets
from bilstm_tagger.settings.schema import Settings
from bilstm_tagger.tagging.tagger import Tagger

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def commands() -> Iterator[list[str]]:
    """Arguments of every call of the program, without what a shell does around it."""
    for line in "".join(blocks("bash")).splitlines():
        if call := re.fullmatch(r"(?:.* \| )?bilstm-tagger (.*?)(?: > .*)?", line):
            yield shlex.split(call[1], comments=True)


LONG = [words for words in commands() if words[0] in ("study", "benchmark") or "--folds" in words]
TRAINING = [words for words in commands() if words[0] == "train" and words not in LONG]
OTHERS = [words for words in commands() if words[0] not in ("train", "study", "benchmark")]


@pytest.fixture
def place(tmp_path: Path, sample: Path, tiny_train: Path, model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with everything that the README takes for granted."""
    shutil.copytree(sample, tmp_path / "data" / "sample")
    shutil.copy(tiny_train, tmp_path / "data" / "sample" / "en-train.conllu")  # enough to see that it runs
    shutil.copytree(model_folder, tmp_path / "models" / "mine")
    (tmp_path / "mails" / "2024").mkdir(parents=True)
    for name in ("notes.txt", "tweets.txt", "mails/a.txt", "mails/2024/b.txt"):
        (tmp_path / name).write_text("Rain fell on Leeds.\r\nIt was late.\r\n", "utf-8", newline="")
    (tmp_path / "experiment.toml").write_text(blocks("toml")[0], "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(find_jobs, "_STDIN_PATH", tmp_path / "notes.txt")
    return tmp_path


def test_there_is_something_to_test() -> None:
    assert len(blocks("python")) == 3
    assert len(blocks("toml")) == 3
    assert len(TRAINING) >= 6
    assert {words[0] for words in OTHERS} == {"evaluate", "predict", "info", "check", "convert", "inspect"}


def test_python_that_trains(place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    small = {
        "embedder": {"size": 8, "characters": {"size": 4, "widths": [3], "filters": [4]}},
        "encoder": {"hidden_size": 8},
        "training": {"epochs": 1, "threads": 1},
    }

    def load(preset: str, *, overrides: dict[str, Any]) -> Settings:
        return load_settings(preset, overrides=small | overrides)

    monkeypatch.setattr(bilstm_tagger, "load_settings", load)
    exec(blocks("python")[0], {})
    words = [line.split(" ")[0] for line in capsys.readouterr().out.splitlines()]
    assert words == ["The", "ferry", "leaves", "at", "noon", "."]
    assert (place / "models" / "pos" / "config.json").is_file()


def test_python_right_after_installation(capsys: pytest.CaptureFixture[str]) -> None:
    exec(blocks("python")[1], {})
    assert capsys.readouterr().out.splitlines()[0] == "Ada Lovelace PER 0 12"


@pytest.mark.usefixtures("place")
def test_python_that_tags(capsys: pytest.CaptureFixture[str]) -> None:
    exec(blocks("python")[2], {})
    assert "['Two', 'sentences', 'of', 'words']" in capsys.readouterr().out


@pytest.mark.parametrize("block", blocks("toml"))
def test_settings(block: str, tmp_path: Path) -> None:
    file = tmp_path / "experiment.toml"
    file.write_text(block, "utf-8")
    assert "ner" in load_settings(file=file).tasks


@pytest.mark.parametrize("words", TRAINING, ids=" ".join)
def test_commands_that_train(words: list[str], place: Path, tagger: Tagger, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Settings] = []

    def train(settings: Settings, **_: object) -> Tagger:
        given.append(settings)
        return tagger

    monkeypatch.setattr(training, "train", train)
    result = CliRunner().invoke(app, words)
    assert (result.exit_code, result.stderr.count("error")) == (0, 0), result.stderr
    assert given[0].tasks


def test_other_commands(place: Path) -> None:
    for words in OTHERS:
        result = CliRunner().invoke(app, words)
        assert result.exit_code == 0, (words, result.stderr)
    assert (place / "tagged" / "mails" / "a.txt.conll").is_file()
    assert (place / "tagged" / "tweets.txt.jsonl").is_file()


@pytest.mark.parametrize("words", LONG, ids=" ".join)
def test_commands_that_take_long(words: list[str]) -> None:
    """Only whether they and their options are there; their own tests run them."""
    result = CliRunner().invoke(app, [*words[: 2 if words[0] == "study" else 1], "--help"])
    assert result.exit_code == 0
    assert all(word in result.output for word in words if word.startswith("--"))


def test_line_of_json() -> None:
    record = json.loads(blocks("json")[0])
    text = record["text"]
    assert [text[a:b] for a, b in zip(record["start_char"], record["end_char"], strict=True)] == record["tokens"]
    assert all(text[span["start_char"] : span["end_char"]] == span["text"] for span in record["spans"])


def test_lists_are_complete() -> None:
    for name in (*presets(), *FORMATS, *INPUT_FORMATS, *OUTPUT_FORMATS):
        assert f"`{name}`" in README, name
    for suffix in (suffix for known in FORMATS.values() for suffix in known.suffixes):
        assert f"`{suffix}`" in README, suffix


def test_links_lead_somewhere() -> None:
    pages = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "docs/architecture.md")]
    for page in pages:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), (page.name, target)
