"""Everything the library raises on purpose.

Each message is one line a user can act on: what is wrong, where (``file:line``), what to do.
"""

from __future__ import annotations


class TaggerError(Exception):
    """Base of all errors this package raises on purpose."""


class ConfigError(TaggerError):
    """A setting, a flag or a combination of them cannot be used."""


class CorpusError(TaggerError):
    """An annotated file or a text cannot be read as what it claims to be."""


class VectorsError(TaggerError):
    """A file of word vectors cannot be read or does not fit."""


class TrainingError(TaggerError):
    """A training cannot go on, because its loss is no finite number."""


class ModelError(TaggerError):
    """A model folder or a checkpoint is missing a piece, damaged, or of another version.

    What a folder from elsewhere holds may be quoted in the message, so that is held to one line of readable characters.
    """

    LONGEST = 500  # characters

    def __init__(self, message: str) -> None:
        super().__init__(_cut(_printable(_cut(message, self.LONGEST)), self.LONGEST))


def _printable(text: str) -> str:
    """The text with control characters, line breaks and half characters as Python writes them in a string."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def _cut(text: str, longest: int) -> str:
    """The text without its middle where it is too long."""
    half = (longest - 5) // 2
    return text if len(text) <= longest else f"{text[:half]} ... {text[-half:]}"
