"""Warnings go through one logger, by whose name a program can silence or catch them all."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

import bilstm_tagger

ROOT = Path(bilstm_tagger.__file__).parent
LOGGING = [
    ".".join((bilstm_tagger.__name__, *path.relative_to(ROOT).with_suffix("").parts))
    for path in sorted(ROOT.rglob("*.py"))
    if re.search(r"^logger = ", path.read_text("utf-8"), re.MULTILINE)
]


@pytest.mark.parametrize("name", LOGGING)
def test_it_is_that_of_the_package_or_one_below(name: str) -> None:
    assert importlib.import_module(name).logger.name.partition(".")[0] == "bilstm_tagger"


def test_there_are_modules_that_warn() -> None:
    assert len(LOGGING) >= 15
