"""Spans of characters as files have them, and where they stand there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bilstm_tagger.errors import CorpusError

__all__ = ["Mark", "Spot", "listed", "read_mark", "shortened"]

# In this order, since our own records have `start` in tokens beside `start_char`.
_STARTS = ("start_char", "start_offset", "start")
_ENDS = ("end_char", "end_offset", "end")
_NAMED = 10  # places that a message names


@dataclass(frozen=True, slots=True)
class Spot:
    """Where in a file something stands.

    Attributes:
        path: the file.
        line: the line or row.
        record: the number of the record, where several are in one line.
    """

    path: str
    line: int
    record: int | None = None

    def __str__(self) -> str:
        """As messages name it."""
        return f"{self.path}:{self.line}" + (f", record {self.record}" if self.record is not None else "")


def listed(spots: Sequence[Spot], path: str) -> str:
    """Name the first places: `line 2`, `lines 2, 3`, `records 1, 7`, or with their files those in a folder.

    Args:
        spots: the places, in order.
        path: the file or folder that they are in, which the message names.
    """
    if all(spot.path == path for spot in spots):
        what = "line" if spots[0].record is None else "record"
        names = [str(spot.line if spot.record is None else spot.record) for spot in spots]
    else:
        what, names = "", [f"{spot.path.removeprefix(path).lstrip('/' + chr(92))}:{spot.line}" for spot in spots]
    names = list(dict.fromkeys(names))
    some = ", ".join(names[:_NAMED]) + (", ..." if len(names) > _NAMED else "")
    return f"{what}{'s' if len(names) > 1 else ''} {some}" if what else some


@dataclass(frozen=True, slots=True)
class Mark:
    """A labelled stretch of characters.

    Attributes:
        start: first character.
        end: end, exclusive.
        label: what it is; empty for a stretch that was marked and has no label.
        task: the task it belongs to, if the file says.
        text: the characters themselves, if the file repeats them.
        spot: where it stands, if not where its text does.
    """

    start: int
    end: int
    label: str
    task: str | None = None
    text: str | None = None
    spot: Spot | None = None


def read_mark(item: Any, place: str) -> Mark | None:
    """Read one span: `[start, end, label]` or an object in the words of doccano, Label Studio or Prodigy.

    Args:
        item: what the file has.
        place: where it stands, for messages.

    Returns:
        The span, without a label if it is a result of Label Studio that has none; None for a result that is no
        labelled span, such as a relation or a choice.

    Raises:
        CorpusError: if it is none of these.
    """
    unlabelled = False
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
            unlabelled = not label
        else:
            label = item.get("label", item.get("labels"))
        start, end = (next((item[name] for name in names if name in item), None) for names in (_STARTS, _ENDS))
        text = item.get("text")
        if isinstance(label, list) and len(label) == 1:
            label = label[0]
        if unlabelled and not (_is_count(start) and _is_count(end)):
            return None  # not of a text
    else:
        raise CorpusError(
            f"{place}: {shortened(item)} is no span; write [start, end, label] or an object with these keys"
        )
    if not _is_count(start) or not _is_count(end):
        raise CorpusError(f"{place}: span {shortened(item)} needs a start and an end, counted in characters")
    if unlabelled:
        label = ""
    elif not isinstance(label, str) or not label.strip():
        raise CorpusError(f"{place}: span {shortened(item)} needs one label, a string")
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


def shortened(value: Any) -> str:
    """A value as messages show it."""
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
