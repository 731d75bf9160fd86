"""Work of requests, done in a bounded number of threads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from fastapi import HTTPException
from prometheus_client import Gauge

P = ParamSpec("P")
T = TypeVar("T")


class Admission:
    """Runs the work of requests in threads; what is more than may wait is refused.

    Args:
        threads: that work at the same time.
        waiting: most requests that work or wait for a thread.
        in_progress: shows how many do.
    """

    def __init__(self, *, threads: int, waiting: int, in_progress: Gauge) -> None:
        self._threads = ThreadPoolExecutor(threads, "request")
        self._waiting = waiting
        self._in_progress = in_progress
        self._admitted = 0

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `work` returns. Work that has begun goes on to its end, even if nobody waits for it any more.

        Raises:
            HTTPException: 429 if too many requests wait.
        """
        if self._admitted >= self._waiting:
            detail = f"{self._waiting} requests are waiting already; try again in a second"
            raise HTTPException(429, detail, {"Retry-After": "1"})
        self._count(1)
        loop = asyncio.get_running_loop()
        future: Future[T] = self._threads.submit(work, *args, **kwargs)
        future.add_done_callback(lambda _: loop.call_soon_threadsafe(self._count, -1))
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Waits for all work."""
        self._threads.shutdown()

    def _count(self, change: int) -> None:
        self._admitted += change
        self._in_progress.set(self._admitted)
