"""The first call compiles; `warm_up` makes that call, and the clocks of commands begin behind it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from command_line import run
from tiny import settings_of, untrained

from bilstm_tagger.evaluation.evaluate import evaluate
from bilstm_tagger.files import ModelLoader, Profile, TagOptions
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.tagging.tagger import Tagger
from bilstm_tagger.tagging.warm_up import warm_up
from bilstm_tagger.vocab.features import Feature


class Recorder:
    """Hears what a tagger is asked for, in order."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.heard: list[tuple[list[str], bool]] = []
        tag = Tagger._tag

        def listen(tagger: Tagger, documents: Any, batch_tokens: int, wanted: Any) -> Any:
            self.heard.append(([word for each in documents for word in each.words], wanted is not None))
            return tag(tagger, documents, batch_tokens, wanted)

        monkeypatch.setattr(Tagger, "_tag", listen)


@pytest.mark.parametrize("scheme", [Scheme.BIO, Scheme.NONE])
def test_it_changes_no_tag(scheme: Scheme) -> None:
    words = ["the", "boat", "Ada", "left"]
    cold, warm = (untrained(schemes={"ner": scheme}) for _ in range(2))
    warm_up(warm, probabilities=True, n_best=2)
    before, after = cold(words, probabilities=True), warm(words, probabilities=True)
    assert before.tags == after.tags
    assert (before.probabilities["ner"].marginals == after.probabilities["ner"].marginals).all()


def test_models_that_read_columns_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    tagger = untrained(settings_of())
    monkeypatch.setitem(tagger.vocab.features, "pos", Feature("pos", "column", ["NOUN"]))
    heard: list[Any] = []
    monkeypatch.setattr(Tagger, "_tag", lambda self, documents, *given: heard.extend(documents) or iter(documents))
    warm_up(tagger)
    assert heard[0].columns == {"pos": [""]}


def test_it_comes_before_the_first_document(
    model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = Recorder(monkeypatch)
    ModelLoader(str(model_folder), options=TagOptions(probabilities=True))(Profile())
    assert recorder.heard == [(["."], True)]
    ModelLoader(str(model_folder))(Profile())
    assert len(recorder.heard) == 1
    (tmp_path / "a.txt").write_text("Rain fell")
    for words, probable in ((["predict"], False), (["predict", "--probabilities"], True), (["entities"], True)):
        recorder.heard.clear()
        done = run(*words, tmp_path / "a.txt", "--model", model_folder)
        assert done.exit_code == 0, done.stderr
        assert recorder.heard == [(["."], probable), (["Rain", "fell"], probable)]
    recorder.heard.clear()
    assert run("predict", "--text", "Rain fell", "--model", model_folder).exit_code == 0
    assert recorder.heard == [(["Rain", "fell"], False)]


def test_evaluation_too(tagger: Tagger, tiny_dev: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = Recorder(monkeypatch)
    evaluate(tagger, tiny_dev)
    assert recorder.heard[0] == (["."], False)
