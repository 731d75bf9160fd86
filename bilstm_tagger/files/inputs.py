"""What is tagged: files and standard input, read as documents without tags by what they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bilstm_tagger.corpus.formats import FORMATS
from bilstm_tagger.corpus.formats.workbooks import ONLY_READ
from bilstm_tagger.document.document import Document
from bilstm_tagger.files.html_text import read_html
from bilstm_tagger.files.mail import read_mail, read_mbox
from bilstm_tagger.files.office_text import read_docx, read_pdf
from bilstm_tagger.files.source import Source, Tally, read_words, suffix_of
from bilstm_tagger.files.subtitles import read_subtitles
from bilstm_tagger.files.tables import read_table
from bilstm_tagger.io.reading import open_text, read_text
from bilstm_tagger.settings.read_spec import ReadSpec

# `text` is one document a file, `lines` one document a line, `words` one tokenised sentence a line.
INPUT_FORMATS: tuple[str, ...] = (
    "text", "lines", "words", "log", "html", "mail", "mbox", "subtitles", "docx", "pdf", "table", *FORMATS,
)  # fmt: skip
SUFFIXES: Mapping[str, str] = {
    **{suffix: name for name, known in FORMATS.items() for suffix in known.suffixes},
    **dict.fromkeys((".txt", ".text", ".md", ".markdown", ".rst"), "text"),
    ".log": "log",
    **dict.fromkeys((".html", ".htm", ".xhtml"), "html"),
    ".eml": "mail",
    ".mbox": "mbox",
    **dict.fromkeys((".srt", ".vtt"), "subtitles"),
    ".docx": "docx",
    ".pdf": "pdf",
    ".tsv": "tsv",  # a table, or columns of tokens: its first lines tell
    **dict.fromkeys((".xlsx", *ONLY_READ), "table"),
}
# What may be a table of texts, and so may have a text column.
TABLES = frozenset({"table", "tsv", "csv", "jsonl", "parquet", "arrow"})
# Whose text is taken out of the file, so that offsets do not count in the file.
EXTRACTED = frozenset({"html", "mail", "mbox", "subtitles", "docx", "pdf"})


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """One file to tag.

    Attributes:
        path: where to read it.
        name: its path as the user named it, relative to where the output goes.
        format: how to read it, one of `INPUT_FORMATS` or `tsv`.
        in_folder: whether it is one of a folder's files, not named itself.
        by_pattern: whether a pattern matched it that the shell had left as it is.
    """

    path: Path
    name: str
    format: str
    in_folder: bool = False
    by_pattern: bool = False

    @property
    def was_found(self) -> bool:
        """Whether it was found, in a folder or by a pattern, so that output among such files is left out."""
        return self.in_folder or self.by_pattern

    def target(self, output: Path, suffix: str) -> Path:
        """Where its tagged version goes: the relative path plus the suffix of the format."""
        return output / (self.name + suffix)


@dataclass(frozen=True, slots=True)
class LineLayout:
    """Marks a document that was one line of tokenised words: a sentence among others, not a text by itself."""


def read_job(job: Job, spec: ReadSpec, tally: Tally | None = None) -> Iterator[Source]:
    """Read a file's documents.

    Args:
        job: the file.
        spec: how to read words, and raw text in JSON and tables; its format and its tasks are not used.
        tally: where is counted what the reader has to tell.

    Yields:
        The documents.

    Raises:
        CorpusError: if the file is not what it should be, as `file:line`.
        NoTextError: if it is a table in which no column of text is found.
        ConfigError: if its format needs a package that is not installed.
    """
    tally = Tally() if tally is None else tally
    for number, source in enumerate(_sources(job, spec, tally)):
        if number == 0 and job.format in EXTRACTED:
            tally.extracted[suffix_of(job.path) or job.format] += 1
        yield source


def _sources(job: Job, spec: ReadSpec, tally: Tally) -> Iterator[Source]:
    if job.format in _READERS:
        return _READERS[job.format](job.path, spec, tally)
    if job.format in TABLES:
        return read_table(job.path, job.format, spec, tally)
    return read_words(job.path, job.format, spec)


def _text(path: Path, spec: ReadSpec, tally: Tally) -> Iterator[Source]:
    yield Source(read_text(path, encoding=spec.encoding), whole=True)


def _log(path: Path, spec: ReadSpec, tally: Tally) -> Iterator[Source]:
    yield Source(read_text(path, encoding=spec.encoding), whole=True, by_line=True)


def _lines(path: Path, spec: ReadSpec, tally: Tally) -> Iterator[Source]:
    for number, line in open_text(path, encoding=spec.encoding):
        yield Source(line, line=number)


def _words(path: Path, spec: ReadSpec, tally: Tally) -> Iterator[Source]:
    for number, line in open_text(path, encoding=spec.encoding):
        # Not at every white space: a no-break space may stand inside a token.
        words = [word for word in line.replace("\t", " ").split(" ") if word]
        yield Source(Document(words, [0, len(words)], lines=[number] * len(words), layout=LineLayout()))


def _html(path: Path, spec: ReadSpec, tally: Tally) -> Iterator[Source]:
    yield Source(read_html(path, tally, encoding=spec.encoding), whole=True, by_line=True)


def _mail(path: Path, spec: ReadSpec, tally: Tally) -> Iterator[Source]:
    yield from read_mail(path, tally)


def _mbox(path: Path, spec: ReadSpec, tally: Tally) -> Iterator[Source]:
    yield from read_mbox(path, tally)


def _subtitles(path: Path, spec: ReadSpec, tally: Tally) -> Iterator[Source]:
    yield Source(read_subtitles(path, tally, encoding=spec.encoding), whole=True, by_line=True)


def _docx(path: Path, spec: ReadSpec, tally: Tally) -> Iterator[Source]:
    yield Source(read_docx(path, tally), whole=True, by_line=True)


def _pdf(path: Path, spec: ReadSpec, tally: Tally) -> Iterator[Source]:
    yield Source(read_pdf(path, tally), whole=True)


_READERS: Mapping[str, Callable[[Path, ReadSpec, Tally], Iterator[Source]]] = {
    "text": _text, "lines": _lines, "words": _words, "log": _log, "html": _html, "mail": _mail, "mbox": _mbox,
    "subtitles": _subtitles, "docx": _docx, "pdf": _pdf,
}  # fmt: skip
