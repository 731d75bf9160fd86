"""How much memory is free: what the machine and the container tell."""

from __future__ import annotations

from pathlib import Path

import pytest

from bilstm_tagger.io import memory


def test_a_container_without_a_limit_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_GROUP", tmp_path)
    free = memory.available_memory()  # no such files, as outside of containers
    assert free is None or 1e6 < free < 1e15
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("2000\n")
    free = memory.available_memory()
    assert free is None or free > 1e6


@pytest.mark.parametrize(("used", "left"), [("2000\n", 7000), ("9500\n", 0)])
def test_a_container_with_less_than_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, used: str, left: int
) -> None:
    monkeypatch.setattr(memory, "_GROUP", tmp_path)
    (tmp_path / "memory.max").write_text("9000\n")
    (tmp_path / "memory.current").write_text(used)
    assert memory.available_memory() == left


def test_the_limit_of_a_container_is_where_linux_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """https://docs.kernel.org/admin-guide/cgroup-v2.html"""
    files = {"/sys/fs/cgroup/memory.max": "9000\n", "/sys/fs/cgroup/memory.current": "2000\n"}

    def read_text(path: Path, encoding: str) -> str:
        if path.as_posix() not in files:
            raise FileNotFoundError(path)
        return files[path.as_posix()]

    monkeypatch.setattr(Path, "read_text", read_text)
    assert memory.available_memory() == 7000


def test_it_is_what_the_system_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not Path("/proc/meminfo").is_file():
        pytest.skip("this system has no /proc/meminfo")
    monkeypatch.setattr(memory, "_GROUP", tmp_path)
    told = next(line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemAvailable:"))
    assert memory.available_memory() == pytest.approx(1024 * int(told.split()[1]), rel=0.2)
