"""What readers give: documents to be tagged, and what is to be told of the files they come from."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from bilstm_tagger.corpus.reading import iterate_corpus
from bilstm_tagger.corpus.trained import words_in_format
from bilstm_tagger.document.document import Document
from bilstm_tagger.settings.read_spec import ReadSpec

PACKED = (".gz", ".zst")


class Source(NamedTuple):
    """A document of a file, to be tagged.

    Attributes:
        content: a text where it is still to be tokenised, else a document without tags.
        id: its own name, if it has one.
        whole: whether it is all of its file, and so goes by the name of the file.
        line: the line or row of its file that a text is in, if it is not all of the file.
        by_line: whether each line end of the text ends a sentence.
        layout: what else belongs to a text, for formats that keep it.
        in_lines: whether further lines of the text are further lines of its file, as in a cell of CSV.
    """

    content: str | Document
    id: str | None = None
    whole: bool = False
    line: int | None = None
    by_line: bool = False
    layout: object | None = None
    in_lines: bool = False


class Unread(StrEnum):
    """What of a file is not read."""

    ATTACHMENTS = "attachments"
    PAGES = "pages"
    LAYOUTS = "layouts"
    ANNOTATIONS = "annotations"
    COMMENTS = "comments"
    EMBEDDED = "embedded"
    MARKS = "marks"
    READINGS = "readings"
    SPEAKERS = "speakers"
    OTHER_KEYS = "other keys"


@dataclass(slots=True)
class Tally:
    """What readers have to tell that is no failure, of all files together.

    Attributes:
        extracted: number of files whose text was taken out of them, by suffix.
        empty: number of rows and records without a text, which are empty documents, by file.
        unread: number of parts of files that are not read, by what they are and by place.
        examples: the longest text that was left out, by what it is, where that may be a mistake.
        damaged: mails of which text may be missing since they are not as they should be, each with what is wrong.
        guessed: files whose encoding was not declared and is not UTF-8, read as windows-1252.
        columns: files of rows that were read as columns of tokens, and may be tables.
        no_text: files in folders that are tables without a column of text; each message names its file.
        no_visible_text: pages that show no text by themselves.
    """

    extracted: Counter[str] = field(default_factory=Counter)
    empty: Counter[str] = field(default_factory=Counter)
    unread: defaultdict[Unread, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    examples: dict[Unread, str] = field(default_factory=dict)
    damaged: list[str] = field(default_factory=list)
    guessed: list[str] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    no_text: list[str] = field(default_factory=list)
    no_visible_text: list[str] = field(default_factory=list)

    def leave_out(self, what: Unread, place: str, number: int, texts: Iterable[str] = ()) -> None:
        """Count what is not read.

        Args:
            what: what it is.
            place: where it is: a file, or a mail of one.
            number: how often it is there; 0 is not told.
            texts: its texts, where they may have been left out by mistake.
        """
        if number:
            self.unread[what][place] += number
        if longest := max(texts, key=len, default=""):
            self.examples[what] = max(self.examples.get(what, ""), longest, key=len)


def suffix_of(path: Path) -> str:
    """The suffix that tells what a file is, in lower case, without that of the compression; empty if there is none."""
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() not in PACKED]
    return suffixes[-1] if suffixes else ""


def read_words(path: Path, format: str, spec: ReadSpec) -> Iterator[Source]:
    """Read the documents of an annotated file without their tags.

    Args:
        path: the file.
        format: one of the formats of annotated files.
        spec: how to read words.
    """
    for document in iterate_corpus(path, words_in_format(spec, format)):
        yield Source(document, document.id)
