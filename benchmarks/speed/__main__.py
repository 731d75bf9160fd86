"""Speed and memory beside peers, in one run on one machine.

    python -m benchmarks.speed --data DIR
    python -m benchmarks.speed --data DIR --parts tagging,files

Each part runs in a process of its own and takes a few minutes; peers are trained the first time. After each part the
table and the charts are written anew from all parts measured so far. Part `minutes` trains whole models and runs
only when named. Nothing else should run on the machine: its load is noted in the table.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.machine import processor
from benchmarks.speed.common import RESULTS, ROOT, RUNS, Bench, Result
from benchmarks.speed.report import WRITERS, bar_chart, markdown, scaling_chart
from bilstm_tagger.files.split import usable_cores

USUAL = [name for name in WRITERS if name != "minutes"]


def main() -> None:
    """Run the parts that are asked for and write the table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.speed", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with conll2003/, ud-english-ewt/ and glove/")
    parser.add_argument("--parts", default=",".join(USUAL), help=f"some of {', '.join(WRITERS)}; default %(default)s")
    parser.add_argument("--model", default="en", help="model folder or name of a model that comes with the package")
    parser.add_argument("--tokens", type=int, default=2_000_000, help="of raw text in part files")
    parser.add_argument("--threads", type=int, default=usable_cores())
    parser.add_argument("--one", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    parts = [part.strip() for part in arguments.parts.split(",")]
    if unknown := sorted(set(parts) - set(WRITERS)):
        parser.error(f"no part {unknown[0]!r}; there are {', '.join(WRITERS)}")
    RUNS.mkdir(parents=True, exist_ok=True)
    if arguments.one:
        from bilstm_tagger.model_folder.find import find_folder

        model = find_folder(arguments.model)
        _measure(arguments.one, Bench(arguments.data.resolve(), model.resolve(), arguments.tokens, arguments.threads))
        return
    for part in parts:
        began = time.perf_counter()
        # As the command line has it: threads that wait must not spin where something else needs the core.
        environment = {"GOMP_SPINCOUNT": "1000", **os.environ, "OMP_NUM_THREADS": str(arguments.threads)}
        subprocess.run(
            [sys.executable, "-m", "benchmarks.speed", *sys.argv[1:], "--one", part],
            check=True,
            cwd=ROOT,
            env=environment,
        )
        _write()
        print(f"{part}: {time.perf_counter() - began:.0f} s", flush=True)
    print(RESULTS / "speed.md")


def _measure(part: str, bench: Bench) -> None:
    """Measure one part and store its result."""
    from benchmarks.speed import files, memory, scaling, tagging, training

    measures = {
        "tagging": tagging.tagging,
        "files": files.files,
        "latency": tagging.latency,
        "training": training.training,
        "minutes": training.minutes,
        "memory": memory.memory,
        "scaling": scaling.scaling,
    }
    machine = _machine(bench)
    result = measures[part](bench)
    (RUNS / f"{part}.json").write_text(json.dumps({**result, "machine": machine}, indent=2) + "\n", "utf-8")


def _machine(bench: Bench) -> str:
    """What was measured on, and how busy it was just before."""
    import spacy
    import torch

    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    return (
        f"{time.strftime('%Y-%m-%d')}, {processor()}, {usable_cores()} cores, {bench.threads} threads, "
        f"load before {load:.1f}; model {bench.model.name}, torch {torch.__version__}, spaCy {spacy.__version__}, "
        f"Python {platform.python_version()}"
    )


def _write() -> None:
    """Table and charts of all parts measured so far."""
    paths = {name: RUNS / f"{name}.json" for name in WRITERS}
    parts: dict[str, Result] = {
        name: json.loads(path.read_text("utf-8")) for name, path in paths.items() if path.exists()
    }
    text = markdown(parts)
    if "tagging" in parts:
        bar_chart(parts["tagging"], RESULTS / "speed.png")
        text = text.replace("\n## ", "\n![tokens per second](speed.png)\n\n## ", 1)
    if "scaling" in parts:
        scaling_chart(parts["scaling"], RESULTS / "speed-scaling.png")
    (RESULTS / "speed.md").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
