"""Dev and test files that cannot tell anything are told."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny import sentences, settings_of, write_conll

from bilstm_tagger import plots
from bilstm_tagger.training import train
from bilstm_tagger.training.held_out import score_on_test


def test_files_without_a_span_are_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plots, "learning_curves", lambda history, path, best: Path(path).write_bytes(b"\x89PNG"))
    data = write_conll(tmp_path / "train.conll", sentences(20))
    bare = tmp_path / "bare.conll"
    lines = data.read_text("utf-8").splitlines()
    bare.write_text("".join(f"{line.split()[0]} O\n" if line else "\n" for line in lines), "utf-8")
    settings = settings_of(data__train=str(data), data__dev=str(data), training__epochs=1)
    tagger = train(settings, output=tmp_path / "model")
    score_on_test(tagger, data, folder=tmp_path / "model")
    assert "no span" not in caplog.text
    assert score_on_test(tagger, bare, folder=tmp_path / "model") == {"ner": 0.0}
    assert "bare.conll: ner: gold has no span, so there is nothing to find" in caplog.text
    caplog.clear()
    train(settings_of(data__train=str(data), data__dev=str(bare), training__epochs=1), output=tmp_path / "other")
    assert "ner: dev has no span to find, so its F1 is 0 in every epoch and cannot tell the best" in caplog.text
