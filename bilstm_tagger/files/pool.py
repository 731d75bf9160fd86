"""Tagging in several processes: this one reads and writes, the others tokenise, tag and render.

Each process loads the model itself and keeps to one thread. Chunks of documents go out as fast as results are
written, so memory stays flat, and results come back in order. Neither tokens, sentences nor tags depend on how
documents fall into chunks.
"""

from __future__ import annotations

import multiprocessing
import queue
import signal
import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any

from bilstm_tagger.corpus.trained import words_spec
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import TaggerError
from bilstm_tagger.files.chunking import Tags, cut_document, cut_text, join_tags, join_texts
from bilstm_tagger.files.formats import output_format
from bilstm_tagger.files.inputs import Job
from bilstm_tagger.files.profile import Profile
from bilstm_tagger.files.streams import End, Source, Tagged
from bilstm_tagger.files.worker import Answer, Chunk, Crash, Loader, Outcome, serve

if TYPE_CHECKING:
    from bilstm_tagger.settings.read_spec import ReadSpec

FIRST_CHUNK = 20_000  # characters: small, so that all processes have work at once
CHUNK = 200_000  # characters: some 40,000 tokens, enough to sort sentences by length
WORD = 5  # characters that a token counts for
AHEAD = 2  # chunks in work or waiting for each process


@dataclass(frozen=True, slots=True)
class _Part:
    """A document, a piece of a long one, or the end of a file.

    Attributes:
        job: The file.
        whole: The document as it was read; of a file's end nothing.
        sent: What of it goes to a worker; of a file's end nothing.
        render: Whether the worker writes it in the output format.
        last: Whether it is the document's last piece.
        end: The end of the file.
    """

    job: Job
    whole: str | Document = ""
    sent: Source | None = None
    render: bool = False
    last: bool = True
    end: End | None = None


class _Worker:
    """One process and the line to it."""

    def __init__(self, load: Loader) -> None:
        context = multiprocessing.get_context("spawn")
        self.line, other = context.Pipe()
        self.process = context.Process(target=serve, args=(other, load), daemon=True)
        self.process.start()
        other.close()

    def receive(self) -> Any:
        """The next answer.

        Raises:
            TaggerError: What the worker raised, or if it has ended.
        """
        try:
            answer = self.line.recv()
        except (EOFError, OSError):
            raise TaggerError(
                "a worker process ended before its work was done; if memory was short, use fewer --workers"
            ) from None
        if isinstance(answer, TaggerError):
            raise answer
        if isinstance(answer, Crash):
            raise RuntimeError(f"in a worker process:\n{answer.traceback}")
        return answer

    def send(self, chunk: Chunk) -> None:
        """Give it a chunk; if it has ended, `receive` will tell."""
        try:
            self.line.send(chunk)
        except OSError:
            return


class WorkerPool:
    """Processes that tag; a context manager that ends them."""

    def __init__(self, load: Loader, workers: int) -> None:
        """Start the processes.

        Args:
            load: Makes the tagger in each process, to which it travels pickled.
            workers: Number of processes.
        """
        with _deaf_to_interrupts():  # which the processes inherit: only this one answers Ctrl-C
            self._workers = [_Worker(load) for _ in range(workers)]
        self._threads = ThreadPoolExecutor(workers)
        self._free: queue.SimpleQueue[_Worker] = queue.SimpleQueue()
        self._ready = [self._threads.submit(self._greet, worker) for worker in self._workers]

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
            worker.line.close()

    @property
    def reading(self) -> dict[str, ReadSpec]:
        """For each task how the model's training data was read, once the first process has loaded it.

        Raises:
            TaggerError: If it cannot be loaded.
        """
        return self._ready[0].result()

    def _greet(self, worker: _Worker) -> dict[str, ReadSpec]:
        try:
            reading: dict[str, ReadSpec] = worker.receive()
        finally:
            self._free.put(worker)
        return reading

    def _ask(self, chunk: Chunk) -> Answer:
        worker = self._free.get()
        try:
            worker.send(chunk)
            answer: Answer = worker.receive()
        finally:
            self._free.put(worker)  # even one that has ended, so that no thread waits for ever
        return answer

    def tag(
        self,
        found: Iterable[tuple[Job, Source | End]],
        *,
        format: str,
        batch_tokens: int | None,
        profile: Profile,
    ) -> Iterator[tuple[Job, Tagged | End]]:
        """Tag what was read, in order.

        Args:
            found: Each file's documents and its end.
            format: The output format; documents that stand by themselves in it come back as text.
            batch_tokens: Padded tokens given to the network at a time; the tagger's own measure if None.
            profile: Learns what the processes spent their time on.

        Returns:
            The documents with tags, or their text, and the files' ends.

        Raises:
            TaggerError: If the tagger fails, or a process ends before its work does.
        """
        apart = output_format(format).apart
        longest = 2 * CHUNK
        columns = list(words_spec(self.reading).features)
        parts = (part for job, item in found for part in _parts(job, item, apart, longest, columns))
        return _joined(self._answers(parts, format, batch_tokens, profile))

    def _answers(
        self, parts: Iterable[_Part], format: str, batch_tokens: int | None, profile: Profile
    ) -> Iterator[tuple[_Part, Outcome | None]]:
        """All parts with what has become of them; some chunks are always under way."""
        waiting: deque[tuple[list[_Part], Future[Answer]]] = deque()
        for members in _chunks(parts):
            sources = [(part.sent, part.render) for part in members if part.sent is not None]
            waiting.append((members, self._threads.submit(self._ask, Chunk(sources, format, batch_tokens))))
            if len(waiting) > AHEAD * len(self._workers):
                yield from _answered(*waiting.popleft(), profile)
        while waiting:
            yield from _answered(*waiting.popleft(), profile)


def _parts(job: Job, item: Source | End, apart: bool, longest: int, columns: Sequence[str]) -> Iterator[_Part]:
    """A document whole or, if it is longer than `longest`, in pieces."""
    if isinstance(item, End):
        yield _Part(job, end=item)
        return
    whole = item.content
    if isinstance(whole, Document):
        whole.id = item.id
    long = _size(whole) > longest
    if not long and (apart or isinstance(whole, str)):
        yield _Part(job, whole, item, render=apart)
        return
    pieces = _cut(whole, CHUNK if long else sys.maxsize, columns)
    piece = next(pieces)
    for following in pieces:
        yield _Part(job, whole, Source(piece, item.id), last=False)
        piece = following
    yield _Part(job, whole, Source(piece, item.id))


def _cut(whole: str | Document, size: int, columns: Sequence[str]) -> Iterator[str | Document]:
    if isinstance(whole, str):
        return cut_text(whole, size)
    return cut_document(whole, -(-size // WORD), columns=columns)


def _size(content: str | Document) -> int:
    return len(content) if isinstance(content, str) else WORD * len(content)


def _chunks(parts: Iterable[_Part]) -> Iterator[list[_Part]]:
    """Parts in handfuls that are worth the way, the first ones smaller."""
    chunk: list[_Part] = []
    size, limit = 0, FIRST_CHUNK
    for part in parts:
        chunk.append(part)
        size += WORD + (0 if part.sent is None else _size(part.sent.content))
        if size >= limit:
            yield chunk
            chunk, size = [], 0
            limit = min(2 * limit, CHUNK)
    if chunk:
        yield chunk


def _answered(members: list[_Part], future: Future[Answer], profile: Profile) -> Iterator[tuple[_Part, Outcome | None]]:
    """The parts of a chunk with what has become of them: nothing of a file's end."""
    with profile.part("wait for workers"):
        answer = future.result()
    profile.add({f"workers: {name}": spent for name, spent in answer.seconds.items()})
    outcomes = iter(answer.outcomes)
    for part in members:
        yield part, None if part.sent is None else next(outcomes)


def _joined(answers: Iterable[tuple[_Part, Outcome | None]]) -> Iterator[tuple[Job, Tagged | End]]:
    """Whole documents again; one that could not be tokenised ends its file."""
    failed: Job | None = None
    pieces: list[Document | str | Tags] = []
    for part, outcome in answers:
        if part.job is failed:
            continue
        if part.end is not None:
            yield part.job, part.end
        elif isinstance(outcome, TaggerError):
            failed = part.job
            pieces = []
            yield part.job, End(outcome)
        elif isinstance(outcome, Tagged) and isinstance(outcome.content, str):
            yield part.job, outcome
        elif outcome is not None:
            pieces.append(outcome.content if isinstance(outcome, Tagged) else outcome)
            if part.last:
                yield part.job, Tagged.of(_join(part.whole, pieces))
                pieces = []


def _join(whole: str | Document, pieces: Sequence[Any]) -> Document:
    """A document from its tagged pieces: documents where it was a text, else only tags."""
    if isinstance(whole, Document):
        return join_tags(whole, pieces)
    document: Document = pieces[0] if len(pieces) == 1 else join_texts(whole, pieces)
    return document


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
