"""Tables with a token in each row: sentences are told apart by a column, or by empty rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from bilstm_tagger.corpus.formats.record_words import numbers_for_tags
from bilstm_tagger.corpus.formats.token_columns import (
    Row,
    Table,
    TokenRowError,
    TokenRowLayout,
    is_one_word,
    is_token,
    shown,
)
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.settings.read_spec import ReadSpec

__all__ = ["read_token_rows", "token_table"]

Numbered = tuple[Any, ...]  # the line or row of a record, the record, and what its reader wants beside it


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
    if spec.sentence_column is None and (
        word is None or (alone.sentence() is None and not is_token(alone.rows[0][1][word]))
    ):
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


def read_token_rows(table: Table) -> Iterator[Document]:
    """Read a table with a token in each row: one document, or one for each value of its column of documents.

    A sentence begins where its column or that of the documents has another value than before (an empty cell continues
    it) and after an empty row. Cells that are not read are kept in `Document.columns`.

    Raises:
        TokenRowError: a row lacks a token or a tag, or has several tokens, as `file:line`.
    """
    word, sentence, document = table.word(), table.sentence(), table.document()
    if word is None:
        raise TokenRowError(f"{table.place}: no column of tokens ({', '.join(table.header)}); name it by --word-column")
    sources = table.sources()
    part = _Part()
    current = ""
    for line, row in table.rows:
        if not any(row):
            part.end_sentence()
            continue
        if document is not None and row[document] and row[document] != part.name:
            if part.rows:
                yield part.made(table, word, sources)
            part, current = _Part(row[document]), ""
        if sentence is not None and row[sentence] and row[sentence] != current:
            part.end_sentence()
            current = row[sentence]
        _check_row(table, line, row, (word, *sources.values()))
        part.rows.append(row)
        part.lines.append(line)
    if part.rows:
        yield part.made(table, word, sources)


def _check_row(table: Table, line: int, row: Sequence[str], columns: Sequence[int]) -> None:
    """Refuse a row without a word or a tag, and one that may have several words."""
    for column in columns:
        if not row[column].strip():
            formula = " or a formula whose value is not stored" if table.path.lower().endswith(".xlsx") else ""
            raise TokenRowError(
                f"{table.place}:{line}: no {table.header[column]!r}: the cell is empty{formula}; every token needs a "
                "word and a tag: fill it in, or leave the whole row empty where a sentence ends"
            )
    word = row[columns[0]]
    if table.spec.sentence_column is None and not is_one_word(word) and not table.is_one_token(row):
        raise TokenRowError(
            f"{table.place}:{line}: the word {word!r} holds a space, and no single tag is beside it; give each word a "
            "row of its own"
        )


class _Part:
    """The rows of one document.

    Attributes:
        name: the name of the document; None if there is no column of it.
        rows: its rows.
        lines: their lines.
    """

    def __init__(self, name: str | None = None) -> None:
        self.name = name
        self.rows: list[list[str]] = []
        self.lines: list[int] = []
        self._bounds = [0]

    def end_sentence(self) -> None:
        """Let a sentence end behind the last row."""
        if self._bounds[-1] < len(self.rows):
            self._bounds.append(len(self.rows))

    def made(self, table: Table, word: int, sources: Mapping[str, int]) -> Document:
        """The document of the rows."""
        self.end_sentence()
        columns = list(zip(*self.rows, strict=True))
        header, sentence, document = table.header, table.sentence(), table.document()
        layout = TokenRowLayout(
            {task: header[at] for task, at in sources.items()},
            header=tuple(header),
            word=header[word],
            sentence=None if sentence is None else header[sentence],
            document=None if document is None else header[document],
            sentences=() if sentence is None else columns[sentence],
        )
        return Document(
            [cell.strip() for cell in columns[word]],
            self._bounds,
            tags={task: [cell.strip() for cell in columns[column]] for task, column in sources.items()},
            id=self.name,
            path=table.path,
            lines=self.lines,
            layout=layout,
            columns={name: list(columns[at]) for at, name in enumerate(header) if at not in (word, sentence, document)},
        )
