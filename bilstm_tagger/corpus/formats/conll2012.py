"""CoNLL-2012 (OntoNotes): columns with names in brackets, between `#begin document` and `#end document`.

Format: https://conll.cemantix.org/2012/data.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.io.reading import open_text
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.schemes.spans import SpanTuple, spans_to_tags
from bilstm_tagger.settings.read_spec import ReadSpec
from bilstm_tagger.wording import counted

__all__ = ["BEGIN", "read"]

BEGIN, END = "#begin document", "#end document"
_NAMES = {"word": 3, "pos": 4, "parse": 5, "lemma": 6, "speaker": 9, "ner": 10, "names": 10}
_FURTHER = ("pos", "parse", "lemma", "frameset", "sense", "speaker", "ner")  # columns 5 to 11
_LABEL = re.compile(r"\(([^()*]+)")
_FEWEST = 12  # columns


def read(path: str | Path, spec: ReadSpec) -> Iterator[Document]:
    """Read the documents of a CoNLL-2012 file; each part is one.

    Args:
        path: the file.
        spec: how to read it; the column of a task is `ner` (also as -1, the default), `pos`, `lemma`, or a number.

    Raises:
        CorpusError: a line does not fit, or brackets do not close, as `file:line`.
    """
    sources = {task: _source(column, str(path)) for task, column in spec.all_columns().items()}
    rows: list[list[str]] = []
    lines: list[int] = []
    bounds, name = [0], None
    for number, line in open_text(path, encoding=spec.encoding):
        if line.startswith(BEGIN):
            name = line[len(BEGIN) :].strip()
        elif line.startswith(END) or not line.strip():
            if bounds[-1] < len(rows):
                bounds.append(len(rows))
            if line.startswith(END):
                yield _document(str(path), rows, lines, bounds, name, sources)
                rows, lines, bounds, name = [], [], [0], None
        else:
            cells = line.split()
            if len(cells) < _FEWEST:
                raise CorpusError(
                    f"{path}:{number}: {counted(len(cells), 'column')} where CoNLL-2012 has {_FEWEST} or more"
                )
            rows.append(cells)
            lines.append(number)
    if rows:
        raise CorpusError(f"{path}: the last document has no {END!r}; is the file whole?")


def _source(column: int | str, path: str) -> int:
    if column in (-1, "tags"):
        return _NAMES["ner"]
    if isinstance(column, int) and column > 0:
        return column - 1
    if str(column).lower() in _NAMES:
        return _NAMES[str(column).lower()]
    raise CorpusError(f"{path}: no column {column!r}; CoNLL-2012 has {', '.join(_NAMES)}, or give a number from 1")


def _document(
    path: str, rows: list[list[str]], lines: list[int], bounds: list[int], name: str | None, sources: dict[str, int]
) -> Document:
    document = Document([row[_NAMES["word"]] for row in rows], bounds, path=path, lines=lines, id=name)
    document.columns = {name: cells for name, cells in _further(rows, sources) if set(cells) - {"-", "*", "_"}}
    for task, column in sources.items():
        short = next((line for row, line in zip(rows, lines, strict=True) if len(row) <= column), None)
        if short is not None:
            raise CorpusError(f"{path}:{short}: no column {column + 1}")
        cells = [row[column] for row in rows]
        if column != _NAMES["ner"]:
            document.tags[task] = cells
            continue
        document.tags[task] = [
            tag
            for start, end in pairwise(bounds)
            for tag in spans_to_tags(_spans(cells[start:end], path, lines[start]), end - start, Scheme.BIO)
        ]
        document.schemes[task] = Scheme.BIO
    return document


def _further(rows: list[list[str]], sources: dict[str, int]) -> Iterator[tuple[str, list[str]]]:
    """The columns that no task was read from, in the names of the format; the last one is coreference."""
    for at, name in enumerate(_FURTHER, 4):
        if at not in sources.values():
            yield name, [row[at] for row in rows]
    yield "arguments", [" ".join(cell for cell in row[11:-1] if cell != "*") or "*" for row in rows]
    yield "coreference", [row[-1] for row in rows]


def _spans(cells: Sequence[str], path: str, line: int) -> list[SpanTuple]:
    """The names of a sentence from its brackets: `(PERSON*`, `*`, `*)`."""
    spans: list[SpanTuple] = []
    opened: tuple[int, str] | None = None
    for index, cell in enumerate(cells):
        labels = _LABEL.findall(cell)
        if len(labels) > 1 or (labels and opened):
            raise CorpusError(f"{path}:{line + index}: {cell!r} opens a name inside another; tags hold one per token")
        if labels:
            opened = (index, labels[0].strip("*"))
        if ")" in cell:
            if opened is None:
                raise CorpusError(f"{path}:{line + index}: {cell!r} closes a name that was not opened")
            spans.append((opened[0], index + 1, opened[1]))
            opened = None
    if opened is not None:
        raise CorpusError(f"{path}:{line + opened[0]}: the name that begins here does not end in its sentence")
    return spans
