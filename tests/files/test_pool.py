"""Several processes give what one gives, and end with it."""

from __future__ import annotations

import io
import multiprocessing
import os
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from rule_tagger import RuleTagger

from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import ModelError, TaggerError
from bilstm_tagger.files import (
    FilesReport,
    ModelLoader,
    Profile,
    WorkerPool,
    tag_files,
)
from bilstm_tagger.files import (
    pool as workers,
)
from bilstm_tagger.files import (
    worker as serving,
)
from bilstm_tagger.files.inputs import Job
from bilstm_tagger.files.streams import End, Source, Tagged
from bilstm_tagger.files.worker import Chunk, answer, serve
from bilstm_tagger.settings.read_spec import ReadSpec


class Rules(RuleTagger):
    """A tagger whose model has read a file of columns."""

    reading = MappingProxyType({"ner": ReadSpec(format="conll", columns={"ner": -1})})


def load_rules(profile: Profile) -> Rules:
    return Rules()


class Refusing(Rules):
    """Cannot read one word, fails on another, and dies of a third."""

    def read(self, source: str | Document) -> Document:
        if "unreadable" in str(source):
            raise TaggerError("cannot be tokenised")
        return super().read(source)

    def tag(self, document: Document) -> Document:
        if "deadly" in document.words:
            os._exit(3)
        if "faulty" in document.words:
            raise ZeroDivisionError("a fault")
        if "failing" in document.words:
            raise TaggerError("the tagger failed")
        return super().tag(document)


def load_refusing(profile: Profile) -> Refusing:
    return Refusing()


@pytest.fixture(scope="module")
def pool() -> Iterator[WorkerPool]:
    with WorkerPool(load_rules, 2) as pool:
        yield pool


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """Files of all kinds, one of them broken at the start, one in the middle, one empty."""
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    for number in range(12):
        (folder / f"{number:02}.txt").write_text(f"Ada met Bob {number} times. " * (1 + 7 * number), "utf-8")
    (folder / "caf.txt").write_bytes(b"caf\xe9")
    (folder / "empty.txt").write_bytes(b"")
    (folder / "sub" / "a.conll").write_text("-DOCSTART- O\n\nAda NN\nwins VB\n\n-DOCSTART- O\n\nBob NN\n\n", "utf-8")
    (folder / "sub" / "b.conll").write_text("Ada NN\n\n-DOCSTART- O\n\nBob\n", "utf-8")
    (folder / "sub" / "c.conllu").write_text("# newdoc\n1\tAda" + "\t_" * 8 + "\n\n", "utf-8")
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def facts(report: FilesReport) -> tuple[Any, ...]:
    counts = (report.found, report.skipped, report.files, report.documents, report.sentences, report.tokens)
    return (*counts, [(type(error), str(error)) for error in report.failures])


@pytest.mark.parametrize("format", ["jsonl", "conll", "conllu", "html", "text"])
@pytest.mark.parametrize("chunk", [1, 1000, workers.CHUNK])
def test_same_bytes_and_report_as_one_process(
    pool: WorkerPool, mixed: Path, tmp_path: Path, format: str, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "CHUNK", chunk)
    monkeypatch.setattr(workers, "FIRST_CHUNK", min(chunk, workers.FIRST_CHUNK))
    reports = [
        tag_files(each, [mixed], output=tmp_path / name, format=format)
        for name, each in (("one", RuleTagger()), ("two", pool))
    ]
    assert facts(reports[0]) == facts(reports[1])
    assert len(reports[0].failures) == 2
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    inputs = [mixed / f"{number:02}.txt" for number in range(12)]
    streams = [io.StringIO(), io.StringIO()]
    for each, stream in zip((RuleTagger(), pool), streams, strict=True):
        tag_files(each, inputs, stream=stream, format=format, input_format="lines")
    assert streams[0].getvalue() == streams[1].getvalue() != ""


def test_a_trained_tagger_gives_the_same_bytes(
    model_folder: Path, tiny_dev: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where texts and documents are cut; and time spent in the processes is told."""
    from bilstm_tagger.tagging.tagger import Tagger

    text = "Ada Lovelace saw Paris. It rained!\n\n(She left.)\n\n" * 60
    (tmp_path / "a.txt").write_text(text + "End", "utf-8")
    inputs = [tmp_path / "a.txt", tiny_dev]
    tagger = Tagger.load(model_folder)
    monkeypatch.setattr(workers, "CHUNK", 400)
    with WorkerPool(ModelLoader(str(model_folder)), 2) as pool:
        assert pool.reading == tagger.reading
        for format in ("jsonl", "conllu"):
            profile = Profile()
            for name, each in (("one", tagger), ("two", pool)):
                tag_files(each, inputs, output=tmp_path / format / name, format=format, profile=profile)
            assert contents(tmp_path / format / "one") == contents(tmp_path / format / "two")
            assert {"workers: tokenise", "workers: tag", "tag", "write"} <= profile.seconds.keys()
        # A chunk for each 400 characters: the file was indeed cut.
        parts = list(workers._parts(Job(Path(), "", "text"), Source(text, "a"), True, 800, []))
        assert len(parts) > 5


def test_memory_is_bounded_by_the_chunks_under_way(pool: WorkerPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "FIRST_CHUNK", 100)
    monkeypatch.setattr(workers, "CHUNK", 100)
    job = Job(Path("a"), "a", "lines")
    taken = 0

    def found() -> Iterator[tuple[Job, Source | End]]:
        nonlocal taken
        for taken in range(200):
            yield job, Source("Ada wins " * 12, str(taken))

    tagged = pool.tag(found(), format="jsonl", batch_tokens=None, profile=Profile())
    for done, (_, item) in enumerate(tagged):
        assert isinstance(item, Tagged)
        assert taken - done <= 2 * workers.AHEAD + 1


def test_a_text_that_cannot_be_tokenised_ends_its_file_alone(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Ada\nunreadable\nBob\n")
    (tmp_path / "b.txt").write_text("Bob\n")
    files = [tmp_path / "a.txt", tmp_path / "b.txt"]
    results = []
    with WorkerPool(load_refusing, 1) as pool:
        for each in (Refusing(), pool):
            stream = io.StringIO()
            results.append((facts(tag_files(each, files, stream=stream, input_format="lines")), stream.getvalue()))
    assert results[0] == results[1]
    assert results[0][0][2] == 1


@pytest.mark.parametrize(
    ("word", "error", "message"),
    [
        ("deadly", TaggerError, "a worker process ended before its work was done"),
        ("failing", TaggerError, "the tagger failed"),
        ("faulty", RuntimeError, "ZeroDivisionError: a fault"),
    ],
)
def test_what_fails_in_a_worker_is_told_here(
    tmp_path: Path, word: str, error: type[Exception], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "FIRST_CHUNK", 1)
    monkeypatch.setattr(workers, "CHUNK", 1)
    others = set(multiprocessing.active_children())
    (tmp_path / "a.txt").write_text("\n".join(["Ada"] * 3 + [word] + ["Bob"] * 30), "utf-8")
    with pytest.raises(error, match=message), WorkerPool(load_refusing, 2) as pool:
        tag_files(pool, [tmp_path / "a.txt"], stream=io.StringIO(), input_format="lines")
    assert set(multiprocessing.active_children()) <= others


def test_a_model_that_cannot_be_loaded(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such model folder"), WorkerPool(ModelLoader("missing"), 2) as pool:
        _ = pool.reading


def test_lost_documents_are_noticed_in_the_worker() -> None:
    class Losing(RuleTagger):
        def pipe(self, sources: Any, **options: int) -> Iterator[Document]:
            return iter(list(super().pipe(sources, **options))[1:])

    with pytest.raises(TaggerError, match="1 documents went into the tagger, 0 came out"):
        answer(Losing(), Chunk([(Source("Ada", "a"), True)], "jsonl", None), Profile())


ENDLESS = """
import sys
from pathlib import Path
sys.path[:0] = {paths!r}
from files.test_pool import load_rules
from bilstm_tagger.files import WorkerPool, tag_files

if __name__ == "__main__":
    with WorkerPool(load_rules, 2) as pool:
        tag_files(pool, [Path(sys.argv[1])], stream=sys.stdout, input_format="lines")
"""


@pytest.mark.skipif(os.name != "posix", reason="signals of a terminal")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_the_processes_end_with_their_parent(tmp_path: Path, how: signal.Signals) -> None:
    """Ctrl-C reaches all processes of a terminal; only the parent may say something. A kill reaches it alone."""
    script = tmp_path / "endless.py"
    script.write_text(ENDLESS.format(paths=[str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]), "utf-8")
    (tmp_path / "a.txt").write_text("Ada wins\n" * 200_000)
    process = subprocess.Popen(
        [sys.executable, script, tmp_path / "a.txt"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline().startswith("{")
    if how == signal.SIGINT:
        os.killpg(process.pid, how)
    else:
        process.send_signal(how)
    error = process.communicate(timeout=60)[1]
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and _group_lives(process.pid):
        time.sleep(0.05)
    assert not _group_lives(process.pid)
    assert error.count("Traceback") <= 1


def test_a_worker_whose_parent_dies_while_sending_ends_in_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "collect_seldom", lambda: None)  # this process goes on
    here, there = multiprocessing.get_context("spawn").Pipe()
    with ThreadPoolExecutor(1) as pool:
        served = pool.submit(serve, there, load_rules)
        here.recv()
        os.write(here.fileno(), struct.pack("!i", 100) + b"the first bytes of a hundred")
        here.close()
        assert served.result(timeout=30) is None
    there.close()


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
