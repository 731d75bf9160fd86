"""Texts in JSON: one record a line, an array of records, or one record over several lines."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from bilstm_tagger.corpus.formats.json_records import read_records
from bilstm_tagger.corpus.formats.record_layouts import whole_file
from bilstm_tagger.corpus.formats.record_words import WORDS, WordKeys
from bilstm_tagger.corpus.formats.records import RecordReader
from bilstm_tagger.corpus.formats.token_columns import kinds_of
from bilstm_tagger.corpus.trained import words_in_format
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.files.source import Source, Tally, Unread, read_words
from bilstm_tagger.files.text_column import (
    TEXT_NAMES,
    NoTextError,
    SeveralTextsError,
    gives_token_rows,
    gives_words,
    is_text_name,
    rows_as_texts,
    text_column,
    words_or_ask,
)
from bilstm_tagger.settings.read_spec import ReadSpec

_SHOWN = 20  # keys that a message lists
_LOOKED_AT = 1_000  # records in which the key of the text is looked for
_SEVERAL = 2  # records with words under another key: a chat may begin with one message of the service
_WORD = re.compile(r"[^\W\d_]{2,}")
_SEVERAL_WORDS = 4
# What Telegram calls the pieces of a message beside plain strings, and other chats the blocks of one.
_BLOCK = "text"
_PIECES = frozenset({
    _BLOCK, "plain", "bold", "italic", "underline", "strikethrough", "spoiler", "code", "pre", "blockquote", "link",
    "text_link", "mention", "mention_name", "hashtag", "cashtag", "bot_command", "email", "phone", "bank_card",
    "custom_emoji", "unknown",
})  # fmt: skip


def read_json(path: Path, spec: ReadSpec, tally: Tally) -> Iterator[Source]:
    """Read the texts of records, or their tokens where they give these.

    Args:
        path: the file.
        spec: how to read words, and the key of the text if the user named it.
        tally: where records without a text are counted.

    Raises:
        NoTextError: if the first records have neither a text nor tokens, the first holds all others, or none has the
            key that was named.
        CorpusError: for a record that cannot be read, as `file:line`.
    """
    reader = RecordReader(str(path), words_in_format(spec, "jsonl"))
    key: str | None = None
    held = _Held(path, tally, named=spec.text_column is not None)
    asked: NoTextError | None = None
    keys = WordKeys(TEXT_NAMES)
    seen, found = 0, False
    for line, record in read_records(path, encoding=spec.encoding):
        flat = _flat(record, spec)
        if flat is None:
            raise CorpusError(f"{path}:{line}: {type(record).__name__} where a record with a text is needed")
        if not seen and flat is record and (whole := whole_file(record)) is not None:
            raise NoTextError(f"{path}:{line}: {whole}")
        if not seen and _is_token(flat, spec):
            yield from read_words(path, "jsonl", spec)
            return
        seen += 1
        words = keys.of(flat, f"{path}:{line}") if spec.text_column is None else WORDS
        if gives_words(
            [name for name, value in flat.items() if value is not None and (name not in WORDS or name in words)], spec
        ):
            yield from held.texts(key)
            document = reader.document(record, line)
            if document is not None:
                yield Source(document, document.id)
            continue
        if key is None:
            try:
                key = _key(flat, spec, f"{path}:{line}")
                held.check_other_keys(key, f"{path}:{line}")
            except SeveralTextsError:
                raise
            except NoTextError as error:
                if asked is None:
                    asked = error
                    try:
                        yield from words_or_ask(path, "jsonl", spec, asked)
                        return
                    except NoTextError:  # as of a message that someone joined, before those with a text
                        pass
                held.rows.append((line, flat))
                if len(held.rows) == _LOOKED_AT:
                    raise asked from None
                continue
        if key not in flat and (other := _text_keys(flat)):
            raise CorpusError(f"{path}:{line}: no {key!r}, which the records before have, but {other[0]!r}")
        held.rows.append((line, flat))
        if spec.text_column is None or found or key in flat:
            found = True
            yield from held.texts(key)
    held.check_none(key, asked)


class _Held:
    """Records without a text or the key that was named, held while no record has one.

    Attributes:
        rows: the records, each with its line.
    """

    def __init__(self, path: Path, tally: Tally, *, named: bool) -> None:
        self.rows: list[tuple[int, Mapping[str, Any]]] = []
        self._path, self._tally, self._named = str(path), tally, named

    def texts(self, key: str | None) -> Iterator[Source]:
        """The records as documents, which are held no longer; without a key empty ones."""
        for _, flat in self.rows:
            if key is None or self._named or flat.get(key):
                continue
            if (other := _key_of_words(flat)) is not None:
                self._tally.leave_out(Unread.OTHER_KEYS, self._path, 1, [f"{other}: {flat[other]!r}"])
        yield from rows_as_texts(self.rows, key, self._path, self._tally)
        self.rows.clear()

    def check_other_keys(self, key: str, place: str) -> None:
        """Ask where the text is, if it is found late and most records so far have words under another key.

        Args:
            key: the key of the text that is found.
            place: the first record that has it.

        Raises:
            SeveralTextsError: most have.
        """
        others = [other for _, flat in self.rows if (other := _key_of_words(flat)) is not None]
        if not self._named and len(others) >= _SEVERAL and 2 * len(others) > len(self.rows):
            name = Counter(others).most_common(1)[0][0]
            raise SeveralTextsError(
                f"{place}: the first record with {key!r}, while {len(others)} before it have words under {name!r}; "
                f"name the text, --text-column {name} or --text-column {key}"
            )

    def check_none(self, key: str | None, asked: NoTextError | None) -> None:
        """Ask for the key, at the end of a file in which no record has it.

        Raises:
            NoTextError: there are records left.
        """
        if not self.rows:
            return
        if asked is not None and key is None:
            raise asked
        there = dict.fromkeys(str(name) for _, flat in self.rows for name in flat)
        raise NoTextError(
            f"{self._path}: no record has a key {key!r}; there are: {_listed(there)}; name one of them, --text-column"
        )


def _key_of_words(flat: Mapping[str, Any]) -> str | None:
    """The first key of a record that has several words, as a title has and a name or a day has not; None without."""
    return next(
        (key for key, value in flat.items() if isinstance(value, str) and len(_WORD.findall(value)) >= _SEVERAL_WORDS),
        None,
    )


def _listed(names: Iterable[str]) -> str:
    first = list(islice(names, _SHOWN + 1))
    return ", ".join(first[:_SHOWN]) + (", ..." if len(first) > _SHOWN else "") or "none"


def _is_token(flat: Mapping[str, Any], spec: ReadSpec) -> bool:
    """Whether a record is like a row with a token."""
    counted = _text_keys(flat) and "sentence" not in kinds_of(flat)
    counts = counted and any(isinstance(flat.get(name), int | float) for name in WORDS)
    nested = any(isinstance(value, list | Mapping) for value in flat.values())
    return not counts and not nested and gives_token_rows(list(flat), spec)


def _key(flat: Mapping[str, Any], spec: ReadSpec, place: str) -> str:
    """The key of the text, by a record; a named one may be missing there."""
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


def _flat(record: Any, spec: ReadSpec) -> Mapping[str, Any] | None:
    """One flat object: of Label Studio's records their data, of spaCy's pairs the text, of pieces the whole."""
    if isinstance(record, list) and len(record) == 2 and isinstance(record[0], str) and isinstance(record[1], Mapping):
        return {"text": record[0]}
    if not isinstance(record, Mapping):
        return None
    data = record.get("data")
    flat = {"id": record.get("id"), **data} if isinstance(data, Mapping) else record
    joined = {
        name: text
        for name, value in flat.items()
        if isinstance(value, list) and (name == spec.text_column or is_text_name(str(name)))
        if (text := _joined(value)) is not None
    }
    return {**flat, **joined} if joined else flat


def _joined(pieces: Sequence[Any]) -> str | None:
    """The text of a list of its pieces, plain strings and objects of a known type; None if it is another list."""
    objects = [piece for piece in pieces if isinstance(piece, Mapping)]
    if not objects or not all(isinstance(each.get("text"), str) and each.get("type") in _PIECES for each in objects):
        return None
    texts = [piece["text"] if isinstance(piece, Mapping) else piece for piece in pieces]
    if not all(isinstance(text, str) for text in texts):
        return None
    return ("\n" if all(each["type"] == _BLOCK for each in objects) else "").join(texts)
