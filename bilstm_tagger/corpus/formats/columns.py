r"""CoNLL columns: one token a line, columns by tabs or spaces, an empty line after each sentence.

`-DOCSTART-` lines separate documents. A line that begins with `#` is a token, unless it is said that comments begin so.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, pairwise
from pathlib import Path
from typing import TextIO

from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.io.reading import open_text
from bilstm_tagger.settings.read_spec import ReadSpec
from bilstm_tagger.wording import counted

DOCSTART = "-DOCSTART-"
# Equal strings are shared while a file is read; beyond this many different ones sharing starts afresh.
_MEMO_LIMIT = 1 << 18


@dataclass(frozen=True, slots=True)
class ConllLayout:
    """What writing needs to give a file its own columns back.

    Attributes:
        width: columns in the file.
        word: 0-based column of the words.
        sources: 0-based column each task was read from.
        separator: what stood between columns, a tab or a space.
        docstart: cells of the document's `-DOCSTART-` line, or None where there was none.
        comments: for the number of a token the comment lines before it.
    """

    width: int
    word: int
    sources: Mapping[str, int]
    separator: str
    docstart: tuple[str, ...] | None
    comments: Mapping[int, Sequence[str]] = field(default_factory=dict)


def read(path: str | Path, spec: ReadSpec) -> Iterator[Document]:
    """Read a file of columns, one document after another.

    A line with a tab is split at tabs only, any other at runs of spaces. A file without `-DOCSTART-` is one
    document. Every column but the words is kept in `Document.columns` under its number and its name.

    Args:
        path: the file.
        spec: how to read it; columns count from 1, from the end if negative, or are among its `names`, which are those
            of all columns of the file.

    Raises:
        CorpusError: for a line that does not fit, as `file:line`.
    """
    return _Reader(str(path), spec).documents()


class _Reader:
    """One pass over one file. Cells are collected flat and cut into columns when a document ends."""

    def __init__(self, path: str, spec: ReadSpec) -> None:
        self.path = path
        self.columns = spec.all_columns()
        self.names = spec.names
        self.word_column = spec.word_column
        self.encoding = spec.encoding
        self.mark = spec.comments
        self.comments: list[tuple[int, str]] = []
        self.first_line = ""
        self.width = 0
        self.separator = "\t"
        self.word = 0
        self.sources: dict[str, int] = {}
        self.memo: dict[str, str] = {}

    def documents(self) -> Iterator[Document]:
        cells: list[str] = []
        lines: list[int] = []
        bounds = [0]
        docstart: tuple[str, ...] | None = None
        numbered = open_text(self.path, encoding=self.encoding)
        for number, line in self.without_comments(numbered, self.mark) if self.mark else numbered:
            if "\t" in line:
                row = line.split("\t")
            else:
                row = line.split(" ")
                if "" in row:
                    row = [cell for cell in row if cell]
            if not row or line.isspace():
                if bounds[-1] < len(lines):
                    bounds.append(len(lines))
            elif row[0] == DOCSTART:
                if lines or docstart is not None:
                    yield self.document(cells, lines, bounds, docstart)
                    cells, lines, bounds = [], [], [0]
                docstart = tuple(row)
                if not self.width:
                    self.separator = "\t" if "\t" in line else " "
            else:
                if len(row) != self.width:
                    row = self.first_or_fail(number, row, line)
                cells += row
                lines.append(number)
        if lines or docstart is not None:
            yield self.document(cells, lines, bounds, docstart)

    def without_comments(self, numbered: Iterable[tuple[int, str]], mark: str) -> Iterator[tuple[int, str]]:
        """The lines that are no comments; the comments are kept aside with their numbers."""
        for number, line in numbered:
            if line.startswith(mark):
                self.comments.append((number, line))
            else:
                yield number, line

    def first_or_fail(self, number: int, row: list[str], line: str) -> list[str]:
        """Take the columns' meaning from the first token; refuse a later one with other columns.

        Returns:
            The cells of the token, without empty ones at the end where the file has them in place of tags.
        """
        place = f"{self.path}:{number}"
        if self.width:
            if len(row) > self.width and not any(row[self.width :]):
                return row[: self.width]
            raise CorpusError(
                f"{place}: {counted(len(row), 'column')} where the file's first token has {self.width}; "
                f"every token needs the same columns, an empty line ends a sentence{self.hint(line)}"
            )
        if self.names and len(self.names) != len(row):
            raise CorpusError(
                f"{place}: {counted(len(row), 'column')}, but {len(self.names)} column names were given"
                f"{self.hint(line)}"
            )
        self.first_line = line
        self.separator = "\t" if "\t" in line else " "
        self.arrange(len(row), place)
        if any(not row[column] for column in self.sources.values()) and not row[-1]:
            while not row[-1]:
                row = row[:-1]
            self.arrange(len(row), place)
        return row

    def arrange(self, width: int, place: str) -> None:
        """Find the columns of words and tags in a file of some width."""
        self.width = width
        self.word = self.resolve(self.word_column, place)
        for task, column in self.columns.items():
            self.sources[task] = self.resolve(column, place)
            if self.sources[task] == self.word:
                raise CorpusError(
                    f"{place}: {task!r} would be read from the column of the words "
                    f"({counted(self.width, 'column')} in all); name another with --column{self.csv_hint()}"
                )

    def csv_hint(self) -> str:
        """Say what a file of one column may be, if its first line has a sign that separates cells."""
        sign = next((each for each in ",;" if self.width == 1 and each in self.first_line.strip(each)), None)
        return f", or if its cells stand between {sign!r}, give the file the ending .csv" if sign else ""

    def hint(self, line: str) -> str:
        """Name the option for comments, where a line or the file's first one may be one."""
        marks = [each[0] for each in (line, self.first_line) if each[:1] in ("#", "%")]
        return f"; if lines that begin with {marks[0]} are comments, add --comments '{marks[0]}'" if marks else ""

    def resolve(self, column: int | str, place: str) -> int:
        """0-based position of a column given by number or name."""
        if isinstance(column, str):
            if column in self.names:
                return self.names.index(column)
            try:
                column = int(column)
            except ValueError:
                known = f"known: {', '.join(self.names)}" if self.names else "no column names were given"
                raise CorpusError(f"{place}: no column is named {column!r} ({known}); or give its number") from None
        if not 1 <= abs(column) <= self.width:
            has = f"the file has {counted(self.width, 'column')}, counted from 1{self.csv_hint()}"
            raise CorpusError(f"{place}: no column {column}: {has}")
        return column - 1 if column > 0 else self.width + column

    def document(
        self, cells: list[str], lines: list[int], bounds: list[int], docstart: tuple[str, ...] | None
    ) -> Document:
        if bounds[-1] < len(lines):
            bounds.append(len(lines))
        if len(self.memo) > _MEMO_LIMIT:
            self.memo.clear()
        share = self.memo.setdefault
        by_number: list[list[str]] = []
        for index in range(self.width):
            column = cells[index :: self.width]
            by_number.append(list(map(share, column, column)))
        for index in {self.word, *self.sources.values()} if lines else ():
            if "" in by_number[index]:  # only tabs can leave a cell empty
                raise CorpusError(
                    f"{self.path}:{lines[by_number[index].index('')]}: column {index + 1} is empty; "
                    "every token needs a word and a tag"
                )
        comments: dict[int, list[str]] = {}
        for number, line in self.comments:
            comments.setdefault(bisect_left(lines, number), []).append(line)
        self.comments = []
        if not by_number:  # nothing but -DOCSTART- lines so far
            by_number = [[]]
        kept = {str(i + 1): column for i, column in enumerate(by_number) if i != self.word}
        if self.names:
            kept |= {name: by_number[i] for i, name in enumerate(self.names[: self.width]) if i != self.word}
        return Document(
            words=by_number[self.word],
            bounds=bounds,
            tags={task: _stripped(by_number[self.sources[task]]) if lines else [] for task in self.columns},
            path=self.path,
            lines=lines,
            layout=ConllLayout(self.width, self.word, dict(self.sources), self.separator, docstart, comments),
            columns=kept,
        )


def _stripped(tags: list[str]) -> list[str]:
    """Tags without the blanks that stand around them in some files with tabs."""
    blank = {tag for tag in set(tags) if tag != tag.strip(" ")}
    return [tag.strip(" ") for tag in tags] if blank else tags


def write(documents: Iterable[Document], stream: TextIO, *, tasks: Sequence[str] | None = None) -> None:
    """Write documents as columns: the word, then one column for each task, separated by tabs.

    A document that was read from columns keeps all of them: a task goes back to the column it came from, a
    new one is appended. `-DOCSTART-` lines are written where the document had one, and before each document
    when there are several.

    Args:
        documents: what to write, one after another.
        stream: where to.
        tasks: the tasks to write; by default those of the first document.

    Raises:
        CorpusError: if a word or tag cannot stand in a column, or documents differ in their columns.
    """
    documents = iter(documents)
    first = next(documents, None)
    if first is None:
        return
    second = next(documents, None)
    rest = documents if second is None else chain([second], documents)
    chosen = list(first.tasks if tasks is None else tasks)
    width = 0
    for document in chain([first], rest):
        columns, separator, docstart = _arrange(document, chosen)
        if width and width != len(columns) and document.words:
            raise CorpusError(
                f"{document.path or 'a document'}: {counted(len(columns), 'column')} after documents with {width}; "
                "write documents of different columns to different files"
            )
        width = len(columns) if document.words else width
        if docstart is not None or second is not None:
            missing = max(len(columns) - len(docstart or [DOCSTART]), 0)
            stream.write(separator.join([*(docstart or [DOCSTART]), *["O"] * missing]) + "\n\n")
        _check_words_and_tags(document, chosen)
        rows = list(map(separator.join, zip(*columns, strict=True)))
        _check_rows(document, columns[0], rows)
        comments = dict(document.layout.comments) if isinstance(document.layout, ConllLayout) else {}
        for start, end in pairwise(document.bounds):
            sentence = [*rows[start:end], ""]
            if comments:
                sentence = [
                    line
                    for at, row in enumerate(sentence, start)
                    for line in (*(comments.pop(at, ()) if at < end else ()), row)
                ]
            stream.writelines(row + "\n" for row in sentence)
        stream.writelines(line + "\n" for lines in comments.values() for line in lines)


def places(documents: Sequence[Document], tasks: Sequence[str]) -> dict[str, int]:
    """The number of the column of each task, from 1."""
    layout = documents[0].layout if documents else None
    width, sources = (layout.width, layout.sources) if isinstance(layout, ConllLayout) else (1, {})
    new = [task for task in tasks if task not in sources]
    return {task: sources[task] + 1 if task in sources else width + new.index(task) + 1 for task in tasks}


def _arrange(document: Document, tasks: Sequence[str]) -> tuple[list[list[str]], str, tuple[str, ...] | None]:
    """All columns to write, what to put between them, and the document's own -DOCSTART- line."""
    layout = document.layout
    if not isinstance(layout, ConllLayout):
        return [document.words, *map(document.tags_of, tasks)], "\t", None
    columns = [document.columns[str(i + 1)] if i != layout.word else document.words for i in range(layout.width)]
    for task in tasks:
        if task in layout.sources:
            columns[layout.sources[task]] = document.tags_of(task)
        else:
            columns.append(document.tags_of(task))
    if layout.width == 0:  # nothing but -DOCSTART-
        columns = [document.words]
    spaced = layout.separator == " " and not any(" " in cell or not cell for column in columns for cell in column)
    return columns, " " if spaced else "\t", layout.docstart


def _check_words_and_tags(document: Document, tasks: Sequence[str]) -> None:
    """Refuse what cannot stand in a column."""
    for column in (document.words, *map(document.tags_of, tasks)):
        joined = "".join(column)
        if "" not in column and not any(character in joined for character in "\t\n\r"):
            continue
        for index, cell in enumerate(column):
            if not cell or any(character in cell for character in "\t\n\r"):
                raise CorpusError(
                    f"{document.where(index)}: {cell!r} cannot stand in a column; "
                    "it is empty or holds a tab or a line break"
                )


def _check_rows(document: Document, column: Sequence[str], rows: Sequence[str]) -> None:
    """Refuse a token whose line would be read back as an empty line, a document boundary or several cells."""
    alone = rows == column
    for index, (cell, row) in enumerate(zip(column, rows, strict=True)):
        if cell == DOCSTART or row.isspace() or (alone and " " in cell):
            raise CorpusError(
                f"{document.where(index)}: the token {document.words[index]!r} would not be read back "
                "as one token; write another format"
            )
