"""Recurrent encoders over padded batches, without packing.

A PackedSequence makes torch leave the fused CPU kernel (3 times slower here). So each direction is a network of its own
over the padded batch; the right-to-left one reads every sentence reversed within its own length. Padding stands at the
end in both, where no real token sees it.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from bilstm_tagger.nn.batch import reversed_places

CELLS = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}
PASSES = {"left_to_right": "forward", "right_to_left": "backward"}


class LockedDropout(nn.Module):
    """Dropout with one mask for all tokens of a sentence (Gal and Ghahramani 2016)."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        """Same shape as `x` `(batch, tokens, size)`."""
        if not self.training or self.rate == 0:
            return x
        keep = x.new_empty(x.shape[0], 1, x.shape[2]).bernoulli_(1 - self.rate)
        return x * keep.div_(1 - self.rate)


class RecurrentLayer(nn.Module):
    """One layer read in one or both directions.

    Args:
        input_size: size of each token's input.
        hidden_size: units of each direction.
        cell: `lstm`, `gru` or `rnn` (tanh).
        direction: `forward`, `backward` or `both`.
        merge: with both directions, `concat` puts their states side by side, `sum` adds them.
    """

    def __init__(
        self, input_size: int, hidden_size: int, *, cell: str = "lstm", direction: str = "both", merge: str = "concat"
    ) -> None:
        super().__init__()
        make = CELLS[cell]
        self.passes = nn.ModuleDict(
            {
                name: make(input_size, hidden_size, batch_first=True)
                for name, reads in PASSES.items()
                if direction in (reads, "both")
            }
        )
        self.merge = merge
        self.output_size = hidden_size * (2 if direction == "both" and merge == "concat" else 1)
        self._initialise(hidden_size, cell)

    def _initialise(self, hidden_size: int, cell: str) -> None:
        """Xavier input weights, orthogonal recurrent weights, forget bias 1 (Jozefowicz et al. 2015)."""
        for name, weight in self.passes.named_parameters():
            if "weight_ih" in name:
                for gate in torch.split(weight.data, hidden_size):
                    nn.init.xavier_uniform_(gate)
            elif "weight_hh" in name:
                for gate in torch.split(weight.data, hidden_size):
                    nn.init.orthogonal_(gate)
            else:
                nn.init.zeros_(weight.data)
                if cell == "lstm" and "bias_ih" in name:
                    weight.data[hidden_size : 2 * hidden_size] = 1.0

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """States `(batch, tokens, output_size)` for inputs `x` `(batch, tokens, input_size)`; arbitrary where
        padded.
        """
        states = []
        if "left_to_right" in self.passes:
            states.append(self.passes["left_to_right"](x)[0])
        if "right_to_left" in self.passes:
            reverse = reversed_places(lengths, x.shape[1])
            back = self.passes["right_to_left"](_reordered(x, reverse))[0]
            states.append(_reordered(back, reverse))
        if len(states) == 1:
            return states[0]  # type: ignore[no-any-return]
        return torch.cat(states, -1) if self.merge == "concat" else states[0] + states[1]


def _reordered(x: Tensor, places: Tensor) -> Tensor:
    """Tokens of `x` `(batch, tokens, size)` at `places` `(batch, tokens)`; whole rows are copied at a time."""
    first = torch.arange(0, places.numel(), places.shape[1], device=x.device)
    return x.flatten(0, 1).index_select(0, (places + first[:, None]).flatten()).view_as(x)


class RecurrentEncoder(nn.Module):
    """Stacked recurrent layers with locked dropout behind each; the input comes with its own.

    Args:
        input_size: size of each token's input.
        hidden_size: units of each direction.
        layers: number of layers; from the second on a residual connection is added where sizes agree.
        dropout: rate of the locked dropout behind each layer.
        cell: `lstm`, `gru` or `rnn`.
        direction: `forward`, `backward` or `both`.
        merge: `concat` or `sum`.
    """

    def __init__(
        self,
        input_size: int,
        *,
        hidden_size: int,
        layers: int = 1,
        dropout: float = 0.0,
        cell: str = "lstm",
        direction: str = "both",
        merge: str = "concat",
    ) -> None:
        super().__init__()
        self.cell = cell
        self.layers = nn.ModuleList()
        for _ in range(layers):
            layer = RecurrentLayer(input_size, hidden_size, cell=cell, direction=direction, merge=merge)
            self.layers.append(layer)
            input_size = layer.output_size
        self.dropout = LockedDropout(dropout)
        self.output_size = input_size

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """States `(batch, tokens, output_size)` for inputs `(batch, tokens, input_size)`."""
        for number, layer in enumerate(self.layers):
            states = layer(self.dropout(x) if number else x, lengths)
            x = x + states if number and x.shape == states.shape else states
        return self.dropout(x)  # type: ignore[no-any-return]
