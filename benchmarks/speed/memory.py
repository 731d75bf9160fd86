"""Part `memory`: resident memory while tagging much text, and while training."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.speed.common import RUNS, Bench, Result, cli, run_process
from benchmarks.speed.files import write_texts

SIZES = (1_000_000, 5_000_000)


def memory(bench: Bench) -> Result:
    """Largest resident memory of tagging and of training, MiB."""
    peaks: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as place:
        for tokens in SIZES:
            folder = Path(place, str(tokens))
            write_texts(bench, folder, tokens, tokens // 20_000)
            used = run_process(cli("predict", folder, "--model", bench.model))
            peaks[f"tagging {tokens:,} tokens"] = used.memory
    command = cli(
        "train", "--preset", "ner", "--train", bench.conll("train"), "--dev", bench.conll("valid"),
        "--set", "data.format=conll", "--vectors", bench.vectors, "--epochs", "1",
        "--output", RUNS / "memory", "--force",
    )  # fmt: skip
    peaks["training on CoNLL-2003"] = run_process(command).memory
    return {"MiB": peaks}
