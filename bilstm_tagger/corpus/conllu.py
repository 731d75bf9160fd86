"""CoNLL-U: ten columns, comments, multiword tokens, empty nodes; all of it survives reading and writing.

The words (lines with a plain number) are the tokens of a `Document`. Format:
https://universaldependencies.org/format.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile
from pathlib import Path
from typing import TextIO

from bilstm_tagger.document import Document
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.io import open_text

COLUMNS = ("ID", "FORM", "LEMMA", "UPOS", "XPOS", "FEATS", "HEAD", "DEPREL", "DEPS", "MISC")
WIDTH = len(COLUMNS)
# Tasks of documents that never were CoNLL-U go to these columns by name; all others go to MISC.
TAG_COLUMNS = ("UPOS", "XPOS", "FEATS")
_KEPT = ("FORM", "LEMMA", "UPOS", "XPOS", "FEATS", "DEPREL", "MISC")
_MISC = COLUMNS.index("MISC")
_NEWDOC = re.compile(r"#\s*newdoc(?:\s+id\s*=\s*(.*\S))?\s*$")
_TEXT = re.compile(r"#\s*text\s*=(.*)$")
_RANGE = re.compile(r"([1-9][0-9]*)-([1-9][0-9]*)")
_EMPTY_NODE = re.compile(r"([0-9]+)\.([1-9][0-9]*)")
# Equal strings are shared while a file is read; beyond this many different ones sharing starts afresh.
_MEMO_LIMIT = 1 << 18


@dataclass(frozen=True, slots=True)
class ConlluLayout:
    """The document as it stood in its file.

    Attributes:
        lines: All its lines: comments, words, multiword tokens, empty nodes, empty lines.
        rows: For each token, its index in `lines`.
        sources: Column or MISC key each task was read from.
    """

    lines: Sequence[str]
    rows: Sequence[int]
    sources: Mapping[str, str]


def read(
    path: str | Path,
    *,
    columns: Mapping[str, int | str],
    names: Sequence[str] | None = None,
    word_column: int | str = 1,
) -> Iterator[Document]:
    """Read a CoNLL-U file, one document after another.

    ``# newdoc`` begins a document; without it the file is one. The text comes from ``SpaceAfter=No`` and,
    where it agrees with the tokens, from ``# text``. A token without the MISC key of a task has the tag ``O``.

    Args:
        path: The file.
        columns: The column of each task: a name (``"UPOS"``), a number from 1, or a key of MISC (``"NER"``).
        names: Not used: the columns have their names.
        word_column: The column of the words: FORM (also by the number 1, the default of all formats) or
            another, such as ``"LEMMA"``; the text is FORM's in any case.

    Raises:
        CorpusError: For a line that does not fit, as ``file:line``; at the end for a column or key that is
            never filled.
    """
    sources = {task: _source(column) for task, column in columns.items()}
    word = "FORM" if word_column == 1 else _source(word_column)
    if word not in COLUMNS:
        raise CorpusError(f"no column {word!r} to take the words from; CoNLL-U has {', '.join(COLUMNS)}")
    return _Reader(str(path), sources, COLUMNS.index(word)).documents()


def _source(column: int | str) -> str:
    """Name of a column, or a MISC key."""
    if isinstance(column, str) and not column.lstrip("-").isdigit():
        return column.upper() if column.upper() in COLUMNS else column
    number = int(column)
    if not 1 <= abs(number) <= WIDTH:
        raise CorpusError(f"no column {number}: CoNLL-U has {WIDTH}, counted from 1")
    return COLUMNS[number - 1 if number > 0 else number]


def _blocks(path: str) -> Iterator[tuple[int, list[str], str | None]]:
    """Lines between empty lines: number of the first, the lines, the empty line after them (None at the end)."""
    block: list[str] = []
    number = 0
    for number, line in open_text(path):
        if line and not line.isspace():
            block.append(line)
        else:
            yield number - len(block), block, line
            block = []
    if block:
        yield number + 1 - len(block), block, None


class _Parts:
    """What has been read of a document. Cells are collected flat and cut into columns when it ends."""

    def __init__(self) -> None:
        self.id: str | None = None
        self.begun = False
        self.lines: list[str] = []
        self.rows: list[int] = []
        self.numbers: list[int] = []
        self.cells: list[str] = []
        self.bounds = [0]
        self.pieces: list[str] = []
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.length = 0
        self.glued = True

    def add_text(self, text: str, starts: Iterable[int], ends: Iterable[int], glued: bool) -> None:
        """Append a sentence's text; `glued` says that no space follows it."""
        if not self.glued:
            self.pieces.append("\n")
            self.length += 1
        base = self.length
        self.starts += [base + start for start in starts]
        self.ends += [base + end for end in ends]
        self.pieces.append(text)
        self.length += len(text)
        self.glued = glued


class _Reader:
    """One pass over one file."""

    def __init__(self, path: str, sources: Mapping[str, str], word: int) -> None:
        self.path = path
        self.sources = sources
        self.word = word
        self.memo: dict[str, str] = {}
        self.unfilled = set(sources.values())
        self.keys_seen: set[str] = set()

    def documents(self) -> Iterator[Document]:
        parts = _Parts()
        any_tokens = False
        for first, block, empty in _blocks(self.path):
            comments = next((i for i, line in enumerate(block) if line[0] != "#"), len(block))
            opening = next(filter(None, map(_NEWDOC.match, block[:comments])), None) if comments else None
            if opening is not None:
                if parts.begun:
                    yield self.document(parts)
                    parts = _Parts()
                parts.id, parts.begun = opening[1], True
            if comments < len(block):
                self.sentence(parts, block, comments, first)
                parts.begun = any_tokens = True
            parts.lines += block
            if empty is not None:
                parts.lines.append(empty)
        if parts.begun:
            yield self.document(parts)
        if any_tokens:
            self.check_filled()

    def sentence(self, parts: _Parts, block: list[str], comments: int, first: int) -> None:
        rows = block[comments:]
        cells = "\t".join(rows).split("\t")
        if "" in cells or any(line.count("\t") != WIDTH - 1 for line in rows):
            raise CorpusError(_what_is_wrong(self.path, first + comments, rows))
        ids = cells[0::WIDTH]
        if ids == _ordinals(len(ids)):
            words: Sequence[int] = range(len(ids))
            ranges: list[tuple[int, int, int]] = []
            parts.cells += cells
        else:
            words, ranges = _walk(ids, self.path, first + comments)
            for row in words:
                parts.cells += cells[row * WIDTH : (row + 1) * WIDTH]
        parts.rows += [len(parts.lines) + comments + row for row in words]
        parts.numbers += [first + comments + row for row in words]
        parts.bounds.append(len(parts.rows))
        declared = next(filter(None, map(_TEXT.match, block[:comments])), None) if comments else None
        _add_text(parts, cells, words, ranges, declared[1].strip() if declared else None)

    def document(self, parts: _Parts) -> Document:
        if len(self.memo) > _MEMO_LIMIT:
            self.memo.clear()
        share = self.memo.setdefault
        by_name: dict[str, list[str]] = {}
        for name in {*_KEPT, *self.sources.values(), COLUMNS[self.word]}.intersection(COLUMNS):
            column = parts.cells[COLUMNS.index(name) :: WIDTH]
            by_name[name] = list(map(share, column, column))
        return Document(
            words=by_name[COLUMNS[self.word]],
            bounds=parts.bounds,
            text="".join(parts.pieces),
            starts=parts.starts,
            ends=parts.ends,
            tags={task: self.tags(source, by_name) for task, source in self.sources.items()},
            id=parts.id,
            path=self.path,
            lines=parts.numbers,
            layout=ConlluLayout(parts.lines, parts.rows, self.sources),
            columns={name: by_name[name] for name in _KEPT},
        )

    def tags(self, source: str, by_name: Mapping[str, list[str]]) -> list[str]:
        if source in COLUMNS:
            column = by_name[source]
            if source in self.unfilled and any(cell != "_" for cell in column):
                self.unfilled.discard(source)
            return column
        values = {cell: misc_value(cell, source) for cell in set(by_name["MISC"])}
        if source in self.unfilled:
            if any(value is not None for value in values.values()):
                self.unfilled.discard(source)
            else:
                self.keys_seen.update(part.split("=")[0] for cell in values for part in cell.split("|") if "=" in part)
        tags = {cell: self.memo.setdefault(value, value) if value else "O" for cell, value in values.items()}
        return [tags[cell] for cell in by_name["MISC"]]

    def check_filled(self) -> None:
        for source in sorted(self.unfilled):
            if source in COLUMNS:
                raise CorpusError(f"{self.path}: column {source} is empty ('_') throughout; name another column")
            keys = ", ".join(sorted(self.keys_seen)) or "none"
            raise CorpusError(
                f"{self.path}: no token has {source}= in column MISC (keys there: {keys}); "
                f"name one of them, or a column such as UPOS"
            )


def misc_value(cell: str, key: str) -> str | None:
    """Value of a key in a MISC cell (``A=1|B=2``), or None."""
    if key not in cell:
        return None
    prefix = key + "="
    return next((part[len(prefix) :] for part in cell.split("|") if part.startswith(prefix)), None)


@lru_cache(maxsize=256)
def _ordinals(count: int) -> list[str]:
    return [str(number) for number in range(1, count + 1)]


def _walk(ids: Sequence[str], path: str, first: int) -> tuple[list[int], list[tuple[int, int, int]]]:
    """Sort the rows of a sentence that has more than plain words.

    Returns:
        The rows of the words, and for each multiword token its row and its words' span, ``(row, start, end)``
        counted in words.
    """
    words: list[int] = []
    ranges: list[tuple[int, int, int]] = []
    for row, name in enumerate(ids):
        place = f"{path}:{first + row}"
        covered = ranges[-1][2] if ranges else 0
        if name == str(len(words) + 1):
            words.append(row)
        elif match := _RANGE.fullmatch(name):
            start, end = int(match[1]) - 1, int(match[2])
            if start != len(words) or start < covered or end <= start:
                raise CorpusError(f"{place}: multiword token {name} is out of place; it goes before its first word")
            ranges.append((row, start, end))
        elif not (match := _EMPTY_NODE.fullmatch(name)) or int(match[1]) != len(words):
            raise CorpusError(f"{place}: ID {name!r} where word {len(words) + 1} was expected; number words from 1")
    if not words or (ranges and ranges[-1][2] > len(words)):
        raise CorpusError(f"{path}:{first}: the sentence ends before word {ranges[-1][2] if ranges else 1}")
    return words, ranges


def _what_is_wrong(path: str, first: int, rows: Sequence[str]) -> str:
    for number, line in enumerate(rows, first):
        if line[0] == "#" and line.count("\t") != WIDTH - 1:
            return f"{path}:{number}: a comment inside a sentence; put an empty line before it"
        if (count := line.count("\t") + 1) != WIDTH:
            return f"{path}:{number}: {count} columns separated by tabs where CoNLL-U has {WIDTH}"
        if "" in (cells := line.split("\t")):
            return f"{path}:{number}: column {COLUMNS[cells.index('')]} is empty; CoNLL-U writes '_' there"
    return f"{path}:{first}: not CoNLL-U"


def _add_text(
    parts: _Parts,
    cells: Sequence[str],
    words: Sequence[int],
    ranges: Sequence[tuple[int, int, int]],
    declared: str | None,
) -> None:
    """Work out a sentence's text and the offsets of its words."""
    forms, miscs = cells[1::WIDTH], cells[_MISC::WIDTH]
    surface = _surface(words, ranges) if len(words) < len(forms) else words
    starts, ends, pieces = [], [], []
    place = 0
    glued = False
    for row in surface:
        form = forms[row]
        starts.append(place)
        place += len(form)
        ends.append(place)
        pieces.append(form)
        misc = miscs[row]
        glued = "SpaceAfter=No" in misc and "SpaceAfter=No" in misc.split("|")
        if not glued:
            pieces.append(" ")
            place += 1
    if not glued:
        pieces.pop()
    text = "".join(pieces)
    if declared is not None and declared != text:
        aligned = _align(declared, [forms[row] for row in surface])
        if aligned is not None:
            text, starts = declared, aligned
            ends = [start + len(forms[row]) for start, row in zip(starts, surface, strict=True)]
    if ranges:
        starts, ends = _inside(forms, words, ranges, dict(zip(surface, zip(starts, ends, strict=True), strict=True)))
    parts.add_text(text, starts, ends, glued)


def _surface(words: Sequence[int], ranges: Sequence[tuple[int, int, int]]) -> list[int]:
    """Rows that make up the text: multiword tokens, and the words outside them."""
    covered = {words[index] for _, start, end in ranges for index in range(start, end)}
    return sorted([row for row, _, _ in ranges] + [row for row in words if row not in covered])


def _align(text: str, forms: Sequence[str]) -> list[int] | None:
    """Where each form stands in a text with nothing but white space between them, or None."""
    starts = []
    place = 0
    for form in forms:
        while not text.startswith(form, place):
            if place >= len(text) or not text[place].isspace():
                return None
            place += 1
        starts.append(place)
        place += len(form)
    return None if text[place:].strip() else starts


def _inside(
    forms: Sequence[str],
    words: Sequence[int],
    ranges: Sequence[tuple[int, int, int]],
    places: Mapping[int, tuple[int, int]],
) -> tuple[list[int], list[int]]:
    """Offsets of words: of those in a multiword token its slices where they spell it, else all of it."""
    spans = [places.get(row, (0, 0)) for row in words]
    for row, first, last in ranges:
        start, end = places[row]
        parts = [forms[words[index]] for index in range(first, last)]
        spelled = "".join(parts) == forms[row]
        for index, part in enumerate(parts, first):
            if spelled:
                end = start + len(part)
            spans[index] = (start, end)
            if spelled:
                start = end
    return [start for start, _ in spans], [end for _, end in spans]


def write(documents: Iterable[Document], stream: TextIO, *, tasks: Sequence[str] | None = None) -> None:
    """Write documents as CoNLL-U.

    A document that was read from CoNLL-U keeps its lines; only the cells of the tasks change. For any other
    the ids, ``# text`` and ``SpaceAfter=No`` are made from its tokens. A task goes to the column or MISC key it
    was read from, else tasks named upos, xpos or feats to their column, others to MISC under their
    name in capitals.

    Args:
        documents: What to write, one after another.
        stream: Where to.
        tasks: The tasks to write; by default all of each document.

    Raises:
        CorpusError: If a word or tag cannot stand in its cell.
    """
    sentences = 0
    for position, document in enumerate(documents):
        layout = document.layout
        targets = _targets(document, document.tasks if tasks is None else tasks)
        if isinstance(layout, ConlluLayout):
            lines = _changed(document, layout, targets)
            opened = any(map(_NEWDOC.match, takewhile(lambda line: line[:1] == "#", lines)))
            if position and not opened:
                stream.write("# newdoc\n")
        else:
            lines = list(_made(document, targets, sentences))
        sentences += len(document.bounds) - 1
        stream.writelines(line + "\n" for line in lines)
        if lines and lines[-1].strip():
            stream.write("\n")


def _targets(document: Document, tasks: Sequence[str]) -> list[tuple[str, list[str], bool]]:
    """For each task its column or MISC key, its tags, and whether an ``O`` may stay unsaid."""
    sources = document.layout.sources if isinstance(document.layout, ConlluLayout) else {}
    targets = []
    for task in tasks:
        name = sources.get(task, task.upper())
        if task not in sources and name in COLUMNS and name not in TAG_COLUMNS:
            raise CorpusError(f"task {task!r} would overwrite column {name} of CoNLL-U; rename the task")
        tags = document.tags_of(task)
        banned = "\t\n\r" if name in COLUMNS else "\t\n\r|"
        for tag in set(tags):
            if not tag or any(character in tag for character in banned):
                where = document.where(tags.index(tag))
                raise CorpusError(f"{where}: the tag {tag!r} cannot stand in {name} of CoNLL-U; rename it")
        if not name or any(character in name for character in "\t\n\r|= "):
            raise CorpusError(f"task {task!r} cannot be a key of column MISC; rename the task")
        targets.append((name, tags, task in sources))
    if len({name for name, _, _ in targets}) < len(targets):
        raise CorpusError("two tasks would be written to the same place in CoNLL-U; rename one of them")
    return targets


def _changed(document: Document, layout: ConlluLayout, targets: Sequence[tuple[str, list[str], bool]]) -> list[str]:
    """The lines of the file with the tasks' cells replaced."""
    lines = list(layout.lines)
    if targets:
        for index, row in enumerate(layout.rows):
            cells = lines[row].split("\t")
            _fill(cells, targets, index)
            lines[row] = "\t".join(cells)
    return lines


def _fill(cells: list[str], targets: Sequence[tuple[str, list[str], bool]], index: int) -> None:
    """Put a token's tags into its ten cells."""
    for name, tags, optional in targets:
        if name in COLUMNS:
            cells[COLUMNS.index(name)] = tags[index]
        elif not (optional and tags[index] == "O" and misc_value(cells[_MISC], name) is None):
            cells[_MISC] = _with_key(cells[_MISC], name, tags[index])


def _with_key(cell: str, key: str, value: str) -> str:
    entries = [] if cell == "_" else cell.split("|")
    for place, entry in enumerate(entries):
        if entry.startswith(key + "="):
            entries[place] = f"{key}={value}"
            break
    else:
        entries.append(f"{key}={value}")
    return "|".join(entries)


def _made(document: Document, targets: Sequence[tuple[str, list[str], bool]], sentences: int) -> Iterator[str]:
    """Lines for a document that has no CoNLL-U lines of its own."""
    yield "# newdoc" + (f" id = {' '.join(document.id.split())}" if document.id else "")
    words, starts, ends = document.words, document.starts, document.ends
    glued = [end == start for end, start in zip(ends, starts[1:], strict=False)] + [False]
    known = {name: document.columns[name] for name in ("LEMMA", *TAG_COLUMNS) if name in document.columns}
    for number, (first, last) in enumerate(zip(document.bounds, document.bounds[1:], strict=False), sentences + 1):
        text = "".join(words[i] + ("" if glued[i] or i == last - 1 else " ") for i in range(first, last))
        yield f"# sent_id = {number}"
        yield f"# text = {text}"
        for index in range(first, last):
            if not words[index] or any(character in words[index] for character in "\t\n\r"):
                raise CorpusError(
                    f"{document.where(index)}: the word {words[index]!r} cannot stand in CoNLL-U; "
                    "it is empty or holds a tab or a line break"
                )
            cells = [str(index - first + 1), words[index], *"_" * (WIDTH - 2)]
            for name, column in known.items():
                cells[COLUMNS.index(name)] = column[index]
            if glued[index]:
                cells[_MISC] = "SpaceAfter=No"
            _fill(cells, targets, index)
            yield "\t".join(cells)
        yield ""
