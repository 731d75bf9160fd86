"""Starting from an earlier model: what is kept, what is rebuilt, what is told."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import tiny
import torch

from bilstm_tagger.errors import ConfigError
from bilstm_tagger.io.reading import sha256_file
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.settings.loading import load_settings
from bilstm_tagger.settings.schema import Settings
from bilstm_tagger.tagging.tagger import Tagger
from bilstm_tagger.training import train
from bilstm_tagger.training.loop import Trainer
from bilstm_tagger.training.prepare import prepare
from bilstm_tagger.training.progress import Silent
from bilstm_tagger.training.provenance import data_rows
from bilstm_tagger.training.warm_start import settings_of, take_over


def renamed(count: int, seed: int) -> list[list[tuple[str, str]]]:
    """The made-up sentences with LOC called PLACE, and a name not seen before."""
    return [
        [("Zuzana" if word == "Ada" else word, tag.replace("LOC", "PLACE")) for word, tag in sentence]
        for sentence in tiny.sentences(count, seed=seed)
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("init")


@pytest.fixture(scope="module")
def old_train(folder: Path) -> Path:
    return tiny.write_conll(folder / "old.conll", tiny.sentences(60, seed=1))


@pytest.fixture(scope="module")
def old(folder: Path, old_train: Path) -> Path:
    dev = tiny.write_conll(folder / "old-dev.conll", tiny.sentences(20, seed=2))
    settings = tiny.settings_of(
        data__train=str(old_train), data__dev=str(dev), training__epochs=6, training__learning_rate=0.05
    )
    train(settings, output=folder / "old")
    return folder / "old"


@pytest.fixture(scope="module")
def new_data(folder: Path) -> dict[str, str]:
    return {
        "data.train": str(tiny.write_conll(folder / "new.conll", renamed(30, seed=3))),
        "data.dev": str(tiny.write_conll(folder / "new-dev.conll", renamed(15, seed=4))),
    }


def test_what_agrees_is_kept_and_the_head_rebuilt(old: Path, new_data: dict[str, str]) -> None:
    earlier = Tagger.load(old)
    settings = load_settings(base=settings_of(earlier, name=str(old)), overrides=new_data)
    prepared = prepare(settings)
    model, vocab = prepared.model(), prepared.info.vocab
    before, after = earlier.runtime.model.state_dict(), model.state_dict()
    assert set(earlier.vocab.trained) <= set(vocab.trained)
    assert "zuzana" in vocab.trained
    for word in earlier.vocab.trained:
        own = after["embedder.words.weight"][vocab.trained.index(word)]
        assert torch.equal(own, before["embedder.words.weight"][earlier.vocab.trained.index(word)])
    encoder = [name for name in before if name.startswith("members.0.encoder.")]
    assert encoder
    for name in encoder:
        assert torch.equal(before[name], after[name])
    tags, old_tags = vocab.tags["ner"], earlier.vocab.tags["ner"]
    assert "S-PLACE" in tags
    assert "S-LOC" not in tags
    for kept in ("O", "S-PER", "B-PER"):
        at, origin = tags.index(kept), old_tags.index(kept)
        for name in ("projection.weight", "projection.bias", "crf.start_transitions", "crf.end_transitions"):
            assert torch.equal(after[f"members.0.heads.ner.{name}"][at], before[f"members.0.heads.ner.{name}"][origin])
        for other in ("O", "S-PER"):
            name = "members.0.heads.ner.crf.transitions"
            assert after[name][at, tags.index(other)] == before[name][origin, old_tags.index(other)]


def test_every_member_finds_its_labels_by_name(folder: Path, old_train: Path, new_data: dict[str, str]) -> None:
    ensemble = {"encoder__ensemble_size": 2, "head__hidden_size": 3, "training__epochs": 1}
    earlier = train(tiny.settings_of(data__train=str(old_train), **ensemble), output=folder / "ensemble")
    settings = load_settings(base=settings_of(earlier, name=str(folder / "ensemble")), overrides=new_data)
    prepared = prepare(settings)
    before, after = earlier.runtime.model.state_dict(), prepared.model().state_dict()
    tags, old_tags = prepared.info.vocab.tags["ner"], earlier.vocab.tags["ner"]
    assert len(tags) == len(old_tags)
    at, origin = tags.index("S-PER"), old_tags.index("S-PER")
    assert at != origin
    for member in ("members.0.", "members.1."):
        for name in ("projection.weight", "projection.bias", "crf.start_transitions"):
            whole = f"{member}heads.ner.{name}"
            assert torch.equal(after[whole][at], before[whole][origin]), whole
        layer = f"{member}heads.ner.hidden.weight"
        assert torch.equal(after[layer], before[layer])


def test_scores_of_states_are_no_scores_of_a_tanh_layer(
    old: Path, new_data: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    earlier = Tagger.load(old)
    base = settings_of(earlier, name=str(old))
    settings = load_settings(
        base=base, overrides=new_data | {"head.hidden_size": earlier.runtime.model.encoders[0].output_size}
    )
    model = prepare(settings).model()
    name = "members.0.heads.ner.projection.weight"
    assert model.state_dict()[name].shape[1] == earlier.runtime.model.state_dict()[name].shape[1]
    assert not torch.isin(model.state_dict()[name], earlier.runtime.model.state_dict()[name]).any()
    assert any("afresh" in record.getMessage() and name in record.getMessage() for record in caplog.records)


def test_what_the_new_model_has_no_place_for_is_named(
    old: Path, new_data: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    overrides = new_data | {"encoder.direction": "forward"}
    settings = load_settings(base=settings_of(Tagger.load(old), name=str(old)), overrides=overrides)
    prepare(settings).model()
    lost = [record.getMessage() for record in caplog.records if "no place for" in record.getMessage()]
    assert len(lost) == 1
    assert "right_to_left" in lost[0]
    assert "heads" not in lost[0]


def test_heads_of_tasks_that_one_side_lacks_are_told_by_task(
    old: Path, new_data: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    overrides = new_data | {"tasks.chunk.column": 2}
    settings = load_settings(base=settings_of(Tagger.load(old), name=str(old)), tasks=["chunk"], overrides=overrides)
    prepare(settings).model()
    told = [record.getMessage() for record in caplog.records if "chunk" in record.getMessage()]
    assert told == ["chunk: the model to start from has no such task; its head starts afresh"]
    assert "the new model leaves out: ner" in caplog.messages
    assert not any("weights" in message for message in caplog.messages)


def test_data_that_the_old_model_cannot_be_scored_on_costs_only_the_comparison(
    old: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    plain = tmp_path / "plain.conll"
    plain.write_text("Ada\tX\nleft\tY\n\n" * 20, "utf-8")
    settings = load_settings(
        base=settings_of(Tagger.load(old), name=str(old)),
        overrides={"data.train": str(plain), "data.dev": str(plain), "training.epochs": 1},
    )
    tagger = train(settings, output=tmp_path / "new")
    assert tagger.metrics["init"] == {}
    assert Tagger.load(tmp_path / "new").tasks == ["ner"]
    assert any("is not scored on dev" in record.getMessage() for record in caplog.records)


def test_the_same_labels_and_words_give_the_same_model(old: Path, old_train: Path) -> None:
    earlier = Tagger.load(old)
    settings = load_settings(base=settings_of(earlier, name=str(old)), overrides={"data.train": str(old_train)})
    prepared = prepare(settings)
    model = prepared.model()
    for name, tensor in earlier.runtime.model.state_dict().items():
        assert torch.equal(tensor, model.state_dict()[name]), name


def test_how_long_the_earlier_model_was_trained_says_nothing_of_other_data(old: Path) -> None:
    """A schedule for a large corpus would read a small one too seldom: `en` made 14 epochs."""
    earlier = Tagger.load(old)
    own = earlier.info.settings["training"] | {"recase": 0.5, "seed": 7, "epochs": 3, "min_steps": 0, "threads": 3}
    model = replace(earlier.info, settings=earlier.info.settings | {"training": own})
    base = settings_of(SimpleNamespace(info=model), name="x")  # type: ignore[arg-type]
    expected = load_settings(earlier.info.settings["preset"]).training
    assert base.training == expected.model_copy(update={"init_from": "x", "recase": 0.5})
    assert load_settings(base=base, overrides={"training.epochs": 4}).training.epochs == 4
    unknown = replace(model, settings=model.settings | {"preset": "of another release"})
    assert settings_of(SimpleNamespace(info=unknown), name="x").training.epochs == 15  # type: ignore[arg-type]


def test_scores_before_and_after_and_lost_labels(
    old: Path, new_data: dict[str, str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    earlier = Tagger.load(old)
    settings = load_settings(base=settings_of(earlier, name=str(old)), overrides=new_data | {"training.epochs": 4})
    with caplog.at_level(logging.INFO, "bilstm_tagger"):
        tagger = train(settings, output=tmp_path / "new")
    assert any("lacks LOC" in record.getMessage() for record in caplog.records)
    rows = Tagger.load(tmp_path / "new").metrics["init"]["ner"]
    assert rows == tagger.metrics["init"]["ner"]
    assert set(rows) == {"PER", "PLACE", "all"}
    assert rows["PLACE"]["before"] == 0
    assert rows["all"]["after"] > rows["all"]["before"]
    assert rows["all"]["after"] == pytest.approx(tagger.metrics["dev"]["ner"])


def test_replay_keeps_the_old_labels_in_any_scheme(
    old: Path, new_data: dict[str, str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bmes = tiny.write_conll(tmp_path / "old.conll", tiny.sentences(60, seed=1), Scheme.BMES)
    base = settings_of(Tagger.load(old), name=str(old))
    settings = load_settings(base=base, overrides=new_data | {"data.replay": str(bmes)})
    prepared = prepare(settings)
    assert {"S-LOC", "S-PLACE", "S-PER"} <= set(prepared.info.vocab.tags["ner"])
    assert prepared.info.schemes == {"ner": Scheme.BIO}
    assert sum(len(document.sentences) for document in prepared.sources[0].train) == 90
    assert sum(len(document.sentences) for document in prepared.sources[0].dev) == 15
    rows = {row["role"]: row for row in data_rows(settings, prepared)}
    assert {role: row["sentences"] for role, row in rows.items()} == {"train": 30, "dev": 15, "replay": 60, "model": 0}
    assert rows["replay"]["sha256"] == sha256_file(bmes)
    assert not any("lacks" in record.getMessage() for record in caplog.records)


def trainer_of(settings: Settings, folder: Path) -> Trainer:
    weights = {task: each.weight for task, each in settings.tasks.items()}
    return Trainer(settings.training, prepare(settings), weights=weights, folder=folder, progress=Silent())


def test_a_broken_run_ends_with_the_same_weights(old: Path, new_data: dict[str, str], tmp_path: Path) -> None:
    base = settings_of(Tagger.load(old), name=str(old))
    settings = load_settings(base=base, overrides=new_data | {"training.epochs": 3})
    whole = trainer_of(settings, tmp_path / "a")
    (tmp_path / "a").mkdir()
    expected = whole.run().state_dict()
    (tmp_path / "b").mkdir()
    first = trainer_of(settings, tmp_path / "b")
    first._epoch(0)
    first.checkpoint.save(first.state)
    second = trainer_of(settings, tmp_path / "b")
    second.resume()
    for name, tensor in second.run().state_dict().items():
        assert torch.equal(tensor, expected[name]), name


def test_other_sizes_start_afresh_and_are_named(
    old: Path, new_data: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    base = settings_of(Tagger.load(old), name=str(old))
    settings = load_settings(base=base, overrides=new_data | {"encoder.hidden_size": 7})
    prepared = prepare(settings)
    model = prepared.model()
    take_over(model, prepared.info.vocab, Tagger.load(old))
    assert any("afresh" in record.getMessage() and "encoder" in record.getMessage() for record in caplog.records)


def test_the_model_itself_is_not_overwritten(old: Path, new_data: dict[str, str]) -> None:
    settings = load_settings(base=settings_of(Tagger.load(old), name=str(old)), overrides=new_data)
    with pytest.raises(ConfigError, match="choose another --output"):
        train(settings, output=old, force=True)


def test_a_preset_beside_a_model_is_refused(old: Path) -> None:
    with pytest.raises(ConfigError, match="leave the preset out"):
        load_settings("pos", base=settings_of(Tagger.load(old), name=str(old)))


def test_words_keep_the_case_in_which_the_earlier_model_looks_them_up(folder: Path, old_train: Path) -> None:
    vectors = folder / "cased.txt"
    vectors.write_text("".join(f"{word} 1 2 3 4 5 {at}\n" for at, word in enumerate(("Ada", "Turin", "the", "boat"))))
    dev = tiny.write_conll(folder / "cased-dev.conll", tiny.sentences(10, seed=2))
    files = {"data__train": str(old_train), "data__dev": str(dev), "training__epochs": 1}
    first = train(tiny.settings_of(**files, embedder__vectors=str(vectors)), output=folder / "cased")
    assert {"Ada", "Turin"} <= set(first.vocab.trained)
    assert not {"ada", "turin"} & set(first.vocab.trained)
    second = train(tiny.settings_of(**files, training__init_from=str(folder / "cased")), output=folder / "cased-again")
    assert second.vocab.cased
    assert not {"ada", "turin"} & set(second.vocab.trained), "rows that no word of train reaches"
