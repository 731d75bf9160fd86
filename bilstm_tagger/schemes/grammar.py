"""Label schemes as grammars: which tags there are and which may follow which.

IOB1, BIO (also called IOB2) and IOBES are different codes; BMES and BILOU are other letters for IOBES; in IO a tag is
the label alone. Everything follows from one table of allowed transitions, in which the edges of a sentence behave
exactly like `O`. Next to a tag that is not known (`UNKNOWN`) everything is allowed.
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
    """How the tags of a task spell its spans; `NONE` is for plain tags such as parts of speech."""

    NONE = "none"
    IOB1 = "IOB1"
    BIO = "BIO"
    IOBES = "IOBES"
    BMES = "BMES"
    BILOU = "BILOU"
    IO = "IO"


# The tag of a token that nobody annotated.
UNKNOWN = "_"
PREFIXES = {
    Scheme.NONE: "",
    Scheme.IOB1: "BI",
    Scheme.BIO: "BI",
    Scheme.IOBES: "BIES",
    Scheme.BMES: "BMES",
    Scheme.BILOU: "BILU",
    Scheme.IO: "I",  # understood, not written
}
# What a letter means, spelled in IOBES.
ROLES = {"B": "B", "I": "I", "M": "I", "E": "E", "L": "E", "S": "S", "U": "S"}


@lru_cache(maxsize=65536)
def parse(tag: str) -> tuple[str, str] | None:
    """Cut a tag into letter and label: `("B", "PER")`, `("O", "")`; None if no scheme with letters has it."""
    if tag == "O":
        return "O", ""
    if len(tag) > 2 and tag[1] == "-" and tag[0] in ROLES:
        return tag[0], tag[2:]
    return None


@lru_cache(maxsize=65536)
def parse_in(tag: str, scheme: Scheme) -> tuple[str, str] | None:
    """Cut a tag of a scheme into letter and label; in IO `Person` is `("I", "Person")`; None if it is none of it."""
    parsed = parse(tag)
    if scheme is Scheme.IO and tag != "O":
        return None if parsed or tag in ("", UNKNOWN) else ("I", tag)
    return parsed if parsed and parsed[0] in "O" + PREFIXES[scheme] else None


@lru_cache(maxsize=65536)
def is_legal(before: str | None, after: str | None, scheme: Scheme) -> bool:
    """Whether one tag may follow another; None stands for the edge of the sentence."""
    if scheme is Scheme.NONE or UNKNOWN in (before, after):
        return True
    left, right = (parse_in("O" if tag is None else tag, scheme) for tag in (before, after))
    if left is None or right is None:
        return False
    if scheme is Scheme.IO:
        return True
    same = left[1] == right[1]
    if scheme is Scheme.IOB1:
        return right[0] != "B" or same
    opened = left[0] in "BIM"
    continues = right[0] in "IMEL"
    if scheme is Scheme.BIO:
        return not continues or (opened and same)
    return opened == continues and (same or not continues)


def belongs(tag: str, scheme: Scheme) -> bool:
    """Whether a tag is one of a scheme, wherever it stands."""
    return scheme is Scheme.NONE or tag == UNKNOWN or parse_in(tag, scheme) is not None


def has_unknown(tags: Iterable[str]) -> bool:
    """Tell whether some of a task's tags say that a token is not annotated.

    In a column of morphological features, such as `Case=Nom`, the same sign means that a word has none.
    """
    distinct = set(tags)
    return UNKNOWN in distinct and not any("=" in tag for tag in distinct)


def first_illegal(tags: Sequence[str], scheme: Scheme) -> int | None:
    """Find the first tag of a sentence that is impossible in a scheme.

    Args:
        tags: the tags of one sentence.
        scheme: the scheme they should be in.

    Returns:
        The index of the first tag that cannot stand where it stands, or None. A span left unfinished by
        the end of the sentence is put down to the last tag.
    """
    known = _known_legal(scheme)
    if all(map(known.__contains__, zip(("O", *tags), (*tags, "O"), strict=True))):
        return None
    for index, transition in enumerate(zip(("O", *tags), (*tags, "O"), strict=True)):
        if not is_legal(*transition, scheme):
            return min(index, len(tags) - 1)
        known.add(transition)
    return None


@lru_cache
def _known_legal(scheme: Scheme) -> set[tuple[str, str]]:
    """The allowed transitions met so far: looking them up in a set is many times faster than deriving them."""
    return set()


def allowed_transitions(
    names: Sequence[str], scheme: Scheme
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Tabulate which tag may follow which, as a CRF needs it.

    Args:
        names: the tags, in the order of their ids.
        scheme: the scheme they are in; plain tags may follow each other freely.

    Returns:
        Three boolean arrays: transitions `(tags, tags)` from row to column, starts `(tags,)`, ends `(tags,)`.

    Raises:
        CorpusError: a name is no tag of the scheme.
    """
    import numpy as np

    for name in names:
        if not belongs(name, scheme):
            raise CorpusError(f"{name!r} is no tag of {scheme}")
    size = len(names)
    if scheme in (Scheme.NONE, Scheme.IO):
        return np.ones((size, size), np.bool_), np.ones(size, np.bool_), np.ones(size, np.bool_)
    parsed = [("O", ""), *(parse_in(name, scheme) or ("O", "") for name in names)]  # the edge of a sentence first
    numbers = {label: number for number, (_, label) in enumerate(parsed)}
    letters = np.array([letter for letter, _ in parsed])
    labels = np.array([numbers[label] for _, label in parsed])
    same = labels[:, None] == labels
    if scheme is Scheme.IOB1:
        allowed = (letters != "B") | ((letters != "O")[:, None] & same)
    else:
        opened, continues = np.isin(letters, list("BIM"))[:, None], np.isin(letters, list("IMEL"))
        agree = opened if scheme is Scheme.BIO else opened == continues
        allowed = ~continues | (agree & same) if scheme is Scheme.BIO else agree & (same | ~continues)
    unknown = np.array([False, *(name == UNKNOWN for name in names)])
    allowed |= unknown | unknown[:, None]
    return allowed[1:, 1:], allowed[0, 1:], allowed[1:, 0]


def tag_names(labels: Iterable[str], scheme: Scheme) -> list[str]:
    """List all tags that a set of labels can take.

    Args:
        labels: span labels, or the tags themselves where the scheme is plain.
        scheme: the scheme.

    Returns:
        `O` first, then each label, sorted, with its letters; plain tags sorted.
    """
    ordered = sorted(set(labels))
    if scheme is Scheme.NONE:
        return ordered
    if scheme is Scheme.IO:
        return ["O", *ordered]
    return ["O", *(f"{letter}-{label}" for label in ordered for letter in PREFIXES[scheme])]
