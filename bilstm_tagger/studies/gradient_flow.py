"""How the gradient changes on its way back through time: it vanishes, it explodes, it is clipped.

Back through `k` steps a gradient is multiplied by `k` Jacobians `∂h_t/∂h_{t-1}`; for a plain RNN each is
`diag(1 - h_t²) U`. Its norm thus shrinks or grows about exponentially in `k` (Hochreiter 1991; Bengio et al.
1994; Pascanu, Mikolov and Bengio 2013, who also proposed to clip its norm).
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
    """Mean norm of the gradient that reaches the mark from the last state, by lag.

    The gradient is `∂(v·h_T)/∂x_m`, `h_T` the state after the last token, `x_m` the vector of the mark `lag` tokens
    earlier, and `v` a random direction of length 1; `count` sequences for each lag, each with its own. In float64.
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
    """Make the recurrent weights of every gate `scale` times an orthogonal matrix, which stretches evenly."""
    generator = Generator().manual_seed(seed)
    weight = model.body.get_parameter("weight_hh_l0")
    for gate in weight.chunk(weight.shape[0] // weight.shape[1]):
        nn.init.orthogonal_(gate, generator=generator)
        gate.mul_(scale)


def train_plainly(
    model: Recaller, task: CopyTask, *, mixture: str, recipe: Recipe, clip: float | None, seed: int
) -> tuple[list[float], list[float]]:
    """Train in place with plain SGD, whose steps are as long as the gradient is.

    Args:
        model: the network.
        task: the task.
        mixture: of lags.
        recipe: learning rate, batch and number of steps (all of them are made).
        clip: largest norm of the gradient that is let through; None: any.
        seed: of the training data.

    Returns:
        of every step the loss, nats, and the norm of the gradient over all weights before it was clipped.
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
    """How far an LSTM with forced gates (f = 0, i = 1, o = 1) is from RNNs with the weights of its candidate.

    Returns:
        largest difference in output. `doubled`: from the RNN whose activation is `tanh(tanh(·))`; `plain`: from
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
    for mine, theirs in zip(rnn.parameters(), lstm.parameters(), strict=True):
        mine.copy_(theirs[2 * size : 3 * size])
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
