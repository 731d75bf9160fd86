"""The copy-a-mark task: over how many tokens does a network remember one symbol?

A sequence of tokens contains one mark among distractors; at its end the network names the mark. The lag is the number
of distractors after the mark. Marks and distractors are different symbols, and all sequences have the same length, so
neither length nor repetition reveals the answer. Lags are mixed within each training batch, in one of two mixtures:
`even` draws all lags equally often, `short first` draws short ones far more often (uniformly in the logarithm).
The task is similar to that of Hochreiter and Schmidhuber (1997), section 5.2.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

# Nothing here works without torch; commands import this module when they run.
import torch  # noqa: TID253
from torch import Generator, Tensor, nn  # noqa: TID253
from torch.nn import functional as F  # noqa: TID253

MIXTURES = ("even", "short first")


@dataclass(frozen=True, slots=True)
class CopyTask:
    """Sizes of the task.

    Attributes:
        marks: number of different marks; guessing is right with probability `1 / marks`.
        distractors: number of different distractors.
        max_lag: longest lag, tokens.
        lead: number of distractors before the mark at the longest lag.
    """

    marks: int = 8
    distractors: int = 8
    max_lag: int = 100
    lead: int = 5

    @property
    def tokens(self) -> int:
        """Length of every sequence."""
        return self.lead + 1 + self.max_lag

    @property
    def symbols(self) -> int:
        """Size of the alphabet."""
        return self.marks + self.distractors

    @property
    def chance(self) -> float:
        """Accuracy of guessing."""
        return 1 / self.marks

    def draw_lags(self, count: int, mixture: str, generator: Generator) -> Tensor:
        """Draw lags from 0 to `max_lag`, `(count,)`.

        Args:
            count: number of lags.
            mixture: one of `MIXTURES`.
            generator: source of random numbers.
        """
        uniform = torch.rand(count, generator=generator)
        if mixture == "even":
            return (uniform * (self.max_lag + 1)).long()
        return ((uniform * math.log(self.max_lag + 2)).exp() - 1).long().clamp(max=self.max_lag)

    def draw(self, lags: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
        """Draw sequences with some lags.

        Args:
            lags: the lag of each sequence `(batch,)`.
            generator: source of random numbers.

        Returns:
            symbol ids `(batch, tokens)`, marks first in the alphabet, and the mark of each sequence `(batch,)`.
        """
        size = (len(lags), self.tokens)
        symbols = torch.randint(self.marks, self.symbols, size, generator=generator)
        marks = torch.randint(self.marks, (len(lags),), generator=generator)
        symbols[torch.arange(len(lags)), self.tokens - 1 - lags] = marks
        return symbols, marks


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of network.

    Attributes:
        title: its name in tables and figures.
        cell: `rnn`, `gru`, `lstm` or `cnn`.
        forget_bias: bias of the LSTM's forget gate before training.
    """

    title: str
    cell: str
    forget_bias: float = 0.0


KINDS = {
    "rnn": Kind("RNN", "rnn"),
    "gru": Kind("GRU", "gru"),
    "lstm0": Kind("LSTM, forget bias 0", "lstm", 0.0),
    "lstm1": Kind("LSTM, forget bias 1", "lstm", 1.0),
    "cnn": Kind("CNN", "cnn"),
}
RECURRENT = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


@dataclass(frozen=True, slots=True)
class Sizes:
    """Sizes of the networks.

    Attributes:
        embedding: size of a symbol's vector.
        hidden: number of units of the recurrent layer, or of channels of the convolutions.
        kernel: width of each convolution, tokens.
        convolutions: number of stacked convolutions.
    """

    embedding: int = 16
    hidden: int = 32
    kernel: int = 11
    convolutions: int = 2

    @property
    def window(self) -> int:
        """Number of tokens that the CNN reads, the last one included."""
        return self.convolutions * (self.kernel - 1) + 1


class Recaller(nn.Module):
    """Reads a sequence and scores its marks from the state after the last token.

    Args:
        kind: the kind of network (a value of `KINDS`).
        task: the task.
        sizes: sizes of the network. Initial weights are torch's defaults, except the biases of the LSTM's gates.
    """

    def __init__(self, kind: Kind, task: CopyTask, sizes: Sizes) -> None:
        super().__init__()
        self.kind = kind
        self.window = sizes.window
        self.embed = nn.Embedding(task.symbols, sizes.embedding)
        self.body: nn.Module
        if kind.cell == "cnn":
            inputs = [sizes.embedding] + [sizes.hidden] * (sizes.convolutions - 1)
            layers = [layer for size in inputs for layer in (nn.Conv1d(size, sizes.hidden, sizes.kernel), nn.ReLU())]
            self.body = nn.Sequential(*layers)
        else:
            self.body = RECURRENT[kind.cell](sizes.embedding, sizes.hidden, batch_first=True)
            if isinstance(self.body, nn.LSTM):
                set_forget_bias(self.body, kind.forget_bias)
        self.score = nn.Linear(sizes.hidden, task.marks)

    def forward(self, symbols: Tensor) -> Tensor:
        """Scores of the marks `(batch, marks)` for symbol ids `(batch, tokens)`."""
        return self.score(self.last_state(self.embed(symbols)))  # type: ignore[no-any-return]

    def last_state(self, vectors: Tensor) -> Tensor:
        """State after the last token `(batch, hidden)` for vectors `(batch, tokens, embedding)`."""
        if self.kind.cell == "cnn":
            # The last output of causal convolutions over the whole sequence depends only on the last `window` tokens.
            return self.body(vectors[:, -self.window :].transpose(1, 2))[:, :, -1]  # type: ignore[no-any-return]
        return self.body(vectors)[0][:, -1]  # type: ignore[no-any-return]

    @property
    def body_parameters(self) -> int:
        """Number of weights of the recurrent layer or the convolutions."""
        return sum(weight.numel() for weight in self.body.parameters())


def set_forget_bias(lstm: nn.LSTM, value: float) -> None:
    """Set the forget gate's bias of the first layer to `value` and the layer's other biases to zero."""
    weights = dict(lstm.named_parameters())
    with torch.no_grad():
        weights["bias_hh_l0"].zero_()
        weights["bias_ih_l0"].zero_()
        weights["bias_ih_l0"][lstm.hidden_size : 2 * lstm.hidden_size] = value


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one network is trained: Adam, gradients clipped to norm 1.

    Attributes:
        learning_rate: step size of Adam.
        batch: sequences in a batch.
        steps: most steps; training stops earlier once the mean loss of 20 steps is below 0.005 nats.
    """

    learning_rate: float
    batch: int = 32
    steps: int = 600


def build(name: str, task: CopyTask, sizes: Sizes, *, seed: int) -> Recaller:
    """Make a network with new weights; torch's random state stays unchanged.

    Args:
        name: a key of `KINDS`.
        task: the task.
        sizes: sizes of the network.
        seed: seed of the weights.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Recaller(KINDS[name], task, sizes)


def train(model: Recaller, task: CopyTask, *, mixture: str, recipe: Recipe, seed: int) -> list[float]:
    """Train a network in place.

    Args:
        model: the network.
        task: the task.
        mixture: mixture of the lags, one of `MIXTURES`.
        recipe: learning rate, batch size and number of steps.
        seed: seed of the training data.

    Returns:
        the loss of every step, nats.
    """
    generator = Generator().manual_seed(seed)
    optimiser = torch.optim.Adam(model.parameters(), lr=recipe.learning_rate)
    losses: list[float] = []
    recent: deque[float] = deque(maxlen=20)
    for _ in range(recipe.steps):
        symbols, marks = task.draw(task.draw_lags(recipe.batch, mixture, generator), generator)
        loss = F.cross_entropy(model(symbols), marks)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        losses.append(loss.item())
        recent.append(losses[-1])
        if len(recent) == recent.maxlen and sum(recent) / len(recent) < 0.005:
            break
    return losses


@torch.no_grad()
def accuracy_by_lag(model: Recaller, task: CopyTask, lags: Sequence[int], *, count: int, seed: int) -> list[float]:
    """The share of right answers at each lag.

    Args:
        model: the network.
        task: the task.
        lags: the lags.
        count: number of new sequences per lag.
        seed: seed of the sequences.
    """
    generator = Generator().manual_seed(seed)
    shares = []
    for lag in lags:
        symbols, marks = task.draw(torch.full((count,), lag), generator)
        shares.append((model(symbols).argmax(1) == marks).double().mean().item())
    return shares
