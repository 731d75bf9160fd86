"""How many requests are worked for, or wait for it, at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from fastapi import HTTPException
from prometheus_client import Gauge

T = TypeVar("T")


class Admission:
    """Admits requests until too many wait.

    Args:
        threads: for work that is not tagging texts.
        waiting: most requests that are worked for or wait.
        in_progress: shows how many there are.
    """

    def __init__(self, *, threads: int, waiting: int, in_progress: Gauge) -> None:
        self._threads = ThreadPoolExecutor(threads, "files")
        self._waiting = waiting
        self._in_progress = in_progress
        self._admitted = 0

    async def run(self, work: Callable[[], T]) -> T:
        """What `work` returns in a thread.

        Raises:
            HTTPException: 429 if too many requests wait.
        """
        return await self.admit(lambda: self._threads.submit(work))

    async def admit(self, start: Callable[[], Future[T]]) -> T:
        """The result of a future. If nobody waits for it any more it counts until it is done or cancelled.

        Args:
            start: makes the future.

        Raises:
            HTTPException: 429 if too many requests wait.
        """
        if self._admitted >= self._waiting:
            detail = f"{self._waiting} requests are waiting already; try again in a second"
            raise HTTPException(429, detail, {"Retry-After": "1"})
        loop = asyncio.get_running_loop()
        future = start()
        self._count(1)
        future.add_done_callback(lambda _: loop.call_soon_threadsafe(self._count, -1))
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Waits for all work in threads."""
        self._threads.shutdown()

    def _count(self, change: int) -> None:
        self._admitted += change
        self._in_progress.set(self._admitted)
