"""The preset for Chinese: characters as tokens, raw text with true offsets."""

from __future__ import annotations

from pathlib import Path

import pytest

from bilstm_tagger.corpus import read_corpus
from bilstm_tagger.evaluation.evaluate import evaluate
from bilstm_tagger.settings.loading import load_settings
from bilstm_tagger.settings.schema import Settings
from bilstm_tagger.tagging.tagger import Tagger
from bilstm_tagger.training import train


@pytest.fixture(scope="module")
def settings(sample: Path) -> Settings:
    return load_settings("chinese", overrides={
        "data.train": str(sample / "zh-train.conll"), "data.dev": str(sample / "zh-dev.conll"),
        "embedder.size": 24, "features.bigram.size": 8, "embedder.dropout": 0.1, "embedder.word_dropout": 0.0,
        "encoder.hidden_size": 24, "encoder.dropout": 0.1,
        "training.epochs": 6, "training.batch_size": 8, "training.learning_rate": 0.01, "training.threads": 1,
    })  # fmt: skip


@pytest.fixture(scope="module")
def chinese(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Tagger:
    folder = tmp_path_factory.mktemp("models") / "zh"
    train(settings, output=folder)
    return Tagger.load(folder)


def test_the_preset_reads_characters(settings: Settings) -> None:
    assert settings.data.tokenizer == "characters"
    assert settings.embedder.characters is None
    assert settings.features["bigram"].bigram
    assert not load_settings("chinese", overrides={"features": {}}).features


def test_pairs_of_characters_have_vectors(chinese: Tagger, settings: Settings) -> None:
    feature = chinese.vocab.features["bigram"]
    assert all(1 <= len(value.split(" ")) <= 2 for value in feature.values)
    assert "。" in feature.values  # the end of a sentence
    table = chinese.runtime.model.embedder.features["bigram"]
    assert list(table.weight.shape) == [feature.count, settings.features["bigram"].size]  # type: ignore[union-attr]


def test_raw_text_falls_into_characters_with_true_offsets(chinese: Tagger) -> None:
    text = " 林晓 去了\n杭州。\r\n“好！”她说。"
    document = chinese(text)
    assert document.words == [character for character in text if not character.isspace()]
    assert [text[token.start_char : token.end_char] for token in document.tokens] == document.words
    assert document.text == text
    assert len(document.sentences) == 4
    document.check_offsets()


def test_it_learns_what_it_was_shown(chinese: Tagger, sample: Path) -> None:
    scores = evaluate(chinese, sample / "zh-train.conll").tasks["ner"]
    assert scores.headline > 0.6


def test_it_finds_names_that_it_was_not_shown(chinese: Tagger, sample: Path) -> None:
    scores = evaluate(chinese, sample / "zh-dev.conll").tasks["ner"]
    assert scores.headline > 0.4


def test_spans_of_raw_text_are_those_of_its_characters(chinese: Tagger, sample: Path) -> None:
    for sentence in list(read_corpus(sample / "zh-train.conll")[0].sentences)[:20]:
        characters = list(sentence.words)
        raw, given = chinese("".join(characters)), chinese.pipe([characters])
        if len(raw.sentences) == 1:  # else raw text was cut where the file does not end a sentence
            spans = [(span.start, span.end, span.label) for span in raw.spans]
            assert spans == [(span.start, span.end, span.label) for span in next(given).spans]
            assert all("".join(characters[span.start : span.end]) == span.text for span in raw.spans)


def test_the_test_file_is_scored(chinese: Tagger, sample: Path) -> None:
    found = evaluate(chinese, sample / "zh-test.conll")
    assert found.tokens > 200
    assert set(found.tasks) == {"ner"}
