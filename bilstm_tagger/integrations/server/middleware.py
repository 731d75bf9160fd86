"""What holds for every request: headers for browsers, a bound on its size, and an end in time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

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


class BrowserHeaders:
    """Middleware that tells browsers to run nothing but the scripts of the page, and to keep nothing."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self.app(scope, receive, with_headers if scope["type"] == "http" else send)


class DeclaredSize:
    """Middleware that refuses a body which is said to be too large; starlette counts those of which nothing is said.

    Args:
        app: what is guarded.
        most: bytes.
    """

    def __init__(self, app: ASGIApp, most: int) -> None:
        self.app = app
        self.most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request."""
        length = Headers(scope=scope).get("content-length", "") if scope["type"] == "http" else ""
        if length.isascii() and length.isdecimal() and int(length) > self.most:
            await JSONResponse({"detail": too_large(self.most)}, 413, {"Connection": "close"})(scope, receive, send)
        else:
            await self.app(scope, receive, send)


def too_large(most: int) -> str:
    """What is told of a body of more bytes."""
    return f"the body is larger than {most:,} bytes; send it in parts"


class Deadline:
    """Middleware that ends a request whose body does not arrive, or whose answer is not found, in time.

    Args:
        app: what is guarded.
        seconds: for the body, and again for the answer.
    """

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self.app = app
        self.seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        complete = started = False

        async def watched_receive() -> Message:
            nonlocal complete
            message = await receive()
            if not complete and not message.get("more_body", False):
                complete = True
                deadline.reschedule(asyncio.get_running_loop().time() + self.seconds)
            return message

        async def watched_send(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            async with asyncio.timeout(self.seconds) as deadline:
                await self.app(scope, watched_receive, watched_send)
        except TimeoutError:
            if started:  # the client does not read what it asked for; the connection is closed
                raise
            await self._refusal(complete=complete)(scope, receive, send)

    def _refusal(self, *, complete: bool) -> JSONResponse:
        if complete:
            detail = f"the answer took longer than {self.seconds:g} seconds; send less text at a time or try again"
            return JSONResponse({"detail": detail}, 503, {"Retry-After": "5"})
        detail = f"the body did not arrive within {self.seconds:g} seconds; send it faster or in parts"
        return JSONResponse({"detail": detail}, 408, {"Connection": "close"})
