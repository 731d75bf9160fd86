"""The vectors of a spaCy pipeline, read from its folder without loading the pipeline.

In `vocab/` stand the table (`vectors`, numpy), the row of each word's hash (`key2row`, msgpack, the most frequent
words first) and the words (`strings.json`). A pruned table has fewer rows than words: some words share one.
"""

from __future__ import annotations

import json
from collections.abc import Container
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from bilstm_tagger.errors import VectorsError
from bilstm_tagger.vocab.vectors.table import Vectors, choose

PREFIX = "spacy:"


def is_pipeline(path: Path) -> bool:
    """Whether this is the folder of a pipeline."""
    return (path / "vocab").is_dir() and (path / "meta.json").is_file()


def read_pipeline(source: str, *, wanted: Container[str], keep: int) -> Vectors:
    """The vectors of an installed pipeline or of one in a folder; `spacy:` may stand before either.

    Raises:
        VectorsError: if there is no such pipeline, or it has no table of words and vectors.
    """
    folder = _folder(source.removeprefix(PREFIX)) / "vocab"
    path = folder / "vectors"
    try:
        settings = folder / "vectors.cfg"
        if settings.is_file() and json.loads(settings.read_text("utf-8")).get("mode") == "floret":
            raise VectorsError(f"{source}: has floret vectors, made of parts of words; take one with vectors of words")
        table = np.load(path, mmap_mode="r") if path.is_file() else np.zeros((0, 0), np.float32)
        if not table.size:
            raise VectorsError(f"{source}: this pipeline has no word vectors; those named _md and _lg have")
        words = _words(folder)
    except (OSError, ValueError) as error:
        raise VectorsError(f"{path}: cannot be read: {error}") from None
    chosen = choose(words, wanted=wanted, keep=keep)
    places = list(words.values())
    rows = np.array([places[order] for order in chosen.values()], np.int64)
    if len(rows) and rows.max() >= len(table):
        raise VectorsError(f"{path}: {len(table)} rows, but a word is said to be in row {rows.max() + 1}")
    return Vectors(list(chosen), np.asarray(table[rows], np.float32), str(path), len(words))


def _words(folder: Path) -> dict[str, int]:
    """Each word's row, the most frequent words first; hashes whose word is not told are left out."""
    import srsly
    from spacy.strings import get_string_id

    rows = srsly.read_msgpack(folder / "key2row")
    names: dict[int, str] = {}
    for word in json.loads((folder / "strings.json").read_text("utf-8")):
        key = get_string_id(word)
        if key in rows:
            names[key] = word
    return {names[key]: row for key, row in rows.items() if key in names}


def _folder(name: str) -> Path:
    """The data folder of a pipeline: a path, or the name of an installed package."""
    if is_pipeline(Path(name)):
        return Path(name)
    if not name.isidentifier():
        raise VectorsError(f"{name}: no folder of a spaCy pipeline; write spacy:NAME for an installed one")
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise VectorsError(f"{PREFIX}{name}: no such pipeline is installed; run: python -m spacy download {name}")
    package = Path(spec.origin).parent
    inner = [folder for folder in sorted(package.iterdir()) if is_pipeline(folder)]
    if not inner:
        raise VectorsError(f"{PREFIX}{name}: the package {package} holds no spaCy pipeline")
    return inner[0]
