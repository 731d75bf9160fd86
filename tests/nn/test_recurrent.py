"""The recurrent encoder against torch's own bidirectional networks on packed sequences."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from bilstm_tagger.nn.batch import mask_of, reversed_places
from bilstm_tagger.nn.recurrent import CELLS, LockedDropout, RecurrentEncoder, RecurrentLayer

LENGTHS = torch.tensor([3, 6, 1, 4])
SUFFIXES = {"left_to_right": "", "right_to_left": "_reverse"}


@pytest.fixture
def x() -> Tensor:
    torch.manual_seed(0)
    return torch.randn(4, 6, 5)


def torch_layer(layer: RecurrentLayer, cell: str) -> nn.Module:
    """torch's bidirectional network with the layer's weights; a direction the layer lacks stays at random."""
    network = CELLS[cell](5, 4, batch_first=True, bidirectional=True)
    weights = network.state_dict()
    for direction, part in layer.passes.items():
        for name, weight in part.state_dict().items():
            weights[name + SUFFIXES[direction]] = weight
    network.load_state_dict(weights)
    return network


def packed(network: nn.Module, x: Tensor, lengths: Tensor) -> Tensor:
    """States of the network on the packed sentences, 0 where padded."""
    sequences = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    return pad_packed_sequence(network(sequences)[0], batch_first=True, total_length=x.shape[1])[0]


def real(states: Tensor, lengths: Tensor = LENGTHS) -> Tensor:
    return states * mask_of(lengths, states.shape[1])[..., None]


@pytest.mark.parametrize("cell", list(CELLS))
@pytest.mark.parametrize("merge", ["concat", "sum"])
@pytest.mark.parametrize("direction", ["both", "forward", "backward"])
def test_states_equal_torch_on_packed_sentences(x: Tensor, cell: str, merge: str, direction: str) -> None:
    layer = RecurrentLayer(5, 4, cell=cell, direction=direction, merge=merge)
    forward, backward = packed(torch_layer(layer, cell), x, LENGTHS).split(4, -1)
    both = torch.cat([forward, backward], -1) if merge == "concat" else forward + backward
    expected = {"both": both, "forward": forward, "backward": backward}[direction]
    states = layer(x, LENGTHS)
    assert states.shape[-1] == layer.output_size == expected.shape[-1]
    torch.testing.assert_close(real(states), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("cell", list(CELLS))
def test_gradients_equal_torch_on_packed_sentences(x: Tensor, cell: str) -> None:
    layer = RecurrentLayer(5, 4, cell=cell)
    network = torch_layer(layer, cell)
    factors = torch.randn(4, 6, 8)
    (packed(network, x, LENGTHS) * factors).sum().backward()
    (real(layer(x, LENGTHS)) * factors).sum().backward()
    theirs = {name: weight.grad for name, weight in network.named_parameters()}
    for direction, part in layer.passes.items():
        for name, weight in part.named_parameters():
            torch.testing.assert_close(weight.grad, theirs[name + SUFFIXES[direction]], rtol=0, atol=1e-5)


@pytest.mark.parametrize("cell", list(CELLS))
@pytest.mark.parametrize("layers", [1, 2, 3])
def test_padding_never_reaches_a_real_token(x: Tensor, cell: str, layers: int) -> None:
    encoder = RecurrentEncoder(5, hidden_size=4, layers=layers, cell=cell)
    mask = mask_of(LENGTHS, 6)[..., None]
    clean = encoder(x.masked_fill(~mask, 0.0), LENGTHS)
    for garbage in (1e6, -1e30):
        dirty = encoder(x.masked_fill(~mask, garbage), LENGTHS)
        assert torch.equal(real(dirty), real(clean))
    wider = torch.cat([x, torch.full((4, 5, 5), 9.0)], 1)
    torch.testing.assert_close(encoder(wider, LENGTHS)[:, :6] * mask, real(clean), rtol=0, atol=1e-6)


def test_a_gradient_never_reaches_padding(x: Tensor) -> None:
    x.requires_grad_()
    real(RecurrentEncoder(5, hidden_size=4, layers=2)(x, LENGTHS)).sum().backward()
    assert x.grad is not None
    touched = x.grad.abs().sum(-1) > 0
    assert torch.equal(touched, mask_of(LENGTHS, 6))


def test_layers_stack_with_a_residual_where_sizes_agree(x: Tensor) -> None:
    encoder = RecurrentEncoder(5, hidden_size=4, layers=3).eval()
    states = encoder.layers[0](x, LENGTHS)
    for layer in list(encoder.layers)[1:]:
        states = states + layer(states, LENGTHS)
    torch.testing.assert_close(real(encoder(x, LENGTHS)), real(states))
    assert encoder.output_size == 8


def test_the_first_layer_has_no_residual(x: Tensor) -> None:
    encoder = RecurrentEncoder(5, hidden_size=5, merge="sum").eval()
    torch.testing.assert_close(encoder(x, LENGTHS), encoder.layers[0](x, LENGTHS))


def test_fresh_weights() -> None:
    torch.manual_seed(0)
    layer = RecurrentLayer(5, 4)
    for part in layer.passes.values():
        for gate in part.weight_hh_l0.detach().split(4):
            torch.testing.assert_close(gate @ gate.T, torch.eye(4), rtol=0, atol=1e-5)
        assert part.weight_ih_l0.abs().max() <= (6 / (5 + 4)) ** 0.5
        forget = (part.bias_ih_l0 + part.bias_hh_l0).detach().split(4)
        assert [gate.tolist() for gate in forget] == [[0.0] * 4, [1.0] * 4, [0.0] * 4, [0.0] * 4]


@pytest.mark.parametrize("rate", [0.3, 0.8])
def test_locked_dropout_has_one_mask_a_sentence(rate: float) -> None:
    torch.manual_seed(1)
    x = torch.rand(50, 7, 40) + 0.5
    y = LockedDropout(rate)(x)
    factors = y / x
    torch.testing.assert_close(factors, factors[:, :1].expand_as(x))
    values = factors[:, 0]
    kept = values > 0
    torch.testing.assert_close(values[kept], torch.full_like(values[kept], 1 / (1 - rate)))
    assert abs(kept.float().mean().item() - (1 - rate)) < 0.05
    assert len({tuple(row) for row in kept.tolist()}) > 45, "sentences must not share a mask"


def test_locked_dropout_only_in_training() -> None:
    x = torch.ones(2, 3, 4)
    assert torch.equal(LockedDropout(0.5).eval()(x), x)
    assert torch.equal(LockedDropout(0.0)(x), x)


def test_dropout_of_the_encoder_is_behind_every_layer(x: Tensor) -> None:
    torch.manual_seed(2)
    encoder = RecurrentEncoder(5, hidden_size=30, layers=2, dropout=0.5)
    states = encoder(x, LENGTHS)
    zero = (states == 0).float().mean().item()
    assert 0.35 < zero < 0.65
    assert torch.equal((states == 0).all(1), (states == 0).any(1)), "one mask for all tokens"
    first = RecurrentEncoder(5, hidden_size=4, layers=1, dropout=0.5)
    inputs: list[Tensor] = []
    first.layers[0].register_forward_pre_hook(lambda _, given: inputs.append(given[0]))
    first(x, LENGTHS)
    assert torch.equal(inputs[0], x), "the embedder has dropped its output already"


@pytest.mark.parametrize("width", [6, 9])
def test_reversed_places(width: int) -> None:
    places = reversed_places(LENGTHS, width).tolist()
    for row, length in zip(places, LENGTHS.tolist(), strict=True):
        assert row == [*reversed(range(length)), *range(length, width)]
