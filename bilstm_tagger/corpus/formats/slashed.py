"""A sentence per line, each word with its tag behind a slash: `Anna/NNP slept/VBD`, as the Penn Treebank writes it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TextIO

from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.io.reading import open_text
from bilstm_tagger.settings.read_spec import ReadSpec

__all__ = ["read", "write"]


def read(path: str | Path, spec: ReadSpec) -> Iterator[Document]:
    """Read words with tags; an empty line ends a document.

    Args:
        path: the file.
        spec: how to read it; `delimiter` is what stands between word and tag, `/` by default; the last one of a word
            counts.

    Raises:
        CorpusError: a word has no tag, as `file:line`.
    """
    mark = spec.delimiter or "/"
    words: list[str] = []
    tags: list[str] = []
    lines: list[int] = []
    bounds = [0]

    def document() -> Document:
        every = {task: list(tags) for task in spec.all_columns()}
        return Document(words, bounds, tags=every, path=str(path), lines=lines)

    for number, line in open_text(path, encoding=spec.encoding):
        if not line.strip() and words:
            yield document()
            words, tags, lines, bounds = [], [], [], [0]
        for item in line.split():
            word, found, tag = item.rpartition(mark)
            if not (found and word and tag):
                raise CorpusError(f"{path}:{number}: {item!r} is no word with a tag behind {mark!r}; see --delimiter")
            words.append(word)
            tags.append(tag)
            lines.append(number)
        if line.strip():
            bounds.append(len(words))
    if words:
        yield document()


def write(documents: Iterable[Document], stream: TextIO, *, tasks: Sequence[str] | None = None) -> None:
    """Write a sentence per line, each word with its tag behind a slash; an empty line after each document.

    Args:
        documents: what to write, one after another.
        stream: where to.
        tasks: the task to write; by default the only one of the first document.

    Raises:
        CorpusError: there is more than one task, or a word or tag cannot be written so.
    """
    for document in documents:
        chosen = list(document.tasks if tasks is None else tasks)
        if len(chosen) != 1:
            raise CorpusError(
                f"word/TAG holds the tags of one task, not of {', '.join(chosen) or 'none'}; name one, --column"
            )
        tags = document.tags_of(chosen[0])
        for index, (word, tag) in enumerate(zip(document.words, tags, strict=True)):
            if len(word.split()) != 1 or word != word.strip() or len(tag.split()) != 1 or "/" in tag:
                raise CorpusError(
                    f"{document.where(index)}: {word!r} with the tag {tag!r} cannot be written as word/TAG"
                )
        for start, end in pairwise(document.bounds):
            if start < end:
                pairs = zip(document.words[start:end], tags[start:end], strict=True)
                stream.write(" ".join(f"{word}/{tag}" for word, tag in pairs) + "\n")
        stream.write("\n")
