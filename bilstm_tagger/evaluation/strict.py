"""Spans as strict scores count them: read by seqeval, and by a faster reading that gives the same.

In seqeval's strict mode (Nakayama 2018, https://github.com/chakki-works/seqeval) a span counts only if its tags spell
it completely in the scheme. A network without a CRF may predict tags that do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from bilstm_tagger.errors import CorpusError
from bilstm_tagger.schemes.grammar import PREFIXES, ROLES, Scheme, belongs, first_illegal, parse
from bilstm_tagger.schemes.spans import SpanTuple, tags_to_spans

__all__ = ["SeqevalReader", "strict_spans"]

_Parsed = tuple[str, str]  # role in IOBES, label
_OUTSIDE: _Parsed = ("O", "")


class SeqevalReader:
    """Reads the spans of sentences by seqeval's classes for schemes.

    seqeval calls BIO IOB2. It has no BMES, which is IOBES with another letter, and is read as that. Only its module
    `scheme` is imported: its metrics import scikit-learn, which takes longer than scoring a corpus.

    Args:
        scheme: how the tags write spans.
    """

    def __init__(self, scheme: Scheme) -> None:
        self.scheme = scheme
        # A run of tags between two O, where seqeval reads each run by itself, occurs many times in a corpus.
        self._runs: dict[tuple[str, ...], list[SpanTuple]] = {}

    def __call__(self, tags: Sequence[str]) -> list[SpanTuple]:
        """Read the spans of one sentence.

        Args:
            tags: its tags, legal or not.

        Returns:
            One (start, end, label) for each span, in order; ends are exclusive.

        Raises:
            CorpusError: a tag is none of the scheme.
        """
        if self.scheme is Scheme.IO:  # which seqeval lacks, and where every tag says all
            return tags_to_spans(tags, Scheme.IO)
        if self.scheme is Scheme.NONE or tags.count("O") == len(tags):
            return []
        spans: list[SpanTuple] = []
        place = 0
        for outside, group in groupby(tags, "O".__eq__):
            run = tuple(group)
            if not outside:
                if run not in self._runs:
                    self._runs[run] = self._read(run)
                spans += [(place + start, place + end, label) for start, end, label in self._runs[run]]
            place += len(run)
        return spans

    def _read(self, tags: tuple[str, ...]) -> list[SpanTuple]:
        from seqeval import scheme as schemes

        classes = {
            Scheme.IOB1: schemes.IOB1,
            Scheme.BIO: schemes.IOB2,
            Scheme.IOBES: schemes.IOBES,
            Scheme.BMES: schemes.IOBES,
            Scheme.BILOU: schemes.BILOU,
        }
        # Labels are numbered, since seqeval strips hyphens from their ends.
        labels: list[str] = []
        spelled = []
        for tag in tags:
            _check(tag, self.scheme)
            letter, label = tag[0], tag[2:]
            if label not in labels:
                labels.append(label)
            spelled.append(f"{'I' if letter == 'M' else letter}-{labels.index(label)}")
        entities = schemes.Tokens(spelled, scheme=classes[self.scheme]).entities
        return [(entity.start, entity.end, labels[int(entity.tag)]) for entity in entities]


def strict_spans(tags: Sequence[str], scheme: Scheme) -> list[SpanTuple]:
    """Read the spans of one sentence as seqeval's strict mode does, faster where the tags are legal.

    Args:
        tags: the tags of one sentence, legal or not.
        scheme: how they write spans.

    Returns:
        One (start, end, label) for each span, in order; ends are exclusive.

    Raises:
        CorpusError: a tag is none of the scheme.
    """
    if scheme is Scheme.NONE or tags.count("O") == len(tags):
        return []
    if first_illegal(tags, scheme) is None:
        return tags_to_spans(tags, scheme)
    spans: list[SpanTuple] = []
    start: int | None = None
    before = _OUTSIDE
    for index, now in enumerate([*(_parsed(tag, scheme) for tag in tags), _OUTSIDE]):
        if start is not None and not _continues(before, now):
            if _completes(before, now, scheme):
                spans.append((start, index, before[1]))
            start = None
        if start is None and _begins(before, now, scheme):
            start = index
        before = now
    return spans


def _parsed(tag: str, scheme: Scheme) -> _Parsed:
    _check(tag, scheme)
    letter, label = parse(tag) or _OUTSIDE
    return ROLES.get(letter, "O"), label


def _check(tag: str, scheme: Scheme) -> None:
    if not belongs(tag, scheme):
        raise CorpusError(f"tag {tag!r} is no tag of {scheme}, which has O and {', '.join(PREFIXES[scheme])}-LABEL")


def _continues(before: _Parsed, now: _Parsed) -> bool:
    return before[0] in ("B", "I") and now[0] in ("I", "E") and before[1] == now[1]


def _begins(before: _Parsed, now: _Parsed, scheme: Scheme) -> bool:
    """Whether a span begins with a tag that continues none."""
    same = before[1] == now[1]
    if scheme is not Scheme.IOB1:
        return now[0] in ("B", "S")
    if now[0] == "B":
        return before[0] != "O" and same
    return now[0] == "I" and (before[0] != "I" or not same)


def _completes(last: _Parsed, now: _Parsed, scheme: Scheme) -> bool:
    """Whether a span is complete with its last tag, before a tag that does not continue it."""
    if scheme is Scheme.BIO:
        return True
    if scheme is Scheme.IOB1:  # where seqeval knows no end between two B of different labels
        return not (last[0] == now[0] == "B" and last[1] != now[1])
    return last[0] in ("E", "S")
