"""Docs of spaCy as documents."""

from __future__ import annotations

from itertools import accumulate, pairwise
from operator import add
from typing import TYPE_CHECKING

from bilstm_tagger.document.document import Document
from bilstm_tagger.text.tokenizers import Tokenizer, bounded_document

if TYPE_CHECKING:
    from spacy.tokens import Doc

__all__ = ["document_of"]


def document_of(doc: Doc, tokenizer: Tokenizer) -> tuple[Document, list[int]]:
    """The tokens of a Doc that are not white space, and their numbers in it.

    Args:
        doc: its sentences stay as they are, if it has any.
        tokenizer: of the model; it says where sentences end if the Doc does not.
    """
    from spacy.attrs import IS_SPACE, ORTH, SENT_START, SPACY

    # Columns of numbers: making an object for each token would take longer than tagging it.
    orth, spaced, blank, opens = doc.to_array([ORTH, SPACY, IS_SPACE, SENT_START]).T.tolist() if len(doc) else [[]] * 4
    words: list[str] = list(map(doc.vocab.strings.__getitem__, orth))
    pieces = [f"{word} " if space else word for word, space in zip(words, spaced, strict=True)]
    text, places = "".join(pieces), list(range(len(words)))
    starts = list(accumulate(map(len, pieces), initial=0))[:-1]
    if any(blank):
        places = [place for place in places if not blank[place]]
        # A sentence that begins with white space begins with the first word behind it.
        opens = [int(1 in opens[a + 1 : b + 1]) for a, b in pairwise([-1, *places])]
        words, starts = [words[place] for place in places], [starts[place] for place in places]
    ends = list(map(add, starts, map(len, words)))
    if not words or not doc.has_annotation("SENT_START"):
        return tokenizer.document(text, words, starts, ends), places
    bounds = sorted({0, *(at for at, begins in enumerate(opens) if begins == 1), len(words)})
    return bounded_document(text, words, bounds, starts, ends), places
