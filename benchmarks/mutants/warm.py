"""Runs pytest in forks of a process that has imported the packages that take seconds: a line each way.

A request is a JSON object with the `arguments` of pytest, the folder of numba's `cache`, the file for its `output` and
the seconds that it may take (`at_most`). The package that is tested is imported in the fork alone.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

SLOW = (
    "hypothesis",
    "numba",
    "numpy",
    "pyarrow",
    "pydantic",
    "pytest",
    "safetensors",
    "spacy",
    "torch",
    "typer.testing",
)


def main() -> None:
    """Answer requests until there are no more."""
    for name in SLOW:
        importlib.import_module(name)
    for line in sys.stdin:
        child = os.fork()
        if not child:
            _test(json.loads(line))
        _, status = os.waitpid(child, 0)
        with suppress(ProcessLookupError, PermissionError):  # whatever is left of its processes
            os.killpg(child, signal.SIGKILL)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _test(request: dict[str, Any]) -> None:
    import numba
    import pytest

    os.setsid()
    signal.alarm(int(request["at_most"]))
    nothing, output = (
        os.open(os.devnull, os.O_RDONLY),
        os.open(request["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
    )
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.environ["NUMBA_CACHE_DIR"] = request["cache"]
    numba.core.config.reload_config()
    sys.path.insert(0, str(Path.cwd()))
    status = 1
    try:
        status = int(pytest.main(request["arguments"]))
    finally:
        sys.stdout.flush()
        os._exit(status)


if __name__ == "__main__":
    main()
