"""The further aim of telling neighbouring words: against a softmax written out, and what it leaves behind."""

from __future__ import annotations

from pathlib import Path

import pytest
import tiny
import torch
from torch import Tensor

from bilstm_tagger.errors import ConfigError
from bilstm_tagger.nn import language_model
from bilstm_tagger.nn.batch import Batch, Types
from bilstm_tagger.nn.embedder import UNK
from bilstm_tagger.nn.language_model import LanguageModel
from bilstm_tagger.nn.recurrent import RecurrentLayer
from bilstm_tagger.settings.loading import load_settings
from bilstm_tagger.tagging.tagger import Tagger
from bilstm_tagger.training import train
from bilstm_tagger.training.loop import Trainer
from bilstm_tagger.training.prepare import prepare
from bilstm_tagger.training.progress import Silent

ROWS = 9  # of words that learn
TYPES = torch.tensor([0, 4, 1, 7, 12, 3])  # rows of the distinct words: padding, three known, unknown, a frozen one
INDEX = torch.tensor([[1, 2, 3, 4], [5, 1, 0, 0], [3, 0, 0, 0]])  # sentences of 4, 2 and 1 tokens
LENGTHS = torch.tensor([4, 2, 1])


@pytest.fixture(autouse=True)
def no_dropout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language_model, "DROPOUT", 0.0)


def batch() -> Batch:
    return Batch(Types(TYPES, torch.zeros(6, 1).long(), torch.zeros(6).long()), INDEX, LENGTHS)


def written_out(model: LanguageModel, states: Tensor) -> Tensor:
    """The same loss, pair by pair, with a softmax over all words."""
    total = torch.zeros(())
    for number, name in enumerate(model.directions):
        table = model.words[name].weight  # type: ignore[union-attr]
        for sentence, length in enumerate(LENGTHS.tolist()):
            for token in range(length):
                told = token + 1 if name == "left_to_right" else token - 1
                if 0 <= told < length:
                    known = states.chunk(len(model.directions), -1)[number][sentence, token]
                    scores = table @ torch.tanh(model.hidden[name](known))  # type: ignore[operator]
                    row = int(TYPES[INDEX[sentence, told]])
                    total = total - scores.log_softmax(0)[row if row < len(table) else UNK]
    return total


def ready(words: int = ROWS, direction: str = "both") -> tuple[LanguageModel, Tensor]:
    """A language model with large weights, and the states that its layer has just given."""
    torch.manual_seed(0)
    layer = RecurrentLayer(5, 4, direction=direction)
    model = LanguageModel(layer, words)
    for table in model.words.values():
        table.weight.data.normal_()  # type: ignore[union-attr,operator]
    return model, layer(torch.randn(3, 4, 5), LENGTHS)


@pytest.mark.parametrize("direction", ["both", "forward", "backward"])
def test_loss_is_that_of_a_softmax_over_all_words(direction: str) -> None:
    model, states = ready(direction=direction)
    torch.testing.assert_close(model.loss(batch()), written_out(model, states))


def test_rare_words_count_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language_model, "WORDS", 5)
    model, states = ready()
    assert len(model.words["left_to_right"].weight) == 5  # type: ignore[arg-type]
    torch.testing.assert_close(model.loss(batch()), written_out(model, states))


def test_a_sample_stands_for_all_words_that_the_batch_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language_model, "SAMPLE", 30)
    model, _ = ready(words=200)
    scores = torch.randn(200)
    present = torch.tensor([0, 1, 4, 117])
    sums = []
    for _ in range(500):
        candidates, stand_for = model._candidates(present)
        assert candidates[:4].tolist() == present.tolist()
        assert not set(candidates[4:].tolist()) & set(present.tolist())
        sums.append((scores[candidates] + stand_for).exp().sum())
    assert float(torch.stack(sums).mean()) == pytest.approx(float(scores.exp().sum()), rel=0.02)
    assert len(candidates) == 34


def test_padding_has_no_part_in_it() -> None:
    torch.manual_seed(0)
    layer = RecurrentLayer(5, 4)
    model = LanguageModel(layer, ROWS)
    x = torch.randn(3, 4, 5)
    losses = []
    for garbage in (0.0, 1e6):
        x[1, 2:] = x[2, 1:] = garbage
        layer(x, LENGTHS)
        losses.append(model.loss(batch()))
    assert torch.equal(*losses)
    wide = Batch(batch().types, torch.nn.functional.pad(INDEX, (0, 3)), LENGTHS)
    layer(torch.nn.functional.pad(x, (0, 0, 0, 3)), LENGTHS)
    torch.testing.assert_close(model.loss(wide), losses[0])


def test_states_are_used_once_and_never_kept_from_tagging() -> None:
    layer = RecurrentLayer(5, 4)
    model = LanguageModel(layer, ROWS)
    layer(torch.randn(3, 4, 5), LENGTHS)
    model.loss(batch())
    with pytest.raises(RuntimeError, match="read the batch first"):
        model.loss(batch())
    layer.eval()(torch.randn(3, 4, 5), LENGTHS)
    with pytest.raises(RuntimeError, match="read the batch first"):
        model.loss(batch())


def test_it_learns_what_follows_what(tmp_path: Path) -> None:
    rows = [[("the", "O"), ("boat", "O"), ("left", "O"), ("Ada", "B-PER")]] * 20
    corpus = str(tiny.write_conll(tmp_path / "c.conll", rows))
    settings = tiny.settings_of(
        data__train=corpus,
        data__dev=corpus,
        embedder__characters=None,
        training__language_model=1.0,
        training__optimizer="adamw",
        training__learning_rate=0.05,
        training__average_from=None,
        training__epochs=8,
    )
    trainer = Trainer(settings, prepare(settings), folder=tmp_path, progress=Silent())
    (model,) = trainer.language_models
    (known,) = (corpus.batch(torch.arange(4).numpy()) for corpus in trainer.corpora)

    def loss() -> float:
        trainer.model.train().losses(known)
        return float(model.loss(known).detach()) / (4 * 3 * 2)  # type: ignore[operator]

    before = loss()
    for epoch in range(8):
        trainer._epoch(epoch)
    assert before == pytest.approx(
        torch.tensor(6.0).log().item(), rel=0.1
    )  # four words, two further rows, none preferred
    assert loss() < 0.5 * before


def test_the_model_has_nothing_of_it(tmp_path: Path) -> None:
    corpus = str(tiny.write_conll(tmp_path / "c.conll", tiny.sentences(20)))
    names = []
    for weight in (0.0, 0.5):
        settings = tiny.settings_of(data__train=corpus, data__dev=corpus, training__language_model=weight)
        tagger = train(settings, output=tmp_path / "m", force=True)
        assert not any(part._forward_hooks for part in tagger.model.modules())
        names.append(set(Tagger.load(tmp_path / "m").model.state_dict()))
    assert names[0] == names[1]


@pytest.mark.parametrize(
    ("overrides", "what"),
    [
        ({"encoder.type": "cnn"}, r"encoder\.type = cnn"),
        ({"encoder.merge": "sum"}, r"encoder\.merge = sum"),
        ({"features.pair.bigram": True}, "a bigram feature"),
        ({"encoder.sentence_size": 5}, r"encoder\.sentence_size"),
    ],
)
def test_states_that_have_seen_the_word_are_refused(overrides: dict[str, object], what: str) -> None:
    load_settings(overrides=overrides)
    with pytest.raises(ConfigError, match=rf"settings: training\.language_model: with {what} .*; set it to 0"):
        load_settings(overrides=overrides | {"training.language_model": 0.1})
    one_way = {"encoder.merge": "sum", "encoder.direction": "forward", "training.language_model": 0.1}
    assert load_settings(overrides=one_way).training.language_model == 0.1
