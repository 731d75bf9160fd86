"""Where commands write one file: standard output, or a file that is there when it is complete."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any


@contextmanager
def opened(output: Path | None, *, binary: bool, force: bool) -> Iterator[IO[Any]]:
    """Standard output, or a file that is replaced only when the new one is complete.

    Args:
        output: the file; None for standard output.
        binary: whether bytes are written.
        force: whether a file may be replaced.

    Raises:
        ConfigError: the file is there already, or is a folder.
    """
    from bilstm_tagger.errors import ConfigError
    from bilstm_tagger.io.atomic import atomic_write

    if output is None:
        yield sys.stdout
        return
    if output.is_dir():
        raise ConfigError(f"{output}: is a folder; name a file, such as {output / 'names.csv'}")
    if output.exists() and not force:
        raise ConfigError(f"{output} would be overwritten; use --force or another --output")
    with atomic_write(output, binary=True) if binary else atomic_write(output) as stream:
        yield stream
