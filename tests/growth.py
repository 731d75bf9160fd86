"""How the time of a function grows with its input."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

__all__ = ["grows_linearly"]


def grows_linearly(function: Callable[[Any], object], made: Callable[[int], Any], size: int) -> bool:
    """Whether four times the input takes about four times as long, and not sixteen.

    Args:
        function: what is measured.
        made: makes an input of a size.
        size: one for which the function takes some milliseconds, so that what it begins with is little of that.
    """

    def seconds(size: int) -> float:
        given = made(size)
        start = time.process_time()
        function(given)
        return time.process_time() - start

    return min(seconds(4 * size) for _ in range(3)) < 8 * min(seconds(size) for _ in range(3))
