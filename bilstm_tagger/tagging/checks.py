"""What a tagger refuses to tag."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import TaggerError


def check_words(words: list[str], joined: str, place: Callable[[int], str] = "word {}".format) -> None:
    """Refuse words that no file could hold.

    Args:
        words: what was given.
        joined: all of them in one string.
        place: where the word of a number is, for the message; all are counted from 0, as Python counts.

    Raises:
        TaggerError: for an empty word or half a character.
    """
    if not all(words):
        raise TaggerError(f"{place(words.index(''))}, counted from 0, is empty; leave it out")
    check_unicode(joined, "a word")


def check_unicode(text: str, what: str) -> None:
    """Refuse half characters.

    Args:
        text: what was given.
        what: what it is, for the message.

    Raises:
        TaggerError: if there is one.
    """
    if text.isascii():
        return
    try:
        text.encode()
    except UnicodeEncodeError as error:
        half = ascii(text[error.start])
        raise TaggerError(f"{what} holds half a character, {half}: decode its source as UTF-8") from None


def check_stream(sources: Any) -> None:
    """Refuse what is no stream of sources: a single one, or a frame, which gives the names of its columns.

    Raises:
        TaggerError: naming what to give instead.
    """
    if isinstance(sources, str | Document) or hasattr(sources, "has_annotation"):
        raise TaggerError(f"a {type(sources).__name__} is one text; give a list of texts, or call the tagger with it")
    if isinstance(sources, Mapping) or hasattr(sources, "columns"):
        raise TaggerError(f"a {type(sources).__name__} has columns; give one of them, such as frame['text']")
    if isinstance(sources, bytes) or not (hasattr(sources, "__iter__") or hasattr(sources, "__getitem__")):
        raise TaggerError(f"give a list of texts or another iterable of them, not {type(sources).__name__}")
