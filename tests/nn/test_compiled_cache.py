"""Compiled code on a full or damaged disk: the loops still run, and what is damaged is written anew."""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import pytest

from bilstm_tagger.nn.compiled_cache import TolerantCache
from bilstm_tagger.nn.numba_ops import compiled


def twice(number: int) -> int:
    return number + number


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of this test's own for compiled code."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(TolerantCache, "_warned", False)
    return tmp_path / "cache"


def names(cache: Path, suffix: str) -> list[Path]:
    return [path for path in cache.rglob("*") if path.suffix == suffix]


def flipped(data: bytes) -> bytes:
    """One bit of the machine code is another, which nothing but a checksum notices."""
    at = data.rindex(b"\x7fELF") + 200 if b"\x7fELF" in data else len(data) // 2
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def hits(function: Any) -> int:
    return int(sum(function.stats.cache_hits.values()))


@pytest.mark.parametrize("suffix", [".nbi", ".nbc", ".sha256"])
@pytest.mark.parametrize("damage", [lambda data: b"", lambda data: b"\x12" * 99, flipped, None])
def test_damaged_files(
    suffix: str, damage: Callable[[bytes], bytes] | None, cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert compiled(twice)(21) == 42
    (path,) = names(cache, suffix)
    if damage is None:
        path.unlink()
    else:
        path.write_bytes(damage(path.read_bytes()))
    again = compiled(twice)
    assert again(21) == 42
    assert len(caplog.records) <= 1
    assert all("they are compiled in memory" in record.getMessage() for record in caplog.records)
    if caplog.records:
        assert hits(again) == 0
    healed = compiled(twice)
    assert healed(21) == 42
    assert hits(healed) == 1


def test_a_full_disk(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    from numba.core.caching import IndexDataCacheFile

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(IndexDataCacheFile, "_save_index", full)
    with caplog.at_level(logging.WARNING, "bilstm_tagger"):
        assert [compiled(twice)(number) for number in (1, 2)] == [2, 4]
    assert len(caplog.records) == 1  # of all functions together
    assert "cannot be written" in caplog.text
    assert "No space left on device" in caplog.text
