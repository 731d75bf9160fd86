"""Words of messages that depend on what is told."""

from __future__ import annotations

__all__ = ["counted"]


def counted(count: int, one: str, more: str | None = None) -> str:
    """A count with its words: `1 sentence`, `2,000 sentences`.

    Args:
        count: how many.
        one: the words behind 1, such as `file was left out`.
        more: those behind any other number, `files were left out`; the ones behind 1 and an s unless given.
    """
    return f"{count:,} {one if count == 1 else more or one + 's'}"
