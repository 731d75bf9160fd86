"""Writing CoNLL columns: the word and a column for each task, or a document's own columns with new tags in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, pairwise
from typing import TextIO

from bilstm_tagger.corpus.formats.columns import DOCSTART, ConllLayout
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.wording import counted


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
