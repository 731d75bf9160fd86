"""Parts `ray`, `growth` and `faults`: Ray on a cluster of two nodes on this machine (`ray.cluster_utils.Cluster`).

Each node has its own object store and processes. Rows are English web text, 8 sentences each, the same ones again and
again under other ids; they are read from Parquet files and written to Parquet files. Rows are compared by id, and their
tags with those of `Tagger.pipe`.

Tokens/s leave out starting, as those that `predict` prints do: they count from when as many files as there are actors
have been written to the last file, and the tokens of the files between.
"""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import ray
from ray.cluster_utils import Cluster

from bilstm_tagger.integrations.ray import BATCH, tag
from bilstm_tagger.integrations.ray_inputs import TASK
from bilstm_tagger.tagging.tagger import Tagger

FILES = 20  # and at least as many blocks, each with a file of output
ACTOR = "ray::MapWorker(MapBatches(_Actor)"
HEAD = "| engine | workers | fault | tokens | seconds | tokens/s without starting | rows lost | doubled | other tags |"
Fault = Callable[[Cluster, Any], None]


@dataclass(frozen=True)
class Texts:
    """What is tagged, and what is right.

    Attributes:
        model: its name.
        texts: of rows.
        tags: of each text, by `Tagger.pipe`.
    """

    model: str
    texts: list[str]
    tags: list[list[str]]

    @classmethod
    def of(cls, data: Path, model: str) -> Texts:
        """Those of the training part of UD English-EWT."""
        lines = (data / "ud-english-ewt" / "en_ewt-ud-train.conllu").read_text("utf-8").splitlines()
        said = [line.removeprefix("# text = ") for line in lines if line.startswith("# text = ")]
        texts = [" ".join(said[at : at + 8]) for at in range(0, len(said), 8)]
        tagger = Tagger.load(model)
        return cls(model, texts, [document.tags_of(tagger.tasks[-1]) for document in tagger.pipe(texts)])

    def rows(self, tokens: int) -> int:
        """How many rows have some number of tokens."""
        return max(FILES, round(tokens * len(self.texts) / sum(map(len, self.tags))))

    def write(self, folder: Path, tokens: int) -> Path:
        """Write that many tokens as Parquet files."""
        folder.mkdir()
        rows = self.rows(tokens)
        for file in range(FILES):
            ids = range(file * rows // FILES, (file + 1) * rows // FILES)
            texts = [self.texts[id % len(self.texts)] for id in ids]
            pq.write_table(pa.table({"id": list(ids), "text": texts}), folder / f"{file:02}.parquet")
        return folder

    def compare(self, tokens: int, output: Path) -> tuple[int, int, int]:
        """Rows lost, rows doubled, and rows with other tags."""
        written = pq.read_table(output)
        task = next(name for name in reversed(written.column_names) if name.endswith("_tags"))
        ids = written["id"].to_pylist()
        counts = Counter(ids)
        found = zip(ids, written[task].to_pylist(), strict=True)
        other = sum(self.tags[id % len(self.tags)] != tags for id, tags in found)
        return len(set(range(self.rows(tokens))) - counts.keys()), counts.total() - len(counts), other


def rates(text: Texts, *, tokens: int, workers: Sequence[int]) -> None:
    """Print tokens/s of `predict` in one process, and of Ray by number of actors."""
    begin_table()
    with tempfile.TemporaryDirectory() as place:
        source = text.write(Path(place) / "in", tokens)
        rate = predict(text.model, source, Path(place) / "local")
        for number in workers:
            found = ray_row(text, source, Path(place) / f"out{number}", tokens, number, None)
            if found:
                print(f"\na worker of {number}: {found / number / rate:.2f} of `predict`\n", flush=True)


def growth(text: Texts, *, tokens: int, workers: Sequence[int]) -> None:
    """Print what Ray takes from 10^5 tokens on, ten times as many in each row."""
    begin_table()
    with tempfile.TemporaryDirectory() as place:
        size = 100_000
        while size <= tokens:
            source = text.write(Path(place) / f"in{size}", size)
            ray_row(text, source, Path(place) / f"out{size}", size, workers[0], None)
            size *= 10


def faults(text: Texts, *, tokens: int, workers: Sequence[int]) -> None:
    """Print rows lost and doubled when a process, a node and the driver are killed in the middle."""
    begin_table()
    with tempfile.TemporaryDirectory() as place:
        source = text.write(Path(place) / "in", tokens)
        for number, fault in enumerate((kill_worker, kill_node)):
            ray_row(text, source, Path(place) / f"out{number}", tokens, 2, fault)
        killed_driver(text, source, Path(place) / "driver", tokens)


def begin_table() -> None:
    """Print the head of the table."""
    print(HEAD)
    print("|---|---:|---|---:|---:|---:|---:|---:|---:|", flush=True)


def predict(model: str, source: Path, output: Path) -> float:
    """Tokens/s that `predict` prints for one process of one thread; prints them too."""
    began = time.perf_counter()
    call = ["predict", source, "--model", model, "--output", output, "--format", "parquet", "--threads", "1"]
    said = subprocess.run(
        [sys.executable, "-m", "bilstm_tagger", *map(str, call)], check=True, capture_output=True, text=True
    ).stderr
    counts = re.search(r"([\d,]+) tokens \(([\d,]+) tokens/s\)", said)
    assert counts, said
    seconds = time.perf_counter() - began
    print(f"| `predict --threads 1` | 1 | | {counts[1]} | {seconds:.1f} | {counts[2]} | 0 | 0 | 0 |", flush=True)
    return float(counts[2].replace(",", ""))


def ray_row(text: Texts, source: Path, output: Path, tokens: int, workers: int, fault: Fault | None) -> float | None:
    """Tag on a cluster of two nodes and print a line; tokens/s without starting, None for too few files to tell."""
    with cluster_of_two() as (cluster, second):
        began = time.perf_counter()
        done = threading.Event()
        if fault is not None:
            threading.Thread(target=after_the_first_file, args=(output, done, lambda: fault(cluster, second))).start()
        rows = ray.data.read_parquet(str(source), **TASK)
        tagged = tag(rows, model=text.model, workers=workers, batch_size=min(BATCH, text.rows(tokens) // FILES))
        tagged.write_parquet(str(output), ray_remote_args=TASK)
        done.set()
        seconds = time.perf_counter() - began
    total, rate = rate_of(output, workers)
    name = "" if fault is None else fault.__name__.replace("_", " ")
    told = "" if rate is None or fault is not None else f"{rate:,.0f}"
    lost, doubled, other = text.compare(tokens, output)
    print(
        f"| Ray, two nodes | {workers} | {name} | {total:,} | {seconds:.1f} | {told} | {lost} | {doubled} | {other} |",
        flush=True,
    )
    return rate


def rate_of(output: Path, workers: int) -> tuple[int, float | None]:
    """Tokens that have been written, and tokens/s behind the first files."""
    files = sorted(output.glob("*.parquet"), key=lambda path: path.stat().st_mtime_ns)
    tokens = [
        pc.sum(pc.list_value_length(pq.read_table(path, columns=["start_char"])["start_char"])).as_py()
        for path in files
    ]
    if len(files) < 3 * workers:
        return sum(tokens), None
    first, last = (files[at].stat().st_mtime_ns / 1e9 for at in (workers - 1, -1))
    return sum(tokens), sum(tokens[workers:]) / (last - first)


@contextmanager
def cluster_of_two() -> Iterator[tuple[Cluster, Any]]:
    """Two nodes of two processors each on the loopback address."""
    memory = {"object_store_memory": 400_000_000}
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 2, "include_dashboard": False, **memory})
    try:
        second = cluster.add_node(num_cpus=2, **memory)
        ray.init(address=cluster.address, logging_level=logging.ERROR)
        ray.data.DataContext.get_current().enable_progress_bars = False
        logging.getLogger("ray.data").setLevel(logging.ERROR)
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


def killed_driver(text: Texts, source: Path, output: Path, tokens: int) -> None:
    """Kill `predict --engine ray` behind its first file, let `--resume` finish it, and print a line."""
    call = [
        sys.executable, "-m", "bilstm_tagger", "predict", str(source), "--model", text.model, "--engine", "ray",
        "--input-format", "parquet", "--output", str(output), "--workers", "2",
    ]  # fmt: skip
    with cluster_of_two() as (cluster, _):
        environment = os.environ | {"RAY_ADDRESS": cluster.address}
        driver = subprocess.Popen(call, env=environment, stderr=subprocess.DEVNULL)
        while next(output.glob("*.parquet"), None) is None and driver.poll() is None:
            time.sleep(0.02)
        driver.kill()
        driver.wait()
        began = time.perf_counter()
        there = len(list(output.glob("*.parquet")))
        subprocess.run([*call, "--resume"], env=environment, check=True, stderr=subprocess.DEVNULL)
        seconds = time.perf_counter() - began
    print(f"killed the driver behind {there} files; the seconds are those of --resume")
    total, _ = rate_of(output, 2)
    lost, doubled, other = text.compare(tokens, output)
    print(
        f"| Ray, two nodes | 2 | kill driver | {total:,} | {seconds:.1f} | | {lost} | {doubled} | {other} |", flush=True
    )
