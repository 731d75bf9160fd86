"""Word vectors as text, read line by line; the numbers of many lines are converted at once, which is much faster."""

from __future__ import annotations

import gzip
import logging
import zlib
from collections.abc import Container, Iterator, Sequence
from pathlib import Path

import numpy as np

from bilstm_tagger.errors import VectorsError, reason_of
from bilstm_tagger.vocab.vectors.table import CHECKED, Vectors
from bilstm_tagger.wording import counted

logger = logging.getLogger("bilstm_tagger")

_BLOCK = 2000  # lines whose numbers are converted together


def read_text(path: str | Path, *, words: Container[str], keep: int) -> Vectors:
    """Read vectors from a text file, plain or gzip.

    A word may contain spaces, as a few of GloVe 840B do. Rows that are not needed are checked among the first `CHECKED`
    ones, so that what is refused does not hang on `words`; and the last one, which is a part of a row if the file was
    cut off.

    Args:
        path: the file.
        words: words to read wherever they stand.
        keep: how many words to read from the beginning as well.

    Raises:
        VectorsError: a row is malformed (the message names file and line), there are fewer rows than the first line
            says, or the file is missing or has no vectors.
    """
    rows = _Rows(str(path))
    announced = total = number = 0
    line = ""
    for number, line in _lines(path):
        if number == 1 and (header := _header(line)):
            announced, rows.size = header
            continue
        total += 1
        if line[0] == " ":  # the vector of white space, which is never a token
            continue
        if not rows.size:
            rows.size = len(_parse(line, 0, where=f"{path}:{number}")[1])
        wanted = total <= keep or _word(line, rows.size) in words
        if wanted or total <= CHECKED:
            rows.add(number, line, wanted)
    if not total:
        raise VectorsError(f"{path}: holds no vectors; expected lines of a word and its numbers")
    if line[0] != " ":
        rows.add(number, line, wanted=False)
    kept, table = rows.finish()
    _compare_count(str(path), announced, total)
    return Vectors(kept, table, str(path), total)


def _compare_count(path: str, announced: int, total: int) -> None:
    """Hold the rows of a file to the number in its first line, 0 if it has none."""
    if total < announced:
        raise VectorsError(
            f"{path}: breaks off: its first line says {counted(announced, 'row')}, and there are {total:,}; fetch it "
            "again, or leave out the first line if it was cut on purpose"
        )
    if 0 < announced < total:
        logger.warning(
            "%s: its first line says %s, but there are %s, all of which were read",
            path,
            counted(announced, "row"),
            f"{total:,}",
        )


class _Rows:
    """Collects rows; if a word comes twice, its first row is kept."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.size = 0
        self.pending: list[tuple[int, str, bool]] = []
        self.seen: dict[str, None] = {}
        self.numbers = bytearray()  # grows in place, so that the table is in memory only once

    def add(self, number: int, line: str, wanted: bool) -> None:
        """Take a line, its number and whether it is kept; every `_BLOCK` lines are converted together."""
        self.pending.append((number, line, wanted))
        if len(self.pending) == _BLOCK:
            self.convert()

    def convert(self) -> None:
        """Convert the pending lines."""
        lines = [line for _, line, _ in self.pending]
        words = [line[: line.find(" ")] for line in lines]
        table = None
        if all(line.count(" ") == self.size for line in lines):
            table = _numbers([line[len(word) + 1 :] for word, line in zip(words, lines, strict=True)], self.size)
        if table is None:  # row by row: for words with spaces, and to name the line of an error
            parsed = [_parse(line, self.size, where=f"{self.path}:{number}") for number, line, _ in self.pending]
            words = [word for word, _ in parsed]
            table = np.array([row for _, row in parsed], np.float32)
        new = []
        for place, (word, (_, _, wanted)) in enumerate(zip(words, self.pending, strict=True)):
            if wanted and word not in self.seen:
                self.seen[word] = None
                new.append(place)
        self.pending = []
        self.numbers += np.ascontiguousarray(table if len(new) == len(words) else table[new]).tobytes()

    def finish(self) -> tuple[list[str], np.ndarray]:
        """The words and their vectors `(words, size)`."""
        if self.pending:
            self.convert()
        return list(self.seen), np.frombuffer(self.numbers, np.float32).reshape(len(self.seen), self.size)


def _numbers(texts: Sequence[str], size: int) -> np.ndarray | None:
    """Numbers separated by single spaces as float32 `(texts, size)`, or None if one of them is not a number."""
    import pyarrow
    from pyarrow import compute

    # Split and converted in C++, four times as fast as with float or numpy.
    pieces = compute.split_pattern(pyarrow.array(texts, pyarrow.string()), " ")
    try:
        numbers = pieces.values.cast(pyarrow.float32()).to_numpy()
    except pyarrow.ArrowInvalid:
        return None
    if len(numbers) != len(texts) * size or not np.isfinite(numbers).all():
        return None
    return numbers.reshape(len(texts), size)  # type: ignore[no-any-return]


def _word(line: str, size: int) -> str:
    """The word of a line."""
    return line.partition(" ")[0] if line.count(" ") <= size else _cut(line, size)[0]


def _cut(line: str, size: int) -> tuple[str, list[str]]:
    """The word and the numbers of a line whose vector should have `size` numbers.

    The pieces before the last `size` ones belong to the word, if none of them is a number.
    """
    word, *numbers = [piece for piece in line.split(" ") if piece]
    surplus = max(len(numbers) - size, 0) if size else 0
    if surplus and not any(map(_is_number, numbers[:surplus])):
        word, numbers = " ".join([word, *numbers[:surplus]]), numbers[surplus:]
    return word, numbers


def _parse(line: str, size: int, *, where: str) -> tuple[str, np.ndarray]:
    """The word and the vector of a line; `size` is the size of the vectors before, 0 on the first line."""
    word, numbers = _cut(line, size)
    if not numbers:
        raise VectorsError(f"{where}: a word without numbers: {line[:60]!r}")
    try:
        row = np.array(numbers, dtype=np.float32)
    except ValueError:
        row = np.array([np.nan])
    if not np.isfinite(row).all():
        raise VectorsError(f"{where}: not a word and numbers: {line[:60]!r}")
    if size and len(row) != size:
        raise VectorsError(f"{where}: {counted(len(row), 'number')} where the rows before have {size}")
    return word, row


def _is_number(text: str) -> bool:
    """Whether `float` accepts the text."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def _header(line: str) -> tuple[int, int] | None:
    """The number of rows and the size in the header of word2vec and fastText; None if it is none."""
    fields = line.split(" ")
    if len(fields) != 2 or not all(map(str.isdecimal, fields)) or not int(fields[1]):
        return None
    return int(fields[0]), int(fields[1])


def _lines(path: str | Path) -> Iterator[tuple[int, str]]:
    """The lines of a file with their numbers from 1; empty ones are left out."""
    number = 0
    try:
        with gzip.open(path) if str(path).endswith(".gz") else open(path, "rb") as stream:
            for number, raw in enumerate(stream, 1):
                line = raw.decode("utf-8").rstrip("\r\n ")
                if line:
                    yield number, line
    except UnicodeDecodeError:
        hint = "is this a text file of vectors? word2vec's binary format needs the suffix .bin"
        raise VectorsError(f"{path}:{number}: not UTF-8; {hint}") from None
    except (OSError, EOFError, zlib.error) as error:
        raise VectorsError(f"{path}: cannot be read: {reason_of(error)}") from None
