"""Pretrained word vectors of any supported format; only the rows that are kept take memory."""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path

from bilstm_tagger.errors import VectorsError
from bilstm_tagger.io.file_names import check_file_name
from bilstm_tagger.vocab.vectors.binary import read_binary
from bilstm_tagger.vocab.vectors.packaged import PACKAGED, read_packaged
from bilstm_tagger.vocab.vectors.pipeline import PREFIX, is_pipeline, read_pipeline
from bilstm_tagger.vocab.vectors.table import Vectors
from bilstm_tagger.vocab.vectors.text import read_text

__all__ = ["Vectors", "read_vectors"]


def read_vectors(path: str | Path, *, words: Container[str], keep: int = 0) -> Vectors:
    """Read the vectors of some words and of the first `keep` words, which in most files are the most frequent ones.

    Args:
        path: one of:

            - a text file, plain or gzip: GloVe (word and numbers, separated by spaces), or fastText `.vec` and
              word2vec text (the same after a line of two counts);
            - `*.bin` or `*.bin.gz`: word2vec's binary format;
            - `spacy:NAME` or the folder of a pipeline: the vectors of a spaCy pipeline;
            - `glove-50d`: GloVe 6B in 50 dimensions from the extra `glove`.
        words: the words to read, wherever they stand.
        keep: how many words to read from the beginning of the file as well.

    Returns:
        the words that were read and their vectors, in the order of the file.

    Raises:
        VectorsError: a row is malformed (the message names file and line), or the source is missing or has no vectors.
    """
    name = str(path)
    check_file_name(path, VectorsError)
    if name in PACKAGED:
        return read_packaged(name, words=words, keep=keep)
    if name.startswith(PREFIX) or is_pipeline(Path(path)):
        return read_pipeline(name, words=words, keep=keep)
    if Path(path).is_dir():
        raise VectorsError(f"{path}: cannot be read: it is a folder, and not that of a spaCy pipeline with vectors")
    if name.lower().removesuffix(".gz").endswith(".bin"):
        return read_binary(path, words=words, keep=keep)
    return read_text(path, words=words, keep=keep)
