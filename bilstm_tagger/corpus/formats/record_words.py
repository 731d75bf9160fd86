"""The tokens of a record: given as strings or objects, with or without the text they come from."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain
from typing import Any

from bilstm_tagger.corpus.formats.list_cells import ListLike
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.text.sentences import sentence_bounds

Record = Mapping[str, Any]

_HALF = re.compile(r"\\(?:u|U0000)[dD][89a-fA-F]")  # in an escape, as JSON and Python write it
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
# Where the tokens are if the user names no key; in our own output `words` differ from the `tokens` of the text.
WORDS = ("words", "tokens")


@dataclass(frozen=True, slots=True)
class Kept:
    """Which tokens of a record are left once those of white space are gone.

    Attributes:
        places: their numbers.
        count: how many are gone.
    """

    places: list[int]
    count: int


class WordKeys:
    """Tells under which keys of the records of a file its tokens are.

    A number called `words` or `tokens` beside a text counts them; a file where it does so in some records alone is
    refused.

    Args:
        texts: what a text is called, in lower case.
    """

    def __init__(self, texts: Collection[str]) -> None:
        self._texts = texts
        self._counts: dict[str, bool] = {}

    def of(self, record: Record, place: str) -> list[str]:
        """The keys that give tokens.

        Args:
            record: the record.
            place: where it stands, for messages.

        Raises:
            CorpusError: there is a number where other records have words, or the reverse.
        """
        names = [name for name in WORDS if record.get(name) is not None]
        texts = [key for key, value in record.items() if str(key).casefold() in self._texts and isinstance(value, str)]
        if not names or not texts:
            return names
        same = {str(record[key]).strip() for key in texts}
        given = [name for name in names if not is_number(record[name])]
        for name in names:
            count = name not in given
            if str(record[name]).strip() not in same and self._counts.setdefault(name, count) != count:
                raise CorpusError(
                    f"{place}: {name} is a number in some rows or records and words in others; name the text, "
                    f"--text-column {texts[0]}, or make {name} one of the two"
                )
        return given

    def counts(self) -> frozenset[str]:
        """The keys of WORDS that counted in what was seen."""
        return frozenset(name for name, count in self._counts.items() if count)


def is_number(value: Any) -> bool:
    """Tell whether a value is a number, perhaps as the text of a cell."""
    if isinstance(value, str):
        return _NUMBER.fullmatch(value.strip()) is not None
    return isinstance(value, int | float) and not isinstance(value, bool)


def given_words(
    value: Any, record: Record, place: str, *, text: Any, drop_blanks: bool = False
) -> tuple[Document, bool, Kept | None]:
    """Make a document from tokens that a record gives.

    Args:
        value: strings, a list of strings for each sentence, Prodigy's objects, or one string with spaces.
        record: the record, for the sentences and offsets of our own output.
        place: where it stands, for messages.
        drop_blanks: whether tokens of white space are left out.
        text: its text, if it has one. Where tokens without offsets cannot be found in it, it is left aside.

    Returns:
        The document, whether its text is that of the record, and if tokens of white space were left out, the others.

    Raises:
        CorpusError: if a token is no word, or offsets do not fit.
    """
    if isinstance(value, ListLike):
        raise CorpusError(f"{place}: the tokens {value.fault}")
    value = value.split() if isinstance(value, str) else value
    if not isinstance(value, list | tuple):
        raise CorpusError(f"{place}: the tokens are {kind_of(value)}, not a list")
    bounds, starts, ends = _sentences(record, place), record.get("start_char"), record.get("end_char")
    if value and all(isinstance(item, list) for item in value):
        bounds = [0, *accumulate(map(len, value))]
        value = list(chain.from_iterable(value))
    objects = bool(value) and all(isinstance(item, Mapping) for item in value)
    if objects:
        starts, ends = ([item.get(name) for item in value] for name in ("start", "end"))
        value = [item.get("text") for item in value]
    words = _checked_words(value, place)
    kept = _without_blanks(words) if drop_blanks else None
    if kept is not None:
        words = [words[index] for index in kept.places]
        bounds = bounds and [sum(index < bound for index in kept.places) for bound in bounds]
        if isinstance(starts, list) and isinstance(ends, list) and len(starts) == len(ends) == len(value):
            starts, ends = ([column[index] for index in kept.places] for column in (starts, ends))
    if not isinstance(text, str):
        starts = ends = None
    elif not isinstance(starts, list) or not isinstance(ends, list):
        starts, ends = find_words(words, text)
    elif not all(type(at) is int for at in chain(starts, ends)):
        raise CorpusError(f"{place}: the tokens' starts and ends must be whole numbers")
    if starts is None or ends is None:
        return Document(words, _fitting(bounds, words, place)), False, kept
    check_unicode(str(text), place)
    if objects:
        _check_offsets(words, starts, ends, str(text), place)
        bounds = bounds or sentence_bounds(str(text), words, starts, ends)
    try:
        document = Document(words, _fitting(bounds, words, place), text=text, starts=starts, ends=ends)
        document.check_offsets()
    except CorpusError as error:
        raise CorpusError(f"{place}: {error}") from None
    return document, True, kept


def _without_blanks(words: Sequence[str]) -> Kept | None:
    """The tokens that are not white space; None if all are such. No tokeniser gives a token of white space."""
    if not any(map(str.isspace, words)):
        return None
    places = [index for index, word in enumerate(words) if not word.isspace()]
    return Kept(places, len(words) - len(places))


def _checked_words(value: Sequence[Any], place: str) -> list[str]:
    for index, word in enumerate(value, 1):
        if not isinstance(word, str) or not word:
            what = "empty" if word == "" else kind_of(word)
            raise CorpusError(f"{place}: token {index} is {what}; every token needs a word")
    check_unicode("".join(value), place)
    return list(value)


def _fitting(bounds: list[int] | None, words: list[str], place: str) -> list[int]:
    if bounds is None:
        return [0, len(words)] if words else [0]
    if bounds[-1] != len(words):
        raise CorpusError(f"{place}: the sentences end at token {bounds[-1]}, but the tokens are {len(words)}")
    return bounds


def _sentences(record: Record, place: str) -> list[int] | None:
    """Bounds from our own `sentences`: pairs of first token and end, one after the other."""
    pairs = record.get("sentences")
    if not isinstance(pairs, list) or not all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in pairs):
        return None
    bounds = [0]
    for start, end in pairs:
        if type(start) is not int or type(end) is not int or start != bounds[-1] or end < start:
            raise CorpusError(f"{place}: sentence [{start}, {end}] does not follow one that ends at token {bounds[-1]}")
        bounds.append(end)
    return bounds


def find_words(words: Sequence[str], text: str) -> tuple[list[int], list[int]] | tuple[None, None]:
    """Find tokens in a text, in order, with nothing but white space between them; or else none of them."""
    starts: list[int] = []
    ends: list[int] = []
    position = 0
    for word in words:
        start = text.find(word, position)
        if start < 0 or text[position:start].strip():
            return None, None
        position = start + len(word)
        starts.append(start)
        ends.append(position)
    return starts, ends


def _check_offsets(words: Sequence[str], starts: Sequence[int], ends: Sequence[int], text: str, place: str) -> None:
    for word, start, end in zip(words, starts, ends, strict=True):
        if text[start:end] != word:
            raise CorpusError(f"{place}: token {word!r} is not the text from {start} to {end}, {text[start:end]!r}")


def check_unicode(text: str, place: str) -> None:
    """Refuse half of a surrogate pair, which JSON can spell but no text can hold."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        half = ascii(error.object[error.start])
        raise CorpusError(f"{place}: {half} is half a character; write both halves of the pair or neither") from None


def whole_record(record: Any, raw: str, place: str) -> Any:
    """The record, if no string in it, keys included, holds half a character; whole ones may be two escapes.

    Args:
        record: what was decoded.
        raw: its JSON or Python.
        place: where it stands, for messages.

    Raises:
        CorpusError: if one does.
    """
    if _HALF.search(raw):
        check_unicode(json.dumps(record, ensure_ascii=False, default=str), place)
    return record


def key_of(record: Record, name: str) -> str | None:
    """The record's key of that name, in any case of letters."""
    if name in record:
        return name
    return next((key for key in record if key.casefold() == name.casefold()), None)


def is_empty(record: Record, name: str) -> bool:
    """Tell whether a record has a key of that name and nothing under it."""
    key = key_of(record, name)
    return key is not None and record[key] is None


def wanted(record: Record, name: str, place: str) -> Any:
    """The value of a key that must be there."""
    key = key_of(record, name)
    if key is not None and record[key] is None and name == "text":
        raise CorpusError(f"{place}: text is null; leave the record out, or give it a text")
    if key is None or record[key] is None:
        missing = f"no {name!r}" if name != "text" else "neither tokens nor text"
        by_token = "; if each row is one token, also that of the sentences with --sentence-column"
        raise CorpusError(
            f"{place}: {missing}; the record has: {keys_of(record)}; name the right one with --word-column or "
            f"--text-column{by_token if _may_be_token(record) else ''}"
        )
    return record[key]


def _may_be_token(record: Record) -> bool:
    """Whether a record may be one token with its tags and the number of its sentence."""
    filled = [value for value in record.values() if value is not None]
    return len(filled) > 1 and all(isinstance(each, str | int) and len(str(each).split()) == 1 for each in filled)


def keys_of(record: Record) -> str:
    """The keys that have a value, for messages."""
    return ", ".join(str(key) for key, value in record.items() if value is not None) or "nothing"


def numbers_for_tags(task: str, place: str) -> CorpusError:
    """The error of tags that are numbers of classes."""
    return CorpusError(
        f"{place}: the tags of task {task!r} are numbers without names; write strings, or make the column a ClassLabel "
        "of `datasets`"
    )


def kind_of(value: Any) -> str:
    """What a value is, for messages."""
    if value is None:
        return "nothing"
    names: dict[type, str] = {bool: "true or false", str: "a string", list: "a list", dict: "an object"}
    return names.get(type(value), "a number" if isinstance(value, int | float) else f"a {type(value).__name__}")
