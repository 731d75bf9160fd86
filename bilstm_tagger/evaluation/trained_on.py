"""Whether a file is one that a model was trained on: what is measured on it tells nothing of new text."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bilstm_tagger.corpus.content import content_of
from bilstm_tagger.corpus.corpus import Corpus

if TYPE_CHECKING:
    from bilstm_tagger.model_folder.info import ModelInfo

__all__ = ["TrainedOn", "trained_on"]

_LEARNT = ("train", "replay")  # roles; dev chose the epoch and the temperature, and no weight learnt from it


class TrainedOn(str):
    """The note that a model was trained on what it is measured on: the only one that is a warning.

    Attributes:
        file: name of the file or folder.
    """

    file: str

    def __new__(cls, file: str, model: str = "the model") -> TrainedOn:
        """Write the note on a file, and on a model by its name where there are several."""
        note = super().__new__(
            cls, f"{model} was trained on {file}, so what is measured on it tells nothing of new text"
        )
        note.file = file
        return note


def trained_on(info: ModelInfo, path: str | Path, corpus: Corpus) -> TrainedOn | None:
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
    return TrainedOn(Path(path).name)
