"""Many processes: tagging on Ray, memory of processes that tag, training in two processes.

    python -m benchmarks.scale --data DIR [PART...] [--tokens 1000000] [--workers 1 2]

DIR has `ud-english-ewt/`, `conll2003/` and `glove/`. Each part prints a table:

    ray       tokens/s of Ray by number of actors, and of `predict` in one process and one thread
    growth    the same from 10^5 tokens to --tokens, for the first number of --workers
    faults    rows lost and doubled when a process, a node and the driver are killed
    memory    memory of 1, 2 and 4 processes that tag, for `en` and for tables of 400,000 random vectors
    training  tokens/s of an epoch of preset `ner` in one process of one and of two threads, and in two processes,
              in batches of three sizes
"""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Sequence
from pathlib import Path

from benchmarks.machine import processor
from benchmarks.scale import memory, ray_runs, training
from bilstm_tagger.files.split import usable_cores

PARTS = ("ray", "growth", "faults", "memory", "training")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure the parts that are asked for, all by default."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.scale", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", default="en")
    parser.add_argument("--tokens", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--epochs", type=int, default=2, help="of the part training, which tells of the quickest")
    options = parser.parse_args(arguments)
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"no part {unknown.pop()}; there are {', '.join(PARTS)}")
    load = os.getloadavg()[0]
    print(f"{processor()}, {usable_cores()} cores, load {load:.1f} before; Python {platform.python_version()}")
    for part in options.parts or PARTS:
        print(f"\n## {part}\n", flush=True)
        if part == "training":
            training.measure(options.data, epochs=options.epochs)
        elif part == "memory":
            memory.measure(options.model)
        else:
            text = ray_runs.Texts.of(options.data, options.model)
            {"ray": ray_runs.rates, "growth": ray_runs.growth, "faults": ray_runs.faults}[part](
                text, tokens=options.tokens, workers=options.workers
            )


if __name__ == "__main__":
    main()
