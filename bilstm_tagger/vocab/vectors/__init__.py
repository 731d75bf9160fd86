"""Pretrained word vectors of several file formats."""

from __future__ import annotations

from bilstm_tagger.vocab.vectors.reading import read_vectors
from bilstm_tagger.vocab.vectors.table import Vectors

__all__ = ["Vectors", "read_vectors"]
