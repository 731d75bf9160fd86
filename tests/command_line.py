"""The command line for tests: in this process, or as one of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from bilstm_tagger.cli import app

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent), "OMP_NUM_THREADS": "1"}


# No command says "1 files"; a rate such as "1 tokens/s" and "0.1 words" are right.
ONE_OF_MANY = re.compile(
    r"(?<![\w.,:/-])1 (?:further |distinct |doubtful |multiword )?(?:sentences|documents|files|tokens|rows|records|"
    r"spans|words|labels|tags|tasks|models|columns|texts|trials|seeds|epochs|errors|warnings|changes|pairs|lines|places|layers|"
    r"units|encoders|threads|cores|attachments|entries|cells|times|characters|actors|names|folds|cuts|steps|mails|batches)"
    r"\b(?!/)"
)


def run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert not (found := ONE_OF_MANY.search(result.output)), found
    return result


def command(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[bytes]:
    """The command line as a process of its own."""
    line = [sys.executable, "-m", "bilstm_tagger", *map(str, arguments)]
    return subprocess.run(line, env=ENVIRONMENT, capture_output=True, timeout=120, check=False, **options)
