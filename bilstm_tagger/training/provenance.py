"""What files a model was made from, by content, and whether a run would make it from the same."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from bilstm_tagger.corpus.content import content_of
from bilstm_tagger.corpus.corpus import Corpus
from bilstm_tagger.errors import TaggerError
from bilstm_tagger.io.reading import sha256_file
from bilstm_tagger.model_folder.find import find_folder
from bilstm_tagger.model_folder.hub import source_of
from bilstm_tagger.model_folder.json_files import read_json
from bilstm_tagger.settings.loading import known_settings, portable
from bilstm_tagger.settings.schema import Settings
from bilstm_tagger.training.prepare import Prepared
from bilstm_tagger.training.replay import add_replay
from bilstm_tagger.training.run_folder import SETTINGS, differences
from bilstm_tagger.training.sources import Source, corpora_of, read_sources, settle_sources
from bilstm_tagger.training.warm_start import load_earlier

__all__ = ["changed_files", "changes_since", "data_rows", "without_notes"]


def data_rows(settings: Settings, prepared: Prepared) -> list[dict[str, Any]]:
    """One row for each file that a run makes its model from.

    Args:
        settings: those of the run.
        prepared: what it read.
    """
    rows = [_corpus_row(source, *part) for source in prepared.sources for part in _parts(settings, source)]
    for role, name, path in _other_files(settings):
        tokens = prepared.vectors.total if role == "vectors" and prepared.vectors else 0
        rows.append({"role": role, "name": name, "sentences": 0, "tokens": tokens, "sha256": sha256_file(path)})
    return rows


def _parts(settings: Settings, source: Source) -> list[tuple[str, str, Corpus]]:
    """The role of each corpus of a source, where it is, and what of it the run has."""
    train, dev = corpora_of(settings, settings.tasks[source.tasks[0]])
    new = source.train[: len(source.train) - len(source.replayed)]
    parts = [("train", path, new if len(train) == 1 else _from(new, path)) for path in train]
    parts.append(("dev", dev or train[0], source.dev))
    return [*parts, ("replay", str(settings.data.replay), source.replayed)] if source.replayed else parts


def _corpus_row(source: Source, role: str, path: str, corpus: Corpus) -> dict[str, Any]:
    counts, content = corpus.stats(), source.contents.get((role, path)) or content_of(path, corpus)
    size = {"sentences": counts.sentences, "tokens": counts.tokens}
    return {"role": role, "name": Path(path).name, **size, "sha256": content}


def _from(corpus: Corpus, path: str) -> Corpus:
    """The documents that were read from one file."""
    return Corpus(document for document in corpus if document.path == path)


def _other_files(settings: Settings) -> list[tuple[str, str, Path]]:
    """The files that are no corpora: the role of each, its name, and where it is.

    A list of phrases whose file is not there is that of the model to start from.
    """
    phrases = (Path(path) for feature in settings.features.values() for path in feature.phrases.values())
    found = [("phrases", path.name, path) for path in phrases]
    if settings.training.init_from and (folder := _folder_of(settings.training.init_from)):
        found.append(("model", str(source_of(folder) or folder.name), folder / "model.safetensors"))
    if settings.embedder.vectors:
        found.append(("vectors", Path(settings.embedder.vectors).name, Path(settings.embedder.vectors)))
    return [(role, name, path) for role, name, path in found if path.is_file()]


def _folder_of(model: str) -> Path | None:
    """Where a model is; None if it is not there any more."""
    try:
        return find_folder(model)
    except TaggerError:
        return None


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
    named = [(role, path.name, path) for role, path in _corpora(settings)] + _other_files(settings)
    there = [each for each in named if _key(*each[:2]) in before and (each[2].is_file() or each[2].is_dir())]
    changed = [each for each in there if _content(each[2]) not in before[_key(*each[:2])]]
    if any(path.is_dir() for _, _, path in changed):
        as_read = _contents_as_read(settings)
        changed = [each for each in changed if not as_read.get(each[:2], set()) & before[_key(*each[:2])]]
    return [f"{name} has another content" for name in dict.fromkeys(name for _, name, _ in changed)]


def _contents_as_read(settings: Settings) -> dict[tuple[str, str], set[str]]:
    """The checksums of what is read from each corpus, by role and name.

    Data sets are known by what was read of them, and models of version 0.1 know folders by what the run had of them.
    """
    found: dict[tuple[str, str], set[str]] = {}
    with without_notes():
        sources = settle_sources(settings, read_sources(settings))
        if settings.data.replay:
            sources = add_replay(settings, sources, load_earlier(settings.training.init_from))
    for source in sources:
        for role, path, corpus in _parts(settings, source):
            contents = {str(source.contents.get((role, path))), corpus.digest()}
            found.setdefault((role, Path(path).name), set()).update(contents)
    return found


def _key(role: str, name: str) -> tuple[str, str]:
    """What a checksum is found by: there is one model to start from, and one of the hub is named by its commit."""
    return role, "" if role == "model" else name


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
        found.setdefault(_key(role, name), set()).add(content)
    return found


def _corpora(settings: Settings) -> list[tuple[str, Path]]:
    named = [("train", settings.data.train), ("dev", settings.data.dev), ("replay", settings.data.replay)]
    for task in settings.tasks.values():
        named += [*(("train", name) for name in task.files), ("dev", task.dev)]
    return [(role, Path(name)) for role, name in dict.fromkeys(named) if name]


def _content(path: Path) -> str | None:
    if path.is_dir():
        return content_of(path)
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
