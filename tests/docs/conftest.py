"""What the pages take for granted: the sample corpus, a model, and the reader's own files."""

from __future__ import annotations

import gzip
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pages import ROOT, blocks_of
from small_runs import Trainings, shrink_measurements, small

import bilstm_tagger
import bilstm_tagger.integrations.spacy_component  # as the entry point does, where the installation is older than it
from bilstm_tagger import training
from bilstm_tagger.curation import reviewing
from bilstm_tagger.files import find_jobs
from bilstm_tagger.model_folder.find import find_folder
from bilstm_tagger.settings.loading import load_settings
from bilstm_tagger.training import folds, run, seeds, sweep

_CONLL = "".join(
    f"{word}\t{tag}\n" if word else "\n"
    for word, tag in [
        *[("Ada", "B-PER"), ("Lovelace", "I-PER"), ("wrote", "O"), (".", "O"), ("", "")],
        *[("Rain", "O"), ("fell", "O"), ("on", "O"), ("Leeds", "B-LOC"), (".", "O"), ("", "")],
        *[("The", "O"), ("Royal", "B-ORG"), ("Society", "I-ORG"), ("met", "O"), (".", "O"), ("", "")],
    ]
)
_RECORDS = [
    {"text": "Regen fiel auf Ulm.", "labels": [[15, 18, "LOC"]]},
    {"text": "Ada kam.", "labels": [[0, 3, "PER"]]},
]


@pytest.fixture(scope="session")
def material(tmp_path_factory: pytest.TempPathFactory, sample: Path, tiny_train: Path, model_folder: Path) -> Path:
    """A folder with everything that the pages take for granted."""
    folder = tmp_path_factory.mktemp("material")
    shutil.copytree(sample, folder / "data" / "sample")
    shutil.copy(tiny_train, folder / "data" / "sample" / "en-train.conllu")  # enough to see that it runs
    blocks = (sample / "zh-train.conll").read_text("utf-8").split("\n\n")
    (folder / "data" / "sample" / "zh-train.conll").write_text("\n\n".join(blocks[:40]) + "\n\n", "utf-8")
    shutil.copytree(model_folder, folder / "models" / "mine")
    (folder / "mails" / "2024").mkdir(parents=True)
    for name in ("notes.txt", "tweets.txt", "mails/a.txt", "mails/2024/b.txt"):
        (folder / name).write_text("Rain fell on Leeds.\r\nAda Lovelace was late.\r\n", "utf-8", newline="")
    for name in ("train", "dev", "test", "names-train", "names-dev"):
        (folder / f"{name}.conll").write_text(_CONLL * 10, "utf-8")
    for name in ("train", "valid", "test"):
        (folder / f"{name}.txt").write_text(_CONLL * 10, "utf-8")
    for source, names in {
        "train": ("train", "more", "ewt-train"),
        "dev": ("ewt-dev", "my-dev"),
    }.items():
        for name in names:
            text = (folder / "data" / "sample" / f"en-{source}.conllu").read_text("utf-8")
            (folder / f"{name}.conllu").write_text(text.replace("\tNOUN\t_\t", "\tNOUN\tNN\t"), "utf-8")
    (folder / "doccano.jsonl").write_text("\n".join(map(json.dumps, _RECORDS * 10)), "utf-8")
    settings = blocks_of(ROOT / "docs" / "guides" / "settings.md")
    (folder / "experiment.toml").write_text(next(block.code for block in settings if block.file), "utf-8")
    (folder / "people.txt").write_text("Ada Lovelace\n", "utf-8")
    (folder / "places.txt").write_text("Leeds\n", "utf-8")
    with gzip.open(folder / "glove.6B.100d.txt.gz", "wt", encoding="utf-8") as stream:
        stream.writelines(f"{word} {' '.join(['0.1'] * 8)}\n" for word in ("rain", "fell", "on", "leeds", ".", "the"))
    return folder


@pytest.fixture(scope="session")
def trainings(tmp_path_factory: pytest.TempPathFactory) -> Trainings:
    return Trainings(tmp_path_factory.mktemp("trained"))


@pytest.fixture
def place(tmp_path: Path, material: Path, trainings: Trainings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder to run a page in, where trainings are small."""
    shutil.copytree(material, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(training, "train", trainings.train)
    monkeypatch.setattr(bilstm_tagger, "train", trainings.train, raising=False)
    monkeypatch.setattr(bilstm_tagger, "load_settings", load_settings, raising=False)
    cross_validate = folds.cross_validate
    monkeypatch.setattr(folds, "cross_validate", lambda settings, **given: cross_validate(small(settings), **given))
    for module in (seeds, sweep):
        monkeypatch.setattr(module, "train", lambda settings, **given: run.train(small(settings), **given))
    monkeypatch.setattr(find_jobs, "_STDIN_PATH", tmp_path / "stdin")
    review = reviewing.review_by_folds
    monkeypatch.setattr(reviewing, "review_by_folds", lambda settings, **given: review(small(settings), **given))
    shrink_measurements(monkeypatch)
    trainings.own.clear()
    assert find_folder("en").is_dir()
    yield tmp_path
    sys.modules.pop("gated", None)
