"""Both directions of all LSTMs of an ensemble in one product a time step, for training on a GPU.

cuDNN runs one direction of one encoder at a time, two kernels a time step; for networks of this size the GPU waits
for them to be started. Here a time step of all of them is one product and a few operations, forward and backward, by
the equations of `torch.nn.LSTM`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn

from bilstm_tagger.nn.batch import reversed_places
from bilstm_tagger.nn.recurrent import PASSES, RecurrentEncoder, RecurrentLayer

WEIGHTS = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")


def stackable(encoders: Sequence[nn.Module]) -> bool:
    """Whether the encoders are all the package's LSTMs, which `stacked_states` can do; a plug-in may extend them."""
    return all(type(encoder) is RecurrentEncoder and encoder.cell == "lstm" for encoder in encoders)


def stacked_states(encoders: Sequence[RecurrentEncoder], x: Tensor, lengths: Tensor, precision: torch.dtype) -> Tensor:
    """What each encoder makes of its own input, as `RecurrentEncoder.forward` does, `(encoders, batch, tokens, size)`.

    Args:
        encoders: of one shape.
        x: their inputs `(encoders, batch, tokens, input_size)`.
        lengths: real tokens of each sentence `(batch,)`, the same for all.
        precision: float32, or bfloat16 for products of float32 numbers rounded to TF32, which are as fast on a GPU.
    """
    first = encoders[0]
    for number, layers in enumerate(zip(*(encoder.layers for encoder in encoders), strict=True)):
        given = _dropped(first, x) if number else x
        states = _layer(layers, given, lengths, precision)
        x = x + states if number and x.shape == states.shape else states
    return _dropped(first, x)


def _dropped(encoder: RecurrentEncoder, x: Tensor) -> Tensor:
    """Locked dropout, drawn for each encoder and sentence."""
    return encoder.dropout(x.flatten(0, 1)).view_as(x)  # type: ignore[no-any-return]


def _layer(layers: Sequence[RecurrentLayer], x: Tensor, lengths: Tensor, precision: torch.dtype) -> Tensor:
    """States `(encoders, batch, tokens, output_size)` of one layer of each encoder."""
    passes = list(layers[0].passes)
    lstms = [layer.passes[name] for layer in layers for name in passes]
    weights = [getattr(lstm, name) for name in WEIGHTS for lstm in lstms]
    encoders, batch, width, size = x.shape
    places = _places(passes, lengths, width)  # (passes, batch, tokens)
    from_batch = (places + width * _count(batch, x)[:, None]).transpose(1, 2)  # (passes, tokens, batch)
    from_batch = from_batch + batch * width * _count(encoders, x)[:, None, None, None]
    turned = x.flatten(0, 2).index_select(0, from_batch.flatten()).view(len(lstms), width, batch, size)
    states = _Recurrence.apply(turned, precision == torch.bfloat16, *weights)  # type: ignore[no-untyped-call]
    from_steps = (places * batch + _count(batch, x)[:, None]) + width * batch * _count(len(passes), x)[:, None, None]
    from_steps = from_steps.permute(1, 2, 0)  # (batch, tokens, passes)
    from_steps = from_steps + len(passes) * width * batch * _count(encoders, x)[:, None, None, None]
    back = states.flatten(0, 2).index_select(0, from_steps.flatten())
    found = back.view(encoders, batch, width, len(passes), -1)
    return found.flatten(3) if layers[0].merge == "concat" else found.sum(3)  # type: ignore[no-any-return]


def _count(number: int, like: Tensor) -> Tensor:
    return torch.arange(number, device=like.device)


def _places(passes: Sequence[str], lengths: Tensor, width: int) -> Tensor:
    """Which token of a sentence each pass reads at each time step `(passes, batch, tokens)`; its own inverse."""
    forward = torch.arange(width, device=lengths.device).expand(len(lengths), -1)
    back = reversed_places(lengths, width)
    return torch.stack([forward if PASSES[name] == "forward" else back for name in passes])


def _stacked(weights: Sequence[Tensor]) -> Tensor:
    """A weight of each LSTM, `(lstms, 4 * size, ...)`; output, input, forget, cell in place of torch's input, forget,
    cell, output, so that what is alike lies together.
    """
    return _turned(torch.stack(list(weights)), 1)


def _unstacked(stacked: Tensor) -> tuple[Tensor, ...]:
    """The inverse of `_stacked`."""
    return _turned(stacked, -1).unbind()


def _turned(stacked: Tensor, places: int) -> Tensor:
    """With the gates moved on by so many places, the last ones to the beginning."""
    lstms, height, *others = stacked.shape
    return stacked.view(lstms, 4, height // 4, *others).roll(places, 1).flatten(1, 2)


class _Recurrence(torch.autograd.Function):
    """States `(lstms, tokens, batch, size)` of LSTMs side by side, each over its own input (Hochreiter and Schmidhuber
    1997, with forget gates by Gers et al. 2000).

    The weights, those of `WEIGHTS` one behind the other, are put together in here, where autograd records nothing:
    for an ensemble of three it would record some 160 operations a training step.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, rounded: bool, *weights: Tensor) -> Tensor:
        lstms, width, batch, _ = x.shape
        w_ih, w_hh, b_ih, b_hh = (_stacked(weights[first : first + lstms]) for first in range(0, 4 * lstms, lstms))
        size = w_hh.shape[2]
        with _products(x, rounded=rounded):
            bias = (b_ih + b_hh)[:, None]
            gates = torch.baddbmm(bias, x.flatten(1, 2), w_ih.transpose(1, 2)).view(lstms, width, batch, 4 * size)
            cells, squashed, states = (gates.new_empty(lstms, width, batch, size) for _ in range(3))
            table = w_hh.transpose(1, 2)
            last_state = last_cell = None
            for gate, sigmoids, (output, put, forget, new), cell, high, state in zip(
                gates.unbind(1),
                gates[..., : 3 * size].unbind(1),
                zip(*(part.unbind(1) for part in gates.chunk(4, -1)), strict=True),
                cells.unbind(1),
                squashed.unbind(1),
                states.unbind(1),
                strict=True,
            ):
                if last_state is not None:
                    gate.baddbmm_(last_state, table)
                sigmoids.sigmoid_()
                new.tanh_()
                torch.mul(put, new, out=cell)
                if last_cell is not None:
                    cell.addcmul_(forget, last_cell)
                torch.tanh(cell, out=high)
                torch.mul(output, high, out=state)
                last_state, last_cell = state, cell
        ctx.save_for_backward(x, w_ih, w_hh, gates, cells, squashed, states)
        ctx.rounded = rounded
        return states

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, w_ih, w_hh, gates, cells, squashed, states = ctx.saved_tensors
        width, size = states.shape[1], states.shape[3]
        output, forget = gates[..., :size], gates[..., 2 * size : 3 * size]
        to_gates = _slopes(gates, cells, squashed)  # by what the gradients of states and cells are multiplied
        to_cells = output * (1 - squashed.square())
        with _products(x, rounded=ctx.rounded):
            reaching = grad[:, -1]
            in_cell = torch.zeros_like(reaching)
            grads = list(grad.unbind(1))
            for step, gate, of_output, of_others, to_cell, kept in zip(
                range(width - 1, -1, -1),
                _backwards(to_gates),
                _backwards(to_gates[..., :size]),
                _backwards(to_gates[..., size:].view(*gates.shape[:3], 3, size)),
                _backwards(to_cells),
                _backwards(forget),
                strict=True,
            ):
                of_output.mul_(reaching)
                in_cell.addcmul_(reaching, to_cell)
                of_others.mul_(in_cell[:, :, None])
                if step:
                    reaching = torch.baddbmm(grads[step - 1], gate, w_hh)
                    in_cell = in_cell * kept
            flat = to_gates.flatten(1, 2)
            of_x = torch.bmm(flat, w_ih).view_as(x) if ctx.needs_input_grad[0] else None
            of_ih = torch.bmm(flat.transpose(1, 2), x.flatten(1, 2))
            of_hh = torch.bmm(to_gates[:, 1:].flatten(1, 2).transpose(1, 2), states[:, :-1].flatten(1, 2))
        of_bias = flat.sum(1)
        # Each weight gets numbers of its own, since they are changed in place.
        found = chain.from_iterable(map(_unstacked, (of_ih, of_hh, of_bias, of_bias)))
        return of_x, None, *found


def _slopes(gates: Tensor, cells: Tensor, squashed: Tensor) -> Tensor:
    """Derivatives of the state by the sum of the output gate, and of the cell by those of the others, as `gates`."""
    output, put, forget, new = gates.chunk(4, -1)
    slopes = torch.empty_like(gates)
    of_output, of_put, of_forget, of_new = slopes.chunk(4, -1)
    for target, gate, factor in ((of_output, output, squashed), (of_put, put, new)):
        torch.mul(gate, 1 - gate, out=target)
        target.mul_(factor)
    torch.mul(forget, 1 - forget, out=of_forget)
    of_forget[:, 1:].mul_(cells[:, :-1])
    of_forget[:, 0] = 0
    torch.mul(put, 1 - new.square(), out=of_new)
    return slopes


def _backwards(x: Tensor) -> Iterator[Tensor]:
    return reversed(x.unbind(1))


@contextmanager
def _products(x: Tensor, *, rounded: bool) -> Iterator[None]:
    """Within it a GPU may round what it multiplies to TF32: 8 bits of exponent and 10 of fraction."""
    if not (rounded and x.is_cuda):
        yield
        return
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("high")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)
