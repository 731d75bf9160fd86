"""A process that works for this one: what is sent to it is answered, one message after the other.

The processes are not those of `concurrent.futures.ProcessPoolExecutor`. All its workers write their results into
one pipe, whose writing end the parent and every worker keep open. If a worker is killed while it sends a result
longer than the pipe holds, as happens when memory is short and documents are long, the rest of the result is waited
for without end, on leaving too (seen with Python 3.11, 3.12 and 3.13). Here each process has a pipe of its own, which
ends with it.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from bilstm_tagger.errors import TaggerError

# Called in the process: returns the first message to the parent, and what answers each message from it.
Start = Callable[[], tuple[Any, Callable[[Any], Any]]]


class ProcessEndedError(TaggerError):
    """A worker process ended before its work was done."""


class NotBegunError(ProcessEndedError):
    """A worker process had ended before it was given its work."""


@dataclass(frozen=True, slots=True)
class Crash:
    """An unexpected exception in a worker.

    Attributes:
        traceback: its traceback as text.
    """

    traceback: str


class WorkerProcess:
    """A process and the connection to it.

    Args:
        start: called in the process, to which it is sent pickled.
    """

    def __init__(self, start: Start) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, other = context.Pipe()
        self.process = context.Process(target=serve, args=(other, start), daemon=True)
        self.process.start()
        other.close()  # so that reading ends when the process does, even in the middle of a message

    def send(self, message: Any) -> None:
        """Send a message; if the process has ended, `receive` raises."""
        try:
            self.connection.send(message)
        except OSError:
            return

    def receive(self) -> Any:
        """The next answer.

        Raises:
            TaggerError: as raised in the process, or if it has ended.
            RuntimeError: for any other exception in the process.
        """
        try:
            answer = self.connection.recv()
        except (EOFError, OSError):
            raise ProcessEndedError(
                "a worker process ended before its work was done; if memory was short, use fewer --workers"
            ) from None
        return result_of(answer)

    def kill(self) -> None:
        """End the process at once; who waits for an answer gets an error."""
        self.process.kill()
        self.process.join()
        self.connection.close()


def result_of(answer: Any) -> Any:
    """An answer, or the exception that stands for it.

    Args:
        answer: from a worker.

    Raises:
        TaggerError: as raised in the worker.
        RuntimeError: for any other exception there.
    """
    if isinstance(answer, TaggerError):
        raise answer
    if isinstance(answer, Crash):
        raise RuntimeError(f"in a worker process:\n{answer.traceback}")
    return answer


def serve(connection: Connection, start: Start) -> None:
    """Answer messages, in the process itself.

    It returns when the parent closes the connection or ends.

    Args:
        connection: to the parent process.
        start: makes the first message, and what answers.
    """
    _use_one_thread()
    logging.basicConfig(format="warning: %(message)s")  # which shows warnings alone
    try:
        first, answer = start()
        connection.send(first)
        while True:
            connection.send(answer(connection.recv()))
    except TaggerError as error:
        _send_error(connection, error)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return
    except Exception:
        _send_error(connection, Crash(traceback.format_exc()))


def _use_one_thread() -> None:
    """Let torch use one thread, also where the parent's main module, which a worker imports first, imports torch."""
    os.environ.update(OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")
    if (torch := sys.modules.get("torch")) is not None:
        torch.set_num_threads(1)


def _send_error(connection: Connection, error: TaggerError | Crash) -> None:
    with suppress(OSError):  # the parent has ended, perhaps in the middle of a message
        connection.send(error)


@contextmanager
def ignore_interrupts() -> Iterator[None]:
    """Ignore SIGINT, also in processes started inside; only a main thread can do that."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
