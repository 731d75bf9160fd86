"""Who works for requests: processes, each with the models, or threads of the server's own process."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol

from bilstm_tagger.files.process import NotBegunError, WorkerProcess, ignore_interrupts
from bilstm_tagger.files.profile import Profile
from bilstm_tagger.files.worker import ModelLoader, collect_rarely
from bilstm_tagger.integrations.server.work import Done, Job, done
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.tagging.tagger import Tagger

THREADS = 2  # while one waits for the network, the other reads the next texts or writes the last answers

ModelDescription = dict[str, Any]


class Worker(Protocol):
    """Does one thing after the other."""

    def do(self, jobs: Sequence[Job]) -> Done:
        """Does some jobs.

        Args:
            jobs: texts that can be tagged together, or one job of any kind.

        Raises:
            NotBegunError: if it is a process and had ended before.
            ProcessEndedError: if it ends in the middle of the work.
        """
        ...


class Workers(Protocol):
    """Those who work for requests."""

    @property
    def models(self) -> Mapping[str, ModelDescription]:
        """What is told of each model, by name; the first one tags where none is named."""
        ...

    @property
    def all(self) -> Sequence[Worker]:
        """The workers."""
        ...

    @property
    def threads(self) -> int:
        """How many threads of torch each of them has."""
        ...

    def replaced(self, worker: Worker) -> Worker:
        """Another worker for one whose process has ended.

        Raises:
            TaggerError: if it cannot load the models.
        """
        ...

    def memory(self) -> Mapping[int, int]:
        """Bytes of memory that each process takes, by its id."""
        ...


class ThreadWorkers:
    """Threads of this process, which share the models.

    Args:
        taggers: the models by name.
    """

    def __init__(self, taggers: Mapping[str, Tagger]) -> None:
        self.models: Mapping[str, ModelDescription] = {name: described(name, each) for name, each in taggers.items()}
        self.all: Sequence[Worker] = [_Thread(taggers) for _ in range(THREADS)]

    @property
    def threads(self) -> int:
        """How many threads of torch they share."""
        from torch import get_num_threads

        return get_num_threads()

    def replaced(self, worker: Worker) -> Worker:
        """The worker itself, since a thread does not end."""
        return worker

    def memory(self) -> Mapping[int, int]:
        """Nothing: there are no further processes."""
        return {}


@dataclass(frozen=True, slots=True)
class _Thread:
    taggers: Mapping[str, Tagger]

    def do(self, jobs: Sequence[Job]) -> Done:
        """Does some jobs."""
        return done(self.taggers, jobs)


class ProcessWorkers:
    """Processes that have loaded the models; a context manager that ends them.

    Args:
        loaders: how each model is loaded, by name.
        number: of processes.

    Raises:
        TaggerError: if a model cannot be loaded.
    """

    def __init__(self, loaders: Mapping[str, ModelLoader], number: int) -> None:
        self._loaders = loaders
        self._lock = threading.Lock()
        self._ended = False
        with ignore_interrupts():
            self._workers = [_Process(loaders) for _ in range(number)]
        self.models: Mapping[str, ModelDescription] = {}
        try:
            for each in self._workers:
                self.models = each.models()
        except BaseException:
            self.end()
            raise

    @property
    def all(self) -> Sequence[Worker]:
        """The workers."""
        return list(self._workers)

    @property
    def threads(self) -> int:
        """How many threads of torch each process has."""
        return max(each.threads or 1 for each in self._loaders.values())

    def __enter__(self) -> ProcessWorkers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def end(self) -> None:
        """Ends the processes, in the middle of their work if need be."""
        with self._lock:
            self._ended = True
            for each in self._workers:
                each.kill()

    def replaced(self, worker: Worker) -> Worker:
        """Another worker for one whose process has ended.

        Raises:
            TaggerError: if it cannot load the models, or ends before.
        """
        with self._lock:
            other = _Process(self._loaders)
            self._workers = [other if each is worker else each for each in self._workers]
            if self._ended:
                other.kill()
        other.models()
        return other

    def memory(self) -> Mapping[int, int]:
        """Bytes of memory that each process with models takes, by its id; nothing where the system does not tell."""
        found = {}
        for each in [each for each in self._workers if each.ready]:
            try:
                with open(f"/proc/{each.id}/statm", encoding="ascii") as stream:
                    found[each.id] = int(stream.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
            except OSError:
                continue
        return found


class _Process:
    """A process with the models."""

    def __init__(self, loaders: Mapping[str, ModelLoader]) -> None:
        self._process = WorkerProcess(_Models(loaders))
        self.id = self._process.process.pid or 0
        self.ready = False

    def models(self) -> Mapping[str, ModelDescription]:
        """What is told of the models, once they are loaded."""
        models: Mapping[str, ModelDescription] = self._process.receive()
        self.ready = True
        return models

    def do(self, jobs: Sequence[Job]) -> Done:
        """Does some jobs.

        Raises:
            ProcessEndedError: if the process has ended.
        """
        if not self._process.process.is_alive():
            raise NotBegunError("a worker process has ended")
        self._process.send(jobs)
        result: Done = self._process.receive()
        return result

    def kill(self) -> None:
        """Ends the process at once."""
        self._process.kill()


@dataclass(frozen=True, slots=True)
class _Models:
    """Loads the models in a process."""

    loaders: Mapping[str, ModelLoader]

    def __call__(self) -> tuple[Mapping[str, ModelDescription], Callable[[Sequence[Job]], Done]]:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # only the server itself answers Ctrl-C
        taggers = loaded(self.loaders)
        collect_rarely()
        # Whoever stops a service may send this to all its processes; these end with the server, when all is answered.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        return {name: described(name, each) for name, each in taggers.items()}, lambda jobs: done(taggers, jobs)


def loaded(loaders: Mapping[str, ModelLoader]) -> dict[str, Tagger]:
    """The models by name, ready for the first request.

    Args:
        loaders: how each is loaded.
    """
    taggers = {name: load(Profile()) for name, load in loaders.items()}
    for tagger in taggers.values():
        tagger("Loads the tokeniser and compiles the loops.", probabilities=True, n_best=1)
    return taggers


def described(name: str, tagger: Tagger) -> ModelDescription:
    """What is told of a model."""
    info = tagger.info
    tasks = {}
    for task in info.tasks:
        spans = info.schemes[task] is not Scheme.NONE
        tags = info.vocab.tags[task]
        tasks[task] = {"spans": spans, "labels": sorted({tag[2:] for tag in tags} - {""}) if spans else list(tags)}
    languages, licence = info.settings.get("languages", ()), info.settings.get("licence", "")
    return {"name": name, "tasks": tasks, "languages": list(languages), "licence": str(licence or "")}
