"""A first call before time is measured: it compiles loops and loads what later calls find there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bilstm_tagger.document.document import Document

if TYPE_CHECKING:
    from bilstm_tagger.tagging.tagger import Tagger

__all__ = ["warm_up"]


def warm_up(tagger: Tagger, **options: Any) -> None:
    """Tags one word.

    Args:
        tagger: the tagger.
        **options: those of `Tagger.pipe` that will be asked for.
    """
    columns = {name: [""] for name, feature in tagger.vocab.features.items() if feature.kind == "column"}
    for _ in tagger.pipe([Document(["."], [0, 1], columns=columns)], **options):
        pass
