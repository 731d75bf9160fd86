"""Documents on their way through worker processes: long ones cut into parts, parts put into chunks, and joined again.

Neither tokens, sentences nor tags depend on how documents fall into parts and chunks.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import TaggerError
from bilstm_tagger.files.chunking import Tags, cut_document, cut_text, join_tags, join_texts
from bilstm_tagger.files.inputs import Job
from bilstm_tagger.files.streams import End, Tagged, Untagged, set_origin
from bilstm_tagger.files.worker import Outcome

FIRST_CHUNK = 20_000  # characters: small, so that all processes have work at once
CHUNK = 200_000  # characters: some 40,000 tokens, enough to sort sentences by length
TOKEN = 5  # characters that a token counts for


@dataclass(frozen=True, slots=True)
class Part:
    """A document, a piece of a long one, or the end of a file.

    Attributes:
        job: the file.
        whole: the document as it was read; empty for a file's end.
        sent: what of it goes to a worker; `None` for a file's end.
        render: whether the worker writes it in the output format.
        last: whether it is the document's last piece.
        end: the end of the file.
    """

    job: Job
    whole: str | Document = ""
    sent: Untagged | None = None
    render: bool = False
    last: bool = True
    end: End | None = None


def split_item(job: Job, item: Untagged | End, *, apart: bool, columns: Sequence[str] = ()) -> Iterator[Part]:
    """Split a document into pieces if it is longer than two chunks.

    Args:
        job: the file.
        item: the document, or the end of the file.
        apart: whether documents stand by themselves in the output format, so that a worker can write them.
        columns: names of the columns that the tagger reads beside the words.

    Yields:
        The parts; one if the document is not long.
    """
    if isinstance(item, End):
        yield Part(job, end=item)
        return
    whole = item.content
    if isinstance(whole, Document):
        set_origin(whole, item)
    long = _size(whole) > 2 * CHUNK
    if not long and (apart or isinstance(whole, str)):
        yield Part(job, whole, item, render=apart)
        return
    pieces = _cut(whole, CHUNK if long else sys.maxsize, columns)
    piece = next(pieces)
    for following in pieces:
        yield Part(job, whole, item._replace(content=piece), last=False)
        piece = following
    yield Part(job, whole, item._replace(content=piece))


def _cut(whole: str | Document, size: int, columns: Sequence[str]) -> Iterator[str | Document]:
    if isinstance(whole, str):
        return cut_text(whole, size)
    return cut_document(whole, -(-size // TOKEN), columns=columns)


def _size(content: str | Document) -> int:
    return len(content) if isinstance(content, str) else TOKEN * len(content)


def in_chunks(parts: Iterable[Part]) -> Iterator[list[Part]]:
    """Put parts into chunks that are worth sending, the first ones smaller."""
    chunk: list[Part] = []
    size, limit = 0, FIRST_CHUNK
    for part in parts:
        chunk.append(part)
        size += TOKEN + (0 if part.sent is None else _size(part.sent.content))
        if size >= limit:
            yield chunk
            chunk, size = [], 0
            limit = min(2 * limit, CHUNK)
    if chunk:
        yield chunk


def join_parts(outcomes: Iterable[tuple[Part, Outcome | None]]) -> Iterator[tuple[Job, Tagged | End]]:
    """Join the pieces of documents; one that could not be tokenised ends its file.

    Args:
        outcomes: all parts in order, each with its outcome; `None` for the end of a file.

    Yields:
        Tagged documents, or their text, and ends, each with its file.
    """
    failed: Job | None = None
    pieces: list[Outcome] = []
    for part, outcome in outcomes:
        if part.job is failed:
            continue
        if part.end is not None:
            yield part.job, part.end
        elif isinstance(outcome, TaggerError):
            failed = part.job
            pieces = []
            yield part.job, End(outcome)
        elif isinstance(outcome, Tagged) and isinstance(outcome.content, str):
            yield part.job, outcome
        elif outcome is not None:
            pieces.append(outcome)
            if part.last:
                yield part.job, Tagged.of(_join(part.whole, pieces))
                pieces = []


def _join(whole: str | Document, pieces: Sequence[Outcome]) -> Document:
    """The document of its tagged pieces: a worker sends documents for texts, and only tags for documents."""
    if isinstance(whole, Document):
        return join_tags(whole, cast("Sequence[Tags]", pieces))
    documents = [cast("Document", cast("Tagged", piece).content) for piece in pieces]
    return documents[0] if len(documents) == 1 else join_texts(whole, documents)
