"""The columns of a document: words, sentence bounds, offsets into the text, and the tags of each task.

Positions: `start` and `end` count tokens inside the sentence or document that was asked, `start_char` and `end_char`
characters of the untouched text; ends are exclusive.
"""

from __future__ import annotations

import operator
from bisect import bisect_right
from collections.abc import Iterator
from itertools import pairwise

from bilstm_tagger.document.probabilities import Probabilities
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.schemes.spans import SpanTuple, tags_to_spans


class Columns:
    """What the caller gave, as columns: words, sentence bounds, offsets into the text, tags.

    Attributes:
        words: The tokens of all sentences, one after the other.
        bounds: Where sentences begin and end, in tokens: ``[0, n1, n1 + n2, ...]``; ``[0]`` if none.
        tags: For each task one tag a token.
        schemes: How the tags of a task spell spans; a task without an entry has plain tags.
        id: A name for the document, if it has one.
        path: The file it was read from, if any.
        lines: For each token its line in that file, counted from 1.
        layout: What the format it came from needs to write it back unchanged.
        columns: Further columns of the file by name, one string a token.
        probabilities: For each task how probable its tags and spans are; empty where that is not known.
        seams: Tokens before which an overlong sentence was cut, so that what is before and behind belongs together.
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
        "schemes",
        "seams",
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
    ) -> None:
        """Put a document together from its columns, which are kept, not copied.

        Args:
            words: The tokens of all sentences, one after the other.
            bounds: Where sentences begin and end, in tokens.
            text: The text the tokens come from. Without it one is made when asked for: words joined by
                a space, sentences by a line break.
            starts: Where each token begins in the text, in characters; given together with text and ends.
            ends: Where each token ends in the text.
            tags: For each task one tag a token.
            schemes: How the tags of a task spell spans.
            id: A name for the document.
            path: The file it was read from.
            lines: For each token its line in that file, counted from 1.
            layout: What the format it came from needs to write it back unchanged.
            columns: Further columns of the file by name.
            probabilities: For each task how probable its tags and spans are.

        Raises:
            CorpusError: Columns differ in length, bounds do not fit, or a text comes without offsets.
        """
        if not bounds or bounds[0] != 0 or bounds[-1] != len(words):
            raise CorpusError(f"sentence bounds must run from 0 to the number of tokens, {len(words)}")
        if (text is None, starts is None, ends is None) not in ((True, True, True), (False, False, False)):
            raise CorpusError("a text needs the starts and ends of its tokens, and these need the text")
        self.words = words
        self.bounds = bounds
        self._text = text
        self._starts = starts
        self._ends = ends
        self.tags: dict[str, list[str]] = {} if tags is None else tags
        self.schemes: dict[str, Scheme] = {} if schemes is None else schemes
        self.id = id
        self.path = path
        self.lines = lines
        self.layout = layout
        self.probabilities: dict[str, Probabilities] = {} if probabilities is None else probabilities
        self.seams: frozenset[int] = frozenset()
        self.columns: dict[str, list[str]] = {} if columns is None else columns
        numbers = (("starts", starts), ("ends", ends), ("lines", lines))
        for name, column in (*numbers, *self.tags.items(), *self.columns.items()):
            if column is not None and len(column) != len(words):
                raise CorpusError(f"column {name!r} has {len(column)} entries for {len(words)} tokens")

    @property
    def text(self) -> str:
        """The text, untouched; of a document made from words, these joined by spaces and line breaks."""
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
        """Find the offsets in a text joined from words: one character follows each word or empty sentence."""
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
        """Give the tags of a task, one a token.

        Args:
            task: Name of the task; without it the first plain task, or else the first task.

        Returns:
            The column itself, not a copy.

        Raises:
            CorpusError: There is no such task, or no task at all.
        """
        task = self.task_or_first(task)
        try:
            return self.tags[task]
        except KeyError:
            known = ", ".join(self.tags) or "none"
            owner = self.path or "the document"
            raise CorpusError(f"{owner} has no tags for task {task!r}; it has: {known}") from None

    def sentence_tags(self, task: str) -> Iterator[list[str]]:
        """Go through the tags of a task, sentence by sentence, empty sentences included.

        Raises:
            CorpusError: There is no such task.
        """
        tags = self.tags_of(task)
        return (tags[start:end] for start, end in pairwise(self.bounds))

    def task_or_first(self, task: str | None) -> str:
        """Give the task, or without one the first plain task, or else the first.

        Raises:
            CorpusError: The document has no tags.
        """
        if task is None:
            plain = (name for name in self.tags if self._scheme(name) is Scheme.NONE)
            task = next(plain, next(iter(self.tags), None))
        if task is None:
            raise CorpusError("the document has no tags")
        return task

    def where(self, token: int) -> str:
        """Name the place of a token for a message: ``file:line``, or else its sentence and number."""
        if self.path is not None:
            return f"{self.path}:{self.lines[token]}" if self.lines is not None else self.path
        sentence = self._sentence_of(token)
        return f"sentence {sentence + 1}, token {token - self.bounds[sentence] + 1}"

    def check_offsets(self) -> None:
        """Make sure that every token is a stretch of the text and that they ascend.

        Words of one multiword token may share one stretch.

        Raises:
            CorpusError: A token is empty, out of range or before its predecessor, with its place.
        """
        starts, ends = self.starts, self.ends
        if not starts:
            return
        in_order = starts[0] >= 0 and ends[-1] <= len(self.text) and all(map(operator.lt, starts, ends))
        if in_order and all(map(operator.le, ends, starts[1:])):
            return
        previous = (0, 0)
        for index, stretch in enumerate(zip(starts, ends, strict=True)):
            start, end = stretch
            fits = 0 <= start < end <= len(self.text)
            if not fits or (start < previous[1] and stretch != previous):
                raise CorpusError(
                    f"{self.where(index)}: token {self.words[index]!r} at {start} to {end} is empty, outside "
                    f"the text of {len(self.text)} characters or before its predecessor's end, {previous[1]}"
                )
            previous = stretch

    def __len__(self) -> int:
        """Count the tokens."""
        return len(self.words)

    def __bool__(self) -> bool:
        """Be true even without a token."""
        return True

    def _scheme(self, task: str) -> Scheme:
        return self.schemes.get(task, Scheme.NONE)

    def _span_task(self) -> str | None:
        return next((name for name in self.tags if self._scheme(name) is not Scheme.NONE), None)

    def _sentence_of(self, token: int) -> int:
        return bisect_right(self.bounds, token) - 1

    def _spans_between(self, task: str, first: int, last: int, *, offset: int) -> list[SpanTuple]:
        """Spans of the sentences from `first` up to `last`, their positions counted from token `offset`."""
        tags, scheme = self.tags_of(task), self._scheme(task)
        if scheme is Scheme.NONE:
            return []
        found: list[SpanTuple] = []
        for start, end in pairwise(self.bounds[first : last + 1]):
            shift = start - offset
            found.extend([(a + shift, b + shift, label) for a, b, label in tags_to_spans(tags[start:end], scheme)])
        return found
