r"""CoNLL columns: one token a line, columns by tabs or spaces, an empty line after each sentence.

`-DOCSTART-` lines separate documents. A line that begins with `#` is a token, unless it is said that comments begin so.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

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
        self.looked = False

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
        if lines and not self.looked:
            self.looked = True
            self.refuse_numbers(by_number, bounds)
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

    def refuse_numbers(self, columns: Sequence[Sequence[str]], bounds: Sequence[int]) -> None:
        """Refuse numbers of tokens for words, where the next column has words and is not asked for."""
        following = self.word + 1
        if columns[self.word][0] != "1":
            return
        numbers = [str(place + 1) for start, end in pairwise(bounds) for place in range(end - start)]
        if self.width <= following or following in self.sources.values() or columns[self.word] != numbers:
            return
        if "2" in numbers and any(map(str.isalpha, columns[following])):
            raise CorpusError(
                f"{self.path}: column {self.word + 1} counts the tokens of each sentence; the words seem to be in "
                f"column {following + 1}: --word-column {following + 1}"
            )


def _stripped(tags: list[str]) -> list[str]:
    """Tags without the blanks that stand around them in some files with tabs."""
    blank = {tag for tag in set(tags) if tag != tag.strip(" ")}
    return [tag.strip(" ") for tag in tags] if blank else tags
