"""What the tests of the server share: texts, and a real server."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import FastAPI

TEXTS = [
    "Ada Lovelace wrote to Charles Babbage from London.",
    "Rain fell on Leeds. The ferry left at noon!",
    "",
    " \n ",
    "Zoë 😀 ate in Zürich, and 山田太郎 slept.",
    "a",
]


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """The address of a real server for an application."""
    import uvicorn

    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", ws="none", lifespan="on"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join()
    listener.close()
