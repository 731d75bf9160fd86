"""How much memory there is to take."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

_GROUP = Path("/sys/fs/cgroup")  # of containers, whose limit may be lower than what the machine has


def available_memory() -> int | None:
    """Bytes that a process can take without pushing others out; None where the system does not tell."""
    found = []
    with suppress(OSError, ValueError, LookupError):
        told = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text("ascii").splitlines())
        found.append(1024 * int(told["MemAvailable"].split()[0]))
    with suppress(OSError, ValueError):  # "max" where there is no limit
        limit, used = (int((_GROUP / name).read_text("ascii")) for name in ("memory.max", "memory.current"))
        found.append(max(limit - used, 0))
    return min(found, default=None)
