"""Everything the library raises on purpose.

Each message is one line a user can act on: what is wrong, where (``file:line``), what to do.
"""

from __future__ import annotations

from collections.abc import Iterable


class TaggerError(Exception):
    """Base of all errors this package raises on purpose."""


class ConfigError(TaggerError):
    """A setting, a flag or a combination of them cannot be used."""


class CorpusError(TaggerError):
    """An annotated file or a text cannot be read as what it claims to be."""


class VectorsError(TaggerError):
    """A file of word vectors cannot be read or does not fit."""


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
