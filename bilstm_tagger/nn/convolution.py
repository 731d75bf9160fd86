"""A window encoder: a token's state depends on the tokens of its window and on nothing else.

The window approach of Collobert et al. (2011), "Natural Language Processing (Almost) from Scratch", JMLR 12, section
3.2.1, here with ReLU. It stands beside the recurrent encoders to show what a window cannot reach: there is neither a
residual connection nor dilation, so the window is what `width` and the number of layers say.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bilstm_tagger.nn.batch import mask_of
from bilstm_tagger.nn.recurrent import LockedDropout


def window_sides(width: int, *, direction: str = "both", merge: str = "concat") -> list[tuple[int, int]]:
    """Tokens to the left and to the right that each bank of filters reads beside the token itself.

    `forward` reads what comes before the token, `backward` what comes behind it, `both` half of the width on each
    side. With both, `sum` adds what the two sides give inside each filter, which makes one bank over the whole window;
    `concat` keeps them apart: one bank reads the left side and the token, the other the token and the right side.
    """
    if direction == "forward":
        return [(width - 1, 0)]
    if direction == "backward":
        return [(0, width - 1)]
    half = width // 2
    return [(half, half)] if merge == "sum" else [(half, 0), (0, half)]


class WindowLayer(nn.Module):
    """One layer of filters over a window of tokens, then ReLU.

    Args:
        input_size: size of each token's input.
        hidden_size: filters of each bank.
        width: tokens in the window; odd where it looks both ways.
        direction: `forward`, `backward` or `both`, as in `window_sides`.
        merge: `concat` or `sum`.
    """

    def __init__(
        self, input_size: int, hidden_size: int, *, width: int, direction: str = "both", merge: str = "concat"
    ) -> None:
        super().__init__()
        self.sides = window_sides(width, direction=direction, merge=merge)
        self.banks = nn.ModuleList(nn.Conv1d(input_size, hidden_size, sum(sides) + 1) for sides in self.sides)
        for bank in self.banks:
            nn.init.kaiming_uniform_(bank.weight, nonlinearity="relu")  # type: ignore[arg-type]
            nn.init.zeros_(bank.bias)  # type: ignore[arg-type]
        self.output_size = hidden_size * len(self.banks)

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """States `(batch, tokens, output_size)` for inputs `x` `(batch, tokens, input_size)`; arbitrary where
        padded.
        """
        # Behind the end of a sentence stands what stands before its beginning: zeros, whatever the batch put there.
        inside = mask_of(lengths, x.shape[1])[..., None]
        columns = x.masked_fill(~inside, 0.0).transpose(1, 2)
        states = [bank(F.pad(columns, sides)) for bank, sides in zip(self.banks, self.sides, strict=True)]
        return torch.relu(torch.cat(states, 1)).transpose(1, 2)


class WindowEncoder(nn.Module):
    """Stacked window layers with locked dropout behind each; the input comes with its own.

    Args:
        input_size: size of each token's input.
        hidden_size: filters of each bank.
        width: tokens that one layer sees.
        layers: number of layers; each widens the window by `width - 1` tokens.
        dropout: rate of the locked dropout behind each layer.
        direction: `forward`, `backward` or `both`.
        merge: `concat` or `sum`.
    """

    def __init__(
        self,
        input_size: int,
        *,
        hidden_size: int,
        width: int,
        layers: int = 1,
        dropout: float = 0.0,
        direction: str = "both",
        merge: str = "concat",
    ) -> None:
        super().__init__()
        self.layers = nn.ModuleList()
        for _ in range(layers):
            layer = WindowLayer(input_size, hidden_size, width=width, direction=direction, merge=merge)
            self.layers.append(layer)
            input_size = layer.output_size
        self.dropout = LockedDropout(dropout)
        self.output_size = input_size

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """States `(batch, tokens, output_size)` for inputs `(batch, tokens, input_size)`."""
        for layer in self.layers:
            x = self.dropout(layer(x, lengths))
        return x
