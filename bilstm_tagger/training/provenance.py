"""What files a model was made from, by content, and whether a run would make it from the same."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from bilstm_tagger.corpus.corpus import Corpus
from bilstm_tagger.io.reading import sha256_file
from bilstm_tagger.model_folder.find import find_folder
from bilstm_tagger.model_folder.hub import source_of
from bilstm_tagger.model_folder.json_files import read_json
from bilstm_tagger.settings.loading import known_settings, portable
from bilstm_tagger.settings.schema import Settings
from bilstm_tagger.training.prepare import Prepared
from bilstm_tagger.training.run_folder import SETTINGS, differences
from bilstm_tagger.training.sources import Source, corpora_of, read_sources, settle_sources

__all__ = ["changed_files", "changes_since", "data_rows", "without_notes"]


def data_rows(settings: Settings, prepared: Prepared) -> list[dict[str, Any]]:
    """One row for each file that a run makes its model from.

    Args:
        settings: those of the run.
        prepared: what it read.
    """
    rows = _corpus_rows(settings, prepared.sources)
    rows += [_file_row("phrases", path.name, path) for path in _lists(settings)]
    if settings.training.init_from:
        weights = find_folder(settings.training.init_from) / "model.safetensors"
        rows.append(_file_row("model", str(source_of(weights.parent) or weights.parent.name), weights))
    if prepared.vectors:
        path = prepared.vectors.path
        rows.append(_file_row("vectors", Path(path).name, path, tokens=prepared.vectors.total))
    return rows


def _corpus_rows(settings: Settings, sources: Sequence[Source]) -> list[dict[str, Any]]:
    rows = []
    for source in sources:
        train, dev = corpora_of(settings, settings.tasks[source.tasks[0]])
        new = source.train[: len(source.train) - len(source.replayed)]
        parts = [("train", path, new if len(train) == 1 else _from(new, path)) for path in train]
        parts += [("dev", dev or train[0], source.dev)]
        parts += [("replay", str(settings.data.replay), source.replayed)] if source.replayed else []
        for role, path, corpus in parts:
            counts = corpus.stats()
            size = {"sentences": counts.sentences, "tokens": counts.tokens}
            content = sha256_file(str(path)) if Path(str(path)).is_file() else corpus.digest()
            rows.append({"role": role, "name": Path(str(path)).name, **size, "sha256": content})
    return rows


def _lists(settings: Settings) -> list[Path]:
    """The lists of phrases; one whose file is not there is that of the model to start from."""
    named = (Path(path) for feature in settings.features.values() for path in feature.phrases.values())
    return [path for path in named if path.is_file()]


def _from(corpus: Corpus, path: str) -> Corpus:
    """The documents that were read from one file."""
    return Corpus(document for document in corpus if document.path == path)


def _file_row(role: str, name: str, path: str | Path, *, tokens: int = 0) -> dict[str, Any]:
    """The row of a file that is no corpus."""
    return {"role": role, "name": name, "sentences": 0, "tokens": tokens, "sha256": sha256_file(path)}


def changes_since(folder: Path, settings: Settings) -> list[str]:
    """In what settings, and the content of the files they name, a run differs from the one that is in a folder.

    Args:
        folder: a model folder, or that of a run that has begun.
        settings: those of a run that would make the model again.
    """
    if (folder / SETTINGS).is_file():  # it goes on only if its files are named alike, too
        before = known_settings(read_json(folder / SETTINGS).get("settings", {})).model_dump(mode="json")
        return differences(before, settings.model_dump(mode="json")) + changed_files(folder, settings)
    before, now = portable(known_settings(read_json(folder / "config.json").get("settings", {}))), portable(settings)
    for values in (before, now):  # which may have been written from another folder
        values["training"]["init_from"] = Path(values["training"]["init_from"] or "").name
    return differences(before, now) + changed_files(folder, settings)


def changed_files(folder: Path, settings: Settings) -> list[str]:
    """Which files have another content than when the model of a folder was made from them.

    Args:
        folder: a model folder, or that of a run that has begun.
        settings: those of a run that would make the model again.
    """
    before = _contents_of(folder)
    now = [(role, name, _content(path)) for role, name, path in _files(settings) if (role, name) in before]
    if any(path.is_dir() for _, path in _corpora(settings)):
        with without_notes():
            rows = _corpus_rows(settings, settle_sources(settings, read_sources(settings)))
        now += [(row["role"], row["name"], row["sha256"]) for row in rows]
    changed = [name for role, name, content in now if content not in before.get((role, name), {content})]
    return [f"{name} has another content" for name in dict.fromkeys(changed)]


def _contents_of(folder: Path) -> dict[tuple[str, str], set[str]]:
    """The checksums that a folder tells of, by role and name: two files may have one name."""
    if (folder / SETTINGS).is_file():
        files = read_json(folder / SETTINGS).get("files", {})
        rows = [(*key.partition(" ")[::2], content) for key, content in files.items()]
    else:
        data = read_json(folder / "config.json").get("data", [])
        rows = [(row["role"], row["name"], row["sha256"]) for row in data]
    found: dict[tuple[str, str], set[str]] = {}
    for role, name, content in rows:
        found.setdefault((role, name), set()).add(content)
    return found


def _corpora(settings: Settings) -> list[tuple[str, Path]]:
    named = [("train", settings.data.train), ("dev", settings.data.dev), ("replay", settings.data.replay)]
    for task in settings.tasks.values():
        named += [*(("train", name) for name in task.files), ("dev", task.dev)]
    return [(role, Path(name)) for role, name in dict.fromkeys(named) if name]


def _files(settings: Settings) -> list[tuple[str, str, Path]]:
    """All that the settings name and that is one file: its role, its name and where it is."""
    named = [*_corpora(settings), *(("phrases", path) for path in _lists(settings))]
    named += [("vectors", Path(settings.embedder.vectors))] if settings.embedder.vectors else []
    found = [(role, path.name, path) for role, path in named]
    if settings.training.init_from:
        earlier = Path(settings.training.init_from)
        found.append(("model", earlier.name, earlier / "model.safetensors"))
    return [(role, name, path) for role, name, path in found if path.is_file()]


def _content(path: Path) -> str:
    state = path.stat()
    return _checksum(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=256)  # many runs are compared with the same vectors
def _checksum(path: Path, _modified: int, _size: int) -> str:
    return sha256_file(path)


@contextmanager
def without_notes() -> Iterator[None]:
    """No notes on what is read, where each training gives them."""

    def drop(_: logging.LogRecord) -> bool:
        return False

    logger = logging.getLogger("bilstm_tagger")
    logger.addFilter(drop)
    try:
        yield
    finally:
        logger.removeFilter(drop)
