"""The LSTM written gate by gate against torch.nn.LSTM, and against the RNN it holds."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from bilstm_tagger.errors import ModelError
from bilstm_tagger.nn.lstm_reference import STANDARD_RNN, Forced, lstm_step, run_direction, run_stack, weights_of

CLOSE = {"rtol": 0.0, "atol": 1e-9}


def make(layers: int = 1, *, both: bool = False, bias: bool = True, seed: int = 0) -> nn.LSTM:
    torch.manual_seed(seed)
    return nn.LSTM(3, 4, num_layers=layers, bidirectional=both, bias=bias, batch_first=True).double()


def gradients(outputs: Tensor, lstm: nn.LSTM, x: Tensor) -> list[Tensor]:
    """Gradients of one uneven function of the outputs, for the input and every weight."""
    weight = torch.linspace(-1, 2, outputs.numel(), dtype=outputs.dtype).view_as(outputs)
    return list(torch.autograd.grad((outputs * weight).sum(), [x, *lstm.parameters()]))


@settings(max_examples=40, deadline=None)
@given(
    layers=st.integers(1, 3),
    both=st.booleans(),
    bias=st.booleans(),
    batch=st.integers(1, 3),
    tokens=st.integers(1, 6),
    seed=st.integers(0, 1000),
)
def test_outputs_and_gradients_equal_torch(
    layers: int, both: bool, bias: bool, batch: int, tokens: int, seed: int
) -> None:
    lstm = make(layers, both=both, bias=bias, seed=seed)
    x = torch.randn(batch, tokens, 3, dtype=torch.float64, requires_grad=True)
    expected, (last_hidden, last_cell) = lstm(x)
    outputs, gates = run_stack(lstm, x)
    torch.testing.assert_close(outputs, expected, **CLOSE)
    for mine, theirs in zip(gradients(outputs, lstm, x), gradients(expected, lstm, x), strict=True):
        torch.testing.assert_close(mine, theirs, **CLOSE)
    directions = 2 if both else 1
    assert {tuple(part.shape) for part in gates} == {(layers, directions, batch, tokens, 4)}
    ends = [-1, 0][:directions]
    for mine, theirs in ((gates.hidden, last_hidden), (gates.cell, last_cell)):
        last = torch.stack([mine[:, d, :, end] for d, end in enumerate(ends)], dim=1).flatten(0, 1)
        torch.testing.assert_close(last, theirs, **CLOSE)


def test_states_before_the_first_step_equal_torch() -> None:
    lstm = make(2, both=True)
    x = torch.randn(2, 5, 3, dtype=torch.float64)
    state = torch.randn(4, 2, 4, dtype=torch.float64), torch.randn(4, 2, 4, dtype=torch.float64)
    torch.testing.assert_close(run_stack(lstm, x, state=state)[0], lstm(x, state)[0], **CLOSE)


def test_padded_batch_equals_packed_torch() -> None:
    lstm = make(2, both=True)
    x = torch.randn(3, 6, 3, dtype=torch.float64, requires_grad=True)
    lengths = torch.tensor([6, 1, 4])
    packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    expected = pad_packed_sequence(lstm(packed)[0], batch_first=True)[0]
    outputs, _ = run_stack(lstm, x, lengths=lengths)
    real = (torch.arange(6) < lengths[:, None])[..., None]
    torch.testing.assert_close(outputs * real, expected, **CLOSE)
    for mine, theirs in zip(gradients(outputs * real, lstm, x), gradients(expected, lstm, x), strict=True):
        torch.testing.assert_close(mine, theirs, **CLOSE)


def test_gates_follow_the_equations() -> None:
    lstm = make(1, both=True)
    x = torch.randn(2, 5, 3, dtype=torch.float64)
    _, gates = run_stack(lstm, x)
    for part in (gates.forget, gates.input, gates.output):
        assert ((part > 0) & (part < 1)).all()
    before = torch.zeros_like(gates.cell)
    before[:, 0, :, 1:] = gates.cell[:, 0, :, :-1]
    before[:, 1, :, :-1] = gates.cell[:, 1, :, 1:]
    torch.testing.assert_close(gates.cell, gates.forget * before + gates.input * gates.candidate, **CLOSE)
    torch.testing.assert_close(gates.hidden, gates.output * gates.cell.tanh(), **CLOSE)


def test_one_step_equals_lstm_cell() -> None:
    torch.manual_seed(0)
    cell = nn.LSTMCell(3, 4).double()
    lstm = make()
    with torch.no_grad():
        for mine, theirs in zip(lstm.parameters(), cell.parameters(), strict=True):
            mine.copy_(theirs)
    x, h, c = (torch.randn(2, size, dtype=torch.float64) for size in (3, 4, 4))
    step = lstm_step(x, h, c, weights_of(lstm))
    expected_hidden, expected_cell = cell(x, (h, c))
    torch.testing.assert_close(step.hidden, expected_hidden, **CLOSE)
    torch.testing.assert_close(step.cell, expected_cell, **CLOSE)


def rnn_by_hand(lstm: nn.LSTM, x: Tensor) -> Tensor:
    """Elman's RNN over the candidate's weights, its activation tanh(tanh(·)), written without the cell."""
    w, u = (getattr(lstm, name)[8:12] for name in ("weight_ih_l0", "weight_hh_l0"))
    b = (lstm.bias_ih_l0 + lstm.bias_hh_l0)[8:12]
    states = [torch.zeros(x.shape[0], 4, dtype=x.dtype)]
    for t in range(x.shape[1]):
        states.append(torch.tanh(torch.tanh(x[:, t] @ w.T + states[-1] @ u.T + b)))
    return torch.stack(states[1:], dim=1)


def test_forced_gates_give_the_standard_rnn_with_the_cells_own_tanh() -> None:
    lstm = make()
    x = torch.randn(2, 7, 3, dtype=torch.float64, requires_grad=True)
    outputs, gates = run_stack(lstm, x, forced=STANDARD_RNN)
    expected = rnn_by_hand(lstm, x)
    torch.testing.assert_close(outputs, expected, **CLOSE)
    torch.testing.assert_close(gates.cell, gates.candidate, **CLOSE)
    mine, theirs = (torch.autograd.grad(y.square().sum(), x)[0] for y in (outputs, expected))
    torch.testing.assert_close(mine, theirs, **CLOSE)


def candidate_rnn(lstm: nn.LSTM) -> nn.RNN:
    """torch's RNN with the candidate's weights of a bidirectional LSTM of two layers."""
    rnn = nn.RNN(3, 4, num_layers=2, bidirectional=True, batch_first=True).double()
    with torch.no_grad():
        for name, weight in rnn.named_parameters():
            weight.copy_(getattr(lstm, name)[8:12])
    return rnn


def test_without_the_outer_tanh_it_is_torchs_rnn_and_with_it_it_is_not() -> None:
    lstm = make(2, both=True)
    x = torch.randn(2, 7, 3, dtype=torch.float64)
    expected = candidate_rnn(lstm)(x)[0]
    plain, _ = run_stack(lstm, x, forced=replace(STANDARD_RNN, squash=False))
    torch.testing.assert_close(plain, expected, **CLOSE)
    squashed, _ = run_stack(lstm, x, forced=STANDARD_RNN)
    assert (squashed - expected).abs().max() > 0.01


def test_forget_gate_held_open_only_adds() -> None:
    """The cell of 1997: nothing is ever dropped."""
    gates = run_direction(torch.randn(2, 6, 3, dtype=torch.float64), weights_of(make()), forced=Forced(forget=1.0))
    torch.testing.assert_close(gates.cell, (gates.input * gates.candidate).cumsum(1), **CLOSE)


def test_projection_is_refused() -> None:
    with pytest.raises(
        ModelError, match=r"^an LSTM with proj_size cannot be run gate by gate; build it with proj_size=0$"
    ):
        weights_of(nn.LSTM(3, 4, proj_size=2))
