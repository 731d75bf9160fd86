"""Tables with a token in each row: how they are known, and which of their columns is what."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple

from bilstm_tagger.corpus.formats.list_cells import read_cell
from bilstm_tagger.corpus.formats.record_words import is_number
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.settings.read_spec import ReadSpec

__all__ = [
    "TEXTS",
    "Row",
    "Table",
    "TokenRowError",
    "TokenRowLayout",
    "is_one_word",
    "is_token",
    "kinds_of",
    "looks_like_header",
    "may_have_words",
    "place_of",
    "shown",
]

Row = tuple[int, list[str]]  # the line it begins in, its cells

_WORDS = ("word", "token", "form", "words", "tokens")
_TAGS = ("tag", "tags", "ner", "nertag", "nertags", "label", "labels", "iob", "bio", "netag", "entity", "upos", "pos")
# In other languages; such a column may as well be of a list of words, so it counts beside tags or sentences only.
_LOCAL_WORDS = (
    "wort", "wörter", "wortform", "mot", "mots", "palabra", "palabras", "parola", "parole", "palavra", "palavras",
    "слово", "词", "词语", "单词", "字", "字符",
)  # fmt: skip
_SENTENCES = frozenset(
    f"{what}{end}"
    for what in ("sentence", "sent", "satz", "oracion", "oración", "frase", "句子")
    for end in ("#", "id", "idx", "index", "no", "nr", "num", "number", "nummer", "numero", "número", "编号", "序号")
)
# These may hold the text of the sentence, so they count where they number it.
_NUMBERED = frozenset(["sentence", "satz", "oracion", "oración", "frase", "句子"])
_FRENCH = (frozenset(["mot", "mots"]), frozenset(["phrase", "phraseid"]))  # an English phrase is no sentence
_WORD = re.compile(r"[\S\u00a0\u202f\u2007]+")
_NUMBER = re.compile(r"[^\W\d_]*[\s:#._-]*\d+(?:\.0)?")  # `1`, `Sentence: 1`
_DOCUMENTS = frozenset(
    [
        f"{what}{end}"
        for what in ("doc", "document", "file", "article")
        for end in ("", "#", "id", "idx", "no", "nr", "number")
    ]
    + ["docname", "documentname", "filename", "filepath", "tweetid", "postid", "textid", "abstractid"]
)
TEXTS = ("text", "sentence", "body", "content")


class TokenRowError(CorpusError):
    """A table with a token in each row in which something is wrong."""


class CsvStyle(NamedTuple):
    """How a file of CSV is written.

    Attributes:
        delimiter: what stands between cells.
        line_end: what ends a row.
        marked: whether a byte order mark stands before all, by which Excel knows UTF-8.
        said: a first line `sep=;`, by which Excel knows the delimiter, or nothing.
    """

    delimiter: str = ","
    line_end: str = "\n"
    marked: bool = False
    said: str = ""


COMMAS = CsvStyle()


@dataclass(frozen=True, slots=True)
class TokenRowLayout:
    """Which columns of a table with a token in each row were read.

    Attributes:
        sources: for each task the name of its column.
        header: the names of all columns.
        word: the column of the words.
        sentence: the column that tells the sentences apart, if there is one.
        document: the column that tells the documents apart, if there is one.
        sentences: the cells of the column of the sentences, one for each token.
        kept: whether the document is to be written into a table with the same columns.
        style: how that table is written if it is CSV.
    """

    sources: Mapping[str, str]
    header: tuple[str, ...] = ()
    word: str = ""
    sentence: str | None = None
    document: str | None = None
    sentences: tuple[str, ...] = ()
    kept: bool = False
    style: CsvStyle = COMMAS


def place_of(path: str, sheet: str | None) -> str:
    """A file, and the sheet of it if it is a workbook with several, for messages."""
    return path if sheet is None else f"{path}: sheet {sheet!r}"


def _plain(name: str) -> str:
    """The name of a column without blanks, marks and case."""
    return "".join(character for character in name.casefold() if character not in " _-.:")


def kinds_of(header: Iterable[str]) -> frozenset[str]:
    """Tell what columns there are by their names: `word`, `tag`, `sentence` and `document`."""
    names = {_plain(name) for name in header}
    known = {"word": _WORDS, "tag": _TAGS, "sentence": _SENTENCES, "document": _DOCUMENTS}
    kinds = {kind for kind, usual in known.items() if not names.isdisjoint(usual)}
    if not names.isdisjoint(_LOCAL_WORDS) and kinds & {"tag", "sentence"} and not _has_text(names):
        kinds.add("word")
    return frozenset(kinds)


def may_have_words(header: Iterable[str]) -> bool:
    """Tell whether a column has a usual name of words, which may count or not by what is beside it."""
    return not {_plain(name) for name in header}.isdisjoint({*_WORDS, *_LOCAL_WORDS})


def _has_text(names: Iterable[str]) -> bool:
    """Whether one of the plain names is that of a text; a sentence may be a number."""
    return any(name in TEXTS and name != "sentence" for name in names)


def looks_like_header(cells: Sequence[str]) -> bool:
    """Tell whether the cells of a first line are names of columns, not a token and its tags."""
    names = {_plain(cell) for cell in cells}  # a word and its lemma may be one
    words = names.intersection(_WORDS) or names.intersection(_LOCAL_WORDS if "word" in kinds_of(cells) else ())
    beside = names & {*_TAGS, *_SENTENCES, *_NUMBERED, *TEXTS, "id", "chunk", "lemma"}
    return bool(beside) and len(words | beside) > 1 and bool(words or names.intersection(TEXTS))


@dataclass(frozen=True)
class Table:
    """The rows of a table with a token in each.

    Attributes:
        path: the file, for messages.
        header: the names of the columns.
        rows: all rows; an empty one, or one of empty cells, ends a sentence.
        spec: how to read it.
        of_records: whether the rows are records, among which none is empty.
        sheet: their sheet, if the file is a workbook with several.
    """

    path: str
    header: Sequence[str]
    rows: Sequence[Row]
    spec: ReadSpec
    of_records: bool = False
    sheet: str | None = None

    @property
    def place(self) -> str:
        """The file, and the sheet of it, for messages."""
        return place_of(self.path, self.sheet)

    def lack(self) -> str | None:
        """Tell what a sheet lacks that others of its workbook have; None if it has tokens or a text."""
        wanted = self.spec.word_column if isinstance(self.spec.word_column, str) else self.spec.text_column
        names = [name.casefold() for name in self.header]
        if wanted is not None:
            return None if wanted.casefold() in names else f"no column {wanted!r}; there are {', '.join(self.header)}"
        if "text" in names or self._usual_word() is not None:
            return None
        return f"no column has tokens or a text (columns: {', '.join(filter(None, self.header))})"

    def is_one(self) -> bool:
        """Tell whether there is a token in each row, not a document.

        Raises:
            TokenRowError: it may be either.
        """
        if self.spec.sentence_column is not None:
            return True
        word = self.word()
        if word is None or self.spec.text_column:
            return False
        filled = [row for row in self.rows if any(row[1])]
        if not self._has_tokens(word, [row for _, row in filled]):
            return False
        if self.sentence() is not None or len(filled) < len(self.rows):
            return True
        if len(filled) < 2:
            return False
        by_row = "" if self.of_records else ", or put an empty row after each sentence"
        cells = "the token and its tags as lists" if self.of_records else "its cells as JSON lists"
        raise TokenRowError(
            f"{self.place}:{filled[0][0]}: each row has one token, and nothing tells where sentences end: name the "
            f"column that does by --sentence-column{by_row}; if each row is a sentence of one token, write {cells}"
        )

    def _has_tokens(self, word: int, rows: Sequence[Sequence[str]]) -> bool:
        """Whether there are tokens in a column; a few may hold spaces, or be missing where they should not."""
        words = [row for row in rows if row[word].strip()]
        texts = [at for at, name in enumerate(self.header) if _plain(name) in TEXTS and at != word]
        if texts and self.sentence() is None and all(is_number(row[word]) for row in words):
            return False  # counts of the words of each text
        single = sum(is_token(row[word]) for row in words)
        if single == len(words) and words:
            return True
        several = any(not is_token(row[word]) and not self.is_one_token(row) for row in words)
        sentence = self.sentence()
        if sentence is not None and several:
            return single > 0 and 10 * single >= 9 * len(words)
        if sentence is not None:
            goes_on = any(one[sentence] == other[sentence] or not other[sentence] for one, other in pairwise(rows))
            return single > 0 and (goes_on or 3 * single >= 2 * len(words))
        return 2 * single > len(words) and not several

    def is_one_token(self, row: Sequence[str]) -> bool:
        """Tell whether the words of a row are one token, since each of its tags is one."""
        named = [column.casefold() for column in self.spec.all_columns().values() if isinstance(column, str)]
        tags = [at for at, name in enumerate(self.header) if _plain(name) in _TAGS or name.casefold() in named]
        cells = [row[at] for at in tags if at != self.word()]
        return bool(cells) and all(map(is_token, cells))

    def word(self) -> int | None:
        """Find the column of the tokens."""
        if self.spec.word_column != 1:
            return self.position(self.spec.word_column)
        return self._usual_word()

    def _usual_word(self) -> int | None:
        names = [_plain(name) for name in self.header]
        known = list(_WORDS)
        if not _has_text(names) and (self.sentence() is not None or not set(_TAGS).isdisjoint(names)):
            known += _LOCAL_WORDS
        return next((names.index(name) for name in known if name in names), None)

    def sentence(self) -> int | None:
        """Find the column that tells the sentences apart."""
        if self.spec.sentence_column is not None:
            return self.position(self.spec.sentence_column)
        known = next((at for at, name in enumerate(self.header) if _plain(name) in _SENTENCES), None)
        return self._numbered if known is None else known

    @cached_property
    def _numbered(self) -> int | None:
        """The column that is called like a sentence and numbers it, some for several rows."""
        names = [_plain(name) for name in self.header]
        words, further = _FRENCH
        known = _NUMBERED if words.isdisjoint(names) else _NUMBERED | further
        filled = [row for _, row in self.rows if any(row)]
        for at in (at for at, name in enumerate(names) if name in known and filled):
            goes_on = len(filled) < 2 or any(not b[at] or a[at] == b[at] for a, b in pairwise(filled))
            if filled[0][at] and goes_on and all(_NUMBER.fullmatch(row[at]) for row in filled if row[at]):
                return at
        return None

    def document(self) -> int | None:
        """Find the column that tells the documents apart, if it has a usual name and nothing else is read from it."""
        named = [column for column in self.spec.all_columns().values() if column != -1]
        taken = {self.word(), self.sentence(), *map(self.position, named)}
        return next((at for at, name in enumerate(self.header) if _plain(name) in _DOCUMENTS and at not in taken), None)

    def sources(self) -> dict[str, int]:
        """Find the columns of all tasks."""
        return {task: self.tag(task, column) for task, column in self.spec.all_columns().items()}

    def tag(self, task: str, column: int | str) -> int:
        """Find the column of a task: a number other than -1 counts columns, -1 is the usual names or the last one."""
        if column != -1:
            return self.position(column)
        names = [_plain(name) for name in self.header]
        wanted = (_plain(task), f"{_plain(task)}tags", *_TAGS)
        known = next((names.index(name) for name in wanted if name in names), None)
        taken = (self.word(), self.sentence(), self.document())
        rest = [at for at in range(len(names)) if at not in taken]
        if known is None and not rest:
            raise CorpusError(f"{self.place}: no column has tags; there are {', '.join(self.header)}")
        return rest[-1] if known is None else known

    def position(self, column: int | str) -> int:
        """Find a column by its number from 1, from the end if negative, or its name.

        Raises:
            CorpusError: there is no such column.
        """
        if isinstance(column, int) and 1 <= abs(column) <= len(self.header):
            return column - 1 if column > 0 else len(self.header) + column
        names = [name.casefold() for name in self.header]
        if str(column).casefold() in names:
            return names.index(str(column).casefold())
        raise CorpusError(f"{self.place}: no column {column!r}; there are {', '.join(self.header)}")


def shown(cell: Any) -> str:
    """A cell as text, whole numbers without a decimal point, days without a time of day."""
    if cell is None:
        return ""
    if isinstance(cell, datetime) and cell.time() == time():
        return cell.date().isoformat()
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def is_token(cell: str) -> bool:
    """Tell whether a cell is one word, neither several nor a list."""
    return is_one_word(cell) and isinstance(read_cell(cell), str)


def is_one_word(cell: str) -> bool:
    """Tell whether a cell has one word; a no-break space, as in `1 000`, parts none."""
    return len(_WORD.findall(cell.strip())) == 1
