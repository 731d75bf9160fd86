"""Writing CSV and Excel: a token in each row, with columns of documents and sentences, or a sentence in each row."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice, pairwise
from typing import Any, BinaryIO, TextIO

from bilstm_tagger.corpus.formats.table import OWN
from bilstm_tagger.corpus.formats.token_columns import COMMAS, CsvStyle, TokenRowLayout, is_one_word
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import ConfigError, CorpusError
from bilstm_tagger.io.marked import write_mark

__all__ = ["write_sentence_csv", "write_sentence_xlsx", "write_token_csv", "write_xlsx"]

_DOCUMENT, _NUMBER, _WORD = "doc_id", "sentence_id", "word"
_ID, _TEXT, _TOKENS = "id", "text", "tokens"
_LONGEST = 32_767  # characters of a cell of Excel


def _token_rows(documents: Iterable[Document], tasks: Sequence[str] | None) -> Iterator[list[Any]]:
    """The header, then a row for each token; sentences are numbered through all documents.

    Documents have a column of their names if the first one has a name or there are several.
    """
    documents = iter(documents)
    begin = list(islice(documents, 2))
    first = begin[0] if begin else None
    if first is not None and isinstance(first.layout, TokenRowLayout) and first.layout.kept:
        yield from _same_rows(chain(begin, documents), first.layout)
        return
    chosen = _chosen(first, tasks, {_DOCUMENT, _NUMBER, _WORD})
    named = len(begin) > 1 or (first is not None and bool(first.id))
    yield [*([_DOCUMENT] if named else []), _NUMBER, _WORD, *chosen]
    number = 0
    for document, name in _with_names(chain(begin, documents)):
        columns = [document.tags_of(task) for task in chosen]
        for index, word in enumerate(document.words):
            if not is_one_word(word) or word != word.strip():
                where = document.where(index)
                raise CorpusError(f"{where}: {word!r} holds white space and cannot be a row of tokens; write .jsonl")
        for start, end in pairwise(document.bounds):
            number += end > start
            for index in range(start, end):
                cells = [number, document.words[index], *(column[index] for column in columns)]
                yield [name, *cells] if named else cells


def _same_rows(documents: Iterable[Document], layout: TokenRowLayout) -> Iterator[list[Any]]:
    """The rows of a table as it was read; an empty one ends a sentence that no other cell tells from the next."""
    yield [*layout.header]
    before: tuple[str | None, str] | None = None
    for document in documents:
        own = document.layout
        cells = own.sentences if isinstance(own, TokenRowLayout) else ()
        columns: dict[str, Sequence[str]] = {**document.columns, layout.word: document.words}
        columns |= {column: document.tags_of(task) for task, column in layout.sources.items() if task in document.tags}
        columns |= {layout.document: [document.id or ""] * len(document)} if layout.document else {}
        columns |= {layout.sentence: cells} if layout.sentence else {}
        for start, end in pairwise(document.bounds):
            if start == end:
                continue
            place = (document.id, cells[start] if cells else "")
            if before is not None and (place == before or (not place[1] and place[0] == before[0])):
                yield [""] * len(layout.header)
            for index in range(start, end):
                yield [columns[name][index] for name in layout.header]
            before = (place[0], next((cell for cell in reversed(cells[start:end]) if cell), place[1]))


def _with_names(documents: Iterable[Document]) -> Iterator[tuple[Document, str]]:
    """Each document with its name, or else its number; one that is called like that before it has its number too."""
    before = None
    for number, document in enumerate(documents, 1):
        name = document.id if document.id and document.id.strip() else str(number)
        name = f"{name}.{number}" if name == before else name
        yield document, name
        before = name if document.words else before


def _sentence_rows(documents: Iterable[Document], tasks: Sequence[str] | None) -> Iterator[list[Any]]:
    """The header, then a row for each sentence; tokens and tags are lists of JSON, which any of them can stand in."""
    documents = iter(documents)
    first = next(documents, None)
    chosen = _chosen(first, tasks, {_ID, _TEXT, _TOKENS, *OWN})
    yield [_ID, _TEXT, _TOKENS, *chosen]
    for number, document in enumerate(chain([] if first is None else [first], documents), 1):
        columns = [document.words, *map(document.tags_of, chosen)]
        sentences = [(start, end) for start, end in pairwise(document.bounds) if start < end]
        for place, (start, end) in enumerate(sentences, 1):
            text = document.text[document.starts[start] : document.ends[end - 1]]
            lists = (json.dumps(column[start:end], ensure_ascii=False) for column in columns)
            yield [f"{document.id or number}.{place}", text, *lists]


def _chosen(first: Document | None, tasks: Sequence[str] | None, own: set[str]) -> list[str]:
    """The tasks to write, none of which is named like another column."""
    chosen = list(tasks if tasks is not None else first.tasks if first else [])
    taken = own.intersection(chosen)
    if taken:
        raise CorpusError(f"task {taken.pop()!r} is named like a column that each table has; rename the task")
    return chosen


def write_sentence_csv(documents: Iterable[Document], stream: TextIO, *, tasks: Sequence[str] | None = None) -> None:
    """Write documents as CSV with a sentence in each row: its name and text, and lists of its tokens and of their tags.

    Arguments and errors as in `write_token_csv`.
    """
    _write_csv(_sentence_rows(documents, tasks), stream)


def write_token_csv(documents: Iterable[Document], stream: TextIO, *, tasks: Sequence[str] | None = None) -> None:
    """Write documents as CSV with a token in each row: the number of its sentence, the word, a column for each task.

    Before them stands the name of the document if the first one has a name or there are several.

    Args:
        documents: what to write, one after another.
        stream: where to.
        tasks: the tasks to write; by default those of the first document.

    Raises:
        CorpusError: a word holds white space, or a task is named like another column.
    """
    documents = iter(documents)
    first = next(documents, None)
    layout = None if first is None else first.layout
    style = layout.style if isinstance(layout, TokenRowLayout) and layout.kept else COMMAS
    _write_csv(_token_rows(chain([] if first is None else [first], documents), tasks), stream, style)


def _write_csv(rows: Iterable[list[Any]], stream: TextIO, style: CsvStyle = COMMAS) -> None:
    """Write rows with quotation marks where they need them; `csv` forgets a lone carriage return, which ends a row."""
    if style.marked:
        write_mark(stream)
    stream.write(style.said)
    usual = csv.writer(stream, delimiter=style.delimiter, lineterminator=style.line_end)
    quoted = csv.writer(stream, delimiter=style.delimiter, lineterminator=style.line_end, quoting=csv.QUOTE_ALL)
    for row in rows:
        returns = any(isinstance(cell, str) and "\r" in cell for cell in row)
        (quoted if returns else usual).writerow(row)


def write_xlsx(documents: Iterable[Document], stream: BinaryIO, *, tasks: Sequence[str] | None = None) -> None:
    """Write documents as an Excel sheet with a token in each row. Arguments and errors as in `write_token_csv`.

    Raises:
        ConfigError: openpyxl is not installed.
        CorpusError: a word has a character that Excel cannot hold.
    """
    _write_book(_token_rows(documents, tasks), stream, "tokens")


def write_sentence_xlsx(documents: Iterable[Document], stream: BinaryIO, *, tasks: Sequence[str] | None = None) -> None:
    """Write documents as an Excel sheet with a sentence in each row. Arguments and errors as in `write_token_csv`.

    Raises:
        ConfigError: openpyxl is not installed.
        CorpusError: a sentence has a character that Excel cannot hold, or is too long for a cell.
    """
    _write_book(_sentence_rows(documents, tasks), stream, "sentences")


def _write_book(table: Iterable[list[Any]], stream: BinaryIO, title: str) -> None:
    """Write rows as the only sheet of a workbook, all text as text."""
    try:
        from openpyxl import Workbook
        from openpyxl.cell import WriteOnlyCell
        from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
    except ImportError:
        raise ConfigError("Excel needs openpyxl; install it: pip install 'bilstm-tagger[office]'") from None
    rows = list(table)
    for value in (value for row in rows for value in row if isinstance(value, str)):
        if ILLEGAL_CHARACTERS_RE.search(value) or "\ufffe" in value or "\uffff" in value:
            raise CorpusError(f"{value!r} has a character that Excel cannot hold; write .csv or .jsonl")
        if len(value) > _LONGEST:
            begin = f"{value[:40]!r}"
            raise CorpusError(
                f"{begin}... is longer than a cell of Excel ({_LONGEST:,} characters); write .csv or .jsonl"
            )
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title)

    def cell(value: Any) -> Any:
        made = WriteOnlyCell(sheet, value)
        if isinstance(value, str):
            made.data_type = "s"  # text, also where it begins like a formula
        return made

    for row in rows:
        sheet.append(list(map(cell, row)))
    book.save(stream)
