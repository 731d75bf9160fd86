"""Texts of several requests are tagged together.

A tagger makes one window of all documents that it is given, so requests are joined before it. Joining windows at the
runtime would need a thread for each request; their switching cost more than what was gained by larger batches.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from bilstm_tagger.document.document import Document
from bilstm_tagger.tagging.runtime import BATCH_TOKENS
from bilstm_tagger.tagging.tagger import Tagger

THREADS = 2  # while one waits for the network, the other reads the next texts or writes the last answers
_CHARACTERS = 4  # in a token, at least; more texts than fit would only be more batches


@dataclass(frozen=True, slots=True)
class Options:
    """What is asked for beside tags; texts for which it is the same can be tagged together.

    Attributes:
        probabilities: whether documents know how probable their tags and spans are.
        min_probability: spans that are less probable are left out.
        n_best: how many of the best tag sequences of each sentence are wanted.
    """

    probabilities: bool = False
    min_probability: float = 0.0
    n_best: int = 0


Finish = Callable[[list[Document]], bytes]


@dataclass(slots=True, eq=False)
class _Request:
    texts: Sequence[str]
    options: Options
    finish: Finish
    future: Future[bytes] = field(default_factory=Future)
    documents: list[Document] = field(default_factory=list)

    @property
    def characters(self) -> int:
        return sum(map(len, self.texts))

    def fail(self, error: Exception) -> None:
        self.future.set_exception(error)

    def end(self, tagged: list[Document]) -> None:
        """Makes the answer."""
        try:
            self.future.set_result(self.finish(tagged))
        except Exception as error:
            self.fail(error)


class TextQueue:
    """Texts that wait to be tagged. A thread that is free takes all of them that fit into one batch per core.

    So a lone text never waits for others, and the more there are, the larger are the batches.

    Args:
        tagger: tags them.
        cores: for which a batch each is taken.
        observe: called with the number of tokens tagged together.
    """

    def __init__(
        self, tagger: Tagger, *, cores: int = 1, observe: Callable[[int], object] = lambda tokens: None
    ) -> None:
        self._tagger = tagger
        self._most_characters = cores * BATCH_TOKENS * _CHARACTERS
        self._observe = observe
        self._waiting: deque[_Request] = deque()
        self._closed = False
        self._changed = threading.Condition()
        self._threads = [threading.Thread(target=self._run, name=f"texts-{n}", daemon=True) for n in range(THREADS)]
        for thread in self._threads:
            thread.start()

    def submit(self, texts: Sequence[str], options: Options, finish: Finish) -> Future[bytes]:
        """The answer to a request, once it is there.

        Args:
            texts: to be tagged.
            options: what is asked for.
            finish: makes the answer of the tagged documents.

        Raises:
            RuntimeError: if the queue has been closed.
        """
        request = _Request(texts, options, finish)
        with self._changed:
            if self._closed:
                raise RuntimeError("the queue has been closed")
            self._waiting.append(request)
            self._changed.notify()
        return request.future

    def close(self) -> None:
        """Ends the threads, after they have tagged what waits."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while (batch := self._next()) is not None:
            # Whose client has gone, or who has waited too long, is left out.
            self._tag([each for each in batch if each.future.set_running_or_notify_cancel()])

    def _next(self) -> list[_Request] | None:
        """The requests to answer next; None when the queue has been closed and is empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            if not self._waiting:
                return None
            batch = [self._waiting.popleft()]
            characters = batch[0].characters
            left: deque[_Request] = deque()
            for each in self._waiting:
                if each.options == batch[0].options and characters + each.characters <= self._most_characters:
                    batch.append(each)
                    characters += each.characters
                else:
                    left.append(each)
            self._waiting = left
            if left:
                self._changed.notify()
            return batch

    def _tag(self, batch: Sequence[_Request]) -> None:
        read = [each for each in batch if self._read(each)]
        if not read:
            return
        options = read[0].options
        try:
            tagged = self._pipe((document for each in read for document in each.documents), options)
        except Exception as error:
            if len(read) == 1:
                read[0].fail(error)
                return
            for each in read:  # so that none fails for the sake of another
                self._tag([each])
            return
        self._observe(sum(map(len, tagged)))
        first = 0
        for each in read:
            last = first + len(each.documents)
            each.end(tagged[first:last])
            first = last

    def _pipe(self, documents: Iterable[Document], options: Options) -> list[Document]:
        return list(
            self._tagger.pipe(
                documents,
                probabilities=options.probabilities,
                min_probability=options.min_probability,
                n_best=options.n_best,
            )
        )

    def _read(self, request: _Request) -> bool:
        """Whether the texts of a request can be tokenised; if not, it fails."""
        try:
            request.documents = [self._tagger.read(text) for text in request.texts]
        except Exception as error:
            request.fail(error)
            return False
        return True
