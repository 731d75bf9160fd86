"""Stacked LSTMs while tagging on a CPU: no padding, and the first layer's input products looked up by word.

What a word contributes to the gates of the first layer depends on the word alone. So a tagger keeps it in a table,
and the recurrence is all that is left to compute for a token. A time step is one matrix product for both directions
(by torch, bfloat16 or float32) and one compiled loop for everything else. Sentences are sorted by length, so that those
still running at a step are the first ones.

Gates as in Gers, Schmidhuber and Cummins 2000, in torch's order input, forget, candidate, output:
`i, f, o = sigmoid(.)`, `g = tanh(.)`, `c = f c + i g`, `h = o tanh(c)`. With `e(x) = exp(-x)`, `sigmoid(x)` is
`1 / (1 + e(x))` and `tanh(x)` is `(1 - e(2x)) / (1 + e(2x))`, so one division is enough for `c` and one for `h`. The
weights of `g` are doubled, so that `2x` is what the products give.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from bilstm_tagger.nn.few_sizes import linear, rows_up
from bilstm_tagger.nn.model import TaggingModel
from bilstm_tagger.nn.numba_ops import LINE, bits, compiled, exp_minus, load, prefetch, store
from bilstm_tagger.nn.recurrent import PASSES, RecurrentEncoder, RecurrentLayer


@dataclass(frozen=True, slots=True)
class VisitOrder:
    """In which order the tokens of some sentences are visited; they lie one sentence behind the other, unpadded.

    Attributes:
        tokens: for each direction the place of the token that each visit is to `(directions, tokens)`.
        running: number of sentences visited at each time step, never growing.
    """

    tokens: np.ndarray
    running: list[int]

    @staticmethod
    def of(lengths: np.ndarray, directions: Sequence[str]) -> VisitOrder:
        """The order for sentences of these lengths `(sentences,)`, each at least 1."""
        ends = np.cumsum(lengths)
        longest = np.argsort(-lengths, kind="stable")
        steps = np.arange(lengths.max())
        runs = steps[:, None] < lengths[longest]
        step, sentence = np.nonzero(runs)
        sentence = longest[sentence]
        visits = {"forward": (ends - lengths)[sentence] + step, "backward": ends[sentence] - 1 - step}
        return VisitOrder(np.stack([visits[direction] for direction in directions]), runs.sum(1).tolist())


def fast_lstm(model: TaggingModel) -> FastLSTM | None:
    """The fast LSTM of a model whose encoders allow for it: LSTM cells on a CPU that read nothing but words.

    Elsewhere the encoders run as they do in training, so do those of a plug-in that extends `RecurrentEncoder`.
    """
    encoders = model.encoders
    lstms = [encoder for encoder in encoders if type(encoder) is RecurrentEncoder and encoder.cell == "lstm"]
    if len(lstms) < len(encoders) or model.embedder.features or model.embedder.words.weight.device.type != "cpu":
        return None
    rounded = all(head.hidden is not None for task in model.tasks for head in model.heads(task))
    return FastLSTM(lstms, model.precision, states=model.precision if rounded else torch.float32)


class FastLSTM:
    """The layers of an ensemble's LSTM encoders, with weights laid out for tagging.

    The weights are copied when it is made; it has to be made anew for weights that have changed.

    Args:
        encoders: of one shape; all read the same words.
        precision: kind of number of the products, float32 or bfloat16; all else is float32.
        states: kind of number of the states, if those of one layer's directions are all that is wanted; other states
            are float32.
    """

    def __init__(
        self, encoders: Sequence[RecurrentEncoder], precision: torch.dtype, *, states: torch.dtype = torch.float32
    ) -> None:
        self.encoders = len(encoders)
        layers: list[list[RecurrentLayer]] = [list(encoder.layers) for encoder in encoders]  # type: ignore[arg-type]
        self.first = _Layer([each[0] for each in layers], precision)
        self.others = [[_Layer([layer], precision) for layer in each[1:]] for each in layers]
        self.states = torch.float32 if self.others[0] or self.first.summed else states

    def table(self, vectors: Tensor) -> Tensor:
        """What words `(words, size)` contribute to the gates of the first layer `(words, gates)`."""
        return self.first.project(vectors)

    def __call__(self, table: Tensor, rows: np.ndarray, lengths: np.ndarray) -> Tensor:
        """States of tokens `(tokens, encoders * output_size)`.

        Args:
            table: rows that `table` has made.
            rows: for each token its row; the sentences lie one behind the other `(tokens,)`.
            lengths: tokens of each sentence `(sentences,)`, each at least 1.
        """
        states = self.first(table, rows, VisitOrder.of(lengths, self.first.directions), self.states)
        if not self.others[0]:
            return states
        parts = states.chunk(self.encoders, 1)
        order = VisitOrder.of(lengths, self.others[0][0].directions)  # of one encoder
        return torch.cat([_upwards(layers, x, order) for layers, x in zip(self.others, parts, strict=True)], 1)


def _upwards(layers: Sequence[_Layer], x: Tensor, order: VisitOrder) -> Tensor:
    """States of the last layer `(tokens, output_size)` from those of the first."""
    every = np.arange(len(x))
    for layer in layers:
        states = layer(layer.project(x), every, order)
        x = x + states if x.shape == states.shape else states
    return x


class _Layer:
    """A layer of each encoder, side by side: input weights, and recurrent weights transposed for the product."""

    def __init__(self, layers: Sequence[RecurrentLayer], precision: torch.dtype) -> None:
        weights = [dict(part.named_parameters()) for layer in layers for part in layer.passes.values()]
        self.directions = [PASSES[name] for layer in layers for name in layer.passes]
        self.summed = layers[0].merge == "sum"
        self.encoders = len(layers)
        weight = torch.stack([each["weight_ih_l0"].detach() for each in weights])
        bias = torch.stack([(each["bias_ih_l0"] + each["bias_hh_l0"]).detach() for each in weights])
        recurrent = torch.stack([each["weight_hh_l0"].detach() for each in weights])
        weight, bias, recurrent = (_candidate_doubled(part) for part in (weight, bias, recurrent))
        self.weight, self.bias = weight.flatten(0, 1).to(precision), bias.flatten().to(precision)
        self.transposed = recurrent.transpose(1, 2).to(precision).contiguous()  # (directions, units, 4 * units)

    def project(self, x: Tensor) -> Tensor:
        """What inputs `(n, size)` contribute to the gates `(n, directions * 4 * units)`."""
        return linear(x.to(self.weight.dtype), self.weight, self.bias)

    def __call__(
        self, table: Tensor, rows: np.ndarray, order: VisitOrder, dtype: torch.dtype = torch.float32
    ) -> Tensor:
        """States `(tokens, encoders * output_size)`.

        Args:
            table: what words contribute to the gates `(words, directions * 4 * units)`.
            rows: for each token its row in `table` `(tokens,)`.
            order: in which tokens are visited.
            dtype: kind of number of the states.
        """
        states = _recur(table, rows[order.tokens], order, self.transposed, dtype)
        if self.summed:
            states = states.view(len(states), self.encoders, -1, states.shape[2]).sum(2)
        return states.flatten(1)


def _candidate_doubled(parts: Tensor) -> Tensor:
    """Weights of gates `(directions, 4 * units, ...)`, those of the third gate doubled, which is exact."""
    first, second, candidate, last = parts.chunk(4, 1)
    return torch.cat([first, second, 2.0 * candidate, last], 1)


def _recur(table: Tensor, rows: np.ndarray, order: VisitOrder, transposed: Tensor, dtype: torch.dtype) -> Tensor:
    """Hidden states `(tokens, directions, units)` from zeros, for table rows of visits `(directions, tokens)`."""
    directions, units, gates = transposed.shape
    most = rows_up(order.running[0], table.dtype)
    states = torch.empty(order.tokens.shape[1], directions, units, dtype=dtype)
    cells = torch.zeros(directions, most, units)
    hidden = torch.zeros(directions * most * units, dtype=table.dtype)
    product = torch.empty(directions * most * gates, dtype=table.dtype)
    arrays = (bits(table), rows, order.tokens, bits(product), bits(hidden), cells.numpy(), bits(states))
    at = before = 0
    for running, following in zip(order.running, [*order.running[1:], 0], strict=True):
        after = rows_up(following, table.dtype)
        _step(*arrays, at, running, following, before, after)
        at, before = at + running, after
        if following:
            h = hidden[: directions * after * units].view(directions, after, units)
            z = product[: directions * after * gates].view(directions, after, gates)
            torch.bmm(h, transposed, out=z)
    return states


@compiled
def _step(  # type: ignore[no-untyped-def]
    table, rows, tokens, product, hidden, cells, states, at, running, following, before, after
):  # pragma: no cover - compiled
    """One time step of all directions for the `running` sentences; those that go on (`following`) leave their state in
    `hidden`. `product` holds what the states before contribute to the gates. A direction has `before` rows in `product`
    and `after` rows in `hidden`, of which the last ones are for no sentence.

    Rows of the table lie anywhere in memory, so the next one is fetched while one is worked on. Each loop writes to few
    arrays: the compiler proves them apart when it runs, or does not vectorise.
    """
    directions, units = rows.shape[0], states.shape[2]
    wide, line, one = 4 * units, LINE // table.itemsize, np.float32(1.0)
    z, h = np.empty(wide, np.float32), np.empty(units, np.float32)
    i, f, g, o = z[:units], z[units : 2 * units], z[2 * units : 3 * units], z[3 * units :]
    for d in range(directions):
        for r in range(running):
            if r + 1 < running:
                coming = table[rows[d, at + r + 1], d * wide : (d + 1) * wide]
                for j in range(0, wide, line):
                    prefetch(coming, j)
            source = table[rows[d, at + r], d * wide : (d + 1) * wide]
            if at:
                added = product[(d * before + r) * wide : (d * before + r + 1) * wide]
                for j in range(wide):
                    z[j] = exp_minus(load(source, j) + load(added, j))
            else:
                for j in range(wide):
                    z[j] = exp_minus(load(source, j))
            cell, state = cells[d, r], states[tokens[d, at + r], d]
            for j in range(units):
                both = (one + i[j]) * (one + g[j])
                cell[j] = (cell[j] * both + (one - g[j]) * (one + f[j])) / (both * (one + f[j]))
            for j in range(units):
                e = exp_minus(np.float32(2.0) * cell[j])
                h[j] = (one - e) / ((one + e) * (one + o[j]))
            for j in range(units):
                store(state, j, h[j])
            if r < following:
                going = hidden[(d * after + r) * units : (d * after + r + 1) * units]
                for j in range(units):
                    store(going, j, h[j])
