"""Spans of characters, as annotation tools export them, laid on the tokens of a text."""

from __future__ import annotations

import logging
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from bilstm_tagger.errors import CorpusError
from bilstm_tagger.schemes.spans import SpanTuple
from bilstm_tagger.settings.read_spec import Policy
from bilstm_tagger.wording import counted

logger = logging.getLogger("bilstm_tagger")

# In this order, since our own records have `start` in tokens beside `start_char`.
_STARTS = ("start_char", "start_offset", "start")
_ENDS = ("end_char", "end_offset", "end")
_BLANKS = re.compile(r"(?:\\[nrt]|\s)+")
_LINES_NAMED = 10


@dataclass(frozen=True, slots=True)
class Mark:
    """A labelled stretch of characters.

    Attributes:
        start: first character.
        end: end, exclusive.
        label: what it is.
        task: the task it belongs to, if the file says.
        text: the characters themselves, if the file repeats them.
    """

    start: int
    end: int
    label: str
    task: str | None = None
    text: str | None = None


def read_mark(item: Any, place: str) -> Mark | None:
    """Read one span: `[start, end, label]` or an object in the words of doccano, Label Studio or Prodigy.

    Args:
        item: what the file has.
        place: where it stands, for messages.

    Returns:
        The span; None for a result of Label Studio that is no labelled span, such as a relation or a choice.

    Raises:
        CorpusError: if it is none of these.
    """
    if isinstance(item, list | tuple) and len(item) == 3:
        start, end, label = item
        task = text = None
    elif isinstance(item, Mapping):
        task, text = item.get("task"), None
        if _is_result(item):
            kind = str(item.get("type", "labels"))
            if not isinstance(item.get("value"), Mapping) or not kind.endswith("labels"):
                return None
            task, item = item.get("from_name"), item["value"]
            label = item.get("labels", item.get(kind))
            if not label:
                return None
        else:
            label = item.get("label", item.get("labels"))
        start, end = (next((item[name] for name in names if name in item), None) for names in (_STARTS, _ENDS))
        text = item.get("text")
        if isinstance(label, list) and len(label) == 1:
            label = label[0]
    else:
        raise CorpusError(f"{place}: {_short(item)} is no span; write [start, end, label] or an object with these keys")
    if not _is_count(start) or not _is_count(end):
        raise CorpusError(f"{place}: span {_short(item)} needs a start and an end, counted in characters")
    if not isinstance(label, str) or not label.strip():
        raise CorpusError(f"{place}: span {_short(item)} needs one label, a string")
    return Mark(
        start,
        end,
        label.strip(),
        task if isinstance(task, str) else None,
        text if isinstance(text, str) else None,
    )


def _is_result(item: Mapping[str, Any]) -> bool:
    """Whether it is one of Label Studio's results."""
    return isinstance(item.get("value"), Mapping) or ("type" in item and "label" not in item and "from_id" in item)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


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
        self._lines: list[int] = []
        self._overlaps = 0

    @property
    def failed(self) -> bool:
        """Whether `finish` will refuse the file."""
        return bool(self._fault) and self.policy == "error"

    def lay(
        self, marks: Iterable[Mark], text: str, starts: Sequence[int], ends: Sequence[int], line: int
    ) -> list[SpanTuple]:
        """Find the tokens of each mark.

        Args:
            marks: the marks of one text.
            text: the text.
            starts: where its tokens begin.
            ends: where they end.
            line: the line or row of the file, for messages.

        Returns:
            Spans in tokens, ascending, none overlapping another.

        Raises:
            CorpusError: if a mark lies outside the text or is about another text.
        """
        first = {start: index for index, start in reversed(list(enumerate(starts)))}
        last = {end: index + 1 for index, end in enumerate(ends)}
        spans: set[SpanTuple] = set()
        for mark in self._about(list(marks), text, line):
            self._total += 1
            mark = _trimmed(mark, text)
            start, end = first.get(mark.start, -1), last.get(mark.end, -1)
            if 0 <= start < end:
                spans.add((start, end, mark.label))
            else:
                start, end = bisect_right(ends, mark.start), bisect_left(starts, mark.end)
                whole = text[starts[start] : ends[end - 1]] if start < end else None
                self._misfit(mark, text, whole, line)
                if self.policy == "snap" and start < end:
                    spans.add((start, end, mark.label))
        return self.without_overlaps(sorted(spans), line)

    def without_overlaps(self, spans: Sequence[SpanTuple], line: int) -> list[SpanTuple]:
        """Keep one of spans that overlap, the longest, unless the policy is `error`.

        Args:
            spans: ascending spans in tokens.
            line: the line or row of the file, for messages.

        Raises:
            CorpusError: if two overlap under the policy `error`.
        """
        pairs = [(a, b) for a, b in pairwise(spans) if b[0] < a[1]]
        if not pairs:
            return list(spans)
        if self.policy == "error" and not self._fault:
            (a, b, label), (c, d, other) = pairs[0]
            raise CorpusError(
                f"{self.path}:{line}: span {label} (tokens {a} to {b}) overlaps span {other} (tokens {c} to {d}); "
                "tags hold one span a token: drop one of them, or let --misaligned drop keep the longer one"
            )
        kept: list[SpanTuple] = []
        for span in sorted(spans, key=lambda span: (span[0] - span[1], span)):
            if all(span[1] <= other[0] or other[1] <= span[0] for other in kept):
                kept.append(span)
        self._overlaps += len(spans) - len(kept)
        return sorted(kept)

    def fits(self, count: int) -> None:
        """Count spans that are whole tokens."""
        self._total += count

    def is_part(self, label: str, word: str, line: int) -> None:
        """Note a span of which the file itself says that it is a part of a token.

        Args:
            label: its label.
            word: the part.
            line: the line of the file, for messages.
        """
        self._total += 1
        self._lines.append(line)
        if not self._fault:
            self._fault = f"{self.path}:{line}: span {label} marks {word!r}, a part of a token"

    def finish(self) -> None:
        """Report what did not fit, once the file has been read.

        Raises:
            CorpusError: if a mark was not a run of whole tokens and the policy is `error`.
        """
        lines = list(dict.fromkeys(self._lines))
        where = ", ".join(map(str, lines[:_LINES_NAMED])) + (", ..." if len(lines) > _LINES_NAMED else "")
        count = f"{len(self._lines)} of {counted(self._total, 'span')}"
        if self.failed:
            more = f" ({count} do not fit, lines {where})" if len(self._lines) > 1 else ""
            raise CorpusError(f"{self._fault}; correct it, or use --misaligned snap or --misaligned drop{more}")
        if self._lines:
            done = "widened to whole tokens" if self.policy == "snap" else "left out"
            logger.warning("%s: %s are no whole tokens and were %s: lines %s", self.path, count, done, where)
        if self._overlaps:
            logger.warning(
                "%s: %s",
                self.path,
                counted(
                    self._overlaps,
                    "span that overlaps a longer one was left out",
                    "spans that overlap a longer one were left out",
                ),
            )

    def _misfit(self, mark: Mark, text: str, whole: str | None, line: int) -> None:
        self._lines.append(line)
        if not self._fault:
            hint = "no token is in it" if whole is None else f"whole tokens are {_short(whole)}"
            self._fault = (
                f"{self.path}:{line}: span {mark.label} {_short(text[mark.start : mark.end])} (characters {mark.start} "
                f"to {mark.end}) does not fall on token boundaries: {hint}"
            )

    def _about(self, marks: list[Mark], text: str, line: int) -> list[Mark]:
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
        named = f"{self.path}:{line}: span {wrong.label} (characters {wrong.start} to {wrong.end})"
        if not 0 <= wrong.start <= wrong.end <= len(text):
            raise CorpusError(
                f"{named} lies outside the text of {counted(len(text), 'character')}; correct its offsets"
            )
        raise CorpusError(
            f"{named} is {_short(text[wrong.start : wrong.end])}, but the file gives its text as "
            f"{_short(wrong.text)}; count characters, not bytes, in the text as it is"
        )


def _says(mark: Mark, text: str, same: Callable[[str, str], bool]) -> bool:
    inside = 0 <= mark.start <= mark.end <= len(text)
    return inside and (mark.text is None or same(text[mark.start : mark.end], mark.text))


def _alike(left: str, right: str) -> bool:
    return _BLANKS.sub("", left) == _BLANKS.sub("", right)


def _trimmed(mark: Mark, text: str) -> Mark:
    """The mark without white space at either end, where it has anything else."""
    marked = text[mark.start : mark.end]
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
