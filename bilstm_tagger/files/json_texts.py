"""Texts in JSON: one record a line, an array of records, or one record over several lines."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bilstm_tagger.corpus.formats.record_words import whole_record
from bilstm_tagger.corpus.formats.records import RecordReader
from bilstm_tagger.corpus.trained import words_in_format
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.files.source import Source, Tally
from bilstm_tagger.files.text_column import (
    NoTextError,
    gives_words,
    is_text_name,
    rows_as_texts,
    text_column,
    words_or_ask,
)
from bilstm_tagger.io.reading import open_text, read_text
from bilstm_tagger.settings.read_spec import ReadSpec

# An array of records begins like this; a line that is one record of spaCy's, ["text", {...}], does not.
_ARRAY = re.compile(r"\s*\[\s*(?:[{\[\]]|$)")
_BLANK = re.compile(r"[ \t\r\n]*")


def read_json(path: Path, spec: ReadSpec, tally: Tally) -> Iterator[Source]:
    """Read the texts of records, or their tokens where they give these.

    Args:
        path: the file.
        spec: how to read words, and the key of the text if the user named it.
        tally: where records without a text are counted.

    Raises:
        NoTextError: if the first record has neither a text nor tokens.
        CorpusError: for a record that cannot be read, as `file:line`.
    """
    reader = RecordReader(str(path), words_in_format(spec, "jsonl"))
    key: str | None = None
    for line, record in _records(path, spec.encoding):
        flat = _flat(record)
        if flat is None:
            raise CorpusError(f"{path}:{line}: {type(record).__name__} where a record with a text is needed")
        if gives_words([name for name, value in flat.items() if value is not None], spec):
            document = reader.document(record, line)
            if document is not None:
                yield Source(document, document.id)
            continue
        if key is None:
            try:
                key = _key(flat, spec, f"{path}:{line}")
            except NoTextError as asked:
                yield from words_or_ask(path, "jsonl", spec, asked)
                return
        if key not in flat and (other := _text_keys(flat)):
            raise CorpusError(f"{path}:{line}: no {key!r}, which the records before have, but {other[0]!r}")
        yield from rows_as_texts([(line, flat)], key, str(path), tally)


def _key(flat: Mapping[str, Any], spec: ReadSpec, place: str) -> str:
    """The key of the text, by the first record; a named one may be missing there."""
    if spec.text_column is not None:
        if spec.text_column not in flat and _text_keys(flat):
            return text_column([str(key) for key in flat], spec.text_column, place)
        return spec.text_column
    listed = next((name for name, value in flat.items() if is_text_name(str(name)) and isinstance(value, list)), None)
    if listed is not None and not _text_keys(flat):
        raise CorpusError(f"{place}: {listed} is a list, not a text; give each text a record of its own")
    texts = [str(key) for key, value in flat.items() if value is None or isinstance(value, str)]
    return text_column(texts, None, place)


def _text_keys(flat: Mapping[str, Any]) -> list[str]:
    return [name for name, value in flat.items() if is_text_name(name) and isinstance(value, str)]


def _flat(record: Any) -> Mapping[str, Any] | None:
    """One flat object: of Label Studio's records their data, of spaCy's pairs the text."""
    if isinstance(record, list) and len(record) == 2 and isinstance(record[0], str) and isinstance(record[1], Mapping):
        return {"text": record[0]}
    if not isinstance(record, Mapping):
        return None
    data = record.get("data")
    return {"id": record.get("id"), **data} if isinstance(data, Mapping) else record


def _records(path: Path, encoding: str | None) -> Iterator[tuple[int, Any]]:
    """Each record with the line it begins in."""
    lines = open_text(path, encoding=encoding)
    for number, line in lines:
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            if number == 1 or not _starts_record(line):
                yield from _whole(path, read_text(path, encoding=encoding))
                return
            raise _not_json(f"{path}:{number}", line) from None
        if isinstance(record, list) and _ARRAY.match(line):
            yield from _whole(path, read_text(path, encoding=encoding))
            return
        yield number, whole_record(record, line, f"{path}:{number}")
        break
    for number, line in lines:
        if line.strip():
            try:
                record = json.loads(line)
            except (ValueError, RecursionError):
                raise _not_json(f"{path}:{number}", line) from None
            yield number, whole_record(record, line, f"{path}:{number}")


def _starts_record(line: str) -> bool:
    return line.lstrip().startswith("{") and len(line.strip()) > 1


def _not_json(place: str, line: str) -> CorpusError:
    try:
        json.loads(line)
    except json.JSONDecodeError as error:
        return CorpusError(
            f"{place}: not JSON at character {error.colno}: {error.msg}; each line needs one whole record"
        )
    except (ValueError, RecursionError) as error:
        return CorpusError(f"{place}: not JSON that can be read: {error}")
    return CorpusError(f"{place}: not JSON that can be read")


def _whole(path: Path, text: str) -> Iterator[tuple[int, Any]]:
    """The records of one array, or records over several lines, each decoded by itself, so that its line is known."""
    decoder = json.JSONDecoder()
    place, line, counted = _skip(text, 0), 1, 0
    in_array = text[place : place + 1] == "["
    place = _skip(text, place + 1) if in_array else place
    while place < len(text) and text[place] != "]":
        line, counted = line + text.count("\n", counted, place), place
        try:
            record, end = decoder.raw_decode(text, place)
        except json.JSONDecodeError as error:
            raise CorpusError(f"{path}:{error.lineno}: not JSON at character {error.colno}: {error.msg}") from None
        except (ValueError, RecursionError) as error:
            raise CorpusError(f"{path}:{line}: not JSON that can be read: {error}") from None
        yield line, whole_record(record, text[place:end], f"{path}:{line}")
        place = _skip(text, end)
        if in_array and text[place : place + 1] not in ("]", ","):
            line += text.count("\n", counted, place)
            raise CorpusError(f"{path}:{line}: not JSON: a comma or ] is missing after this record; is the file whole?")
        place = _skip(text, place + 1) if text[place : place + 1] == "," else place
    rest = text[place + 1 :] if in_array else text[place:]
    if (in_array and place >= len(text)) or rest.strip():
        line += text.count("\n", counted, _skip(text, place + 1))
        problem = "something stands behind the end of the array" if rest.strip() else "the array has no end"
        raise CorpusError(f"{path}:{line}: not JSON: {problem}")


def _skip(text: str, place: int) -> int:
    blank = _BLANK.match(text, place)
    return blank.end() if blank else place
