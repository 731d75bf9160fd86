"""The vectors of a spaCy pipeline, read from its folder without loading the pipeline.

Its `vocab/` holds the table (`vectors`, numpy), the row of each word's hash (`key2row`, msgpack, the most frequent
words first) and the words (`strings.json`). A pruned table has fewer rows than words: some words share a row.
"""

from __future__ import annotations

import json
from collections.abc import Container
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from bilstm_tagger.errors import VectorsError, reason_of
from bilstm_tagger.vocab.vectors.table import Vectors, select_rows

PREFIX = "spacy:"


def is_pipeline(path: Path) -> bool:
    """Whether `path` is the folder of a pipeline."""
    return (path / "vocab").is_dir() and (path / "meta.json").is_file()


def read_pipeline(source: str, *, words: Container[str], keep: int) -> Vectors:
    """Read the vectors of a spaCy pipeline.

    Args:
        source: the name of an installed pipeline or the folder of one; `spacy:` may stand before either.
        words: words to read wherever they stand.
        keep: how many words to read from the beginning as well.

    Raises:
        VectorsError: there is no such pipeline, or it has no table of words and vectors.
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
        row_of_word = _rows_of_words(folder)
    except (OSError, ValueError) as error:
        raise VectorsError(f"{path}: cannot be read: {reason_of(error)}") from None
    selected = select_rows(row_of_word, words=words, keep=keep)
    row_of_order = list(row_of_word.values())
    rows = [row_of_order[order] for order in selected.values()]
    last = max(rows, default=-1)
    if last >= len(table):
        raise VectorsError(f"{path}: {len(table)} rows, but a word is said to be in row {last + 1}")
    return Vectors(list(selected), np.asarray(table[np.array(rows, np.int64)], np.float32), str(path), len(row_of_word))


def _rows_of_words(folder: Path) -> dict[str, int]:
    """The row of each word, the most frequent words first; a hash without a word in `strings.json` is left out."""
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
