"""Light views of a document: its sentences, tokens and spans, made when asked for."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar, overload

from bilstm_tagger.document.columns import Columns

_Item = TypeVar("_Item")


class Views(Sequence[_Item]):
    """A sequence whose items are made when asked for."""

    __slots__ = ("_make", "_size")

    def __init__(self, size: int, make: Callable[[int], _Item]) -> None:
        """Stand for `size` items, made by their index."""
        self._size = size
        self._make = make

    def __len__(self) -> int:
        """Count the items."""
        return self._size

    @overload
    def __getitem__(self, index: int) -> _Item: ...
    @overload
    def __getitem__(self, index: slice) -> list[_Item]: ...
    def __getitem__(self, index: int | slice) -> _Item | list[_Item]:
        """Make one item, or a list of those in a slice."""
        if isinstance(index, slice):
            return [self._make(place) for place in range(*index.indices(self._size))]
        place = operator.index(index)
        if not -self._size <= place < self._size:
            raise IndexError(f"{place} is outside a sequence of {self._size}")
        return self._make(place % self._size)

    def __iter__(self) -> Iterator[_Item]:
        """Make the items one after the other."""
        return map(self._make, range(self._size))

    def __repr__(self) -> str:
        """Show the items as a list."""
        return repr(list(self))


class Sentence:
    """One sentence of a document, as a view.

    Attributes:
        document: The document.
        index: Which of its sentences.
    """

    __slots__ = ("document", "index")

    def __init__(self, document: Columns, index: int) -> None:
        """Look at sentence number `index` of a document."""
        self.document = document
        self.index = index

    @property
    def start(self) -> int:
        """The first token, counted in the document."""
        return self.document.bounds[self.index]

    @property
    def end(self) -> int:
        """The end, counted in tokens of the document, exclusive."""
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
        """The spans of the only or first task that has spans, counted from the start of the sentence."""
        task = self.document._span_task()
        return [] if task is None else self.spans_of(task)

    def spans_of(self, task: str) -> list[Span]:
        """Give the spans of a task, their positions counted from the start of the sentence."""
        return spans_between(self.document, task, self.index, self.index + 1, offset=self.start)

    def tags(self, task: str | None = None) -> list[str]:
        """Give the tags of a task; without a name those of the first plain task, or else the first."""
        return self.document.tags_of(task)[self.start : self.end]

    def __len__(self) -> int:
        """Count the tokens."""
        return self.end - self.start

    def __bool__(self) -> bool:
        """Be true even without a token."""
        return True

    def __iter__(self) -> Iterator[Token]:
        """Go through the tokens."""
        return iter(self.tokens)

    def __repr__(self) -> str:
        """Show the words."""
        return f"<Sentence {self.index}: {' '.join(self.words)[:60]!r}>"


class Token:
    """One token of a document, as a view.

    Attributes:
        document: The document.
        index: Which of its tokens.
    """

    __slots__ = ("document", "index")

    def __init__(self, document: Columns, index: int) -> None:
        """Look at token number `index` of a document."""
        self.document = document
        self.index = index

    @property
    def word(self) -> str:
        """The word; not the same as `text` only for words inside a multiword token."""
        return self.document.words[self.index]

    @property
    def text(self) -> str:
        """The stretch of the document's text that the token covers."""
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
        """The sentence the token stands in."""
        return Sentence(self.document, self.document._sentence_of(self.index))

    def tag(self, task: str | None = None) -> str:
        """Give the tag in a task; without a name that of the first plain task, or else the first."""
        return self.document.tags_of(task)[self.index]

    def __repr__(self) -> str:
        """Show the word."""
        return f"<Token {self.index}: {self.word!r}>"


@dataclass(frozen=True, slots=True)
class Span:
    """A labelled stretch of tokens.

    Attributes:
        start: First token, counted in what was asked: the document or the sentence.
        end: End in tokens, exclusive.
        label: What it is, for instance ``PER``.
        task: The task it belongs to.
        document: The document; two spans are compared without it.
        offset: The document's token from which start and end are counted.
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
        return None if known is None else known.span(self.offset + self.start, self.label)

    @property
    def alternatives(self) -> dict[str, float] | None:
        """Probability of each label for these ends, the most probable first; None if it is not known."""
        known = self.document.probabilities.get(self.task)
        return None if known is None else known.of_span(self.offset + self.start)

    @property
    def text(self) -> str:
        """The stretch of the document's text that the span covers."""
        return self.document.text[self.start_char : self.end_char]

    @property
    def tokens(self) -> Sequence[Token]:
        """The tokens of the span."""
        first, last = self.offset + self.start, self.offset + self.end
        return [Token(self.document, index) for index in range(first, last)]

    def __len__(self) -> int:
        """Count the tokens."""
        return self.end - self.start


def spans_between(document: Columns, task: str, first: int, last: int, *, offset: int) -> list[Span]:
    """Spans of the sentences from `first` up to `last`, their positions counted from token `offset`."""
    found = document._spans_between(task, first, last, offset=offset)
    return [Span(start, end, label, task, document, offset) for start, end, label in found]
