"""The benchmark of GPUs: what it says without one, and that its way through the code ends on a CPU too."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from tiny import NAMES, PLAIN, sentences, write_conll

from benchmarks import gpu
from bilstm_tagger import plots
from bilstm_tagger.nn import device


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "conll2003").mkdir()
    (tmp_path / "glove").mkdir()
    write_conll(tmp_path / "conll2003" / "train.txt", sentences(60))
    write_conll(tmp_path / "conll2003" / "valid.txt", sentences(12, seed=1))
    words = [word.lower() for word in (*PLAIN, *NAMES["PER"], "unused")]
    rows = "".join(f"{word} {number} 0.5 -1\n" for number, word in enumerate(words))
    (tmp_path / "glove" / "glove.txt").write_text(rows)
    return tmp_path


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_it_says_so(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gpu.main(["--data", str(data)])
    assert capsys.readouterr().out.startswith("no GPU: ")


def test_a_pack_is_trained_and_tagged_by_the_operations_of_a_gpu(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device, "QUEUED", {"cuda"})
    monkeypatch.setattr(plots, "learning_curves", lambda history, path, best: Path(path).write_bytes(b"PNG"))
    gpu.main(["--data", str(data), "--pack", str(tmp_path / "pack")])
    assert "14 of 15 vectors" in capsys.readouterr().out
    arguments = ["--device", "cpu", "--small", "--presets", "ner", "--grid", "2:0.004"]
    gpu.main(["--data", str(tmp_path / "pack"), *arguments])
    told = capsys.readouterr().out
    runs = re.findall(r"train ner .*tokens/s  2 epochs in [\d.]+ s  whole run [\d.]+ s  dev [\d.]+", told)
    assert len(runs) == 2
    assert "gpu_batch_factor=2 learning_rate=0.004" in runs[1]
    assert told.count("tag lists of words") == 3
