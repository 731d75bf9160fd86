"""Settling the scheme of a task over a corpus: found or declared, with every sentence held to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import chain

from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.schemes.detection import Transition, best_scheme, count_transitions, violations
from bilstm_tagger.schemes.grammar import UNKNOWN, Scheme, belongs, first_illegal, is_legal, parse
from bilstm_tagger.schemes.near_miss import in_the_way, near_misses

_COMMENT_MARKS = "#%"


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


def holds_for(documents: Sequence[Document], task: str, tasks: Sequence[str]) -> bool:
    """Tell whether a scheme that was named for a file is that of a task.

    With one task it is, whatever its tags. Of several it is for those whose tags are of some scheme, and in any case
    for some: if no task has such tags, for all.
    """

    def has_spans(name: str) -> bool:
        sentences = chain.from_iterable(document.sentence_tags(name) for document in documents)
        return best_scheme(count_transitions(sentences)) is not Scheme.NONE

    return len(tasks) < 2 or has_spans(task) or not any(map(has_spans, tasks))


def _refuse_strays(documents: Sequence[Document], task: str, transitions: Counter[Transition]) -> None:
    """Refuse span tags with odd ones among them, which would otherwise pass for plain tags.

    They are odd ones if fewer tokens have them than have tags of spans, `O` included.
    """
    counts: Counter[str] = Counter()
    for (_, after), count in transitions.items():
        if after not in (None, UNKNOWN):
            counts[str(after)] += count
    strays = {tag for tag in counts if parse(tag) is None}
    spans = counts.keys() - strays - {"O"}
    if not strays or not spans or 2 * sum(counts[tag] for tag in strays) >= counts.total():
        return
    places = [
        (document, index) for document in documents for index, tag in enumerate(document.tags_of(task)) if tag in strays
    ]
    others, strange = in_the_way(counts)
    document, index = next(
        (each for each in places if each[0].tags_of(task)[each[1]] in strange), places[0]
    )  # what has no remedy comes first
    tag = document.tags_of(task)[index]
    what = f"{document.where(index)}: tag {tag!r} among tags such as {min(spans)!r}"
    marks = {found.words[at][:1] for found, at in places}
    if len(marks) == 1 and (mark := marks.pop()) in _COMMENT_MARKS:
        lines = f"this and {len(places) - 1} more lines begin" if len(places) > 1 else "the line begins"
        raise CorpusError(
            f"{what}; {lines} with {mark}: if that means a comment, add --comments "
            f"'{mark}'; declare the scheme of the task as none if these are plain tags"
        )
    meant = near_misses(counts).get(tag)
    remedy = f"if {meant!r} was meant, add --fix-tags" if meant else "correct it"
    if tag in strange:
        remedy += f", and --fix-tags reads the others, such as {min(others)!r}, as {others[min(others)]!r}"
    raise CorpusError(f"{what}; {remedy}, or declare the scheme of the task as none if these are plain tags")


def _complaint(
    documents: Sequence[Document], task: str, scheme: Scheme, transitions: Counter[Transition], count: int
) -> str:
    """Say where the first impossible tag of a corpus stands and what to do about it."""
    better = best_scheme(transitions)
    meant = near_misses(str(after) for _, after in transitions if after is not None)
    for document in documents:
        for first, tags in zip(document.bounds, document.sentence_tags(task), strict=False):
            index = first_illegal(tags, scheme)
            if index is None:
                continue
            before = tags[index - 1] if index else None
            what = f"{document.where(first + index)}: tag {tags[index]!r} "
            if not belongs(tags[index], scheme):
                what += f"is no tag of {scheme}"
                if tags[index] in meant:
                    return f"{what}; if {meant[tags[index]]!r} was meant, add --fix-tags"
            elif not is_legal(before, tags[index], scheme):
                what += f"cannot {f'follow {before!r}' if index else 'begin a sentence'} in {scheme}"
            else:
                what += f"cannot end a sentence in {scheme}"
            if better is Scheme.NONE:
                return f"{what}; the corpus holds plain tags too: is this the column of task {task!r}?"
            if not violations(transitions, better):  # then it is another one
                return f"{what}; the whole corpus reads as {better}: convert it to {scheme} first"
            remedy = "correct it, or let --repair read it as the CoNLL scorer would"
            return f"{what}, and {count - 1} more; {remedy}" if count > 1 else f"{what}; {remedy}"
    raise CorpusError(f"task {task!r} changed while it was read")
