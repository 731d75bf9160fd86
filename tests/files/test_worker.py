"""What a worker process does with a chunk, and how it ends."""

from __future__ import annotations

import multiprocessing
import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from rule_tagger import RuleTagger
from worker_taggers import load_rules

from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import TaggerError
from bilstm_tagger.files import Profile, process, worker
from bilstm_tagger.files.options import TagOptions
from bilstm_tagger.files.process import serve
from bilstm_tagger.files.streams import Untagged
from bilstm_tagger.files.worker import Chunk, ChunkTagger, answer


@pytest.mark.parametrize("kept", [slice(1, None), slice(None, -1)])
def test_lost_documents_are_noticed(kept: slice) -> None:
    class Losing(RuleTagger):
        def pipe(self, sources: Any, **options: int) -> Iterator[Document]:
            return iter(list(super().pipe(sources, **options))[kept])

    chunk = Chunk([(Untagged("Ada", "a"), True), (Untagged("Bob", "b"), True)], "jsonl", TagOptions())
    with pytest.raises(TaggerError, match="2 documents went into the tagger, 1 came out"):
        answer(Losing(), chunk, Profile())


@pytest.fixture
def without_side_effects(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process that runs these tests goes on."""
    monkeypatch.setattr(worker, "collect_rarely", lambda: None)
    monkeypatch.setattr(process, "_use_one_thread", lambda: None)


def no_start() -> Any:
    raise ZeroDivisionError("a fault")


@pytest.mark.usefixtures("without_side_effects")
def test_a_fault_in_a_worker_comes_with_its_traceback() -> None:
    here, there = multiprocessing.get_context("spawn").Pipe()
    with here, there:
        serve(there, no_start)
        with pytest.raises(RuntimeError) as caught:
            process.result_of(here.recv())
    first, second, *_, last = str(caught.value).splitlines()
    assert (first, second, last) == (
        "in a worker process:",
        "Traceback (most recent call last):",
        "ZeroDivisionError: a fault",
    )
    assert "in no_start" in str(caught.value)


@pytest.mark.usefixtures("without_side_effects")
def test_a_worker_whose_parent_dies_while_sending_ends_in_silence() -> None:
    here, there = multiprocessing.get_context("spawn").Pipe()
    with ThreadPoolExecutor(1) as pool:
        served = pool.submit(serve, there, ChunkTagger(load_rules))
        here.recv()
        os.write(here.fileno(), struct.pack("!i", 100) + b"the first bytes of a hundred")
        here.close()
        assert served.result(timeout=30) is None
    there.close()


SCRIPT = """
import sys
import torch  # before the pool, and so before it in each process
sys.path[:0] = {paths!r}
from worker_taggers import load_counting
from pathlib import Path
from bilstm_tagger.files import Profile, TagOptions, WorkerPool
from bilstm_tagger.files.inputs import Job
from bilstm_tagger.files.streams import Untagged

if __name__ == "__main__":
    torch.set_num_threads(2)
    with WorkerPool(load_counting, 2) as pool:
        items = [(Job(Path(), "a", "lines"), Untagged("Ada", "a"))]
        for _, tagged in pool.tag(items, format="conllu", options=TagOptions(), profile=Profile()):
            print(tagged.content.id)
"""


@pytest.mark.parametrize("name", ["OMP_NUM_THREADS", "MKL_NUM_THREADS"])
def test_libraries_that_a_worker_loads_keep_to_one_thread(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {name: "4"})
    monkeypatch.setitem(sys.modules, "torch", None)
    process._use_one_thread()
    assert os.environ[name] == "1"


def test_a_worker_keeps_to_one_thread(tmp_path: Path) -> None:
    script = tmp_path / "counting.py"
    script.write_text(SCRIPT.format(paths=[str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]), "utf-8")
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    ran = subprocess.run([sys.executable, script], env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout == "1\n"
