"""How much one request and all requests together may ask for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of a server.

    Attributes:
        body_bytes: of the body of a request.
        characters: of all texts of a request.
        texts: number of texts, files or documents of a request.
        waiting: requests that are tagged or wait for it at the same time.
        seconds: that a body may take to arrive, and an answer to be found.
        connections: open at the same time.
    """

    body_bytes: int = 8_000_000
    characters: int = 1_000_000
    texts: int = 1_000
    waiting: int = 256
    seconds: float = 30.0
    connections: int = 1_000
