"""Tagging in several processes: this one reads and writes, the others tokenise, tag and render.

Each process loads the model itself and keeps to one thread. Chunks of documents go out as fast as results are
written, so memory stays flat, and results come back in order.

Threads of a `ThreadPoolExecutor` wait at the pipes to the processes and queue the chunks.
"""

from __future__ import annotations

import queue
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import TYPE_CHECKING

from bilstm_tagger.corpus.trained import words_spec
from bilstm_tagger.files.formats import output_format
from bilstm_tagger.files.inputs import Job
from bilstm_tagger.files.options import TagOptions
from bilstm_tagger.files.parts import Part, in_chunks, join_parts, split_item
from bilstm_tagger.files.process import WorkerProcess, ignore_interrupts
from bilstm_tagger.files.profile import Profile
from bilstm_tagger.files.streams import End, Tagged, Untagged
from bilstm_tagger.files.worker import Answer, Chunk, ChunkTagger, Loader, Outcome

if TYPE_CHECKING:
    from bilstm_tagger.settings.read_spec import ReadSpec

AHEAD = 2  # chunks per process that are under way


class WorkerPool:
    """Processes that tag; a context manager that ends them."""

    def __init__(self, load: Loader, workers: int) -> None:
        """Start the processes.

        Args:
            load: loads the tagger in each process, to which it is sent pickled.
            workers: number of processes.
        """
        with ignore_interrupts():  # which the processes inherit: only this one answers Ctrl-C
            self._workers = [WorkerProcess(ChunkTagger(load)) for _ in range(workers)]
        self._threads = ThreadPoolExecutor(workers)
        self._idle: queue.SimpleQueue[WorkerProcess] = queue.SimpleQueue()
        self._reading = [self._threads.submit(self._receive_reading, worker) for worker in self._workers]

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the processes, in the middle of their work if need be."""
        for worker in self._workers:
            worker.process.terminate()
        self._threads.shutdown(cancel_futures=True)
        for worker in self._workers:
            worker.process.join()
            worker.connection.close()

    @property
    def reading(self) -> Mapping[str, ReadSpec]:
        """For each task how the model's training data was read, once the first process has loaded the model.

        Raises:
            TaggerError: if it cannot be loaded.
        """
        return self._reading[0].result()

    def tag(
        self,
        untagged: Iterable[tuple[Job, Untagged | End]],
        *,
        format: str,
        options: TagOptions,
        profile: Profile,
    ) -> Iterator[tuple[Job, Tagged | End]]:
        """Second stream, in several processes: the documents with tags, in order.

        Args:
            untagged: the first stream: each file's documents and its end.
            format: the output format; documents that stand by themselves in it come back as text.
            options: what is asked for.
            profile: where the time spent here and in the processes is added.

        Returns:
            The documents with tags, or their text, and the files' ends.

        Raises:
            TaggerError: if the tagger fails, or a process ends before its work does.
        """
        apart = output_format(format).apart
        columns = list(words_spec(self.reading).features)
        parts = (part for job, item in untagged for part in split_item(job, item, apart=apart, columns=columns))
        return join_parts(self._outcomes(parts, format, options, profile))

    def _outcomes(
        self, parts: Iterable[Part], format: str, options: TagOptions, profile: Profile
    ) -> Iterator[tuple[Part, Outcome | None]]:
        """All parts in order, each with its outcome; a bounded number of chunks is under way."""
        waiting: deque[tuple[list[Part], Future[Answer]]] = deque()
        for chunk in in_chunks(parts):
            documents = [(part.sent, part.render) for part in chunk if part.sent is not None]
            waiting.append((chunk, self._threads.submit(self._answer, Chunk(documents, format, options))))
            if len(waiting) > AHEAD * len(self._workers):
                yield from _chunk_outcomes(*waiting.popleft(), profile)
        while waiting:
            yield from _chunk_outcomes(*waiting.popleft(), profile)

    def _answer(self, chunk: Chunk) -> Answer:
        """Send a chunk to an idle worker and wait for the answer."""
        worker = self._idle.get()
        try:
            worker.send(chunk)
            answer: Answer = worker.receive()
        finally:
            self._idle.put(worker)  # even one that has ended, so that no thread waits for ever
        return answer

    def _receive_reading(self, worker: WorkerProcess) -> Mapping[str, ReadSpec]:
        try:
            reading: Mapping[str, ReadSpec] = worker.receive()
        finally:
            self._idle.put(worker)
        return reading


def _chunk_outcomes(
    chunk: list[Part], future: Future[Answer], profile: Profile
) -> Iterator[tuple[Part, Outcome | None]]:
    """The parts of a chunk, each with its outcome; `None` for a file's end."""
    with profile.part("wait for workers"):
        answer = future.result()
    profile.add({f"workers: {name}": spent for name, spent in answer.seconds.items()})
    outcomes = iter(answer.outcomes)
    for part in chunk:
        yield part, None if part.sent is None else next(outcomes)
