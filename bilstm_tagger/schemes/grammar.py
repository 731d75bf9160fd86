"""Label schemes as grammars: which tags there are and which may follow which.

IOB1, BIO (also called IOB2) and IOBES are different codes; BMES and BILOU are other letters for IOBES.
Everything follows from one table of legal moves, in which the edges of a sentence behave exactly like ``O``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

from bilstm_tagger.errors import CorpusError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


class Scheme(StrEnum):
    """How the tags of a task spell its spans; ``NONE`` is for plain tags such as parts of speech."""

    NONE = "none"
    IOB1 = "IOB1"
    BIO = "BIO"
    IOBES = "IOBES"
    BMES = "BMES"
    BILOU = "BILOU"


PREFIXES = {
    Scheme.NONE: "",
    Scheme.IOB1: "BI",
    Scheme.BIO: "BI",
    Scheme.IOBES: "BIES",
    Scheme.BMES: "BMES",
    Scheme.BILOU: "BILU",
}
# What a letter means, spelled in IOBES.
ROLES = {"B": "B", "I": "I", "M": "I", "E": "E", "L": "E", "S": "S", "U": "S"}


@lru_cache(maxsize=65536)
def parse(tag: str) -> tuple[str, str] | None:
    """Cut a tag into letter and label: ``("B", "PER")``, ``("O", "")``; None if no scheme has it."""
    if tag == "O":
        return "O", ""
    if len(tag) > 2 and tag[1] == "-" and tag[0] in ROLES:
        return tag[0], tag[2:]
    return None


@lru_cache(maxsize=65536)
def is_legal(before: str | None, after: str | None, scheme: Scheme) -> bool:
    """Whether one tag may follow another; None stands for the edge of the sentence."""
    if scheme is Scheme.NONE:
        return True
    left, right = parse("O" if before is None else before), parse("O" if after is None else after)
    if left is None or right is None:
        return False
    letters = "O" + PREFIXES[scheme]
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


def belongs(tag: str, scheme: Scheme) -> bool:
    """Whether a tag is one of a scheme, wherever it stands."""
    parsed = parse(tag)
    return scheme is Scheme.NONE or (parsed is not None and parsed[0] in "O" + PREFIXES[scheme])


def first_illegal(tags: Sequence[str], scheme: Scheme) -> int | None:
    """Find the first tag of a sentence that is impossible in a scheme.

    Args:
        tags: The tags of one sentence.
        scheme: The scheme they should be in.

    Returns:
        The index of the first tag that cannot stand where it stands, or None. A span left unfinished by
        the end of the sentence is put down to the last tag.
    """
    known = _known_legal(scheme)
    if all(map(known.__contains__, zip(("O", *tags), (*tags, "O"), strict=True))):
        return None
    for index, move in enumerate(zip(("O", *tags), (*tags, "O"), strict=True)):
        if not is_legal(*move, scheme):
            return min(index, len(tags) - 1)
        known.add(move)
    return None


@lru_cache
def _known_legal(scheme: Scheme) -> set[tuple[str, str]]:
    """The legal moves met so far: looking them up in a set is many times faster than deriving them."""
    return set()


def legal_moves(
    names: Sequence[str], scheme: Scheme
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Tabulate which tag may follow which, as a CRF needs it.

    Args:
        names: The tags, in the order of their ids.
        scheme: The scheme they are in; plain tags may follow each other freely.

    Returns:
        Three boolean arrays: moves `(tags, tags)` from row to column, starts `(tags,)`, ends `(tags,)`.

    Raises:
        CorpusError: A name is no tag of the scheme.
    """
    import numpy as np

    for name in names:
        if not belongs(name, scheme):
            raise CorpusError(f"{name!r} is no tag of {scheme}")
    moves = np.array([[is_legal(row, column, scheme) for column in names] for row in names], dtype=np.bool_)
    starts = np.array([is_legal(None, name, scheme) for name in names], dtype=np.bool_)
    ends = np.array([is_legal(name, None, scheme) for name in names], dtype=np.bool_)
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
    return ["O", *(f"{letter}-{label}" for label in ordered for letter in PREFIXES[scheme])]
