"""What is said of a JSON file that cannot be one of a model folder: the file, what is wrong, what to do."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from bilstm_tagger.errors import ModelError
from bilstm_tagger.model_folder import json_files
from bilstm_tagger.model_folder.json_files import parse, read_json


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[1]", "damaged: not a JSON object"),
        ('{"a": 1, "b": 2, "a": 3}', "damaged: the key 'a' stands there twice"),
        ('{"a": 1', "damaged: Expecting ',' delimiter: line 1 column 8 (char 7)"),
    ],
)
def test_a_file_that_is_damaged(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "config.json"
    path.write_text(content, "utf-8")
    with pytest.raises(ModelError, match=f"^{re.escape(f'{path}: {message}')}$"):
        read_json(path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    with pytest.raises(ModelError, match=f"^{re.escape(f'{path}: missing; is {tmp_path} a model folder?')}$"):
        read_json(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    os.mkfifo(path)
    with pytest.raises(ModelError, match=f"^{re.escape(f'{path}: damaged: not a regular file')}$"):
        read_json(path)


def test_a_file_larger_than_any_vocabulary_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "vocab.json"
    path.write_text("{}" + " " * 1_998)
    monkeypatch.setattr(json_files, "LARGEST_JSON", 2_000)
    assert read_json(path) == {}
    monkeypatch.setattr(json_files, "LARGEST_JSON", 1_999)
    with pytest.raises(ModelError, match=f"^{re.escape(f'{path}: damaged: 2,000 bytes, more than 1,999')}$"):
        read_json(path)


class _Inner(BaseModel):
    size: int


class _Outer(BaseModel):
    inner: _Inner


def test_the_first_wrong_piece_is_named(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    message = f"{path}: missing or wrong piece: inner.size: field required"
    with pytest.raises(ModelError, match=f"^{re.escape(message)}$"):
        parse(_Outer, {"inner": {}}, path)
