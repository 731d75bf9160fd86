"""The columns of a document: words, sentence bounds, offsets into the text, and the tags of each task.

Positions: `start` and `end` count tokens from the beginning of the sentence or document that is asked, `start_char` and
`end_char` count characters of the unchanged text; ends are exclusive.
"""

from __future__ import annotations

import operator
from bisect import bisect_right
from collections.abc import Iterator
from itertools import pairwise

from bilstm_tagger.document.probabilities import Probabilities
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.schemes.detection import detect
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.schemes.spans import SpanTuple, tags_to_spans
from bilstm_tagger.wording import counted


class Columns:
    """A document as columns: words, sentence bounds, offsets into the text, tags.

    Attributes:
        words: the tokens of all sentences, one after the other.
        bounds: where sentences begin and end, in tokens: `[0, n1, n1 + n2, ...]`; `[0]` if none.
        tags: one tag per token, by task.
        schemes: the scheme of each task; one without an entry has plain tags, or is not settled (`Corpus.settle`).
        id: the name of the document, if it has one.
        path: the file it was read from, if any.
        lines: the line of each token in that file, counted from 1.
        sheet: the sheet of that file, if it is a workbook with several.
        record: the number of its record in that file, counted from 1, if several are in one line.
        layout: what the file format needs to write the document back unchanged.
        columns: further columns of the file by name, one string per token.
        probabilities: how probable the tags and spans of each task are; empty where that is not known.
        seams: tokens before which an overlong sentence was cut, so that what is before and behind belongs together.
    """

    __slots__ = (
        "_ends",
        "_starts",
        "_text",
        "bounds",
        "columns",
        "id",
        "layout",
        "lines",
        "path",
        "probabilities",
        "record",
        "schemes",
        "seams",
        "sheet",
        "tags",
        "words",
    )

    def __init__(
        self,
        words: list[str],
        bounds: list[int],
        *,
        text: str | None = None,
        starts: list[int] | None = None,
        ends: list[int] | None = None,
        tags: dict[str, list[str]] | None = None,
        schemes: dict[str, Scheme] | None = None,
        id: str | None = None,
        path: str | None = None,
        lines: list[int] | None = None,
        layout: object | None = None,
        columns: dict[str, list[str]] | None = None,
        probabilities: dict[str, Probabilities] | None = None,
        sheet: str | None = None,
        record: int | None = None,
    ) -> None:
        """Make a document from its columns, which are kept, not copied.

        Args:
            words: the tokens of all sentences, one after the other.
            bounds: where sentences begin and end, in tokens.
            text: the text that the tokens come from. Without it, it is made at first use: words joined by a space,
                sentences by a line break.
            starts: where each token begins in the text, in characters; only together with `text` and `ends`.
            ends: where each token ends in the text, exclusive; only together with `text` and `starts`.
            tags: one tag per token, by task.
            schemes: the scheme of each task with spans.
            id: the name of the document.
            path: the file it was read from.
            lines: the line of each token in that file, counted from 1.
            layout: what the file format needs to write the document back unchanged.
            columns: further columns of the file by name.
            probabilities: how probable the tags and spans of each task are.
            sheet: the sheet of that file, if it is a workbook with several.
            record: the number of its record in that file, counted from 1, if several are in one line.

        Raises:
            CorpusError: columns differ in length, the bounds do not fit, or a text comes without offsets.
        """
        _check_bounds(words, bounds, text, starts, ends)
        self.words = words
        self.bounds = bounds
        self._text = text
        self._starts = starts
        self._ends = ends
        self.tags: dict[str, list[str]] = {} if tags is None else tags
        self.schemes: dict[str, Scheme] = {} if schemes is None else schemes
        self.id = id
        self.path = path
        self.sheet = sheet
        self.record = record
        self.lines = lines
        self.layout = layout
        self.probabilities: dict[str, Probabilities] = {} if probabilities is None else probabilities
        self.seams: frozenset[int] = frozenset()
        self.columns: dict[str, list[str]] = {} if columns is None else columns
        self._check_lengths()

    def _check_lengths(self) -> None:
        """Raise `CorpusError` unless every column has one entry per token."""
        count = len(self.words)
        columns = (self._starts, self._ends, self.lines, *self.tags.values(), *self.columns.values())
        for place, column in enumerate(columns):
            if column is not None and len(column) != count:
                name = ["starts", "ends", "lines", *self.tags, *self.columns][place]
                entries = counted(len(column), "entry", "entries")
                raise CorpusError(f"column {name!r} has {entries} for {counted(count, 'token')}")

    @property
    def text(self) -> str:
        """The text, unchanged; for a document made from words, these joined by spaces and line breaks."""
        if self._text is None:
            self._text = "\n".join(" ".join(self.words[start:end]) for start, end in pairwise(self.bounds))
        return self._text

    @property
    def starts(self) -> list[int]:
        """Where each token begins in the text, in characters."""
        if self._starts is None:
            self._starts, self._ends = self._place_words()
        return self._starts

    @property
    def ends(self) -> list[int]:
        """Where each token ends in the text, exclusive."""
        if self._ends is None:
            self._starts, self._ends = self._place_words()
        return self._ends

    def _place_words(self) -> tuple[list[int], list[int]]:
        """Compute the offsets in a text joined from words: one character follows each word or empty sentence."""
        starts: list[int] = []
        ends: list[int] = []
        position = 0
        for first, last in pairwise(self.bounds):
            for word in self.words[first:last]:
                starts.append(position)
                position += len(word)
                ends.append(position)
                position += 1
            if first == last:
                position += 1
        self._text = self.text
        return starts, ends

    @property
    def tasks(self) -> list[str]:
        """The names of the tasks that have tags here."""
        return list(self.tags)

    def tags_of(self, task: str | None = None) -> list[str]:
        """The tags of a task, one per token.

        Args:
            task: the name of the task; without it the first plain task, or else the first task.

        Returns:
            the column itself, not a copy.

        Raises:
            CorpusError: there is no such task, or no task at all.
        """
        task = self.task_or_first(task)
        try:
            return self.tags[task]
        except KeyError:
            tasks = ", ".join(self.tags) or "none"
            owner = self.path or "the document"
            raise CorpusError(f"{owner} has no tags for task {task!r}; it has: {tasks}") from None

    def sentence_tags(self, task: str) -> Iterator[list[str]]:
        """Iterate over the tags of a task, sentence by sentence, empty sentences included.

        Raises:
            CorpusError: there is no such task.
        """
        tags = self.tags_of(task)
        return (tags[start:end] for start, end in pairwise(self.bounds))

    def task_or_first(self, task: str | None) -> str:
        """The task, or without one the first plain task, or else the first.

        Raises:
            CorpusError: the document has no tags.
        """
        if task is None:
            plain = (name for name in self.tags if self._scheme(name) is Scheme.NONE)
            task = next(plain, next(iter(self.tags), None))
        if task is None:
            raise CorpusError("the document has no tags")
        return task

    def where(self, token: int) -> str:
        """The place of a token for a message.

        It is `file:line`, with record and sentence where a line holds several, or else its sentence and number.
        """
        if self.path is not None:
            place = self.path if self.sheet is None else f"{self.path}: sheet {self.sheet!r}"
            place = f"{place}:{self.lines[token]}" if self.lines is not None else place
            place = place if self.record is None else f"{place}, record {self.record}"
            return f"{place}, sentence {self._sentence_of(token) + 1}" if self._in_one_line() else place
        sentence = self._sentence_of(token)
        return f"sentence {sentence + 1}, token {token - self.bounds[sentence] + 1}"

    def _in_one_line(self) -> bool:
        """Whether all sentences of several are in one line of the file, as in a record."""
        return len(self.bounds) > 2 and bool(self.lines) and self.lines[0] == self.lines[-1]  # type: ignore[index]

    def check_offsets(self) -> None:
        """Make sure that every token is a part of the text and that tokens come in ascending order.

        The words of one multiword token may have the same offsets.

        Raises:
            CorpusError: a token is empty, outside the text or before the end of the token before it; the message names
                its place.
        """
        starts, ends = self.starts, self.ends
        if not starts:
            return
        in_order = starts[0] >= 0 and ends[-1] <= len(self.text) and all(map(operator.lt, starts, ends))
        if in_order and all(map(operator.le, ends, starts[1:])):
            return
        previous = (0, 0)
        for index, offsets in enumerate(zip(starts, ends, strict=True)):
            start, end = offsets
            fits = 0 <= start < end <= len(self.text)
            if not fits or (start < previous[1] and offsets != previous):
                raise CorpusError(
                    f"{self.where(index)}: token {self.words[index]!r} at {start} to {end} is empty, outside "
                    f"the text of {counted(len(self.text), 'character')} or before its predecessor's end, {previous[1]}"
                )
            previous = offsets

    def __len__(self) -> int:
        """The number of tokens."""
        return len(self.words)

    def __bool__(self) -> bool:
        """True, even for a document without tokens."""
        return True

    def _scheme(self, task: str) -> Scheme:
        return self.schemes.get(task, Scheme.NONE)

    def _check_settled(self, task: str) -> None:
        """Raise for a task that has tags of spans and no scheme, since it would seem to have no spans."""
        if task in self.schemes:
            return
        tags = self.tags_of(task)
        if tags.count("O") < len(tags) and detect([tags]) is not Scheme.NONE:
            raise CorpusError(
                f"{self.where(0)}: it is not settled how the tags of {task} write spans; take the documents of "
                f"corpus.settle({task!r})"
            )

    def _settled_span_task(self) -> str | None:
        """The first task with spans; raises if there is none but one that is not settled."""
        task = self._span_task()
        if task is None:
            for name in self.tags:
                self._check_settled(name)
        return task

    def _span_task(self) -> str | None:
        return next((name for name in self.tags if self._scheme(name) is not Scheme.NONE), None)

    def _sentence_of(self, token: int) -> int:
        return bisect_right(self.bounds, token) - 1

    def _spans_between(self, task: str, first: int, last: int, *, offset: int) -> list[SpanTuple]:
        """The spans of the sentences from `first` up to `last` (exclusive), positions counted from token `offset`."""
        tags, scheme = self.tags_of(task), self._scheme(task)
        if scheme is Scheme.NONE:
            return []
        spans: list[SpanTuple] = []
        for start, end in pairwise(self.bounds[first : last + 1]):
            shift = start - offset
            spans.extend([(a + shift, b + shift, label) for a, b, label in tags_to_spans(tags[start:end], scheme)])
        return spans


def _check_bounds(
    words: list[str], bounds: list[int], text: str | None, starts: list[int] | None, ends: list[int] | None
) -> None:
    """Raise `CorpusError` unless the bounds cover the words, and text, starts and ends are all there or all absent."""
    if not bounds or bounds[0] != 0 or bounds[-1] != len(words):
        raise CorpusError(f"sentence bounds must run from 0 to the number of tokens, {len(words)}")
    if (text is None) is not (starts is None) or (text is None) is not (ends is None):
        raise CorpusError("a text needs the starts and ends of its tokens, and these need the text")
