"""Counting: gold against predicted tags, span by span or token by token.

Strict spans are those that seqeval reads. The score of every epoch, `headline`, reads them faster in its place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from itertools import chain

from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.evaluation.partial import annotated_parts
from bilstm_tagger.evaluation.scores import Average, Score, Share, SpanScores, TagScores
from bilstm_tagger.evaluation.strict import SeqevalReader, strict_spans
from bilstm_tagger.schemes.grammar import ROLES, Scheme, parse, parse_in
from bilstm_tagger.schemes.spans import SpanTuple

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
    known: Collection[str],
    labels: Collection[str] | None = None,
) -> SpanScores | TagScores:
    """Score a task in detail.

    Args:
        gold: documents with the true tags and their scheme.
        predicted: the same documents with other tags in the same scheme.
        task: name of the task.
        known: the words of the training data.
        labels: what the model can predict: labels of spans, or plain tags. Without it none counts as unseen.

    Raises:
        CorpusError: the two do not have the same documents, sentences and scheme.
    """
    check_aligned(gold, predicted)
    gold, predicted = annotated_parts(gold, predicted, task)
    scheme, spelling = _scheme(gold, task), _scheme(predicted, task)
    if scheme is not spelling:
        raise CorpusError(f"task {task!r} is {scheme} in gold but {spelling} predicted; convert one of them")
    if scheme is Scheme.NONE:
        return _score_tags(gold, predicted, task, frozenset(known), labels)
    return _score_spans(gold, predicted, task, frozenset(known), labels)


def check_aligned(gold: Sequence[Document], predicted: Sequence[Document]) -> None:
    """Make sure that two lists hold the same documents, sentence by sentence.

    Raises:
        CorpusError: they do not, with the first document that differs.
    """
    if len(gold) != len(predicted):
        raise CorpusError(f"{len(gold)} gold documents, but {len(predicted)} predicted; score the same ones")
    for number, (true, other) in enumerate(zip(gold, predicted, strict=True), start=1):
        if true.bounds != other.bounds:
            place = f"{true.path}: " if true.path else ""
            sizes, others = ((len(document.bounds) - 1, len(document)) for document in (true, other))
            raise CorpusError(
                f"{place}document {number} has {sizes[0]} sentences and {sizes[1]} tokens in gold, but "
                f"{others[0]} and {others[1]} predicted, or they end elsewhere; score the same sentences"
            )


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


def _score_spans(
    gold: Sequence[Document],
    predicted: Sequence[Document],
    task: str,
    known: frozenset[str],
    labels: Collection[str] | None,
) -> SpanScores:
    scheme = _scheme(gold, task)
    support, guessed, correct = Counter[str](), Counter[str](), Counter[str]()
    total, hits = Counter[bool](), Counter[bool]()  # by whether all words are known
    pairs = _span_pairs(gold, predicted, task, SeqevalReader(scheme))
    for words, (true, other) in zip(_sentences(gold), pairs, strict=True):
        guesses = set(other)
        guessed.update(label for _, _, label in guesses)
        for span in true:
            start, end, label = span
            familiar = known.issuperset(words[start:end])
            support[label] += 1
            total[familiar] += 1
            if span in guesses:
                correct[label] += 1
                hits[familiar] += 1
    scores = _by_label(correct, guessed, support)
    return SpanScores(
        scheme=scheme,
        labels=scores,
        micro=Score(correct.total(), guessed.total(), support.total()),
        macro=Average.of(scores.values()),
        weighted=Average.of(scores.values(), weighted=True),
        conlleval=_total(gold, predicted, task, partial(lenient_spans, scheme=scheme)),
        accuracy=_accuracy(gold, predicted, task),
        known=Share(hits[True], total[True]),
        unknown=Share(hits[False], total[False]),
        unseen_labels=_unseen(support, labels),
    )


def _score_tags(
    gold: Sequence[Document],
    predicted: Sequence[Document],
    task: str,
    known: frozenset[str],
    labels: Collection[str] | None,
) -> TagScores:
    words = chain.from_iterable(document.words for document in gold)
    tags = chain.from_iterable(document.tags_of(task) for document in gold)
    guesses = chain.from_iterable(document.tags_of(task) for document in predicted)
    cells = Counter(zip(map(known.__contains__, words), tags, guesses, strict=True))
    support, guessed, correct = Counter[str](), Counter[str](), Counter[str]()
    confused = Counter[tuple[str, str]]()
    total, hits = Counter[bool](), Counter[bool]()
    for (familiar, tag, guess), count in cells.items():
        support[tag] += count
        guessed[guess] += count
        total[familiar] += count
        if tag == guess:
            correct[tag] += count
            hits[familiar] += count
        else:
            confused[tag, guess] += count
    scores = _by_label(correct, guessed, support)
    worst = sorted(confused.items(), key=lambda item: (-item[1], item[0]))[:_CONFUSIONS]
    return TagScores(
        accuracy=Share(correct.total(), support.total()),
        tags=scores,
        macro=Average.of(scores.values()),
        known=Share(hits[True], total[True]),
        unknown=Share(hits[False], total[False]),
        confusions=[(tag, guess, count) for (tag, guess), count in worst],
        unseen_labels=_unseen(support, labels),
    )


def _sentences(documents: Sequence[Document]) -> Iterator[list[str]]:
    """The words of each sentence."""
    for document in documents:
        yield from (sentence.words for sentence in document.sentences)


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


def _by_label(correct: Counter[str], guessed: Counter[str], support: Counter[str]) -> dict[str, Score]:
    labels = sorted({*guessed, *support})
    return {label: Score(correct[label], guessed[label], support[label]) for label in labels}


def _unseen(support: Counter[str], labels: Collection[str] | None) -> dict[str, int]:
    return {} if labels is None else {label: support[label] for label in sorted(set(support) - set(labels))}
