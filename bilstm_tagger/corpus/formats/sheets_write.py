"""Writing a token in each row: CSV and Excel, with a column that numbers the sentences."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, pairwise
from typing import Any, BinaryIO, TextIO

from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import ConfigError, CorpusError

__all__ = ["write_token_csv", "write_xlsx"]

_NUMBER, _WORD = "sentence_id", "word"


def _rows(documents: Iterable[Document], tasks: Sequence[str] | None) -> Iterator[list[Any]]:
    """The header, then a row for each token; sentences are numbered through all documents."""
    documents = iter(documents)
    first = next(documents, None)
    chosen = list(tasks if tasks is not None else first.tasks if first else [])
    taken = {_NUMBER, _WORD}.intersection(chosen)
    if taken:
        raise CorpusError(f"task {taken.pop()!r} is named like a column that each table has; rename the task")
    yield [_NUMBER, _WORD, *chosen]
    number = 0
    for document in chain([] if first is None else [first], documents):
        columns = [document.tags_of(task) for task in chosen]
        for index, word in enumerate(document.words):
            if len(word.split()) != 1 or word != word.strip():
                where = document.where(index)
                raise CorpusError(f"{where}: {word!r} holds white space and cannot be a row of tokens; write .jsonl")
        for start, end in pairwise(document.bounds):
            number += end > start
            for index in range(start, end):
                yield [number, document.words[index], *(column[index] for column in columns)]


def write_token_csv(documents: Iterable[Document], stream: TextIO, *, tasks: Sequence[str] | None = None) -> None:
    """Write documents as CSV with a token in each row: the number of its sentence, the word, a column for each task.

    Args:
        documents: what to write, one after another.
        stream: where to.
        tasks: the tasks to write; by default those of the first document.

    Raises:
        CorpusError: a word holds white space, or a task is named like another column.
    """
    csv.writer(stream, lineterminator="\n").writerows(_rows(documents, tasks))


def write_xlsx(documents: Iterable[Document], stream: BinaryIO, *, tasks: Sequence[str] | None = None) -> None:
    """Write documents as an Excel sheet with a token in each row. Arguments and errors as in `write_token_csv`.

    Raises:
        ConfigError: openpyxl is not installed.
        CorpusError: a word has a character that Excel cannot hold.
    """
    try:
        from openpyxl import Workbook
        from openpyxl.cell import WriteOnlyCell
        from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
    except ImportError:
        raise ConfigError("Excel needs openpyxl; install it: pip install 'bilstm-tagger[office]'") from None
    rows = list(_rows(documents, tasks))
    for row in rows:
        odd = next((value for value in row[1:] if ILLEGAL_CHARACTERS_RE.search(value)), None)
        if odd is not None:
            raise CorpusError(f"{odd!r} has a character that Excel cannot hold; write .csv or .jsonl")
    book = Workbook(write_only=True)
    sheet = book.create_sheet("tokens")

    def cell(value: Any) -> Any:
        made = WriteOnlyCell(sheet, value)
        if isinstance(value, str):
            made.data_type = "s"  # text, also where it begins like a formula
        return made

    for row in rows:
        sheet.append(list(map(cell, row)))
    book.save(stream)
