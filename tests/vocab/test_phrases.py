"""Lists of phrases as a feature: the longest match, any tokenisation, all inside the model folder."""

from __future__ import annotations

from pathlib import Path

import pytest
import tiny
from hypothesis import given
from hypothesis import strategies as st

from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import ConfigError
from bilstm_tagger.settings.loading import load_settings
from bilstm_tagger.settings.schema import FeatureSettings
from bilstm_tagger.tagging.tagger import Tagger
from bilstm_tagger.training import train
from bilstm_tagger.training.prepare import prepare
from bilstm_tagger.training.progress import Row, Silent
from bilstm_tagger.training.warm_start import settings_of
from bilstm_tagger.vocab.features import Feature, build_features

PHRASES = {"LOC": ["New York", "York", "U.S."], "ORG": ["New York Times", "York"], "PER": ["Ada"]}


def tags(words: list[str], phrases: dict[str, list[str]] = PHRASES, *, ignore_case: bool = False) -> list[str]:
    feature = Feature("gazetteer", "phrases", [], phrases, ignore_case)
    assert feature._matcher is not None
    return feature._matcher(words)


def test_the_longest_phrase_wins() -> None:
    words = ["the", "New", "York", "Times", "of", "New", "York"]
    assert tags(words) == ["O", "B-ORG", "I-ORG", "E-ORG", "O", "B-LOC", "E-LOC"]


def test_a_phrase_of_two_lists_has_both_labels() -> None:
    assert tags(["York", "Ada"]) == ["S-LOC+ORG", "S-PER"]


def test_it_does_not_matter_how_the_text_was_cut() -> None:
    assert tags(["U.S.", "x"]) == ["S-LOC", "O"]
    assert tags(["U", ".", "S", ".", "x"]) == ["B-LOC", "I-LOC", "I-LOC", "E-LOC", "O"]
    assert tags(list("在北京市里"), {"LOC": ["北京", "北京市"]}) == ["O", "B-LOC", "I-LOC", "E-LOC", "O"]


def test_a_match_begins_and_ends_with_a_token() -> None:
    assert tags(["Yorkshire"]) == ["O"]
    assert tags(["New", "Yorker"]) == ["O", "O"]


def test_case_counts_unless_it_is_ignored() -> None:
    assert tags(["ADA", "ada"]) == ["O", "O"]
    assert tags(["ADA", "ada", "NEW", "york"], ignore_case=True) == ["S-PER", "S-PER", "B-LOC", "E-LOC"]


def brute_force(words: list[str], phrases: list[str]) -> list[str]:
    """From left to right, every stretch of tokens tried, the longest first."""
    found = ["O"] * len(words)
    known = {phrase.replace(" ", "") for phrase in phrases}
    start = 0
    while start < len(words):
        ends = [end for end in range(len(words), start, -1) if "".join(words[start:end]) in known]
        if not ends:
            start += 1
            continue
        length = ends[0] - start
        found[start : ends[0]] = ["S-X"] if length == 1 else ["B-X", *["I-X"] * (length - 2), "E-X"]
        start = ends[0]
    return found


WORD = st.text("ab", min_size=1, max_size=2)


@given(st.lists(WORD, max_size=12), st.lists(st.lists(WORD, min_size=1, max_size=4).map(" ".join), min_size=1))
def test_matches_are_those_of_brute_force(words: list[str], phrases: list[str]) -> None:
    assert tags(words, {"X": phrases}) == brute_force(words, phrases)


def test_the_lists_live_in_the_model_folder(tmp_path: Path) -> None:
    lists = {"LOC": tmp_path / "places.txt", "PER": tmp_path / "people.txt"}
    lists["LOC"].write_text("Turin\n\nLake  Ob\nTurin\n", "utf-8")
    lists["PER"].write_text("Ada\nNoor Lovel\n", "utf-8")
    settings = tiny.settings_of(
        data__train=str(tiny.write_conll(tmp_path / "train.conll", tiny.sentences(20))),
        features__gazetteer__phrases={label: str(path) for label, path in lists.items()},
        features__gazetteer__size=3,
        training__epochs=1,
    )
    tagger = train(settings, output=tmp_path / "model")
    for path in lists.values():
        path.unlink()
    loaded = Tagger.load(tmp_path / "model")
    feature = loaded.vocab.features["gazetteer"]
    assert feature.phrases == {"LOC": ["Turin", "Lake Ob"], "PER": ["Ada", "Noor Lovel"]}
    document = Document.from_words(["Noor", "Lovel", "left", "Turin"])
    names = ["pad", "unknown", *feature.values]
    assert [names[number] for number in feature.encode(document)] == ["B-PER", "E-PER", "unknown", "S-LOC"]
    text = "Noor Lovel left Turin. Rain fell."
    assert loaded(text).tags_of("ner") == tagger(text).tags_of("ner")
    assert feature == tagger.vocab.features["gazetteer"]
    further = load_settings(
        base=settings_of(loaded, name=str(tmp_path / "model")), overrides={"data.train": settings.data.train}
    )
    assert prepare(further).info.vocab.features["gazetteer"] == feature


def test_a_list_whose_file_is_there_is_read_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    places = Path("places.txt")
    places.write_text("Turin\n", "utf-8")
    settings = tiny.settings_of(
        data__train=str(tiny.write_conll(tmp_path / "train.conll", tiny.sentences(20))),
        features__gazetteer__phrases={"LOC": "places.txt"},
        training__epochs=1,
    )
    tagger = train(settings, output=tmp_path / "model")
    places.write_text("Turin\nLake Ob\n", "utf-8")
    base = settings_of(tagger, name=str(tmp_path / "model"))
    further = load_settings(base=base, overrides={"data.train": settings.data.train})
    assert prepare(further).info.vocab.features["gazetteer"].phrases == {"LOC": ["Turin", "Lake Ob"]}


def test_a_run_is_not_resumed_with_another_list(tmp_path: Path) -> None:
    places = tmp_path / "places.txt"
    places.write_text("Turin\n", "utf-8")
    settings = tiny.settings_of(
        data__train=str(tiny.write_conll(tmp_path / "train.conll", tiny.sentences(20))),
        features__gazetteer__phrases={"LOC": str(places)},
        training__epochs=2,
    )

    class Stopped(Silent):
        def epoch(self, row: Row) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(settings, output=tmp_path / "model", progress=Stopped())
    places.write_text("Oslo\n", "utf-8")
    with pytest.raises(ConfigError, match=r"cannot resume .*phrases places\.txt"):
        train(settings, output=tmp_path / "model", resume=True)


def test_a_list_without_a_phrase_in_the_training_data_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for name, content in (("people.csv", "PER,Ada\n"), ("places.txt", "New York\n"), ("low.txt", "york\n")):
        (tmp_path / name).write_text(content, "utf-8")
    chosen = {"PER": "people.csv", "LOC": "places.txt", "TOWN": "low.txt"}
    settings = FeatureSettings(phrases={label: str(tmp_path / name) for label, name in chosen.items()})
    documents = [Document(["Ada", "left"], [0, 2]), Document(["New", "York"], [0, 2])]
    build_features({"lists": settings}, documents)
    assert [line.partition(" (")[0] for line in caplog.messages] == [
        "features.lists: no phrase of PER",
        "features.lists: no phrase of TOWN",
    ]
    assert caplog.messages[1].endswith(
        "low.txt) is in the training data, in the same case; is there one phrase in each line?"
    )


def test_a_list_with_labels_in_it_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "all.tsv"
    path.write_text("Ada \t\nPER\tAda Lovelace\n", "utf-8")
    with pytest.raises(ConfigError, match=r"features\.lists: .*all\.tsv:2: has columns .* { LABEL = .FILE. }$"):
        build_features({"lists": FeatureSettings(phrases={"X": str(path)})}, [])


def test_a_list_that_is_missing_or_empty_is_named(tmp_path: Path) -> None:
    empty = tmp_path / "empty.txt"
    empty.write_text("\n \n", "utf-8")
    for path, message in (
        (tmp_path / "none.txt", "none.txt"),
        (empty, r"^features\.gazetteer: .*empty\.txt holds no phrase; write one per line$"),
    ):
        settings = load_settings(overrides={"features.gazetteer.phrases": {"LOC": str(path)}})
        with pytest.raises(ConfigError, match=message):
            build_features(settings.features, [])
