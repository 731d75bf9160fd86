"""Standard streams that are closed or full: tags, or one line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from command_line import ENVIRONMENT, run

pytestmark = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")


def shell(line: str, *arguments: str | Path) -> tuple[int, str, str]:
    program = f'"{sys.executable}" -m bilstm_tagger {line}'
    done = subprocess.run(
        ["sh", "-c", program, "sh", *map(str, arguments)],
        env=ENVIRONMENT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def test_help_into_a_full_disk() -> None:
    code, _, errors = shell("--help > /dev/full")
    assert (code, errors) == (1, "error: the output cannot be written: No space left on device\n")


def test_closed_streams(model_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Ada ran.")
    given = (tmp_path / "a.txt", model_folder, tmp_path / "out")
    code, _, errors = shell('predict "$1" -m "$2" >&-', *given)
    assert (code, errors.count("\n"), "cannot be written" in errors) == (1, 1, True)
    code, output, _ = shell('predict "$1" -m "$2" 2>&-', *given)
    assert (code, output.count("\n"), output[:6]) == (0, 1, '{"id":')
    code, _, _ = shell('predict "$1" -m "$2" -o "$3" >&- 2>&- <&-', *given)
    assert (code, [path.name for path in (tmp_path / "out").iterdir()]) == (0, ["a.txt.jsonl"])


def test_several_files_on_a_screen_carry_their_names(model_folder: Path, tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("so it is\n")
    both = run("predict", tmp_path / "a.txt", tmp_path / "b.txt", "-m", model_folder, "-f", "text").stdout
    assert [line for line in both.splitlines() if line.startswith("==")] == ["== a.txt ==", "== b.txt =="]
    assert "==" not in run("predict", tmp_path / "a.txt", "-m", model_folder, "-f", "text").stdout
