"""The command line for tests: in this process, or as one of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from bilstm_tagger.cli import app

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent), "OMP_NUM_THREADS": "1"}


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def command(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[bytes]:
    """The command line as a process of its own."""
    line = [sys.executable, "-m", "bilstm_tagger", *map(str, arguments)]
    return subprocess.run(line, env=ENVIRONMENT, capture_output=True, timeout=120, check=False, **options)
