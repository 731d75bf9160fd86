"""The machine that a benchmark runs on."""

from __future__ import annotations

import platform
from pathlib import Path


def processor() -> str:
    """The processor's name as the system reports it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text("utf-8").splitlines() if info.exists() else []
    names = (line.partition(": ")[2] for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())
