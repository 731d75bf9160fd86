"""From tagged documents to plain values for JSON, and from corrected values back to documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from bilstm_tagger.corpus.formats.jsonl import to_record
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.schemes.spans import SpanTuple, spans_to_tags
from bilstm_tagger.wording import counted

if TYPE_CHECKING:
    from bilstm_tagger.integrations.server.schemas import CorrectedDocument


def record_of(document: Document, *, probabilities: bool, alternatives: int = 0) -> dict[str, Any]:
    """A tagged document as plain values, with what else was asked for.

    Args:
        document: with tags.
        probabilities: whether the probability of each tag and span is wanted.
        alternatives: how many of the most probable tags and labels are wanted.
    """
    record = to_record(document)
    if not probabilities:
        record.pop("probabilities", None)
        for span in record["spans"]:
            span.pop("probability", None)
    if alternatives:
        record["alternatives"] = {task: _of_tokens(document, task, alternatives) for task in document.probabilities}
        for span in record["spans"]:
            of_span = document.probabilities[span["task"]].of_span(span["start"], span["end"])
            if of_span is not None:
                span["alternatives"] = {label: round(of_span[label], 6) for label in list(of_span)[:alternatives]}
    return record


def _of_tokens(document: Document, task: str, number: int) -> list[dict[str, float]]:
    """For each token its most probable tags, the most probable first."""
    known = document.probabilities[task]
    order = np.argsort(-known.marginals, axis=1, kind="stable")[:, :number]
    values = np.take_along_axis(known.marginals, order, axis=1).tolist()
    return [
        {known.tags[column]: round(value, 6) for column, value in zip(columns, row, strict=True)}
        for columns, row in zip(order.tolist(), values, strict=True)
    ]


def document_of(given: CorrectedDocument, schemes: Mapping[str, Scheme]) -> Document:
    """The document of corrected values.

    Args:
        given: the values.
        schemes: how each task of the model spells its spans.

    Raises:
        CorpusError: tokens, sentences, spans or tags do not fit together.
    """
    tokens = [given.text[a:b] for a, b in zip(given.start_char, given.end_char, strict=False)]
    if given.tokens is not None and given.tokens != tokens:
        raise CorpusError("the tokens are not what start_char and end_char cut out of the text; leave tokens out")
    words = given.words or tokens
    bounds = _bounds(given)
    document = Document(words, bounds, text=given.text, starts=given.start_char, ends=given.end_char, id=given.id)
    document.check_offsets()
    for name in [*given.tags, *(span.task for span in given.spans)]:
        if name not in schemes:
            raise CorpusError(f"the model has no task {name!r}; it has: {', '.join(schemes)}")
    tags: dict[str, list[str]] = {}
    for task, scheme in schemes.items():
        if scheme is not Scheme.NONE:
            tags[task] = _tags(given, task, bounds, scheme)
            if given.tags.get(task, tags[task]) != tags[task]:
                told = f"correct the spans and leave tags.{task} out"
                raise CorpusError(f"the tags of {task} are not those of its spans; {told}")
        elif task in given.tags:
            tags[task] = given.tags[task]
    return document.with_tags(tags, dict(schemes)) if _fits(tags, len(words)) else document


def _fits(tags: Mapping[str, Sequence[str]], tokens: int) -> bool:
    for task, each in tags.items():
        if len(each) != tokens:
            raise CorpusError(f"{counted(len(each), f'{task} tag')} for {counted(tokens, 'token')}")
    return True


def _bounds(given: CorrectedDocument) -> list[int]:
    bounds = [0, *(end for _, end in given.sentences)]
    if [tuple(each) for each in given.sentences] != list(pairwise(bounds)) or bounds != sorted(bounds):
        raise CorpusError("each sentence must begin where the one before it ends")
    return bounds


def _tags(given: CorrectedDocument, task: str, bounds: Sequence[int], scheme: Scheme) -> list[str]:
    """Tags of spans, sentence by sentence."""
    spans: list[SpanTuple] = sorted((span.start, span.end, span.label) for span in given.spans if span.task == task)
    tags: list[str] = []
    at = 0
    for first, last in pairwise(bounds):
        own: list[SpanTuple] = []
        while at < len(spans) and spans[at][0] < last:
            start, end, label = spans[at]
            if end > last:
                raise CorpusError(f"the {label} from token {start} to {end} goes over the end of its sentence")
            own.append((start - first, end - first, label))
            at += 1
        tags += spans_to_tags(own, last - first, scheme)
    if at < len(spans):
        raise CorpusError(f"there is no token {spans[at][0]} for a {spans[at][2]} to begin at")
    return tags
