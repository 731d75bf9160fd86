"""The application: routes, limits, and what is answered when something is wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException as AnyHTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import JSONResponse

from bilstm_tagger.errors import TaggerError, without_options
from bilstm_tagger.integrations.server.access import LOOPBACK
from bilstm_tagger.integrations.server.batching import WorkQueue
from bilstm_tagger.integrations.server.limits import Limits
from bilstm_tagger.integrations.server.metrics import Metrics
from bilstm_tagger.integrations.server.middleware import Guard, too_large
from bilstm_tagger.integrations.server.routes import ServerState, router
from bilstm_tagger.integrations.server.uploads import TooLongError
from bilstm_tagger.integrations.server.workers import Workers
from bilstm_tagger.version import __version__

PAGE = Path(__file__).parent / "page"
LOOPBACK_HOSTS = (*LOOPBACK[::2], "[::1]")


def create_app(
    workers: Workers,
    *,
    limits: Limits | None = None,
    token: str | None = None,
    allowed_hosts: Sequence[str] = LOOPBACK_HOSTS,
    failed: Callable[[TaggerError], None] = lambda error: None,
) -> FastAPI:
    """An ASGI application that tags with some models.

    Args:
        workers: those that tag; processes among them are to be ended by the caller.
        limits: of requests.
        token: which requests must bring, if any.
        allowed_hosts: host names that requests may be sent to; `*` for any.
        failed: called when a process that tags has ended and no other can be started in its place.
    """
    limits = limits or Limits()
    metrics = Metrics(workers.memory)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        queue = WorkQueue(workers, waiting=limits.waiting, metrics=metrics, failed=failed)
        app.state.server = ServerState(workers.models, limits, metrics, queue)
        yield
        await queue.close()

    # The pages of Swagger and ReDoc would load scripts from elsewhere.
    app = FastAPI(
        title="bilstm-tagger",
        version=__version__,
        summary="Names and parts of speech by BiLSTM-CRF models.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.token = token
    app.include_router(router)
    app.mount("/", StaticFiles(directory=PAGE, html=True), name="page")
    app.add_exception_handler(AnyHTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(TaggerError, _tagger_error)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(allowed_hosts), www_redirect=False)
    app.add_middleware(Guard, limits=limits, metrics=metrics)
    return app


def _problem(detail: str, status: int, headers: Mapping[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"detail": detail}, status, headers)


def _http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException | AnyHTTPException)
    detail = str(error.detail)
    if error.status_code == 413 and detail == "Content Too Large":
        detail = too_large(request.app.state.server.limits.body_bytes)
    return _problem(detail, error.status_code, error.headers)


def _invalid(request: Request, error: Exception) -> JSONResponse:
    """The first of what is wrong, in one sentence: where, and what."""
    assert isinstance(error, RequestValidationError)
    first: Mapping[str, Any] = error.errors()[0]
    if first["type"] == "json_invalid":
        return _problem(f"the body is not JSON: {first['ctx']['error']}", 422)
    if first["type"] in ("media_type", "unknown"):
        return _problem(first["msg"], 422)
    place = ".".join(str(part) for part in first["loc"][1:]) or "the body"
    message = first["msg"].removeprefix("Value error, ")
    return _problem(f"{place}: {message[:1].lower()}{message[1:]}", 422)


def _tagger_error(request: Request, error: Exception) -> JSONResponse:
    if isinstance(error, TooLongError):
        return _problem(str(error), 413)
    return _problem(without_options(" ".join(str(error).split())), 422)
