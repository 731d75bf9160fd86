"""Whether a file is one that a model was trained on: what is measured on it tells nothing of new text."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bilstm_tagger.corpus.content import content_of
from bilstm_tagger.corpus.corpus import Corpus

if TYPE_CHECKING:
    from bilstm_tagger.model_folder.info import ModelInfo

__all__ = ["SAYS", "trained_on"]

SAYS = "so what is measured on it tells nothing of new text"  # in no other note
_LEARNT = ("train", "replay")  # roles; dev chose the epoch and the temperature, and no weight learnt from it


def trained_on(info: ModelInfo, path: str | Path, corpus: Corpus) -> str | None:
    """One line if a model was trained on a file, whatever the file is called now; None if not.

    Args:
        info: what is known of the model, with the checksums of its files.
        path: the file, or a folder.
        corpus: what was read from it.
    """
    known = {row["sha256"] for row in info.provenance.get("data", []) if row["role"] in _LEARNT}
    # Of folders, models of version 0.1 tell the checksum of what was read.
    if not known or (content_of(path, corpus) not in known and (Path(path).is_file() or corpus.digest() not in known)):
        return None
    return f"the model was trained on {Path(path).name}, {SAYS}"
