"""Annotated sentences beside what a model reads in them, with the probabilities of both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from bilstm_tagger.document.document import Document
from bilstm_tagger.schemes.grammar import UNKNOWN
from bilstm_tagger.schemes.spans import SpanTuple, tags_to_spans

if TYPE_CHECKING:
    from bilstm_tagger.document.probabilities import Probabilities
    from bilstm_tagger.tagging.tagger import Tagger

__all__ = ["Opinion", "opinions"]


@dataclass(frozen=True, slots=True)
class Opinion:
    """A sentence as it is annotated, and as a model reads it.

    Attributes:
        key: what the sentence is known by.
        given: the probability of each annotated span; None if it is not known, as for labels that the model lacks.
        found: the probability of each span that the model finds.
        outside: for each token the probability that it is in no span.
    """

    key: str
    given: dict[SpanTuple, float | None]
    found: dict[SpanTuple, float | None]
    outside: list[float]


def opinions(tagger: Tagger, documents: Sequence[Document], task: str) -> Iterator[Opinion]:
    """Judge each sentence that has tokens.

    Args:
        tagger: a model that was not trained on these documents.
        documents: with tags of the task in the tagger's scheme, each with an `id`; of one with several sentences, the
            number of the sentence is added to it.
        task: a task with spans.

    Yields:
        An opinion on each sentence in order. Spans of the model that touch a token nobody annotated are left out.
    """
    given, found = tagger.probabilities_of(documents), tagger.pipe(documents, probabilities=True)
    for annotated, tagged in zip(given, found, strict=True):
        own, told = annotated.probabilities[task], tagged.probabilities[task]
        outside = told.marginals[:, told.tags.index("O")]
        scheme = annotated.schemes[task]
        for number, (first, last) in enumerate(pairwise(annotated.bounds)):
            if first == last:
                continue
            tags = annotated.tags_of(task)[first:last]
            read = tags_to_spans(tagged.tags_of(task)[first:last], tagged.schemes[task])
            yield Opinion(
                key=f"{annotated.id}" if len(annotated.bounds) == 2 else f"{annotated.id}.{number}",
                given=_known(own, tags_to_spans(tags, scheme), first),
                found=_known(told, (span for span in read if UNKNOWN not in tags[span[0] : span[1]]), first),
                outside=outside[first:last].tolist(),
            )


def _known(probabilities: Probabilities, spans: Iterable[SpanTuple], first: int) -> dict[SpanTuple, float | None]:
    """The probability of each span of the sentence that begins with token `first`."""
    known: dict[SpanTuple, float | None] = {}
    for span in spans:
        start, end, label = span
        has_label = label in probabilities.labels
        known[span] = probabilities.span(first + start, first + end, label) if has_label else None
    return known
