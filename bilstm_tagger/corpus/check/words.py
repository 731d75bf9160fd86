"""Tokens and sentences that look as if something went wrong before they were annotated."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import NamedTuple

from bilstm_tagger.corpus.check.findings import CheckedFile, Finding, Level, first_places, shown
from bilstm_tagger.wording import counted

__all__ = ["check_words"]

LONG_SENTENCE = 500  # tokens
LONG_TOKEN = 100  # characters
# UTF-8 read as Latin-1 or Windows-1252: é becomes Ã©, ’ becomes â€™.
_MOJIBAKE = re.compile("[\u00c2\u00c3][\u0080-\u00bf]|\u00e2(?:\u20ac|\u0080)")
_ENTITY = re.compile(r"&(?:#\d+|#x[0-9a-fA-F]+|[a-z]{2,6}|[A-Z]{2});")
_ADDRESS = re.compile(r"://|www\.|@|\w/\w")
_JOINERS = "\u200c\u200d"


def check_words(file: CheckedFile) -> Iterator[Finding]:
    """Find odd tokens and sentences of a file."""
    counts = Counter(word for document in file.corpus for word in document.words)
    for test in _TESTS:
        odd = {word: count for word, count in counts.items() if test.applies(word)}
        if odd:
            places = first_places(file.corpus, odd)
            total = counted(sum(odd.values()), "token")
            examples = (f"{_visible(word)} {places[word]}" for word in sorted(odd, key=lambda word: -odd[word]))
            yield Finding(test.level, test.kind, f"{file.path}: {total} {test.message}", shown(examples))
    yield from _long_sentences(file)


class _Test(NamedTuple):
    level: Level
    kind: str
    message: str
    applies: Callable[[str], object]


def has_invisible(word: str) -> bool:
    """Whether a token holds a character that nobody sees; joiners inside words of other scripts and emoji are fine."""
    if word.isascii():
        return not word.isprintable()
    for place, character in enumerate(word):
        if character == "\ufffd":
            return True
        if unicodedata.category(character) not in ("Cc", "Cf", "Co", "Cs") or character.isspace():
            continue
        before, after = word[place - 1 : place] if place else "", word[place + 1 : place + 2]
        joins = character in _JOINERS and before > "\x7f" and after > "\x7f"
        if not joins and not (before > "\x7f" and "\U000e0020" <= character <= "\U000e007f"):  # flags of regions
            return True
    return False


_TESTS = (
    _Test(
        "warning",
        "white space",
        "with white space inside or around them",
        lambda word: len(word.split()) != 1 or word != word.strip(),
    ),
    _Test("warning", "invisible", "with invisible, control or replacement characters", has_invisible),
    _Test("warning", "encoding", "with signs of a wrong encoding", _MOJIBAKE.search),
    _Test("warning", "entity", "with character references of HTML", _ENTITY.search),
    _Test(
        "warning",
        "long token",
        f"with more than {LONG_TOKEN} characters",
        lambda word: len(word) > LONG_TOKEN and not _ADDRESS.search(word),
    ),
    _Test(
        "info",
        "not composed",
        "not in the composed form of Unicode (NFC), which vectors and other corpora have",
        lambda word: not word.isascii() and not unicodedata.is_normalized("NFC", word),
    ),
)


def _visible(word: str) -> str:
    """The token with escapes for what cannot be seen."""
    escaped = "".join(c if c.isprintable() and c != "\ufffd" else ascii(c)[1:-1] for c in word[:60])
    return f"'{escaped}'"


def _long_sentences(file: CheckedFile) -> Iterator[Finding]:
    long = [
        f"{end - start:,} tokens {document.where(start)}"
        for document in file.corpus
        for start, end in pairwise(document.bounds)
        if end - start > LONG_SENTENCE
    ]
    if long:
        message = (
            f"{file.path}: {counted(len(long), 'sentence')} of more than {LONG_SENTENCE} tokens; is a boundary missing?"
        )
        yield Finding("warning", "long sentence", message, shown(long))
