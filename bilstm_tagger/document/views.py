"""Lazy views of a document: its sentences, tokens and spans."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar, overload

from bilstm_tagger.document.columns import Columns

_Item = TypeVar("_Item")


class Views(Sequence[_Item]):
    """A sequence that makes an item each time it is read."""

    __slots__ = ("_make", "_size")

    def __init__(self, size: int, make: Callable[[int], _Item]) -> None:
        """Make a sequence of `size` items; `make` returns the item at an index."""
        self._size = size
        self._make = make

    def __len__(self) -> int:
        """The number of items."""
        return self._size

    @overload
    def __getitem__(self, index: int) -> _Item: ...
    @overload
    def __getitem__(self, index: slice) -> list[_Item]: ...
    def __getitem__(self, index: int | slice) -> _Item | list[_Item]:
        """One item, or a list of the items in a slice."""
        if isinstance(index, slice):
            return [self._make(position) for position in range(*index.indices(self._size))]
        position = operator.index(index)
        if not -self._size <= position < self._size:
            raise IndexError(f"{position} is outside a sequence of {self._size}")
        return self._make(position % self._size)

    def __iter__(self) -> Iterator[_Item]:
        """Iterate over the items."""
        return map(self._make, range(self._size))

    def __repr__(self) -> str:
        """The items as a list."""
        return repr(list(self))


class Sentence:
    """A lazy view of one sentence of a document.

    Attributes:
        document: the document.
        index: index of the sentence in the document.
    """

    __slots__ = ("document", "index")

    def __init__(self, document: Columns, index: int) -> None:
        """Make a view of the sentence at `index`."""
        self.document = document
        self.index = index

    @property
    def start(self) -> int:
        """Index of the first token in the document."""
        return self.document.bounds[self.index]

    @property
    def end(self) -> int:
        """Index in the document of the token after the last one."""
        return self.document.bounds[self.index + 1]

    @property
    def words(self) -> list[str]:
        """The words."""
        return self.document.words[self.start : self.end]

    @property
    def tokens(self) -> Sequence[Token]:
        """The tokens."""
        document, start = self.document, self.start
        return Views(len(self), lambda index: Token(document, start + index))

    @property
    def start_char(self) -> int:
        """Where the first token begins in the text; for an empty sentence, where the token before it ends."""
        if len(self):
            return self.document.starts[self.start]
        return self.document.ends[self.start - 1] if self.start else 0

    @property
    def end_char(self) -> int:
        """Where the last token ends in the text."""
        return self.document.ends[self.end - 1] if len(self) else self.start_char

    @property
    def text(self) -> str:
        """The text from the first token to the last."""
        return self.document.text[self.start_char : self.end_char]

    @property
    def spans(self) -> list[Span]:
        """The spans of the first task that has spans, positions counted from the start of the sentence.

        Raises:
            CorpusError: it is not settled how tags write spans; see `Corpus.settle`.
        """
        task = self.document._settled_span_task()
        return [] if task is None else self.spans_of(task)

    def spans_of(self, task: str) -> list[Span]:
        """The spans of a task, positions counted from the start of the sentence.

        Raises:
            CorpusError: there is no such task, or it is not settled how its tags write spans; see `Corpus.settle`.
        """
        return spans_between(self.document, task, self.index, self.index + 1, offset=self.start)

    def tags(self, task: str | None = None) -> list[str]:
        """The tags of a task; without a name those of the first plain task, or else of the first task.

        Raises:
            CorpusError: there is no such task, or no task at all.
        """
        return self.document.tags_of(task)[self.start : self.end]

    def __len__(self) -> int:
        """The number of tokens."""
        return self.end - self.start

    def __bool__(self) -> bool:
        """True, even for a sentence without tokens."""
        return True

    def __iter__(self) -> Iterator[Token]:
        """Iterate over the tokens."""
        return iter(self.tokens)

    def __repr__(self) -> str:
        """The index and the words."""
        return f"<Sentence {self.index}: {' '.join(self.words)[:60]!r}>"


class Token:
    """A lazy view of one token of a document.

    Attributes:
        document: the document.
        index: index of the token in the document.
    """

    __slots__ = ("document", "index")

    def __init__(self, document: Columns, index: int) -> None:
        """Make a view of the token at `index`."""
        self.document = document
        self.index = index

    @property
    def word(self) -> str:
        """The word; it differs from `text` only for words inside a multiword token."""
        return self.document.words[self.index]

    @property
    def text(self) -> str:
        """The part of the document's text that the token covers."""
        return self.document.text[self.start_char : self.end_char]

    @property
    def start_char(self) -> int:
        """Where the token begins in the text, in characters."""
        return self.document.starts[self.index]

    @property
    def end_char(self) -> int:
        """Where the token ends in the text, exclusive."""
        return self.document.ends[self.index]

    @property
    def probabilities(self) -> dict[str, float] | None:
        """Probability of each tag of the first plain task, or else the first; None if it is not known."""
        return self.probabilities_of()

    def probabilities_of(self, task: str | None = None) -> dict[str, float] | None:
        """Give the probability of each tag of a task, the most probable first; None if it is not known."""
        known = self.document.probabilities.get(self.document.task_or_first(task))
        return None if known is None else known.of_token(self.index)

    @property
    def sentence(self) -> Sentence:
        """The sentence of the token."""
        return Sentence(self.document, self.document._sentence_of(self.index))

    def tag(self, task: str | None = None) -> str:
        """The tag in a task; without a name in the first plain task, or else in the first task.

        Raises:
            CorpusError: there is no such task, or no task at all.
        """
        return self.document.tags_of(task)[self.index]

    def __repr__(self) -> str:
        """The index and the word."""
        return f"<Token {self.index}: {self.word!r}>"


@dataclass(frozen=True, slots=True)
class Span:
    """A labelled sequence of tokens.

    Attributes:
        start: first token, counted from the beginning of the document or sentence whose spans were asked for.
        end: end in tokens, exclusive.
        label: the label, for instance `PER`.
        task: the task.
        document: the document; two spans are compared without it.
        offset: index in the document of the token from which start and end are counted.
    """

    start: int
    end: int
    label: str
    task: str
    document: Columns = field(repr=False, compare=False)
    offset: int = field(default=0, repr=False, compare=False)

    @property
    def start_char(self) -> int:
        """Where the span begins in the text, in characters."""
        return self.document.starts[self.offset + self.start]

    @property
    def end_char(self) -> int:
        """Where the span ends in the text, exclusive."""
        return self.document.ends[self.offset + self.end - 1]

    @property
    def probability(self) -> float | None:
        """That a span with this label and exactly these ends is there; None if it is not known."""
        known = self.document.probabilities.get(self.task)
        return None if known is None else known.span(self.offset + self.start, self.offset + self.end, self.label)

    @property
    def alternatives(self) -> dict[str, float] | None:
        """Probability of each label for these ends, the most probable first; None if it is not known."""
        known = self.document.probabilities.get(self.task)
        return None if known is None else known.of_span(self.offset + self.start, self.offset + self.end)

    @property
    def text(self) -> str:
        """The part of the document's text that the span covers."""
        return self.document.text[self.start_char : self.end_char]

    @property
    def tokens(self) -> Sequence[Token]:
        """The tokens of the span."""
        first, last = self.offset + self.start, self.offset + self.end
        return [Token(self.document, index) for index in range(first, last)]

    def __len__(self) -> int:
        """The number of tokens."""
        return self.end - self.start


def spans_between(document: Columns, task: str, first: int, last: int, *, offset: int) -> list[Span]:
    """The spans of some sentences of a document as views.

    Args:
        document: the document.
        task: the task.
        first: index of the first sentence.
        last: index of the sentence after the last one.
        offset: index of the token from which positions are counted.
    """
    document._check_settled(task)
    spans = document._spans_between(task, first, last, offset=offset)
    return [Span(start, end, label, task, document, offset) for start, end, label in spans]
