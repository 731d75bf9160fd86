"""Tables of the names that were found: one row per name, or one per distinct name with its count.

CSV is what spreadsheets open without a question: UTF-8 with a byte order mark, lines that end in CR LF. A cell that a
spreadsheet would take for a formula gets an apostrophe before it, as OWASP advises ("CSV Injection"). TSV is for
other programs: no mark, and a row is one line, with spaces for the line ends and tabs of cells. In `.xlsx` cells are
stored as text, so nothing has to be put before them.
"""

from __future__ import annotations

import csv
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from itertools import chain, islice
from typing import Literal, TextIO

from bilstm_tagger.document.document import Document
from bilstm_tagger.document.entities import Entity, entities_of, span_tasks
from bilstm_tagger.errors import ConfigError
from bilstm_tagger.io.csv_cells import safe_cell, write_csv
from bilstm_tagger.text.tokenizers import UNSEEN

ROW = ("file", "document", "line", "start", "end", "label", "text", "sentence", "probability")
COUNT = ("text", "label", "count", "files")

Cell = str | int | float | None
Table = tuple[Sequence[str], Iterable[Sequence[Cell]]]
TableMaker = Callable[[Iterable[Document], Sequence[str] | None], Table]

WIDTH = 24  # of a column on a terminal that is never made narrower
SHOWN_ROWS = 200  # that are shown on a terminal in columns of the same width
# Inside of words there are soft hyphens and word joiners (U+2060) too; other joiners change how letters look.
_UNSEEN = re.compile(f"[{UNSEEN}\u00ad\u2060]")
_HYPHENS = {0x2010: "-", 0x2011: "-"}
# Ligatures and shapes of letters, as files of a PDF have them: of Latin, Armenian, Hebrew and Arabic.
_FORMS = re.compile("[\ufb00-\ufdff\ufe70-\ufefc]+")
_BREAKS = re.compile(r"\r\n|[\t\r\n]")


def rows(documents: Iterable[Document], tasks: Sequence[str] | None = None) -> Table:
    """Make a table with one row per name; with several tasks that have spans, the task is a column.

    Args:
        documents: with tags; read as the rows are taken.
        tasks: the tasks to write; by default all.

    Returns:
        The header and the rows.

    Raises:
        ConfigError: if the model tags no spans.
    """
    first, documents = _first(documents, tasks)
    header = ROW if len(first) < 2 else (*ROW, "task")
    return header, ([getattr(entity, name) for name in header] for entity in _entities(documents, tasks))


def counts(documents: Iterable[Document], tasks: Sequence[str] | None = None) -> Table:
    """Make a table with one row per distinct name and label: how often, in how many files; the most frequent first.

    Spellings that look alike are one: with other white space, decomposed letters, ligatures, hyphens that are not seen.

    Args:
        documents: with tags.
        tasks: the tasks to count; by default all.

    Returns:
        The header and the rows.

    Raises:
        ConfigError: if the model tags no spans.
    """
    _, documents = _first(documents, tasks)
    found: Counter[tuple[str, str]] = Counter()
    files: dict[tuple[str, str], set[str | None]] = {}
    for entity in _entities(documents, tasks):
        name = (_as_seen(entity.text), entity.label)
        found[name] += 1
        files.setdefault(name, set()).add(entity.file)
    ordered = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return COUNT, ([*name, count, len(files[name])] for name, count in ordered)


def _as_seen(text: str) -> str:
    """A name in the one spelling for all that look the same."""
    spaced = " ".join(text.split())
    if spaced.isascii():
        return spaced
    shown = _UNSEEN.sub("", spaced).translate(_HYPHENS)
    return unicodedata.normalize("NFC", _FORMS.sub(lambda form: unicodedata.normalize("NFKC", form[0]), shown))


def _first(documents: Iterable[Document], tasks: Sequence[str] | None) -> tuple[list[str], Iterable[Document]]:
    """The tasks with spans, as the first document has them, and all documents."""
    iterator = iter(documents)
    first = next(iterator, None)
    if first is None:
        return [], ()
    named = [task for task in span_tasks(first) if tasks is None or task in tasks]
    if not named:
        known = ", ".join(first.tasks) or "none"
        raise ConfigError(f"the model finds no names (its tasks: {known}); use another --model or --format jsonl")
    return named, chain([first], iterator)


def _entities(documents: Iterable[Document], tasks: Sequence[str] | None) -> Iterator[Entity]:
    for document in documents:
        yield from (entity for entity in entities_of(document) if tasks is None or entity.task in tasks)


def write_entities(documents: Iterable[Document], stream: TextIO, *, tasks: Sequence[str] | None = None) -> None:
    """Write one JSON object per name and line."""
    for document in documents:
        for entity in entities_of(document):
            if tasks is None or entity.task in tasks:
                stream.write(json.dumps(asdict(entity), ensure_ascii=False) + "\n")


def write_counts(documents: Iterable[Document], stream: TextIO, *, tasks: Sequence[str] | None = None) -> None:
    """Write one JSON object per distinct name and line."""
    header, table = counts(documents, tasks)
    for row in table:
        stream.write(json.dumps(dict(zip(header, row, strict=True)), ensure_ascii=False) + "\n")


def csv_writer(make: TableMaker) -> Callable[..., None]:
    """The writer of a table as CSV for spreadsheets."""

    def write(documents: Iterable[Document], stream: TextIO, *, tasks: Sequence[str] | None = None) -> None:
        write_csv(stream, *make(documents, tasks))

    return write


def tsv_writer(make: TableMaker) -> Callable[..., None]:
    """The writer of a table with tabs, for other programs."""

    def write(documents: Iterable[Document], stream: TextIO, *, tasks: Sequence[str] | None = None) -> None:
        header, table = make(documents, tasks)
        one_line = ([_in_one_line(cell) for cell in row] for row in table)
        writer = csv.writer(stream, dialect="excel-tab", lineterminator="\n")
        writer.writerow(header)
        writer.writerows(map(safe_cell, row) for row in one_line)

    return write


def table_writer(make: TableMaker) -> Callable[..., None]:
    """The writer of a table for reading on a terminal; what does not fit into the width is cut at its end."""

    def write(documents: Iterable[Document], stream: TextIO, *, tasks: Sequence[str] | None = None) -> None:
        from rich import box
        from rich.console import Console
        from rich.table import Table as RichTable
        from rich.text import Text

        header, table = make(documents, tasks)
        kept = [index for index, name in enumerate(header) if name not in ("document", "start", "end")]
        console, remaining = Console(file=stream, highlight=False), iter(table)
        while shown := list(islice(remaining, SHOWN_ROWS)):
            view = RichTable(box=box.SIMPLE_HEAD, pad_edge=False)
            cells = [[_printed(row[index]) for index in kept] for row in shown]
            for place, index in enumerate(kept):
                # The sentence has what is left of the width; it is where to read on, not what was asked for.
                least = None if header[index] == "sentence" else min(WIDTH, max(len(row[place]) for row in cells))
                side: Literal["right", "left"] = "right" if _is_number(shown[0][index]) else "left"
                view.add_column(header[index], no_wrap=True, min_width=least, justify=side)
            for row in cells:
                view.add_row(*map(Text, row))
            console.print(view)

    return write


def _is_number(cell: Cell) -> bool:
    return isinstance(cell, int | float)


def _printed(cell: Cell) -> str:
    """A cell as text without a line end or a control character, which could speak to the terminal."""
    if isinstance(cell, float):
        return f"{cell:.3f}"
    spaced = " ".join(str("" if cell is None else cell).split())
    return "".join(each if each.isprintable() else "\ufffd" for each in spaced)


def _in_one_line(cell: Cell) -> Cell:
    return _BREAKS.sub(" ", cell) if isinstance(cell, str) else cell
