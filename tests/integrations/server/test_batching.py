from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from typing import Any

import numpy as np
import pytest
from rule_tagger import RuleTagger

from bilstm_tagger.document.document import Document
from bilstm_tagger.integrations.server.batching import THREADS, Options, TextQueue
from bilstm_tagger.tagging.tagger import Tagger


class GatedTagger(RuleTagger):
    """Tags once it may, and keeps how many documents each call had."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()
        self.entered = threading.Semaphore(0)
        self.calls: list[int] = []
        self.tokenizer = None

    def read(self, source: Any) -> Document:
        if source == "unreadable":
            raise ValueError("unreadable")
        return super().read(source)

    def pipe(self, sources: Iterable[Any], **options: Any) -> Iterator[Document]:
        documents = list(sources)
        self.calls.append(len(documents))
        self.entered.release()
        assert self.gate.wait(30)
        if any(document.text == "bad" for document in documents):
            raise RuntimeError("a text that the network cannot take")
        yield from map(self.tag, documents)


def words_of(documents: list[Document]) -> bytes:
    return " ".join(word for document in documents for word in document.words).encode()


def gated() -> tuple[GatedTagger, TextQueue, list[Future[bytes]]]:
    """A queue all of whose threads are busy."""
    tagger = GatedTagger()
    queue = TextQueue(tagger)  # type: ignore[arg-type]
    busy = []
    for number in range(THREADS):
        busy.append(queue.submit([f"busy {number}"], Options(), words_of))
        assert tagger.entered.acquire(timeout=30)
    return tagger, queue, busy


def test_what_waits_is_tagged_together_and_each_gets_its_own() -> None:
    tagger, queue, busy = gated()
    waiting = [queue.submit([f"text {n}", f"more {n}"], Options(), words_of) for n in range(20)]
    tagger.gate.set()
    assert [each.result(30) for each in waiting] == [f"text {n} more {n}".encode() for n in range(20)]
    assert [each.result(30) for each in busy] == [f"busy {n}".encode() for n in range(THREADS)]
    assert sorted(tagger.calls) == [1] * THREADS + [40]
    queue.close()


def test_only_what_is_asked_for_alike_is_tagged_together() -> None:
    tagger, queue, _ = gated()
    kinds = [Options(), Options(probabilities=True), Options(n_best=2), Options(min_probability=0.5)]
    waiting = [queue.submit([f"text {n}"], kinds[n % 4], words_of) for n in range(12)]
    tagger.gate.set()
    assert [each.result(30) for each in waiting] == [f"text {n}".encode() for n in range(12)]
    assert tagger.calls[THREADS:] == [3, 3, 3, 3]
    queue.close()


def test_a_batch_is_bounded_and_a_text_beyond_it_is_tagged_alone() -> None:
    tagger, queue, _ = gated()
    long = "x" * (queue._most_characters + 1)
    waiting = [queue.submit([text], Options(), lambda got: b"%d" % len(got[0].text)) for text in (long, "short", long)]
    tagger.gate.set()
    assert [each.result(30) for each in waiting] == [b"%d" % len(text) for text in (long, "short", long)]
    assert sorted(tagger.calls[THREADS:]) == [1, 1, 1]
    queue.close()


def test_a_text_that_fails_fails_alone() -> None:
    tagger, queue, _ = gated()
    waiting = {
        text: queue.submit([text], Options(), words_of) for text in ("good", "unreadable", "bad", "fine", "last")
    }
    tagger.gate.set()
    assert [waiting[text].result(30) for text in ("good", "fine", "last")] == [b"good", b"fine", b"last"]
    with pytest.raises(ValueError, match="unreadable"):
        waiting["unreadable"].result(30)
    with pytest.raises(RuntimeError, match="cannot take"):
        waiting["bad"].result(30)
    queue.close()


def test_an_answer_that_cannot_be_made_fails_alone() -> None:
    tagger, queue, _ = gated()

    def broken(documents: list[Document]) -> bytes:
        raise KeyError("label")

    failing, good = (queue.submit(["text"], Options(), finish) for finish in (broken, words_of))
    tagger.gate.set()
    assert good.result(30) == b"text"
    with pytest.raises(KeyError):
        failing.result(30)
    queue.close()


def test_who_has_gone_is_not_tagged() -> None:
    tagger, queue, _ = gated()
    gone, stays = (queue.submit([text], Options(), words_of) for text in ("gone", "stays"))
    assert gone.cancel()
    tagger.gate.set()
    assert stays.result(30) == b"stays"
    assert tagger.calls[THREADS:] == [1]
    queue.close()


def test_closing_finishes_what_waits_and_takes_nothing_more() -> None:
    tagger, queue, busy = gated()
    waiting = queue.submit(["text"], Options(), words_of)
    closing = threading.Thread(target=queue.close)
    closing.start()
    tagger.gate.set()
    closing.join(30)
    assert not closing.is_alive()
    assert all(each.done() for each in (*busy, waiting))
    with pytest.raises(RuntimeError, match="closed"):
        queue.submit(["text"], Options(), words_of)


def test_many_clients_get_what_each_would_get_alone(tagger: Tagger) -> None:
    draw = np.random.default_rng(0)
    words = ["Ada", "Lovelace", "left", "London", ".", "rain", "The", "Royal", "Society", "42"]
    texts = [" ".join(draw.choice(words, size)) for size in draw.integers(1, 40, 60)]
    alone = [tagger(text, probabilities=True) for text in texts]
    got: dict[int, Document] = {}
    queue = TextQueue(tagger, cores=2)

    def ask(number: int) -> None:
        def keep(documents: list[Document]) -> bytes:
            got[number] = documents[0]
            return b""

        queue.submit([texts[number]], Options(probabilities=True), keep).result(30)

    clients = [threading.Thread(target=ask, args=(number,)) for number in range(len(texts))]
    for each in clients:
        each.start()
    for each in clients:
        each.join()
    queue.close()
    for number, document in enumerate(alone):
        assert got[number].tags == document.tags
        for task, known in document.probabilities.items():
            assert np.allclose(got[number].probabilities[task].marginals, known.marginals, atol=1e-6)
