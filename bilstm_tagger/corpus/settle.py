"""Settling the scheme of a task over a corpus: found or declared, with every sentence held to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.schemes.detection import Transition, best_scheme, count_transitions, violations
from bilstm_tagger.schemes.grammar import Scheme, belongs, first_illegal, is_legal, parse


def settle_scheme(documents: Sequence[Document], task: str, *, declared: Scheme | None = None) -> Scheme:
    """Find the scheme of a task over a corpus, and check every tag against it.

    Args:
        documents: the corpus.
        task: name of the task.
        declared: the scheme to hold the corpus to, such as that of the training data; without it, detected.

    Returns:
        The scheme.

    Raises:
        CorpusError: a tag cannot stand where it stands, with its file and line.
    """
    transitions: Counter[Transition] = Counter()
    for document in documents:
        transitions.update(count_transitions(document.sentence_tags(task)))
    scheme = best_scheme(transitions) if declared is None else declared
    if declared is None and scheme is Scheme.NONE:
        _refuse_strays(documents, task, transitions)
    if count := violations(transitions, scheme):
        raise CorpusError(_complaint(documents, task, scheme, transitions, count))
    return scheme


def _refuse_strays(documents: Sequence[Document], task: str, transitions: Counter[Transition]) -> None:
    """Refuse span tags with a few odd ones among them, which would otherwise pass for plain tags."""
    tags = {after for _, after in transitions if after is not None} - {"O"}
    strays = {tag for tag in tags if parse(tag) is None}
    if len(strays) * 2 >= len(tags):
        return
    for document in documents:
        for index, tag in enumerate(document.tags_of(task)):
            if tag in strays:
                raise CorpusError(
                    f"{document.where(index)}: tag {tag!r} among tags such as {min(tags - strays)!r}; "
                    "correct it, or declare the scheme of the task as none if these are plain tags"
                )


def _complaint(
    documents: Sequence[Document], task: str, scheme: Scheme, transitions: Counter[Transition], count: int
) -> str:
    """Say where the first impossible tag of a corpus stands and what to do about it."""
    better = best_scheme(transitions)
    for document in documents:
        for first, tags in zip(document.bounds, document.sentence_tags(task), strict=False):
            index = first_illegal(tags, scheme)
            if index is None:
                continue
            before = tags[index - 1] if index else None
            what = f"{document.where(first + index)}: tag {tags[index]!r} "
            if not belongs(tags[index], scheme):
                what += f"is no tag of {scheme}"
            elif not is_legal(before, tags[index], scheme):
                what += f"cannot {f'follow {before!r}' if index else 'begin a sentence'} in {scheme}"
            else:
                what += f"cannot end a sentence in {scheme}"
            if better is Scheme.NONE:
                return f"{what}; the corpus holds plain tags too: is this the column of task {task!r}?"
            if better is not scheme and not violations(transitions, better):
                return f"{what}; the whole corpus reads as {better}: convert it to {scheme} first"
            remedy = "correct it, or let --repair read it as the CoNLL scorer would"
            return f"{what}, and {count - 1} more; {remedy}" if count > 1 else f"{what}; {remedy}"
    raise CorpusError(f"task {task!r} changed while it was read")
