"""The checksum of what a corpus is read from."""

from __future__ import annotations

from pathlib import Path

from bilstm_tagger.corpus.corpus import Corpus
from bilstm_tagger.corpus.formats import brat, data_sets
from bilstm_tagger.io.reading import sha256_file, sha256_folder

__all__ = ["content_of"]

_TEXTS = (".ann", ".txt")  # what is read of a folder of documents


def content_of(path: str | Path, documents: Corpus | None = None) -> str | None:
    """SHA-256 of a file, or of the documents in a folder, in hexadecimal; it tells nothing of how they are read.

    A data set has no such checksum of its own: its folder holds several splits, and what is fetched has no file.

    Args:
        path: the file, folder or data set.
        documents: what was read from it; their checksum is that of a data set.

    Returns:
        The checksum; None for what is neither file nor folder, if no documents are given.

    Raises:
        CorpusError: a file cannot be read.
    """
    place = Path(path)
    if documents is None or data_sets.find(path) is None:
        if place.is_file():
            return sha256_file(place)
        if place.is_dir():
            return sha256_folder(place, _TEXTS if brat.is_folder(place) else None)
    return None if documents is None else documents.digest()
