"""What would fail late is told before the first epoch: cases E10, E13 and E19."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny import sentences, settings_of, untrained, write_conll

from bilstm_tagger.corpus import read_corpus
from bilstm_tagger.errors import ConfigError, TaggerError
from bilstm_tagger.io import memory
from bilstm_tagger.nn import device
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.settings.schema import Settings
from bilstm_tagger.training import foresee, loop, train
from bilstm_tagger.training.data import batch_plan, encode_corpus
from bilstm_tagger.training.pace import Pace
from bilstm_tagger.training.processes import Processes
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
    ("overrides", "copies", "named"),
    [
        ({"encoder__hidden_size": 1 << 20}, 1, "encoder.hidden_size"),
        ({"encoder__layers": 1000}, 1, "encoder.layers"),
        ({"embedder__size": 1 << 20, "encoder__hidden_size": 1}, 1, "embedder.size"),
        ({"head__hidden_size": 1 << 20}, 1, "head.hidden_size"),
        ({"encoder__hidden_size": 20, "training__batch_size": 1000}, 60, "training.batch_size"),
    ],
)
def test_memory_that_is_not_there_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, overrides: dict[str, Any], copies: int, named: str
) -> None:
    """A batch of few sentences is large where these are long."""
    monkeypatch.setattr(foresee, "available_memory", lambda: 400_000)
    write_conll(tmp_path / "train.conll", [sentence * copies for sentence in sentences(220)])
    values = settings_of(data__train=str(tmp_path / "train.conll"), **overrides)
    with pytest.raises(ConfigError, match=rf"would need about [\d,.]+ GB of memory.* lower .*{named}"):
        train(values, output=tmp_path / "model")
    assert not (tmp_path / "model").exists()


def source_of(path: Path, lengths: list[int]) -> Source:
    write_conll(path, [[("a", "O")] * length for length in lengths])
    return Source(["ner"], read_corpus(path, {"ner": 3}), read_corpus(path))


@pytest.mark.parametrize("largest", [4, 16, 100])
@pytest.mark.parametrize("sentences", [3, 90, 321, 700])
def test_the_largest_batch_is_that_of_the_plan(tmp_path: Path, sentences: int, largest: int) -> None:
    """Of a corpus of one pool it is the same in each epoch; of several pools it comes, and no larger one."""
    draw = random.Random(sentences)
    sources = [source_of(tmp_path / "a.conll", [draw.randint(1, 40) for _ in range(sentences)])]
    sources.append(source_of(tmp_path / "b.conll", [50, 2, 3]))
    vocab = untrained(schemes={"ner": Scheme.BIO}).info.vocab
    corpora = [encode_corpus(source.train, vocab, tasks={"ner": Scheme.BIO}) for source in sources]
    batch_size = Pace.of(settings_of(training__batch_size=largest).training, corpora, torch.device("cpu")).batch_size
    found = {
        max(
            len(members) * max(len(corpora[corpus].words[member]) for member in members)
            for corpus, members in batch_plan(corpora, batch_size=batch_size, order=np.random.default_rng(seed))
        )
        for seed in range(20)
    }
    assert foresee._largest_batch(sources, largest) == max(found)


def test_what_is_needed_is_compared_with_what_there_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three sentences in a batch that is as wide as the longest; empty ones are not read."""
    source = source_of(tmp_path / "a.conll", [5, 9, 5])
    assert foresee._largest_batch([source], 2) == 10
    assert foresee._largest_batch([source], 16) == 27
    info = untrained(schemes={"ner": Scheme.BIO}).info
    monkeypatch.setattr(foresee, "numbers_of", lambda info: Counter(encoder=1000, frozen=500))
    monkeypatch.setattr(foresee, "available_memory", lambda: 4 * (5 * 1000 + 500 + 8 * 12 * 27))
    foresee.check_memory(info, [source], settings_of().training)
    monkeypatch.setattr(foresee, "available_memory", lambda: 4 * (5 * 1000 + 500 + 8 * 12 * 27) - 1)
    with pytest.raises(ConfigError, match=r"^training would need .*encoder\.hidden_size, .*_size$"):
        foresee.check_memory(info, [source], settings_of().training)
    monkeypatch.setattr(foresee, "available_memory", lambda: None)
    foresee.check_memory(info, [source], settings_of().training)


@pytest.mark.parametrize(
    ("processes", "encoder", "frozen", "tokens"),
    [
        (Processes(1, 2, 1, 2), 9, 2, 27),  # both on this machine; the best so far is kept once
        (Processes(3, 4, 1, 2), 8, 2, 13),  # on the second of two machines, where nothing is kept
        (Processes(1, 3, 0, 1), 4, 1, 9),
    ],
)
def test_processes_of_one_machine_share_its_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processes: Processes, encoder: int, frozen: int, tokens: int
) -> None:
    info, source = untrained(schemes={"ner": Scheme.BIO}).info, source_of(tmp_path / "a.conll", [5, 9, 5])
    monkeypatch.setattr(foresee, "numbers_of", lambda info: Counter(encoder=1000, frozen=500))
    needed = 4 * (1000 * encoder + 500 * frozen + 8 * 12 * tokens)
    monkeypatch.setattr(foresee, "available_memory", lambda: needed)
    foresee.check_memory(info, [source], settings_of().training, processes)
    monkeypatch.setattr(foresee, "available_memory", lambda: needed - 1)
    told = r"in 2 processes .*or start fewer processes$" if processes.beside > 1 else r"^training would.*_size$"
    with pytest.raises(ConfigError, match=told):
        foresee.check_memory(info, [source], settings_of().training, processes)


def test_each_gpu_has_a_memory_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info, source = untrained(schemes={"ner": Scheme.BIO}).info, source_of(tmp_path / "a.conll", [5, 9, 5])
    monkeypatch.setattr(device, "QUEUED", {"cuda", "cpu"})
    monkeypatch.setattr(foresee, "numbers_of", lambda info: Counter(encoder=1000, frozen=500))
    training = settings_of(training__gpu_batch_factor=1).training
    for number, copies in ((0, 5), (1, 4)):
        needed = 4 * (1000 * copies + 500 + 8 * 12 * 13)
        monkeypatch.setattr(foresee, "available_memory", lambda needed=needed: needed)
        foresee.check_memory(info, [source], training, Processes(number, 2, number, 2))
        monkeypatch.setattr(foresee, "available_memory", lambda needed=needed: needed - 1)
        with pytest.raises(ConfigError, match=r"^training would"):
            foresee.check_memory(info, [source], training, Processes(number, 2, number, 2))


def test_torchrun_tells_how_many_processes_a_machine_has(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"RANK": "5", "WORLD_SIZE": "8", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "4"}.items():
        monkeypatch.setenv(name, value)
    assert vars(Processes.of_environment()) == {"number": 5, "count": 8, "local": 1, "beside": 4}


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
