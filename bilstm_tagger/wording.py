"""How counts and shares are written in messages, tables and pages."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

__all__ = ["counted", "percent"]


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
    return str((Decimal(value) * 100).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP))
