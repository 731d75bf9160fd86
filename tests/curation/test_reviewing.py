"""Reviews: errors that were made are found first, and an interrupted review ends like an unbroken one."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import tiny

from bilstm_tagger.corpus import read_corpus
from bilstm_tagger.curation import reviewing
from bilstm_tagger.curation.opinions import Opinion
from bilstm_tagger.curation.places import Kind
from bilstm_tagger.curation.reviewing import review_by_folds, review_by_model, reviewed_task
from bilstm_tagger.errors import ConfigError
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.schemes.spans import SpanTuple
from bilstm_tagger.settings.schema import Settings
from bilstm_tagger.tagging.tagger import Tagger
from bilstm_tagger.training.loop import Trainer

LEARNS = {
    "training__epochs": 8,
    "training__min_steps": 0,
    "training__learning_rate": 0.2,
    "encoder__hidden_size": 12,
    "embedder__size": 12,
}


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, set[int]]:
    """Sentences in which the word tells the label, and the numbers of those in which a name has the wrong one."""
    rows = tiny.sentences(90, seed=1)
    draw = random.Random(4)
    having = [number for number, row in enumerate(rows) if any(tag == "B-PER" for _, tag in row)]
    wrong = set(draw.sample(having, 6))
    for number in wrong:
        rows[number] = [(word, tag.replace("PER", "LOC")) for word, tag in rows[number]]
    return tiny.write_conll(tmp_path_factory.mktemp("spoilt") / "train.conll", rows), wrong


def settings(path: Path, **further: object) -> Settings:
    return tiny.settings_of(data__train=str(path), **{**LEARNS, **further})


def test_errors_come_first(spoilt: tuple[Path, set[int]]) -> None:
    path, wrong = spoilt
    heard: list[int] = []
    whole = review_by_folds(settings(path), folds=2, listener=heard.append)
    assert heard == [1, 2]
    first = {int(place.key.split(".")[1]) for _, place in whole.ranked[:8]}
    assert len(first & wrong) >= 4  # of 6; by chance 0.5
    found = [place for _, place in whole.ranked[:8] if int(place.key.split(".")[1]) in wrong]
    assert sum(place.kind is Kind.LABEL and place.given[0][2] == "LOC" for place in found) >= 3
    assert whole.judged == sum(len(document.spans) for document in read_corpus(path, {"ner": -1}).settle("ner"))


def test_labels_that_the_data_lacks_are_not_ranked_as_missed(
    spoilt: tuple[Path, set[int]], tagger: Tagger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unless they lie over what is annotated, which is doubtful all the same."""
    found: dict[SpanTuple, float | None] = {(0, 1, "MISC"): 0.9, (2, 4, "PER"): 0.9, (5, 6, "MISC"): 0.9}
    opinion = Opinion("0.0", {(2, 4, "PER"): 0.9, (4, 6, "PER"): 0.1}, found, [0.1] * 6)
    monkeypatch.setattr(reviewing, "opinions", lambda *_: [opinion])
    corpus = read_corpus(spoilt[0], {"ner": -1}).settle("ner")
    judged = review_by_model(tagger, corpus, "ner")
    assert judged.foreign == {"MISC": 1}
    told = [place.found for _, place in judged.ranked if place.found]
    assert told == [((5, 6, "MISC"),)]
    assert (judged.judged, judged.agreed) == (2, 1)


def test_a_broken_review_ends_like_a_whole_one(
    spoilt: tuple[Path, set[int]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = settings(spoilt[0], training__epochs=1)
    whole = review_by_folds(run, folds=2)

    def stop(number: int) -> None:
        raise KeyboardInterrupt

    folder = tmp_path / "folds"
    with pytest.raises(KeyboardInterrupt):
        review_by_folds(run, folds=2, folder=folder, listener=stop)
    with pytest.raises(
        ConfigError, match=r"folds: holds a review that was interrupted; --resume continues it, or delete it$"
    ):
        review_by_folds(run, folds=2, folder=folder)
    with pytest.raises(ConfigError, match=r"folds: holds a review of other data or with other settings; delete it$"):
        review_by_folds(run, folds=3, folder=folder, resume=True)
    trained: list[str] = []
    epoch = Trainer._epoch

    def heard(trainer: Trainer, number: int) -> None:
        trained.append(trainer.checkpoint.folder.parent.name)
        epoch(trainer, number)

    monkeypatch.setattr(Trainer, "_epoch", heard)
    resumed = review_by_folds(run, folds=2, folder=folder, resume=True)
    assert set(trained) == {"fold-2"}
    assert resumed.ranked == whole.ranked


def test_a_model_judges_a_corpus_that_it_was_not_trained_on(spoilt: tuple[Path, set[int]]) -> None:
    path, _ = spoilt
    corpus = read_corpus(path, {"ner": -1}).settle("ner")
    found = review_by_model(tiny.untrained(seed=2), corpus, "ner")
    assert found.judged == sum(len(document.spans) for document in corpus)
    agreed = 0
    for document, tagged in zip(corpus, tiny.untrained(seed=2).pipe(corpus), strict=True):
        mine = {(span.start, span.end, span.label) for span in document.spans}
        agreed += len(mine & {(span.start, span.end, span.label) for span in tagged.spans})
    assert found.agreed == agreed
    assert [value for value, _ in found.ranked] == sorted((value for value, _ in found.ranked), reverse=True)


def test_only_tasks_with_spans_are_judged() -> None:
    schemes = {"upos": Scheme.NONE, "ner": Scheme.BIO, "chunk": Scheme.BIO}
    assert reviewed_task(schemes, None) == "ner"
    assert reviewed_task(schemes, "chunk") == "chunk"
    for task in ("upos", "names"):
        with pytest.raises(ConfigError, match=f"no task '{task}' with spans"):
            reviewed_task(schemes, task)
    with pytest.raises(
        ConfigError,
        match=(r"^no task has spans, and spans are what is judged; tasks: upos \(none\); is it the right --column\?$"),
    ):
        reviewed_task({"upos": Scheme.NONE}, None)
