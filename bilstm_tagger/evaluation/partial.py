"""Scores of what is annotated: tokens with unknown gold tags are left out, and predicted spans that touch them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from bilstm_tagger.document.document import Document
from bilstm_tagger.evaluation.strict import strict_spans
from bilstm_tagger.schemes.grammar import UNKNOWN, Scheme, has_unknown
from bilstm_tagger.schemes.spans import spans_to_tags

__all__ = ["annotated_parts"]


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


def _cut(gold: Document, predicted: Document, task: str) -> tuple[Document, Document]:
    tags = gold.tags_of(task)
    known = [tag != UNKNOWN for tag in tags]
    bounds, count = [0], 0
    for start, end in pairwise(gold.bounds):
        for index in range(start, end):
            if not known[index] and bounds[-1] < count:
                bounds.append(count)
            count += known[index]
        if bounds[-1] < count:
            bounds.append(count)
    others = _inside(predicted, task, known)
    return _kept(gold, tags, task, known, bounds), _kept(predicted, others, task, known, bounds)


def _inside(document: Document, task: str, known: Sequence[bool]) -> list[str]:
    """The tags without spans that touch an unknown token."""
    scheme = document.schemes.get(task, Scheme.NONE)
    if scheme is Scheme.NONE:
        return document.tags_of(task)
    tags: list[str] = []
    for (start, end), given in zip(pairwise(document.bounds), document.sentence_tags(task), strict=True):
        spans = [span for span in strict_spans(given, scheme) if all(known[start + span[0] : start + span[1]])]
        tags += spans_to_tags(spans, end - start, scheme)
    return tags


def _kept(document: Document, tags: Sequence[str], task: str, known: Sequence[bool], bounds: list[int]) -> Document:
    places = [index for index, is_known in enumerate(known) if is_known]
    schemes = {task: document.schemes[task]} if task in document.schemes else {}
    words, tags = ([column[index] for index in places] for column in (document.words, tags))
    return Document(words, bounds, tags={task: tags}, schemes=schemes)
