"""Telling the scheme of a corpus from its tags."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from bilstm_tagger.schemes.grammar import UNKNOWN, Scheme, is_legal, parse

Transition = tuple[str | None, str | None]
# Where two schemes fit equally well the first is taken, so a corpus with nothing but O reads as BIO.
_DETECTABLE = (Scheme.BIO, Scheme.IOB1, Scheme.IOBES, Scheme.BMES, Scheme.BILOU)


def detect(sequences: Iterable[Sequence[str]]) -> Scheme:
    """Tell the scheme of a corpus from its tags.

    A scheme is assumed only if every tag is `O`, unknown, or a known letter, a hyphen and a label; among the schemes
    the one that the fewest tags violate is taken. IO cannot be told from plain tags: it has to be named.

    Args:
        sequences: the tags of each sentence.

    Returns:
        The scheme; `Scheme.NONE` for plain tags.
    """
    return best_scheme(count_transitions(sequences))


def count_transitions(sequences: Iterable[Sequence[str]]) -> Counter[Transition]:
    """Count each pair of neighbouring tags, the edges of the sentences included."""
    transitions: Counter[Transition] = Counter()
    for tags in sequences:
        transitions.update(zip((None, *tags), (*tags, None), strict=True))
    return transitions


def best_scheme(transitions: Counter[Transition]) -> Scheme:
    """The scheme that the fewest transitions violate; `Scheme.NONE` if a tag is of no scheme."""
    tags = {after for _, after in transitions if after is not None} - {UNKNOWN}
    if not tags or any(parse(tag) is None for tag in tags):
        return Scheme.NONE
    return min(_DETECTABLE, key=lambda scheme: violations(transitions, scheme))


def violations(transitions: Counter[Transition], scheme: Scheme) -> int:
    """How many transitions a scheme disallows."""
    return sum(count for pair, count in transitions.items() if not is_legal(*pair, scheme))
