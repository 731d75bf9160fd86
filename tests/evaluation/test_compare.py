"""Two systems: scores are those of each alone, counts those of sets, pages show each sentence on which they differ."""

from __future__ import annotations

import csv
import json
import random
import re
from itertools import pairwise
from pathlib import Path

import pytest
from tiny import sentences

from bilstm_tagger.corpus import read_corpus
from bilstm_tagger.errors import ConfigError
from bilstm_tagger.evaluation.compare import Comparison, compare
from bilstm_tagger.evaluation.differences import (
    COLUMNS,
    differing_sentences,
    write_differences_csv,
    write_differences_page,
)
from bilstm_tagger.evaluation.evaluate import evaluate
from bilstm_tagger.evaluation.predictions import evaluate_predictions
from bilstm_tagger.evaluation.scores import SpanScores
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.schemes.spans import SpanTuple, repair, tags_to_spans
from bilstm_tagger.settings.schema import Settings
from bilstm_tagger.tagging.tagger import Tagger
from bilstm_tagger.training import train

NER = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Words, gold tags, and the tags of two systems; the second one errs more."""
    draw = random.Random(7)
    path = tmp_path_factory.mktemp("systems") / "systems.conll"
    with path.open("w", encoding="utf-8") as stream:
        for sentence in sentences(120, seed=7):
            gold = [tag for _, tag in sentence]
            told = []
            for noise in (0.1, 0.2):
                tags = [draw.choice(NER) if draw.random() < noise else tag for tag in gold]
                told.append(repair(tags, Scheme.BIO)[0])
            rows = zip([word for word, _ in sentence], gold, *told, strict=True)
            stream.write("".join(" ".join(row) + "\n" for row in rows) + "\n")
    return path


@pytest.fixture(scope="module")
def comparison(file: Path) -> Comparison:
    return compare(file, file, file, gold_columns={"ner": 2}, columns=({"ner": 3}, {"ner": 4}), resamples=2000, seed=1)


def spans(file: Path, column: int) -> list[set[SpanTuple]]:
    corpus = read_corpus(file, {"ner": column})
    return [set(tags_to_spans(tags, Scheme.BIO)) for each in corpus for tags in each.sentence_tags("ner")]


def test_scores_are_those_of_each_alone(file: Path, comparison: Comparison) -> None:
    compared = comparison.tasks["ner"]
    for column, scores in zip((3, 4), compared.scores, strict=True):
        alone = evaluate_predictions(file, columns={"ner": column}, gold_columns={"ner": 2}, seed=1).tasks["ner"]
        assert scores == alone
        assert isinstance(scores, SpanScores) and isinstance(alone, SpanScores)
        assert scores.micro.intervals == alone.micro.intervals
    one, other = compared.scores
    assert compared.difference.value == pytest.approx(other.headline - one.headline, abs=1e-12)
    low, high = compared.difference.interval
    assert low < compared.difference.value < high < 0
    assert compared.difference.randomisation < 0.05 > compared.difference.bootstrap
    assert isinstance(one, SpanScores) and isinstance(other, SpanScores)
    for label, (value, between) in compared.labels.items():
        assert value == pytest.approx(other.labels[label].f1 - one.labels[label].f1, abs=1e-12)
        assert between.low < value < between.high


def test_counts_are_those_of_sets(file: Path, comparison: Comparison) -> None:
    gold, one, other = (spans(file, column) for column in (2, 3, 4))
    both = sum(len(true & first & second) for true, first, second in zip(gold, one, other, strict=True))
    first = sum(len(true & own - rest) for true, own, rest in zip(gold, one, other, strict=True))
    second = sum(len(true & own - rest) for true, own, rest in zip(gold, other, one, strict=True))
    total = sum(map(len, gold))
    assert comparison.tasks["ner"].found == (both, first, second, total - both - first - second)


def test_every_sentence_that_differs_is_shown(file: Path, comparison: Comparison, tmp_path: Path) -> None:
    one, other = spans(file, 3), spans(file, 4)
    apart = [number for number, pair in enumerate(zip(one, other, strict=True)) if pair[0] != pair[1]]
    found = differing_sentences(comparison, "ner")
    assert [each.sentence for each in found] == apart
    assert all(low[1] <= high[0] for each in found for low, high in pairwise(each.focus))
    assert all(each.focus for each in found)

    write_differences_csv(comparison, tmp_path / "d.csv")
    with (tmp_path / "d.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert tuple(rows[0]) == COLUMNS
    assert [int(row["sentence"]) - 1 for row in rows] == apart
    for row in rows:
        errors = int(row["errors_first"]), int(row["errors_second"])
        wanted = "equal" if errors[0] == errors[1] else comparison.names[errors[1] < errors[0]]
        assert row["better"] == wanted

    write_differences_page(comparison, tmp_path / "d.html", title="A & B <b>")
    text = (tmp_path / "d.html").read_text("utf-8")
    assert text.count("<article") == len(apart)
    assert "A &amp; B &lt;b&gt;" in text and not re.search(r"https?:|src=", text)
    assert sum(map(int, re.findall(r"<output>(\d+)", text))) == len(apart)


def test_json(comparison: Comparison) -> None:
    values = json.loads(json.dumps(comparison.to_json()))
    assert values["systems"] == ["systems.conll (A)", "systems.conll (B)"]
    task = values["tasks"]["ner"]
    assert task["difference"] == comparison.tasks["ner"].difference.value
    assert task["interval"] == list(comparison.tasks["ner"].difference.interval)
    assert set(task["found"]) == {"both", "only_first", "only_second", "neither"}
    assert 0 < task["p_randomisation"] < 0.05


def test_a_model_beside_its_own_output(tagger: Tagger, model_folder: Path, tiny_dev: Path, tmp_path: Path) -> None:
    """Both tasks; the file has the tags that the model gives, but for one sentence without names."""
    corpus = read_corpus(tiny_dev, {"ner": "NER", "upos": "UPOS"})
    lines = [
        {"tokens": sentence.words, "ner": sentence.tags("ner"), "upos": sentence.tags("upos")}
        for document in tagger.pipe(corpus)
        for sentence in document.sentences
    ]
    lines[0]["upos"] = ["X"] * len(lines[0]["tokens"])
    file = tmp_path / "output.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)) + "\n", "utf-8")
    found = compare(tiny_dev, str(model_folder), file, columns=(None, {"ner": "ner", "upos": "upos"}), resamples=200)
    assert found.names == (model_folder.name, "output.jsonl")
    assert set(found.tasks) == {"ner", "upos"}
    alone = evaluate(tagger, tiny_dev, resamples=0)
    assert found.tasks["upos"].scores[0].headline == alone.tasks["upos"].headline
    assert found.tasks["ner"].difference[:2] == (0.0, (0.0, 0.0))
    assert (found.tasks["upos"].difference.differing, found.tasks["upos"].difference.is_exact) == (1, True)
    assert [(each.document, each.sentence) for each in differing_sentences(found, "upos")] == [(0, 0)]
    assert differing_sentences(found, "ner") == []


def test_two_taggers(tagger: Tagger, tiny_dev: Path) -> None:
    found = compare(tiny_dev, tagger, tagger, resamples=100)
    assert found.names == ("tagger (A)", "tagger (B)")
    assert found.tasks["ner"].difference.randomisation == 1.0


@pytest.fixture(scope="module")
def renamed(tiny_settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Tagger:
    """A model whose task `names` is called `ner` elsewhere."""
    tasks = {"names": tiny_settings.tasks["ner"]}
    chosen = tiny_settings.model_copy(update={"tasks": tasks})
    return train(chosen, output=tmp_path_factory.mktemp("renamed") / "model")


def test_models_whose_task_has_another_name(tagger: Tagger, renamed: Tagger, tiny_dev: Path) -> None:
    """The only tasks with spans that have no task of their name are one."""
    found = compare(tiny_dev, tagger, renamed, resamples=100)
    assert list(found.tasks) == ["ner"]
    assert "tagger (B): 'names' is compared as 'ner'" in found.notes
    for system, scores in zip((tagger, renamed), found.tasks["ner"].scores, strict=True):
        alone = evaluate(system, tiny_dev, resamples=100).tasks
        assert scores.headline == alone["ner" if system is tagger else "names"].headline


@pytest.mark.parametrize(("named", "task"), [("ner", "ner"), ("names", "names")])
def test_gold_is_read_for_the_model_whose_task_is_named(
    tagger: Tagger, renamed: Tagger, tiny_dev: Path, named: str, task: str
) -> None:
    found = compare(tiny_dev, renamed, tagger, gold_columns={named: "NER"}, resamples=100)
    assert list(found.tasks) == [task]
    with pytest.raises(ConfigError, match="column for task 'nre': the models have only names, ner, upos"):
        compare(tiny_dev, renamed, tagger, gold_columns={named: "NER", "nre": "NER"}, resamples=100)


def test_files_whose_tasks_are_named_are_compared_by_name(file: Path) -> None:
    columns = ({"a": 3, "c": 3}, {"a": 4, "b": 4})
    found = compare(file, file, file, gold_columns={"a": 2, "b": 2}, columns=columns, resamples=100)
    assert list(found.tasks) == ["a"]


def test_what_is_no_system_is_refused(file: Path, tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError,
        match=(r"^nothing: neither a model folder, nor a model of the package \(en, .*\), nor a file with tags$"),
    ):
        compare(file, "nothing", file)
    with pytest.raises(
        ConfigError, match=r"neither a model folder, nor a model of the package \(en, .*\), nor a file with tags$"
    ):
        compare(file, tmp_path, file)
    for seed in (10, 2):
        (tmp_path / "runs" / f"seed-{seed}").mkdir(parents=True)
        (tmp_path / "runs" / f"seed-{seed}" / "config.json").write_text("{}")
    with pytest.raises(ConfigError) as caught:
        compare(file, tmp_path / "runs", file)
    assert "holds one model per seed" in str(caught.value)
    assert f"name one, such as {tmp_path / 'runs' / 'seed-2'}; `results --mean`" in str(caught.value)


def test_systems_without_a_task_in_common_are_refused(file: Path) -> None:
    columns = ({"a": 3, "b": 3}, {"c": 4, "d": 4})
    with pytest.raises(
        ConfigError,
        match=(r"systems\.conll and .*systems\.conll have no task in common that .*systems\.conll has gold tags of$"),
    ):
        compare(file, file, file, gold_columns={"a": 2, "b": 2, "c": 2, "d": 2}, columns=columns)
