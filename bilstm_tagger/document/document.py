"""A document: a text, its tokens and sentences, and the tags of each task.

Everything is stored as columns. Sentence, Token and Span are lazy views: making millions of objects would take most of
the time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from bilstm_tagger.document.columns import Columns
from bilstm_tagger.document.html import html_fragment
from bilstm_tagger.document.probabilities import Probabilities
from bilstm_tagger.document.views import Sentence, Span, Token, Views, spans_between
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.wording import counted

if TYPE_CHECKING:
    pass


class Document(Columns):
    """A document as columns, with lazy views of its sentences, tokens and spans."""

    __slots__ = ()

    @classmethod
    def from_words(cls, words: Iterable[str]) -> Document:
        """Make a document of one sentence from its words.

        Args:
            words: the words of the sentence.
        """
        listed = list(words)
        return cls(listed, [0, len(listed)])

    @classmethod
    def from_sentences(cls, sentences: Iterable[Iterable[str]]) -> Document:
        """Make a document from the words of each sentence.

        Args:
            sentences: the words of each sentence; empty sentences are kept.
        """
        words: list[str] = []
        bounds = [0]
        for sentence in sentences:
            words.extend(sentence)
            bounds.append(len(words))
        return cls(words, bounds)

    def with_tags(
        self,
        tags: dict[str, list[str]],
        schemes: dict[str, Scheme] | None = None,
        *,
        probabilities: dict[str, Probabilities] | None = None,
    ) -> Document:
        """Make the same document with other tags; all other columns are shared, not copied.

        Args:
            tags: one tag per token, by task; they replace all tags of this document.
            schemes: the scheme of each task with spans.
            probabilities: how probable these tags are, by task.

        Returns:
            the new document.
        """
        return Document(
            self.words,
            self.bounds,
            text=None if self._starts is None else self._text,
            starts=self._starts,
            ends=self._ends,
            tags=tags,
            schemes=schemes,
            id=self.id,
            path=self.path,
            lines=self.lines,
            layout=self.layout,
            columns=self.columns,
            probabilities=probabilities,
            sheet=self.sheet,
            record=self.record,
        )

    @property
    def sentences(self) -> Sequence[Sentence]:
        """The sentences."""
        return Views(len(self.bounds) - 1, lambda index: Sentence(self, index))

    @property
    def tokens(self) -> Sequence[Token]:
        """The tokens of all sentences."""
        return Views(len(self.words), lambda index: Token(self, index))

    @property
    def spans(self) -> list[Span]:
        """The spans of the first task that has spans; empty if no task has.

        Raises:
            CorpusError: it is not settled how tags write spans; see `Corpus.settle`.
        """
        task = self._settled_span_task()
        return [] if task is None else self.spans_of(task)

    def spans_of(self, task: str) -> list[Span]:
        """The spans of a task, in order; none if its tags are plain.

        Raises:
            CorpusError: there is no such task, or it is not settled how its tags write spans; see `Corpus.settle`.
        """
        return spans_between(self, task, 0, len(self.bounds) - 1, offset=0)

    def __iter__(self) -> Iterator[Token]:
        """Iterate over the tokens."""
        return iter(self.tokens)

    def __repr__(self) -> str:
        """The sizes and the beginning of the text."""
        opening = " ".join(self.words[:8]) + (" ..." if len(self.words) > 8 else "")
        sizes = f"{counted(len(self.sentences), 'sentence')}, {counted(len(self.words), 'token')}"
        return f"<Document: {sizes}: {opening[:60]!r}>"

    def _repr_html_(self) -> str:
        return html_fragment(self)
