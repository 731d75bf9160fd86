"""Tags that were meant otherwise: `B_PER`, `b-per`, `PER-B`, `"B-PER"`, and letters without a label."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from bilstm_tagger.schemes.grammar import UNKNOWN, parse

__all__ = ["bare_letter", "in_the_way", "is_bare", "near_misses"]

_QUOTES = "\"'`“”‘’„«»"
_SEPARATOR = r"[-_:/.|~‐‑‒–—−]"
_PREFIX = re.compile(rf"([BIESLUMbieslum])\s*{_SEPARATOR}+\s*(\S.*)")
_SUFFIX = re.compile(rf"(.*\S)\s*{_SEPARATOR}+\s*([BIESLUMbieslum])")
_BARE = re.compile(rf"([BIESLUM]){_SEPARATOR}*")
_OUTSIDE = frozenset(["O", "o", "0"])


def near_misses(tags: Iterable[str]) -> dict[str, str]:
    """Find out which span tags were meant by tags that no scheme has.

    Only where all of a corpus's odd tags are odd in the same way, or those with the letter at the end have a label that
    others have too, and the tags that were meant make sense together: a `B` and a second letter among them, or an `I`
    and `O`.

    Args:
        tags: the distinct tags of a task.

    Returns:
        The tag that was meant by each odd one; empty if there is none or they are plain tags.
    """
    distinct = set(tags) - {UNKNOWN, ""}
    odd = {tag for tag in distinct if parse(tag) is None}
    for meant in _readings(distinct, odd):
        if odd and len(meant) == len(odd) and _make_sense({meant.get(tag, tag) for tag in distinct}):
            return meant
    return {}


def in_the_way(tags: Iterable[str]) -> tuple[dict[str, str], set[str]]:
    """Find out which few tags keep others from being read as near misses, since they cannot be read as any tag.

    Args:
        tags: the distinct tags of a task.

    Returns:
        The near misses without them, and the tags that are in the way; empty if nothing is.
    """
    distinct = set(tags) - {UNKNOWN, ""}
    odd = {tag for tag in distinct if parse(tag) is None}
    strange = odd - max(_readings(distinct, odd), key=len).keys()
    meant = near_misses(distinct - strange)
    return (meant, strange) if 0 < len(strange) < len(meant) else ({}, set())


def _readings(distinct: set[str], odd: set[str]) -> Sequence[dict[str, str]]:
    """What odd tags mean with the letter before the label, behind it, or on either side, as far as they can be read."""
    legal = sorted({label for _, label in filter(None, map(parse, distinct)) if label}, reverse=True)
    known = {label.casefold(): label for label in legal}  # of several spellings that in capitals
    known |= {label: label for label in legal if label != label.casefold()}
    before, behind = _read(odd, _PREFIX, 1, 2, known), _read(odd, _SUFFIX, 2, 1, known)
    labels = {label.casefold() for _, label in filter(None, map(parse, before.values()))} | known.keys()
    shared = {tag: meant for tag, meant in behind.items() if meant[2:].casefold() in labels}
    return before, behind, shared | before


def _read(
    odd: Iterable[str], pattern: re.Pattern[str], letter: int, label: int, known: Mapping[str, str]
) -> dict[str, str]:
    """What tags mean in which `pattern` finds a letter and a label; `known` has spellings of labels."""
    meant: dict[str, str] = {}
    for tag in odd:
        bare = tag.strip(_QUOTES + " ")
        match = pattern.fullmatch(bare)
        if bare in _OUTSIDE:
            meant[tag] = "O"
        elif match:
            name = match[label].strip(_QUOTES + " ")
            meant[tag] = f"{match[letter].upper()}-{known.get(name) or known.get(name.casefold(), name)}"
    return meant


def _make_sense(tags: set[str]) -> bool:
    parsed = [parse(tag) for tag in tags]
    letters = {each[0] for each in parsed if each}
    return all(parsed) and bool(letters & {"B", "I"}) and bool(letters & {"O", "B"}) and len(letters) > 1


def is_bare(tags: Iterable[str]) -> bool:
    """Tell whether the distinct tags of a task are letters of spans without a label, such as B, I and O."""
    distinct = set(tags) - {UNKNOWN, "O"}
    letters = {bare_letter(tag) for tag in distinct}
    return bool(letters & {"B", "I"}) and None not in letters


def bare_letter(tag: str) -> str | None:
    """Give the letter of a tag without a label, `B` or `B-`; None for any other tag."""
    match = _BARE.fullmatch(tag)
    return match[1] if match else None
