"""Much text on Ray: tokens per second by number of actors, and rows lost or doubled when processes and nodes die.

    python -m benchmarks.scale [--rows 20000] [--faults]

A cluster of two nodes on this machine (`ray.cluster_utils.Cluster`), each with its own object store and processes,
reads Parquet files and writes Parquet files. With `--faults` a process that tags is killed in the middle, then all
processes of a node. Rows are compared by their ids and their tags with those of `Tagger.pipe`.
"""

from __future__ import annotations

import argparse
import logging
import random
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import ray
from ray.cluster_utils import Cluster

from bilstm_tagger.integrations.ray import tag
from bilstm_tagger.tagging.tagger import Tagger

FILES = 20
ACTOR = "ray::MapWorker(MapBatches(_Actor)"
WORDS = "Rain fell on the boat that left Turin in 1999 , said Ada Lovelace of Lake Works to Noor . It was late"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=20_000, help="of 40 words each")
    parser.add_argument("--model", default="en")
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--faults", action="store_true", help="kill a process, then a node")
    options = parser.parse_args(arguments)
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as place:
        source = make_rows(Path(place) / "in", options.rows)
        expected, seconds = pipe(options.model, source)
        tokens = sum(len(tags) for tags in expected.values())
        print("| engine | workers | fault | seconds | tokens/s | rows lost | rows doubled | other tags |")
        print("|---|---:|---|---:|---:|---:|---:|---:|")
        print(f"| Tagger.pipe, one thread | 1 | | {seconds:.1f} | {tokens / seconds:,.0f} | 0 | 0 | 0 |", flush=True)
        for number, (workers, fault) in enumerate(
            [(workers, None) for workers in options.workers]
            + ([(2, kill_worker), (2, kill_node)] if options.faults else [])
        ):
            output = Path(place) / f"out{number}"
            seconds = run(options.model, source, output, workers=workers, fault=fault)
            print(row(workers, fault, seconds, tokens, compare(expected, output)), flush=True)


def row(workers: int, fault: Fault | None, seconds: float, tokens: int, faults: tuple[int, int, int]) -> str:
    """A line of the table."""
    name = "" if fault is None else fault.__name__.replace("_", " ")
    lost, doubled, other = faults
    rate = f"{tokens / seconds:,.0f}"
    return f"| Ray, two nodes | {workers} | {name} | {seconds:.1f} | {rate} | {lost} | {doubled} | {other} |"


def make_rows(folder: Path, rows: int) -> Path:
    """Parquet files of texts of 40 words with their ids."""
    folder.mkdir()
    draw = random.Random(0)
    for file in range(FILES):
        ids = range(file, rows, FILES)
        texts = [" ".join(draw.choices(WORDS.split(), k=40)) for _ in ids]
        pq.write_table(pa.table({"id": list(ids), "text": texts}), folder / f"{file:02}.parquet")
    return folder


def pipe(model: str, source: Path) -> tuple[dict[int, list[str]], float]:
    """The tags of each row by one thread of this process, and the seconds."""
    import torch

    torch.set_num_threads(1)
    tagger = Tagger.load(model)
    task = tagger.tasks[-1]
    tagger("Rain fell.")
    table = pq.read_table(source)
    began = time.perf_counter()
    documents = tagger.pipe(table["text"].to_pylist())
    found = {id: document.tags_of(task) for id, document in zip(table["id"].to_pylist(), documents, strict=True)}
    return found, time.perf_counter() - began


Fault = Callable[[Cluster, Any], None]


def run(model: str, source: Path, output: Path, *, workers: int, fault: Fault | None) -> float:
    """Tag on a cluster of two nodes; the seconds without starting it."""
    with cluster_of_two() as (cluster, second):
        began = time.perf_counter()
        tagged = tag(
            ray.data.read_parquet(str(source), num_cpus=0.25, override_num_blocks=2 * FILES),
            model=model,
            workers=workers,
            batch_size=500,
        )
        done = threading.Event()
        if fault is not None:
            threading.Thread(target=after_the_first_file, args=(output, done, lambda: fault(cluster, second))).start()
        tagged.write_parquet(str(output), ray_remote_args={"num_cpus": 0.25})
        done.set()
        return time.perf_counter() - began


@contextmanager
def cluster_of_two() -> Iterator[tuple[Cluster, Any]]:
    """Two nodes of two processors each on the loopback address."""
    memory = {"object_store_memory": 200_000_000}
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 2, "include_dashboard": False, **memory})
    try:
        second = cluster.add_node(num_cpus=2, **memory)
        ray.init(address=cluster.address, logging_level=logging.ERROR)
        ray.data.DataContext.get_current().enable_progress_bars = False
        cluster.wait_for_nodes()
        yield cluster, second
    finally:
        ray.shutdown()
        cluster.shutdown()


def after_the_first_file(output: Path, done: threading.Event, act: Callable[[], None]) -> None:
    """Act once, in the middle: when a first part has been written and others have not."""
    while not done.wait(0.02):
        if next(output.glob("*.parquet"), None) is not None:
            act()
            return


def kill_worker(cluster: Cluster, second: Any) -> None:
    """Kill a process that tags."""
    found = actors(cluster.head_node) + actors(second)
    found[0].kill()
    print(f"killed process {found[0].pid}, one of {len(found)} that tag", flush=True)


def kill_node(cluster: Cluster, second: Any) -> None:
    """Kill the second node with all its processes."""
    print(f"killed a node with {len(actors(second))} of {len(actors(second) + actors(cluster.head_node))} that tag")
    cluster.remove_node(second, allow_graceful=False)


def actors(node: Any) -> list[psutil.Process]:
    """The processes of a node that tag."""
    started = node.all_processes["raylet"][0].process.pid
    return [process for process in psutil.Process(started).children() if ACTOR in " ".join(process.cmdline())]


def compare(expected: dict[int, list[str]], output: Path) -> tuple[int, int, int]:
    """Rows lost, rows doubled, and rows with other tags."""
    written = pq.read_table(output)
    task = next(name for name in reversed(written.column_names) if name.endswith("_tags"))
    counts = Counter(written["id"].to_pylist())
    tags = zip(written["id"].to_pylist(), written[task].to_pylist(), strict=True)
    other = sum(expected[id] != found for id, found in tags)
    return len(expected.keys() - counts.keys()), counts.total() - len(counts), other


if __name__ == "__main__":
    main()
