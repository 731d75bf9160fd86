"""Names that no file can have: one line that says so, from whatever takes a path."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from rule_tagger import RuleTagger

from bilstm_tagger.corpus import save_corpus
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import ConfigError, CorpusError, ModelError, TaggerError, VectorsError
from bilstm_tagger.files import tag_files
from bilstm_tagger.io.atomic import atomic_folder, atomic_write, recover_folder
from bilstm_tagger.io.file_names import check_file_name
from bilstm_tagger.io.reading import open_text, read_bytes, read_text, sha256_file
from bilstm_tagger.model_folder.find import find_folder
from bilstm_tagger.settings.loading import parse_settings
from bilstm_tagger.vocab.vectors import read_vectors

NAMES = {"a\0b": "a NUL character", "a\0b.gz": "a NUL character", "a\ud800b": "half a character"}
DOCUMENT = Document(["a"], [0, 1], tags={"t": ["X"]})
WAYS: dict[str, tuple[type[TaggerError], Callable[[str], object]]] = {
    "read_text": (CorpusError, read_text),
    "open_text": (CorpusError, lambda name: list(open_text(name))),
    "read_bytes": (CorpusError, read_bytes),
    "sha256_file": (CorpusError, sha256_file),
    "atomic_write": (TaggerError, lambda name: atomic_write(name).__enter__()),
    "atomic_folder": (TaggerError, lambda name: atomic_folder(name).__enter__()),
    "recover_folder": (TaggerError, recover_folder),
    "save_corpus": (TaggerError, lambda name: save_corpus([DOCUMENT], name, format="jsonl")),
    "find_folder": (ModelError, find_folder),
    "read_vectors": (VectorsError, lambda name: read_vectors(name, words=())),
    "tag_files": (ConfigError, lambda name: tag_files(RuleTagger(), [__file__], output=name)),
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("way", WAYS)
def test_a_name_that_no_file_can_have(way: str, name: str) -> None:
    error, call = WAYS[way]
    with pytest.raises(error) as caught:
        call(name)
    told = f"{name!r}: no name that a file can have; it holds {NAMES[name]}"
    assert str(caught.value) == told.encode("ascii", "backslashreplace").decode()


@pytest.mark.parametrize("place", [("data", "train"), ("embedder", "vectors"), ("training", "init_from")])
def test_settings_hold_no_nul(place: tuple[str, str]) -> None:
    with pytest.raises(ConfigError, match=rf"^settings: {place[0]}\.{place[1]}: 'a\\x00b' holds a NUL character"):
        parse_settings({place[0]: {place[1]: "a\0b"}})


@pytest.mark.parametrize("name", ["", "a b", "ä", "a\n", b"\xff".decode("utf-8", "surrogateescape")])
def test_other_names_are_the_systems_affair(name: str) -> None:
    check_file_name(name)
    check_file_name(Path(name))
