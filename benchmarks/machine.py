"""The machine that a benchmark runs on, and what processes take of its memory (Linux)."""

from __future__ import annotations

import platform
from pathlib import Path


def processor() -> str:
    """The processor's name as the system reports it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text("utf-8").splitlines() if info.exists() else []
    names = (line.partition(": ")[2] for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def resident() -> int:
    """Bytes of memory that this process holds."""
    import resource

    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * resource.getpagesize()


def memory_kinds(process: int) -> dict[str, int]:
    """Memory of a process by kind, in the kB of Linux, such as `Pss`, in which what is shared counts in part."""
    lines = [line.split() for line in Path(f"/proc/{process}/smaps_rollup").read_text("utf-8").splitlines()[1:]]
    return {kind.rstrip(":"): int(size) for kind, size, *_ in lines}
