"""The beginning of a stream of documents, for writers that must know of some before they write the first."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from bilstm_tagger.document.document import Document


def until_words(documents: Iterable[Document]) -> tuple[list[Document], Iterable[Document]]:
    """The documents up to the first one with words, and all of them; no more are read than that."""
    stream = iter(documents)
    begun: list[Document] = []
    for document in stream:
        begun.append(document)
        if document.words:
            break
    return begun, chain(begun, stream)
