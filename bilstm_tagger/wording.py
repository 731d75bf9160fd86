"""How counts and shares are written in messages, tables and pages."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

__all__ = ["counted", "percent", "rounded_percent", "some_of"]


def counted(count: int, one: str, more: str | None = None) -> str:
    """A count with its words: `1 sentence`, `2,000 sentences`.

    Args:
        count: how many.
        one: the words behind 1, such as `file was left out`.
        more: those behind any other number, `files were left out`; the ones behind 1 and an s unless given.
    """
    return f"{count:,} {one if count == 1 else more or one + 's'}"


def percent(value: float) -> str:
    """A share between 0 and 1 in percent with two decimals; exact halves are rounded up, as seqscore does."""
    return str(rounded_percent(value))


def rounded_percent(value: float) -> Decimal:
    """The number that `percent` writes, for comparisons that hold for what is shown."""
    return (Decimal(value) * 100).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def some_of(names: Iterable[str]) -> str:
    """List names in order, and count those beyond the first few.

    Args:
        names: the names.

    Example:
        >>> some_of(["b", "a"])
        'a, b'
    """
    listed = sorted(names)
    return ", ".join(listed[:8]) + (f" and {len(listed) - 8} more" if len(listed) > 8 else "")
