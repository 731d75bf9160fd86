"""Names found in documents, as plain rows: what was found, and where."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bilstm_tagger.document.columns import Columns
from bilstm_tagger.document.views import spans_between
from bilstm_tagger.schemes.grammar import Scheme

LINE_END = re.compile(r"\r\n?|\n")


@dataclass(frozen=True, slots=True)
class Entity:
    """A name that was found, without its document.

    Attributes:
        file: the file, as it was named; None without a file.
        document: the name of the document, if it has one.
        line: the line of the file in which the name begins, counted from 1; the line of the text where that is no
            file, or was taken out of one, as of mails and pages.
        start: where it begins in the text of its document, in characters.
        end: where it ends there, exclusive.
        label: what it is, for instance `PER`.
        text: the stretch of text.
        sentence: the text of its sentence.
        probability: its probability to six digits, if the tagger computed it.
        task: the task it belongs to.
    """

    file: str | None
    document: str | None
    line: int
    start: int
    end: int
    label: str
    text: str
    sentence: str
    probability: float | None
    task: str


def span_tasks(document: Columns) -> list[str]:
    """The tasks of a document whose tags are spans."""
    return [task for task in document.tasks if document.schemes.get(task, Scheme.NONE) is not Scheme.NONE]


def entities_of(document: Columns) -> Iterator[Entity]:
    """The spans of all tasks of a document, in the order of the text.

    Args:
        document: with tags.

    Yields:
        one row per span.
    """
    sentences = len(document.bounds) - 1
    spans = [span for task in span_tasks(document) for span in spans_between(document, task, 0, sentences, offset=0)]
    if not spans:
        return
    line_of = line_finder(document)
    text, starts, ends, bounds = document.text, document.starts, document.ends, document.bounds
    for span in sorted(spans, key=lambda span: (span.start, span.end)):
        index = bisect_right(bounds, span.start)
        yield Entity(
            file=document.path,
            document=document.id,
            line=line_of(span.start),
            start=span.start_char,
            end=span.end_char,
            label=span.label,
            text=span.text,
            sentence=text[starts[bounds[index - 1]] : ends[bounds[index] - 1]],
            probability=None if span.probability is None else round(span.probability, 6),
            task=span.task,
        )


def line_finder(document: Columns) -> Callable[[int], int]:
    """Gives the line of a token, by the lines of its file or else by those of the text.

    Args:
        document: with or without tags.
    """
    if document.lines is not None:
        return document.lines.__getitem__
    line_ends = [found.end() for found in LINE_END.finditer(document.text)]
    starts = document.starts
    return lambda token: 1 + bisect_right(line_ends, starts[token])
