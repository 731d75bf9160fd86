"""Leaving out spans that are not probable enough."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from math import inf

from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import ConfigError, CorpusError
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.schemes.spans import spans_to_tags, tags_to_spans

Least = float | Mapping[str, float]


def check_least(least: Least, labels: Iterable[str]) -> None:
    """Refuse what is no probability, or is one of a label that the model does not have.

    Infinity leaves out a label altogether.

    Raises:
        ConfigError: if it is so.
    """
    known = sorted(set(labels))
    for label, value in least.items() if isinstance(least, Mapping) else [("", least)]:
        if label and label not in known:
            raise ConfigError(f"min_probability: the model has no label {label!r}; it has: {', '.join(known)}")
        if isinstance(value, bool) or not isinstance(value, int | float) or not (0 <= value <= 1 or value == inf):
            raise ConfigError(f"min_probability must be a number from 0 to 1, not {value!r}")


def keep_probable(document: Document, least: Least) -> Document:
    """The document without the spans whose probability is lower than `least`; their tokens become `O`.

    Args:
        document: as a tagger gives it with probabilities.
        least: the least probability, or one for each label; spans of other labels stay.

    Raises:
        CorpusError: the document has spans and no probabilities.
    """
    tags = dict(document.tags)
    for task, scheme in document.schemes.items():
        if scheme is not Scheme.NONE and task in tags:
            tags[task] = _kept(document, task, scheme, least)
    return document.with_tags(tags, document.schemes, probabilities=document.probabilities)


def _kept(document: Document, task: str, scheme: Scheme, least: Least) -> list[str]:
    tags, known = document.tags_of(task), document.probabilities.get(task)
    kept: list[str] = []
    for first, last in pairwise(document.bounds):
        own = tags[first:last]
        spans = tags_to_spans(own, scheme)
        if spans and known is None:
            raise CorpusError("the document has no probabilities; tag with probabilities=True")
        probable = [
            (start, end, label)
            for start, end, label in spans
            if known is not None and _at_least(known.span(first + start, first + end, label), _least_of(label, least))
        ]
        kept += own if len(probable) == len(spans) else spans_to_tags(probable, last - first, scheme)
    return kept


def _at_least(probability: float | None, least: float) -> bool:
    """Whether it is known to be so high; what is not known is kept only where anything is."""
    return least <= 0 if probability is None else probability >= least


def _least_of(label: str, least: Least) -> float:
    return least.get(label, 0.0) if isinstance(least, Mapping) else least
