"""What checking a corpus tells: findings and sizes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Literal

from bilstm_tagger.corpus.corpus import Corpus
from bilstm_tagger.document.document import Document

__all__ = ["CheckReport", "CheckedFile", "FileReport", "Finding", "Level", "TaskReport", "first_places"]

Level = Literal["error", "warning", "info"]
# How many places or examples a finding names.
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that the user should know.

    Attributes:
        level: an error stops training or spoils it, a warning is worth a look, the rest is for information.
        kind: its name, the same from release to release.
        message: one line.
        places: where it is, as `file:line`, or what it is about; the first few only.
    """

    level: Level
    kind: str
    message: str
    places: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"level": self.level, "kind": self.kind, "message": self.message, "places": list(self.places)}


@dataclass(frozen=True, slots=True)
class TaskReport:
    """The tags of a task in a file.

    Attributes:
        scheme: how they spell spans; `none` for plain tags.
        tags: how often each tag occurs, the most frequent first.
        labels: how many spans have each label; empty for plain tags.
    """

    scheme: str
    tags: dict[str, int]
    labels: dict[str, int]


@dataclass(frozen=True, slots=True)
class FileReport:
    """The sizes of a file.

    Attributes:
        path: the file.
        documents: number of documents.
        sentences: number of sentences that have tokens.
        tokens: number of tokens.
        types: number of distinct tokens.
        lengths: tokens in a sentence: `shortest`, `median`, `mean`, `95%` and `longest`.
        unknown: share of tokens that do not occur in the first file; None for the first file itself.
        coverage: share of tokens with a pretrained vector; None without vectors.
        tasks: its tasks.
    """

    path: str
    documents: int
    sentences: int
    tokens: int
    types: int
    lengths: dict[str, float]
    unknown: float | None
    coverage: float | None
    tasks: dict[str, TaskReport] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        tasks = {
            task: {"scheme": each.scheme, "tags": each.tags, "labels": each.labels} for task, each in self.tasks.items()
        }
        names = ("path", "documents", "sentences", "tokens", "types", "lengths", "unknown", "coverage")
        return {name: getattr(self, name) for name in names} | {"tasks": tasks}


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What checking a corpus told.

    Attributes:
        files: the files that could be read.
        findings: errors first, then warnings, then the rest.
    """

    files: tuple[FileReport, ...]
    findings: tuple[Finding, ...]

    def of(self, level: Level) -> list[Finding]:
        """The findings of a level."""
        return [finding for finding in self.findings if finding.level == level]

    @property
    def ok(self) -> bool:
        """Whether there is no error."""
        return not self.of("error")

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "ok": self.ok,
            "files": [each.to_json() for each in self.files],
            "findings": [finding.to_json() for finding in self.findings],
        }


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A file while it is checked; the tags of its `tasks` are legal, after repair if need be."""

    path: str
    corpus: Corpus
    tasks: tuple[str, ...]


def first_places(documents: Sequence[Document], words: Iterable[str]) -> dict[str, str]:
    """The first place of each of some words."""
    wanted = set(words)
    places: dict[str, str] = {}
    for document in documents:
        if wanted and not wanted.isdisjoint(document.words):
            for index, word in enumerate(document.words):
                if word in wanted:
                    wanted.discard(word)
                    places[word] = document.where(index)
    return places


def shown(examples: Iterable[str]) -> tuple[str, ...]:
    """The first few."""
    return tuple(islice(examples, SHOWN))
