"""Label schemes: how the spans of a sentence are spelled as one tag a token.

IOB1, BIO (also called IOB2) and IOBES are different codes; BMES and BILOU are other letters for IOBES. Everything
follows from one table of legal moves, in which the edges of a sentence behave exactly like ``O``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from bilstm_tagger.errors import CorpusError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from bilstm_tagger.document import Document

SpanTuple = tuple[int, int, str]
_Move = tuple[str | None, str | None]


class Scheme(StrEnum):
    """How the tags of a task spell its spans; ``NONE`` is for plain tags such as parts of speech."""

    NONE = "none"
    IOB1 = "IOB1"
    BIO = "BIO"
    IOBES = "IOBES"
    BMES = "BMES"
    BILOU = "BILOU"


_PREFIXES = {
    Scheme.NONE: "",
    Scheme.IOB1: "BI",
    Scheme.BIO: "BI",
    Scheme.IOBES: "BIES",
    Scheme.BMES: "BMES",
    Scheme.BILOU: "BILU",
}
# What a letter means, spelled in IOBES.
_ROLES = {"B": "B", "I": "I", "M": "I", "E": "E", "L": "E", "S": "S", "U": "S"}
# Where two schemes fit equally well the first is taken, so a corpus with nothing but O reads as BIO.
_DETECTABLE = (Scheme.BIO, Scheme.IOB1, Scheme.IOBES, Scheme.BMES, Scheme.BILOU)


@lru_cache(maxsize=65536)
def _parse(tag: str) -> tuple[str, str] | None:
    """Cut a tag into letter and label: ``("B", "PER")``, ``("O", "")``; None if it is no tag of any scheme."""
    if tag == "O":
        return "O", ""
    if len(tag) > 2 and tag[1] == "-" and tag[0] in _ROLES:
        return tag[0], tag[2:]
    return None


@lru_cache(maxsize=65536)
def _legal(before: str | None, after: str | None, scheme: Scheme) -> bool:
    """Whether one tag may follow another; None stands for the edge of the sentence."""
    if scheme is Scheme.NONE:
        return True
    left, right = _parse(before or "O"), _parse(after or "O")
    if left is None or right is None:
        return False
    letters = "O" + _PREFIXES[scheme]
    if left[0] not in letters or right[0] not in letters:
        return False
    same = left[1] == right[1]
    if scheme is Scheme.IOB1:
        return right[0] != "B" or (left[0] != "O" and same)
    opened = left[0] in "BIM"
    continues = right[0] in "IMEL"
    if scheme is Scheme.BIO:
        return not continues or (opened and same)
    return opened == continues and (same or not continues)


def first_illegal(tags: Sequence[str], scheme: Scheme) -> int | None:
    """Find the first tag of a sentence that is impossible in a scheme.

    Args:
        tags: The tags of one sentence.
        scheme: The scheme they should be in.

    Returns:
        The index of the first tag that cannot stand where it stands, or None. A span left unfinished by the end
        of the sentence is put down to the last tag.
    """
    moves = list(zip((None, *tags), (*tags, None), strict=True))
    if all(_legal(before, after, scheme) for before, after in set(moves)):
        return None
    found = next(index for index, move in enumerate(moves) if not _legal(*move, scheme))
    return min(found, len(tags) - 1)


def tags_to_spans(tags: Sequence[str], scheme: Scheme) -> list[SpanTuple]:
    """Read the spans of one sentence from its tags.

    Args:
        tags: Legal tags of one sentence.
        scheme: The scheme they are in. Plain tags have no spans.

    Returns:
        One (start, end, label) for each span, in order; ends are exclusive.

    Raises:
        CorpusError: A tag continues a span that was not begun. The other impossible sequences, rarer and dearer to see,
            are for `first_illegal` and `repair`.
    """
    if scheme is Scheme.NONE:
        return []
    lenient = scheme is Scheme.IOB1
    spans: list[SpanTuple] = []
    start, end, label = 0, 0, ""
    for index in [place for place, tag in enumerate(tags) if tag != "O"]:
        tag = tags[index]
        begins = tag[0] in "BSU"
        if not begins and (index != end or tag[2:] != label or not label):
            if not lenient:
                raise CorpusError(f"tag {index + 1} of {len(tags)}, {tag!r}, begins no span in {scheme}; repair the tags first")
            begins = True
        if begins:
            if label:
                spans.append((start, end, label))
            start, label = index, tag[2:]
        end = index + 1
    if label:
        spans.append((start, end, label))
    return spans


def spans_to_tags(spans: Iterable[SpanTuple], length: int, scheme: Scheme) -> list[str]:
    """Spell spans as the tags of one sentence.

    Args:
        spans: (start, end, label) of each span in any order; ends are exclusive.
        length: How many tokens the sentence has.
        scheme: The scheme to spell them in.

    Returns:
        One tag for each token.

    Raises:
        CorpusError: Spans overlap, are empty, lie outside the sentence or lack a label, or the scheme has no spans.
    """
    tags = ["O"] * length
    last: SpanTuple = (0, 0, "")
    for span in sorted(spans):
        start, end, label = span
        if scheme is Scheme.NONE or not label:
            raise CorpusError(f"span {label!r} cannot be spelled as tags: " + ("no label" if not label else "no scheme"))
        if not 0 <= start < end <= length:
            raise CorpusError(f"span {label!r} covers tokens {start} to {end} of a sentence of {length} tokens")
        if start < last[1]:
            raise CorpusError(
                f"span {label!r} (tokens {start} to {end}) overlaps span {last[2]!r} (tokens {last[0]} to {last[1]}); "
                "tags can hold one span a token, so drop one of them"
            )
        tags[start:end] = _spell(label, end - start, scheme, adjacent=(last[1], last[2]) == (start, label))
        last = span
    return tags


def _spell(label: str, size: int, scheme: Scheme, *, adjacent: bool) -> list[str]:
    """Tags of one span; `adjacent` means that a span of the same label ends right before it."""
    if scheme is Scheme.IOB1:
        return ["B-" + label if adjacent else "I-" + label] + ["I-" + label] * (size - 1)
    if scheme is Scheme.BIO:
        return ["B-" + label] + ["I-" + label] * (size - 1)
    first, inner, final, single = _PREFIXES[scheme]
    if size == 1:
        return [f"{single}-{label}"]
    return [f"{first}-{label}", *[f"{inner}-{label}"] * (size - 2), f"{final}-{label}"]


def convert(tags: Sequence[str], source: Scheme, target: Scheme) -> list[str]:
    """Respell the legal tags of one sentence in another scheme.

    Args:
        tags: Legal tags of one sentence.
        source: The scheme they are in.
        target: The scheme wanted.

    Returns:
        One tag for each token.

    Raises:
        CorpusError: One of the two is plain tags and the other is not.
    """
    if source is target:
        return list(tags)
    if Scheme.NONE in (source, target):
        raise CorpusError(f"tags in scheme {source} cannot be converted to {target}: plain tags have no spans")
    return spans_to_tags(tags_to_spans(tags, source), len(tags), target)


def repair(tags: Sequence[str], scheme: Scheme) -> tuple[list[str], int]:
    """Make the tags of one sentence legal, reading them as the CoNLL scorer does.

    The scorer (conlleval, Tjong Kim Sang and Buchholz 2000) lets a span begin wherever the label changes or an
    inside tag has no span to continue, and end wherever no tag continues it.

    Args:
        tags: The tags of one sentence, each ``O`` or a known letter with a label.
        scheme: The scheme they should be in; the answer is in it.

    Returns:
        Legal tags and how many of them differ from those given.

    Raises:
        CorpusError: A tag is neither ``O`` nor a letter with a label.
    """
    if first_illegal(tags, scheme) is None:
        return list(tags), 0
    spans: list[SpanTuple] = []
    role = "O"
    for index, tag in enumerate(tags):
        parsed = _parse(tag)
        if parsed is None:
            raise CorpusError(f"tag {index + 1} of {len(tags)}, {tag!r}, cannot be repaired: no tag of {scheme}")
        before, label = role, parsed[1]
        role = _ROLES.get(parsed[0], "O")
        if role == "O":
            continue
        if role in "IE" and before in "BI" and spans[-1][2] == label:
            spans[-1] = (spans[-1][0], index + 1, label)
        else:
            spans.append((index, index + 1, label))
    legal = spans_to_tags(spans, len(tags), scheme)
    return legal, sum(old != new for old, new in zip(tags, legal, strict=True))


def legal_moves(
    names: Sequence[str], scheme: Scheme
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Tabulate which tag may follow which, as a CRF needs it.

    Args:
        names: The tags, in the order of their ids.
        scheme: The scheme they are in; plain tags may follow each other freely.

    Returns:
        Three arrays of truth values: moves `(tags, tags)` from row to column, starts `(tags,)`, ends `(tags,)`.

    Raises:
        CorpusError: A name is no tag of the scheme.
    """
    import numpy as np

    for name in names:
        if not _belongs(name, scheme):
            raise CorpusError(f"{name!r} is no tag of {scheme}")
    moves = np.array([[_legal(row, column, scheme) for column in names] for row in names], dtype=np.bool_)
    starts = np.array([_legal(None, name, scheme) for name in names], dtype=np.bool_)
    ends = np.array([_legal(name, None, scheme) for name in names], dtype=np.bool_)
    return moves.reshape(len(names), len(names)), starts, ends


def tag_names(labels: Iterable[str], scheme: Scheme) -> list[str]:
    """List all tags that a set of labels can take.

    Args:
        labels: Span labels, or the tags themselves where the scheme is plain.
        scheme: The scheme.

    Returns:
        ``O`` first, then each label, sorted, with its letters; plain tags sorted.
    """
    ordered = sorted(set(labels))
    if scheme is Scheme.NONE:
        return ordered
    return ["O", *(f"{letter}-{label}" for label in ordered for letter in _PREFIXES[scheme])]


def detect(sequences: Iterable[Sequence[str]]) -> Scheme:
    """Tell the scheme of a corpus from its tags.

    A scheme is assumed only if every tag is ``O`` or a known letter, a hyphen and a label; among the schemes the one
    that the fewest tags violate is taken.

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
    if not tags or any(_parse(tag) is None for tag in tags):
        return Scheme.NONE
    return min(_DETECTABLE, key=lambda scheme: _violations(moves, scheme))


def _violations(moves: Counter[_Move], scheme: Scheme) -> int:
    return sum(count for move, count in moves.items() if not _legal(*move, scheme))


def _belongs(tag: str, scheme: Scheme) -> bool:
    parsed = _parse(tag)
    return scheme is Scheme.NONE or (parsed is not None and parsed[0] in "O" + _PREFIXES[scheme])


def resolve(documents: Sequence[Document], task: str, *, declared: Scheme | None = None) -> Scheme:
    """Settle the scheme of a task over a corpus, check every tag against it and note it on the documents.

    Args:
        documents: The corpus.
        task: Name of the task.
        declared: The scheme to hold the corpus to, for instance that of the training data; detected without it.

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
    strays = {tag for tag in tags if _parse(tag) is None}
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
    documents: Sequence[Document], task: str, scheme: Scheme, moves: Counter[_Move], violations: int
) -> str:
    """Say where the first impossible tag of a corpus stands and what to do about it."""
    better = _best_scheme(moves)
    for document in documents:
        for first, tags in zip(document.bounds, _sentence_tags(document, task), strict=False):
            index = first_illegal(tags, scheme)
            if index is None:
                continue
            before = tags[index - 1] if index else None
            what = f"{document.where(first + index)}: tag {tags[index]!r} "
            if not _belongs(tags[index], scheme):
                what += f"is no tag of {scheme}"
            elif not _legal(before, tags[index], scheme):
                what += f"cannot follow {before!r} in {scheme}" if before else f"cannot begin a sentence in {scheme}"
            else:
                what += f"cannot end a sentence in {scheme}"
            if better is not scheme and not _violations(moves, better):
                return f"{what}; the whole corpus reads as {better}: convert it to {scheme} first"
            return f"{what}; correct it (bilstm_tagger.labels.repair does it as the CoNLL scorer reads it; {violations} in all)"
    raise CorpusError(f"task {task!r} changed while it was read")
