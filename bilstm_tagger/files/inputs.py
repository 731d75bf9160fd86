"""What is tagged: files and standard input, read as documents without tags."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from bilstm_tagger.corpus.formats import FORMATS
from bilstm_tagger.corpus.reading import iterate_corpus
from bilstm_tagger.corpus.trained import words_in_format
from bilstm_tagger.document.document import Document
from bilstm_tagger.document.entities import FirstLine
from bilstm_tagger.io.reading import open_text, read_text
from bilstm_tagger.settings.read_spec import ReadSpec

# `text` is one document a file, `lines` one document a line, `words` one tokenised sentence a line.
INPUT_FORMATS: tuple[str, ...] = ("text", "lines", "words", *FORMATS)
SUFFIXES: Mapping[str, str] = {
    **{suffix: name for name, known in FORMATS.items() for suffix in known.suffixes},
    ".txt": "text",
}


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """One file to tag.

    Attributes:
        path: where to read it.
        name: its path as the user named it, relative to where the output goes.
        format: how to read it, one of `INPUT_FORMATS`.
        in_folder: whether it is one of a folder's files, not named itself.
    """

    path: Path
    name: str
    format: str
    in_folder: bool = False

    def target(self, output: Path, suffix: str) -> Path:
        """Where its tagged version goes: the relative path plus the suffix of the format."""
        return output / (self.name + suffix)


@dataclass(frozen=True, slots=True)
class LineLayout:
    """Marks a document that was one line of tokenised words: a sentence among others, not a text by itself."""


class Source(NamedTuple):
    """A document of a file, to be tagged.

    Attributes:
        content: a text where it is still to be tokenised, else a document without tags.
        id: its own name, if it has one.
        whole: whether it is all of its file, and so goes by the name of the file.
        first: where a text begins in its file, if not in the first line.
        by_line: whether each line end of the text ends a sentence.
    """

    content: str | Document
    id: str | None = None
    whole: bool = False
    first: FirstLine | None = None
    by_line: bool = False


def read_job(job: Job, spec: ReadSpec) -> Iterator[Source]:
    """Read a file's documents.

    Args:
        job: the file.
        spec: how to read words, and raw text in JSON and tables; its format and its tasks are not used.

    Yields:
        The documents.

    Raises:
        CorpusError: if the file is not what it should be, as `file:line`.
    """
    if job.format == "text":
        yield Source(read_text(job.path), whole=True)
    elif job.format == "lines":
        for number, line in open_text(job.path):
            yield Source(line, first=FirstLine(number))
    elif job.format == "words":
        yield from map(Source, _words(job.path))
    else:
        for document in iterate_corpus(job.path, words_in_format(spec, job.format)):
            yield Source(document, document.id)


def _words(path: Path) -> Iterator[Document]:
    for number, line in open_text(path):
        # Not at every white space: a no-break space may stand inside a token.
        words = [word for word in line.replace("\t", " ").split(" ") if word]
        yield Document(words, [0, len(words)], lines=[number] * len(words), layout=LineLayout())
