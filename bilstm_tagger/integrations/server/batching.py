"""A runtime that joins what several threads ask for at the same time into batches."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from bilstm_tagger.tagging.runtime import BATCH_TOKENS, Decoded, NBest, Posteriors, Runtime, Wanted, Window

MOST_SECONDS = 0.005  # that a window waits for others

_Key = tuple[int, tuple[bool, int] | None, tuple[str, ...]]


@dataclass(slots=True, eq=False)
class _Waiting:
    """A window that waits for its tags."""

    window: Window
    batch_tokens: int
    wanted: Wanted | None
    future: Future[Decoded] = field(default_factory=Future)

    @property
    def key(self) -> _Key:
        """Windows of the same key can be decoded together."""
        wanted = None if self.wanted is None else (self.wanted.probabilities, self.wanted.n_best)
        return self.batch_tokens, wanted, tuple(self.window.features)


class BatchingRuntime:
    """Decodes the windows of several threads together, in one thread of its own.

    A window waits while a batch is computed, and at most `wait` seconds for threads that have announced theirs. A lone
    window does not wait. All callers are taggers of the one model.

    Args:
        runtime: computes the tags.
        cores: the windows decoded together hold about one batch for each.
        wait: seconds.
        observe: called with the number of tokens of each batch.
    """

    def __init__(
        self,
        runtime: Runtime,
        *,
        cores: int = 1,
        wait: float = MOST_SECONDS,
        observe: Callable[[int], object] = lambda tokens: None,
    ) -> None:
        self.runtime = runtime
        self._most_tokens = cores * BATCH_TOKENS
        self._wait = wait
        self._observe = observe
        self._waiting: list[_Waiting] = []
        self._announced = 0
        self._closed = False
        self._changed = threading.Condition()
        self._own = threading.local()
        self._thread = threading.Thread(target=self._run, name="batches", daemon=True)
        self._thread.start()

    @contextmanager
    def announced(self) -> Iterator[None]:
        """Tells that this thread is about to call `decode`, so that a batch may wait for it."""
        with self._changed:
            self._announced += 1
        self._own.announced = True
        try:
            yield
        finally:
            with self._changed:
                self._retract()

    def decode(self, window: Window, *, batch_tokens: int = BATCH_TOKENS, wanted: Wanted | None = None) -> Decoded:
        """The best tags of a window's words, as `Runtime.decode` gives them.

        Raises:
            RuntimeError: if the runtime has been closed.
        """
        waiting = _Waiting(window, batch_tokens, wanted)
        with self._changed:
            if self._closed:
                raise RuntimeError("the runtime has been closed")
            self._waiting.append(waiting)
            self._retract()
            self._changed.notify_all()
        return waiting.future.result()

    def close(self) -> None:
        """Ends the thread, after it has decoded what waits."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join()

    def _retract(self) -> None:
        """The calling thread is no longer waited for."""
        if getattr(self._own, "announced", False):
            self._own.announced = False
            self._announced -= 1
            self._changed.notify_all()

    def _run(self) -> None:
        while batch := self._next():
            self._observe(sum(len(each.window.words) for each in batch))
            _decode(self.runtime, batch)

    def _next(self) -> list[_Waiting]:
        """The windows to decode next; none when the runtime has been closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            until = time.monotonic() + self._wait
            while self._announced and not self._closed and self._tokens() < self._most_tokens:
                if (left := until - time.monotonic()) <= 0:
                    break
                self._changed.wait(left)
            return self._take()

    def _tokens(self) -> int:
        return sum(len(each.window.words) for each in self._waiting)

    def _take(self) -> list[_Waiting]:
        """The first window and those behind it that fit; the others keep their order."""
        taken: list[_Waiting] = []
        left: list[_Waiting] = []
        tokens = 0
        for each in self._waiting:
            size = len(each.window.words)
            if not taken or (each.key == taken[0].key and tokens + size <= self._most_tokens):
                taken.append(each)
                tokens += size
            else:
                left.append(each)
        self._waiting = left
        return taken


def _decode(runtime: Runtime, batch: Sequence[_Waiting]) -> None:
    """Decodes windows together and gives each its part; if that fails, each by itself."""
    first = batch[0]
    try:
        joined = join([each.window for each in batch])
        decoded = runtime.decode(joined, batch_tokens=first.batch_tokens, wanted=first.wanted)
    except Exception as error:
        if len(batch) == 1:
            first.future.set_exception(error)
            return
        for each in batch:
            _decode(runtime, [each])
        return
    for each, part in zip(batch, split(decoded, [each.window for each in batch]), strict=True):
        each.future.set_result(part)


def join(windows: Sequence[Window]) -> Window:
    """Several windows as one."""
    if len(windows) == 1:
        return windows[0]
    words = [word for window in windows for word in window.words]
    lengths = np.concatenate([window.lengths for window in windows])
    names = windows[0].features
    return Window(words, lengths, {name: np.concatenate([each.features[name] for each in windows]) for name in names})


def split(decoded: Decoded, windows: Sequence[Window]) -> Iterator[Decoded]:
    """What was decoded of joined windows, for each of them."""
    if len(windows) == 1:
        yield decoded
        return
    token = sentence = 0
    for window in windows:
        tokens = slice(token, token := token + len(window.words))
        sentences = slice(sentence, sentence := sentence + len(window.lengths))
        yield Decoded(
            {task: ids[tokens] for task, ids in decoded.tags.items()},
            {
                task: Posteriors(each.marginals[tokens], each.spans[tokens])
                for task, each in decoded.posteriors.items()
            },
            {
                task: NBest(each.tags[:, tokens], each.probabilities[sentences])
                for task, each in decoded.n_best.items()
            },
        )
