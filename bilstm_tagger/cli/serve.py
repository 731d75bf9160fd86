"""`bilstm-tagger serve`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from bilstm_tagger.cli.app import note
from bilstm_tagger.cli.tagging import AUTO, DeviceOption, PrecisionOption, ThreadsOption, worker_count
from bilstm_tagger.errors import ConfigError

MOST_AUTO = 8  # processes that tag; more would wait for the one that answers requests


def serve(
    *,
    model: Annotated[
        list[str] | None,
        typer.Option(
            "--model",
            "-m",
            help="Model folder, or a model that comes with the package; several can be given; default: en. "
            "NAME=FOLDER names one.",
            show_default=False,
        ),
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on; for another one set a token.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 for a free one.")] = 8000,
    allowed_host: Annotated[
        list[str] | None,
        typer.Option(
            help="Host name that requests may be sent to; else those of the loopback address, or any with a token."
        ),
    ] = None,
    max_megabytes: Annotated[float, typer.Option(min=0.001, help="Most megabytes of a request.")] = 8.0,
    max_waiting: Annotated[int, typer.Option(min=1, help="Most requests that wait; others are refused.")] = 256,
    timeout: Annotated[float, typer.Option(min=0.1, help="Most seconds for a request.")] = 30.0,
    workers: Annotated[
        int,
        typer.Option(
            parser=worker_count,
            metavar="N|auto",
            help="Processes that tag, one thread each; 1 for the server's own with all threads; auto for one for each "
            f"core, at most {MOST_AUTO}, or 1 with --threads or a GPU.",
        ),
    ] = "auto",  # type: ignore[assignment]
    threads: ThreadsOption = None,
    device: DeviceOption = "cpu",
    precision: PrecisionOption = "auto",
) -> None:
    """Serve models over HTTP, with a page to tag, correct and compare in; the token is in BILSTM_TAGGER_TOKEN.

    Examples: bilstm-tagger serve, or bilstm-tagger serve --model en --model models/mine --port 8080.
    """
    names = model_names(model or ["en"])
    try:
        from bilstm_tagger.integrations.server.run import serve as run
    except ImportError as error:
        raise ConfigError(f"the server needs {error.name}: pip install 'bilstm-tagger[serve]'") from None
    from bilstm_tagger.files import ModelLoader
    from bilstm_tagger.files.split import usable_cores
    from bilstm_tagger.integrations.server.access import TOKEN_VARIABLE
    from bilstm_tagger.integrations.server.limits import Limits

    if workers == AUTO:
        workers = min(usable_cores(), MOST_AUTO) if device == "cpu" and threads is None else 1
    run(
        {name: ModelLoader(folder, device, precision, threads) for name, folder in names.items()},
        workers=workers,
        host=host,
        port=port,
        token=os.environ.get(TOKEN_VARIABLE) or None,
        allowed_hosts=allowed_host or [],
        limits=Limits(body_bytes=int(max_megabytes * 1_000_000), waiting=max_waiting, seconds=timeout),
        ready=lambda address: note(f"serving {', '.join(names)} at {address} (Ctrl-C stops it)"),
    )


def model_names(given: list[str]) -> dict[str, str]:
    """Folders by the names that requests use: `NAME=FOLDER`, or the last part of a folder's path.

    Raises:
        typer.BadParameter: two have the same name.
    """
    folders: dict[str, str] = {}
    for text in given:
        name, equals, folder = text.partition("=")
        if not equals or Path(text).is_dir():
            name, folder = Path(text).name or Path(text).resolve().name, text
        if not name or not folder or name in folders:
            reason = "give each model another name, NAME=FOLDER" if name in folders else "write NAME=FOLDER"
            raise typer.BadParameter(f"{text!r}: {reason}", param_hint="--model")
        folders[name] = folder
    return folders
