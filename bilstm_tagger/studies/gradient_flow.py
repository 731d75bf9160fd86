"""Gradients through time: how they vanish or explode, and what clipping does.

Through `k` steps a gradient is multiplied by `k` Jacobians `∂h_t/∂h_{t-1}`; for a plain RNN each is `diag(1 - h_t²) U`.
Its norm therefore shrinks or grows about exponentially in `k` (Hochreiter 1991; Bengio et al. 1994; Pascanu, Mikolov
and Bengio 2013, who also proposed to clip its norm).
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

# Nothing here works without torch; commands import this module when they run.
import torch  # noqa: TID253
from torch import Generator, nn  # noqa: TID253
from torch.nn import functional as F  # noqa: TID253

from bilstm_tagger.nn.lstm_reference import STANDARD_RNN, run_stack
from bilstm_tagger.studies.copy_task import CopyTask, Recaller, Recipe


def gradient_by_lag(model: Recaller, task: CopyTask, lags: Sequence[int], *, count: int, seed: int) -> list[float]:
    """The mean norm of the gradient of the last state with respect to the mark, by lag.

    The gradient is `∂(v·h_T)/∂x_m`: `h_T` is the state after the last token, `x_m` the vector of the mark `lag` tokens
    earlier, and `v` a random direction of length 1, another one for each sequence. Computed in float64.

    Args:
        model: the network.
        task: the task.
        lags: the lags.
        count: number of sequences per lag.
        seed: seed of sequences and directions.
    """
    model = copy.deepcopy(model).double()
    generator = Generator().manual_seed(seed)
    lag_of = torch.tensor(lags).repeat_interleave(count)
    symbols, _ = task.draw(lag_of, generator)
    vectors = model.embed(symbols).detach().requires_grad_()
    state = model.last_state(vectors)
    direction = F.normalize(torch.randn(state.shape, generator=generator, dtype=state.dtype), dim=1)
    (gradient,) = torch.autograd.grad((direction * state).sum(), vectors)
    norms = gradient[torch.arange(len(lag_of)), task.tokens - 1 - lag_of].norm(dim=1)
    return [float(norm) for norm in norms.view(len(lags), count).mean(1)]


@torch.no_grad()
def scale_recurrent_weights(model: Recaller, scale: float, *, seed: int) -> None:
    """Set the recurrent weights of every gate to `scale` times a random orthogonal matrix.

    An orthogonal matrix keeps the length of every vector, so the weights multiply it by `scale`.

    Args:
        model: a recurrent network, changed in place.
        scale: the factor.
        seed: seed of the matrices.
    """
    generator = Generator().manual_seed(seed)
    weight = model.body.get_parameter("weight_hh_l0")
    for gate in weight.chunk(weight.shape[0] // weight.shape[1]):
        nn.init.orthogonal_(gate, generator=generator)
        gate.mul_(scale)


def train_plainly(
    model: Recaller, task: CopyTask, *, mixture: str, recipe: Recipe, clip: float | None, seed: int
) -> tuple[list[float], list[float]]:
    """Train in place with plain SGD, whose step length is the learning rate times the gradient norm.

    Args:
        model: the network.
        task: the task.
        mixture: mixture of the lags, one of `MIXTURES`.
        recipe: learning rate, batch size and number of steps; training does not stop early.
        clip: a longer gradient is shortened to this norm; None does not clip.
        seed: seed of the training data.

    Returns:
        the loss of every step, nats, and the norm of every gradient over all weights before clipping.
    """
    generator = Generator().manual_seed(seed)
    optimiser = torch.optim.SGD(model.parameters(), lr=recipe.learning_rate)
    losses, norms = [], []
    for _ in range(recipe.steps):
        symbols, marks = task.draw(task.draw_lags(recipe.batch, mixture, generator), generator)
        loss = F.cross_entropy(model(symbols), marks)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(model.parameters(), float("inf") if clip is None else clip)
        optimiser.step()
        losses.append(loss.item())
        norms.append(norm.item())
    return losses, norms


@torch.no_grad()
def forced_gates_differences(*, seed: int) -> dict[str, float]:
    """Compare an LSTM with forced gates (f = 0, i = 1, o = 1) with RNNs that have the weights of its candidate.

    Args:
        seed: seed of weights and inputs.

    Returns:
        the largest difference in output. `doubled`: from an RNN with the activation `tanh(tanh(·))`; `plain`: from
        `torch.nn.RNN`, whose activation is `tanh`.
    """
    size, tokens = 8, 30
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        lstm = nn.LSTM(size, size).double()
        rnn = nn.RNN(size, size, batch_first=True).double()
        for weight in lstm.parameters():
            nn.init.uniform_(weight, -1, 1)
        x = torch.randn(4, tokens, size, dtype=torch.float64)
    for rnn_weight, lstm_weight in zip(rnn.parameters(), lstm.parameters(), strict=True):
        rnn_weight.copy_(lstm_weight[2 * size : 3 * size])  # the candidate's rows
    forced, _ = run_stack(lstm, x, forced=STANDARD_RNN)
    w, u, b, d = rnn.parameters()
    hidden, doubled = x.new_zeros(4, size), []
    for t in range(tokens):
        hidden = (x[:, t] @ w.T + b + hidden @ u.T + d).tanh().tanh()
        doubled.append(hidden)
    return {
        "doubled": (forced - torch.stack(doubled, dim=1)).abs().max().item(),
        "plain": (forced - rnn(x)[0]).abs().max().item(),
    }
