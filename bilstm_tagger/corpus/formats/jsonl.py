"""JSON: one record a line, or a file that is one array of records; see `records` for what is recognised."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, pairwise
from pathlib import Path
from typing import Any, TextIO

from bilstm_tagger.corpus.formats.record_words import whole_record
from bilstm_tagger.corpus.formats.records import RecordReader
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.io.reading import open_text, read_text
from bilstm_tagger.settings.read_spec import ReadSpec

# An array of records begins like this; a line that is one record of spaCy's, ["text", {...}], does not.
_ARRAY = re.compile(r"\s*\[\s*(?:[{\[\]]|$)")
# A record that goes on in the next line.
_OPENED = re.compile(r"\s*\{\s*$")
_BLANK = re.compile(r"[ \t\r\n]*")


def read(path: str | Path, spec: ReadSpec) -> Iterator[Document]:
    """Read records, each a document.

    Args:
        path: the file.
        spec: how to read it; the column of a task is the key of its tags or spans, or the name its spans go by; a
            number stands for the usual keys, of which `TASK`, `TASK_tags`, `tags` and `spans` come first. The column
            of the words is the key of the tokens; a number stands for the usual ones.

    Raises:
        CorpusError: for a record that does not fit, as `file:line`.
    """
    reader = RecordReader(str(path), spec)
    for line, record in _records(str(path), spec.encoding):
        document = reader.document(record, line)
        if document is not None:
            yield document
    reader.finish()


def _records(path: str, encoding: str | None) -> Iterator[tuple[int, Any]]:
    """Each record with the line it begins in."""
    lines = open_text(path, encoding=encoding)
    first = next((item for item in lines if item[1].strip()), None)
    if first is None:
        return
    if _ARRAY.match(first[1]):
        yield from _array(path, read_text(path, encoding=encoding))
        return
    if _OPENED.match(first[1]):
        yield from _spread(path, read_text(path, encoding=encoding))
        return
    for number, line in chain([first], lines):
        if line.strip():
            yield number, _parse(line, f"{path}:{number}")


def _spread(path: str, text: str) -> Iterator[tuple[int, Any]]:
    """Records that are written over several lines, one after another."""
    decoder = json.JSONDecoder()
    line, counted, place = 1, 0, _skip(text, 0)
    while place < len(text):
        line, counted = line + text.count("\n", counted, place), place
        try:
            record, end = decoder.raw_decode(text, place)
        except json.JSONDecodeError as error:
            raise CorpusError(f"{path}:{error.lineno}: not JSON at character {error.colno}: {error.msg}") from None
        except (ValueError, RecursionError) as error:
            raise CorpusError(f"{path}:{line}: not JSON that can be read: {error}") from None
        yield line, whole_record(record, text[place:end], f"{path}:{line}")
        place = _skip(text, end)


def _parse(line: str, place: str) -> Any:
    try:
        record = json.loads(line)
    except json.JSONDecodeError as error:
        raise CorpusError(
            f"{place}: not JSON at character {error.colno}: {error.msg}; each line needs one whole record"
        ) from None
    except (ValueError, RecursionError) as error:
        raise CorpusError(f"{place}: not JSON that can be read: {error}") from None
    return whole_record(record, line, place)


def _array(path: str, text: str) -> Iterator[tuple[int, Any]]:
    """The items of one array, each decoded by itself, so that its line is known."""
    decoder = json.JSONDecoder()
    line, counted = 1, 0
    place = _skip(text, text.index("[") + 1)
    while True:
        line, counted = line + text.count("\n", counted, place), place
        try:
            if text[place : place + 1] == "]":
                break
            record, end = decoder.raw_decode(text, place)
        except json.JSONDecodeError as error:
            raise CorpusError(f"{path}:{error.lineno}: not JSON at character {error.colno}: {error.msg}") from None
        except (ValueError, RecursionError) as error:
            raise CorpusError(f"{path}:{line}: not JSON that can be read: {error}") from None
        yield line, whole_record(record, text[place:end], f"{path}:{line}")
        place = _skip(text, end)
        if text[place : place + 1] not in ("]", ","):
            line += text.count("\n", counted, place)
            raise CorpusError(f"{path}:{line}: not JSON: a comma or ] is missing after this record; is the file whole?")
        place = _skip(text, place + 1) if text[place] == "," else place
    if text[place + 1 :].strip():
        line += text.count("\n", counted, _skip(text, place + 1))
        raise CorpusError(f"{path}:{line}: not JSON: something stands behind the end of the array")


def _skip(text: str, place: int) -> int:
    blank = _BLANK.match(text, place)
    return blank.end() if blank else place


def to_record(document: Document, tasks: Sequence[str] | None = None) -> dict[str, Any]:
    """A document as it stands in a line of JSON.

    Positions of `sentences` and spans (`start`, `end`) count tokens of the document, `start_char` and
    `end_char` characters of `text`; ends are exclusive. `tokens`, `start_char`, `end_char` and each
    list in `tags` have one entry a token, and `text[start_char:end_char]` is the token. `words` is there
    only where a word is not its stretch of text, inside a multiword token.

    Args:
        document: the document.
        tasks: the tasks to write; by default all.

    Returns:
        Plain lists, strings and numbers.
    """
    text, starts, ends = document.text, document.starts, document.ends
    tokens = [text[start:end] for start, end in zip(starts, ends, strict=True)]
    chosen = document.tasks if tasks is None else list(tasks)
    return {
        "id": document.id,
        "text": text,
        "sentences": list(pairwise(document.bounds)),
        "tokens": tokens,
        **({"words": document.words} if tokens != document.words else {}),
        "start_char": starts,
        "end_char": ends,
        "tags": {task: document.tags_of(task) for task in chosen},
        "spans": [span for task in chosen for span in span_records(document, task)],
        **probability_fields(document, chosen),
    }


def probability_fields(document: Document, tasks: Sequence[str]) -> dict[str, Any]:
    """Under `probabilities` how probable each tag is, by task; nothing where that is not known."""
    known = [task for task in tasks if task in document.probabilities]
    if not known:
        return {}
    values = {}
    for task in known:
        told = document.probabilities[task]
        values[task] = [
            round(told.token(at, tag), 6) if tag in told.tags else None for at, tag in enumerate(document.tags_of(task))
        ]
    return {"probabilities": values}


def span_records(document: Document, task: str) -> Iterator[dict[str, Any]]:
    """The spans of a task as they stand in a record."""
    for span in document.spans_of(task):
        yield {
            "task": task,
            "label": span.label,
            "text": span.text,
            "start": span.start,
            "end": span.end,
            "start_char": span.start_char,
            "end_char": span.end_char,
            **({} if span.probability is None else {"probability": round(span.probability, 6)}),
        }


def write(documents: Iterable[Document], stream: TextIO, *, tasks: Sequence[str] | None = None) -> None:
    """Write each document as one line of JSON, see `to_record`.

    Args:
        documents: what to write, one after another.
        stream: where to.
        tasks: the tasks to write; by default all of each document.
    """
    for document in documents:
        record = json.dumps(to_record(document, tasks), ensure_ascii=False, separators=(",", ":"))
        stream.write(record + "\n")
