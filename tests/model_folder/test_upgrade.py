"""Model folders of each format version, written by the code of their time, load and tag as they did."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from bilstm_tagger.errors import ModelError
from bilstm_tagger.model_folder.upgrade import FORMAT_VERSION
from bilstm_tagger.tagging.tagger import Tagger

GOLDEN = Path(__file__).parents[1] / "golden"
FOLDERS = sorted(path.parent for path in GOLDEN.glob("*/*/config.json"))


def test_there_are_folders_of_each_version() -> None:
    versions = {json.loads((folder / "config.json").read_text("utf-8"))["format_version"] for folder in FOLDERS}
    assert versions == set(range(1, FORMAT_VERSION + 1))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: f"{folder.parent.name}/{folder.name}")
def test_it_tags_as_it_did(folder: Path, tmp_path: Path) -> None:
    expected = json.loads((folder / "expected.json").read_text("utf-8"))
    tagger = Tagger.load(folder, precision="float32")
    assert tagger(expected["sentences"]).tags == expected["tags"]
    tagger.save(tmp_path / "new")
    config = json.loads((tmp_path / "new" / "config.json").read_text("utf-8"))
    assert config["format_version"] == FORMAT_VERSION
    assert Tagger.load(tmp_path / "new", precision="float32")(expected["sentences"]).tags == expected["tags"]


def test_those_of_the_present_version_have_checksums() -> None:
    """What is written today stays readable: a change of the format needs another version."""
    for folder in (GOLDEN / f"format-{FORMAT_VERSION}").iterdir():
        config = json.loads((folder / "config.json").read_text("utf-8"))
        assert {"weights", "vocab", "sha256"} <= config.keys()


@pytest.mark.parametrize(
    ("table", "name", "value"),
    [("encoder", "context", 64), ("encoder", "sentence_size", 50), ("embedder", "digits", "keep")],
)
def test_what_no_model_can_do_any_more_is_named(tmp_path: Path, table: str, name: str, value: object) -> None:
    """Such a model would tag something else than it did."""
    folder = shutil.copytree(GOLDEN / "format-1" / "cnn", tmp_path / "model")
    config: dict[str, Any] = json.loads((folder / "config.json").read_text("utf-8"))
    config["settings"][table][name] = value
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    with pytest.raises(ModelError, match=rf"{table}\.{name} = .*tag with bilstm-tagger 0\.1 or train again"):
        Tagger.load(folder)


@pytest.mark.parametrize("key", ["settings", "schemes", "word_size"])
def test_a_missing_piece_of_version_1_is_named(tmp_path: Path, key: str) -> None:
    folder = shutil.copytree(GOLDEN / "format-1" / "cnn", tmp_path / "model")
    config = json.loads((folder / "config.json").read_text("utf-8"))
    del config[key]
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    with pytest.raises(ModelError, match=f"piece of format version 1: '{key}'"):
        Tagger.load(folder)
