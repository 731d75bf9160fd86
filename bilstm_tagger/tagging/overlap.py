"""Windows of overlong sentences, tagged with tokens on their other side, so that a cut changes little beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from bilstm_tagger.document.document import Document
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.schemes.spans import spans_to_tags, tags_to_spans
from bilstm_tagger.text.windows import OVERLAP


def widened(document: Document) -> Document:
    """The document with the tokens on the other side of each seam added to both windows; itself if it has none."""
    if not document.seams:
        return document
    places = [place for first, last in _reach(document) for place in range(first, last)]
    bounds = [0]
    for first, last in _reach(document):
        bounds.append(bounds[-1] + last - first)
    columns = {name: [column[place] for place in places] for name, column in document.columns.items()}
    return Document([document.words[place] for place in places], bounds, columns=columns)


def narrowed(documents: Sequence[Document], tagged: Iterable[Document]) -> Iterator[Document]:
    """The documents with the tags of their widened forms; a name that goes over a seam is one on each side.

    Args:
        documents: as they were.
        tagged: their widened forms with tags, in the same order.
    """
    for document, wide in zip(documents, tagged, strict=True):
        if not document.seams:
            yield wide
            continue
        tags = {task: _tags(document, wide, task) for task in wide.tags}
        yield document.with_tags(tags, wide.schemes)


def _reach(document: Document) -> Iterator[tuple[int, int]]:
    """The first token and the end of each widened sentence."""
    bounds, seams = document.bounds, document.seams
    for start, end in pairwise(bounds):
        first = max(start - OVERLAP, 0) if start in seams else start
        yield first, min(end + OVERLAP, len(document.words)) if end in seams else end


def _tags(document: Document, wide: Document, task: str) -> list[str]:
    """The tags of a task without those of the added tokens."""
    scheme, given = wide.schemes.get(task, Scheme.NONE), wide.tags[task]
    result: list[str] = []
    position = 0
    for (start, end), (first, last) in zip(pairwise(document.bounds), _reach(document), strict=True):
        tags = given[position : position + last - first]
        before, inside = start - first, end - start
        if scheme is Scheme.NONE or last - first == inside:
            result += tags[before : before + inside]
        else:
            spans = [
                (max(a - before, 0), min(b - before, inside), label) for a, b, label in tags_to_spans(tags, scheme)
            ]
            result += spans_to_tags([span for span in spans if span[0] < span[1]], inside, scheme)
        position += last - first
    return result
