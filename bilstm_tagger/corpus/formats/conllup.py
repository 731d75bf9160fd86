"""CoNLL-U Plus: the columns that a first line `# global.columns = ID FORM ...` names.

Format: https://universaldependencies.org/ext-format.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from bilstm_tagger.corpus.formats.conllu_rows import NEWDOC
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.io.reading import open_text
from bilstm_tagger.settings.read_spec import ReadSpec
from bilstm_tagger.wording import counted

__all__ = ["global_columns", "read"]

_GLOBAL = re.compile(r"#\s*global\.columns\s*=\s*(.*\S)\s*$")


def global_columns(first: str) -> list[str]:
    """Give the columns that the first line of a file names; empty if it names none."""
    match = _GLOBAL.match(first)
    return match[1].split() if match else []


def read(path: str | Path, spec: ReadSpec) -> Iterator[Document]:
    """Read a CoNLL-U Plus file; `# newdoc` begins a document. Multiword tokens and empty nodes are no tokens.

    Args:
        path: the file.
        spec: how to read it; the column of a task is a name in the first line or a number, -1 the last one; that of the
            words is FORM.

    Raises:
        CorpusError: the first line names no columns, or a line has others, as `file:line`.
    """
    names = global_columns(next((line for _, line in open_text(path, encoding=spec.encoding) if line.strip()), ""))
    if not names:
        raise CorpusError(f"{path}:1: CoNLL-U Plus begins with # global.columns = ID FORM ...")
    word = _position("FORM" if spec.word_column == 1 else spec.word_column, names, str(path))
    sources = {task: _position(column, names, str(path)) for task, column in spec.all_columns().items()}
    rows: list[list[str]] = []
    lines: list[int] = []
    bounds, name, begun = [0], None, False

    def document() -> Document:
        columns = {each: [row[at] for row in rows] for at, each in enumerate(names) if each != "ID"}
        tags = {task: columns[names[at]] for task, at in sources.items()}
        return Document(
            [row[word] for row in rows], bounds, tags=tags, id=name, path=str(path), lines=lines, columns=columns
        )

    for number, line in open_text(path, encoding=spec.encoding):
        opening = NEWDOC.match(line)
        if opening is not None:
            if begun:
                yield document()
            rows, lines, bounds, name = [], [], [0], opening[1]
            begun = True
        elif not line.strip():
            if bounds[-1] < len(rows):
                bounds.append(len(rows))
        elif not line.startswith("#") or "\t" in line:
            cells = line.split("\t")
            if len(cells) != len(names):
                raise CorpusError(
                    f"{path}:{number}: {counted(len(cells), 'column')} where the first line names {len(names)}"
                )
            if "ID" not in names or cells[names.index("ID")].isdecimal():
                rows.append(cells)
                lines.append(number)
                begun = True
    if bounds[-1] < len(rows):
        bounds.append(len(rows))
    if begun:
        yield document()


def _position(column: int | str, names: list[str], path: str) -> int:
    if isinstance(column, int) and 1 <= abs(column) <= len(names):
        return column - 1 if column > 0 else len(names) + column
    folded = [name.casefold() for name in names]
    if str(column).casefold() not in folded:
        raise CorpusError(f"{path}: no column {column!r}; the first line names {', '.join(names)}")
    return folded.index(str(column).casefold())
