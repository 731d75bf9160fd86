"""Spoils annotated sentences as annotators do: wrong labels, wrong ends, names missed, names invented."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.curation.cells import TASK

if TYPE_CHECKING:
    from bilstm_tagger.document.document import Document
    from bilstm_tagger.schemes.spans import SpanTuple

KINDS = ("wrong label", "wrong ends", "dropped", "invented")


class Spoilt(NamedTuple):
    """An error that was made.

    Attributes:
        sentence: number of the sentence.
        start: first token that it is about.
        end: end in tokens, exclusive.
        kind: one of `KINDS`.
    """

    sentence: int
    start: int
    end: int
    kind: str


def spoil(documents: Sequence[Document], share: float, *, seed: int) -> tuple[list[Document], list[Spoilt]]:
    """Spoil a share of the spans, as many of each kind, at most one in a sentence.

    Args:
        documents: a sentence each.
        share: how many, in relation to the spans that there are.
        seed: chooses which, and how.

    Returns:
        The sentences with errors, and the errors. A wrong end is one token off; what is invented has the length and the
        label of a span of the same sentence and stands at words with letters in them.
    """
    from bilstm_tagger.schemes.grammar import Scheme
    from bilstm_tagger.schemes.spans import spans_to_tags, tags_to_spans

    draw = random.Random(seed)
    spans = [tags_to_spans(document.tags_of(TASK), Scheme.BIO) for document in documents]
    labels = sorted({label for each in spans for _, _, label in each})
    every = [(number, span) for number, each in enumerate(spans) for span in each]
    wanted = round(share * len(every))
    made: dict[int, Spoilt] = {}
    for number, span in draw.sample(every, len(every)):
        kind = KINDS[len(made) % len(KINDS)]
        if len(made) == wanted or number in made:
            continue
        changed = _changed(documents[number].words, spans[number], span, kind, labels, draw)
        if changed is not None:
            spans[number], start, end = changed
            made[number] = Spoilt(number, start, end, kind)
    spoilt = [
        document.with_tags({TASK: spans_to_tags(each, len(document), Scheme.BIO)}, document.schemes)
        for document, each in zip(documents, spans, strict=True)
    ]
    return spoilt, list(made.values())


def _changed(
    words: Sequence[str], spans: list[SpanTuple], span: SpanTuple, kind: str, labels: Sequence[str], draw: random.Random
) -> tuple[list[SpanTuple], int, int] | None:
    """The spans with one error, and where it is; None if it cannot be made there."""
    start, end, label = span
    others = [each for each in spans if each != span]

    def free(first: int, last: int, taken: Sequence[SpanTuple]) -> bool:
        return 0 <= first < last <= len(words) and all(last <= a or first >= b for a, b, _ in taken)

    if kind == "dropped":
        return others, start, end
    if kind == "wrong label":
        return [*others, (start, end, draw.choice([each for each in labels if each != label]))], start, end
    if kind == "wrong ends":
        near = [(start - 1, end), (start + 1, end), (start, end - 1), (start, end + 1)]
        places = [place for place in near if free(*place, others)]
        if not places:
            return None
        first, last = draw.choice(places)
        return [*others, (first, last, label)], min(start, first), max(end, last)
    size = end - start
    starts = [
        first
        for first in range(len(words) - size + 1)
        if free(first, first + size, spans) and all(any(map(str.isalpha, word)) for word in words[first : first + size])
    ]
    if not starts:
        return None
    first = draw.choice(starts)
    return [*spans, (first, first + size, label)], first, first + size
