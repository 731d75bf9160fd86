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
    shared = told_labels & true_labels
    if not odd or not missing or (shared and scheme is Scheme.NONE):
        return []
    told_counts: Counter[str] = Counter()
    best: dict[str, tuple[int, str]] = {}
    for (name, label), count in sorted(pairs.items()):
        told_counts[name] += count
        if name in odd and label in missing and count > best.get(name, (0, ""))[0]:
            best[name] = (count, label)
    meant = {name: label for name, (count, label) in best.items() if 2 * count > told_counts[name]}
    if not renames:  # a label of gold's can have one other name
        of_label = {label: name for name, label in sorted(meant.items(), key=lambda each: best[each[0]][0])}
        meant = {name: label for name, label in meant.items() if of_label[label] == name}
    if shared:
        if not meant:
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
