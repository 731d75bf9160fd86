"""Short versions of what `make torture` tries many times, and that its commands can tell right from wrong."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.torture.folders import WAYS, spoil
from bilstm_tagger.tagging.tagger import Tagger

ROOT = Path(__file__).parent.parent


def torture(part: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", f"benchmarks.torture.{part}", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=500, check=False)


def test_spoilt_folders_are_refused_in_a_line_or_tag_as_before() -> None:
    """Case E5; in a process of its own, whose children have a bound on processor and memory."""
    done = torture("models", "--count", "100", "--seed", "19")
    assert done.returncode == 0, done.stdout + done.stderr
    counts = {name: int(count) for count, name in re.findall(r"(\d+) (same|refused|other)", done.stdout)}
    assert sum(counts.values()) == 100
    assert counts["refused"] > 60
    assert counts["same"] > 5


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_each_way_changes_the_folder(way: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.torture.folders.WAYS", (way,))
    golden = ROOT / "tests" / "golden" / "format-1" / "cnn"
    Tagger.load(golden).save(tmp_path / "whole")
    changed = 0
    for seed in range(4):
        folder = Path(shutil.copytree(tmp_path / "whole", tmp_path / str(seed)))
        spoil(folder, random.Random(seed))
        changed += content(folder) != content(tmp_path / "whole")
    assert changed


def content(folder: Path) -> dict[str, bytes | None]:
    """The files of a folder; None for what is none."""
    return {path.name: path.read_bytes() if path.is_file() else None for path in folder.iterdir() if not odd(path)}


def odd(path: Path) -> bool:
    """Something that is never read to its end."""
    return path.is_symlink() or path.is_fifo() or path.is_socket()
