"""The records of a JSON file: one a line, one array of all, or one after another over several lines."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from bilstm_tagger.corpus.formats.record_words import whole_record
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.io.reading import open_text, read_text

__all__ = ["read_records"]

# An array of records begins like this; a line that is one record of spaCy's, ["text", {...}], does not.
_ARRAY = re.compile(r"\s*\[\s*(?:[{\[\]]|$)")
_BLANK = re.compile(r"[ \t\r\n]*")
# NaN is no JSON, but what Python and pandas write for a cell without a value.
_DECODER = json.JSONDecoder(parse_constant=lambda name: None if name == "NaN" else float(name))
_ONE_A_LINE = "; each line needs one whole record"


def read_records(path: str | Path, *, encoding: str | None = None) -> Iterator[tuple[int, Any]]:
    """Read each record with the line it begins in.

    Args:
        path: the file.
        encoding: its encoding; None for UTF-8, or UTF-16 by its mark.

    Raises:
        CorpusError: for what is not JSON, or holds half a character, as `file:line`.
    """
    lines = open_text(path, encoding=encoding)
    first = next((item for item in lines if item[1].strip()), None)
    if first is None:
        return
    if _ARRAY.match(first[1]):
        yield from _array(str(path), read_text(path, encoding=encoding))
    elif _goes_on(first[1]):
        yield from _spread(str(path), read_text(path, encoding=encoding), first[0])
    else:
        for number, line in chain([first], lines):
            if line.strip():
                yield number, _line(line, f"{path}:{number}")


def _goes_on(line: str) -> bool:
    """Whether a record begins in a line and ends in a later one."""
    try:
        json.loads(line)
    except json.JSONDecodeError as error:
        return line.lstrip().startswith("{") and error.pos >= len(line.rstrip())
    except (ValueError, RecursionError):
        return False
    return False


def _line(line: str, place: str) -> Any:
    try:
        record = _DECODER.decode(line)
    except json.JSONDecodeError as error:
        raise CorpusError(f"{place}: not JSON at character {error.colno}: {error.msg}{_ONE_A_LINE}") from None
    except (ValueError, RecursionError) as error:
        raise CorpusError(f"{place}: not JSON that can be read: {error}") from None
    return whole_record(record, line, place)


class _Text:
    """The text of a whole file, read from the beginning on.

    Attributes:
        place: where the next character is.
    """

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text
        self.place = 0
        self._line, self._counted = 1, 0

    def next(self) -> str:
        """The next character that is no white space; an empty string at the end."""
        blank = _BLANK.match(self.text, self.place)
        self.place = blank.end() if blank else self.place
        return self.text[self.place : self.place + 1]

    def line(self) -> int:
        """The line of the next character."""
        self._line += self.text.count("\n", self._counted, self.place)
        self._counted = self.place
        return self._line

    def record(self, hint: str = "") -> tuple[int, Any]:
        """The record that begins here, and its line."""
        line, start = self.line(), self.place
        try:
            record, self.place = _DECODER.raw_decode(self.text, start)
        except json.JSONDecodeError as error:
            where = f"{self.path}:{error.lineno}"
            raise CorpusError(f"{where}: not JSON at character {error.colno}: {error.msg}{hint}") from None
        except (ValueError, RecursionError) as error:
            raise CorpusError(f"{self.path}:{line}: not JSON that can be read: {error}") from None
        return line, whole_record(record, self.text[start : self.place], f"{self.path}:{line}")

    def fail(self, problem: str) -> CorpusError:
        """The error that something is wrong here."""
        return CorpusError(f"{self.path}:{self.line()}: not JSON: {problem}")


def _spread(path: str, text: str, first: int) -> Iterator[tuple[int, Any]]:
    """Records that are written over several lines, one after another; the first begins in line `first`."""
    rest = _Text(path, text)
    while rest.next():
        yield rest.record("" if rest.line() > first else _ONE_A_LINE)


def _array(path: str, text: str) -> Iterator[tuple[int, Any]]:
    """The items of one array, each decoded by itself, so that its line is known."""
    rest = _Text(path, text)
    rest.next()
    rest.place += 1
    while (character := rest.next()) != "]":
        if not character:
            raise rest.fail("the array has no end; is the file whole?")
        yield rest.record()
        if rest.next() not in ("]", ","):
            raise rest.fail("a comma or ] is missing after this record; is the file whole?")
        rest.place += rest.next() == ","
    rest.place += 1
    if rest.next():
        raise rest.fail("something stands behind the end of the array")
