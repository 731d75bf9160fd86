"""What several test files share: the sample corpus, and one tiny tagger trained on some of it."""

from __future__ import annotations

import os
import signal
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

if TYPE_CHECKING:
    from bilstm_tagger.settings.schema import Settings
    from bilstm_tagger.tagging.tagger import Tagger

ROOT = Path(__file__).parent.parent
# The same code gets the same examples, so that a suite that passed passes again; `make fuzz` looks for new ones.
# How long an example takes depends on what else the machine does.
hypothesis.settings.register_profile("same", deadline=None, derandomize=True)
hypothesis.settings.register_profile("explore", deadline=None, print_blob=True)
hypothesis.settings.load_profile("same")
# Shells start what runs in the background with Ctrl-C ignored, which the processes of tests would inherit.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def sample() -> Path:
    """The folder of the sample corpus."""
    return ROOT / "data" / "sample"


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of the real corpora; tests that need it are skipped where there is none."""
    folder = Path(os.environ.get("BILSTM_TAGGER_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("no real corpora here; set BILSTM_TAGGER_DATA to their folder")
    return folder


def beginning(source: Path, target: Path, sentences: int) -> Path:
    """Copy the first sentences of a CoNLL-U file."""
    blocks = source.read_text("utf-8").split("\n\n")
    target.write_text("".join(block + "\n\n" for block in islice(blocks, sentences)), "utf-8")
    return target


@pytest.fixture(scope="session")
def tiny_train(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few dozen training sentences with UPOS and NER."""
    return beginning(sample / "en-train.conllu", tmp_path_factory.mktemp("corpus") / "train.conllu", 60)


@pytest.fixture(scope="session")
def tiny_dev(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few development sentences."""
    return beginning(sample / "en-dev.conllu", tmp_path_factory.mktemp("corpus") / "dev.conllu", 20)


@pytest.fixture(scope="session")
def tiny_settings(tiny_train: Path, tiny_dev: Path) -> Settings:
    """Settings that train in a second: names and parts of speech by one small network."""
    from bilstm_tagger.settings.loading import load_settings

    return load_settings("ner", overrides={
        "data": {"train": str(tiny_train), "dev": str(tiny_dev)},
        "tasks": {"ner": {"column": "NER"}, "upos": {"column": "UPOS", "head": "softmax"}},
        "embedder": {"size": 12, "case_size": 3, "characters": {"size": 6, "filters": [8]}},
        "encoder.hidden_size": 16,
        "training": {"epochs": 3, "optimizer": "adamw", "learning_rate": 0.01, "threads": 1},
    })  # fmt: skip


@pytest.fixture(scope="session")
def model_folder(tiny_settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the tiny tagger; to be read, not changed."""
    from bilstm_tagger.training import train

    folder = tmp_path_factory.mktemp("models") / "tiny"
    train(tiny_settings, output=folder)
    return folder


@pytest.fixture(scope="session")
def tagger(model_folder: Path) -> Tagger:
    """The tiny tagger, loaded from its folder."""
    from bilstm_tagger.tagging.tagger import Tagger

    return Tagger.load(model_folder)
