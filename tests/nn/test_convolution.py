"""The window encoder against its sums written out; every encoder end to end."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
import torch
from tiny import sentences, settings_of, write_conll
from torch import Tensor

from bilstm_tagger.errors import ConfigError
from bilstm_tagger.nn.batch import mask_of
from bilstm_tagger.nn.convolution import WindowEncoder, WindowLayer
from bilstm_tagger.settings.loading import load_settings
from bilstm_tagger.tagging.tagger import Tagger
from bilstm_tagger.training import train

LENGTHS = torch.tensor([3, 9, 1, 4])
#: Direction, merge, and the tokens that one layer of width 5 sees to the left and to the right.
KINDS = [("both", "concat", 2, 2), ("both", "sum", 2, 2), ("forward", "concat", 4, 0), ("backward", "sum", 0, 4)]


@pytest.fixture
def x() -> Tensor:
    torch.manual_seed(0)
    return torch.randn(4, 9, 5, dtype=torch.float64)


def real(states: Tensor, lengths: Tensor = LENGTHS) -> Tensor:
    return states * mask_of(lengths, states.shape[1])[..., None]


def written_out(layer: WindowLayer, sentence: Tensor) -> Tensor:
    """States `(tokens, size)` of one sentence `(tokens, input)`, sum by sum."""
    states = []
    for t in range(len(sentence)):
        parts = []
        for bank, (left, right) in zip(layer.banks, layer.sides, strict=True):
            total = bank.bias.clone()
            for place, s in enumerate(range(t - left, t + right + 1)):
                if 0 <= s < len(sentence):
                    total = total + bank.weight[:, :, place] @ sentence[s]
            parts.append(total.clamp_min(0))
        states.append(torch.cat(parts))
    return torch.stack(states)


@pytest.mark.parametrize("width", [1, 3, 5])
@pytest.mark.parametrize(("direction", "merge"), list(product(["both", "forward", "backward"], ["concat", "sum"])))
def test_a_layer_equals_its_sums(x: Tensor, width: int, direction: str, merge: str) -> None:
    layer = WindowLayer(5, 4, width=width, direction=direction, merge=merge).double()
    states = layer(x, LENGTHS)
    assert states.shape == (4, 9, layer.output_size)
    assert layer.output_size == (8 if (direction, merge) == ("both", "concat") else 4)
    for sentence, found, length in zip(x, states, LENGTHS.tolist(), strict=True):
        torch.testing.assert_close(found[:length], written_out(layer, sentence[:length]), rtol=0, atol=1e-12)


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize(("direction", "merge", "left", "right"), KINDS)
def test_it_sees_exactly_its_window(direction: str, merge: str, left: int, right: int, layers: int) -> None:
    torch.manual_seed(1)
    tokens, middle = 25, 12
    encoder = WindowEncoder(5, hidden_size=30, width=5, layers=layers, direction=direction, merge=merge).double()
    x = torch.randn(1, tokens, 5, dtype=torch.float64, requires_grad=True)
    encoder(x, torch.tensor([tokens]))[0, middle].sum().backward()
    assert x.grad is not None
    touched = x.grad[0].abs().sum(-1).nonzero().flatten().tolist()
    assert touched == list(range(middle - layers * left, middle + layers * right + 1))


@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize(("direction", "merge"), list(product(["both", "forward", "backward"], ["concat", "sum"])))
def test_padding_never_reaches_a_real_token(x: Tensor, direction: str, merge: str, layers: int) -> None:
    encoder = WindowEncoder(5, hidden_size=4, width=3, layers=layers, direction=direction, merge=merge).double()
    for sentence, states, length in zip(x, encoder(x, LENGTHS), LENGTHS.tolist(), strict=True):
        alone = encoder(sentence[None, :length], torch.tensor([length]))[0]
        torch.testing.assert_close(states[:length], alone, rtol=0, atol=1e-12)
    outside = ~mask_of(LENGTHS, 9)[..., None]
    clean = real(encoder(x.masked_fill(outside, 0.0), LENGTHS))
    for garbage in (1e6, torch.inf, torch.nan):
        dirty = encoder(x.masked_fill(outside, garbage), LENGTHS)
        assert torch.equal(real(dirty), clean)


def test_a_gradient_never_reaches_padding(x: Tensor) -> None:
    x.requires_grad_()
    real(WindowEncoder(5, hidden_size=4, width=5, layers=2).double()(x, LENGTHS)).sum().backward()
    assert x.grad is not None
    assert torch.equal(x.grad.abs().sum(-1) > 0, mask_of(LENGTHS, 9))


def test_dropout_has_one_mask_a_sentence(x: Tensor) -> None:
    torch.manual_seed(2)
    encoder = WindowEncoder(5, hidden_size=400, width=9, dropout=0.5).double()
    kept = (encoder(x, torch.full((4,), 9)) > 0).any(1).double().mean().item()
    assert 0.35 < kept < 0.6
    states = encoder.eval()(x, LENGTHS)
    assert torch.equal(states, encoder(x, LENGTHS))


@pytest.mark.parametrize(("direction", "width"), [("both", 4), ("both", 2)])
def test_a_window_with_unequal_sides_is_refused(direction: str, width: int) -> None:
    overrides = {"encoder.type": "cnn", "encoder.direction": direction, "encoder.width": width}
    with pytest.raises(ConfigError, match=f"encoder: a cnn that looks both ways needs an odd width, not {width}"):
        load_settings(overrides=overrides)
    assert load_settings(overrides=overrides | {"encoder.direction": "forward"}).encoder.width == width
    assert load_settings(overrides=overrides | {"encoder.type": "lstm"}).encoder.width == width


@pytest.mark.parametrize(
    ("cell", "direction", "merge"),
    list(product(["rnn", "lstm", "gru", "cnn"], ["forward", "backward", "both"], ["concat", "sum"])),
)
def test_every_encoder_trains_saves_loads_and_tags(tmp_path: Path, cell: str, direction: str, merge: str) -> None:
    """With both heads, and in two layers."""
    settings = settings_of(
        data__train=str(write_conll(tmp_path / "train.conll", sentences(16))),
        data__dev=str(write_conll(tmp_path / "dev.conll", sentences(6, seed=1))),
        tasks={"ner": {"column": 3, "head": "crf"}, "pos": {"column": 2, "head": "softmax", "scheme": "none"}},
        encoder__type=cell,
        encoder__direction=direction,
        encoder__merge=merge,
        encoder__width=3,
        encoder__layers=2,
        training__epochs=1,
    )
    trained = train(settings, output=tmp_path / "model")
    sources = [["Ada", "left", "Turin", "at", "42", "."], ["Rain"], ["the", "boat", "fell", "in", "Lake", "Ob"] * 3]
    loaded = Tagger.load(tmp_path / "model")
    for document, again in zip(trained.pipe(sources), loaded.pipe(sources), strict=True):
        assert document.tags == again.tags
        assert set(document.tags) == {"ner", "pos"}
    assert set(loaded.metrics["dev"]) == {"ner", "pos"}
