"""Whether a run would make a model from the same files: by content, of each file that settings can name."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from tiny import sentences, settings_of, write_conll

from bilstm_tagger import plots
from bilstm_tagger.errors import ModelError
from bilstm_tagger.model_folder import find
from bilstm_tagger.settings.schema import Settings
from bilstm_tagger.training import train
from bilstm_tagger.training.provenance import changed_files, changes_since
from bilstm_tagger.training.run_folder import SETTINGS


@pytest.fixture(autouse=True)
def no_plot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plots, "learning_curves", lambda history, path, best: Path(path).write_bytes(b"\x89PNG"))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "other").mkdir()
    (tmp_path / "vectors.txt").write_text("".join(f"{word} 1 0 0 0 0 1\n" for word in ("left", "boat", "Rain")))
    (tmp_path / "places.txt").write_text("Turin\nLake\n")
    return settings_of(
        data__train=str(write_conll(tmp_path / "a.conll", sentences(16))),
        data__dev=str(write_conll(tmp_path / "other" / "a.conll", sentences(8, seed=1))),
        embedder__vectors=str(tmp_path / "vectors.txt"),
        features__gazetteer__phrases={"LOC": str(tmp_path / "places.txt")},
        training__epochs=1,
    )


@pytest.mark.parametrize("begun", [False, True], ids=["finished", "begun"])
def test_each_file_is_held_to_its_content(settings: Settings, tmp_path: Path, begun: bool) -> None:
    """Two of them have one name; what is put in the other's place is seen too."""
    folder = tmp_path / "model"
    if begun:

        class Stop:
            def step(self, **_: object) -> None:
                raise KeyboardInterrupt

            def epoch(self, row: object) -> None: ...

        with pytest.raises(KeyboardInterrupt):
            train(settings, output=folder, progress=Stop())
        assert (folder / SETTINGS).is_file()
    else:
        train(settings, output=folder)
    assert changes_since(folder, settings) == []
    for name in ("a.conll", "other/a.conll", "vectors.txt", "places.txt"):
        path = tmp_path / name
        before = path.read_bytes()
        path.write_bytes(before[: before.rstrip().rindex(b"\n") + 1])
        assert changed_files(folder, settings) == changes_since(folder, settings) == [
            f"{path.name} has another content"
        ]  # fmt: skip
        path.write_bytes(before)
    assert changes_since(folder, settings) == []
    one, two = tmp_path / "a.conll", tmp_path / "other" / "a.conll"
    contents = one.read_bytes(), two.read_bytes()
    one.write_bytes(contents[1])
    two.write_bytes(contents[0])
    assert changed_files(folder, settings) == ["a.conll has another content"]


def brat(folder: Path) -> str:
    folder.mkdir()
    for name in "abcd":
        (folder / f"{name}.txt").write_text("Ada Lovelace wrote.\nRain fell on Leeds.\n")
        (folder / f"{name}.ann").write_text("T1\tPER 0 12\tAda Lovelace\nT2\tLOC 33 38\tLeeds\n")
    return str(folder)


@pytest.mark.parametrize("dev", [None, "dev"])
def test_a_folder_of_documents_is_held_to_what_is_read(dev: str | None, tmp_path: Path) -> None:
    given = {} if dev is None else {"data__dev": brat(tmp_path / dev)}
    settings = settings_of(data__train=brat(tmp_path / "train"), training__epochs=1, **given)
    train(settings, output=tmp_path / "model")
    assert changes_since(tmp_path / "model", settings) == []
    (tmp_path / (dev or "train") / "a.ann").write_text("T1\tPER 0 3\tAda\n")
    assert changes_since(tmp_path / "model", settings) == [f"{dev or 'train'} has another content"]


def test_an_earlier_model_is_held_to_its_weights(settings: Settings, tmp_path: Path) -> None:
    for name, epochs in (("old", 1), ("new", 2)):
        own = settings.model_copy(update={"training": settings.training.model_copy(update={"epochs": epochs})})
        train(own, output=tmp_path / name)
    start = shutil.copytree(tmp_path / "old", tmp_path / "start")
    values = settings.training.model_copy(update={"init_from": str(start)})
    follows = settings.model_copy(update={"training": values})
    train(follows, output=tmp_path / "model")
    assert changes_since(tmp_path / "model", follows) == []
    shutil.copy(tmp_path / "new" / "model.safetensors", start)
    assert changes_since(tmp_path / "model", follows) == ["start has another content"]


def test_a_model_that_tells_of_no_data_is_as_it_was(settings: Settings, tmp_path: Path) -> None:
    train(settings, output=tmp_path / "model")
    config = json.loads((tmp_path / "model" / "config.json").read_text("utf-8"))
    (tmp_path / "model" / "config.json").write_text(json.dumps(config | {"data": []}), "utf-8")
    write_conll(tmp_path / "a.conll", sentences(17))
    assert changes_since(tmp_path / "model", settings) == []


@pytest.mark.parametrize("name", ["user/ner", "en"])
def test_a_model_that_is_found_by_its_name_is_held_to_its_weights(
    name: str, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of the hub or of the package; another commit of the hub is another model, too."""
    places = [tmp_path / "models--user--ner" / "snapshots" / (commit * 40) for commit in "ab"]
    if name == "en":
        places = [tmp_path / version / "en" for version in "ab"]

    def is_at(place: Path) -> None:
        monkeypatch.setattr(find, "fetch", lambda _: place)
        monkeypatch.setattr(find, "shipped_models", lambda: {"en": place})

    for place, epochs in zip(places, (1, 2), strict=True):
        own = settings.model_copy(update={"training": settings.training.model_copy(update={"epochs": epochs})})
        train(own, output=place)
    is_at(places[0])
    follows = settings.model_copy(update={"training": settings.training.model_copy(update={"init_from": name})})
    train(follows, output=tmp_path / "model")
    assert changes_since(tmp_path / "model", follows) == []
    is_at(places[1])
    told = "en" if name == "en" else "user/ner@" + 40 * "b"
    assert changes_since(tmp_path / "model", follows) == [f"{told} has another content"]

    def gone(_: object) -> Path:
        raise ModelError(f"{name}: no such model folder")

    monkeypatch.setattr(find, "fetch", gone)
    monkeypatch.setattr(find, "shipped_models", dict)
    assert changes_since(tmp_path / "model", follows) == []


def test_a_folder_that_is_replayed_is_held_to_its_content(settings: Settings, tmp_path: Path) -> None:
    train_, replay = brat(tmp_path / "train"), brat(tmp_path / "replay")
    settings = settings_of(data__train=train_, data__dev=train_, data__replay=replay, training__epochs=1)
    train(settings, output=tmp_path / "model")
    assert changes_since(tmp_path / "model", settings) == []
    (tmp_path / "replay" / "notes.md").write_text("Who annotated what.\n")
    assert changes_since(tmp_path / "model", settings) == []
    (tmp_path / "replay" / "a.ann").write_text("T1\tPER 0 3\tAda\n")
    assert changes_since(tmp_path / "model", settings) == ["replay has another content"]


def test_a_saved_data_set_is_held_to_what_is_read_of_it(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")

    def save(name: str, last: str) -> None:
        rows = [{"tokens": ["Ada", "wrote", word], "ner": ["B-PER", "O", "O"]} for word in ("a", "b", "c", last)]
        parts = {part: datasets.Dataset.from_list(rows) for part in ("train", "validation")}
        datasets.DatasetDict(parts).save_to_disk(tmp_path / name)

    save("data", "d")
    save("old", "d")
    data, old = str(tmp_path / "data"), str(tmp_path / "old")
    settings = settings_of(data__train=data, data__replay=old, tasks__ner__column="ner", training__epochs=1)
    train(settings, output=tmp_path / "model")
    assert changes_since(tmp_path / "model", settings) == []
    shutil.rmtree(old)
    save("old", "e")
    assert changes_since(tmp_path / "model", settings) == ["old has another content"]
