"""The scheme of a corpus: telling it from the tags, and holding every sentence to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from bilstm_tagger.errors import CorpusError
from bilstm_tagger.schemes import Scheme, belongs, first_illegal, is_legal, parse

if TYPE_CHECKING:
    from bilstm_tagger.document import Document

_Move = tuple[str | None, str | None]
# Where two schemes fit equally well the first is taken, so a corpus with nothing but O reads as BIO.
_DETECTABLE = (Scheme.BIO, Scheme.IOB1, Scheme.IOBES, Scheme.BMES, Scheme.BILOU)


def detect(sequences: Iterable[Sequence[str]]) -> Scheme:
    """Tell the scheme of a corpus from its tags.

    A scheme is assumed only if every tag is ``O`` or a known letter, a hyphen and a label; among the schemes
    the one that the fewest tags violate is taken.

    Args:
        sequences: The tags of each sentence.

    Returns:
        The scheme; `Scheme.NONE` for plain tags.
    """
    return _best_scheme(_count_moves(sequences))


def _count_moves(sequences: Iterable[Sequence[str]]) -> Counter[_Move]:
    """Count each pair of neighbouring tags, the edges of the sentences included."""
    moves: Counter[_Move] = Counter()
    for tags in sequences:
        moves.update(zip((None, *tags), (*tags, None), strict=True))
    return moves


def _best_scheme(moves: Counter[_Move]) -> Scheme:
    tags = {after for _, after in moves if after is not None}
    if not tags or any(parse(tag) is None for tag in tags):
        return Scheme.NONE
    return min(_DETECTABLE, key=lambda scheme: _violations(moves, scheme))


def _violations(moves: Counter[_Move], scheme: Scheme) -> int:
    return sum(count for move, count in moves.items() if not is_legal(*move, scheme))


def resolve(documents: Sequence[Document], task: str, *, declared: Scheme | None = None) -> Scheme:
    """Settle the scheme of a task over a corpus, check every tag against it and note it on the documents.

    Args:
        documents: The corpus.
        task: Name of the task.
        declared: The scheme to hold the corpus to, such as that of the training data; without it, detected.

    Returns:
        The scheme, which is also set as ``document.schemes[task]`` on each document.

    Raises:
        CorpusError: A tag cannot stand where it stands, with its file and line.
    """
    moves: Counter[_Move] = Counter()
    for document in documents:
        moves.update(_count_moves(_sentence_tags(document, task)))
    scheme = _best_scheme(moves) if declared is None else declared
    if declared is None and scheme is Scheme.NONE:
        _refuse_strays(documents, task, moves)
    violations = _violations(moves, scheme)
    if violations:
        raise CorpusError(_complaint(documents, task, scheme, moves, violations))
    for document in documents:
        document.schemes[task] = scheme
    return scheme


def _sentence_tags(document: Document, task: str) -> Iterator[list[str]]:
    tags = document.tags_of(task)
    return (tags[start:end] for start, end in pairwise(document.bounds))


def _refuse_strays(documents: Sequence[Document], task: str, moves: Counter[_Move]) -> None:
    """Refuse span tags with a few odd ones among them, which would otherwise pass for plain tags."""
    tags = {after for _, after in moves if after is not None} - {"O"}
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


def _complaint(documents: Sequence[Document], task: str, scheme: Scheme, moves: Counter[_Move], violations: int) -> str:
    """Say where the first impossible tag of a corpus stands and what to do about it."""
    better = _best_scheme(moves)
    for document in documents:
        for first, tags in zip(document.bounds, _sentence_tags(document, task), strict=False):
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
            if better is not scheme and not _violations(moves, better):
                return f"{what}; the whole corpus reads as {better}: convert it to {scheme} first"
            remedy = "correct it, or let --repair read it as the CoNLL scorer would"
            return f"{what}, and {violations - 1} more; {remedy}" if violations > 1 else f"{what}; {remedy}"
    raise CorpusError(f"task {task!r} changed while it was read")
