"""Processes that have models, without a server around them."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest

from bilstm_tagger.errors import ModelError
from bilstm_tagger.files import ModelLoader
from bilstm_tagger.files.process import NotBegunError
from bilstm_tagger.integrations.server.work import Job, TagTexts, TagUploads, done
from bilstm_tagger.integrations.server.workers import ProcessWorkers, ThreadWorkers
from bilstm_tagger.tagging.tagger import Tagger


def test_a_process_does_what_is_done_here_and_can_be_replaced(tagger: Tagger, tmp_path: Path, named: str) -> None:
    tagger.save(tmp_path / "mine")
    tagger = Tagger.load(tmp_path / "mine")
    others = set(multiprocessing.active_children())
    half = "\ud800"
    work: list[list[Job]] = [
        [TagTexts("mine", [named, ""], probabilities=True, alternatives=2), TagTexts("mine", ["a"], alternatives=1)],
        [TagTexts("mine", [half])],
        [TagUploads("mine", [("a.txt", b"Ada came."), ("b.png", b"")], None, False, 0.5, 0, 1_000)],
        [TagUploads("mine", [("a.txt", b"Ada came.")], "conll", False, 0.0, 0, 5)],
    ]
    here = [done({"mine": tagger}, jobs) for jobs in work]
    assert [type(each.answers[0]).__name__ for each in here] == ["bytes", "TaggerError", "bytes", "TooLongError"]
    with ProcessWorkers({"mine": ModelLoader(str(tmp_path / "mine"), threads=1)}, 1) as workers:
        (worker,) = workers.all
        assert workers.models == ThreadWorkers({"mine": tagger}).models
        (process,) = set(multiprocessing.active_children()) - others
        assert list(workers.memory()) == [process.pid]
        for jobs, expected in zip(work, here, strict=True):
            found = worker.do(jobs)
            assert list(map(str, found.answers)) == list(map(str, expected.answers))
            assert (found.tokens, found.batches) == (expected.tokens, expected.batches)

        process.kill()
        process.join()
        with pytest.raises(NotBegunError):
            worker.do(work[0])
        other = workers.replaced(worker)
        assert list(workers.all) == [other]
        assert other.do(work[0]).answers == here[0].answers
    assert set(multiprocessing.active_children()) <= others


def test_a_model_that_cannot_be_loaded_leaves_no_process() -> None:
    others = set(multiprocessing.active_children())
    with pytest.raises(ModelError, match="no such model folder"):
        ProcessWorkers({"mine": ModelLoader("missing")}, 1)
    assert set(multiprocessing.active_children()) <= others
