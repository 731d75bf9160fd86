"""Which tags of a task belong to one span, as numbers; nothing here needs torch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class SpanTags:
    """Which tags of a task belong to one span.

    Attributes:
        inside: whether a tag is part of a span `(tags,)`.
        continues: whether the second tag goes on with the span of the first `(tags, tags)`, `[first, second]`.
        relabelled: for each label the tag that stands in the place of each tag if the span had that label
            `(labels, tags)`; a tag outside of spans stays.
    """

    inside: np.ndarray
    continues: np.ndarray
    relabelled: np.ndarray

    @classmethod
    def none(cls, tags: int) -> SpanTags:
        """Those of plain tags."""
        return cls(np.zeros(tags, np.bool_), np.zeros((tags, tags), np.bool_), np.zeros((0, tags), np.int64))
