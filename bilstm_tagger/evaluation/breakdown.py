"""Where the errors are: by length, position and words, and what mending them would gain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from bilstm_tagger.document.document import Document
from bilstm_tagger.evaluation.errors import Case
from bilstm_tagger.evaluation.pairing import ErrorKind
from bilstm_tagger.evaluation.scores import Score

__all__ = ["Gain", "breakdowns", "confused_labels", "gains", "repeated"]

_LENGTHS = (5, 10, 20, 40)  # of sentences, in tokens
_SPANS = (1, 2, 3)
_KNOWN = {True: "all known", False: "some unknown"}


class Gain(NamedTuple):
    """What would be gained if all errors of a group were mended.

    Attributes:
        label: the gold label, or that of what was invented.
        words: whether all their words are known, in words; empty where that is not known.
        support: how many there are in gold.
        errors: errors of the group.
        points: by how much F1 of all spans, or accuracy, would rise, between 0 and 1.
    """

    label: str
    words: str
    support: int
    errors: int
    points: float


def breakdowns(cases: Sequence[Case], gold: Sequence[Document], *, spans: bool) -> dict[str, dict[str, Score]]:
    """Scores by length of the sentence, position in it, words, and length of the span.

    Args:
        cases: as `judged_cases` gives them.
        gold: the documents.
        spans: whether the tags are those of spans.

    Returns:
        For each view its groups in their order with the score of each. A pair belongs to the group of its gold span.
    """
    views: dict[str, tuple[Sequence[str], Callable[[Case], str]]] = {
        "length of the sentence": (_names(_LENGTHS), lambda case: _bucket(_size(gold, case), _LENGTHS)),
        "position in the sentence": (
            ("first token", "first half", "second half"),
            lambda case: _position(case.span[0], _size(gold, case)),
        ),
    }
    if any(case.known is not None for case in cases):
        views["words"] = (tuple(_KNOWN.values()), lambda case: _KNOWN[bool(case.known)])
    if spans:
        views["length of the span"] = (
            _names(_SPANS),
            lambda case: _bucket(case.span[1] - case.span[0], _SPANS),
        )
    return {view: _scores(cases, group, names) for view, (names, group) in views.items()}


def _scores(cases: Sequence[Case], group: Callable[[Case], str], names: Sequence[str]) -> dict[str, Score]:
    counts = {name: [0, 0, 0] for name in names}
    for case in cases:
        own = counts[group(case)]
        own[0] += case.kind is None
        own[1] += case.predicted is not None
        own[2] += case.gold is not None
    return {name: Score(own[0], own[1], own[2]) for name, own in counts.items() if own[1] or own[2]}


def _size(gold: Sequence[Document], case: Case) -> int:
    bounds = gold[case.document].bounds
    return bounds[case.sentence + 1] - bounds[case.sentence]


def _names(limits: Sequence[int]) -> tuple[str, ...]:
    ranges = [
        str(high) if low + 1 == high else f"{low + 1} to {high}"
        for low, high in zip((0, *limits), limits, strict=False)
    ]
    return (*ranges, f"over {limits[-1]}")


def _bucket(size: int, limits: Sequence[int]) -> str:
    return _names(limits)[sum(size > limit for limit in limits)]


def _position(start: int, size: int) -> str:
    return "first token" if start == 0 else "first half" if 2 * start < size else "second half"


def gains(cases: Sequence[Case], *, spans: bool) -> list[Gain]:
    """What mending the errors of each label would gain, those with known words and with unknown ones apart.

    Mending makes a wrong span the gold one, adds a missed one and takes away an invented one; everything else stays.

    Args:
        cases: as `judged_cases` gives them.
        spans: whether the tags are those of spans.
    """
    correct = sum(case.kind is None for case in cases)
    predicted = sum(case.predicted is not None for case in cases)
    support = sum(case.gold is not None for case in cases)
    groups: dict[tuple[str, bool | None], list[Case]] = {}
    for case in cases:
        groups.setdefault((case.span[2], case.known), []).append(case)
    made = []
    for (label, known), group in groups.items():
        kinds = Counter(case.kind for case in group if case.kind is not None)
        if not kinds:
            continue
        missed, invented = kinds[ErrorKind.MISSED], kinds[ErrorKind.INVENTED]
        mended = Score(correct + kinds.total() - invented, predicted + missed - invented, support)
        points = mended.f1 - Score(correct, predicted, support).f1
        if not spans:
            points = kinds.total() / len(cases)
        words = "" if known is None else _KNOWN[known]
        made.append(Gain(label, words, sum(case.gold is not None for case in group), kinds.total(), points))
    return sorted(made, key=lambda gain: (-gain.points, gain))


def confused_labels(errors: Sequence[Case]) -> list[tuple[str, str, int]]:
    """How often which label was predicted for another one or for no span, the most frequent first.

    An empty label is no span; spans with the right label and wrong ends are left out.
    """
    pairs = Counter(
        (case.gold_label, case.predicted_label) for case in errors if case.gold_label != case.predicted_label
    )
    return [(true, told, count) for (true, told), count in sorted(pairs.items(), key=lambda item: (-item[1], item[0]))]


def repeated(errors: Sequence[Case], gold: Sequence[Document], *, most: int = 20) -> list[tuple[str, Counter[str]]]:
    """Texts that are wrong more than once, the most frequent first, with the kinds of their errors.

    Args:
        errors: the errors.
        gold: the documents.
        most: how many texts to name.
    """
    found: dict[str, Counter[str]] = {}
    for case in errors:
        document = gold[case.document]
        first = document.bounds[case.sentence]
        start, end, _ = case.span
        found.setdefault(" ".join(document.words[first + start : first + end]), Counter())[_told(case)] += 1
    often = [(text, kinds) for text, kinds in found.items() if kinds.total() > 1]
    return sorted(often, key=lambda item: (-item[1].total(), item[0]))[:most]


def _told(case: Case) -> str:
    """The labels of an error in short."""
    if case.kind is ErrorKind.ENDS:
        return f"{case.gold_label}, {case.kind}"
    return f"{case.gold_label or 'none'} → {case.predicted_label or 'none'}"
