"""Counting: gold against predicted tags, span by span or token by token.

Strict spans are those that seqeval reads. The score of every epoch, `headline`, reads them faster in its place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial
from itertools import starmap

import numpy as np

from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.evaluation.bootstrap import Resampled, check_resamples, interval, share_of
from bilstm_tagger.evaluation.lenient import lenient_spans
from bilstm_tagger.evaluation.pairing import SPAN_ERRORS, kind_of, matrix_of, pair_spans
from bilstm_tagger.evaluation.partial import annotated_parts
from bilstm_tagger.evaluation.scores import Average, Intervals, Score, Share, SpanScores, TagScores
from bilstm_tagger.evaluation.strict import SeqevalReader, strict_spans
from bilstm_tagger.evaluation.tally import SUPPORT, Pairs, Tally, tally_spans, tally_tags
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.schemes.spans import SpanTuple
from bilstm_tagger.wording import counted

__all__ = ["check_aligned", "headline", "lenient_spans", "score_task", "tally_of"]

_CONFUSIONS = 50  # kept in the scores; tables show fewer


def headline(gold: Sequence[Document], predicted: Sequence[Document], task: str) -> float:
    """Score a task by one number, as training does after every epoch.

    Args:
        gold: documents with the true tags and their scheme.
        predicted: the same documents with other tags.
        task: name of the task.

    Returns:
        Between 0 and 1: micro F1 of exact spans, or accuracy where the tags are plain.

    Raises:
        CorpusError: the two do not have the same documents and sentences.
    """
    check_aligned(gold, predicted)
    gold, predicted = annotated_parts(gold, predicted, task)
    scheme = _scheme(gold, task)
    if scheme is Scheme.NONE:
        return _accuracy(gold, predicted, task).value
    return _total(gold, predicted, task, partial(strict_spans, scheme=scheme)).f1


def score_task(
    gold: Sequence[Document],
    predicted: Sequence[Document],
    task: str,
    *,
    known: Collection[str] | None,
    labels: Collection[str] | None = None,
    resamples: int = 0,
    seed: int = 0,
) -> SpanScores | TagScores:
    """Score a task in detail.

    Args:
        gold: documents with the true tags and their scheme.
        predicted: the same documents with other tags in the same scheme.
        task: name of the task.
        known: the words of the training data; None where they are not known.
        labels: what the model can predict: labels of spans, or plain tags. Without it none counts as unseen.
        resamples: how often sentences are drawn anew for the intervals of the scores; 0 for no intervals.
        seed: chooses these draws.

    Raises:
        ConfigError: so few resamples give no interval.
        CorpusError: the two do not have the same documents, sentences and scheme.
    """
    check_resamples(resamples)
    gold, predicted, scheme = _comparable(gold, predicted, task)
    words = None if known is None else frozenset(known)
    if scheme is Scheme.NONE:
        tally = tally_tags(gold, predicted, task, known=words or frozenset())
        drawn = Resampled.of(tally, resamples=resamples, seed=seed) if resamples else None
        return _tag_scores(tally, drawn, _tag_pairs(gold, predicted, task), labels, has_words=words is not None)
    strict = list(_span_pairs(gold, predicted, task, SeqevalReader(scheme)))
    lenient = list(_span_pairs(gold, predicted, task, partial(lenient_spans, scheme=scheme)))
    tally = tally_spans(gold, predicted, task, strict=strict, lenient=lenient, known=words or frozenset())
    drawn = Resampled.of(tally, resamples=resamples, seed=seed) if resamples else None
    return _span_scores(tally, drawn, strict, scheme, labels, has_words=words is not None)


def tally_of(gold: Sequence[Document], predicted: Sequence[Document], task: str) -> Tally:
    """Count a task by sentence; arguments and errors as for `score_task`."""
    gold, predicted, scheme = _comparable(gold, predicted, task)
    if scheme is Scheme.NONE:
        return tally_tags(gold, predicted, task, known=frozenset())
    strict = list(_span_pairs(gold, predicted, task, SeqevalReader(scheme)))
    return tally_spans(gold, predicted, task, strict=strict, lenient=None, known=frozenset())


def _comparable(
    gold: Sequence[Document], predicted: Sequence[Document], task: str
) -> tuple[Sequence[Document], Sequence[Document], Scheme]:
    """What is annotated of both, and their scheme."""
    check_aligned(gold, predicted)
    gold, predicted = annotated_parts(gold, predicted, task)
    scheme, spelling = _scheme(gold, task), _scheme(predicted, task)
    if scheme is not spelling:
        raise CorpusError(f"task {task!r} is {scheme} in gold but {spelling} predicted; convert one of them")
    return gold, predicted, scheme


def check_aligned(gold: Sequence[Document], predicted: Sequence[Document]) -> None:
    """Make sure that two lists hold the same documents, sentence by sentence.

    Raises:
        CorpusError: they do not, with the first document that differs.
    """
    if len(gold) != len(predicted):
        raise CorpusError(f"{counted(len(gold), 'gold document')}, but {len(predicted)} predicted; score the same ones")
    for number, (true, other) in enumerate(zip(gold, predicted, strict=True), start=1):
        if true.bounds != other.bounds:
            place = f"{true.path}: " if true.path else ""
            sizes, others = ((len(document.bounds) - 1, len(document)) for document in (true, other))
            raise CorpusError(
                f"{place}document {number} has {counted(sizes[0], 'sentence')} and {counted(sizes[1], 'token')} "
                f"in gold, but {others[0]} and {others[1]} predicted, or they end elsewhere; score the same sentences"
            )


def _span_scores(
    tally: Tally,
    drawn: Resampled | None,
    strict: Pairs,
    scheme: Scheme,
    labels: Collection[str] | None,
    *,
    has_words: bool,
) -> SpanScores:
    scores = _by_label(tally, drawn)
    paired = [pair for true, told in strict for pair in pair_spans(true, told)]
    kinds = Counter(filter(None, starmap(kind_of, paired)))
    return SpanScores(
        scheme=scheme,
        labels=scores,
        micro=_score(tally.totals().sum(0), None if drawn is None else drawn.micro),
        macro=Average.of(scores.values(), intervals=None if drawn is None else drawn.average()),
        weighted=Average.of(
            scores.values(), weighted=True, intervals=None if drawn is None else drawn.average(weighted=True)
        ),
        conlleval=_score(tally.conlleval.sum(0), None if drawn is None else drawn.lenient),
        accuracy=_share(tally, drawn, "tokens"),
        known=_share(tally, drawn, "known") if has_words else None,
        unknown=_share(tally, drawn, "unknown") if has_words else None,
        unseen_labels=_unseen(tally, labels),
        matrix=matrix_of((true[2] if true else "", told[2] if told else "") for true, told in paired),
        kinds={str(kind): kinds[kind] for kind in SPAN_ERRORS},
    )


def _tag_scores(
    tally: Tally,
    drawn: Resampled | None,
    pairs: Iterable[tuple[str, str]],
    labels: Collection[str] | None,
    *,
    has_words: bool,
) -> TagScores:
    scores = _by_label(tally, drawn)
    matrix = matrix_of(pairs)
    confused = [(true, told, n) for true, row in matrix.items() for told, n in row.items() if true != told]
    return TagScores(
        accuracy=_share(tally, drawn, "tokens"),
        tags=scores,
        macro=Average.of(scores.values(), intervals=None if drawn is None else drawn.average()),
        known=_share(tally, drawn, "known") if has_words else None,
        unknown=_share(tally, drawn, "unknown") if has_words else None,
        confusions=sorted(confused, key=lambda cell: (-cell[2], cell))[:_CONFUSIONS],
        unseen_labels=_unseen(tally, labels),
        matrix=matrix,
    )


def _tag_pairs(gold: Sequence[Document], predicted: Sequence[Document], task: str) -> Iterator[tuple[str, str]]:
    """Gold and predicted tag of each token."""
    for true, other in zip(gold, predicted, strict=True):
        yield from zip(true.tags_of(task), other.tags_of(task), strict=True)


def _span_pairs(
    gold: Sequence[Document],
    predicted: Sequence[Document],
    task: str,
    read: Callable[[Sequence[str]], list[SpanTuple]],
) -> Iterator[tuple[list[SpanTuple], list[SpanTuple]]]:
    """Gold and predicted spans of each sentence."""
    for true, other in zip(gold, predicted, strict=True):
        for tags, guesses in zip(true.sentence_tags(task), other.sentence_tags(task), strict=True):
            yield read(tags), read(guesses)


def _total(
    gold: Sequence[Document],
    predicted: Sequence[Document],
    task: str,
    read: Callable[[Sequence[str]], list[SpanTuple]],
) -> Score:
    """The score of all spans together."""
    pairs = list(_span_pairs(gold, predicted, task, read))
    correct = sum(len(set(true).intersection(other)) for true, other in pairs if true and other)
    return Score(correct, sum(len(other) for _, other in pairs), sum(len(true) for true, _ in pairs))


def _scheme(documents: Sequence[Document], task: str) -> Scheme:
    """The scheme of a task, the same in all documents."""
    schemes = {document.schemes.get(task, Scheme.NONE) for document in documents}
    if len(schemes) > 1:
        listed = ", ".join(sorted(schemes))
        raise CorpusError(f"task {task!r} is in several schemes: {listed}; convert it to one")
    return schemes.pop() if schemes else Scheme.NONE


def _accuracy(gold: Sequence[Document], predicted: Sequence[Document], task: str) -> Share:
    pairs = zip(gold, predicted, strict=True)
    correct = sum(sum(map(str.__eq__, true.tags_of(task), other.tags_of(task))) for true, other in pairs)
    return Share(correct, sum(map(len, gold)))


def _by_label(tally: Tally, drawn: Resampled | None) -> dict[str, Score]:
    return {
        label: _score(counts, None if drawn is None else drawn.label(number))
        for number, (label, counts) in enumerate(zip(tally.labels, tally.totals(), strict=True))
    }


def _score(counts: np.ndarray, intervals: Intervals | None) -> Score:
    correct, predicted, support = counts.tolist()
    return Score(correct, predicted, support, intervals)


def _share(tally: Tally, drawn: Resampled | None, name: str) -> Share:
    correct, total = getattr(tally, name).sum(0).tolist()
    return Share(correct, total, interval(share_of(getattr(drawn, name))) if drawn is not None and total else None)


def _unseen(tally: Tally, labels: Collection[str] | None) -> dict[str, int]:
    support = dict(zip(tally.labels, tally.totals()[:, SUPPORT].tolist(), strict=True))
    known = support.keys() if labels is None else set(labels)
    return {label: count for label, count in support.items() if count and label not in known}
