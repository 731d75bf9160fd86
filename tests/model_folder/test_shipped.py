"""The models that come with the package: found by name, small, and able."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bilstm_tagger import Tagger
from bilstm_tagger.errors import ModelError
from bilstm_tagger.model_folder.find import SHIPPED, find_folder, shipped_models
from bilstm_tagger.settings.loading import known_settings, load_settings, portable


@pytest.fixture(scope="module", params=SHIPPED)
def model(request: pytest.FixtureRequest) -> Tagger:
    return Tagger.load(request.param)


def test_it_is_found_by_name_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_folder("en") == shipped_models()["en"]
    assert find_folder("en-news") == shipped_models()["en-news"]
    with pytest.raises(
        ModelError, match=r"^fr: no such model folder; of the models that come with the package, known: en, en-news$"
    ):
        find_folder("fr")


def test_a_folder_of_that_name_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "en").mkdir()
    assert find_folder("en") == Path("en")


@pytest.mark.parametrize("name", SHIPPED)
def test_each_is_small_and_names_no_folder(name: str) -> None:
    folder = find_folder(name)
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 14_000_000
    for file in ("config.json", "README.md"):
        content = (folder / file).read_text("utf-8")
        assert "../" not in content
        assert "build/" not in content


@pytest.mark.parametrize("name", SHIPPED)
def test_each_was_trained_by_the_settings_that_make_models_takes(name: str) -> None:
    root = Path(__file__).parents[2]
    trained = json.loads((find_folder(name) / "config.json").read_text("utf-8"))["settings"]
    recipe = portable(load_settings(file=root / "models" / f"{name}.toml"))
    files = {key: value for key, value in trained["embedder"].items() if key == "vectors"}
    trained, recipe = portable(known_settings(trained)), recipe | {"embedder": recipe["embedder"] | files}
    for task, values in trained["tasks"].items():
        values |= {key: recipe["tasks"][task][key] for key in ("train", "dev")}
    command = next(
        line for line in (root / "Makefile").read_text("utf-8").splitlines() if f"--output models/{name} " in line
    )
    seed = int(command.partition("--seed ")[2].split()[0])
    recipe["training"] |= {"seed": seed, "threads": 1}
    assert trained == recipe


def test_it_tags_names_and_parts_of_speech(model: Tagger) -> None:
    document = model("Angela Merkel visited Paris with the French president.")
    assert [(span.text, span.label) for span in document.spans] == [
        ("Angela Merkel", "PER"),
        ("Paris", "LOC"),
        ("French", "MISC"),
    ]
    assert document.tags_of("upos")[:4] == ["PROPN", "PROPN", "VERB", "PROPN"]


def test_it_does_well_on_the_sample(model: Tagger) -> None:
    """The sample has other sentences than it learnt from; the bounds are far below what it reaches."""
    from bilstm_tagger.evaluation.evaluate import evaluate

    path = Path(__file__).parents[2] / "data" / "sample" / "en-test.conllu"
    scores = evaluate(model, path, columns={"upos": "UPOS", "ner": "NER"}).tasks
    assert scores["upos"].headline > 0.9
    assert scores["ner"].headline > 0.6
