"""A task that learns from several corpora, of which some do not annotate all its labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tiny import Sentence, sentences, settings_of, write_conll

from bilstm_tagger import plots
from bilstm_tagger.errors import ConfigError
from bilstm_tagger.evaluation.evaluate import evaluate
from bilstm_tagger.evaluation.scores import SpanScores
from bilstm_tagger.settings.schema import Settings
from bilstm_tagger.tagging.tagger import Tagger
from bilstm_tagger.training import train
from bilstm_tagger.training.folds import cross_validate


@pytest.fixture(autouse=True)
def no_plot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plots, "learning_curves", lambda history, path, best: Path(path).write_bytes(b"\x89PNG"))


def without(label: str, rows: list[Sentence]) -> list[Sentence]:
    """The sentences as somebody annotates them who does not know the label."""
    return [[(word, "O" if tag.endswith(label) else tag) for word, tag in row] for row in rows]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_conll(tmp_path / "whole.conll", sentences(16))
    write_conll(tmp_path / "partial.conll", without("PER", sentences(40, seed=2)))
    write_conll(tmp_path / "dev.conll", sentences(30, seed=1))
    return tmp_path


def settings_for(folder: Path, partial: dict[str, Any], **overrides: Any) -> Settings:
    corpora = [{"train": str(folder / "whole.conll")}, {"train": str(folder / "partial.conll")} | partial]
    dev = str(folder / "dev.conll")
    return settings_of(tasks__ner__corpora=corpora, tasks__ner__dev=dev, tasks__ner__column=3, **overrides)


def recall_of_persons(tagger: Tagger, folder: Path) -> float:
    scores = evaluate(tagger, folder / "dev.conll", columns={"ner": 3}).tasks["ner"]
    assert isinstance(scores, SpanScores)
    return scores.labels["PER"].recall or 0.0


def test_a_label_that_one_corpus_does_not_mark_is_learnt_from_the_other(folder: Path) -> None:
    found = {}
    for name, option in {"as O": {}, "unmarked": {"unmarked": ["PER"]}}.items():
        settings = settings_for(folder, option, training__epochs=25, training__learning_rate=0.1)
        found[name] = recall_of_persons(train(settings, output=folder / name), folder)
    assert found["as O"] < 0.3 < 0.7 < found["unmarked"]


def test_the_model_tells_of_each_corpus_and_of_what_it_lacks(folder: Path) -> None:
    tagger = train(settings_for(folder, {"unmarked": ["PER"], "weight": 0.5}), output=folder / "model")
    rows = [(row["role"], row["name"], row["sentences"]) for row in tagger.info.provenance["data"]]
    assert rows == [("train", "whole.conll", 16), ("train", "partial.conll", 40), ("dev", "dev.conll", 30)]
    (_, second) = tagger.info.settings["tasks"]["ner"]["corpora"]
    assert second == {"train": "partial.conll", "unmarked": ["PER"], "weight": 0.5}
    assert list(tagger.reading) == ["ner"]
    assert tagger.reading["ner"].format == "conll"


def test_a_corpus_of_little_weight_has_little_say(folder: Path) -> None:
    """One corpus calls all persons O, wrongly; with next to no weight the other one decides."""
    settings = settings_for(folder, {"weight": 1e-6}, training__epochs=25, training__learning_rate=0.1)
    assert recall_of_persons(train(settings, output=folder / "model"), folder) > 0.7


def test_a_label_that_nobody_marks_is_refused(folder: Path) -> None:
    with pytest.raises(
        ConfigError, match="unmarked names 'MISC', which no training corpus annotates; there are LOC, PER"
    ):
        train(settings_for(folder, {"unmarked": ["MISC"]}), output=folder / "model")


def test_plain_tags_have_no_labels_to_leave_out(folder: Path) -> None:
    settings = settings_of(data__train=str(folder / "whole.conll"), tasks={"pos": {"column": 2, "unmarked": ["X"]}})
    with pytest.raises(ConfigError, match="its tags are plain"):
        train(settings, output=folder / "model")


def test_folds_keep_what_each_corpus_lacks(folder: Path) -> None:
    options = settings_for(folder, {"unmarked": ["PER"]}, training__epochs=1)
    assert set(cross_validate(options, folds=2).tasks) == {"ner"}


@pytest.mark.parametrize("key", ["train", "dev"])
def test_a_shared_corpus_that_no_task_reads_is_refused(key: str, tmp_path: Path) -> None:
    path = write_conll(tmp_path / "a.conll", sentences(20, seed=1))
    own: list[dict[str, Any]] = [
        {"tasks__ner__train": str(path)},
        {"tasks": {"ner": {"column": 1, "corpora": [{"train": str(path)}]}}},
    ]
    remedy = {
        "train": "leave it out",
        "dev": "set `dev` under [tasks.ner], or write it behind its training file, --task ner=TRAIN,DEV",
    }[key]
    told = f"data.{key} (or --{key}) is {path}, but no task reads it, since each has its own data; {remedy}"
    for each in own:
        with pytest.raises(ConfigError) as error:
            train(settings_of(**{f"data__{key}": str(path)}, **each), output=tmp_path / "model")
        assert str(error.value) == told
    assert not (tmp_path / "model").exists()
