"""Scores of what is annotated: tokens with unknown gold tags are left out, and spans that they leave open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import groupby, pairwise

from bilstm_tagger.corpus.corpus import Corpus
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.evaluation.strict import strict_spans
from bilstm_tagger.schemes.grammar import UNKNOWN, Scheme, has_unknown
from bilstm_tagger.schemes.spans import SpanTuple, spans_to_tags
from bilstm_tagger.wording import counted

__all__ = ["annotated_parts", "comparable_spans", "refuse_unpredicted", "unannotated_notes"]

_OPEN_ENDED = (Scheme.BIO, Scheme.IOB1, Scheme.IO)  # whose last tag of a span does not say that it is the last


def annotated_parts(
    gold: Sequence[Document], predicted: Sequence[Document], task: str
) -> tuple[Sequence[Document], Sequence[Document]]:
    """Cut unknown tokens out of gold and predicted documents; each stretch between them is a sentence.

    Args:
        gold: documents with the true tags.
        predicted: the same documents with other tags.
        task: name of the task.

    Returns:
        The parts of both that can be compared; the documents themselves where all is annotated.
    """
    if not any(UNKNOWN in document.tags_of(task) for document in gold):
        return gold, predicted
    if not has_unknown({tag for document in gold for tag in document.tags_of(task)}):
        return gold, predicted
    pairs = [_cut(true, other, task) for true, other in zip(gold, predicted, strict=True)]
    return [true for true, _ in pairs], [other for _, other in pairs]


def unannotated_notes(gold: Corpus) -> list[str]:
    """For each task with tokens that nobody annotated how many there are."""
    notes = []
    for task in gold.tasks:
        tags = Counter(tag for document in gold for tag in document.tags_of(task))
        if has_unknown(tags):
            notes.append(
                f"{task}: {tags[UNKNOWN]:,} of {counted(tags.total(), 'token')} are not annotated and left out"
            )
    return notes


def refuse_unpredicted(predicted: Corpus, task: str) -> None:
    """Raise for predicted tags of spans that do not say whether a token is in a span.

    Raises:
        CorpusError: naming the first such token.
    """
    for document in predicted:
        for index, tag in enumerate(document.tags_of(task)):
            if tag == UNKNOWN:
                raise CorpusError(
                    f"{document.where(index)}: no tag was predicted here; write O outside of spans, or name the column "
                    "of the predicted tags, --column"
                )


def comparable_spans(
    tags: Sequence[str],
    told: Sequence[SpanTuple],
    scheme: Scheme,
    *,
    places: Sequence[tuple[int, int]] | None = None,
    read: Callable[[Sequence[str]], list[SpanTuple]] | None = None,
) -> tuple[list[SpanTuple], list[SpanTuple]]:
    """Those gold and predicted spans of a sentence that the annotation tells enough of to be compared.

    Predicted spans that touch a token without annotation are left out. So is a gold span that one of them covers, if it
    has its label and goes on in such tokens alone, and the tags do not say otherwise: both may be right.

    Args:
        tags: the gold tags.
        told: the predicted spans.
        scheme: how the gold tags write spans.
        places: where each token begins and ends, if spans are not counted in tokens.
        read: reads the gold spans of tags; by default as strict scores do.
    """
    known = [tag != UNKNOWN for tag in tags]
    at = places or [(index, index + 1) for index in range(len(tags))]
    unknown = [place for place, is_known in zip(at, known, strict=True) if not is_known]
    beyond = [span for span in told if _touches(span, unknown)]
    read = read or partial(strict_spans, scheme=scheme)
    true = []
    for first, last in _stretches(known):
        for start, end, label in read(tags[first:last]):
            span = (at[first + start][0], at[first + end - 1][1], label)
            longer = [each for each in beyond if each[2] == label and _may_be(span, each, tags[first + start], scheme)]
            others = [place for place, is_known in zip(at, known, strict=True) if is_known] if longer else []
            others = [place for place in others if not _touches(span, [place])]
            if all(_touches(each, others) for each in longer):
                true.append(span)
    return true, [span for span in told if span not in beyond]


def _may_be(span: SpanTuple, other: SpanTuple, first_tag: str, scheme: Scheme) -> bool:
    """Whether the tags of a gold span leave open that it has the ends of another."""
    open_start = scheme is Scheme.IO or first_tag.startswith("I-")
    begins = other[0] == span[0] or (other[0] < span[0] and open_start)
    ends = other[1] == span[1] or (other[1] > span[1] and scheme in _OPEN_ENDED)
    return begins and ends


def _touches(span: SpanTuple, places: Sequence[tuple[int, int]]) -> bool:
    return any(span[0] < end and start < span[1] for start, end in places)


def _stretches(known: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """Where the tokens stand that are annotated, from one without annotation to the next."""
    place = 0
    for is_known, group in groupby(known):
        length = len(list(group))
        if is_known:
            yield place, place + length
        place += length


def _cut(gold: Document, predicted: Document, task: str) -> tuple[Document, Document]:
    tags, others = gold.tags_of(task), predicted.tags_of(task)
    known = [tag != UNKNOWN for tag in tags]
    scheme = gold.schemes.get(task, Scheme.NONE)
    bounds = [0]
    true: list[str] = []
    told: list[str] = []
    for start, end in pairwise(gold.bounds):
        for first, last in _stretches(known[start:end]):
            bounds.append(bounds[-1] + last - first)
        if scheme is not Scheme.NONE and not all(known[start:end]):
            found = strict_spans(others[start:end], scheme)
            pair = comparable_spans(tags[start:end], found, scheme)
            columns = [spans_to_tags(spans, end - start, scheme) for spans in pair]
        else:
            columns = [tags[start:end], others[start:end]]
        true += columns[0]
        told += columns[1]
    return _kept(gold, true, task, known, bounds), _kept(predicted, told, task, known, bounds)


def _kept(document: Document, tags: Sequence[str], task: str, known: Sequence[bool], bounds: list[int]) -> Document:
    places = [index for index, is_known in enumerate(known) if is_known]
    schemes = {task: document.schemes[task]} if task in document.schemes else {}
    words, tags = ([column[index] for index in places] for column in (document.words, tags))
    return Document(words, bounds, tags={task: tags}, schemes=schemes)
