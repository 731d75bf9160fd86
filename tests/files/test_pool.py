"""Several processes give what one gives."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rule_tagger import RuleTagger
from tagged import contents
from worker_taggers import Ending, load_ending, load_rules

from bilstm_tagger.files import FilesReport, ModelLoader, Profile, WorkerPool, tag_files
from bilstm_tagger.files import parts as chunks
from bilstm_tagger.files import pool as pools
from bilstm_tagger.files.inputs import Job
from bilstm_tagger.files.options import TagOptions
from bilstm_tagger.files.parts import split_item
from bilstm_tagger.files.streams import End, Tagged, Untagged


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


def facts(report: FilesReport) -> tuple[Any, ...]:
    counts = (report.found, report.skipped, report.files, report.documents, report.sentences, report.tokens)
    return (*counts, [(type(error), str(error)) for error in report.failures])


@pytest.mark.parametrize("format", ["jsonl", "conll", "conllu", "html", "text"])
@pytest.mark.parametrize("chunk", [1, 1000, chunks.CHUNK])
def test_same_bytes_and_report_as_one_process(
    pool: WorkerPool, mixed: Path, tmp_path: Path, format: str, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "CHUNK", chunk)
    monkeypatch.setattr(chunks, "FIRST_CHUNK", min(chunk, chunks.FIRST_CHUNK))
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
    monkeypatch.setattr(chunks, "CHUNK", 400)
    with WorkerPool(ModelLoader(str(model_folder)), 2) as pool:
        assert pool.reading == tagger.reading
        for format in ("jsonl", "conllu"):
            profile = Profile()
            for name, each in (("one", tagger), ("two", pool)):
                tag_files(each, inputs, output=tmp_path / format / name, format=format, profile=profile)
            assert contents(tmp_path / format / "one") == contents(tmp_path / format / "two")
            assert {"workers: tokenise", "workers: tag", "tag", "write"} <= profile.seconds.keys()
        # A chunk for each 400 characters: the file was indeed cut.
        parts = list(split_item(Job(Path(), "", "text"), Untagged(text, "a"), apart=True))
        assert len(parts) > 5


@pytest.mark.parametrize("format", ["jsonl", "conllu"])
def test_empty_and_long_documents_of_tokens(
    pool: WorkerPool, tmp_path: Path, format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of lines of words, an empty one is an empty document; of columns, a document may have any length."""
    monkeypatch.setattr(chunks, "CHUNK", 200)
    sentences = "".join(f"Ada NN\nmet{number} VB\nBob NN\n\n" for number in range(100))
    (tmp_path / "long.conll").write_text(f"-DOCSTART- O\n\nAda NN\n\n-DOCSTART- O\n\n{sentences}", "utf-8")
    (tmp_path / "lines.txt").write_text("\nAda wins\n\n\n" + "Bob sees Ada " * 300 + "\n\n", "utf-8")
    (tmp_path / "none.txt").write_text("", "utf-8")
    outputs = []
    for each in (RuleTagger(), pool):
        stream = io.StringIO()
        report = tag_files(each, [tmp_path / "long.conll"], stream=stream, format=format)
        lines = tag_files(
            each, [tmp_path / "lines.txt", tmp_path / "none.txt"], stream=stream, format=format, input_format="words"
        )
        outputs.append((facts(report), facts(lines), stream.getvalue()))
    assert outputs[0] == outputs[1]
    assert outputs[1][0][3:6] == (2, 101, 301)
    assert outputs[1][1][3:6] == (6, 6, 902)


def test_memory_is_bounded_by_the_chunks_under_way(pool: WorkerPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "FIRST_CHUNK", 100)
    monkeypatch.setattr(chunks, "CHUNK", 100)
    job = Job(Path("a"), "a", "lines")
    taken = 0

    def found() -> Iterator[tuple[Job, Untagged | End]]:
        nonlocal taken
        for taken in range(200):
            yield job, Untagged("Ada wins " * 12, str(taken))

    tagged = pool.tag(found(), format="jsonl", options=TagOptions(), profile=Profile())
    for done, (_, item) in enumerate(tagged):
        assert isinstance(item, Tagged)
        assert isinstance(item.content, str)  # written by the process, not here
        assert taken - done <= 2 * pools.AHEAD + 1


def test_a_text_that_cannot_be_tokenised_ends_its_file_alone(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Ada\nunreadable\nBob\n")
    (tmp_path / "b.txt").write_text("Bob\n")
    files = [tmp_path / "a.txt", tmp_path / "b.txt"]
    results = []
    with WorkerPool(load_ending, 1) as pool:
        for each in (Ending(), pool):
            stream = io.StringIO()
            results.append((facts(tag_files(each, files, stream=stream, input_format="lines")), stream.getvalue()))
    assert results[0] == results[1]
    assert results[0][0][2] == 1
