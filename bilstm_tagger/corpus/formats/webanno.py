r"""WebAnno TSV 3, which WebAnno and INCEpTION export: a token per line, spans by labels with numbers, as `PER[1]`.

Format: https://inception-project.github.io/releases/22.5/docs/user-guide.html#sect_formats_webannotsv3
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from bilstm_tagger.corpus.formats.char_spans import Aligner, not_annotated
from bilstm_tagger.corpus.formats.marks import Spot
from bilstm_tagger.corpus.formats.record_words import find_words
from bilstm_tagger.corpus.formats.standard_fields import field_of
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.io.reading import open_text
from bilstm_tagger.schemes.grammar import UNKNOWN, Scheme
from bilstm_tagger.schemes.spans import SpanTuple, spans_to_tags
from bilstm_tagger.settings.read_spec import ReadSpec

__all__ = ["FIRST", "Feature", "features", "full_names", "read"]

FIRST = "#FORMAT=WebAnno TSV 3"
_TOKEN = re.compile(r"((\d+)-\d+)(\.\d+)?")
_VALUE = re.compile(r"(.*?)(?:\[(\d+)\])?", re.DOTALL)
# Layers of one value for each token.
_PLAIN = ("POS", "Lemma", "Stem", "MorphologicalFeatures")


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature of a layer that annotates something.

    Attributes:
        layer: name of the layer, without the package it comes from.
        name: name of the feature.
        count: how many spans or tokens have it.
        apart: whether no two spans overlap.
        linked: whether it is one of a relation or chain.
    """

    layer: str
    name: str
    count: int
    apart: bool
    linked: bool

    @property
    def taggable(self) -> bool:
        """Whether tags can hold it as it is."""
        return self.apart and not self.linked

    def __str__(self) -> str:
        """What a column is called by."""
        return f"{self.layer}.{self.name}"


class _Part(NamedTuple):
    """A part of a token that has annotations of its own: the number of the token, the part, its cells, its line."""

    token: int
    word: str
    cells: list[str]
    line: int


@dataclass(slots=True)
class _Rows:
    """The tokens of a file, and the cells behind them."""

    words: list[str] = field(default_factory=list)
    cells: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    parts: list[_Part] = field(default_factory=list)
    bounds: list[int] = field(default_factory=lambda: [0])
    texts: list[str] = field(default_factory=list)
    columns: list[tuple[str, str]] = field(default_factory=list)  # layer and feature
    links: set[int] = field(default_factory=set)  # which of the columns are of relations and chains


def read(path: str | Path, spec: ReadSpec) -> Iterator[Document]:
    """Read a file as one document.

    Args:
        path: the file.
        spec: how to read it; the column of a task is a feature (`value`), a layer (`NamedEntity`), `LAYER.FEATURE` or
            what such tags are usually called (`ner`, `upos`), in upper or lower case; a number counts the columns
            behind the token, -1 is the named entities, or the last column without them.
            `misaligned` says what happens to spans that overlap, and to those of parts of tokens.

    Raises:
        CorpusError: a line does not fit, or there is no such feature.
    """
    rows = _rows(str(path), spec.encoding)
    document = Document(rows.words, rows.bounds, path=str(path), lines=rows.lines)
    text = "\n".join(rows.texts)
    starts, ends = find_words(rows.words, text)
    if starts is not None and ends is not None:
        document = Document(
            rows.words, rows.bounds, text=text, starts=starts, ends=ends, path=str(path), lines=rows.lines
        )
    aligner = Aligner(str(path), spec.misaligned)
    for task, column in spec.all_columns().items():
        at = _position(column, rows.columns, str(path))
        values = [cells[at] if at < len(cells) else "_" for cells in rows.cells]
        if rows.columns[at][0] in _PLAIN:
            document.tags[task] = [UNKNOWN if value in ("_", "*") else _unescaped(value) for value in values]
            continue
        spans = _all_spans(values, rows, at, aligner)
        spots = {span: Spot(str(path), rows.lines[span[0]]) for span in spans}
        spans = aligner.without_overlaps(spans, Spot(str(path), 1), spots)
        blank = _without_value(values, rows, at, aligner)
        document.tags[task] = not_annotated(spans_to_tags(spans, len(document), Scheme.BIO), blank)
        document.schemes[task] = Scheme.BIO
    aligner.finish()
    yield document


def features(path: str | Path, *, encoding: str | None = None) -> list[Feature]:
    """Give the features of a file that annotate anything, in their order.

    Args:
        path: the file.
        encoding: its encoding; None for UTF-8, or UTF-16 by its mark.

    Raises:
        CorpusError: a line does not fit.
    """
    rows = _rows(str(path), encoding)
    found = []
    for at, (layer, name) in enumerate(rows.columns):
        values = [cells[at] if at < len(cells) else "_" for cells in rows.cells]
        if layer in _PLAIN:
            count, apart = sum(value not in ("_", "*") for value in values), True
        else:
            spans = sorted(set(_spans(values, rows.bounds)))
            count, apart = len(spans), all(left[1] <= right[0] for left, right in pairwise(spans))
        if count and not name.startswith("BT_"):  # the type of what a relation begins at
            found.append(Feature(layer, name, count, apart=apart, linked=at in rows.links))
    return found


def full_names(path: str | Path, columns: Iterable[int | str], *, encoding: str | None = None) -> set[str]:
    """Give the features that columns stand for, each as `LAYER.FEATURE`.

    Args:
        path: the file.
        columns: as in `read`.
        encoding: its encoding; None for UTF-8, or UTF-16 by its mark.

    Raises:
        CorpusError: a line does not fit, or there is no such feature.
    """
    known = _rows(str(path), encoding).columns
    return {".".join(known[_position(column, known, str(path))]) for column in columns}


def _rows(path: str, encoding: str | None) -> _Rows:
    rows = _Rows()
    sentence = ""
    known: dict[str, int] = {}
    parts: list[tuple[str, list[str], int]] = []
    for number, line in open_text(path, encoding=encoding):
        if line.startswith("#Text="):
            rows.texts.append(line[len("#Text=") :])
        elif line.startswith(("#T_SP=", "#T_CH=", "#T_RL=")):
            layer, *names = line[len("#T_SP=") :].split("|")
            if not line.startswith("#T_SP="):
                rows.links.update(range(len(rows.columns), len(rows.columns) + len(names)))
            rows.columns += [(layer.rpartition(".")[2], name.strip()) for name in names]
        elif line.strip() and not line.startswith("#"):
            cells = line.split("\t")
            match = _TOKEN.fullmatch(cells[0])
            if len(cells) < 3 or match is None:
                raise CorpusError(f"{path}:{number}: not a token of WebAnno TSV 3: 1-1, a tab, 0-4, a tab, the token")
            if match[3]:
                parts.append((match[1], cells, number))
                continue
            if match[2] != sentence and rows.words:
                rows.bounds.append(len(rows.words))
            sentence = match[2]
            known[match[1]] = len(rows.words)
            rows.words.append(cells[2])
            rows.cells.append(cells[3:])
            rows.lines.append(number)
    if rows.words:
        rows.bounds.append(len(rows.words))
    for token, cells, number in parts:
        if token not in known:
            raise CorpusError(f"{path}:{number}: {cells[2]!r} is a part of token {token}, which is not there")
        rows.parts.append(_Part(known[token], cells[2], cells[3:], number))
    return rows


def _all_spans(values: Sequence[str], rows: _Rows, at: int, aligner: Aligner) -> list[SpanTuple]:
    """The spans of a column; those that end within a token become whole tokens or are left out, as `aligner` says."""
    partial = [
        (part, item, *_label(item))
        for part in rows.parts
        for item in _items(part.cells[at] if at < len(part.cells) else "_")
        if _label(item)[0] not in ("*", "")
    ]
    numbers = {number for *_, number in partial} - {None}
    whole = ["|".join(each for each in _items(value) if _label(each)[1] not in numbers) or "_" for value in values]
    spans = set(_spans(whole, rows.bounds))
    aligner.fits(len(spans))
    widened = list(values)
    for part, item, label, number in partial:
        if number is None or number in numbers:
            aligner.is_part(_unescaped(label), part.word, Spot(aligner.path, part.line))
            numbers.discard(number)
        widened[part.token] = item if widened[part.token] == "_" else f"{widened[part.token]}|{item}"
    return sorted(spans if aligner.policy == "drop" else set(_spans(widened, rows.bounds)))


def _without_value(values: Sequence[str], rows: _Rows, at: int, aligner: Aligner) -> set[int]:
    """The tokens of spans that have no value, `*`; each span is counted once."""
    cells = [(index, value, rows.lines[index]) for index, value in enumerate(values)]
    cells += [(part.token, part.cells[at] if at < len(part.cells) else "_", part.line) for part in rows.parts]
    tokens, seen = set(), set()
    for index, value, line in sorted(cells, key=lambda cell: cell[2]):
        for label, number in map(_label, _items(value)):
            if label == "*" or (not label and number is not None):
                tokens.add(index)
                if number is None or number not in seen:
                    aligner.without_label(Spot(aligner.path, line))
                seen.add(number)
    return tokens


def _position(column: int | str, columns: Sequence[tuple[str, str]], path: str) -> int:
    known = ", ".join(f"{layer}.{feature}" for layer, feature in columns) or "none"
    if column == -1 and columns:
        named = [at for at, (layer, feature) in enumerate(columns) if (layer, feature) == ("NamedEntity", "value")]
        return named[0] if named else len(columns) - 1
    if isinstance(column, int) and 1 <= abs(column) <= len(columns):
        return column - 1 if column > 0 else len(columns) + column
    fitting = _fitting(str(column), columns)
    usual = field_of(str(column))
    if not fitting and usual is not None and usual.webanno is not None:
        fitting = _fitting(usual.webanno, columns)
    if len(fitting) > 1 and len({columns[at][0] for at in fitting}) == 1:
        fitting = [at for at in fitting if columns[at][1] == "value"] or fitting
    if len(fitting) != 1:
        raise CorpusError(
            f"{path}: {'several features are' if fitting else 'no feature is'} {column!r}; it has {known}"
        )
    return fitting[0]


def _fitting(name: str, columns: Sequence[tuple[str, str]]) -> list[int]:
    """The columns of that name, in upper or lower case only where none is written so."""
    named = [(feature, layer, f"{layer}.{feature}") for layer, feature in columns]
    exact = [at for at, names in enumerate(named) if name in names]
    return exact or [at for at, names in enumerate(named) if name.casefold() in map(str.casefold, names)]


def _spans(values: Sequence[str], bounds: Sequence[int]) -> Iterator[SpanTuple]:
    """Spans from the values of a column: those with the same number are one, one without is of its token alone."""
    opened: dict[str, tuple[int, int, str]] = {}
    for index, value in enumerate(values):
        for item in _items(value):
            label, number = _label(item)
            if label in ("*", ""):
                continue
            if number is None:
                yield index, index + 1, _unescaped(label)
            else:
                first = opened[number][0] if number in opened else index
                opened[number] = (first, index + 1, _unescaped(label))
    yield from opened.values()


def _items(value: str) -> list[str]:
    """The annotations of a cell, which stand side by side where spans overlap."""
    return re.split(r"(?<!\\)\|", value) if value != "_" else []


def _label(item: str) -> tuple[str, str | None]:
    """The label of an annotation, and the number that it shares with the other tokens of its span."""
    match = _VALUE.fullmatch(item)
    return (match[1], match[2]) if match else (item, None)


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)
