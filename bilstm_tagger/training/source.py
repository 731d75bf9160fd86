"""A corpus to train on."""

from __future__ import annotations

from dataclasses import dataclass

from bilstm_tagger.document import Document


@dataclass(frozen=True, slots=True)
class Source:
    """Documents with gold tags of some tasks.

    Attributes:
        tasks: names of the tasks.
        train: training documents.
        dev: documents that early stopping and the best model are judged on.
    """

    tasks: list[str]
    train: list[Document]
    dev: list[Document]
