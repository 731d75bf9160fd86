"""Long documents cut into pieces that can be tagged apart, and joined again to what they were."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from bilstm_tagger.document.document import Document
from bilstm_tagger.document.probabilities import Probabilities
from bilstm_tagger.schemes.grammar import Scheme

# Every tokeniser ends a sentence at a blank line. What follows must begin a line, since some tokenisers read whole
# lines, and must be a letter or digit: punctuation behind the gap could still belong to a sentence end before it.
_PARAGRAPH = re.compile(r"\n[^\S\r\n]*\r?\n(?=[^\W_])")


class Tags(NamedTuple):
    """What a worker sends back of a document that this process has.

    Attributes:
        tags: for each task one tag per token.
        schemes: how the tags of a task spell spans.
        probabilities: for each task how probable they are; empty unless asked for.
    """

    tags: dict[str, list[str]]
    schemes: dict[str, Scheme]
    probabilities: dict[str, Probabilities]


def cut_text(text: str, size: int) -> Iterator[str]:
    """Cut a text at paragraphs, so that the pieces' tokens and sentences are those of the whole.

    Args:
        text: the text.
        size: least characters of a piece; the last one may have fewer.

    Yields:
        The pieces, which joined are the text.
    """
    start = 0
    while found := _PARAGRAPH.search(text, start + size - 1):
        yield text[start : found.end()]
        start = found.end()
    yield text[start:]


def join_texts(text: str, pieces: Sequence[Document]) -> Document:
    """Join the documents that the pieces of a text have become."""
    first = pieces[0]
    joined = Document([], [0], text=text, starts=[], ends=[], id=first.id, schemes=first.schemes)
    joined.path, joined.layout = first.path, first.layout
    joined.lines = None if first.lines is None else [line for piece in pieces for line in piece.lines or ()]
    joined.tags = {task: [] for task in first.tags}
    start = 0
    for piece in pieces:
        tokens = len(joined.words)
        joined.words += piece.words
        joined.starts.extend(place + start for place in piece.starts)
        joined.ends.extend(place + start for place in piece.ends)
        joined.bounds.extend(bound + tokens for bound in piece.bounds[1:])
        for task, tags in joined.tags.items():
            tags += piece.tags[task]
        start += len(piece.text)
    joined.probabilities = _joined([piece.probabilities for piece in pieces])
    return joined


def cut_document(document: Document, size: int, *, columns: Iterable[str] = ()) -> Iterator[Document]:
    """Cut a document between sentences.

    Args:
        document: the document.
        size: least tokens of a piece; the last one may have fewer.
        columns: names of columns that the tagger reads beside the words.

    Yields:
        The pieces, with words, sentences and these columns alone.
    """
    bounds = document.bounds
    first = 0
    while first == 0 or first < len(bounds) - 1:
        last = min(bisect_left(bounds, bounds[first] + size, first + 1), len(bounds) - 1)
        start, end = bounds[first], bounds[last]
        yield Document(
            document.words[start:end],
            [bound - start for bound in bounds[first : last + 1]],
            id=document.id,
            path=document.path,
            columns={name: document.columns[name][start:end] for name in columns if name in document.columns},
        )
        if last == first:
            return
        first = last


def join_tags(document: Document, pieces: Sequence[Tags]) -> Document:
    """Give a document the tags of its pieces."""
    first = pieces[0]
    joined = {task: [tag for piece in pieces for tag in piece.tags[task]] for task in first.tags}
    probabilities = _joined([piece.probabilities for piece in pieces])
    return document.with_tags(joined, first.schemes, probabilities=probabilities)


def _joined(pieces: Sequence[dict[str, Probabilities]]) -> dict[str, Probabilities]:
    """Probabilities of consecutive pieces by task."""
    return {task: Probabilities.joined([piece[task] for piece in pieces]) for task in pieces[0]}
