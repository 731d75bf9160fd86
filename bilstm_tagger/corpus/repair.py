"""Making impossible tag sequences legal, where the user asks for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bilstm_tagger.document.document import Document
from bilstm_tagger.schemes.detection import detect
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.schemes.spans import repair

__all__ = ["Repairs", "repair_tags"]


@dataclass(frozen=True, slots=True)
class Repairs:
    """What was changed.

    Attributes:
        tags: number of tags that differ now.
        sentences: number of sentences they are in.
        first: place of the first one, as `file:line`; empty if nothing was changed.
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


def repair_tags(
    documents: Sequence[Document], task: str, *, declared: Scheme | None = None
) -> tuple[Scheme, list[list[str]], Repairs]:
    """Make all tags of a task legal, reading them as the CoNLL scorer does (see `schemes.spans.repair`).

    Args:
        documents: the corpus, which stays as it is.
        task: name of the task.
        declared: the scheme to bring the tags into; without it the one that the fewest of them violate.

    Returns:
        The scheme, the tags of each document, and what was changed. Plain tags are never changed.

    Raises:
        CorpusError: a tag is of no scheme while `declared` is one.
    """
    if declared is None:
        declared = detect(tags for document in documents for tags in document.sentence_tags(task))
    repaired: list[list[str]] = []
    total = Repairs()
    for document in documents:
        tags, repairs = _repair_document(document, task, declared)
        repaired.append(tags)
        total += repairs
    return declared, repaired, total


def _repair_document(document: Document, task: str, scheme: Scheme) -> tuple[list[str], Repairs]:
    before = document.tags_of(task)
    if scheme is Scheme.NONE:
        return before, Repairs()
    repaired: list[str] = []
    total = Repairs()
    for start, tags in zip(document.bounds, document.sentence_tags(task), strict=False):
        legal, changed = repair(tags, scheme)
        if changed:
            first = next(place for place, tag in enumerate(legal, start) if tag != before[place])
            total += Repairs(changed, 1, document.where(first))
        repaired += legal
    return (repaired if total else before), total
