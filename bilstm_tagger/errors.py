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
    """A model folder or a checkpoint is missing a piece, damaged, or of another version."""
