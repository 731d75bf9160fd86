"""Spans of characters, as annotation tools export them, laid on the tokens of a text."""

from __future__ import annotations

import logging
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from bilstm_tagger.corpus.formats.marks import Mark, Spot, listed, shortened
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.schemes.grammar import UNKNOWN
from bilstm_tagger.schemes.spans import SpanTuple
from bilstm_tagger.settings.read_spec import Policy
from bilstm_tagger.text.tokenizers import seen
from bilstm_tagger.wording import counted

logger = logging.getLogger("bilstm_tagger")

# Thai, Lao, Burmese, Khmer, kana and Chinese characters: no blanks part their words.
_NO_BLANKS = re.compile(
    "whole tokens are .*[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
)
_BLANKS = re.compile(r"(?:\\[nrt]|\s)+")


class Aligner:
    """Lays the marks of one file on tokens, under one policy, and counts those that do not fit.

    Attributes:
        path: the file, for messages.
        policy: what happens to a mark that is not a run of whole tokens, or that overlaps another.
    """

    def __init__(self, path: str, policy: Policy) -> None:
        self.path = path
        self.policy = policy
        self._total = 0
        self._fault = ""
        self._misfits: list[Spot] = []
        self._blank: list[Spot] = []
        self._overlaps: list[Spot] = []

    @property
    def failed(self) -> bool:
        """Whether `finish` will refuse the file."""
        return bool(self._fault) and self.policy == "error"

    def lay(
        self, marks: Iterable[Mark], text: str, starts: Sequence[int], ends: Sequence[int], spot: Spot
    ) -> tuple[list[SpanTuple], set[int]]:
        """Find the tokens of each mark.

        Args:
            marks: the marks of one text.
            text: the text.
            starts: where its tokens begin.
            ends: where they end.
            spot: where the text stands, for messages.

        Returns:
            Spans in tokens, ascending, none overlapping another; and the tokens of marks without a label.

        Raises:
            CorpusError: if a mark lies outside the text or is about another text.
        """
        first = {start: index for index, start in reversed(list(enumerate(starts)))}
        last = {end: index + 1 for index, end in enumerate(ends)}
        spans: dict[SpanTuple, Spot] = {}
        blank: set[int] = set()
        for mark in self._about(list(marks), text, spot):
            at = mark.spot or spot
            mark = _trimmed(mark, text, str)
            if mark.start not in first or mark.end not in last:  # not before, since some tokens keep what is not seen
                mark = _trimmed(mark, text, seen)
            if not mark.label:
                self._blank.append(at)
                blank.update(range(bisect_right(ends, mark.start), bisect_left(starts, mark.end)))
                continue
            self._total += 1
            start, end = first.get(mark.start, -1), last.get(mark.end, -1)
            if 0 <= start < end:
                spans.setdefault((start, end, mark.label), at)
            else:
                start, end = bisect_right(ends, mark.start), bisect_left(starts, mark.end)
                whole = text[starts[start] : ends[end - 1]] if start < end else None
                self._misfit(mark, text, whole, at)
                if self.policy == "snap" and start < end:
                    spans.setdefault((start, end, mark.label), at)
        return self.without_overlaps(sorted(spans), spot, spans), blank

    def without_overlaps(
        self, spans: Sequence[SpanTuple], spot: Spot, spots: Mapping[SpanTuple, Spot] | None = None
    ) -> list[SpanTuple]:
        """Keep one of spans that overlap, the longest, unless the policy is `error`.

        Args:
            spans: ascending spans in tokens.
            spot: where their text stands, for messages.
            spots: where each of them stands, if that is known.

        Raises:
            CorpusError: if two overlap under the policy `error`.
        """
        pairs = [(a, b) for a, b in pairwise(spans) if b[0] < a[1]]
        if not pairs:
            return list(spans)
        if self.policy == "error" and not self._fault:
            (a, b, label), (c, d, other) = pairs[0]
            spot, second = ((spots or {}).get(span, spot) for span in pairs[0])
            there = f", line {second.line}" if second.line != spot.line else ""
            raise CorpusError(
                f"{spot}: span {label} (tokens {a} to {b}) overlaps span {other} (tokens {c} to {d}{there}); "
                "tags hold one span a token: drop one of them, or let --misaligned drop keep the longer one"
            )
        kept: list[SpanTuple] = []
        for span in sorted(spans, key=lambda span: (span[0] - span[1], span)):
            if all(span[1] <= other[0] or other[1] <= span[0] for other in kept):
                kept.append(span)
        self._overlaps += [(spots or {}).get(span, spot) for span in spans if span not in kept]
        return sorted(kept)

    def fits(self, count: int) -> None:
        """Count spans that are whole tokens."""
        self._total += count

    def without_label(self, spot: Spot) -> None:
        """Count a span that has no label.

        Args:
            spot: where it stands.
        """
        self._blank.append(spot)

    def is_part(self, label: str, word: str, spot: Spot) -> None:
        """Note a span of which the file itself says that it is a part of a token.

        Args:
            label: its label.
            word: the part.
            spot: where it stands, for messages.
        """
        self._total += 1
        self._misfits.append(spot)
        if not self._fault:
            self._fault = f"{spot}: span {label} marks {word!r}, a part of a token"

    def finish(self) -> None:
        """Report what did not fit, once the file has been read.

        Raises:
            CorpusError: if a mark was not a run of whole tokens and the policy is `error`.
        """
        count = f"{len(self._misfits)} of {counted(self._total, 'span')}"
        where = listed(self._misfits, self.path) if self._misfits else ""
        if self.failed:
            more = f" ({count} do not fit, {where})" if len(self._misfits) > 1 else ""
            cut = "cut the text into characters, --tokenizer characters, " if _NO_BLANKS.search(self._fault) else ""
            raise CorpusError(f"{self._fault}; correct it, {cut}or use --misaligned snap or --misaligned drop{more}")
        if self._misfits:
            done = "widened to whole tokens" if self.policy == "snap" else "left out"
            logger.warning("%s: %s are no whole tokens and were %s: %s", self.path, count, done, where)
        if self._blank:
            one = "span has no label, and its tokens are not annotated (_)"
            more = "spans have no label, and their tokens are not annotated (_)"
            said = counted(len(self._blank), one, more)
            logger.warning("%s: %s: %s", self.path, said, listed(self._blank, self.path))
        if self._overlaps:
            one = "span that overlaps a longer one was left out"
            said = counted(len(self._overlaps), one, "spans that overlap a longer one were left out")
            logger.warning("%s: %s: %s", self.path, said, listed(self._overlaps, self.path))

    def _misfit(self, mark: Mark, text: str, whole: str | None, spot: Spot) -> None:
        self._misfits.append(spot)
        if not self._fault:
            hint = "no token is in it" if whole is None else f"whole tokens are {shortened(whole)}"
            self._fault = (
                f"{spot}: span {mark.label} {shortened(text[mark.start : mark.end])} (characters {mark.start} "
                f"to {mark.end}) does not fall on token boundaries: {hint}"
            )

    def _about(self, marks: list[Mark], text: str, spot: Spot) -> list[Mark]:
        """The marks if they are about this text; those counted otherwise are put right.

        They may be counted in UTF-16, as browsers count, or with one character for each line end of two.

        Only a file that repeats the text of its marks can tell. White space may differ: Label Studio writes a
        line break as two characters.
        """
        readings = [marks, [_from_utf16(mark, text) for mark in marks]]
        if "\r\n" in text:
            readings.append([_from_short_lines(mark, text) for mark in marks])
        for same in (str.__eq__, _alike):
            for reading in readings:
                if all(_says(mark, text, same) for mark in reading):
                    return reading
        wrong = next(mark for mark in marks if not _says(mark, text, _alike))
        named = f"{wrong.spot or spot}: span {wrong.label} (characters {wrong.start} to {wrong.end})"
        if not 0 <= wrong.start <= wrong.end <= len(text):
            raise CorpusError(
                f"{named} lies outside the text of {counted(len(text), 'character')}; correct its offsets"
            )
        raise CorpusError(
            f"{named} is {shortened(text[wrong.start : wrong.end])}, but the file gives its text as "
            f"{shortened(wrong.text)}; count characters, not bytes, in the text as it is"
        )


def not_annotated(tags: Sequence[str], tokens: Collection[int]) -> list[str]:
    """Leave open what tokens are, of which it is known that something is there but not what.

    Args:
        tags: the tags of a document.
        tokens: those of spans without a label.
    """
    return [UNKNOWN if tag == "O" and index in tokens else tag for index, tag in enumerate(tags)]


def _says(mark: Mark, text: str, same: Callable[[str, str], bool]) -> bool:
    inside = 0 <= mark.start <= mark.end <= len(text)
    return inside and (mark.text is None or same(text[mark.start : mark.end], mark.text))


def _alike(left: str, right: str) -> bool:
    return _BLANKS.sub("", left) == _BLANKS.sub("", right)


def _trimmed(mark: Mark, text: str, shown: Callable[[str], str]) -> Mark:
    """The mark without what is shown as white space at either end, where it has anything else."""
    marked = shown(text[mark.start : mark.end])
    if not marked.strip():
        return mark
    start = mark.start + len(marked) - len(marked.lstrip())
    return replace(mark, start=start, end=start + len(marked.strip()))


def _from_short_lines(mark: Mark, text: str) -> Mark:
    """The mark in characters, counted in the text with one character for each line end of two."""
    if mark.text is None:
        return replace(mark, start=-1)
    long = [at for at, character in enumerate(text) if character != "\r" or text[at + 1 : at + 2] != "\n"]
    long.append(len(text))
    if not 0 <= mark.start <= mark.end < len(long):
        return replace(mark, start=-1)
    return replace(mark, start=long[mark.start], end=long[mark.end])


def _from_utf16(mark: Mark, text: str) -> Mark:
    """The mark in characters; outside the text if it is that or cuts a character in two."""
    units = text.encode("utf-16-le", "surrogatepass")
    if mark.text is None or not 0 <= mark.start <= mark.end <= len(units) // 2:
        return replace(mark, start=-1)
    start, end = (len(units[: 2 * at].decode("utf-16-le", "replace")) for at in (mark.start, mark.end))
    return replace(mark, start=start, end=end)
