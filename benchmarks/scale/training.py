"""Part `training`: an epoch of preset `ner` on CoNLL-2003 in processes and threads."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

RUNS = {
    "1 process, 1 thread": (1, 1, "auto"),
    "1 process, 2 threads": (1, 2, "auto"),
    "1 process, 2 threads, float32": (1, 2, "float32"),
    "2 processes, 1 thread each": (2, 1, "auto"),
}
BATCHES = {32: 0.002, 128: 0.004, 256: 0.0055}  # sentences and learning rate, which grows as the root of them


def measure(data: Path, *, epochs: int) -> None:
    """Print tokens/s of the quickest epoch of each way, of all its processes together, in batches of some sizes."""
    print("| preset `ner`, CoNLL-2003, tokens/s | " + " | ".join(f"batches of {size}" for size in BATCHES) + " |")
    print("|---|" + "---:|" * len(BATCHES))
    first: list[float] = []
    for name, (processes, threads, precision) in RUNS.items():
        rates = [
            rate_of(
                data, processes=processes, threads=threads, epochs=epochs,
                settings={"precision": precision, "batch_size": size, "learning_rate": rate},
            )
            for size, rate in BATCHES.items()
        ]  # fmt: skip
        first = first or rates
        cells = [f"{rate:,.0f} ({rate / alone:.2f})" for rate, alone in zip(rates, first, strict=True)]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


def rate_of(data: Path, *, processes: int, threads: int, epochs: int, settings: Mapping[str, object]) -> float:
    """Tokens/s of the quickest epoch, as the training counts them.

    Args:
        data: has `conll2003/` and `glove/`.
        processes: that share the work.
        threads: of each.
        epochs: to train.
        settings: of the table `training`.

    Raises:
        subprocess.CalledProcessError: if the training fails.
    """
    command = [sys.executable, "-m"]
    if processes > 1:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command += ["torch.distributed.run", f"--nproc-per-node={processes}", f"--master-port={port}", "-m"]
    corpus, vectors = data / "conll2003", sorted((data / "glove").glob("glove*"))[0]
    with tempfile.TemporaryDirectory() as place:
        command += [
            "bilstm_tagger", "train", "--preset", "ner", "--train", str(corpus / "train.txt"), "--dev",
            str(corpus / "valid.txt"), "--set", "data.format=conll", "--vectors", str(vectors), "--epochs",
            str(epochs), "--set", f"training.threads={threads}", "--output", f"{place}/model",
        ]  # fmt: skip
        command += [part for key, value in settings.items() for part in ("--set", f"training.{key}={value}")]
        subprocess.run(command, check=True, capture_output=True, env=os.environ | {"OMP_NUM_THREADS": str(threads)})
        metrics = json.loads(Path(place, "model", "metrics.json").read_text("utf-8"))
    return max(float(row["tokens_per_second"]) for row in metrics["history"])
