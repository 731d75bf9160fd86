from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("fastapi", reason="needs the extra serve")

from tiny import settings_of, untrained

from bilstm_tagger.schemes.grammar import Scheme

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from bilstm_tagger.tagging.tagger import Tagger


@pytest.fixture
def client_of(tagger: Tagger) -> Iterator[Callable[..., TestClient]]:
    """Makes clients of servers with given options."""
    from starlette.testclient import TestClient

    from bilstm_tagger.integrations.server.app import create_app
    from bilstm_tagger.integrations.server.workers import ThreadWorkers

    opened: list[TestClient] = []

    def make(*, headers: dict[str, str] | None = None, taggers: dict[str, Any] | None = None, **options: Any) -> Any:
        app = create_app(ThreadWorkers(taggers or {"tiny": tagger}), **options)
        client = TestClient(app, base_url="http://localhost", headers=headers, raise_server_exceptions=False)
        opened.append(client.__enter__())
        return opened[-1]

    yield make
    for client in opened:
        client.__exit__(None, None, None)


@pytest.fixture
def client(client_of: Callable[..., TestClient]) -> TestClient:
    return client_of()


@pytest.fixture(scope="session")
def tagger() -> Tagger:
    """A tagger with random weights, in place of the trained one of the other tests: it finds many names."""
    tasks = {"ner": {"head": "crf"}, "upos": {"head": "softmax"}}
    return untrained(settings_of(tasks=tasks), schemes={"ner": Scheme.BIO, "upos": Scheme.NONE}, seed=5)


@pytest.fixture(scope="session")
def named(tagger: Tagger) -> str:
    """A text in which the tagger finds several names."""
    text = "the boat left Turin in 1999 and Rain fell at 42 . Ada and Noor left the Lake . Rain fell ."
    assert len(tagger(text).spans) > 2
    return text
