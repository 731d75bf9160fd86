"""The table of a review: a row for each doubtful place, for a person to answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bilstm_tagger.curation.places import Place
from bilstm_tagger.curation.reviewing import Review
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.files.entity_tables import Cell
from bilstm_tagger.schemes.spans import SpanTuple

__all__ = ["HEADER", "read_spans", "review_rows", "show_spans"]

HEADER = (
    "accept", "kind", "text", "given", "instead", "sentence", "given_probability", "instead_probability", "score",
    "file", "line", "document", "number", "task",
)  # fmt: skip
_SPAN = re.compile(r"\s*(\S(?:.*?\S)??)\s+(\d+)(?:\s*-\s*(\d+))?\s*(?:;|$)")


def show_spans(spans: Sequence[SpanTuple]) -> str:
    """Spans as a cell: each label with the first and the last word of its span, counted from 1 in the sentence."""
    shown = (f"{label} {start + 1}" + (f"-{end}" if end > start + 1 else "") for start, end, label in spans)
    return "; ".join(shown) or "O"


def read_spans(cell: str, place: str) -> tuple[SpanTuple, ...]:
    """The spans of a cell, the inverse of `show_spans`.

    Args:
        cell: what the table has.
        place: where, for messages.

    Raises:
        CorpusError: it is not of that form.
    """
    if cell.strip() == "O":
        return ()
    if not cell.strip():  # more likely forgotten than meant to delete what is annotated
        raise CorpusError(f"{place}: the cell is empty; write O for no span, or LABEL and words as in ORG 3-5; PER 7")
    spans: list[SpanTuple] = []
    at = 0
    while at < len(cell):
        found = _SPAN.match(cell, at)
        if found is None or not 1 <= int(found[2]) <= int(found[3] or found[2]):
            raise CorpusError(f"{place}: {cell!r} are no spans; write O, or LABEL and words as in ORG 3-5; PER 7")
        spans.append((int(found[2]) - 1, int(found[3] or found[2]), found[1]))
        at = found.end()
    return tuple(sorted(spans))


def review_rows(review: Review, *, limit: int | None = None) -> Iterator[list[Cell]]:
    """One row for each doubtful place, the likeliest errors first.

    Args:
        review: what was found.
        limit: how many rows at most.
    """
    for score, place in review.ranked[:limit]:
        document, sentence = _where(place)
        source = review.corpus[document]
        first, last = source.bounds[sentence : sentence + 2]
        words = source.words[first:last]
        yield [
            "",
            str(place.kind),
            " ".join(words[place.start : place.end]),
            show_spans(place.given),
            show_spans(place.found),
            " ".join(words),
            round(place.confidence, 6),
            round(place.alternative, 6),
            round(score, 6),
            source.path,
            None if source.lines is None else source.lines[first + place.start],
            document + 1,
            sentence + 1,
            review.task,
        ]


def _where(place: Place) -> tuple[int, int]:
    document, _, sentence = place.key.partition(".")
    return int(document), int(sentence)
