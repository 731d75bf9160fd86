"""How well predicted tags agree with gold ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from bilstm_tagger.document import Document
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.labels import Scheme, SpanTuple, tags_to_spans


def headline(gold: Sequence[Document], predicted: Sequence[Document], task: str) -> float:
    """Score a task by one number, as training does after every epoch.

    Args:
        gold: Documents with the true tags and their scheme.
        predicted: The same documents with other tags.
        task: Name of the task.

    Returns:
        Between 0 and 1: micro F1 of exact spans, or accuracy where the tags are plain.

    Raises:
        CorpusError: The two do not have the same documents and sentences.
    """
    check_aligned(gold, predicted)
    if not is_span_task(gold, task):
        tokens = sum(map(len, gold))
        return _equal_tags(gold, predicted, task) / tokens if tokens else 0.0
    found = support = correct = 0
    for true, other in _span_pairs(gold, predicted, task):
        support += len(true)
        found += len(other)
        if true and other:
            correct += len(set(true).intersection(other))
    return 2 * correct / (support + found) if support + found else 0.0


def is_span_task(documents: Sequence[Document], task: str) -> bool:
    """Whether the tags of a task spell spans."""
    return any(document.schemes.get(task, Scheme.NONE) is not Scheme.NONE for document in documents)


def check_aligned(gold: Sequence[Document], predicted: Sequence[Document]) -> None:
    """Make sure that two lists hold the same documents, sentence by sentence.

    Raises:
        CorpusError: They do not, with the first place where they differ.
    """
    if len(gold) != len(predicted):
        raise CorpusError(f"{len(gold)} gold documents, but {len(predicted)} predicted; score the same ones")
    for number, (true, other) in enumerate(zip(gold, predicted, strict=True), start=1):
        if true.bounds != other.bounds:
            place = f"{true.path}: " if true.path else ""
            raise CorpusError(
                f"{place}document {number} has {len(true.bounds) - 1} sentences and {len(true)} tokens in gold, but "
                f"{len(other.bounds) - 1} and {len(other)} predicted, or other sentence ends; score the same sentences"
            )


def strict_spans(tags: Sequence[str], scheme: Scheme) -> list[SpanTuple]:
    """Read spans as seqeval's strict mode does in BIO: a tag that continues no span is no part of any.

    A network without a CRF may predict such tags.
    """
    try:
        return tags_to_spans(tags, scheme)
    except CorpusError:
        return tags_to_spans(_without_strays(tags), scheme)


def _without_strays(tags: Sequence[str]) -> list[str]:
    """The tags with ``O`` for each one that continues a span which is not there."""
    kept: list[str] = []
    before = "O"
    for tag in tags:
        stray = tag[0] not in "OBSU" and (before == "O" or before[2:] != tag[2:])
        before = "O" if stray else tag
        kept.append(before)
    return kept


def _span_pairs(
    gold: Sequence[Document], predicted: Sequence[Document], task: str
) -> Iterator[tuple[list[SpanTuple], list[SpanTuple]]]:
    """Gold and predicted spans of each sentence."""
    for true, other in zip(gold, predicted, strict=True):
        tags, guesses = true.tags_of(task), other.tags_of(task)
        scheme, spelling = (document.schemes.get(task, Scheme.NONE) for document in (true, other))
        for start, end in pairwise(true.bounds):
            yield strict_spans(tags[start:end], scheme), strict_spans(guesses[start:end], spelling)


def _equal_tags(gold: Sequence[Document], predicted: Sequence[Document], task: str) -> int:
    pairs = zip(gold, predicted, strict=True)
    return sum(sum(map(str.__eq__, a.tags_of(task), b.tags_of(task))) for a, b in pairs)
