"""The streams that files go through in one process: read, then tagged."""

from __future__ import annotations

import logging
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, cast

from bilstm_tagger.document.document import Document
from bilstm_tagger.document.entities import LINE_END
from bilstm_tagger.errors import TaggerError, reason_of
from bilstm_tagger.files.inputs import Job, read_job
from bilstm_tagger.files.options import TagOptions
from bilstm_tagger.files.other_kinds import XML, begins_as
from bilstm_tagger.files.profile import Profile
from bilstm_tagger.files.source import Source, Tally, suffix_of
from bilstm_tagger.files.suspicion import SAMPLE, columns_in, has_tags, markup_in, other_language
from bilstm_tagger.files.text_column import NoTextError
from bilstm_tagger.io.reading import spelled_out
from bilstm_tagger.settings.read_spec import ReadSpec
from bilstm_tagger.tagging.overlap import longest
from bilstm_tagger.text.sentences import with_line_ends
from bilstm_tagger.text.windows import MOST
from bilstm_tagger.wording import counted

logger = logging.getLogger("bilstm_tagger")


class DocumentTagger(Protocol):
    """What is needed of a tagger to tag files."""

    def read(self, source: Any) -> Document:
        """Make a document without tags."""
        ...

    def pipe(
        self,
        sources: Iterable[Any],
        *,
        batch_tokens: int = ...,
        probabilities: bool = ...,
        min_probability: float | Mapping[str, float] = ...,
    ) -> Iterator[Document]:
        """Tag documents in order."""
        ...


class SeveralModels(DocumentTagger, Protocol):
    """A tagger of several models."""

    def read_by(self, model: str, source: Any) -> Document:
        """Make a document without tags by the model of that name, which will tag it too."""
        ...


@dataclass(frozen=True, slots=True)
class End:
    """The end of a file, behind its last document.

    Attributes:
        error: what is wrong with the file, if it could not be read.
        left_out: whether it was left out, as something in a folder that holds no text.
    """

    error: TaggerError | None = None
    left_out: bool = False


def with_kept(error: TaggerError, documents: int) -> TaggerError:
    """An error of a file, which says too how much of what stands before it in the file is kept.

    Args:
        error: what is wrong with the file.
        documents: number of documents before that, which cannot be taken back.
    """
    if documents:
        words = counted(documents, "document before that is", "documents before that are")
        error.args = (f"{error.args[0] if error.args else ''}; {words} tagged",)
    return error


class Untagged(NamedTuple):
    """A document as it was read.

    Attributes:
        content: a text still to be tokenised, or a document without tags.
        id: the name the document gets, if any.
        file: the file it comes from, as it was named.
        line: the line or row of its file that a text is in, if it is not all of the file.
        by_line: whether each line end of a text ends a sentence.
        layout: what else belongs to a text, for formats that keep it.
        in_lines: whether further lines of the text are further lines of its file, as in a cell of CSV.
        model: which of several models it was chosen for.
    """

    content: str | Document
    id: str | None
    file: str | None = None
    line: int | None = None
    by_line: bool = False
    layout: object | None = None
    in_lines: bool = False
    model: str | None = None


class Tagged(NamedTuple):
    """A document with its tags, or what is written of it.

    Attributes:
        content: the document, or its text in the output format.
        sentences: number of sentences.
        tokens: number of tokens.
    """

    content: Document | str
    sentences: int
    tokens: int

    @classmethod
    def of(cls, document: Document) -> Tagged:
        """The document and its sizes."""
        return cls(document, len(document.bounds) - 1, len(document))


def read_files(
    jobs: Iterable[Job], spec: ReadSpec, *, profile: Profile, tally: Tally | None = None, language: str | None = None
) -> Iterator[tuple[Job, Untagged | End]]:
    """First stream: the documents of each file, and its end.

    Args:
        jobs: the files.
        spec: how to read words, and raw text in JSON and tables.
        profile: where the time spent on reading is added.
        tally: where is counted what a reader has to tell.
        language: that of the model; a text clearly in another one is warned of. None asks nothing.

    Yields:
        Documents and ends, each with its file; an error of a file is in its end.
    """
    tally = Tally() if tally is None else tally
    for job in jobs:
        name = spelled_out(job.name)
        error: TaggerError | None = None
        number = 0
        sample = ""
        try:
            contents = profile.each("read", read_job(job, spec, tally))
            for number, source in enumerate(contents, 1):
                if len(sample) < SAMPLE and isinstance(source.content, str):
                    sample += source.content[:SAMPLE] + "\n"
                yield job, _untagged(source, name, number)
        except NoTextError as caught:
            if job.in_folder and number == 0:
                tally.no_text.append(str(caught))
                yield job, End(left_out=True)
                continue
            error = caught
        except TaggerError as caught:
            error = caught
        except OSError as caught:
            error = TaggerError(f"{job.path}: cannot be read: {reason_of(caught)}")
        _warn(job, sample, language)
        yield job, End(error)


def _warn(job: Job, sample: str, language: str | None) -> None:
    """Warn of a file whose text is probably not what it is taken for."""
    found = begins_as(sample) if job.format == "log" else None
    if job.format in ("text", "lines"):
        found = markup_in(sample) or columns_in(sample)
    elif job.format == "html" and suffix_of(job.path) in XML and has_tags(sample):
        found = "is XML with pages in it, as a feed is; their tags are read as text; take the text out first"
    if found is not None:
        logger.warning("%s: %s", job.path, found)
    if language is not None and (found := other_language(sample, language)) is not None:
        logger.warning(
            "%s: the text is in %s, the model is for %r; what it finds there is of no use", job.path, found, language
        )


def _untagged(source: Source, file: str, number: int) -> Untagged:
    id = source.id or (file if source.whole else f"{file}:{number}")
    return Untagged(source.content, id, file, source.line, source.by_line, source.layout, source.in_lines)


def tokenize(tagger: DocumentTagger, untagged: Untagged, profile: Profile) -> Document:
    """Make a document without tags of what was read.

    Args:
        tagger: has the tokeniser for text.
        untagged: the text or document.
        profile: where the time spent is added.

    Raises:
        TaggerError: if the text cannot be tokenised.
    """
    if isinstance(untagged.content, str):
        with profile.part("load tokeniser"):
            _ = getattr(tagger, "tokenizer", None)
    with profile.part("tokenise"):
        if untagged.model is None:
            document = tagger.read(untagged.content)
        else:
            document = cast("SeveralModels", tagger).read_by(untagged.model, untagged.content)
    if document.seams:
        logger.warning(
            "%s: a sentence does not end for %d tokens or more; it is tagged in windows that overlap (%s)",
            untagged.file or "the text",
            MOST,
            counted(len(document.seams), "cut"),
        )
    elif (size := longest(document)) > MOST:
        place = untagged.file or "the tokens"
        logger.warning("%s: a sentence of %d tokens is tagged in windows that overlap; it stays one", place, size)
    if untagged.by_line:
        document.bounds = with_line_ends(document)
    set_origin(document, untagged)
    return document


def set_origin(document: Document, untagged: Untagged) -> None:
    """Give a document its name, its file, and the place of its text in the file."""
    document.id = untagged.id
    document.path = untagged.file or document.path
    if untagged.line is not None:
        document.lines = _lines(document, untagged.line, in_lines=untagged.in_lines)
    if untagged.layout is not None:
        document.layout = untagged.layout


def _lines(document: Document, first: int, *, in_lines: bool) -> list[int]:
    """The line of its file that each token of a document is in, whose text begins in line `first`."""
    breaks = [found.end() for found in LINE_END.finditer(document.text)] if in_lines else []
    if not breaks:
        return [first] * len(document)
    return [first + bisect_right(breaks, start) for start in document.starts]


def tag_here(
    tagger: DocumentTagger,
    untagged: Iterable[tuple[Job, Untagged | End]],
    *,
    options: TagOptions,
    profile: Profile,
) -> Iterator[tuple[Job, Tagged | End]]:
    """Second stream, in this process: the documents with tags.

    Args:
        tagger: tags the documents; it reads ahead, so what it was given waits in a queue.
        untagged: the first stream.
        options: what is asked for.
        profile: where the time spent is added.

    Yields:
        Tagged documents and ends, each with its file, in the order of the first stream.

    Raises:
        TaggerError: if the tagger fails, or loses or adds a document, a sentence or a token.
    """
    waiting: deque[tuple[Job, Document | End]] = deque()

    def documents() -> Iterator[Document]:
        for job, item in _documents(tagger, untagged, profile):
            waiting.append((job, item))
            if isinstance(item, Document):
                yield item

    for tagged in profile.each("tag", tagger.pipe(documents(), **options.arguments())):
        while waiting and isinstance(waiting[0][1], End):
            yield waiting.popleft()  # type: ignore[misc]
        job, document = waiting.popleft() if waiting else (None, None)
        if job is None or not isinstance(document, Document):
            raise TaggerError("internal error: more documents came out of the tagger than went in")
        check_same(document, tagged)
        yield job, Tagged.of(tagged)
    for job, end in waiting:
        if isinstance(end, Document):
            raise TaggerError(f"internal error: document {end.id} went into the tagger but did not come out")
        yield job, end


def _documents(
    tagger: DocumentTagger, untagged: Iterable[tuple[Job, Untagged | End]], profile: Profile
) -> Iterator[tuple[Job, Document | End]]:
    """Tokenised documents; a text that cannot be tokenised ends its file."""
    failed: Job | None = None
    for job, item in untagged:
        if job is failed:
            continue
        if isinstance(item, End):
            yield job, item
            continue
        try:
            yield job, tokenize(tagger, item, profile)
        except TaggerError as error:
            failed = job
            yield job, End(error)


def check_same(untagged: Document, tagged: Document) -> None:
    """Make sure that tagging lost no sentence and no token, and that offsets point into the text.

    Args:
        untagged: the document before tagging.
        tagged: the document after tagging.

    Raises:
        TaggerError: if something was lost.
    """
    if tagged.bounds != untagged.bounds or tagged.words != untagged.words:
        raise TaggerError(
            f"internal error: document {untagged.id} has {len(tagged.bounds) - 1} sentences and {len(tagged)} "
            f"tokens after tagging, {len(untagged.bounds) - 1} and {len(untagged)} before"
        )
    tagged.check_offsets()
