"""Figures of a file that the model was trained on: a warning, whatever the file is called now."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from command_line import run
from tiny import sentences, settings_of, write_conll

from bilstm_tagger.cli.output import tell_notes
from bilstm_tagger.corpus.corpus import Corpus
from bilstm_tagger.corpus.reading import read_corpus
from bilstm_tagger.evaluation.evaluate import evaluate
from bilstm_tagger.evaluation.trained_on import TrainedOn
from bilstm_tagger.tagging.tagger import Tagger
from bilstm_tagger.training import train
from bilstm_tagger.training.provenance import changes_since


@pytest.mark.parametrize(
    "words",
    [
        ["evaluate", "DATA", "--model", "MODEL", "--resamples", "0"],
        ["evaluate", "DATA", "--model", "MODEL", "--raw"],
        ["calibrate", "DATA", "--model", "MODEL", "--dry-run"],
        ["review", "DATA", "--model", "MODEL"],
    ],
    ids=" ".join,
)
def test_each_command_warns(
    words: list[str], model_folder: Path, tiny_train: Path, tiny_dev: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.conllu"
    for source, warned in ((tiny_train, True), (tiny_dev, False)):
        shutil.copy(source, other)
        result = run(*({"DATA": other, "MODEL": model_folder}.get(word, word) for word in words))
        assert result.exit_code == 0, result.stderr
        line = "warning: the model was trained on other.conllu, so what is measured on it tells nothing of new text\n"
        assert result.stderr.count(line) == warned
        assert result.stderr.count("was trained on") == warned


def test_a_comparison_names_the_model(model_folder: Path, tiny_train: Path, tiny_dev: Path, tmp_path: Path) -> None:
    new = tmp_path / "new"
    settings = settings_of(data__train=str(tiny_dev), tasks__ner__column="NER", training__epochs=1)
    train(settings, output=new)
    told = "was trained on {}, so what is measured on it tells nothing of new text\n"
    result = run("compare", tiny_train, new, model_folder, "--resamples", "100")
    assert f"warning: {model_folder.name} {told.format(tiny_train.name)}" in result.stderr
    assert result.stderr.count("was trained on") == 1
    result = run("compare", tiny_dev, new, model_folder, "--resamples", "100")
    assert f"warning: new {told.format(tiny_dev.name)}" in result.stderr
    assert result.stderr.count("was trained on") == 1
    both = run("compare", tiny_dev, new, shutil.copytree(new, tmp_path / "copy"), "--resamples", "100")
    assert both.stderr.count("warning: ") == 2


def test_no_other_note_is_a_warning(model_folder: Path, tmp_path: Path) -> None:
    data = tmp_path / "data.conll"
    data.write_text("Ada\tB-PER\nleft\tO\n\n")
    for words in (["evaluate", data, "--model", model_folder], ["compare", data, model_folder, model_folder]):
        result = run(*words, "--gold-column" if words[0] == "compare" else "--column", "ner=2")
        assert "note: upos is left out: it was trained on another file format" in result.stderr
        assert "warning: " not in result.stderr


def test_a_model_per_seed_is_warned_of_once(tmp_path: Path) -> None:
    data = write_conll(tmp_path / "data.conll", sentences(20))
    for seed in (0, 1):
        settings = settings_of(data__train=str(data), training__epochs=1, training__seed=seed)
        train(settings, output=tmp_path / "runs" / f"seed-{seed}")
    result = run("evaluate", data, "--model", tmp_path / "runs")
    assert result.exit_code == 0, result.stderr
    assert result.stderr.count("warning: the model was trained on data.conll") == 1


def of_brat(folder: Path, count: int) -> Path:
    folder.mkdir()
    for number in range(count):
        (folder / f"{number}.txt").write_text(f"Ada Lovelace wrote {number}.\nRain fell on Leeds.\n")
        (folder / f"{number}.ann").write_text("T1\tPER 0 12\tAda Lovelace\n")
    return folder


def of_datasets(folder: Path, count: int) -> Path:
    datasets = pytest.importorskip("datasets")
    rows = [{"tokens": ["Ada", "wrote", str(number)], "ner": ["B-PER", "O", "O"]} for number in range(count)]
    parts = {"train": rows, "validation": rows[:3], "test": rows[:2]}
    datasets.DatasetDict({name: datasets.Dataset.from_list(part) for name, part in parts.items()}).save_to_disk(folder)
    return folder


@pytest.mark.parametrize("kind", ["brat", "datasets"])
def test_a_folder_of_which_a_part_was_set_aside(kind: str, tmp_path: Path) -> None:
    data = (of_brat if kind == "brat" else of_datasets)(tmp_path / "data", 12)
    column = {} if kind == "brat" else {"tasks__ner__column": "ner"}
    tagger = train(settings_of(data__train=str(data), training__epochs=1, **column), output=tmp_path / "model")
    told = "the model was trained on {}, so what is measured on it tells nothing of new text"
    whole = str(data) if kind == "brat" else f"{data}#train"
    assert told.format(Path(whole).name) in evaluate(tagger, whole, resamples=0).notes
    if kind == "datasets":  # the test part
        assert not any("was trained on" in line for line in evaluate(tagger, data, resamples=0).notes)
        return
    moved = shutil.copytree(data, tmp_path / "moved")
    (moved / "README.md").write_text("Who annotated what.\n")
    assert told.format("moved") in evaluate(tagger, moved, resamples=0).notes
    (moved / "0.ann").write_text("T1\tPER 0 3\tAda\n")
    assert not any("was trained on" in line for line in evaluate(tagger, moved, resamples=0).notes)


def test_a_model_of_version_0_1_tells_what_was_read_of_a_folder(tmp_path: Path) -> None:
    data, dev = of_brat(tmp_path / "data", 3), of_brat(tmp_path / "dev", 2)
    settings = settings_of(data__train=str(data), data__dev=str(dev), training__epochs=1)
    train(settings, output=tmp_path / "model")
    as_0_1(tmp_path / "model", data=read_corpus(data, {"ner": -1}), dev=read_corpus(dev, {"ner": -1}))
    tagger = Tagger.load(tmp_path / "model")
    assert any("was trained on" in line for line in evaluate(tagger, data, resamples=0).notes)
    assert changes_since(tmp_path / "model", settings) == []
    (data / "0.ann").write_text("T1\tPER 0 3\tAda\n")
    assert not any("was trained on" in line for line in evaluate(tagger, data, resamples=0).notes)
    assert changes_since(tmp_path / "model", settings) == ["data has another content"]


def as_0_1(model: Path, **read: Corpus) -> None:
    """Write the checksums of folders, by name, as version 0.1 did."""
    config = json.loads((model / "config.json").read_text("utf-8"))
    for row in config["data"]:
        row["sha256"] = read[row["name"]].digest()
    (model / "config.json").write_text(json.dumps(config), "utf-8")


def test_a_folder_of_documents(tmp_path: Path) -> None:
    for part in ("train", "dev"):
        (tmp_path / part).mkdir()
        (tmp_path / part / "a.txt").write_text(f"Ada Lovelace wrote {part}.\nRain fell on Leeds.\n")
        (tmp_path / part / "a.ann").write_text("T1\tPER 0 12\tAda Lovelace\n")
    settings = settings_of(data__train=str(tmp_path / "train"), data__dev=str(tmp_path / "dev"), training__epochs=1)
    tagger = train(settings, output=tmp_path / "model")
    told = "the model was trained on train, so what is measured on it tells nothing of new text"
    assert told in evaluate(tagger, tmp_path / "train", resamples=0).notes
    assert not any("was trained on" in line for line in evaluate(tagger, tmp_path / "dev", resamples=0).notes)
    documents = read_corpus(tmp_path / "train", {"ner": -1})
    assert not any("was trained on" in line for line in evaluate(tagger, documents, resamples=0).notes)


def test_only_the_note_itself_is_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    """Not one that has its words, such as in the name of a file."""
    words = "so what is measured on it tells nothing of new text"
    tell_notes([f"{words}.conll: ner is left out", TrainedOn("a.conll"), TrainedOn("a.conll", "en")])
    assert capsys.readouterr().err.splitlines() == [
        f"note: {words}.conll: ner is left out",
        f"warning: the model was trained on a.conll, {words}",
        f"warning: en was trained on a.conll, {words}",
    ]
