"""Tables with a token in each row: sentences are told apart by a column, or by empty rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from bilstm_tagger.corpus.formats.list_cells import read_cell
from bilstm_tagger.corpus.formats.record_words import numbers_for_tags
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.settings.read_spec import ReadSpec

__all__ = ["TEXTS", "Table", "looks_like_header", "place_of", "read_token_rows", "shown", "token_table"]

Row = tuple[int, list[str]]  # the line it begins in, its cells
Numbered = tuple[Any, ...]  # the line or row of a record, the record, and what its reader wants beside it

_WORDS = ("word", "token", "form", "words", "tokens")
_TAGS = ("tag", "tags", "ner", "nertag", "nertags", "label", "labels", "iob", "bio", "netag", "entity", "upos", "pos")
_SENTENCES = frozenset(
    ["sentence#", "sentenceid", "sentenceidx", "sentenceno", "sentencenr", "sentencenumber", "sentid", "sentidx"]
)
TEXTS = ("text", "sentence", "body", "content")


def place_of(path: str, sheet: str | None) -> str:
    """A file, and the sheet of it if it is a workbook with several, for messages."""
    return path if sheet is None else f"{path}: sheet {sheet!r}"


def _plain(name: str) -> str:
    """The name of a column without blanks, marks and case."""
    return "".join(character for character in name.casefold() if character not in " _-.:")


def looks_like_header(cells: Sequence[str]) -> bool:
    """Tell whether the cells of a first line are names of columns, not a token and its tags."""
    names = [_plain(cell) for cell in cells]
    known = sum(name in {*_WORDS, *_TAGS, *_SENTENCES, *TEXTS, "id", "chunk", "lemma"} for name in names)
    return len(names) > 1 and known > 1 and bool({*_WORDS, *TEXTS}.intersection(names))


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a table with a token in each.

    Attributes:
        path: the file, for messages.
        header: the names of the columns.
        rows: all rows; an empty one, or one of empty cells, ends a sentence.
        spec: how to read it.
        of_records: whether the rows are records, among which none is empty.
        sheet: their sheet, if the file is a workbook with several.
    """

    path: str
    header: Sequence[str]
    rows: Sequence[Row]
    spec: ReadSpec
    of_records: bool = False
    sheet: str | None = None

    @property
    def place(self) -> str:
        """The file, and the sheet of it, for messages."""
        return place_of(self.path, self.sheet)

    def lack(self) -> str | None:
        """Tell what a sheet lacks that others of its workbook have; None if it has tokens or a text."""
        wanted = self.spec.word_column if isinstance(self.spec.word_column, str) else self.spec.text_column
        names = [name.casefold() for name in self.header]
        if wanted is not None:
            return None if wanted.casefold() in names else f"no column {wanted!r}; there are {', '.join(self.header)}"
        if "text" in names or not {_plain(name) for name in names}.isdisjoint(_WORDS):
            return None
        return f"no column has tokens or a text (columns: {', '.join(filter(None, self.header))})"

    def is_one(self) -> bool:
        """Tell whether there is a token in each row, not a document.

        Raises:
            CorpusError: it may be either.
        """
        if self.spec.sentence_column is not None:
            return True
        word = self.word()
        if word is None or self.spec.text_column:
            return False
        filled = [row for row in self.rows if any(row[1])]
        if not filled or not all(_is_token(row[word]) for _, row in filled):
            return False
        if self.sentence() is not None or len(filled) < len(self.rows):
            return True
        if len(filled) < 2:
            return False
        by_row = "" if self.of_records else ", or put an empty row after each sentence"
        cells = "the token and its tags as lists" if self.of_records else "its cells as JSON lists"
        raise CorpusError(
            f"{self.place}:{filled[0][0]}: each row has one token, and nothing tells where sentences end: name the "
            f"column that does by --sentence-column{by_row}; if each row is a sentence of one token, write {cells}"
        )

    def word(self) -> int | None:
        """Find the column of the tokens."""
        if self.spec.word_column != 1:
            return self.position(self.spec.word_column)
        names = [_plain(name) for name in self.header]
        return next((names.index(name) for name in _WORDS if name in names), None)

    def sentence(self) -> int | None:
        """Find the column that tells the sentences apart."""
        if self.spec.sentence_column is not None:
            return self.position(self.spec.sentence_column)
        return next((at for at, name in enumerate(self.header) if _plain(name) in _SENTENCES), None)

    def tag(self, task: str, column: int | str) -> int:
        """Find the column of a task: a number other than -1 counts columns, -1 is the usual names or the last one."""
        if column != -1:
            return self.position(column)
        names = [_plain(name) for name in self.header]
        wanted = (_plain(task), f"{_plain(task)}tags", *_TAGS)
        known = next((names.index(name) for name in wanted if name in names), None)
        taken = (self.word(), self.sentence())
        rest = [at for at in range(len(names)) if at not in taken]
        if known is None and not rest:
            raise CorpusError(f"{self.place}: no column has tags; there are {', '.join(self.header)}")
        return rest[-1] if known is None else known

    def position(self, column: int | str) -> int:
        """Find a column by its number from 1, from the end if negative, or its name.

        Raises:
            CorpusError: there is no such column.
        """
        if isinstance(column, int) and 1 <= abs(column) <= len(self.header):
            return column - 1 if column > 0 else len(self.header) + column
        names = [name.casefold() for name in self.header]
        if str(column).casefold() in names:
            return names.index(str(column).casefold())
        raise CorpusError(f"{self.place}: no column {column!r}; there are {', '.join(self.header)}")


def shown(cell: Any) -> str:
    """A cell as text, whole numbers without a decimal point."""
    if cell is None:
        return ""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def token_table(path: str, records: Iterable[Numbered], spec: ReadSpec) -> tuple[Table | None, Iterator[Numbered]]:
    """Tell records with a token in each from those with a document in each.

    Args:
        path: the file, for messages.
        records: each with its line or row, and perhaps more behind it. If the first one may be a token, all are held.
        spec: how to read them.

    Returns:
        The table of tokens and nothing; or None and the records.

    Raises:
        CorpusError: it may be either; a tag is a number; or `--sentence-column` is given for documents.
    """
    records = iter(records)
    first = next(records, None)
    if first is None:
        return None, records
    if not _is_flat(first[1]):
        _refuse_column(spec, f"{path}:{first[0]}")
        return None, chain([first], records)
    header = [str(name) for name in first[1]]
    alone = Table(path, header, [_cells(first, header)], spec, of_records=True)
    word = alone.word()
    if spec.sentence_column is None and (word is None or not _is_token(alone.rows[0][1][word])):
        return None, chain([first], records)
    held = [first, *records]
    document = next((number for number, record, *_ in held if not _is_flat(record)), None)
    if document is not None:
        _refuse_column(spec, f"{path}:{document}")
        return None, iter(held)
    header = list(dict.fromkeys(str(name) for _, record, *_ in held for name in record))
    table = Table(path, header, [_cells(each, header) for each in held], spec, of_records=True)
    if not table.is_one():
        return None, iter(held)
    _refuse_numbers(table, held)
    return table, iter(())


def _is_flat(record: Any) -> bool:
    """Whether a record has neither lists nor objects, so that it may be a token."""
    return isinstance(record, Mapping) and not any(isinstance(cell, list | tuple | Mapping) for cell in record.values())


def _cells(numbered: Numbered, header: Sequence[str]) -> Row:
    return numbered[0], [shown(numbered[1].get(name)) for name in header]


def _refuse_column(spec: ReadSpec, place: str) -> None:
    if spec.sentence_column is not None:
        raise CorpusError(
            f"{place}: not a token but a document; --sentence-column is for a token in each row, so leave it out"
        )


def _refuse_numbers(table: Table, records: Sequence[Numbered]) -> None:
    """Refuse numbers for tags, which are those of classes whose names are not there."""
    for task, column in table.spec.all_columns().items():
        name = table.header[table.tag(task, column)]
        for number, record, *_ in records:
            if isinstance(record.get(name), int | float):
                raise numbers_for_tags(task, f"{table.place}:{number}")


def _is_token(cell: str) -> bool:
    return len(cell.split()) == 1 and isinstance(read_cell(cell), str)


def read_token_rows(table: Table) -> Iterator[Document]:
    """Read a table with a token in each row as one document.

    A sentence begins where its column has another value than before (an empty cell continues it) and after an empty
    row. Cells that are not read are kept in `Document.columns`.

    Raises:
        CorpusError: a row lacks a token or a tag, as `file:line`.
    """
    word, sentence = table.word(), table.sentence()
    if word is None:
        raise CorpusError(f"{table.place}: no column of tokens ({', '.join(table.header)}); name it by --word-column")
    sources = {task: table.tag(task, column) for task, column in table.spec.all_columns().items()}
    lines: list[int] = []
    kept: list[list[str]] = []
    bounds = [0]
    current = ""
    for line, row in table.rows:
        ends = not any(row)
        if not ends and sentence is not None and row[sentence] and row[sentence] != current:
            ends, current = True, row[sentence]
        if ends and bounds[-1] < len(lines):
            bounds.append(len(lines))
        if not any(row):
            continue
        for column in (word, *sources.values()):
            if not row[column].strip():
                raise CorpusError(
                    f"{table.place}:{line}: no {table.header[column]!r}; every token needs a word and a tag"
                )
        lines.append(line)
        kept.append(row)
    if not lines:
        return
    if bounds[-1] < len(lines):
        bounds.append(len(lines))
    columns = list(zip(*kept, strict=True))
    yield Document(
        [cell.strip() for cell in columns[word]],
        bounds,
        tags={task: [cell.strip() for cell in columns[column]] for task, column in sources.items()},
        path=table.path,
        lines=lines,
        columns={name: list(columns[at]) for at, name in enumerate(table.header) if at not in (word, sentence)},
    )
