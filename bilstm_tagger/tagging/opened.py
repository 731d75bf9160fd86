"""Taggers where a function takes one, or what `Tagger.load` takes."""

from __future__ import annotations

from pathlib import Path

from bilstm_tagger.errors import TaggerError
from bilstm_tagger.tagging.tagger import Tagger


def opened(tagger: Tagger | str | Path, *, device: str = "cpu") -> Tagger:
    """The tagger itself, or the one that has this name or is in this folder.

    Args:
        tagger: a tagger, a model folder, or the name of a model that comes with the package or is on the hub.
        device: where one that is loaded computes.

    Raises:
        TaggerError: it is something else, or cannot be loaded.
    """
    if isinstance(tagger, str | Path):
        return Tagger.load(tagger, device=device)
    if not hasattr(tagger, "pipe") or not hasattr(tagger, "schemes"):  # what stands in for a tagger will do
        raise TaggerError(f"give a tagger, such as Tagger.load('en'), a model folder or its name, not {tagger!r:.100}")
    return tagger
