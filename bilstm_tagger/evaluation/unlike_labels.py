"""Predicted labels that gold spells otherwise, `Person` beside `PER`, so that nothing of them can be right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from bilstm_tagger.document.document import Document
from bilstm_tagger.schemes.grammar import UNKNOWN, Scheme, parse_in
from bilstm_tagger.wording import some_of

__all__ = ["unlike_labels"]


def unlike_labels(
    gold: Sequence[Document], predicted: Sequence[Document], task: str, scheme: Scheme, source: str, *, renames: bool
) -> list[str]:
    """Tell of predicted labels that gold lacks, where gold has others that nobody predicted.

    If the two sides share labels, only of those that mostly stand where such a one of gold does.

    Args:
        gold: the gold documents.
        predicted: the same documents with predicted tags.
        task: the task.
        scheme: how both spell it.
        source: where the predictions come from.
        renames: whether the predictions come from a file, whose labels can be renamed; else gold's can.

    Returns:
        A sentence with the options that make them alike, or nothing.
    """
    pairs: Counter[tuple[str, str]] = Counter()
    for true, told in zip(gold, predicted, strict=True):
        pairs.update(zip(_labels(told.tags_of(task), scheme), _labels(true.tags_of(task), scheme), strict=True))
    told_labels, true_labels = ({pair[side] for pair in pairs} - {"O", UNKNOWN} for side in (0, 1))
    odd, missing = told_labels - true_labels, true_labels - told_labels
    if not odd or not missing:
        return []
    meant: dict[str, str] = {}
    for name in sorted(odd):
        best = max(sorted(missing), key=lambda label: pairs[name, label])
        if 2 * pairs[name, best] > sum(count for (told_label, _), count in pairs.items() if told_label == name):
            meant[name] = best
    if told_labels & true_labels:
        if scheme is Scheme.NONE or not meant:
            return []
        odd = set(meant)
    renamed = [f"{name}={label}" if renames else f"{label}={name}" for name, label in meant.items()]
    kind = "tags" if scheme is Scheme.NONE else "labels"
    return [
        f"{task}: {kind} that {source} predicts ({some_of(odd)}) are none of gold's ({some_of(true_labels)}) and count "
        f"as wrong; if they mean the same, --map {','.join(renamed) or 'PREDICTED=GOLD'} renames them"
    ]


def _labels(tags: Iterable[str], scheme: Scheme) -> list[str]:
    """The labels of tags without the letters of their scheme."""
    return [(parsed[1] or tag) if (parsed := parse_in(tag, scheme)) else tag for tag in tags]
