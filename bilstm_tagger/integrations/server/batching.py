"""The queue of requests: who is free takes all texts that fit into a batch for each thread.

A tagger makes one window of all documents that it is given, so requests are joined before it. Joining windows at the
runtime would need a thread for each request; their switching cost more than what was gained by larger batches.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from fastapi import HTTPException

from bilstm_tagger.errors import TaggerError
from bilstm_tagger.files.process import NotBegunError, ProcessEndedError, result_of
from bilstm_tagger.integrations.server.metrics import Metrics
from bilstm_tagger.integrations.server.work import Done, FileAnswer, Job, TagTexts
from bilstm_tagger.integrations.server.workers import Worker, Workers
from bilstm_tagger.tagging.runtime import BATCH_TOKENS

# A token has 4 characters at least; sentences of two batches can be put together with others of like length.
BATCH_CHARACTERS = 4 * BATCH_TOKENS
BATCHES = 2

logger = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class _Request:
    job: Job
    answer: asyncio.Future[bytes | FileAnswer]
    alike: Hashable  # None for what is worked for alone
    characters: int


class WorkQueue:
    """Requests that wait for a worker; to be made and used in one event loop.

    A worker that is free takes the first of them, and with a text all that can be tagged with it, up to a batch for
    each of its threads. So a lone text never waits for others, and the more there are, the larger are the batches.

    Args:
        workers: do the work.
        waiting: most requests that are worked for or wait.
        metrics: where is counted.
        failed: called when a worker has ended and no other can be started in its place.
    """

    def __init__(
        self,
        workers: Workers,
        *,
        waiting: int,
        metrics: Metrics,
        failed: Callable[[TaggerError], None] = lambda error: None,
    ) -> None:
        self._workers = workers
        self._idle = list(workers.all)
        self._most = waiting
        # Files take long: as long as there are other workers, one is left to texts.
        self._most_alone = max(1, len(self._idle) - 1)
        self._most_characters = max(BATCHES, workers.threads) * BATCH_CHARACTERS
        self._metrics = metrics
        self._failed = failed
        self._waiting: deque[_Request] = deque()
        self._in_work = self._alone = 0
        self._alive = len(self._idle)
        self._loop = asyncio.get_running_loop()
        self._threads = ThreadPoolExecutor(len(self._idle), "workers")
        self._tasks: set[asyncio.Task[None]] = set()
        self._called = self._closed = False
        metrics.in_progress.set_function(lambda: len(self._waiting) + self._in_work)

    async def answer(self, job: Job) -> bytes | FileAnswer:
        """The answer to a request. What nobody waits for any more is not begun.

        Args:
            job: what is asked for.

        Raises:
            HTTPException: 429 if too many requests wait, 503 if the process that worked for it ended.
            TaggerError: as raised where it was worked for.
        """
        if len(self._waiting) + self._in_work >= self._most:
            detail = f"{self._most} requests are waiting already; try again in a second"
            raise HTTPException(429, detail, {"Retry-After": "1"})
        if self._closed:
            raise HTTPException(503, "the server is stopping")
        future: asyncio.Future[bytes | FileAnswer] = self._loop.create_future()
        if isinstance(job, TagTexts):
            request = _Request(job, future, job.alike, job.characters)
        else:
            request = _Request(job, future, None, 0)
        self._waiting.append(request)
        self._call()
        try:
            return await request.answer
        except asyncio.CancelledError:
            if request in self._waiting:
                self._waiting.remove(request)
            raise

    async def close(self) -> None:
        """Takes nothing more, and waits until all that was taken is done."""
        self._closed = True
        self._share()
        while self._tasks:
            await asyncio.wait(self._tasks)
        self._threads.shutdown()

    def _call(self) -> None:
        """Lets workers that are free take requests, once those that arrive at the same time are here."""
        if not self._called:
            self._called = True
            self._loop.call_soon(self._share)

    def _share(self) -> None:
        self._called = False
        while self._idle and (batch := self._next()):
            self._in_work += len(batch)
            self._alone += batch[0].alike is None
            task = self._loop.create_task(self._work(self._idle.pop(), batch))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _next(self) -> list[_Request]:
        """The requests to work for next, which no longer wait; none if there is none that may be begun."""
        batch: list[_Request] = []
        left: deque[_Request] = deque()
        characters = 0
        for each in self._waiting:
            if each.answer.done():
                continue
            if not batch:
                fits = each.alike is not None or self._alone < self._most_alone
            else:
                alike = each.alike is not None and each.alike == batch[0].alike
                fits = alike and characters + each.characters <= self._most_characters
            (batch if fits else left).append(each)
            characters += each.characters if fits else 0
        self._waiting = left
        return batch

    async def _work(self, worker: Worker, batch: list[_Request]) -> None:
        """Lets a worker do a batch, and gives each request its answer."""
        free: Worker | None = worker
        try:
            done = await self._loop.run_in_executor(self._threads, worker.do, [each.job for each in batch])
        except NotBegunError:
            self._waiting.extendleft(reversed(batch))
            free = None
        except ProcessEndedError:
            detail = "the process that worked for this request has ended; send less at a time or try again"
            _fail(batch, HTTPException(503, detail, {"Retry-After": "5"}))
            free = None
        except Exception as error:
            _fail(batch, error)
        else:
            self._end(batch, done)
        finally:
            self._in_work -= len(batch)
            self._alone -= batch[0].alike is None
        if free is None:
            self._call()  # others may be free for what could not be begun
            free = await self._replaced(worker)
        if free is not None:
            self._idle.append(free)
            self._call()

    def _end(self, batch: list[_Request], done: Done) -> None:
        model = batch[0].job.model
        self._metrics.tokens.labels(model).inc(done.tokens)
        for tokens in done.batches:
            self._metrics.batch_tokens.labels(model).observe(tokens)
        for each, answer in zip(batch, done.answers, strict=True):
            if each.answer.done():
                continue
            if isinstance(answer, bytes | FileAnswer):
                each.answer.set_result(answer)
                continue
            try:
                result_of(answer)
            except Exception as error:
                each.answer.set_exception(error)

    async def _replaced(self, worker: Worker) -> Worker | None:
        """Another worker for one that has ended; None if it cannot be started, which ends the server."""
        logger.warning("a process that tags has ended; another is started (if memory was short, use fewer --workers)")
        self._metrics.restarts.inc()
        try:
            return await self._loop.run_in_executor(self._threads, self._workers.replaced, worker)
        except TaggerError as error:
            self._alive -= 1
            if not self._alive:
                _fail(self._waiting, HTTPException(503, "the server is stopping, since no process can be started"))
            self._failed(error)
            return None


def _fail(requests: list[_Request] | deque[_Request], error: Exception) -> None:
    for each in requests:
        if not each.answer.done():
            each.answer.set_exception(error)
