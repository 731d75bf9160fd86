"""A corpus to train on."""

from __future__ import annotations

from dataclasses import dataclass, field

from bilstm_tagger.document.document import Document


@dataclass(frozen=True, slots=True)
class Source:
    """Documents with gold tags of some tasks.

    Attributes:
        tasks: names of the tasks.
        train: training documents; the last ones are those replayed.
        dev: documents that early stopping and the best model are judged on.
        replayed: old documents among them, which an earlier model was trained on.
    """

    tasks: list[str]
    train: list[Document]
    dev: list[Document]
    replayed: list[Document] = field(default_factory=list)
