"""The stacked LSTMs against `torch.nn.LSTM`, one encoder at a time, in float64."""

import itertools

import pytest
import torch

from bilstm_tagger.nn.recurrent import RecurrentEncoder
from bilstm_tagger.nn.stacked_lstm import stackable, stacked_states

LENGTHS = torch.tensor([6, 1, 3, 5])
SIZE = 7


def _encoders(**settings):
    return [RecurrentEncoder(SIZE, hidden_size=5, **settings).double() for _ in range(3)]


def _inputs(lengths=LENGTHS):
    x = torch.randn(3, len(lengths), int(lengths.max()), SIZE, dtype=torch.double, requires_grad=True)
    mask = (torch.arange(x.shape[2]) < lengths[:, None])[..., None].double()
    return x, mask


@pytest.mark.parametrize(
    ("direction", "merge", "layers"),
    list(itertools.product(["both", "forward", "backward"], ["concat", "sum"], [1, 2])),
)
def test_states_and_all_gradients_are_those_of_torch(direction, merge, layers):
    torch.manual_seed(0)
    encoders = _encoders(direction=direction, merge=merge, layers=layers)
    x, mask = _inputs()
    alone = torch.stack([encoder(each, LENGTHS) for encoder, each in zip(encoders, x, strict=True)]) * mask
    stacked = stacked_states(encoders, x, LENGTHS, torch.float32) * mask
    assert torch.allclose(stacked, alone, rtol=0, atol=1e-12)
    wanted = [x, *(weight for encoder in encoders for weight in encoder.parameters())]
    given = torch.randn_like(alone)
    for ours, theirs in zip(
        torch.autograd.grad(stacked, wanted, given), torch.autograd.grad(alone, wanted, given), strict=True
    ):
        assert torch.allclose(ours, theirs, rtol=0, atol=1e-12)


def test_a_batch_of_single_tokens():
    encoders = _encoders()
    lengths = torch.ones(2, dtype=torch.long)
    x, _ = _inputs(lengths)
    alone = torch.stack([encoder(each, lengths) for encoder, each in zip(encoders, x, strict=True)])
    stacked = stacked_states(encoders, x, lengths, torch.bfloat16)
    assert torch.allclose(stacked, alone, rtol=0, atol=1e-12)
    stacked.sum().backward()
    assert x.grad.abs().sum() > 0


def test_what_is_no_lstm_is_left_to_torch():
    assert stackable(_encoders())
    assert not stackable([RecurrentEncoder(SIZE, hidden_size=5, cell="gru")])
    assert not stackable([torch.nn.Identity()])


def test_each_encoder_has_dropout_of_its_own():
    torch.manual_seed(0)
    encoders = _encoders(dropout=0.5)
    for encoder in encoders:
        encoder.load_state_dict(encoders[0].state_dict())
        encoder.train()
    x, mask = _inputs()
    states = stacked_states(encoders, x[:1].expand_as(x), LENGTHS, torch.float32) * mask
    dropped = states == 0
    assert 0.3 < dropped[:, 0].double().mean() < 0.7
    assert not torch.equal(dropped[0], dropped[1])
    kept = ~dropped[0] & ~dropped[1]
    assert torch.allclose(states[0][kept], states[1][kept])
    assert torch.equal(dropped[:, 0, 0], dropped[:, 0, -1])  # one mask for all tokens of a sentence


def test_products_are_rounded_on_a_gpu_alone():
    before = torch.get_float32_matmul_precision()
    encoders = _encoders()
    x, _ = _inputs()
    stacked_states(encoders, x, LENGTHS, torch.bfloat16).sum().backward()
    assert torch.get_float32_matmul_precision() == before


def test_no_two_gradients_share_numbers():
    encoders = _encoders()
    x, _ = _inputs()
    stacked_states(encoders, x, LENGTHS, torch.float32).sum().backward()
    grads = [weight.grad for encoder in encoders for weight in encoder.parameters()]
    before = [grad.clone() for grad in grads]
    for grad in grads:
        grad.mul_(2)
    assert all(torch.equal(grad, 2 * was) for grad, was in zip(grads, before, strict=True))
