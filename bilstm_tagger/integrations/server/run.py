"""Loads models and serves them until a signal ends it."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import uvicorn

from bilstm_tagger.errors import ConfigError, TaggerError
from bilstm_tagger.files.worker import ModelLoader, collect_rarely
from bilstm_tagger.integrations.server.access import LOOPBACK, TOKEN_VARIABLE
from bilstm_tagger.integrations.server.app import LOOPBACK_HOSTS, create_app
from bilstm_tagger.integrations.server.limits import Limits
from bilstm_tagger.integrations.server.workers import ProcessWorkers, ThreadWorkers, Workers, loaded


def serve(
    loaders: Mapping[str, ModelLoader],
    *,
    workers: int = 1,
    host: str = "127.0.0.1",
    port: int = 8000,
    token: str | None = None,
    allowed_hosts: Sequence[str] = (),
    limits: Limits | None = None,
    ready: Callable[[str], None] = lambda address: None,
) -> None:
    """Serves models until SIGTERM or Ctrl-C; requests that have been taken are answered first.

    Args:
        loaders: how each model is loaded, by name.
        workers: processes that tag; 1 for none but this one.
        host: address to listen on.
        port: port to listen on; 0 for a free one.
        token: which requests must bring.
        allowed_hosts: host names that requests may be sent to; else those of the loopback address, or any where a token
            guards the server.
        limits: of requests.
        ready: called with the address when the server can be asked.

    Raises:
        ConfigError: if there is no token and the address is not a loopback one, or if it cannot be listened on.
        TaggerError: if a model cannot be loaded, also later, when a process has ended and another is started.
    """
    local = host in LOOPBACK
    if not local and not token:
        raise ConfigError(
            f"{host} can be reached from elsewhere; set {TOKEN_VARIABLE} to a token that requests must bring"
        )
    limits = limits or Limits()
    failures: list[TaggerError] = []

    def stop(error: TaggerError) -> None:
        failures.append(error)
        server.should_exit = True

    with _listen(host, port) as listener, _started(loaders, workers) as started:
        app = create_app(
            started,
            limits=limits,
            token=token,
            allowed_hosts=allowed_hosts or (LOOPBACK_HOSTS if local else ("*",)),
            failed=stop,
        )
        config = uvicorn.Config(
            app,
            log_level="error",  # nothing is told of broken requests
            access_log=False,
            server_header=False,
            limit_concurrency=limits.connections,
            timeout_graceful_shutdown=int(limits.seconds) + 1,
            ws="none",
        )
        server = uvicorn.Server(config)
        shown = f"[{host}]" if ":" in host else host
        ready(f"http://{shown}:{listener.getsockname()[1]}/")
        server.run(sockets=[listener])
    if failures:
        raise failures[0]


@contextmanager
def _started(loaders: Mapping[str, ModelLoader], workers: int) -> Iterator[Workers]:
    """Those who tag, with the models loaded."""
    if workers > 1:
        with ProcessWorkers(loaders, workers) as processes:
            collect_rarely()
            yield processes
    else:
        threads = ThreadWorkers(loaded(loaders))
        collect_rarely()
        yield threads


def _listen(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Raises:
        ConfigError: if it cannot.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else error
        raise ConfigError(f"cannot listen on {host}, port {port}: {reason}; choose another --host or --port") from None
