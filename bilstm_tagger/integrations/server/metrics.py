"""Counts for Prometheus."""

from __future__ import annotations

import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
_TOKENS = (10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000)


class Metrics:
    """Counters of one server, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        own = self.registry
        self.requests = Counter(
            "bilstm_tagger_requests", "Requests by path and status.", ("path", "status"), registry=own
        )
        self.seconds = Histogram(
            "bilstm_tagger_request_seconds",
            "Seconds from request to answer.",
            ("path",),
            buckets=_SECONDS,
            registry=own,
        )
        self.in_progress = Gauge(
            "bilstm_tagger_requests_in_progress", "Requests being tagged or waiting.", registry=own
        )
        self.tokens = Counter("bilstm_tagger_tokens", "Tokens tagged.", ("model",), registry=own)
        self.batch_tokens = Histogram(
            "bilstm_tagger_batch_tokens", "Tokens decoded together.", ("model",), buckets=_TOKENS, registry=own
        )
        ProcessCollector(registry=self.registry)


class CountRequests:
    """Middleware that counts requests and their seconds."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, watched)
        finally:
            path = _path(scope)
            self.metrics.requests.labels(path, str(status)).inc()
            self.metrics.seconds.labels(path).observe(time.perf_counter() - began)


def _path(scope: Scope) -> str:
    """The path of the route, so that there are no more of them than routes."""
    return getattr(scope.get("route"), "path", "") or "other"
