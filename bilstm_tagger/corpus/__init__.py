"""Annotated files in and out, and what is done with a corpus before training: settling, repairing, splitting.

`formats` has one module for each file format, `check` looks for faults in corpora, `convert` writes them in other
formats and schemes.
"""

from __future__ import annotations

from bilstm_tagger.corpus.corpus import Corpus
from bilstm_tagger.corpus.reading import iterate_corpus, read_corpus, save_corpus
from bilstm_tagger.settings.read_spec import ReadSpec

__all__ = ["Corpus", "ReadSpec", "iterate_corpus", "read_corpus", "save_corpus"]
