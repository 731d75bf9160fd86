"""Everything the library raises on purpose.

Each message is one line a user can act on: what is wrong, where (``file:line``), what to do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

MOST = 500  # characters of a message
_OPTION = re.compile(r"(?<![\w-])--[a-z]")
_CLAUSE = re.compile(r"(; |, |: | (?=\())")
_ASKED = re.compile(r"(; |, |: )(?:name|choose|say|write|so|if)\b")  # what an option behind a comma belongs to


class TaggerError(Exception):
    """Base of all errors this package raises on purpose."""

    def __str__(self) -> str:
        """The message, on one line, whatever the names in it hold; of one too long the middle is left out."""
        message = one_line(super().__str__())
        if len(message) <= MOST:
            return message
        end = MOST // 3
        return f"{message[: MOST - end - 5]} ... {message[-end:]}"


def one_line(text: str) -> str:
    """A text as it can stand in a line on a terminal: spaces for line ends, escapes for what is not printed.

    Args:
        text: such as a message with the name of a file, which may hold anything.
    """
    if text.isprintable():
        return text
    spaced = " ".join(text.split("\n"))
    return "".join(
        each if each.isprintable() or (each.isspace() and each > " ") else f"{each!a}"[1:-1] for each in spaced
    )


def reason_of(error: Exception) -> str:
    """What went wrong, of a file without its name, which the message has already."""
    return getattr(error, "strerror", None) or str(error)


def without_options(message: str) -> str:
    """A message for those who have no command line, such as clients of a server: what names an option is left out.

    Args:
        message: such as `a.txt:3: no UTF-8; it may be cp1252: add --encoding cp1252, or save it as UTF-8`.

    Returns:
        The message without the clauses that name options, `a.txt:3: no UTF-8; it may be cp1252: save it as UTF-8`.
    """
    if not _OPTION.search(message):
        return message
    first, *rest = _CLAUSE.split(message)
    kept, held = ([], " ") if _OPTION.search(first) else ([first], "")
    for mark, clause in zip(rest[::2], rest[1::2], strict=True):
        if _OPTION.search(clause):
            held = held or mark
            if mark == ", " and clause.startswith("--") and (asked := _ASKED.match(kept[-1] if kept else "")):
                held = asked[1]
                kept.pop()
            continue
        kept.append((held or mark) + (clause.removeprefix("or ") if held else clause))
        held = ""
    return "".join(kept).strip(" ,;:")


class ConfigError(TaggerError):
    """A setting, a flag or a combination of them cannot be used."""


class CorpusError(TaggerError):
    """An annotated file or a text cannot be read as what it claims to be."""


class VectorsError(TaggerError):
    """A file of word vectors cannot be read or does not fit."""


class TrainingError(TaggerError):
    """A training cannot go on, because its loss is no finite number."""


class ModelError(TaggerError):
    """A model folder or a checkpoint is missing a piece, damaged, or of another version."""


def choose(given: str, known: Iterable[str]) -> str:
    """What to choose in place of a name that nothing has: the nearest one, and all there are.

    Args:
        given: the name.
        known: the names there are.

    Returns:
        The end of a message.
    """
    import difflib  # which takes longer to load than most commands need

    by_lower = {name.casefold(): name for name in map(str, known)}
    close = difflib.get_close_matches(given.casefold()[:100], by_lower, n=1, cutoff=0.6)
    meant = f"did you mean {by_lower[close[0]]!r}? " if close else ""
    return f"{meant}known: {', '.join(by_lower.values()) or 'none'}"
