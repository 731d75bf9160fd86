"""What would fail late is told before the first epoch: cases E10, E13 and E19."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from tiny import sentences, settings_of, untrained, write_conll

from bilstm_tagger.corpus import read_corpus
from bilstm_tagger.errors import ConfigError, TaggerError
from bilstm_tagger.io import memory
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.settings.schema import Settings
from bilstm_tagger.training import foresee, loop, train
from bilstm_tagger.training.sources import Source

ROOT = Path(__file__).parents[2]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    write_conll(tmp_path / "train.conll", sentences(22))
    return settings_of(data__train=str(tmp_path / "train.conll"))


@pytest.fixture(autouse=True)
def no_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test here may get as far as training."""

    def stepped(*_: object) -> None:
        raise AssertionError("training began")

    monkeypatch.setattr(loop.Trainer, "_step", stepped)


@pytest.mark.parametrize(
    "overrides",
    [
        {},
        {"encoder__type": "gru", "encoder__layers": 2, "encoder__direction": "forward"},
        {"encoder__type": "cnn", "encoder__width": 3},
        {"encoder__ensemble_size": 3, "head__hidden_size": 5, "embedder__characters": None, "embedder__case_size": 0},
    ],
)
def test_numbers_are_counted_without_a_network(overrides: dict[str, Any]) -> None:
    tagger = untrained(settings_of(**overrides), schemes={"ner": Scheme.BIO})
    counts = foresee.numbers_of(tagger.info)
    model = tagger.runtime.model  # type: ignore[attr-defined]
    assert counts.pop("frozen") == model.embedder.frozen.numel() > 0
    assert sum(counts.values()) == sum(weight.numel() for weight in model.parameters())
    assert counts["embedder"] == sum(weight.numel() for weight in model.embedder.parameters())


@pytest.mark.parametrize(
    ("overrides", "named"),
    [
        ({"encoder__hidden_size": 1 << 20}, "encoder.hidden_size"),
        ({"encoder__layers": 1000}, "encoder.layers"),
        ({"embedder__size": 1 << 20, "encoder__hidden_size": 1}, "embedder.size"),
        ({"head__hidden_size": 1 << 20}, "head.hidden_size"),
        ({"encoder__hidden_size": 20, "training__batch_size": 1000}, "training.batch_size"),
    ],
)
def test_memory_that_is_not_there_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, overrides: dict[str, Any], named: str
) -> None:
    monkeypatch.setattr(foresee, "available_memory", lambda: 400_000)
    write_conll(tmp_path / "train.conll", sentences(220))
    values = settings_of(data__train=str(tmp_path / "train.conll"), **overrides)
    with pytest.raises(ConfigError, match=rf"would need about [\d,.]+ GB of memory.* lower .*{named}"):
        train(values, output=tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_the_largest_batch_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two sentences of 5 and one of 9 tokens; a batch of two is as wide as the longest."""
    write_conll(tmp_path / "a.conll", [[("a", "O")] * 5, [("a", "O")] * 9, [("a", "O")] * 5])
    source = Source(["ner"], read_corpus(tmp_path / "a.conll", {"ner": 3}), read_corpus(tmp_path / "a.conll"))
    assert foresee._largest_batch([source], 2) == 18
    assert foresee._largest_batch([source], 16) == 27
    info = untrained(schemes={"ner": Scheme.BIO}).info
    monkeypatch.setattr(foresee, "numbers_of", lambda info: Counter(encoder=1000, frozen=500))
    monkeypatch.setattr(foresee, "available_memory", lambda: 4 * (5 * 1000 + 500 + 8 * 12 * 27))
    foresee.check_memory(info, [source], settings_of().training)
    monkeypatch.setattr(foresee, "available_memory", lambda: 4 * (5 * 1000 + 500 + 8 * 12 * 27) - 1)
    with pytest.raises(ConfigError, match=r"encoder\.hidden_size"):
        foresee.check_memory(info, [source], settings_of().training)
    monkeypatch.setattr(foresee, "available_memory", lambda: None)
    foresee.check_memory(info, [source], settings_of().training)


def test_the_limit_of_a_container_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = memory.available_memory()
    assert free is None or 1e6 < free < 1e15
    monkeypatch.setattr(memory, "_GROUP", tmp_path)
    (tmp_path / "memory.max").write_text("9000\n")
    (tmp_path / "memory.current").write_text("2000\n")
    assert memory.available_memory() == 7000
    (tmp_path / "memory.max").write_text("max\n")
    assert memory.available_memory() != 7000


def test_a_disk_too_small_for_model_and_checkpoints(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(foresee.shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 10, 1000))  # type: ignore[attr-defined]
    with pytest.raises(ConfigError, match=r"model and checkpoints need about \d+ MB, and 0 MB are free"):
        train(settings, output=tmp_path / "model")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="rights do not hold here")
def test_a_folder_without_rights(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o500)
    with pytest.raises(ConfigError, match="cannot be written: Permission denied"):
        train(settings, output=tmp_path / "closed" / "model")


@pytest.mark.parametrize("place", ["/proc/model", "/dev/null/model", "/"])
def test_a_place_where_nothing_can_be_written(settings: Settings, place: str) -> None:
    with pytest.raises(TaggerError, match=r"cannot be written|is the current folder or one around it|holds something"):
        train(settings, output=place)


@pytest.mark.parametrize("name", ["spacy:xx_no", "spacy:", "nonsense", ""])
def test_a_tokenizer_that_there_is_not(settings: Settings, tmp_path: Path, name: str) -> None:
    values = settings_of(data__train=settings.data.train, data__tokenizer=name)
    with pytest.raises(ConfigError, match=r"no tokenizer .*: give characters, whitespace or spacy:.* de, .* zh"):
        train(values, output=tmp_path / "model")


def test_half_a_character_in_what_the_model_tells(settings: Settings, tmp_path: Path) -> None:
    values = settings.model_copy(update={"notes": "\ud800"})
    with pytest.raises(ConfigError, match="could not be stored as JSON"):
        train(values, output=tmp_path / "model")


def test_training_from_a_copied_folder_without_metadata(settings: Settings, tmp_path: Path) -> None:
    """Case E19: the version is known without an installed package."""
    copy = tmp_path / "copy"
    shutil.copytree(ROOT / "bilstm_tagger", copy / "bilstm_tagger", ignore=shutil.ignore_patterns("__pyc*"))
    hide = (
        "import importlib.metadata as m, sys; find = m.Distribution.from_name\n"
        "def hidden(name):\n"
        "    if name.replace('_', '-') == 'bilstm-tagger': raise m.PackageNotFoundError(name)\n"
        "    return find(name)\n"
        "m.Distribution.from_name = hidden\n"
        "import bilstm_tagger.cli as cli; assert 'copy' in cli.__file__; cli.main()\n"
    )
    command = [
        sys.executable, "-c", hide, "train", "--train", str(settings.data.train), "--column", "3", "--epochs", "1",
        "--output", str(tmp_path / "model"), "--set", "encoder.hidden_size=4", "--set", "training.threads=1",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "model" / "config.json").is_file()
