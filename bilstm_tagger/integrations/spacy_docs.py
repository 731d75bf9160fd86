"""Tags, names and probabilities of documents, put into the Docs of spaCy that they were made from."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from spacy.attrs import POS, TAG
from spacy.parts_of_speech import IDS
from spacy.tokens import Doc, Span, Token

from bilstm_tagger.document.document import Document
from bilstm_tagger.schemes.grammar import Scheme

if TYPE_CHECKING:
    from spacy.vocab import Vocab

    from bilstm_tagger.tagging.tagger import Tagger

LEFT_OUT = "bilstm_tagger"  # the group in `doc.spans` of names that had no place in `doc.ents`
_TAG_PROBABILITIES = "bilstm_tagger.tag_probabilities"
_SPACE_TAG = "_SP"  # what spaCy's own pipelines call a token of white space


def _tag_probability(token: Token) -> float | None:
    """That of the tag in `tag_`; None if it is not known, as for white space."""
    known = token.doc.user_data.get(_TAG_PROBABILITIES)
    return None if known is None or known[token.i] < 0 else float(known[token.i])


def register_extensions() -> None:
    """Make `span._.probability`, `token._.probability` and `doc._.further_tags` known to spaCy."""
    for owner, name, how in (
        (Span, "probability", {"default": None}),
        (Token, "probability", {"getter": _tag_probability}),
        (Doc, "further_tags", {"default": None}),
    ):
        if not owner.has_extension(name):
            owner.set_extension(name, **how)


@dataclass(frozen=True, slots=True)
class Places:
    """Which task of a model goes where in a Doc.

    Attributes:
        pos: the plain task of universal parts of speech, for `token.pos_`.
        tag: the plain task for `token.tag_`: another one, or else the same.
        ents: the first task with spans, for `doc.ents`.
        spans: further tasks with spans, for `doc.spans` by their names.
        further: further plain tasks, for `doc._.further_tags` by their names.
    """

    pos: str | None
    tag: str | None
    ents: str | None
    spans: tuple[str, ...]
    further: tuple[str, ...]

    @classmethod
    def of(cls, tagger: Tagger) -> Places:
        """The places of a tagger's tasks."""
        with_spans = [task for task in tagger.tasks if tagger.schemes[task] is not Scheme.NONE]
        plain = [task for task in tagger.tasks if task not in with_spans]
        pos = next((task for task in plain if IDS.keys() >= set(tagger.vocab.tags[task])), None)
        tag = next((task for task in plain if task != pos), pos)
        further = tuple(task for task in plain if task not in (pos, tag))
        return cls(pos, tag, next(iter(with_spans), None), tuple(with_spans[1:]), further)


class Annotator:
    """Puts the tags of documents into the Docs they were made from.

    Args:
        tagger: what tagged them.
        vocab: that of the Docs.
        overwrite: whether tags and names that are there already are replaced.
    """

    def __init__(self, tagger: Tagger, vocab: Vocab, *, overwrite: bool) -> None:
        self.places = Places.of(tagger)
        self.overwrite = overwrite
        self._columns: list[tuple[int, str, dict[str, int], int]] = []
        if (task := self.places.tag) is not None:
            ids = {tag: vocab.strings.add(tag) for tag in tagger.vocab.tags[task]}
            self._columns.append((TAG, task, ids, vocab.strings.add(_SPACE_TAG)))
        if (task := self.places.pos) is not None:
            self._columns.append((POS, task, IDS, IDS["SPACE"]))

    def __call__(self, doc: Doc, document: Document, tokens: Sequence[int]) -> None:
        """Annotate a Doc.

        Args:
            doc: what is annotated.
            document: with tags, and probabilities if they are wanted.
            tokens: for each token of the document its number in the Doc.
        """
        if len(doc) and self._columns:
            self._set_tags(doc, document, tokens)
        if self.places.ents is not None:
            _set_ents(doc, _spans(doc, document, tokens, self.places.ents), overwrite=self.overwrite)
        for task in self.places.spans:
            doc.spans[task] = _spans(doc, document, tokens, task)
        if self.places.further:
            tags = {task: dict(zip(tokens, document.tags_of(task), strict=True)) for task in self.places.further}
            rows = {task: [row.get(place, "") for place in range(len(doc))] for task, row in tags.items()}
            doc._.further_tags = rows

    def _set_tags(self, doc: Doc, document: Document, tokens: Sequence[int]) -> None:
        columns = np.empty((len(doc), len(self._columns)), np.uint64)
        chosen = slice(None) if len(tokens) == len(doc) else tokens
        for number, (attribute, task, ids, blank) in enumerate(self._columns):
            if chosen is tokens:
                columns[:, number] = blank
            columns[chosen, number] = [ids[tag] for tag in document.tags[task]]
            if not self.overwrite:
                there = doc.to_array([attribute])
                columns[:, number] = np.where(there != 0, there, columns[:, number])
        doc.from_array([attribute for attribute, *_ in self._columns], columns)  # type: ignore[arg-type]
        task = self._columns[0][1]
        if (known := document.probabilities.get(task)) is not None:
            at = {tag: number for number, tag in enumerate(known.tags)}
            values = np.full(len(doc), -1.0)
            own = [at[tag] for tag in document.tags[task]]
            values[chosen] = known.marginals[np.arange(len(own)), own]
            doc.user_data[_TAG_PROBABILITIES] = values


def _spans(doc: Doc, document: Document, tokens: Sequence[int], task: str) -> list[Span]:
    """The spans of a task with their probabilities; white space between two words of a name belongs to it."""
    spans = []
    for found in document.spans_of(task):
        span = Span(doc, tokens[found.start], tokens[found.end - 1] + 1, found.label)
        if found.probability is not None:
            span._.probability = found.probability
        spans.append(span)
    return spans


def _set_ents(doc: Doc, spans: list[Span], *, overwrite: bool) -> None:
    there = [] if overwrite else list(doc.ents)
    taken = {place for span in there for place in range(span.start, span.end)}
    left_out = [span for span in spans if not taken.isdisjoint(range(span.start, span.end))] if taken else []
    kept = [span for span in spans if span not in left_out] if left_out else spans
    doc.set_ents([*there, *kept], default="outside")
    if left_out:
        doc.spans[LEFT_OUT] = left_out
        names = ", ".join(f"{span.text!r} {span.label_}" for span in left_out[:3])
        warnings.warn(
            f"{len(left_out)} of {len(spans)} names overlap with doc.ents and stand in doc.spans[{LEFT_OUT!r}]: "
            f"{names}",
            stacklevel=2,
        )
