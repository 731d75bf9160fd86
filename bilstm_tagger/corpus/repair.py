"""Making impossible tag sequences legal, where the user asks for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bilstm_tagger.document.document import Document
from bilstm_tagger.schemes.detection import detect
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.schemes.spans import repair

__all__ = ["Repairs", "repair_task"]


@dataclass(frozen=True, slots=True)
class Repairs:
    """What was changed.

    Attributes:
        tags: Number of tags that differ now.
        sentences: Number of sentences they are in.
        first: Place of the first one, as ``file:line``; empty if nothing was changed.
    """

    tags: int = 0
    sentences: int = 0
    first: str = ""

    def __bool__(self) -> bool:
        """Whether anything was changed."""
        return self.tags > 0

    def __add__(self, other: Repairs) -> Repairs:
        """Both together."""
        return Repairs(self.tags + other.tags, self.sentences + other.sentences, self.first or other.first)

    def __str__(self) -> str:
        """One line for people."""
        tags, sentences = (f"{count:,} {noun}{'s' * (count != 1)}" for count, noun in self._counts())
        return f"{tags} in {sentences}" + (f", the first at {self.first}" if self.first else "")

    def _counts(self) -> Iterable[tuple[int, str]]:
        return (self.tags, "tag"), (self.sentences, "sentence")


def repair_task(documents: Sequence[Document], task: str, *, declared: Scheme | None = None) -> tuple[Scheme, Repairs]:
    """Make all tags of a task legal, reading them as the CoNLL scorer does (see `labels.repair`).

    Args:
        documents: The corpus; the task's tags are replaced in it.
        task: Name of the task.
        declared: The scheme to bring the tags into; without it the one that the fewest of them violate.

    Returns:
        The scheme, and what was changed. Plain tags are never changed.

    Raises:
        CorpusError: A tag is of no scheme while `declared` is one.
    """
    if declared is None:
        declared = detect(
            document.tags_of(task)[start:end] for document in documents for start, end in pairwise(document.bounds)
        )
    total = Repairs()
    if declared is not Scheme.NONE:
        for document in documents:
            total += _repair_document(document, task, declared)
    return declared, total


def _repair_document(document: Document, task: str, scheme: Scheme) -> Repairs:
    tags = document.tags_of(task)
    repaired: list[str] = []
    total = Repairs()
    for start, end in pairwise(document.bounds):
        legal, changed = repair(tags[start:end], scheme)
        if changed:
            first = next(place for place, tag in enumerate(legal, start) if tag != tags[place])
            total += Repairs(changed, 1, document.where(first))
        repaired += legal
    if total:
        document.tags[task] = repaired
    return total
