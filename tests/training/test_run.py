"""Training: what it learns, that it can be broken off anywhere, and what it refuses."""

from __future__ import annotations

import json
import logging
import re
import resource
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny import NAMES, sentences, settings_of, write_conll
from torch import Tensor

from bilstm_tagger import plots
from bilstm_tagger.corpus import read_corpus
from bilstm_tagger.corpus.check.splits import STOCK
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import ConfigError, CorpusError, ModelError, TaggerError
from bilstm_tagger.evaluation.evaluate import headline
from bilstm_tagger.nn.model import TaggingModel
from bilstm_tagger.schemes.grammar import Scheme, first_illegal
from bilstm_tagger.schemes.spans import tags_to_spans
from bilstm_tagger.settings.loading import known_settings
from bilstm_tagger.settings.schema import Settings
from bilstm_tagger.tagging.tagger import Tagger
from bilstm_tagger.training import train
from bilstm_tagger.training.data import EncodedCorpus
from bilstm_tagger.training.loop import NotFiniteError
from bilstm_tagger.training.prepare import prepare
from bilstm_tagger.training.progress import Row, best_row
from bilstm_tagger.training.sources import read_sources
from bilstm_tagger.vocab.vectors import read_vectors

NUMBER = {"ner": {"column": 3}}


@pytest.fixture(autouse=True)
def no_plot(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Spares every run its picture, which takes longer than the training; the fixture `real_plot` asks for it."""
    if "real_plot" not in request.fixturenames:
        monkeypatch.setattr(plots, "learning_curves", lambda history, path, best: Path(path).write_bytes(b"\x89PNG"))


@pytest.fixture
def real_plot() -> None:
    """Learning curves are drawn."""


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`train` and `dev` in every scheme: words, parts of speech, entities; and vectors of most words."""
    folder = tmp_path_factory.mktemp("corpora")
    for scheme in (Scheme.BIO, Scheme.IOB1, Scheme.IOBES, Scheme.BMES, Scheme.BILOU):
        write_conll(folder / f"train.{scheme}.conll", sentences(22), scheme)
        write_conll(folder / f"dev.{scheme}.conll", sentences(8, seed=1), scheme)
    words = ["the", "boat", "left", "in", "river", "fell", "ada", "turin", "swan", "."]
    rng = np.random.default_rng(0)
    rows = (f"{word} {' '.join(map(str, rng.normal(size=5).round(3)))}\n" for word in words)
    (folder / "vectors.txt").write_text("".join(rows))
    return folder


@pytest.fixture
def settings(corpora: Path) -> Callable[..., Settings]:
    def make(scheme: Scheme = Scheme.BIO, **overrides: Any) -> Settings:
        data = {"train": str(corpora / f"train.{scheme}.conll"), "dev": str(corpora / f"dev.{scheme}.conll")}
        return settings_of(**{"data": data, "embedder__quantization": "float32", **overrides})

    return make


class Recorder:
    """Hears of everything, and breaks off when told to."""

    def __init__(self, *, stop_step: int | None = None, stop_epoch: int | None = None) -> None:
        self.steps: list[dict[str, Any]] = []
        self.epochs: list[dict[str, Any]] = []
        self.stop_step = stop_step
        self.stop_epoch = stop_epoch

    def step(self, **values: Any) -> None:
        self.steps.append(values)
        if values["step"] == self.stop_step:
            raise KeyboardInterrupt

    def epoch(self, row: dict[str, Any]) -> None:
        self.epochs.append(dict(row))
        if row["epoch"] == self.stop_epoch:
            raise KeyboardInterrupt


def weights(tagger: Tagger) -> dict[str, Tensor]:
    return tagger.runtime.model.state_dict()


def same_weights(one: Tagger, other: Tagger) -> bool:
    """Whether every number agrees to the last bit."""
    mine, theirs = weights(one), weights(other)
    return mine.keys() == theirs.keys() and all(torch.equal(mine[name], theirs[name]) for name in mine)


def timeless(history: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: row[key] for key in ("epoch", "loss", "dev", "score", "best", "learning_rate")} for row in history]


def interrupt(settings: Settings, output: Path, *, resume: bool = True, **stop: int) -> None:
    with pytest.raises(KeyboardInterrupt):
        train(settings, output=output, resume=resume, progress=Recorder(**stop))


# --- what it learns -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "optimizer", [{"training__learning_rate": 0.1}, {"training__optimizer": "adamw", "training__learning_rate": 0.03}]
)
def test_it_learns(settings: Callable[..., Settings], tmp_path: Path, optimizer: dict[str, Any]) -> None:
    recorder = Recorder()
    data = {"train": str(write_conll(tmp_path / "train.conll", sentences(80))), "dev": settings().data.dev}
    chosen = settings(data=data, training__epochs=7, encoder__dropout=0.1, embedder__dropout=0.1, **optimizer)
    tagger = train(chosen, output=tmp_path / "model", progress=recorder)
    assert tagger.metrics["dev"]["ner"] > 0.8
    document = tagger(["Ada", "Lovel", "left", "Turin", "."])
    assert [(span.text, span.label) for span in document.spans] == [("Ada Lovel", "PER"), ("Turin", "LOC")]
    losses = [row["loss"] for row in recorder.epochs]
    assert losses[-1] < losses[0] / 2
    dev = read_corpus(str(chosen.data.dev), {"ner": 3})
    for gold in dev:
        gold.schemes["ner"] = Scheme.BIO
    assert headline(dev, list(Tagger.load(tmp_path / "model", precision="float32").pipe(dev)), "ner") == pytest.approx(
        tagger.metrics["dev"]["ner"], abs=0.05
    )


@pytest.mark.usefixtures("real_plot")
def test_the_model_folder_and_what_progress_hears(settings: Callable[..., Settings], tmp_path: Path) -> None:
    recorder = Recorder()
    chosen = settings(training__epochs=3)
    tagger = train(chosen, output=tmp_path / "model", progress=recorder)
    assert {path.name for path in (tmp_path / "model").iterdir()} == {
        *("config.json", "vocab.json", "model.safetensors", "metrics.json", "README.md"),
        *("metrics.jsonl", "learning_curves.png", "calibration.json"),
    }
    assert (tmp_path / "model" / "learning_curves.png").read_bytes()[:4] == b"\x89PNG"
    lines = [json.loads(line) for line in (tmp_path / "model" / "metrics.jsonl").read_text().splitlines()]
    assert lines == recorder.epochs == tagger.metrics["history"]
    assert [row["epoch"] for row in lines] == [1, 2, 3]
    assert [row["averaged"] for row in lines] == [False, True, True]
    assert [row["best"] for row in lines] == [
        lines[0]["score"],
        lines[1]["score"],
        max(row["score"] for row in lines[1:]),
    ]
    assert tagger.metrics["best_epoch"] == 2 + int(np.argmax([row["score"] for row in lines[1:]]))
    assert tagger.metrics["dev"] == lines[tagger.metrics["best_epoch"] - 1]["dev"]
    steps = -(-22 // 4) * 3
    assert [each["step"] for each in recorder.steps] == list(range(1, steps + 1))
    assert {each["steps"] for each in recorder.steps} == {steps}
    assert [each["epoch"] for each in recorder.steps] == [1] * 6 + [2] * 6 + [3] * 6
    rows = {row["role"]: row for row in tagger.info.provenance["data"]}
    assert rows["train"]["sentences"] == 22
    assert rows["train"]["tokens"] == sum(map(len, sentences(22)))
    assert len(rows["dev"]["sha256"]) == 64
    loaded = Tagger.load(tmp_path / "model")
    assert same_weights(loaded, tagger)
    assert known_settings(loaded.info.settings).training == chosen.training
    assert known_settings(loaded.info.settings).tasks == chosen.tasks
    assert known_settings(loaded.info.settings).data.train == "train.BIO.conll", (
        "whose folder it stood in is nobody else's business"
    )
    assert str(tmp_path.parent) not in "".join(path.read_text("utf-8") for path in (tmp_path / "model").glob("*.*[nd]"))
    assert loaded.metrics == tagger.metrics


@pytest.mark.parametrize("scheme", [Scheme.IOB1, Scheme.IOBES, Scheme.BMES, Scheme.BILOU])
@pytest.mark.parametrize("encoding", ["IOBES", "BIO"])
def test_tags_come_back_in_the_scheme_of_the_data(
    settings: Callable[..., Settings], tmp_path: Path, scheme: Scheme, encoding: str
) -> None:
    def run(data_scheme: Scheme) -> Tagger:
        tasks = {"ner": {"column": 3, "encoding": encoding, "head": "softmax" if encoding == "BIO" else "crf"}}
        return train(settings(data_scheme, tasks=tasks, training__epochs=3), output=tmp_path / data_scheme)

    tagger, bio = run(scheme), run(Scheme.BIO)
    assert tagger.schemes == {"ner": scheme}
    assert same_weights(tagger, bio), "the scheme of the file is no matter to the network"
    texts = [[word for word, _ in sentence] for sentence in sentences(12, seed=2)]
    for mine, theirs in zip(tagger.pipe(texts), bio.pipe(texts), strict=True):
        assert first_illegal(mine.tags["ner"], scheme) is None
        assert tags_to_spans(mine.tags["ner"], scheme) == tags_to_spans(theirs.tags["ner"], Scheme.BIO)


def test_dev_is_held_to_the_scheme_of_train(settings: Callable[..., Settings], corpora: Path, tmp_path: Path) -> None:
    chosen = settings(data={"train": str(corpora / "train.IOBES.conll"), "dev": str(corpora / "dev.BIO.conll")})
    with pytest.raises(CorpusError, match=r"dev\.BIO\.conll:\d+: tag .* IOBES"):
        train(chosen, output=tmp_path / "model")


def test_without_dev_a_tenth_is_set_aside_and_said_so(
    settings: Callable[..., Settings], corpora: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tagger = train(settings(data={"train": str(corpora / "train.BIO.conll")}), output=tmp_path / "model")
    assert "set aside 2 of 22 sentences of train" in caplog.text
    assert [row["sentences"] for row in tagger.info.provenance["data"]] == [20, 2]


@pytest.mark.parametrize(("repeated", "told"), [(0, None), (1, None), (2, "2 of its 10"), (10, "all its")])
def test_a_dev_corpus_that_is_in_train_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, repeated: int, told: str | None
) -> None:
    def corpus(name: str, numbers: range) -> str:
        long = [[(f"w{number}", "O")] * STOCK for number in numbers]
        write_conll(tmp_path / name, [*long, [("Thanks", "O")] * 3])
        return str(tmp_path / name)

    train, dev = corpus("train.conll", range(20)), corpus("dev.conll", range(20 - repeated, 30 - repeated))
    read_sources(settings_of(data={"train": train, "dev": dev}))
    said = f"{dev}: {told} sentences are in train too, so scores on dev tell little of new text"
    assert [line.partition(";")[0] for line in caplog.messages] == ([] if told is None else [said])


def test_short_sentences_count_where_there_is_no_other(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_conll(tmp_path / "a.conll", [[("Thanks", "O")] * 3])
    read_sources(settings_of(data={"train": str(tmp_path / "a.conll"), "dev": str(tmp_path / "a.conll")}))
    assert "all its sentences are in train too" in caplog.text


def test_patience_counts_epochs_without_a_better_score(
    settings: Callable[..., Settings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = iter([0.25, 0.5, 0.5, 0.25, 0.5, 0.75])
    monkeypatch.setattr("bilstm_tagger.training.loop.headline", lambda *_: next(scores))
    monkeypatch.setattr("bilstm_tagger.training.run.round_words", lambda *_: None)
    tagger = train(settings(training__epochs=20, training__patience=3), output=tmp_path / "model")
    assert [row["score"] for row in tagger.metrics["history"]] == [0.25, 0.5, 0.5, 0.25, 0.5]
    assert tagger.metrics["best_epoch"] == 2


@pytest.mark.parametrize(("average_from", "epochs"), [(None, 2), (0.5, 4)])
def test_training_ends_with_the_first_epoch_that_none_can_surpass(
    settings: Callable[..., Settings],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    average_from: float | None,
    epochs: int,
) -> None:
    """Where means of weights count, a perfect score of the weights of a step ends nothing."""
    caplog.set_level(logging.INFO, "bilstm_tagger")
    chosen = settings(training__epochs=6, training__average_from=average_from)
    weights = []
    for goes_on in (False, True):
        scores = iter([0.5, 1.0, 1.0, 1.0, 1.0, 1.0])
        monkeypatch.setattr("bilstm_tagger.training.loop.headline", lambda *_, each=scores: next(each))
        monkeypatch.setattr("bilstm_tagger.training.run.round_words", lambda *_: None)
        if goes_on:
            monkeypatch.setattr("bilstm_tagger.training.loop.Trainer.is_perfect", False)
        tagger = train(chosen, output=tmp_path / f"{goes_on}")
        assert len(tagger.metrics["history"]) == (6 if goes_on else epochs)
        assert tagger.metrics["best_epoch"] == epochs
        weights.append((tmp_path / f"{goes_on}" / "model.safetensors").read_bytes())
        told = f"dev has no error any more: {6 - epochs} epochs were left out"
        assert (told in caplog.text) is not goes_on
        caplog.clear()
    assert weights[0] == weights[1]


# --- vectors --------------------------------------------------------------------------------------------------------


def test_frozen_rows_never_change_and_trained_rows_do(
    settings: Callable[..., Settings], corpora: Path, tmp_path: Path
) -> None:
    path = str(corpora / "vectors.txt")
    tagger = train(
        settings(embedder__vectors=path, embedder__max_pretrained=100, training__average_from=None),
        output=tmp_path / "m",
    )
    vectors = read_vectors(path, words=(), keep=100)
    given = {word: torch.from_numpy(row) for word, row in zip(vectors.words, vectors.table, strict=True)}
    vocab, loaded = tagger.vocab, Tagger.load(tmp_path / "m")
    assert vocab.frozen == ["river", "swan"]
    for word, row in zip(vocab.frozen, loaded.runtime.model.embedder.frozen, strict=True):
        assert torch.equal(row, given[word])
    trained = dict(zip(vocab.trained, loaded.runtime.model.embedder.words.weight, strict=True))
    assert given.keys() - set(vocab.frozen) <= trained.keys()
    assert not any(torch.equal(trained[word], given[word]) for word in given.keys() & trained.keys())
    assert all((trained[word] - given[word]).abs().max() < 0.5 for word in given.keys() & trained.keys())
    assert not trained["<pad>"].any()
    assert loaded.runtime.model.embedder.word_size == 5
    assert loaded.vocab.row("River") >= len(vocab.trained)


def test_low_coverage_is_warned_of(
    settings: Callable[..., Settings], corpora: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "bilstm_tagger")
    tagger = train(settings(embedder__vectors=str(corpora / "vectors.txt")), output=tmp_path / "m")
    words = [word.lower() for sentence in sentences(22) for word, _ in sentence]
    have = {"the", "boat", "left", "in", "fell", "ada", "turin", "."}
    assert tagger.metrics["coverage"] == pytest.approx(sum(word in have for word in words) / len(words))
    assert tagger.metrics["coverage"] < 0.7
    assert "of the training tokens have a vector in" in caplog.text


def test_vectors_with_capitals_cover_the_words_as_written(
    settings: Callable[..., Settings], corpora: Path, tmp_path: Path
) -> None:
    forms = sorted({word for sentence in sentences(22) for word, _ in sentence})
    assert any(map(str.istitle, forms))
    path = tmp_path / "cased.txt"
    path.write_text("".join(f"{form} {number} 1 1 1 1\n" for number, form in enumerate(forms)), "utf-8")
    tagger = train(settings(embedder__vectors=str(path), training__epochs=1), output=tmp_path / "m")
    assert tagger.metrics["coverage"] == 1
    vocab = Tagger.load(tmp_path / "m").vocab
    assert [vocab.trained[vocab.row(form)] for form in forms] == forms


# --- broken off and continued ---------------------------------------------------------------------------------------

RUNS = {
    "sgd": {"training__average_from": 0.25, "training__momentum": 0.9},
    "plain sgd": {"training__momentum": 0.0, "training__average_from": None},
    "adamw": {
        "training__optimizer": "adamw",
        "training__learning_rate": 0.01,
        "training__average_from": 0.3,
        "training__recase": 0.3,
        "encoder__ensemble_size": 2,
        "head__hidden_size": 6,
        "training__batch_size": 2,
    },
    "patience": {"training__optimizer": "adamw", "training__patience": 2, "training__average_from": 0.0},
}  # fmt: skip


@pytest.mark.parametrize("name", RUNS)
def test_an_interrupted_run_ends_as_an_unbroken_one(
    settings: Callable[..., Settings], corpora: Path, tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "bilstm_tagger")
    chosen = settings(
        embedder__vectors=str(corpora / "vectors.txt"),
        embedder__quantization="int8" if name == "sgd" else "float32",
        tasks={"ner": {"column": 3}, "pos": {"column": 2, "train": str(corpora / "train.IOB1.conll")}},
        training__epochs=4,
        **RUNS[name],
    )  # fmt: skip
    whole = Recorder()
    unbroken = train(chosen, output=tmp_path / "whole", progress=whole)
    steps = whole.steps[-1]["step"]
    epoch = whole.steps[-1]["steps"] // 4
    assert steps == 4 * epoch or name == "patience"

    broken = tmp_path / "broken"
    interrupt(chosen, broken, stop_step=epoch - 1)  # before the first checkpoint
    assert not (broken / "config.json").exists()
    interrupt(chosen, broken, stop_step=epoch + 2)
    assert Tagger.load(broken)(["Ada"]).tasks == ["ner", "pos"]
    interrupt(chosen, broken, stop_epoch=2)  # after the epoch, before its checkpoint
    interrupt(chosen, broken, stop_step=2 * epoch)
    interrupt(chosen, broken, stop_step=2 * epoch + 3)
    resumed = train(chosen, output=broken, resume=True)

    assert [each for each in caplog.messages if "resumed" in each][-1] == "resumed: 2 of 4 epochs are done"
    assert same_weights(resumed, unbroken)
    assert same_weights(Tagger.load(broken), unbroken)
    assert timeless(resumed.metrics["history"]) == timeless(unbroken.metrics["history"])
    assert {path.name for path in broken.iterdir()} == {path.name for path in (tmp_path / "whole").iterdir()}
    for piece in ("model.safetensors", "vocab.json", "config.json"):
        assert (broken / piece).read_bytes() == (tmp_path / "whole" / piece).read_bytes()


def test_a_run_killed_at_any_renaming_can_be_continued(
    settings: Callable[..., Settings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before each renaming the disk is copied as a kill would leave it: the run goes on from every copy."""
    disks: list[Path] = []
    rename = Path.rename

    def watched(self: Path, target: Path) -> Path:
        disks.append(shutil.copytree(tmp_path / "disk", tmp_path / f"copy{len(disks)}"))
        return rename(self, target)

    chosen = settings(training__average_from=0.5)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", watched)
        unbroken = train(chosen, output=tmp_path / "disk" / "model")
    assert len(disks) == 5, "one for the first checkpoint, two for the second, two for the model"
    other = settings(training__seed=9)
    for disk in disks:
        assert any(part in disk.iterdir() for part in (disk / "model", disk / ".model.old"))
        if disk != disks[0]:
            with pytest.raises(ConfigError, match="an interrupted run; --resume continues it"):
                train(chosen, output=disk / "model")
            with pytest.raises(ConfigError, match=r"other settings: training\.seed was 0, is 9"):
                train(other, output=disk / "model", resume=True)
        recorder = Recorder()
        resumed = train(chosen, output=disk / "model", resume=True, progress=recorder)
        assert same_weights(resumed, unbroken)
        assert [row["epoch"] for row in recorder.epochs] == {0: [1, 2], 1: [2], 2: [2], 3: [], 4: []}[disks.index(disk)]
        assert [path.name for path in disk.iterdir()] == ["model"]


def test_the_same_seed_gives_the_same_weights(settings: Callable[..., Settings], tmp_path: Path) -> None:
    one, two = (train(settings(training__seed=3), output=tmp_path / name) for name in ("one", "two"))
    torch.manual_seed(99)
    np.random.default_rng(99)
    other = train(settings(training__seed=4), output=tmp_path / "other")
    assert same_weights(one, two)
    assert not same_weights(one, other)
    assert (tmp_path / "one" / "model.safetensors").read_bytes() == (
        tmp_path / "two" / "model.safetensors"
    ).read_bytes()


def test_an_interruption_before_the_first_epoch_leaves_nothing_to_lose(
    settings: Callable[..., Settings], tmp_path: Path
) -> None:
    interrupt(settings(), tmp_path / "model", resume=False, stop_step=2)
    train(settings(training__seed=7), output=tmp_path / "model")
    assert Tagger.load(tmp_path / "model").info.settings["training"]["seed"] == 7


# --- what it refuses ------------------------------------------------------------------------------------------------


def test_a_finished_model_needs_force(settings: Callable[..., Settings], tmp_path: Path) -> None:
    path = tmp_path / "model"
    first = train(settings(), output=path)
    with pytest.raises(ConfigError, match=r"model: already holds a model; --force replaces it"):
        train(settings(training__seed=1), output=path)
    with pytest.raises(ConfigError, match=r"model: the run is finished, nothing to resume"):
        train(settings(), output=path, resume=True)
    assert same_weights(Tagger.load(path), first)
    second = train(settings(training__seed=1), output=path, force=True)
    assert same_weights(Tagger.load(path), second)
    assert not same_weights(first, second)


def test_a_forced_run_that_breaks_off_early_keeps_the_earlier_model_and_can_be_resumed(
    settings: Callable[..., Settings], tmp_path: Path
) -> None:
    path = tmp_path / "model"
    first = train(settings(), output=path)
    with pytest.raises(KeyboardInterrupt):
        train(settings(training__seed=1), output=path, force=True, progress=Recorder(stop_step=2))
    assert same_weights(Tagger.load(path), first)
    resumed = train(settings(training__seed=1), output=path, resume=True)
    assert same_weights(resumed, train(settings(training__seed=1), output=tmp_path / "fresh"))


def test_an_interrupted_run_needs_resume_or_force(settings: Callable[..., Settings], tmp_path: Path) -> None:
    path = tmp_path / "model"
    interrupt(settings(), path, resume=False, stop_step=8)
    with pytest.raises(ConfigError, match=r"already holds an interrupted run; --resume continues it"):
        train(settings(), output=path)
    changed = settings(training__epochs=3, encoder__hidden_size=5)
    with pytest.raises(ConfigError, match=r"encoder\.hidden_size was 6, is 5; training\.epochs was 2, is 3; --force"):
        train(changed, output=path, resume=True)
    (path / "settings.json").write_text("{")
    with pytest.raises(ConfigError, match=r"settings\.json: missing or damaged"):
        train(settings(), output=path, resume=True)
    tagger = train(changed, output=path, force=True)
    assert len(tagger.metrics["history"]) == 3


@pytest.mark.parametrize("flags", [{}, {"resume": True}, {"force": True}, {"resume": True, "force": True}])
def test_a_folder_with_something_else_is_never_touched(
    settings: Callable[..., Settings], tmp_path: Path, flags: dict[str, bool]
) -> None:
    folder = tmp_path / "letters"
    folder.mkdir()
    (folder / "letter.txt").write_text("dear")
    with pytest.raises(ConfigError, match="holds something else than a model; choose another --output"):
        train(settings(), output=folder, **flags)
    with pytest.raises(ConfigError, match=r"letter\.txt: is a file; choose another place"):
        train(settings(), output=folder / "letter.txt", **flags)
    assert [path.read_text() for path in folder.iterdir()] == ["dear"]


def test_a_checkpoint_of_an_earlier_version_is_refused(settings: Callable[..., Settings], tmp_path: Path) -> None:
    path = tmp_path / "model"
    interrupt(settings(), path, resume=False, stop_step=8)
    state = path / "checkpoint" / "state.json"
    state.write_text(json.dumps({**json.loads(state.read_text()), "best": 0.5}))
    with pytest.raises(ModelError, match=r"checkpoint: the checkpoint cannot be continued: .*'best'; .*--force"):
        train(settings(), output=path, resume=True)


def test_a_damaged_checkpoint_is_named(settings: Callable[..., Settings], tmp_path: Path) -> None:
    path = tmp_path / "model"
    interrupt(settings(), path, resume=False, stop_step=8)
    pieces = sorted((path / "checkpoint").iterdir())
    assert {piece.suffix for piece in pieces} == {".json", ".safetensors"}
    for piece in pieces:
        content = piece.read_bytes()
        for damaged in (content[: len(content) // 2], None):
            piece.unlink() if damaged is None else piece.write_bytes(damaged)
            with pytest.raises(ModelError, match=r"checkpoint: the checkpoint cannot be continued: .*--force"):
                train(settings(), output=path, resume=True)
        piece.write_bytes(content)
    train(settings(), output=path, resume=True)


def poison(monkeypatch: pytest.MonkeyPatch, *, step: int, value: float, where: str) -> None:
    """From a step on the loss, or what comes back from it, is no good number."""
    losses, count = TaggingModel.losses, iter(range(1, 1000))

    def poisoned(self: TaggingModel, batch: Any) -> dict[str, Tensor]:
        found = losses(self, batch)
        if next(count) >= step:
            task = next(iter(found))
            bad = value if where == "loss" else 1.0
            found[task] = found[task] * bad
            if where == "gradient":
                found[task].register_hook(lambda grad: grad * value)
        return found

    monkeypatch.setattr(TaggingModel, "losses", poisoned)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("where", ["loss", "gradient"])
def test_a_loss_that_is_not_finite_names_its_sentences(
    settings: Callable[..., Settings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str, value: float
) -> None:
    batches_seen: list[list[str]] = []
    draw = EncodedCorpus.batch
    # However long the path of the test's folder is, the message is not shortened.
    monkeypatch.chdir(Path(str(settings().data.train)).parent)
    file = Path(str(settings().data.train)).name

    def seen(self: EncodedCorpus, members: Any, cases: Any = None) -> Any:
        batches_seen.append([f"{file}:{line(number)}" for number in sorted(members.tolist())])
        return draw(self, members, cases)

    rows = sentences(22)

    def line(number: int) -> int:
        return 1 + sum(len(sentence) + 1 for sentence in rows[:number])

    with monkeypatch.context() as patch:
        patch.setattr(EncodedCorpus, "batch", seen)
        poison(patch, step=3, value=value, where=where)
        with pytest.raises(NotFiniteError) as caught:
            train(settings(training__batch_size=8, data__train=file), output=tmp_path / "model")
    named = batches_seen[2]
    assert re.fullmatch(
        r"(the loss|the gradient's norm) is (nan|inf) at step 3: lower training\.learning_rate \(0\.\d+ now\), or look "
        r"at the sentences of the batch: .*", str(caught.value)
    )  # fmt: skip
    assert str(caught.value).split("batch: ")[1] == f"{', '.join(named[:5])} and {len(named) - 5} more"
    train(settings(), output=tmp_path / "model")


def test_the_last_good_state_is_kept_where_the_loss_is_not_finite(
    settings: Callable[..., Settings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = train(settings(training__epochs=3), output=tmp_path / "whole")
    with monkeypatch.context() as patch:
        poison(patch, step=6 + 2, value=float("nan"), where="loss")
        with pytest.raises(NotFiniteError, match=rf"{tmp_path / 'model'} holds the best model so far"):
            train(settings(training__epochs=3), output=tmp_path / "model")
    assert len(Tagger.load(tmp_path / "model").metrics["history"]) == 1
    resumed = train(settings(training__epochs=3), output=tmp_path / "model", resume=True)
    assert same_weights(resumed, whole)


def test_a_full_disk_at_any_file_is_one_line_and_the_run_goes_on(
    settings: Callable[..., Settings], tmp_path: Path
) -> None:
    """Case E3: no file may grow beyond a limit, which the kernel tells as it tells of a full disk."""
    chosen = settings(training__epochs=2)
    whole = train(chosen, output=tmp_path / "whole")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    config, stored = ((tmp_path / "whole" / name).stat().st_size for name in ("config.json", "model.safetensors"))
    for limit in (0, 100, config // 2, config - 1, stored // 2, stored - 1):
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
            with pytest.raises(TaggerError) as caught:
                train(chosen, output=tmp_path / "full", resume=True)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert "\n" not in str(caught.value)
        assert "cannot be written" in str(caught.value)
    assert same_weights(train(chosen, output=tmp_path / "full", resume=True), whole)
    assert not [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_several_threads_give_the_same_weights_and_can_be_resumed(
    settings: Callable[..., Settings], tmp_path: Path
) -> None:
    before = torch.get_num_threads()
    chosen = settings(training__threads=3, training__epochs=3, encoder__hidden_size=40, training__batch_size=16)
    try:
        one, other = (train(chosen, output=tmp_path / name) for name in ("one", "other"))
        interrupt(chosen, tmp_path / "broken", stop_step=5)
        resumed = train(chosen, output=tmp_path / "broken", resume=True)
    finally:
        torch.set_num_threads(before)
    assert same_weights(one, other)
    assert same_weights(one, resumed)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"tasks": {}}, "no task"),
        (
            {"data": {}},
            r"task 'ner' has no training corpus: set `train` under \[data\] or \[tasks.ner\], or give --train",
        ),
        ({"tasks": {"type": {"column": 3}}}, "a task cannot be named 'type'"),
        ({"tasks": {"a.b": {"column": 3}}}, "a task cannot be named 'a.b'"),
    ],
)
def test_settings_that_cannot_be_trained(
    settings: Callable[..., Settings], tmp_path: Path, overrides: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        train(settings(**overrides), output=tmp_path / "model")
    assert not (tmp_path / "model").exists()


# --- several tasks --------------------------------------------------------------------------------------------------


def other_corpus(corpora: Path, folder: Path) -> dict[str, str]:
    """A corpus of its own, of one column of tags, whose words the first lacks in part."""
    paths = {}
    for name, seed in (("train", 5), ("dev", 6)):
        text = "\n\n".join(
            "\n".join(f"{word}x\t{'Y' if word in NAMES['PER'] else 'N'}" for word, _ in sentence)
            for sentence in sentences(9, seed=seed)
        )
        path = folder / f"{name}.other.conll"
        path.write_text(text + "\n")
        paths[name] = str(path)
    return paths


@pytest.mark.parametrize("apart", [False, True])
def test_two_tasks_from_one_corpus_and_from_two(
    settings: Callable[..., Settings], corpora: Path, tmp_path: Path, apart: bool
) -> None:
    other = other_corpus(corpora, tmp_path) if apart else {}
    tasks = {"ner": {"column": 3}, "kind": {"column": 2, "weight": 2.0, **other}}
    recorder = Recorder()
    chosen = settings(tasks=tasks, training__epochs=3)
    tagger = train(chosen, output=tmp_path / "model", progress=recorder)
    assert tagger.tasks == ["ner", "kind"]
    assert tagger.schemes == {"ner": Scheme.BIO, "kind": Scheme.NONE}
    assert recorder.steps[-1]["steps"] == 3 * (6 + (3 if apart else 0))
    assert all(set(row["dev"]) == {"ner", "kind"} for row in recorder.epochs)
    assert all(row["score"] == pytest.approx(sum(row["dev"].values()) / 2) for row in recorder.epochs)
    assert [row["role"] for row in tagger.info.provenance["data"]] == ["train", "dev"] * (2 if apart else 1)
    assert set(tagger.vocab.tags["kind"]) == ({"Y", "N"} if apart else {"X", "VERB", "NOUN", "PUNCT", "PROPN"})
    assert ("Adax" in tagger.vocab.known) == apart
    loaded = Tagger.load(tmp_path / "model")
    texts = [[word for word, _ in sentence] for sentence in sentences(5, seed=3)]
    for mine, theirs in zip(loaded.pipe(texts), tagger.pipe(texts), strict=True):
        assert mine.tags == theirs.tags
        assert set(mine.tags) == {"ner", "kind"}


def test_a_dev_corpus_of_its_own_beside_a_shared_train(
    settings: Callable[..., Settings], corpora: Path, tmp_path: Path
) -> None:
    write_conll(tmp_path / "dev.conll", sentences(3, seed=8))
    prepared = prepare(settings(tasks={"ner": {"column": 3}, "pos": {"column": 2, "dev": str(tmp_path / "dev.conll")}}))
    sizes = {task: len(source.dev[0].sentences) for source in prepared.sources for task in source.tasks}
    assert sizes == {"ner": 8, "pos": 3}


def test_gold_tags_of_dev_stay_as_they_are(settings: Callable[..., Settings], tmp_path: Path) -> None:
    prepared = prepare(settings())
    before = [dict(document.tags) for document in prepared.sources[0].dev]
    assert all(isinstance(document, Document) for document in prepared.sources[0].dev)
    prepared.encode(recase=False)
    assert [document.tags for document in prepared.sources[0].dev] == before


@pytest.fixture(autouse=True, scope="module")
def threads() -> Iterator[None]:
    """Training sets the number of threads for the whole process."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_a_run_is_not_resumed_on_an_edited_corpus(settings: Callable[..., Settings], tmp_path: Path) -> None:
    data = {"train": str(write_conll(tmp_path / "train.conll", sentences(20))), "dev": settings().data.dev}
    interrupt(settings(data=data), tmp_path / "model", resume=False, stop_step=8)
    write_conll(tmp_path / "train.conll", sentences(20, seed=5))
    with pytest.raises(ConfigError, match=r"cannot resume .*files\.train train\.conll was '\w+', is '\w+'"):
        train(settings(data=data), output=tmp_path / "model", resume=True)


def test_the_current_folder_is_refused_before_training(
    settings: Callable[..., Settings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    recorder = Recorder()
    with pytest.raises(TaggerError, match="current folder"):
        train(settings(), output=".", progress=recorder)
    assert not recorder.steps


def test_weights_that_are_means_outrank_a_lucky_step() -> None:
    def row(epoch: int, score: float, *, averaged: bool) -> Row:
        return {"epoch": epoch, "score": score, "averaged": averaged}

    alone = [row(1, 0.5, averaged=False), row(2, 0.9, averaged=False), row(3, 0.9, averaged=False)]
    assert best_row(alone)["epoch"] == 2
    means = [row(4, 0.7, averaged=True), row(5, 0.8, averaged=True), row(6, 0.75, averaged=True)]
    assert best_row([*alone, *means[:1]])["epoch"] == 4
    assert best_row([*alone, *means])["epoch"] == 5


def test_the_loss_is_one_of_sentences_however_many_are_read_at_once(
    settings: Callable[..., Settings], tmp_path: Path
) -> None:
    losses = []
    for batch_size in (2, 8):
        chosen = settings(
            training__epochs=1, training__learning_rate=1e-6, training__batch_size=batch_size, embedder__dropout=0.0
        )
        losses.append(train(chosen, output=tmp_path / str(batch_size)).metrics["history"][0]["loss"])
    assert losses[0] == pytest.approx(losses[1], rel=0.1)
