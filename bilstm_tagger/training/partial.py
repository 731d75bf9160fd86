"""Partial annotation: the sets of tags that a token may have, where its corpus does not tell the one.

A token without annotation (`_`) may have any tag that fits to its neighbours; where a corpus does not annotate a label,
its `O` may also be part of a span of that label. Training sums over what is possible (Tsuboi et al. 2008).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache
from itertools import product

import numpy as np

from bilstm_tagger.errors import CorpusError
from bilstm_tagger.schemes.grammar import UNKNOWN, Scheme, is_legal, tag_names
from bilstm_tagger.schemes.spans import convert, respell

Choice = str | frozenset[str]  # the one tag of a token, or several; an empty set stands for all tags
ANY: frozenset[str] = frozenset()
_EDGE = ""  # beyond a sentence


class TagSets:
    """The sets of tags that occur in a corpus, numbered as they come; number 0 is that of all tags.

    A token's id is that of its tag, or -1 - number of its set.

    Args:
        names: the tags in the order of their ids.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.labels = tuple(sorted({tag[2:] for tag in names if tag[1:2] == "-"}))
        self._ids = {tag: number for number, tag in enumerate(names)}
        self._numbers: dict[frozenset[str], int] = {ANY: 0}
        self.used = False

    def id_of(self, choice: Choice) -> int | None:
        """The id of a tag or of a set of tags; None where the tag is not known."""
        if isinstance(choice, str):
            return self._ids.get(choice)
        if not choice and UNKNOWN in self._ids:  # among features of words it is a tag: none of them
            return self._ids[UNKNOWN]
        self.used = True
        known = choice.intersection(self._ids)
        if choice and not known:
            return None
        known = ANY if len(known) == len(self._ids) else known
        return -1 - self._numbers.setdefault(known, len(self._numbers))

    def table(self) -> np.ndarray:
        """Which tags each set has `(sets, tags)`."""
        rows = [[not choice or tag in choice for tag in self._ids] for choice in self._numbers]
        return np.array(rows, np.bool_)


def tag_choices(
    tags: Sequence[str], source: Scheme, target: Scheme, *, labels: tuple[str, ...], unmarked: Collection[str] = ()
) -> Sequence[Choice]:
    """Write the tags of one sentence in another scheme, as `convert` does, where some of them may be unknown.

    The legal sequences of these choices are the sentences that the annotation allows. In IOB1 they may be more: an `I-`
    tag behind an unknown one may begin a span there even if the unknown tag has the same label.

    Args:
        tags: legal tags of one sentence, some of them perhaps `UNKNOWN`.
        source: the scheme they are in.
        target: the scheme wanted.
        labels: all labels that there are, sorted.
        unmarked: labels whose spans have tag `O` in this corpus.

    Returns:
        For each token its tag, or the set of tags it may have.

    Raises:
        CorpusError: known tags are not legal.
    """
    if source is Scheme.NONE:
        return [ANY if tag == UNKNOWN else tag for tag in tags]
    hidden = tuple(sorted(unmarked))
    if UNKNOWN not in tags:
        outside = _tags_of(hidden, target)
        written = convert(tags, source, target)
        return [outside if tag == "O" else tag for tag in written] if hidden else written
    windows = zip((_EDGE, *tags), tags, (*tags[1:], _EDGE), strict=False)
    return [_possible(window, source, target, labels, hidden) for window in windows]


@lru_cache(maxsize=65536)
def _possible(
    window: tuple[str, str, str], source: Scheme, target: Scheme, labels: tuple[str, ...], unmarked: tuple[str, ...]
) -> Choice:
    """What the middle one of three tags may be in the target scheme, whatever the unknown ones among them are."""
    candidates = {_EDGE: {"O"}, UNKNOWN: _tags_of(labels, source), "O": _tags_of(unmarked, source)}
    legal = [
        (before, tag, after)
        for before, tag, after in product(*(candidates.get(tag, {tag}) for tag in window))
        if is_legal(before, tag, source) and is_legal(tag, after, source)
    ]
    if not legal:
        where = f"between {window[0] or 'O'!r} and {window[2] or 'O'!r}"
        raise CorpusError(f"tag {window[1]!r} cannot stand {where} in {source}")
    found = frozenset(respell(each, source, target) for each in legal)
    return next(iter(found)) if len(found) == 1 else found


@lru_cache
def _tags_of(labels: tuple[str, ...], scheme: Scheme) -> frozenset[str]:
    """`O` and all tags of spans of these labels."""
    return frozenset(tag_names(labels, scheme))
