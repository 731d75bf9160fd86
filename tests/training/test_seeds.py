"""Several seeds: each as a training of its own, what is not trained again, and their mean and deviation."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

import pytest
import torch
from command_line import run
from tiny import sentences, settings_of, write_conll

from bilstm_tagger import plots
from bilstm_tagger.errors import ConfigError, CorpusError
from bilstm_tagger.evaluation.evaluate import evaluate
from bilstm_tagger.settings.schema import Settings
from bilstm_tagger.tagging.tagger import Tagger
from bilstm_tagger.training import train
from bilstm_tagger.training.progress import Silent
from bilstm_tagger.training.run_folder import is_finished
from bilstm_tagger.training.seeds import SeedRun, train_seeds


@pytest.fixture(autouse=True)
def no_plot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plots, "learning_curves", lambda history, path, best: Path(path).write_bytes(b"\x89PNG"))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    data = {"train": str(write_conll(tmp_path / "train.conll", sentences(30)))}
    data["dev"] = str(write_conll(tmp_path / "dev.conll", sentences(12, seed=1)))
    write_conll(tmp_path / "test.conll", sentences(12, seed=2))
    return settings_of(data=data, training__learning_rate=0.1)


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return Tagger.load(folder).runtime.model.state_dict()


def same(one: Path, other: Path) -> bool:
    mine, theirs = weights(one), weights(other)
    return mine.keys() == theirs.keys() and all(torch.equal(mine[name], theirs[name]) for name in mine)


class Stop:
    """Breaks off in the second epoch of the second run."""

    def __init__(self) -> None:
        self.runs = 0

    def step(self, *, epoch: int, **_: Any) -> None:
        if (self.runs, epoch) == (2, 2):
            raise KeyboardInterrupt

    def epoch(self, row: dict[str, Any]) -> None:
        self.runs += row["epoch"] == 1


class Epochs(Silent):
    """Counts epochs."""

    def __init__(self) -> None:
        self.heard: list[int] = []

    def epoch(self, row: dict[str, Any]) -> None:
        self.heard.append(row["epoch"])


def test_each_seed_is_a_training_of_its_own(settings: Settings, tmp_path: Path) -> None:
    test = tmp_path / "test.conll"
    scores = train_seeds(settings, seeds=3, output=tmp_path / "runs", test=test)
    assert [run.folder.name for run in scores.runs] == ["seed-0", "seed-1", "seed-2"]
    alone = settings.model_copy(update={"training": settings.training.model_copy(update={"seed": 2})})
    train(alone, output=tmp_path / "alone")
    assert same(tmp_path / "alone", tmp_path / "runs" / "seed-2")
    assert not same(tmp_path / "alone", tmp_path / "runs" / "seed-1")
    expected = [evaluate(Tagger.load(run.folder), test).tasks["ner"].headline for run in scores.runs]
    assert scores.values("test", "ner") == expected
    assert scores.values("dev", "ner") == [
        json.loads((run.folder / "metrics.json").read_text())["dev"]["ner"] for run in scores.runs
    ]
    stored = json.loads((tmp_path / "runs" / "seeds.json").read_text())
    assert stored["summary"]["test"]["ner"]["mean"] == pytest.approx(sum(expected) / 3)
    assert stored["summary"]["test"]["ner"]["deviation"] == pytest.approx(statistics.stdev(expected))
    assert [row["seed"] for row in stored["runs"]] == [0, 1, 2]
    done = run("evaluate", test, "--model", tmp_path / "runs", "--json", tmp_path / "scores.json")
    assert done.exit_code == 0, done.stderr
    again = json.loads((tmp_path / "scores.json").read_text("utf-8"))
    assert again["summary"]["test"] == stored["summary"]["test"]
    assert f"{100 * sum(expected) / 3:.2f}" in done.stdout
    assert f"{100 * statistics.stdev(expected):.2f}" in done.stdout
    one = run("evaluate", test, "--model", tmp_path / "runs", "--errors", tmp_path / "e.html")
    assert (one.exit_code, "and --errors is of one; name one, such as" in one.stderr) == (1, True)
    other = run("predict", "--text", "Rain.", "--model", tmp_path / "runs")
    assert (other.exit_code, f"name one, such as {tmp_path / 'runs' / 'seed-0'}" in other.stderr) == (1, True)
    card = (scores.runs[1].folder / "README.md").read_text("utf-8")
    assert "| task | dev | test.conll |" in card
    assert f"| {100 * expected[1]:.2f} |" in card


def test_a_run_broken_off_goes_on_where_it_was(settings: Settings, tmp_path: Path) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    test = tmp_path / "test.conll"
    expected = train_seeds(settings, seeds=3, output=whole, test=test)
    with pytest.raises(KeyboardInterrupt):
        train_seeds(settings, seeds=3, output=broken, test=test, progress=Stop())
    assert is_finished(broken / "seed-0")
    assert not is_finished(broken / "seed-1")
    written = (broken / "seed-0" / "model.safetensors").stat().st_mtime_ns
    heard: list[SeedRun] = []
    epochs = Epochs()
    found = train_seeds(settings, seeds=3, output=broken, test=test, resume=True, progress=epochs, report=heard.append)
    assert [run.trained for run in heard] == [False, True, True]
    assert epochs.heard == [2, 1, 2]  # the second seed goes on after its first epoch
    assert (broken / "seed-0" / "model.safetensors").stat().st_mtime_ns == written
    assert found.to_json() == expected.to_json()
    assert all(same(whole / f"seed-{seed}", broken / f"seed-{seed}") for seed in range(3))


def test_further_seeds_and_another_test_train_nothing_again(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = train_seeds(settings, seeds=1, output=tmp_path / "runs")
    assert first.parts == ["dev"]
    assert first.deviation("dev", "ner") is None
    heard: list[SeedRun] = []
    test = tmp_path / "test.conll"
    both = train_seeds(settings, seeds=2, output=tmp_path / "runs", test=test, resume=True, report=heard.append)
    assert [run.trained for run in heard] == [False, True]
    assert both.values("dev", "ner")[0] == first.values("dev", "ner")[0]
    monkeypatch.setattr(Tagger, "load", None)  # scores that are known are not measured again
    assert train_seeds(settings, seeds=2, output=tmp_path / "runs", test=test, resume=True) == both


@pytest.mark.parametrize("way", ["resume", "force"])
def test_seeds_of_an_earlier_run_are_told_of(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture, way: str
) -> None:
    folder = tmp_path / "runs"
    train_seeds(settings, seeds=3, output=folder)
    assert "earlier" not in caplog.text
    train_seeds(settings, seeds=3, output=folder, resume=True)
    assert "earlier" not in caplog.text
    (folder / "seed-x").mkdir()
    train_seeds(settings, seeds=2, output=folder, **{way: True})  # type: ignore[arg-type]
    told = "holds seed-2 too, of an earlier run: left as it is, and not in seeds.json; `evaluate --model` of this"
    assert f"{folder}: {told}" in caplog.text
    assert (folder / "seed-2" / "config.json").is_file()
    assert [row["seed"] for row in json.loads((folder / "seeds.json").read_text())["runs"]] == [0, 1]


def test_nothing_is_lost_and_nothing_is_mixed(settings: Settings, tmp_path: Path) -> None:
    output = tmp_path / "runs"
    train_seeds(settings, seeds=1, output=output)
    with pytest.raises(ConfigError, match=r"already holds seed-0; --resume trains what is missing, --force"):
        train_seeds(settings, seeds=2, output=output)
    other = settings.model_copy(update={"encoder": settings.encoder.model_copy(update={"hidden_size": 7})})
    with pytest.raises(ConfigError, match=r"seed-0: was trained with other settings: encoder.hidden_size was 6, is 7"):
        train_seeds(other, seeds=2, output=output, resume=True)
    train_seeds(other, seeds=1, output=output, force=True)
    assert Tagger.load(output / "seed-0").info.network.encoder.hidden_size == 7
    write_conll(tmp_path / "train.conll", sentences(31))
    with pytest.raises(ConfigError, match=r"train.conll has another content"):
        train_seeds(other, seeds=2, output=output, resume=True)
    with pytest.raises(ConfigError, match="holds one model, not one per seed"):
        train_seeds(settings, seeds=2, output=output / "seed-0")
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="is a file"):
        train_seeds(settings, seeds=2, output=tmp_path / "file")
    with pytest.raises(ConfigError, match="at least one"):
        train_seeds(settings, seeds=0, output=tmp_path / "none")


def test_a_test_file_that_cannot_be_read_is_refused_before_training(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "bad.conll").write_text("one B-PER\ntwo three I-PER\n")
    for name in ("bad.conll", "missing.conll"):
        with pytest.raises(CorpusError, match=name):
            train_seeds(settings, seeds=2, output=tmp_path / "runs", test=tmp_path / name)
    assert not (tmp_path / "runs").exists()


SMALL = [
    *("embedder.size=4", "encoder.hidden_size=4", "training.threads=1", "training.epochs=1"),
    *("training.optimizer=sgd", "head.hidden_size=0"),
]


def test_the_command(settings: Settings, tmp_path: Path) -> None:
    given = ["train", str(settings.data.train), *(part for key in SMALL for part in ("--set", key))]
    test = tmp_path / "test.conll"
    done = run(*given, "--seeds", "2", "--seed", "3", "--test", test, "--output", tmp_path / "runs")
    assert done.exit_code == 0, done.stderr
    rows = [line.split() for line in done.stdout.splitlines() if line.split()[:1] == ["ner"]]
    stored = json.loads((tmp_path / "runs" / "seeds.json").read_text())
    for row, part in zip(rows, ("dev", "test"), strict=True):
        values = [each["scores"][part]["ner"] for each in stored["runs"]]
        shown = [statistics.mean(values), statistics.stdev(values), *values]
        assert row == ["ner", part, *(f"{100 * value:.2f}" for value in shown)]
    assert "seed 4 (2 of 2): dev: ner" in done.stderr
    again = run(*given, "--seeds", "2", "--seed", "3", "--output", tmp_path / "runs", "--resume")
    assert "seed 3 (1 of 2, finished before): dev: ner" in again.stderr
    one = run(*given, "--test", test, "--output", tmp_path / "one")
    header = next(line for line in one.stdout.splitlines() if "measure" in line)
    assert header.split() == ["task", "scheme", "measure", "dev", "test"]
    assert json.loads((tmp_path / "one" / "metrics.json").read_text())["test_scores"][0]["file"] == "test.conll"
    refused = run(*given, "--folds", "2", "--seeds", "2")
    assert refused.exit_code == 2
    assert "--seeds need one" in " ".join(refused.stderr.replace("│", " ").split())
