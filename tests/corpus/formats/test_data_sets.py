"""Data sets by name: the real `load_dataset` over a repository on the disk, and folders of `save_to_disk`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import pytest

from bilstm_tagger.corpus import read_corpus, save_corpus
from bilstm_tagger.corpus.formats import data_sets as hub
from bilstm_tagger.corpus.formats import format_of
from bilstm_tagger.corpus.formats.data_sets import DataSet
from bilstm_tagger.corpus.split import digest
from bilstm_tagger.errors import CorpusError

NAMES = ["O", "B-PER", "I-PER"]
CARD = """---
configs:
- config_name: names
  data_files:
  - {split: train, path: names/train-*.parquet}
  - {split: validation, path: names/validation-*.parquet}
- config_name: words
  data_files:
  - {split: train, path: words/*.parquet}
---
"""


def part(*sentences: str) -> datasets.Dataset:
    """Sentences whose capitalised words are names, tags as numbers."""
    text = datasets.Value("string")
    features = datasets.Features(
        {"tokens": datasets.List(text), "ner_tags": datasets.List(datasets.ClassLabel(names=NAMES))}
    )
    tokens = [sentence.split() for sentence in sentences]
    tags = [[int(word.istitle()) for word in words] for words in tokens]
    return datasets.Dataset.from_dict({"tokens": tokens, "ner_tags": tags}, features=features)


@pytest.fixture(autouse=True)
def no_traces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is fetched, and what `datasets` keeps goes with the test."""
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A data set as it lies on the hub: a card and Parquet files."""
    folder = tmp_path / "repository"
    for name in ("names", "words"):
        (folder / name).mkdir(parents=True)
    part("Ada ran", "so did Bob").to_parquet(folder / "names" / "train-00000-of-00002.parquet")
    part("Cy too").to_parquet(folder / "names" / "train-00001-of-00002.parquet")
    part("Di slept").to_parquet(folder / "names" / "validation-00000-of-00001.parquet")
    part("words alone").to_parquet(folder / "words" / "all.parquet")
    (folder / "README.md").write_text(CARD)
    return folder


def words(path: str, split: str = "train") -> list[str]:
    return [" ".join(document.words) for document in read_corpus(path, {}, split=split)]


def test_a_repository(repository: Path) -> None:
    path = f"hf:{repository}:names#train"
    documents = read_corpus(path, {"ner": -1})
    assert [document.words for document in documents] == [["Ada", "ran"], ["so", "did", "Bob"], ["Cy", "too"]]
    assert [document.tags["ner"] for document in documents][:2] == [["B-PER", "O"], ["O", "O", "B-PER"]]
    assert documents[2].where(0) == f"{path}:3"
    assert read_corpus(path, {"ner": "ner_tags"})[0].tags == {"ner": ["B-PER", "O"]}


def test_splits(repository: Path) -> None:
    path = f"hf:{repository}:names"
    assert words(path) == ["Ada ran", "so did Bob", "Cy too"]
    assert words(path, "validation") == ["Di slept"]
    assert words(f"{path}#validation") == ["Di slept"]
    assert words(f"{path}#train[1:2]") == ["so did Bob"]
    assert words(f"hf:{repository}:words", "test") == ["words alone"]
    with pytest.raises(
        CorpusError,
        match=r"^hf:.*repository:names: no split 'test'; it has train, validation: name one of them behind #$",
    ):
        words(path, "test")


@pytest.mark.parametrize(
    ("rest", "message"),
    [
        (":none", "BuilderConfig 'none' not found"),
        ("", "Config name is missing"),
        (":names#tset", 'Unknown split "tset"'),
    ],
)
def test_what_a_repository_lacks(repository: Path, rest: str, message: str) -> None:
    with pytest.raises(CorpusError, match="`datasets` cannot load it") as caught:
        words(f"hf:{repository}{rest}")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_programs_are_not_run(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "old.py").write_text("raise SystemExit")
    with pytest.raises(
        CorpusError,
        match=r"^hf:.*old: this data set is a program.*take a copy as Parquet \(data/README\.md names some\)$",
    ):
        words(f"hf:{tmp_path / 'old'}")


def test_no_such_data_set() -> None:
    with pytest.raises(CorpusError, match="hf:nobody/nothing: `datasets` cannot load it"):
        words("hf:nobody/nothing")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (RuntimeError("no memory\n left"), "no memory left"),
        (OSError("no disk"), "no disk"),
        (ValueError("x" * 400), "x" * 300),
        (KeyError("a"), "'a'"),
        (TypeError(), "TypeError"),
        (AttributeError("b"), "b"),
        (NotImplementedError(), "NotImplementedError"),
        (datasets.exceptions.DatasetsError("c"), "c"),
    ],
)
def test_what_goes_wrong_in_datasets_is_told_with_its_name(
    monkeypatch: pytest.MonkeyPatch, error: Exception, reason: str
) -> None:
    def load(*_: object, **__: object) -> datasets.Dataset:
        raise error

    monkeypatch.setattr(datasets, "load_dataset", load)
    with pytest.raises(CorpusError) as caught:
        words("hf:some/set#train")
    assert str(caught.value) == f"hf:some/set#train: `datasets` cannot load it: {reason}"


def test_names_go_to_load_dataset(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def load(name: str, config: str | None, **options: Any) -> datasets.Dataset:
        asked.append((name, config, options))
        return part("Ada ran")

    monkeypatch.setattr(datasets, "load_dataset", load)
    assert words("hf:some/set:en_x@refs/convert/parquet#train[:1%]") == ["Ada ran"]
    assert asked == [("some/set", "en_x", {"revision": "refs/convert/parquet", "split": "train[:1%]"})]


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("hf:conll2003", DataSet("conll2003")),
        ("hf:a/b:c@d#e", DataSet("a/b", "c", "d", "e")),
        ("hf:a/b@d:1#e", DataSet("a/b", None, "d:1", "e")),
        ("hf:a/b#e", DataSet("a/b", split="e")),
        (r"hf:C:\data\b:c", DataSet(r"C:\data\b", "c")),
        ("a.parquet", None),
        ("hfx", None),
    ],
)
def test_how_a_name_is_written(path: str, source: DataSet | None) -> None:
    assert hub.find(path) == source


@pytest.mark.parametrize("path", ["hf:", "hf:#train", "hf:a/b#", "hf:a/b:"])
def test_names_that_are_none(path: str) -> None:
    with pytest.raises(CorpusError, match=r"write hf:NAME\[:CONFIG\]\[@REVISION\]\[#SPLIT\]"):
        hub.find(path)


def saved_dict(folder: Path) -> None:
    datasets.DatasetDict({"train": part("Ada ran"), "dev": part("Bob slept")}).save_to_disk(folder)


def saved_set(folder: Path) -> None:
    part("Ada ran", "Bob slept").select([1, 0]).save_to_disk(folder)


@pytest.mark.parametrize(
    ("save", "rest", "split", "expected"),
    [
        (saved_dict, "", "train", ["Ada ran"]),
        (saved_dict, "", "validation", ["Bob slept"]),
        (saved_dict, "#dev", "train", ["Bob slept"]),
        (saved_set, "", "train", ["Bob slept", "Ada ran"]),
    ],
)
def test_saved_folders(
    tmp_path: Path, save: Callable[[Path], None], rest: str, split: str, expected: list[str]
) -> None:
    folder = tmp_path / "my#data"
    save(folder)
    assert words(f"{folder}{rest}", split) == expected
    with pytest.raises(CorpusError, match="my#data#none: "):
        words(f"{folder}#none")


def test_other_folders_are_no_data_sets(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text("{}")
    with pytest.raises(CorpusError, match=r"is a folder; name a file in it$"):
        read_corpus(tmp_path)


def test_a_data_set_has_a_format_but_is_not_written(tmp_path: Path) -> None:
    assert format_of("hf:some/set").columns == {"tags": -1}
    with pytest.raises(
        CorpusError, match=r"^a data set of the hub cannot be written; write a \.parquet file and upload it$"
    ):
        save_corpus([], "hf:set")


def test_formats_that_name_columns_alike() -> None:
    assert format_of("hf:some/set").reads_like(format_of("a.jsonl"))
    assert not format_of("hf:some/set").reads_like(format_of("a.conll"))
    assert format_of("a.conll").reads_like(format_of("b.bmes"))


def test_the_digest_tells_corpora_apart(repository: Path) -> None:
    path = f"hf:{repository}:names"
    train, other = read_corpus(path, {"ner": -1}), read_corpus(f"{path}#validation", {"ner": -1})
    assert digest(train) == digest(read_corpus(path, {"ner": -1}))
    assert len({digest(train), digest(other), digest(train[:2]), digest(read_corpus(path, {}))}) == 4
