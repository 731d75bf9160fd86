"""What holds for every request: headers for browsers, bounds on its size and its time, and that it is counted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping

from starlette.datastructures import Headers
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bilstm_tagger.integrations.server.limits import Limits
from bilstm_tagger.integrations.server.metrics import Metrics

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


_RAW = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]


class Guard:
    """Middleware around all others; it is one, since each costs time for every request.

    Browsers are told to run nothing but the scripts of the page, and to keep nothing. A body that is said to be too
    large is refused; starlette counts those of which nothing is said. A request ends whose body does not arrive, or
    whose answer is not found, in time.

    Args:
        app: what is guarded.
        limits: of requests.
        metrics: where requests and their seconds are counted.
    """

    def __init__(self, app: ASGIApp, limits: Limits, metrics: Metrics) -> None:
        self._app = app
        self._counting_bytes = RequestBodyLimitMiddleware(app, limits.body_bytes)
        self._most = limits.body_bytes
        self._seconds = limits.seconds
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 0

        async def watched_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), *_RAW]
            await send(message)

        try:
            length = Headers(scope=scope).get("content-length", "")
            if not (length.isascii() and length.isdecimal()):
                await self._in_time(self._counting_bytes, scope, receive, watched_send, lambda: status > 0)
            elif int(length) > self._most:
                refusal = JSONResponse({"detail": too_large(self._most)}, 413, {"Connection": "close"})
                await refusal(scope, receive, watched_send)
            else:
                await self._in_time(self._app, scope, receive, watched_send, lambda: status > 0)
        finally:
            self._metrics.count(_path(scope), status or 500, time.perf_counter() - began)

    async def _in_time(
        self, app: ASGIApp, scope: Scope, receive: Receive, send: Send, started: Callable[[], bool]
    ) -> None:
        complete = False

        async def watched_receive() -> Message:
            nonlocal complete
            message = await receive()
            if not complete and not message.get("more_body", False):
                complete = True
                deadline.reschedule(asyncio.get_running_loop().time() + self._seconds)
            return message

        try:
            async with asyncio.timeout(self._seconds) as deadline:
                await app(scope, watched_receive, send)
        except TimeoutError:
            if started():  # the client does not read what it asked for; the connection is closed
                raise
            await self._too_late(complete=complete)(scope, receive, send)

    def _too_late(self, *, complete: bool) -> JSONResponse:
        if complete:
            detail = f"the answer took longer than {self._seconds:g} seconds; send less text at a time or try again"
            return JSONResponse({"detail": detail}, 503, {"Retry-After": "5"})
        detail = f"the body did not arrive within {self._seconds:g} seconds; send it faster or in parts"
        return JSONResponse({"detail": detail}, 408, {"Connection": "close"})


def too_large(most: int) -> str:
    """What is told of a body of more bytes."""
    return f"the body is larger than {most:,} bytes; send it in parts"


def _path(scope: Scope) -> str:
    """The path of the route, so that there are no more of them than routes."""
    return getattr(scope.get("route"), "path", "") or "other"
