"""A corpus: documents, and the schemes in which they write spans."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import overload

from bilstm_tagger.corpus.repair import Repairs, repair_tags
from bilstm_tagger.corpus.settle import settle_scheme
from bilstm_tagger.corpus.split import CorpusStats, digest, fold, set_aside, stats
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.schemes.detection import detect
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.schemes.spans import convert

__all__ = ["Corpus", "CorpusStats", "Repairs"]


@dataclass(frozen=True, slots=True, init=False, eq=False, repr=False)
class Corpus(Sequence[Document]):
    """Documents in order, a sequence that does not change: each method that alters something gives a new corpus.

    Attributes:
        documents: the documents; those of a changed corpus share all columns that stay the same.
        schemes: for each task that has been settled the scheme of its tags, every one of which was checked.
    """

    documents: tuple[Document, ...]
    schemes: Mapping[str, Scheme]

    def __init__(self, documents: Iterable[Document] = (), schemes: Mapping[str, Scheme] | None = None) -> None:
        """Put a corpus together.

        Args:
            documents: the documents.
            schemes: the schemes of tasks whose tags are known to be legal in them.
        """
        object.__setattr__(self, "documents", tuple(documents))
        object.__setattr__(self, "schemes", MappingProxyType(dict(schemes or {})))

    @overload
    def __getitem__(self, index: int) -> Document: ...

    @overload
    def __getitem__(self, index: slice) -> Corpus: ...

    def __getitem__(self, index: int | slice) -> Document | Corpus:
        """Give a document, or some of them as a corpus."""
        return self._of(self.documents[index]) if isinstance(index, slice) else self.documents[index]

    def __len__(self) -> int:
        """Count the documents."""
        return len(self.documents)

    def __add__(self, other: Corpus) -> Corpus:
        """Join two corpora; a task is settled if it has the same scheme in both."""
        shared = {task: scheme for task, scheme in self.schemes.items() if other.schemes.get(task) is scheme}
        return Corpus((*self.documents, *other.documents), shared)

    def __repr__(self) -> str:
        """Show the sizes and the schemes."""
        schemes = "".join(f"; {task}: {scheme}" for task, scheme in self.schemes.items())
        return f"<Corpus: {self.stats()}{schemes}>"

    @property
    def tasks(self) -> list[str]:
        """The tasks that every document has tags of."""
        first = self.documents[0].tasks if self.documents else []
        return [task for task in first if all(task in document.tags for document in self.documents)]

    def only(self, tasks: Iterable[str]) -> Corpus:
        """Give the documents with the tags of these tasks alone."""
        chosen = list(tasks)

        def reduced(document: Document) -> Document:
            schemes = {task: document.schemes[task] for task in chosen if task in document.schemes}
            return document.with_tags({task: document.tags_of(task) for task in chosen}, schemes)

        return Corpus(map(reduced, self), {task: self.schemes[task] for task in chosen if task in self.schemes})

    # ---- schemes

    def has_spans(self, task: str) -> bool:
        """Tell whether the tags of a task are those of spans, legal or not."""
        return self.scheme_of(task) is not Scheme.NONE

    def scheme_of(self, task: str) -> Scheme:
        """Tell which scheme the fewest tags of a task violate; that of plain tags where one is of no scheme."""
        return detect(tags for document in self for tags in document.sentence_tags(task))

    def settle(self, task: str, *, declared: Scheme | None = None) -> Corpus:
        """Find the scheme of a task and hold every tag to it.

        Args:
            task: name of the task.
            declared: the scheme to hold the corpus to, such as that of the training data; without it, detected.

        Returns:
            The same documents, which know the scheme.

        Raises:
            CorpusError: a tag cannot stand where it stands, with its file and line.
        """
        scheme = settle_scheme(self.documents, task, declared=declared)
        return self._with(task, scheme, lambda document: document.tags_of(task))

    def settle_as(self, task: str, target: Scheme) -> Corpus:
        """Settle a task and write its tags in a scheme, whichever scheme they are in.

        Raises:
            CorpusError: the tags are legal in no scheme, or plain where `target` has spans, with file and line.
        """
        try:
            return self.settle(task, declared=target)
        except CorpusError as error:
            refusal = error
        try:
            settled = self.settle(task)
        except CorpusError:
            raise refusal from None
        if settled.schemes[task] is Scheme.NONE:
            first = next(document for document in self if document.words)
            raise CorpusError(
                f"{first.where(0)}: {task} has spans in {target}, but the tags are plain ones such as "
                f"{first.tags_of(task)[0]!r}; name the column of the spans with --column"
            )
        return settled.respell(task, target)

    def respell(self, task: str, target: Scheme) -> Corpus:
        """Write the spans of a task in another scheme; a task that is not settled is settled first.

        Raises:
            CorpusError: the tags are not legal, or either scheme is that of plain tags and the other is not.
        """
        settled = self if task in self.schemes else self.settle(task)
        source = settled.schemes[task]
        if source is target:
            return settled

        def respelled(document: Document) -> list[str]:
            return [tag for tags in document.sentence_tags(task) for tag in convert(tags, source, target)]

        return settled._with(task, target, respelled)

    def repair(self, task: str, *, declared: Scheme | None = None) -> tuple[Corpus, Repairs]:
        """Make all tags of a task legal, reading them as the CoNLL scorer does, and settle it.

        Args:
            task: name of the task.
            declared: the scheme to bring the tags into; without it the one that the fewest of them violate.

        Returns:
            The settled corpus, and what was changed. Plain tags are never changed.

        Raises:
            CorpusError: a tag is of no scheme while `declared` is one, or stands among tags of spans.
        """
        scheme, repaired, repairs = repair_tags(self.documents, task, declared=declared)
        if scheme is Scheme.NONE:
            return self.settle(task, declared=declared), repairs
        columns = iter(repaired)
        return self._with(task, scheme, lambda _: next(columns)).settle(task, declared=scheme), repairs

    def _with(self, task: str, scheme: Scheme, tags_of: Callable[[Document], list[str]]) -> Corpus:
        """Give the documents with other tags of a task, and its scheme."""

        def changed(document: Document) -> Document:
            tags = tags_of(document)
            if tags is document.tags_of(task) and document.schemes.get(task) is scheme:
                return document
            return document.with_tags({**document.tags, task: tags}, {**document.schemes, task: scheme})

        return Corpus(map(changed, self), {**self.schemes, task: scheme})

    # ---- parts and sizes

    def set_aside(self, fraction: float = 0.1, *, seed: int = 0) -> tuple[Corpus, Corpus]:
        """Split off development data; see `corpus.split.set_aside`."""
        rest, chosen = set_aside(self.documents, fraction, seed)
        return self._of(rest), self._of(chosen)

    def fold(self, count: int, *, seed: int = 0) -> list[tuple[Corpus, Corpus]]:
        """Divide for cross-validation; see `corpus.split.fold`."""
        return [(self._of(rest), self._of(held_out)) for rest, held_out in fold(self.documents, count, seed)]

    def _of(self, documents: Iterable[Document]) -> Corpus:
        return Corpus(documents, self.schemes)

    def stats(self) -> CorpusStats:
        """Count documents, sentences and tokens."""
        return stats(self.documents)

    def digest(self) -> str:
        """SHA-256 of words, sentences and tags, for corpora that are not one file, in hexadecimal."""
        return digest(self.documents)
