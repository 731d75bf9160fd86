"""Windows of overlong sentences, tagged with tokens on their other side, so that a cut changes little beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain, pairwise
from operator import sub

from bilstm_tagger.document.document import Document
from bilstm_tagger.document.probabilities import Probabilities
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.schemes.spans import spans_to_tags, tags_to_spans
from bilstm_tagger.text.windows import MOST, OVERLAP, bounded

_CONTINUES = "IEML"  # the letters of tags that go on with a span, but in IOB1, where I- begins one too


def is_overlong(document: Document) -> bool:
    """Whether a document has a sentence that is tagged in windows: of a text, or of tokens as they were given."""
    return bool(document.seams) or longest(document) > MOST


def longest(document: Document) -> int:
    """Tokens of the longest sentence; of a document that is short enough, those of the document."""
    if len(document.words) <= MOST:
        return len(document.words)
    return max(map(sub, document.bounds[1:], document.bounds), default=0)


def windowed(document: Document) -> Document:
    """The document with overlong sentences cut into windows; itself if it has none, or if they are cut already."""
    if document.seams or longest(document) <= MOST:
        return document
    bounds, seams = bounded(document.bounds, document.text, document.words, document.starts, document.ends)
    text, starts, ends = document.text, document.starts, document.ends
    cut = Document(document.words, bounds, text=text, starts=starts, ends=ends, columns=document.columns)
    cut.seams = seams
    return cut


def restored(document: Document, tagged: Document) -> Document:
    """The document with the tags of its windows, in its own sentences; what was not cut comes as it is."""
    if tagged.bounds is document.bounds:
        return tagged
    return document.with_tags(tagged.tags, tagged.schemes, probabilities=tagged.probabilities)


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
        probabilities = {task: _probabilities(document, wide, task) for task in wide.probabilities}
        yield document.with_tags(tags, wide.schemes, probabilities=probabilities)


def _probabilities(document: Document, wide: Document, task: str) -> Probabilities:
    """Those of a task without those of the added tokens; that of a name that goes over a seam is not known."""
    given = wide.probabilities[task]
    spans = given.spans.copy()
    kept: list[int] = []
    position = 0
    for (start, end), (first, last) in zip(pairwise(document.bounds), _reach(document), strict=True):
        left = position + start - first
        kept.extend(range(left, left + end - start))
        for a, b, _ in tags_to_spans(wide.tags[task][position : position + last - first], wide.schemes[task]):
            if a < start - first < b or a < end - first < b:
                spans[position + a] = 0.0
        position += last - first
    return Probabilities(given.tags, given.marginals[kept], given.labels, spans[kept])


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
