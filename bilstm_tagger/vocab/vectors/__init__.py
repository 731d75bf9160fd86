"""Pretrained word vectors, whatever they come as; only the rows that are kept take memory."""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path

from bilstm_tagger.errors import VectorsError
from bilstm_tagger.vocab.vectors.binary import read_binary
from bilstm_tagger.vocab.vectors.packaged import PACKAGED, read_packaged
from bilstm_tagger.vocab.vectors.pipeline import PREFIX, is_pipeline, read_pipeline
from bilstm_tagger.vocab.vectors.table import Vectors
from bilstm_tagger.vocab.vectors.text import read_text

__all__ = ["Vectors", "read_vectors"]


def read_vectors(path: str | Path, *, wanted: Container[str], keep: int = 0) -> Vectors:
    """The vectors of the wanted words and of the first `keep` words, which in most files are the most frequent ones.

    Args:
        path: One of

            - a text file, plain or gzip: GloVe (word and numbers, separated by spaces), or fastText `.vec` and
              word2vec text (the same behind a line of two counts);
            - `*.bin` or `*.bin.gz`: word2vec's binary format;
            - `spacy:NAME` or the folder of a pipeline: the vectors of a spaCy pipeline;
            - `glove-50d`: GloVe 6B in 50 dimensions from the extra `glove`.
        wanted: The words to read.
        keep: How many words to read from the beginning besides.

    Raises:
        VectorsError: naming file and line, if a row is malformed; if the source is missing or holds no vectors.
    """
    name = str(path)
    if name in PACKAGED:
        return read_packaged(name, wanted=wanted, keep=keep)
    if name.startswith(PREFIX) or is_pipeline(Path(path)):
        return read_pipeline(name, wanted=wanted, keep=keep)
    if Path(path).is_dir():
        raise VectorsError(f"{path}: cannot be read: it is a folder, and not that of a spaCy pipeline with vectors")
    if name.lower().removesuffix(".gz").endswith(".bin"):
        return read_binary(path, wanted=wanted, keep=keep)
    return read_text(path, wanted=wanted, keep=keep)
