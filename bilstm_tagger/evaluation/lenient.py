"""Spans as the CoNLL scorer reads them, whatever the tags."""

from __future__ import annotations

from collections.abc import Sequence

from bilstm_tagger.schemes.grammar import ROLES, Scheme, parse, parse_in
from bilstm_tagger.schemes.spans import SpanTuple

__all__ = ["lenient_spans"]


def lenient_spans(tags: Sequence[str], scheme: Scheme) -> list[SpanTuple]:
    """Read spans as the CoNLL scorer does (conlleval, Tjong Kim Sang and Buchholz 2000), whatever the tags.

    A span begins with any tag that cannot continue the one before it, and ends where none continues it.
    """
    if scheme is Scheme.NONE:
        return []
    spans: list[SpanTuple] = []
    before = "O"
    for index, tag in enumerate(tags):
        letter, label = parse_in(tag, scheme) or parse(tag) or ("O", "")
        role = ROLES.get(letter, "O")
        if role in "IE" and before in "BI" and spans[-1][2] == label:
            spans[-1] = (spans[-1][0], index + 1, label)
        elif role != "O":
            spans.append((index, index + 1, label))
        before = role
    return spans
