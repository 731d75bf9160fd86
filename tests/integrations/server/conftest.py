from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("fastapi", reason="needs the extra serve")

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.testclient import TestClient

    from bilstm_tagger.tagging.tagger import Tagger

TEXTS = [
    "Ada Lovelace wrote to Charles Babbage from London.",
    "Rain fell on Leeds. The ferry left at noon!",
    "",
    " \n ",
    "Zoë 😀 ate in Zürich, and 山田太郎 slept.",
    "a",
]


@pytest.fixture
def client_of(tagger: Tagger) -> Iterator[Callable[..., TestClient]]:
    """Makes clients of servers with given options."""
    from starlette.testclient import TestClient

    from bilstm_tagger.integrations.server.app import create_app

    opened: list[TestClient] = []

    def make(*, headers: dict[str, str] | None = None, taggers: dict[str, Any] | None = None, **options: Any) -> Any:
        app = create_app(taggers or {"tiny": tagger}, **options)
        client = TestClient(app, base_url="http://localhost", headers=headers, raise_server_exceptions=False)
        opened.append(client.__enter__())
        return opened[-1]

    yield make
    for client in opened:
        client.__exit__(None, None, None)


@pytest.fixture
def client(client_of: Callable[..., TestClient]) -> TestClient:
    return client_of()


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
