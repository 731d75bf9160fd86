from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from fastapi import HTTPException
from rule_tagger import RuleTagger

from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import ModelError, TaggerError
from bilstm_tagger.files.process import NotBegunError, ProcessEndedError
from bilstm_tagger.integrations.server.batching import BATCH_CHARACTERS, BATCHES, WorkQueue
from bilstm_tagger.integrations.server.metrics import Metrics
from bilstm_tagger.integrations.server.work import Done, Job, TagTexts, TagUploads, done
from bilstm_tagger.integrations.server.workers import THREADS, ThreadWorkers, Worker
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


class Here:
    """Works in the thread that asks."""

    def __init__(self, tagger: GatedTagger) -> None:
        self.tagger = tagger

    def do(self, jobs: Sequence[Job]) -> Done:
        return done({"rules": self.tagger}, jobs)  # type: ignore[dict-item]


class Crew:
    """Some workers; each that ends is replaced by the next of others, or by none."""

    models: Mapping[str, Any] = {}
    threads = 1

    def __init__(self, *workers: Worker, others: Sequence[Worker] = ()) -> None:
        self.all = workers
        self.others = list(others)

    def replaced(self, worker: Worker) -> Worker:
        if not self.others:
            raise ModelError("the model has gone")
        return self.others.pop(0)

    def memory(self) -> Mapping[int, int]:
        return {}


def texts_of(answer: bytes) -> list[str]:
    return [document["text"] for document in json.loads(answer)["documents"]]


def asked(*texts: str, **options: Any) -> TagTexts:
    return TagTexts("rules", list(texts), **options)


class Gated:
    """A queue all of whose workers are busy; what is sent waits until the gate is opened."""

    def __init__(self) -> None:
        self.tagger = GatedTagger()
        self.queue = WorkQueue(Crew(Here(self.tagger), Here(self.tagger)), waiting=100, metrics=Metrics())
        self.busy: list[asyncio.Task[bytes]] = []

    async def start(self) -> None:
        for number in range(2):
            self.busy.append(self.send(asked(f"busy {number}")))
            assert await asyncio.to_thread(self.tagger.entered.acquire, timeout=30)

    def send(self, job: Job) -> asyncio.Task[bytes]:
        return asyncio.get_running_loop().create_task(self.queue.answer(job))


def with_gated(test: Callable[[Gated], Awaitable[None]]) -> None:
    async def run() -> None:
        gated = Gated()
        await gated.start()
        try:
            await test(gated)
        finally:
            gated.tagger.gate.set()
        await gated.queue.close()
        assert [texts_of(await each) for each in gated.busy] == [["busy 0"], ["busy 1"]]

    asyncio.run(asyncio.wait_for(run(), 60))


async def opened(gated: Gated, *sent: asyncio.Task[bytes]) -> list[Any]:
    """Opens the gate once all that was sent waits; the texts of the answers, or what was raised."""
    await asyncio.sleep(0.01)
    gated.tagger.gate.set()
    answers = await asyncio.gather(*sent, return_exceptions=True)
    return [texts_of(each) if isinstance(each, bytes) else each for each in answers]


def test_what_waits_is_tagged_together_and_each_gets_its_own() -> None:
    async def test(gated: Gated) -> None:
        sent = [gated.send(asked(f"text {n}", f"more {n}")) for n in range(20)]
        assert await opened(gated, *sent) == [[f"text {n}", f"more {n}"] for n in range(20)]
        assert sorted(gated.tagger.calls) == [1, 1, 40]

    with_gated(test)


def test_what_arrives_at_the_same_time_is_tagged_together() -> None:
    async def run() -> None:
        tagger = GatedTagger()
        tagger.gate.set()
        queue = WorkQueue(Crew(Here(tagger), Here(tagger)), waiting=100, metrics=Metrics())
        await asyncio.gather(*(queue.answer(asked(f"text {n}")) for n in range(20)))
        assert tagger.calls == [20]
        await queue.close()

    asyncio.run(run())


def test_only_what_is_asked_for_alike_is_tagged_together() -> None:
    async def test(gated: Gated) -> None:
        kinds: list[dict[str, Any]] = [{}, {"alternatives": 1}, {"n_best": 2}, {"min_probability": 0.5}]
        sent = [gated.send(asked(f"text {n}", **kinds[n % 4])) for n in range(12)]
        assert await opened(gated, *sent) == [[f"text {n}"] for n in range(12)]
        assert gated.tagger.calls[2:] == [3, 3, 3, 3]

    with_gated(test)


def test_a_batch_is_bounded_and_a_text_beyond_it_is_tagged_alone() -> None:
    async def test(gated: Gated) -> None:
        texts = ["x" * (BATCHES * BATCH_CHARACTERS + 1), "short", "y" * (BATCHES * BATCH_CHARACTERS + 1)]
        assert await opened(gated, *map(gated.send, map(asked, texts))) == [[text] for text in texts]
        assert gated.tagger.calls[2:] == [1, 1, 1]

    with_gated(test)


class Unspeakable(TagTexts):
    """Its answer cannot be made."""

    __slots__ = ()

    def answer(self, documents: Sequence[Document]) -> bytes:
        raise KeyError("label")


def test_what_fails_fails_alone() -> None:
    async def test(gated: Gated) -> None:
        sent = [gated.send(asked(text)) for text in ("good", "unreadable", "bad", "fine")]
        sent += [gated.send(Unspeakable("rules", ["text"])), gated.send(asked("last"))]
        good, unreadable, bad, fine, unspeakable, last = await opened(gated, *sent)
        assert [good, fine, last] == [["good"], ["fine"], ["last"]]
        assert "ValueError: unreadable" in str(unreadable)
        assert "RuntimeError: a text that the network cannot take" in str(bad)
        assert "KeyError: 'label'" in str(unspeakable)

    with_gated(test)


def test_what_nobody_waits_for_is_not_tagged_and_makes_room() -> None:
    async def test(gated: Gated) -> None:
        gone, stays = gated.send(asked("gone")), gated.send(asked("stays"))
        await asyncio.sleep(0.01)
        gone.cancel()
        await asyncio.sleep(0.01)
        many = [gated.send(asked("many")) for _ in range(97)]
        await asyncio.sleep(0.01)
        with pytest.raises(HTTPException, match="100 requests are waiting already"):
            await gated.queue.answer(asked("too many"))
        assert await opened(gated, stays, *many) == [["stays"]] + [["many"]] * 97
        assert gated.tagger.calls[2:] == [98]

    with_gated(test)


class SlowWithFiles:
    """Begins a file and waits."""

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.gate = threading.Event()

    def do(self, jobs: Sequence[Job]) -> Done:
        if isinstance(jobs[0], TagUploads):
            self.begun.release()
            assert self.gate.wait(30)
        return Done([type(job).__name__.encode() for job in jobs])


def test_files_leave_a_worker_to_texts() -> None:
    async def run() -> None:
        worker = SlowWithFiles()
        queue = WorkQueue(Crew(worker, worker, worker), waiting=100, metrics=Metrics())
        upload = TagUploads("rules", [("a.txt", b"text")], None, False, 0.0, 0, 1_000)
        files = [asyncio.get_running_loop().create_task(queue.answer(upload)) for _ in range(5)]
        for _ in range(2):
            assert await asyncio.to_thread(worker.begun.acquire, timeout=30)
        assert await queue.answer(asked("text")) == b"TagTexts"
        assert not worker.begun.acquire(blocking=False)
        worker.gate.set()
        assert await asyncio.gather(*files) == [b"TagUploads"] * 5
        await queue.close()

    asyncio.run(asyncio.wait_for(run(), 60))


def test_closing_finishes_what_waits_and_takes_nothing_more() -> None:
    async def test(gated: Gated) -> None:
        waiting = gated.send(asked("text"))
        await asyncio.sleep(0.01)
        closing = asyncio.get_running_loop().create_task(gated.queue.close())
        await asyncio.sleep(0.01)
        with pytest.raises(HTTPException, match="the server is stopping"):
            await gated.queue.answer(asked("text"))
        gated.tagger.gate.set()
        await closing
        assert all(each.done() for each in (*gated.busy, waiting))
        assert texts_of(await waiting) == ["text"]

    with_gated(test)


# Processes that end


class Ending:
    """Ends when it is asked."""

    def do(self, jobs: Sequence[Job]) -> Done:
        raise ProcessEndedError("a worker process ended")


def test_a_worker_that_ends_is_replaced_and_its_requests_are_told(caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        tagger = GatedTagger()
        tagger.gate.set()
        metrics = Metrics()
        queue = WorkQueue(Crew(Ending(), others=[Here(tagger)]), waiting=10, metrics=metrics)
        with pytest.raises(HTTPException) as error:
            await queue.answer(asked("text"))
        assert (error.value.status_code, error.value.detail) == (
            503,
            "the process that worked for this request has ended; send less at a time or try again",
        )
        assert texts_of(await queue.answer(asked("text"))) == ["text"]
        assert metrics.registry.get_sample_value("bilstm_tagger_worker_restarts_total") == 1
        await queue.close()

    asyncio.run(asyncio.wait_for(run(), 60))
    assert [each.message for each in caplog.records] == [
        "a process that tags has ended; another is started (if memory was short, use fewer --workers)"
    ]


class Ended:
    """Ended while nobody asked it."""

    def do(self, jobs: Sequence[Job]) -> Done:
        raise NotBegunError("a worker process has ended")


@pytest.mark.parametrize("others", [0, 1])
def test_what_could_not_be_begun_is_done_by_another(others: int) -> None:
    async def run() -> None:
        tagger = GatedTagger()
        tagger.gate.set()
        here = Here(tagger)
        queue = WorkQueue(Crew(*[here] * others, Ended(), others=[here]), waiting=10, metrics=Metrics())
        answers = await asyncio.gather(*(queue.answer(asked(f"text {n}", n_best=n)) for n in range(5)))
        assert [texts_of(each) for each in answers] == [[f"text {n}"] for n in range(5)]
        await queue.close()

    asyncio.run(asyncio.wait_for(run(), 60))


def test_without_a_replacement_what_waits_is_told_and_the_server_hears_of_it() -> None:
    async def run() -> None:
        failures: list[TaggerError] = []
        queue = WorkQueue(Crew(Ending()), waiting=10, metrics=Metrics(), failed=failures.append)
        texts = [asked("text"), asked("other", n_best=1)]
        answers = await asyncio.gather(*map(queue.answer, texts), return_exceptions=True)
        assert [(each.status_code, str(each.detail)) for each in answers if isinstance(each, HTTPException)] == [
            (503, "the process that worked for this request has ended; send less at a time or try again"),
            (503, "the server is stopping, since no process can be started"),
        ]
        assert list(map(str, failures)) == ["the model has gone"]
        await queue.close()

    asyncio.run(asyncio.wait_for(run(), 60))


def test_many_clients_get_what_each_would_get_alone(tagger: Tagger) -> None:
    draw = np.random.default_rng(0)
    words = ["Ada", "Lovelace", "left", "London", ".", "rain", "The", "Royal", "Society", "42"]
    texts = [" ".join(draw.choice(words, size)) for size in draw.integers(1, 40, 60)]

    async def run() -> list[bytes]:
        queue = WorkQueue(ThreadWorkers({"tiny": tagger}), waiting=100, metrics=Metrics())
        answers = await asyncio.gather(*(queue.answer(TagTexts("tiny", [each], probabilities=True)) for each in texts))
        await queue.close()
        return answers

    assert THREADS > 1
    for text, answer in zip(texts, asyncio.run(run()), strict=True):
        alone, record = tagger(text, probabilities=True), json.loads(answer)["documents"][0]
        assert record["tags"] == alone.tags
        for task, known in alone.probabilities.items():
            shares = [known.token(at, tag) for at, tag in enumerate(alone.tags[task])]
            assert np.allclose(record["probabilities"][task], shares, atol=2e-6)
