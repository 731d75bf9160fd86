"""The LSTM written gate by gate, to be read beside its equations.

With input `x_t`, previous output `h_{t-1}` and cell state `c_{t-1}`, `σ` the logistic function and `*` by element:

    f_t = σ(W_f x_t + U_f h_{t-1} + b_f)        forget gate: how much of the old cell state stays
    i_t = σ(W_i x_t + U_i h_{t-1} + b_i)        input gate: how much of the candidate is stored
    g_t = tanh(W_g x_t + U_g h_{t-1} + b_g)     cell candidate
    c_t = f_t * c_{t-1} + i_t * g_t             cell state
    o_t = σ(W_o x_t + U_o h_{t-1} + b_o)        output gate: how much of the cell state is shown
    h_t = o_t * tanh(c_t)                       hidden state, the cell's output

Hochreiter and Schmidhuber (1997), "Long Short-Term Memory", Neural Computation 9(8), has the input and output gate and
`c_t = c_{t-1} + i_t * g_t`, which is `f_t = 1`. Gers, Schmidhuber and Cummins (2000), "Learning to Forget", Neural
Computation 12(10), added the forget gate. Peepholes, from the cell state to the gates, came later and are not used.

In which sense an LSTM holds a standard RNN: with `f = 0`, `i = 1`, `o = 1` the cell state is the candidate, and

    h_t = tanh(tanh(W_g x_t + U_g h_{t-1} + b_g))

which is the RNN of Elman (1990) with the activation `tanh(tanh(·))` in place of `tanh`: the cell's own tanh stays. Only
when that outer tanh is left out too (`squash=False` below) is it the RNN of `torch.nn.RNN`, on the candidate's weights.

`torch.nn.LSTM` computes the same many times faster; this form is for reading, forcing gates and looking at them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from bilstm_tagger.errors import ModelError
from bilstm_tagger.nn.batch import reversed_places


class Affine(NamedTuple):
    """The affine map inside one gate: `W x + U h + b`.

    Attributes:
        from_input: `W`, `(hidden, input)`.
        from_hidden: `U`, `(hidden, hidden)`.
        bias: `b`, `(hidden,)`.
    """

    from_input: Tensor
    from_hidden: Tensor
    bias: Tensor

    def __call__(self, x: Tensor, hidden: Tensor) -> Tensor:
        """`(batch, hidden)` from `x` `(batch, input)` and `hidden` `(batch, hidden)`."""
        return x @ self.from_input.T + hidden @ self.from_hidden.T + self.bias


class CellWeights(NamedTuple):
    """The weights of one layer in one direction, by gate."""

    input: Affine
    forget: Affine
    candidate: Affine
    output: Affine


class Gates(NamedTuple):
    """What happens inside the cell; every tensor has the same shape.

    One step gives `(batch, hidden)`, one direction `(batch, tokens, hidden)`, a whole stack
    `(layers, directions, batch, tokens, hidden)`. Direction 0 reads left to right, 1 right to left; place `t` is token
    `t` in both.

    Attributes:
        forget: forget gate `f`, from 0 (drop the old cell state) to 1 (keep it).
        input: input gate `i`, from 0 (store nothing) to 1.
        output: output gate `o`, from 0 (show nothing) to 1.
        candidate: cell candidate `g`, from -1 to 1.
        cell: cell state `c`, unbounded.
        hidden: hidden state `h`, from -1 to 1.
    """

    forget: Tensor
    input: Tensor
    output: Tensor
    candidate: Tensor
    cell: Tensor
    hidden: Tensor


@dataclass(frozen=True, slots=True)
class Forced:
    """Gates held at a constant instead of computed; None leaves a gate alone.

    Attributes:
        forget: value of the forget gate.
        input: value of the input gate.
        output: value of the output gate.
        squash: apply the cell's own tanh to the cell state before the output gate.
    """

    forget: float | None = None
    input: float | None = None
    output: float | None = None
    squash: bool = True


FREE = Forced()
#: The standard RNN inside the LSTM, `h = tanh(tanh(W x + U h + b))`.
STANDARD_RNN = Forced(forget=0.0, input=1.0, output=1.0)


def lstm_step(x: Tensor, hidden: Tensor, cell: Tensor, weights: CellWeights, *, forced: Forced = FREE) -> Gates:
    """One step of the cell; the equations stand at the top of this module.

    Args:
        x: inputs `(batch, input)`.
        hidden: previous hidden states `(batch, hidden)`.
        cell: previous cell states `(batch, hidden)`.
        weights: the weights of the four gates.
        forced: gates to hold at a constant.
    """
    f = torch.sigmoid(weights.forget(x, hidden)) if forced.forget is None else torch.full_like(cell, forced.forget)
    i = torch.sigmoid(weights.input(x, hidden)) if forced.input is None else torch.full_like(cell, forced.input)
    g = torch.tanh(weights.candidate(x, hidden))
    c = f * cell + i * g
    o = torch.sigmoid(weights.output(x, hidden)) if forced.output is None else torch.full_like(cell, forced.output)
    h = o * (torch.tanh(c) if forced.squash else c)
    return Gates(forget=f, input=i, output=o, candidate=g, cell=c, hidden=h)


def run_direction(
    inputs: Tensor,
    weights: CellWeights,
    *,
    lengths: Tensor | None = None,
    right_to_left: bool = False,
    state: tuple[Tensor, Tensor] | None = None,
    forced: Forced = FREE,
) -> Gates:
    """Run the cell over all tokens in one direction.

    Args:
        inputs: `(batch, tokens, input)`, at least one token.
        weights: the weights of the four gates.
        lengths: real tokens of each sentence `(batch,)`; padding stands at the end. None: no padding.
        right_to_left: read each sentence from its last real token to its first.
        state: hidden and cell state before the first step, `(batch, hidden)` each; zeros if None.
        forced: gates to hold at a constant.

    Returns:
        Gates of `(batch, tokens, hidden)`, place `t` always token `t`; arbitrary where padded.
    """
    batch, tokens, _ = inputs.shape
    if lengths is None:
        lengths = torch.full((batch,), tokens, device=inputs.device)
    order = reversed_places(lengths, tokens)[..., None]
    if right_to_left:
        inputs = inputs.gather(1, order.expand_as(inputs))
    if state is None:
        zeros = inputs.new_zeros(batch, weights.forget.bias.shape[0])
        state = zeros, zeros
    hidden, cell = state
    steps = []
    for t in range(tokens):
        steps.append(lstm_step(inputs[:, t], hidden, cell, weights, forced=forced))
        hidden, cell = steps[-1].hidden, steps[-1].cell
    gates = Gates(*(torch.stack(parts, dim=1) for parts in zip(*steps, strict=True)))
    if right_to_left:
        gates = Gates(*(part.gather(1, order.expand_as(part)) for part in gates))
    return gates


def run_stack(
    lstm: nn.LSTM,
    inputs: Tensor,
    *,
    lengths: Tensor | None = None,
    state: tuple[Tensor, Tensor] | None = None,
    forced: Forced = FREE,
) -> tuple[Tensor, Gates]:
    """Run all layers and directions of a `torch.nn.LSTM` gate by gate, with its own weights.

    The result carries gradients back to `inputs` and to the weights of `lstm`. Dropout between layers is left out, as
    in evaluation.

    Args:
        lstm: the network whose weights are used; its `batch_first` plays no part.
        inputs: `(batch, tokens, input)`.
        lengths: real tokens of each sentence `(batch,)`; padding stands at the end. None: no padding.
        state: hidden and cell states before the first step, `(layers * directions, batch, hidden)` each; zeros if None.
        forced: gates to hold at a constant, in every layer and direction.

    Returns:
        Outputs `(batch, tokens, directions * hidden)`, and the gates `(layers, directions, batch, tokens, hidden)`;
        arbitrary where padded.
    """
    directions = 2 if lstm.bidirectional else 1
    layers = []
    for layer in range(lstm.num_layers):
        passes = []
        for direction in range(directions):
            place = layer * directions + direction
            gates = run_direction(
                inputs,
                weights_of(lstm, layer=layer, right_to_left=direction == 1),
                lengths=lengths,
                right_to_left=direction == 1,
                state=None if state is None else (state[0][place], state[1][place]),
                forced=forced,
            )
            passes.append(gates)
        inputs = torch.cat([gates.hidden for gates in passes], dim=-1)
        layers.append(stack_gates(passes))
    return inputs, stack_gates(layers)


def stack_gates(parts: list[Gates]) -> Gates:
    """Put gates of equal shape along a new first dimension."""
    return Gates(*(torch.stack(tensors) for tensors in zip(*parts, strict=True)))


def weights_of(lstm: nn.LSTM, *, layer: int = 0, right_to_left: bool = False) -> CellWeights:
    """The weights of one layer in one direction, gate by gate.

    torch keeps the four gates below each other in the order input, forget, candidate, output, and two biases that only
    ever act as their sum.

    Raises:
        ModelError: the LSTM projects its outputs (`proj_size`), which the equations here do not.
    """
    if lstm.proj_size:
        raise ModelError("an LSTM with proj_size cannot be run gate by gate; build it with proj_size=0")
    end = f"_l{layer}{'_reverse' if right_to_left else ''}"
    from_input = getattr(lstm, f"weight_ih{end}")
    from_hidden = getattr(lstm, f"weight_hh{end}")
    bias = from_input.new_zeros(from_input.shape[0])
    if lstm.bias:
        bias = getattr(lstm, f"bias_ih{end}") + getattr(lstm, f"bias_hh{end}")
    gates = zip(from_input.chunk(4), from_hidden.chunk(4), bias.chunk(4), strict=True)
    return CellWeights(*(Affine(*parts) for parts in gates))
