"""Windows of overlong sentences, tagged with tokens on their other side, so that a cut changes little beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain, pairwise

from bilstm_tagger.document.document import Document
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.schemes.spans import spans_to_tags, tags_to_spans
from bilstm_tagger.text.windows import OVERLAP

_CONTINUES = "IEML"  # the letters of tags that go on with a span, but in IOB1, where I- begins one too


def widened(document: Document) -> Document:
    """The document with the tokens on the other side of each seam added to both windows; itself if it has none."""
    if not document.seams:
        return document
    reach = list(_reach(document))
    bounds = [0, *accumulate(last - first for first, last in reach)]
    columns = {name: _stretches(column, reach) for name, column in document.columns.items()}
    return Document(_stretches(document.words, reach), bounds, columns=columns)


def _stretches(column: list[str], reach: list[tuple[int, int]]) -> list[str]:
    return list(chain.from_iterable(column[first:last] for first, last in reach))


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
        kept = tags[before : before + inside]
        edges = kept[:1] + tags[before + inside : before + inside + 1]
        if scheme is Scheme.NONE or (scheme is not Scheme.IOB1 and not any(tag[0] in _CONTINUES for tag in edges)):
            result += kept
        else:
            spans = [
                (max(a - before, 0), min(b - before, inside), label) for a, b, label in tags_to_spans(tags, scheme)
            ]
            result += spans_to_tags([span for span in spans if span[0] < span[1]], inside, scheme)
        position += last - first
    return result
