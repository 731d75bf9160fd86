"""Cross-validation: what is divided, what is scored, what is left behind."""

from __future__ import annotations

import statistics
from pathlib import Path

import pytest
import tiny

from bilstm_tagger.cli import app
from bilstm_tagger.corpus import read_corpus
from bilstm_tagger.corpus.split import fold
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import ConfigError, CorpusError
from bilstm_tagger.training.folds import cross_validate


def words_of(documents: list[Document]) -> list[list[str]]:
    return [list(sentence.words) for document in documents for sentence in document.sentences]


@pytest.mark.parametrize("count", [2, 3, 7])
def test_every_sentence_is_in_one_fold_and_the_rest_in_order(tmp_path: Path, count: int) -> None:
    documents = read_corpus(tiny.write_conll(tmp_path / "train.conll", tiny.sentences(23)))
    every = words_of(documents)
    parts = fold(documents, count)
    assert sorted(sentence for _, held in parts for sentence in words_of(held)) == sorted(every)
    assert {len(words_of(held)) for _, held in parts} <= {23 // count, 23 // count + 1}
    for rest, held in parts:
        assert sorted(words_of(rest) + words_of(held)) == sorted(every)
        remaining = iter(every)
        assert all(sentence in remaining for sentence in words_of(rest))
    assert [words_of(held) for _, held in fold(documents, count)] == [words_of(held) for _, held in parts]
    assert [words_of(held) for _, held in fold(documents, count, seed=1)] != [words_of(held) for _, held in parts]


def test_many_documents_stay_whole() -> None:
    documents = [Document.from_sentences([[f"a{number}"], [f"b{number}"]]) for number in range(12)]
    for rest, held in fold(documents, 3):
        assert all(len(document.sentences) == 2 for document in rest + held)


def test_too_little_to_divide() -> None:
    with pytest.raises(CorpusError, match="1 sentence is too few for 2"):
        fold([Document.from_words(["one"])], 2)
    with pytest.raises(ConfigError, match="at least 2"):
        fold([Document.from_words(["one"])], 1)


def test_scores_of_folds_with_mean_and_deviation(tmp_path: Path) -> None:
    train = tiny.write_conll(tmp_path / "train.conll", tiny.sentences(40))
    settings = tiny.settings_of(data__train=str(train), training__epochs=5, training__learning_rate=0.1)
    heard: list[tuple[int, dict[str, float]]] = []
    found = cross_validate(settings, folds=3, progress=lambda number, scores: heard.append((number, scores)))
    scores = found.tasks["ner"]
    assert [number for number, _ in heard] == [1, 2, 3]
    assert [each["ner"] for _, each in heard] == scores
    assert all(0 <= score <= 1 for score in scores)
    assert max(scores) > 0
    assert found.mean("ner") == pytest.approx(sum(scores) / 3)
    assert found.deviation("ner") == pytest.approx(statistics.stdev(scores))
    assert cross_validate(settings, folds=3).tasks == found.tasks
    assert [path.name for path in tmp_path.iterdir()] == ["train.conll"]


def test_the_command_prints_a_table_and_leaves_no_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    train = tiny.write_conll(tmp_path / "train.conll", tiny.sentences(12))
    small = ["embedder.size=4", "encoder.hidden_size=4", "training.epochs=1"]
    arguments = ["train", "--train", str(train), "--folds", "2", *(part for key in small for part in ("--set", key))]
    app(arguments, standalone_mode=False)
    out, err = capsys.readouterr()
    assert "deviation" in out
    assert "fold 2 of 2: ner" in err
    assert not (tmp_path / "models").exists()
