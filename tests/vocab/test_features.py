"""Features of tokens beside the word: read from columns, learnt from, needed again to tag."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tiny
import torch

from bilstm_tagger.corpus import read_corpus
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import ConfigError, CorpusError
from bilstm_tagger.evaluation.evaluate import evaluate
from bilstm_tagger.settings.loading import load_settings
from bilstm_tagger.settings.schema import Settings
from bilstm_tagger.tagging.tagger import Tagger
from bilstm_tagger.training import train
from bilstm_tagger.training.prepare import prepare
from bilstm_tagger.vocab.features import build_features


def write_telling(path: Path, count: int, *, seed: int) -> Path:
    """One word over and over, whose tag only the second column tells."""
    draw = np.random.default_rng(seed)
    rows = [[f"word\t{'name' if pick else 'other'}\t{'B-PER' if pick else 'O'}" for pick in draw.random(5) < 0.5]
            for _ in range(count)]  # fmt: skip
    path.write_text("".join("\n".join(row) + "\n\n" for row in rows), "utf-8")
    return path


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("features")
    return tiny.settings_of(
        data__train=str(write_telling(folder / "train.conll", 40, seed=0)),
        data__dev=str(write_telling(folder / "dev.conll", 10, seed=1)),
        features__pos__column=2,
        features__pos__size=4,
        embedder__dropout=0.0,
        training__epochs=6,
        training__optimizer="adamw",
        training__learning_rate=0.02,
    )


@pytest.fixture(scope="module")
def folder(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "features"
    train(settings, output=folder)
    return folder


def test_a_column_tells_what_the_word_does_not(settings: Settings, folder: Path) -> None:
    tagger = Tagger.load(folder)
    assert evaluate(tagger, str(settings.data.dev)).tasks["ner"].headline > 0.95
    document = Document(["word"] * 3, [0, 2, 3], columns={"pos": ["name", "other", "name"]})
    assert tagger(document).tags_of("ner") == ["B-PER", "O", "B-PER"]


def test_the_values_are_in_the_folder_with_unknown_ones_apart(folder: Path) -> None:
    stored = json.loads((folder / "vocab.json").read_text("utf-8"))["features"]
    assert stored == {"pos": {"kind": "column", "values": ["name", "other"]}}
    feature = Tagger.load(folder).vocab.features["pos"]
    document = Document(["a", "b", "c"], [0, 3], columns={"pos": ["other", "never seen", "name"]})
    assert feature.encode(document).tolist() == [3, 1, 2]
    assert feature.count == 4


@pytest.mark.parametrize("source", ["A text.", ["some", "words"]])
def test_a_text_without_the_column_is_refused(folder: Path, source: str | list[str]) -> None:
    with pytest.raises(
        CorpusError,
        match=(
            r"^the text: has no column for the feature 'pos' that the model reads beside the words; give a "
            r"file with that column, or a Document with columns=\{'pos': \[\.\.\.\]\}$"
        ),
    ):
        Tagger.load(folder)(source)


def test_an_empty_text_needs_no_column(folder: Path) -> None:
    assert Tagger.load(folder)("").words == []


def test_a_batch_has_the_ids_of_its_tokens(settings: Settings) -> None:
    prepared = prepare(settings)
    (corpus,) = prepared.encode(recase=False)
    batch = corpus.batch(np.array([3, 0, 7]))
    sentences = prepared.sources[0].train[0].sentences
    for row, member in enumerate((3, 0, 7)):
        start = sentences[member].start
        names = prepared.sources[0].train[0].columns["pos"][start : start + len(sentences[member])]
        assert batch.features["pos"][row].tolist() == [{"name": 2, "other": 3}[name] for name in names]


def test_tags_do_not_depend_on_the_batch(folder: Path, settings: Settings) -> None:
    tagger = Tagger.load(folder)
    documents = read_corpus(str(settings.data.dev), {}, features={"pos": 2})
    together = [document.tags_of("ner") for document in tagger.pipe(documents)]
    alone = [document.tags_of("ner") for document in tagger.pipe(documents, batch_tokens=1)]
    assert together == alone


def test_columns_by_name_and_key(sample: Path, tmp_path: Path) -> None:
    (document, *_) = read_corpus(sample / "en-dev.conllu", {"ner": "NER"}, features={"pos": "UPOS"})
    assert document.columns["pos"] == document.columns["UPOS"]
    assert list(document.tags) == ["ner"]
    path = tmp_path / "a.jsonl"
    path.write_text('{"tokens": ["a", "b"], "ner": ["O", "B-X"], "pos": ["DET", "NOUN"]}\n', "utf-8")
    (record,) = read_corpus(path, {"ner": "ner"}, features={"pos": "pos"})
    assert record.columns["pos"] == ["DET", "NOUN"]
    assert record.tags == {"ner": ["O", "B-X"]}


def test_numbers_mean_columns_in_conll_alone(sample: Path) -> None:
    with pytest.raises(CorpusError, match=r"in CoNLL files alone; name it, or give a CoNLL file$"):
        read_corpus(sample / "en-dev.conllu", features={"pos": 4})


def test_the_gold_tags_are_no_feature(settings: Settings) -> None:
    with pytest.raises(
        CorpusError,
        match=r"train\.conll: the feature 'pos' is the column of the tags of 'ner' itself; name another column$",
    ):
        read_corpus(str(settings.data.train), {"ner": -1}, features={"pos": 3})


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"features.pos.size": 3}, "exactly one of column"),
        ({"features.pos": {"column": 2, "bigram": True}}, "exactly one of column"),
        ({"features.pos.colum": 2}, r"^settings: features\.pos\.colum: unknown key; did you mean 'column'\?$"),
    ],
)
def test_settings_of_features_are_checked(overrides: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_settings(overrides=overrides)


def test_a_name_torch_cannot_hold_is_refused(settings: Settings) -> None:
    with pytest.raises(
        ConfigError, match=r"^a feature cannot be named 'type', for torch has other uses for it; choose another name$"
    ):
        prepare(tiny.settings_of(data__train=settings.data.train, features__type__column=2))


def test_rare_values_are_unknown_and_bigrams_end_with_the_sentence() -> None:
    settings = load_settings(overrides={"features.pair.bigram": True})
    document = Document.from_sentences([["北", "京", "人"], ["北", "京"]])
    feature = build_features(settings.features, [document])["pair"]
    assert feature.values == ["北 京"]
    assert feature.encode(document).tolist() == [2, 1, 1, 2, 1]


def test_without_features_nothing_is_added() -> None:
    tagger = tiny.untrained()
    assert not tagger.runtime.model.embedder.features
    assert not any("features" in name for name in tagger.runtime.model.state_dict())


def test_a_model_with_features_can_be_trained_further(settings: Settings, folder: Path, tmp_path: Path) -> None:
    from bilstm_tagger.training.warm_start import settings_of

    earlier = Tagger.load(folder)
    data = {"data.train": str(write_telling(tmp_path / "more.conll", 6, seed=5))}
    again = load_settings(base=settings_of(earlier, name=str(folder)), overrides=data)
    model = prepare(again).model()
    own, before = (each.state_dict()["embedder.features.pos.weight"] for each in (model, earlier.runtime.model))
    assert torch.equal(own, before)
