"""The command line where speed is the point: several processes, the profile, the benchmark."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import ENVIRONMENT, command, run


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    path = tmp_path / "lines.txt"
    path.write_text("Ada Lovelace saw Paris.\nIt rained.\n\n" * 3_000, "utf-8")
    return path


def test_predict_with_workers_writes_the_same(model_folder: Path, lines: Path) -> None:
    arguments = ["predict", lines, "--input-format", "lines", "--model", model_folder]
    one, two = command(*arguments), command(*arguments, "--workers", "2", "--profile")
    assert (one.returncode, two.returncode) == (0, 0), two.stderr
    assert one.stdout == two.stdout != b""
    told = two.stderr.decode()
    for part in ("start Python", "start workers", "wait for workers", "workers: load model", "workers: tag", "total"):
        assert part in told
    assert "Traceback" not in told


@pytest.mark.skipif(os.name != "posix", reason="a shell's pipe")
def test_a_closed_pipe_ends_the_workers_silently(model_folder: Path, lines: Path) -> None:
    call = (
        f"{sys.executable} -m bilstm_tagger predict {lines} --input-format lines --model {model_folder} --workers 2"
        " | head -n 1"
    )
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", call], env=ENVIRONMENT, capture_output=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout.count(b"\n"), done.stderr) == (0, 1, b"")


def test_predict_with_workers_and_no_model() -> None:
    result = run("predict", __file__, "--input-format", "lines", "--model", "missing", "--workers", "2")
    assert result.exit_code == 1
    assert result.stderr.startswith("error: missing: no such model folder")
    assert result.stderr.count("\n") == 1


def test_profile_tells_what_the_time_was_spent_on(model_folder: Path, tmp_path: Path) -> None:
    result = run("predict", "--text", "Ada saw Paris.", "--model", model_folder, "--profile")
    assert result.exit_code == 0, result.stderr
    parts = ["start Python", "import torch", "load model", "load tokeniser", "tokenise", "tag", "write", "total"]
    assert [line.split("  ")[0].strip() for line in result.stderr.splitlines()] == parts
    assert json.loads(result.stdout)["text"] == "Ada saw Paris."
    (tmp_path / "a.txt").write_text("Ada saw Paris.", "utf-8")
    result = run("predict", tmp_path / "a.txt", "--model", model_folder, "--profile")
    assert {line.split("  ")[0] for line in result.stderr.splitlines()} >= {"read", "tokenise", "tag", "write"}


# ---- benchmark


def test_benchmark_of_a_file_and_of_the_text_that_comes_with_it(model_folder: Path, tiny_dev: Path) -> None:
    result = run("benchmark", "--model", model_folder, "--seconds", "0")
    assert result.exit_code == 0, result.stderr
    for piece in ("tokens per second by batch size", "best:", "--batch-tokens", "one sentence at a time", "float32"):
        assert piece in result.stdout
    assert "batches of 1000" in result.stderr
    found = json.loads(run("benchmark", tiny_dev, "--model", model_folder, "--seconds", "0", "--json").stdout)
    assert found["tokens"] >= 20_000
    assert found["best"] == max(found["rates"], key=lambda rate: rate["tokens_per_second"])
    assert {rate["batch_tokens"] for rate in found["rates"]} == {1_000, 2_000, 4_000, 8_000, 16_000}
    assert {rate["threads"] for rate in found["rates"]} >= {1, len(os.sched_getaffinity(0))}
    assert found["agreement"]["float32"] == 1.0
    latency = found["latency"]
    assert 0 < latency["median"] <= latency["p90"] <= latency["p99"]
    assert found["memory"] is None or found["memory"] > 50


def test_benchmark_of_nothing(model_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("", "utf-8")
    result = run("benchmark", tmp_path / "a.txt", "--model", model_folder)
    assert result.exit_code == 1
    assert "no token to measure with" in result.stderr
