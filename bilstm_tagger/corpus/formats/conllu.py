"""CoNLL-U: ten columns, comments, multiword tokens, empty nodes; all of it survives reading and writing.

The words (lines with a plain number) are the tokens of a `Document`. Format:
https://universaldependencies.org/format.html
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from bilstm_tagger.corpus.formats.conllu_rows import (
    COLUMNS,
    NEWDOC,
    WIDTH,
    ConlluLayout,
    misc_value,
    ordinals,
    walk,
    what_is_wrong,
)
from bilstm_tagger.corpus.formats.conllu_text import sentence_text
from bilstm_tagger.corpus.formats.conllu_write import write
from bilstm_tagger.corpus.formats.standard_fields import field_of
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.io.reading import open_text
from bilstm_tagger.settings.read_spec import ReadSpec

__all__ = ["read", "write"]

logger = logging.getLogger("bilstm_tagger")

_KEPT = ("FORM", "LEMMA", "UPOS", "XPOS", "FEATS", "DEPREL", "MISC")
_TEXT = re.compile(r"#\s*text\s*=(.*)$")
# Equal strings are shared while a file is read; beyond this many different ones sharing starts afresh.
_MEMO_LIMIT = 1 << 18


def read(path: str | Path, spec: ReadSpec) -> Iterator[Document]:
    """Read a CoNLL-U file, one document after another.

    `# newdoc` begins a document; without it the file is one. The text comes from `SpaceAfter=No` and,
    where it agrees with the tokens, from `# text`. A token without a task's MISC key has the tag `O`.

    Args:
        path: the file.
        spec: how to read it; the column of a task is a name (`UPOS`), a number from 1, or a key of MISC (`NER`); that
            of the words is FORM (also by the number 1, the default of all formats) or another, such as `LEMMA`; the
            text is that of FORM in any case.

    Raises:
        CorpusError: for a line that does not fit, as `file:line`; at the end for a column or key that is never filled.
    """
    sources = {
        task: _standard(_source(column, path), path, spec.encoding) for task, column in spec.all_columns().items()
    }
    word = "FORM" if spec.word_column == 1 else _source(spec.word_column, path)
    if word not in COLUMNS:
        raise CorpusError(f"{path}: no column {word!r} to take the words from; CoNLL-U has {', '.join(COLUMNS)}")
    return _Reader(str(path), sources, COLUMNS.index(word), spec.encoding).documents()


def _source(column: int | str, path: str | Path) -> str:
    """Name of a column, or a MISC key."""
    if isinstance(column, str) and not re.fullmatch(r"-?[0-9]+", column):
        return column.upper() if column.upper() in COLUMNS else column
    number = int(column)
    if not 1 <= abs(number) <= WIDTH:
        raise CorpusError(f"{path}: no column {number}: CoNLL-U has {WIDTH}, counted from 1")
    name = COLUMNS[number - 1 if number > 0 else number]
    if name == "MISC":
        raise CorpusError(
            f"{path}: column {number} of CoNLL-U is MISC, which holds many things; name a column or a key "
            "of MISC, such as --column NER"
        )
    return name


def _standard(source: str, path: str | Path, encoding: str | None) -> str:
    """A key of MISC, the column that it is another name of (`POS`), or the key as the file writes it (`NER`)."""
    if source in COLUMNS or not Path(path).is_file():  # what can be read only once has the key as it was named
        return source
    key = re.compile(rf"[\t|]({re.escape(source)})=", re.IGNORECASE)
    written: dict[str, None] = {}
    for _, line in open_text(path, encoding=encoding):
        written |= dict.fromkeys(key.findall(line)) if "\t" in line else {}
        if source in written:
            return source
    field = field_of(source)
    if field is not None and field.conllu is not None:
        logger.warning("%s: no token has %s= in column MISC; read as column %s", path, source, field.conllu)
        return field.conllu
    if len(written) > 1:
        raise CorpusError(f"{path}: column MISC has {' and '.join(written)}; name one of them with --column")
    return next(iter(written), source)


def _blocks(path: str, encoding: str | None) -> Iterator[tuple[int, list[str], str | None]]:
    """Lines between empty lines: number of the first, the lines, the empty line after (None at the end)."""
    block: list[str] = []
    number = 0
    for number, line in open_text(path, encoding=encoding):
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

    def __init__(self, path: str, sources: Mapping[str, str], word: int, encoding: str | None = None) -> None:
        self.path = path
        self.encoding = encoding
        self.sources = sources
        self.word = word
        self.memo: dict[str, str] = {}
        self.unfilled = set(sources.values())
        self.keys_seen: set[str] = set()

    def documents(self) -> Iterator[Document]:
        parts = _Parts()
        any_tokens = False
        for first, block, empty in _blocks(self.path, self.encoding):
            comments = next((i for i, line in enumerate(block) if line[0] != "#"), len(block))
            opening = next(filter(None, map(NEWDOC.match, block[:comments])), None) if comments else None
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
            raise CorpusError(what_is_wrong(self.path, first + comments, rows))
        ids = cells[0::WIDTH]
        if ids == ordinals(len(ids)):
            words: Sequence[int] = range(len(ids))
            ranges: list[tuple[int, int, int]] = []
            parts.cells += cells
        else:
            words, ranges = walk(ids, self.path, first + comments)
            for row in words:
                parts.cells += cells[row * WIDTH : (row + 1) * WIDTH]
        parts.rows += [len(parts.lines) + comments + row for row in words]
        parts.numbers += [first + comments + row for row in words]
        parts.bounds.append(len(parts.rows))
        declared = next(filter(None, map(_TEXT.match, block[:comments])), None) if comments else None
        parts.add_text(*sentence_text(cells, words, ranges, declared[1].strip() if declared else None))

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
            tags={task: self.tags(source, by_name, parts.numbers) for task, source in self.sources.items()},
            id=parts.id,
            path=self.path,
            lines=parts.numbers,
            layout=ConlluLayout(parts.lines, parts.rows, self.sources),
            columns={name: by_name[name] for name in _KEPT},
        )

    def tags(self, source: str, by_name: Mapping[str, list[str]], numbers: Sequence[int]) -> list[str]:
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
        hidden = re.compile(rf"(?<![\w|=-]){re.escape(source)}=")
        for cell, value in values.items():
            if value is None and hidden.search(cell):
                line = numbers[by_name["MISC"].index(cell)]
                raise CorpusError(
                    f"{self.path}:{line}: {source}= stands inside {cell!r}, not at the start of an entry; MISC has "
                    "entries with | between them"
                )
        tags = {cell: self.memo.setdefault(value, value) if value else "O" for cell, value in values.items()}
        return [tags[cell] for cell in by_name["MISC"]]

    def check_filled(self) -> None:
        for source in sorted(self.unfilled):
            if source in COLUMNS:
                raise CorpusError(f"{self.path}: column {source} is empty ('_') throughout; name another with --column")
            keys = ", ".join(sorted(self.keys_seen)) or "none"
            raise CorpusError(
                f"{self.path}: no token has {source}= in column MISC (keys there: {keys}); "
                "name one of them, or a column such as UPOS"
            )
