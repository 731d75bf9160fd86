"""A tagger of fixed rules, for tests of what lies around tagging."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from bilstm_tagger.document.document import Document
from bilstm_tagger.schemes.grammar import Scheme


class RuleTagger:
    """Capitalised words are names, runs of them one span; every word's shape is its plain tag."""

    def __init__(self, *, tasks: tuple[str, ...] = ("ner", "upos"), ahead: int = 3) -> None:
        self.tasks = list(tasks)
        self.ahead = ahead
        self.options: dict[str, int] = {}

    def read(self, source: str | Document) -> Document:
        if isinstance(source, Document):
            return source
        words = [(match.start(), match.group()) for match in re.finditer(r"\w+|[^\w\s]", source)]
        return Document(
            [word for _, word in words],
            [0, len(words)] if words else [0],
            text=source,
            starts=[start for start, _ in words],
            ends=[start + len(word) for start, word in words],
        )

    def __call__(self, source: str | Document) -> Document:
        return self.tag(self.read(source))

    def pipe(self, sources: Iterable[Any], **options: int) -> Iterator[Document]:
        self.options = options
        documents = map(self.read, sources)
        while window := list(islice(documents, self.ahead)):  # runs ahead, as the real one does
            yield from map(self.tag, window)

    def tag(self, document: Document) -> Document:
        names = [tag for sentence in document.sentences for tag in self.names(sentence.words)]
        shapes = ["NAME" if word[0].isupper() else "WORD" for word in document.words]
        tags = {"ner": names, "upos": shapes}
        return document.with_tags({task: tags[task] for task in self.tasks}, {"ner": Scheme.BIO})

    def names(self, words: list[str]) -> Iterator[str]:
        inside = False
        for word in words:
            yield ("I-PER" if inside else "B-PER") if word[0].isupper() else "O"
            inside = word[0].isupper()
