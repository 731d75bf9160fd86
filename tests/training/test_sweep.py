"""Sweeps: what is tried, that a sweep broken off goes on as if it had not been, and what is chosen."""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import optuna
import pytest
import torch
from command_line import run
from tiny import sentences, write_conll

from bilstm_tagger import plots
from bilstm_tagger.errors import ConfigError, TrainingError
from bilstm_tagger.settings.loading import load_settings
from bilstm_tagger.settings.schema import Settings
from bilstm_tagger.tagging.tagger import Tagger
from bilstm_tagger.training import sweep, train
from bilstm_tagger.training.sweep import SweepTrial, run_sweep
from bilstm_tagger.training.sweep_plan import SweepPlan, read_plan

EXPERIMENT = """
[data]
train = "train.conll"
dev = "dev.conll"
[embedder]
size = 6
case_size = 2
[embedder.characters]
size = 4
widths = [2]
filters = [3]
[encoder]
hidden_size = 6
[head]
hidden_size = 0
[training]
epochs = 1
optimizer = "sgd"
threads = 1
"""
GRID = """
[sweep]
method = "grid"
[sweep.settings]
training.learning_rate = [0.1, 0.02]
encoder.hidden_size = { low = 4, high = 8, step = 2 }
"""
RANDOM = """
[sweep]
method = "random"
trials = 6
seed = 1
[sweep.settings]
"training.learning_rate" = { low = 0.001, high = 0.5, log = true }
embedder.characters.filters = [[3], [5]]
embedder.dropout = { low = 0.0, high = 0.5 }
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(plots, "learning_curves", lambda history, path, best: Path(path).write_bytes(b"\x89PNG"))
    write_conll(tmp_path / "train.conll", sentences(24))
    write_conll(tmp_path / "dev.conll", sentences(12, seed=1))
    return tmp_path


def plan_of(text: str, **given: Any) -> SweepPlan:
    Path("sweep.toml").write_text(EXPERIMENT + text)
    return read_plan("sweep.toml", **given)


def score(settings: Settings) -> float:
    """A made-up dev score that settings decide."""
    rate = settings.training.learning_rate
    return round(1 - abs(rate - 0.07) - abs(settings.encoder.hidden_size - 6) / 100 - settings.embedder.dropout / 50, 6)


@pytest.fixture
def no_training(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """Puts a made-up score in the place of each training; the settings that were trained with."""
    heard: list[Settings] = []

    def fake(settings: Settings, *, output: Path, **_: Any) -> Any:
        heard.append(settings)
        if settings.training.learning_rate > 0.45:
            raise TrainingError("the loss is inf at step 3")
        output.mkdir(parents=True)
        (output / "config.json").write_text("{}")
        metrics = {"dev": {"ner": score(settings)}}
        (output / "metrics.json").write_text(json.dumps(metrics))
        return SimpleNamespace(metrics=metrics)

    monkeypatch.setattr(sweep, "train", fake)
    return heard


def test_a_grid_tries_each_combination_once(place: Path, no_training: list[Settings]) -> None:
    result = run_sweep(plan_of(GRID), output=place / "out")
    tried = [(each.training.learning_rate, each.encoder.hidden_size) for each in no_training]
    assert tried == list(itertools.product([0.1, 0.02], [4, 6, 8]))
    assert [trial.score for trial in result.trials] == [score(settings) for settings in no_training]
    assert result.best is not None
    assert result.best.values == {"training.learning_rate": 0.1, "encoder.hidden_size": 6}
    best = load_settings(file=place / "out" / "best.toml")
    assert best == no_training[1]
    assert not best.training.min_steps


def test_values_of_any_kind(place: Path, no_training: list[Settings]) -> None:
    text = GRID.split("training.")[0] + 'embedder.characters.filters = [[3], [5]]\ntraining.patience = ["none", 2]\n'
    result = run_sweep(plan_of(text), output=place / "out")
    assert [(each.embedder.characters.filters, each.training.patience) for each in no_training] == [  # type: ignore[union-attr]
        *(((3,), None), ((3,), 2), ((5,), None), ((5,), 2)),
    ]
    assert result.trials[0].values == {"embedder.characters.filters": [3], "training.patience": None}
    assert load_settings(file=place / "out" / "best.toml") == no_training[0]


def test_a_preset_is_tried_with_all_its_values(place: Path, no_training: list[Settings]) -> None:
    text = "[sweep]\nmethod = 'grid'\n[sweep.settings]\npreset = ['fast', 'ner']\ntasks.ner.weight = [2.0]\n"
    Path("sweep.toml").write_text("preset = 'ner'\n[data]\ntrain = 'train.conll'\n" + text)
    result = run_sweep(read_plan("sweep.toml"), output=place / "out")
    given = {"data.train": "train.conll", "tasks.ner.weight": 2.0}
    assert no_training == [load_settings(name, overrides=given) for name in ("fast", "ner")]
    assert result.best is not None
    best = load_settings(file=place / "out" / "best.toml")
    assert best == no_training[result.best.number]
    assert best.tasks["ner"].head == no_training[result.best.number].tasks["ner"].head
    Path("sweep.toml").write_text(text.replace("'ner']", "'nerr']"))
    with pytest.raises(ConfigError, match=r"sweep\.toml: with preset = 'nerr'.*did you mean 'ner'"):
        read_plan("sweep.toml")


def test_random_values_lie_in_their_ranges(place: Path, no_training: list[Settings]) -> None:
    run_sweep(plan_of(RANDOM, trials=40), output=place / "out")
    rates = sorted(each.training.learning_rate for each in no_training)
    assert 0.001 <= rates[0] < 0.005
    assert 0.1 < rates[-1] <= 0.5
    assert 0.01 < rates[20] < 0.05  # the middle of a logarithmic range
    assert {each.embedder.characters.filters for each in no_training} == {(3,), (5,)}  # type: ignore[union-attr]
    run_sweep(plan_of(RANDOM, trials=5), output=place / "again")
    assert no_training[:5] == no_training[40:]


def test_tpe_is_optunas(place: Path, no_training: list[Settings]) -> None:
    """The values are those of a study of optuna's own in memory, with a sampler seeded by the number of the trial."""
    space = (
        "[sweep.settings]\nembedder.dropout = { low = 0.0, high = 0.5 }\nencoder.hidden_size = { low = 2, high = 9 }\n"
    )
    trials = run_sweep(plan_of(f"[sweep]\ntrials = 14\nseed = 5\n{space}"), output=place / "out").trials
    study = optuna.create_study(direction="maximize")
    for trial, settings in zip(trials, no_training, strict=True):
        seed = np.random.SeedSequence([5, trial.number]).generate_state(1)[0]
        study.sampler = optuna.samplers.TPESampler(seed=int(seed))
        own = study.ask()
        dropout = own.suggest_float("embedder.dropout", 0.0, 0.5)
        assert trial.values == {
            "embedder.dropout": dropout,
            "encoder.hidden_size": own.suggest_int("encoder.hidden_size", 2, 9),
        }
        study.tell(own, score(settings))
    assert len({trial.values["embedder.dropout"] for trial in trials}) == 14


@pytest.mark.parametrize("text", [GRID, RANDOM, RANDOM.replace("random", "tpe")], ids=["grid", "random", "tpe"])
def test_a_sweep_broken_off_tries_what_it_would_have_tried(
    place: Path, no_training: list[Settings], text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_of(text)
    whole = run_sweep(plan, output=place / "whole")
    fake: Callable[..., Any] = sweep.train
    for stop in (1, 3, 4):
        count = itertools.count()

        def broken(settings: Settings, *, output: Path, count: Any = count, stop: int = stop, **given: Any) -> Any:
            if next(count) == stop:
                raise KeyboardInterrupt
            return fake(settings, output=output, **given)

        monkeypatch.setattr(sweep, "train", broken)
        with pytest.raises(KeyboardInterrupt):
            run_sweep(plan, output=place / f"broken-{stop}")
        monkeypatch.setattr(sweep, "train", fake)
        before = len(no_training)
        found = run_sweep(plan, output=place / f"broken-{stop}", resume=True)
        assert [(each.values, each.score) for each in found.trials] == [
            (each.values, each.score) for each in whole.trials
        ]
        assert len(no_training) - before == 6 - stop


def test_a_trial_broken_off_goes_on_after_its_last_epoch(place: Path) -> None:
    plan = plan_of(GRID.replace("[0.1, 0.02]", "[0.1]"), overrides={"training.epochs": 2}, trials=2)

    epochs: list[int] = []

    class Stop:
        def step(self, *, epoch: int, **_: Any) -> None:
            if epoch == 2 and len(epochs) == 3:
                raise KeyboardInterrupt

        def epoch(self, row: dict[str, Any]) -> None:
            epochs.append(row["epoch"])

    whole = run_sweep(plan, output=place / "whole")
    with pytest.raises(KeyboardInterrupt):
        run_sweep(plan, output=place / "broken", progress=Stop())
    epochs.clear()
    found = run_sweep(plan, output=place / "broken", resume=True, progress=Stop())
    assert epochs == [2]
    assert [each.score for each in found.trials] == [each.score for each in whole.trials]
    weights = [
        Tagger.load(folder / "trial-001").runtime.model.state_dict() for folder in (place / "whole", place / "broken")
    ]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
    alone = train(plan.settings(found.trials[1].values), output=place / "alone")
    assert alone.metrics["dev"]["ner"] == found.trials[1].score


def test_a_process_that_ended_between_two_steps(place: Path, no_training: list[Settings]) -> None:
    """A model that was finished but not told is not trained again; a trial without settings is no trial."""
    plan = plan_of(GRID)
    study = sweep._open(place / "out" if (place / "out").mkdir() is None else place, plan)
    study.ask()  # and nothing is drawn
    number = sweep._ask(study, plan)
    assert number == 1
    (place / "out" / "trial-001").mkdir()
    (place / "out" / "trial-001" / "config.json").write_text("{}")
    (place / "out" / "trial-001" / "metrics.json").write_text('{"dev": {"ner": 0.25}}')
    result = run_sweep(plan, output=place / "out", resume=True)
    assert [trial.number for trial in result.trials] == [1, 2, 3, 4, 5, 6]
    assert result.trials[0].score == 0.25
    assert len(no_training) == 5


def test_further_trials(place: Path, no_training: list[Settings]) -> None:
    six = run_sweep(plan_of(RANDOM, trials=6), output=place / "six")
    run_sweep(plan_of(RANDOM, trials=2), output=place / "two")
    heard: list[SweepTrial] = []
    more = run_sweep(plan_of(RANDOM, trials=6), output=place / "two", resume=True, report=heard.append)
    assert [trial.number for trial in heard] == [2, 3, 4, 5]
    assert [trial.score for trial in more.trials] == [trial.score for trial in six.trials]


def test_a_training_that_diverges_is_a_failed_trial(place: Path, no_training: list[Settings]) -> None:
    plan = plan_of(GRID.replace("[0.1, 0.02]", "[0.5, 0.1]"))
    result = run_sweep(plan, output=place / "out")
    assert [trial.score is None for trial in result.trials] == [True] * 3 + [False] * 3
    assert result.trials[0].reason == "the loss is inf at step 3"
    assert result.best is not None
    assert result.best.number == 4
    assert run_sweep(plan, output=place / "out", resume=True).trials == result.trials
    nothing = run_sweep(plan_of(GRID.replace("[0.1, 0.02]", "[0.5]")), output=place / "none")
    assert nothing.best is None
    assert not (place / "none" / "best.toml").exists()


def test_the_same_settings_are_not_trained_twice(place: Path, no_training: list[Settings]) -> None:
    text = RANDOM.split("[sweep.settings]")[0] + "[sweep.settings]\nencoder.hidden_size = [4, 6]\n"
    result = run_sweep(plan_of(text), output=place / "out")
    assert len(result.trials) == 6
    assert len(no_training) == 2
    again = next(trial for trial in result.trials if trial.same_as is not None)
    assert (again.score, again.folder) == (
        result.trials[again.same_as or 0].score,
        result.trials[again.same_as or 0].folder,
    )


def test_several_seeds_per_trial(place: Path) -> None:
    result = run_sweep(plan_of(GRID.replace("[sweep]", "[sweep]\nseeds = 2"), trials=1), output=place / "out")
    scores = [
        json.loads((place / "out" / "trial-000" / f"seed-{seed}" / "metrics.json").read_text())["dev"]["ner"]
        for seed in (0, 1)
    ]
    assert result.trials[0].score == pytest.approx(sum(scores) / 2)


@pytest.mark.parametrize("seeds", [1, 2])
def test_trials_on_other_data_are_not_ranked_together(place: Path, seeds: int) -> None:
    plan = GRID.replace("[sweep]", f"[sweep]\nseeds = {seeds}")
    run_sweep(plan_of(plan, trials=1), output=place / "out")
    write_conll(place / "train.conll", sentences(23))
    for trials in (1, 2):
        message = r"trial-000.*: was trained on other data: train.conll has another content; choose another --output$"
        with pytest.raises(ConfigError, match=message):
            run_sweep(plan_of(plan, trials=trials), output=place / "out", resume=True)
    assert not (place / "out" / "trial-001").exists()
    write_conll(place / "train.conll", sentences(24))
    assert len(run_sweep(plan_of(plan, trials=2), output=place / "out", resume=True).trials) == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no table"),
        ("[sweep]\nmethod='grid'", "sweep.settings: field required"),
        ("[sweep]\ntrials=true\n[sweep.settings]\nencoder.hidden_size = [1]", "sweep.trials: takes neither true"),
        ("[sweep]\ntrials=1\n[sweep.settings]\nembedder.dropout = {low=false, high=1}", "low: takes neither true"),
        ("[sweep]\ntrials=1\n[sweep.settings]\nencoder.hidden_size = [true, 5]", "takes neither true nor false"),
        ("[sweep]\nmethod='grid'\n[sweep.settings]", "names no setting to try"),
        ("[sweep]\nmethod='best'\n[sweep.settings]\nencoder.hidden_size = [1]", "sweep.method: input should be 'grid'"),
        ("[sweep]\n[sweep.settings]\nencoder.hidden_size = [1]", "needs a number of trials"),
        ("[sweep]\ntrials=1\n[sweep.settings]\nencoder.hidden_sizes = [1]", "did you mean 'hidden_size'"),
        ("[sweep]\ntrials=1\n[sweep.settings]\nencoder.hidden_size = [1, 'x']", "with encoder.hidden_size = 'x'"),
        ("[sweep]\ntrials=1\n[sweep.settings]\nencoder.hidden_size = []", "is an empty list"),
        ("[sweep]\ntrials=1\n[sweep.settings]\nencoder.hidden_size = [1, 1]", "names a value twice"),
        ("[sweep]\ntrials=1\n[sweep.settings]\nencoder.hidden_size = 5", "write a list of values, or a range"),
        ("[sweep]\ntrials=1\n[sweep.settings]\nencoder.hidden_size = {low = 5}", "hidden_size: high: field required"),
        ("[sweep]\ntrials=1\n[sweep.settings]\nencoder.hidden_size = {low = 5, high = 4}", "low has to be less"),
        ("[sweep]\ntrials=1\n[sweep.settings]\nencoder.hidden_size = {low=0, high=4, log=true}", "low above 0"),
        ("[sweep]\ntrials=1\n[sweep.settings]\nencoder.hidden_size = {low=1, high=4, step=0.5}", "whole numbers"),
        ("[sweep]\ntrials=1\n[sweep.settings]\nembedder.dropout = {low=0.0, high=4.0}", "with embedder.dropout = 4.0"),
        ("[sweep]\nmethod='grid'\n[sweep.settings]\nembedder.dropout = {low=0.0, high=0.4}", "a range with a step"),
        ("[sweep]\nmethod='grid'\n[sweep.settings]\nencoder.hidden_size = {low=1, high=2000}", "more than 1,000"),
        ("[sweep]\ntrials=1\n[sweep.settings]\ntraining.clip = [1.0]", "cannot be set to 2"),
    ],
)
def test_a_plan_that_cannot_be_used(place: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=r"sweep\.toml") as error:
        plan_of(text, overrides={"training.clip": 2})
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_step_that_does_not_reach_the_end(place: Path, no_training: list[Settings]) -> None:
    run_sweep(plan_of(GRID.replace("high = 8, step = 2", "high = 9, step = 3")), output=place / "out")
    assert [each.encoder.hidden_size for each in no_training] == [4, 7, 4, 7]
    axis = plan_of(
        "[sweep]\nmethod = 'grid'\n[sweep.settings]\nembedder.dropout = { low = 0.1, high = 0.6, step = 0.1 }"
    )
    assert [each["embedder.dropout"] for each in axis.grid()] == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]


def test_nothing_is_lost(place: Path, no_training: list[Settings]) -> None:
    plan = plan_of(GRID, trials=1)
    run_sweep(plan, output=place / "out")
    with pytest.raises(ConfigError, match="already holds a sweep; --resume continues it"):
        run_sweep(plan, output=place / "out")
    with pytest.raises(ConfigError, match=r"another sweep: experiment.encoder.hidden_size was 6, is 5; choose another"):
        other = plan_of(GRID.replace("encoder.", "encoder.layers = [1]\nencoder."))
        changed = {**other.experiment, "encoder": {"hidden_size": 5}}
        run_sweep(
            SweepPlan(changed, *(getattr(plan, name) for name in SweepPlan.__slots__[1:])),
            output=place / "out",
            resume=True,
        )
    with pytest.raises(ConfigError, match="holds a model, no sweep"):
        run_sweep(plan, output=place / "out" / "trial-000")
    (place / "out" / "sweep.journal").unlink()
    with pytest.raises(ConfigError, match=r"holds trials but no sweep\.journal"):
        run_sweep(plan, output=place / "out", resume=True)
    with pytest.raises(ConfigError, match="is a file"):
        run_sweep(plan, output=place / "sweep.toml")


@pytest.mark.parametrize("method", ["method = 'grid'", "method = 'tpe'\ntrials = 9"])
@pytest.mark.parametrize(
    ("key", "good", "bad"),
    [
        ("data.train", "train.conll", "nosuch.conll"),
        ("data.dev", "dev.conll", "nosuch.conll"),
        ("data.tokenizer", "whitespace", "spacy:nosuch"),
        ("tasks.ner.column", -1, "nosuch"),
        ("embedder.vectors", "none", "nosuch.txt"),
        ("embedder.plugin", "none", "nosuch:Module"),
        ("encoder.type", "lstm", "nosuch:Module"),
        ("encoder.type", "lstm", "collections:OrderedDict"),
        ("training.init_from", "none", "nosuch/folder"),
    ],
)
def test_what_cannot_be_read_is_told_before_the_first_training(
    place: Path, no_training: list[Settings], key: str, good: Any, bad: Any, method: str
) -> None:
    text = f"[sweep]\n{method}\n[sweep.settings]\ntraining.clip = [4.0, 5.0]\n{key} = [{good!r}, {bad!r}]\n"
    for _ in range(2):  # the first try leaves nothing that stands in the way of the second
        done = run("sweep", write_sweep(text), "--output", place / "out")
        assert done.exit_code == 1
        assert done.stderr.startswith(f"error: with {key} = {bad!r}: ")
        assert done.stderr.count("\n") == 1
    assert not no_training
    assert run("sweep", write_sweep(text.replace(f", {bad!r}", "")), "--output", place / "out").exit_code == 0
    for name in ("train.conll", "dev.conll"):  # which a sweep that is done needs no more
        (place / name).unlink()
    again = run("sweep", write_sweep(text.replace(f", {bad!r}", "")), "--output", place / "out", "--resume")
    assert (again.exit_code, "nothing is left to try" in again.stderr) == (0, True)


def test_a_file_that_is_not_tried_is_told_without_what_is(place: Path, no_training: list[Settings]) -> None:
    (place / "dev.conll").unlink()
    done = run("sweep", write_sweep(GRID + "preset = ['fast', 'ner']\n"), "--output", place / "out")
    assert done.stderr.startswith("error: dev.conll: no such file")
    assert not no_training


def write_sweep(text: str) -> str:
    Path("sweep.toml").write_text(EXPERIMENT + text)
    return "sweep.toml"


def test_names_of_settings_stay_whole_in_a_narrow_terminal(
    place: Path, no_training: list[Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "small.toml").write_text(EXPERIMENT + RANDOM)
    monkeypatch.setenv("COLUMNS", "60")
    first = run("sweep", "small.toml").stdout
    for name in ("training.learning_rate", "embedder.characters.filters", "embedder.dropout"):
        assert first.count(f" {name}=") == 6
    assert first.split()[:2] == ["trial", "dev"]
    monkeypatch.setenv("COLUMNS", "120")
    assert "embedder.characters.filters=" not in run("sweep", "small.toml", "--resume").stdout


def test_the_command(place: Path) -> None:
    (place / "small.toml").write_text(EXPERIMENT + GRID)
    done = run("sweep", "small.toml", "--trials", "2", "--set", "training.seed=3")
    assert done.exit_code == 0, done.stderr
    assert "trial 1: dev" in done.stderr
    assert "its settings: models/small/best.toml" in done.stderr
    assert done.stdout.split()[1:3] == ["training.learning_rate", "encoder.hidden_size"]
    again = run("sweep", "small.toml", "--trials", "2", "--set", "training.seed=3", "--resume")
    assert again.stdout == done.stdout
    assert "trial 1" not in again.stderr
    assert "the sweep is done, nothing is left to try: 2 of 2 trials were trained before" in again.stderr
    assert "nothing is left" not in done.stderr
    rows = run("results", "models/small", "--format", "csv", "--sort").stdout.splitlines()
    assert rows[0] == "model,encoder.hidden_size,ner dev"
    assert len(rows) == 3
    assert run("train", "models/small/best.toml", "--output", "models/best").exit_code == 0
    best = Tagger.load("models/best").metrics["dev"]["ner"]
    assert f"{100 * best:.2f}" == rows[1].split(",")[2]


def test_a_grid_that_is_used_up_is_told(place: Path, no_training: list[Settings]) -> None:
    (place / "small.toml").write_text(EXPERIMENT + GRID)
    size = len(plan_of(GRID).grid())
    first = run("sweep", "small.toml")
    again = run("sweep", "small.toml", "--resume")
    assert again.exit_code == 0, again.stderr
    assert f"the grid is used up, nothing is left to try: {size} of {size} trials" in again.stderr
    assert again.stdout == first.stdout
    assert len(again.stdout.strip().splitlines()) > size


def test_without_optuna_the_message_has_the_command(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ConfigError, match=r"^a sweep needs optuna; install it: pip install 'bilstm-tagger\[sweep\]'$"):
        run_sweep(plan_of(GRID), output=place / "out")
    assert not (place / "out").exists()
