"""Part `training`: an epoch of preset `ner` on CoNLL-2003 in processes and threads."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

RUNS = {"1 process, 1 thread": (1, 1), "1 process, 2 threads": (1, 2), "2 processes, 1 thread each": (2, 1)}


def measure(data: Path, *, epochs: int) -> None:
    """Print tokens/s of the quickest epoch of each way, of all its processes together."""
    print("| preset `ner`, CoNLL-2003 | tokens/s | to one process of one thread |")
    print("|---|---:|---:|")
    first = 0.0
    for name, (processes, threads) in RUNS.items():
        rate = rate_of(data, processes=processes, threads=threads, epochs=epochs)
        first = first or rate
        print(f"| {name} | {rate:,.0f} | {rate / first:.2f} |", flush=True)


def rate_of(data: Path, *, processes: int, threads: int, epochs: int) -> float:
    """Tokens/s of the quickest epoch, as the training counts them.

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
        subprocess.run(command, check=True, capture_output=True, env=os.environ | {"OMP_NUM_THREADS": str(threads)})
        metrics = json.loads(Path(place, "model", "metrics.json").read_text("utf-8"))
    return max(float(row["tokens_per_second"]) for row in metrics["history"])
