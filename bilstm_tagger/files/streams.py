"""The streams that files go through in one process: read, then tagged."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import TaggerError
from bilstm_tagger.files.inputs import Job, read_job
from bilstm_tagger.files.profile import Profile
from bilstm_tagger.settings.read_spec import ReadSpec


class DocumentTagger(Protocol):
    """What tagging files needs of a tagger."""

    def read(self, source: Any) -> Document:
        """Make a document without tags."""
        ...

    def pipe(self, sources: Iterable[Any], *, batch_tokens: int = ...) -> Iterator[Document]:
        """Tag documents in order."""
        ...


@dataclass(frozen=True, slots=True)
class End:
    """Stands behind the last document of a file; with what is wrong, if the file could not be read."""

    error: TaggerError | None = None


class Source(NamedTuple):
    """A document as it was read: a text still to be tokenised, or a document without tags.

    Attributes:
        content: The text or document.
        id: The name the document gets, if any.
    """

    content: str | Document
    id: str | None


class Tagged(NamedTuple):
    """A document with its tags, or what is written of it.

    Attributes:
        content: The document, or its text in the output format.
        sentences: Number of sentences.
        tokens: Number of tokens.
    """

    content: Document | str
    sentences: int
    tokens: int

    @classmethod
    def of(cls, document: Document) -> Tagged:
        """The document and its sizes."""
        return cls(document, len(document.bounds) - 1, len(document))


def read_sources(jobs: Iterable[Job], *, spec: ReadSpec, profile: Profile) -> Iterator[tuple[Job, Source | End]]:
    """First stream: what is in each file, and its end."""
    for job in jobs:
        name = job.name.encode("utf-8", "backslashreplace").decode("utf-8")
        error: TaggerError | None = None
        try:
            contents = profile.each("read", read_job(job, spec))
            for number, content in enumerate(contents, 1):
                given = None if isinstance(content, str) else content.id
                yield job, Source(content, given or (name if job.format == "text" else f"{name}:{number}"))
        except TaggerError as fault:
            error = fault
        except OSError as fault:
            error = TaggerError(f"{job.path}: cannot be read: {fault.strerror or fault}")
        yield job, End(error)


def read(tagger: DocumentTagger, source: Source, profile: Profile) -> Document:
    """The document of a source.

    Raises:
        TaggerError: If its text cannot be tokenised.
    """
    if isinstance(source.content, str):
        with profile.part("load tokeniser"):
            _ = getattr(tagger, "tokenizer", None)
    with profile.part("tokenise"):
        document = tagger.read(source.content)
    document.id = source.id
    return document


def tag_here(
    tagger: DocumentTagger,
    found: Iterable[tuple[Job, Source | End]],
    *,
    batch_tokens: int | None,
    profile: Profile,
) -> Iterator[tuple[Job, Tagged | End]]:
    """Second stream: the documents with tags; the tagger runs ahead, so what it was given waits in a queue."""
    waiting: deque[tuple[Job, Document | End]] = deque()

    def documents() -> Iterator[Document]:
        for job, item in _documents(tagger, found, profile):
            waiting.append((job, item))
            if isinstance(item, Document):
                yield item

    options = {} if batch_tokens is None else {"batch_tokens": batch_tokens}
    for tagged in profile.each("tag", tagger.pipe(documents(), **options)):
        while waiting and isinstance(waiting[0][1], End):
            yield waiting.popleft()  # type: ignore[misc]
        job, source = waiting.popleft() if waiting else (None, None)
        if job is None or not isinstance(source, Document):
            raise TaggerError("internal error: more documents came out of the tagger than went in")
        check_same(source, tagged)
        yield job, Tagged.of(tagged)
    for job, end in waiting:
        if isinstance(end, Document):
            raise TaggerError(f"internal error: document {end.id} went into the tagger but did not come out")
        yield job, end


def _documents(
    tagger: DocumentTagger, found: Iterable[tuple[Job, Source | End]], profile: Profile
) -> Iterator[tuple[Job, Document | End]]:
    """Tokenised documents; a text that cannot be tokenised ends its file."""
    failed: Job | None = None
    for job, item in found:
        if job is failed:
            continue
        if isinstance(item, End):
            yield job, item
            continue
        try:
            yield job, read(tagger, item, profile)
        except TaggerError as error:
            failed = job
            yield job, End(error)


def check_same(source: Document, tagged: Document) -> None:
    """Make sure that tagging lost no sentence and no token, and that offsets point into the text.

    Raises:
        TaggerError: If something was lost.
    """
    if tagged.bounds != source.bounds or tagged.words != source.words:
        raise TaggerError(
            f"internal error: document {source.id} has {len(tagged.bounds) - 1} sentences and {len(tagged)} "
            f"tokens after tagging, {len(source.bounds) - 1} and {len(source)} before"
        )
    tagged.check_offsets()
