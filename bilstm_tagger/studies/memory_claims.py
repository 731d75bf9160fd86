"""What is said of the memory of RNN, LSTM and CNN, beside what the study measured.

The verdicts are computed from the numbers, so a run that comes out otherwise says so.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean

from bilstm_tagger.studies.memory_result import Clipping, MemoryResult
from bilstm_tagger.studies.report import Claim, Verdict

#: An accuracy at or above this counts as recalled.
RECALLED = 0.99
#: An accuracy at most this far above guessing counts as near chance.
NEAR = 0.05
#: A gradient has exploded when it is that many times as large at the last lag as at the first.
EXPLODED = 10.0


def memory_claims(result: MemoryResult) -> list[Claim]:
    """All claims the study speaks to."""
    return [
        _longer(result),
        _theory(result),
        _window(result),
        _wide_window(result),
        _vanishing(result),
        _exploding(result),
        _gates(result),
        _lstm_explodes(result),
        _clipping(result),
        _standard_rnn(result),
        _parameters(result),
    ]


def _longer(result: MemoryResult) -> Claim:
    shares = {name: result.accuracy("even", name) for name in ("lstm1", "lstm0", "gru", "rnn")}
    apart = [
        place
        for place in range(len(result.lags))
        if shares["rnn"][place] <= result.chance + NEAR and shares["lstm1"][place] >= RECALLED
    ]
    at = apart[-1] if apart else -1
    return Claim(
        "Where the gap between a cause and its effect is long, an LSTM usually does better than an RNN.",
        f"All lags trained equally often, right answers at lag {result.lags[at]}: LSTM with forget bias 1 "
        f"{shares['lstm1'][at]:.1%}, with forget bias 0 {shares['lstm0'][at]:.1%}, GRU {shares['gru'][at]:.1%}, RNN "
        f"{shares['rnn'][at]:.1%}; guessing gives {result.chance:.1%}. At lag {result.lags[0]} the RNN reaches "
        f"{shares['rnn'][0]:.1%}.",
        "agrees" if apart else "disagrees",
    )


def _theory(result: MemoryResult) -> Claim:
    even, short = (result.accuracy(mixture, "rnn")[-1] for mixture in ("even", "short first"))
    held = even <= result.chance + NEAR < RECALLED <= short
    conclusion = (
        " So it is the learning across a long gap that fails, not the holding: a network that has learned to hold a "
        "mark over short gaps holds it over long ones."
    )
    return Claim(
        "In theory an RNN can carry information over any distance; in practice it vanishes or explodes on the way.",
        f"Its gradient at lag {result.lags[-1]} is {power(result.gradient('rnn')[-1])} before training: tiny, not "
        f"zero. Trained on all lags equally it recalls {even:.1%} there, trained mostly on short ones {short:.1%}."
        + (conclusion if held else ""),
        "agrees in part" if short > result.chance + NEAR else "agrees",
    )


def _window(result: MemoryResult) -> Claim:
    shares = result.accuracy("even", "cnn")
    count = sum(lag < result.window for lag in result.lags)
    inside, outside = min(shares[:count]), max(shares[count:])
    blind = not any(norm for run in result.runs("even", "cnn") for norm in run.gradient_after[count:])
    exact = inside >= RECALLED and outside <= result.chance + NEAR and blind
    return Claim(
        "In a CNN information travels within its window only.",
        f"A window of {result.window} tokens: at lags up to {result.window - 1} at least {inside:.1%} right, from "
        f"lag {result.window} on at most {outside:.1%} ({result.chance:.1%} is guessing). The gradient beyond the "
        f"window is {'exactly 0' if blind else 'not 0'}.",
        "agrees" if exact else "disagrees",
    )


def _wide_window(result: MemoryResult) -> Claim:
    narrow, wide, lstm = result.parameters["cnn"], result.wide_cnn_parameters, result.parameters["lstm1"]
    return Claim(
        "A larger window would cost a CNN more computation, so windows stay small.",
        f"Its convolutions have {narrow:,} weights at a window of {result.window} tokens, each used once a token, "
        f"and {wide:,} at one that holds lag {result.lags[-1]}; the LSTM's {lstm:,} serve any distance. "
        "Nothing was timed.",
        "agrees" if wide > narrow else "disagrees",
    )


def _vanishing(result: MemoryResult) -> Claim:
    rnn, lags = result.gradient("rnn"), result.lags
    middle = len(rnn) // 2
    factors = [(rnn[end] / rnn[start]) ** (1 / (lags[end] - lags[start])) for start, end in ((0, middle), (middle, -1))]
    even = max(factors) < 1 and max(factors) / min(factors) < 1.1
    return Claim(
        "Where the factor at each step is below 1, the gradient shrinks exponentially with the number of steps.",
        f"In the untrained RNN the norm at the mark falls from {power(rnn[0])} at lag {lags[0]} to {power(rnn[-1])} "
        f"at lag {lags[-1]}: by a factor of {factors[0]:.2f} a token up to lag {lags[middle]} and "
        f"{factors[1]:.2f} from there on.",
        "agrees" if even else "agrees in part" if rnn[-1] < rnn[0] else "disagrees",
    )


def _exploding(result: MemoryResult) -> Claim:
    scales = sorted({item.scale for item in result.growth})
    tokens = result.lags[-1] - result.lags[0]
    listed = ", ".join(f"{_rise(result, 'rnn', scale) ** (1 / tokens):.2f} at ×{scale:g}" for scale in scales)
    return Claim(
        "Vanishing and exploding have one cause: the slope of the activation is multiplied in at every step, and the "
        "product grows exponentially where it is above 1.",
        "The RNN's gradient changes by this factor a token when its recurrent weights stretch by that scale: "
        f"{listed}. One cause, yes; but the slope of tanh is never above 1, so it can only shrink the gradient. What "
        "makes it explode are the weights, once they outweigh the slope; the first of these scales to do so: "
        f"{_explodes(result, 'rnn')}.",
        "agrees in part" if _first_explosion(result, "rnn") < math.inf else "disagrees",
    )


def _gates(result: MemoryResult) -> Claim:
    before = {name: _fall(result.gradient(name)) for name in ("rnn", "lstm0", "lstm1")}
    after = {name: _fall(result.gradient(name, after=True)) for name in ("rnn", "lstm0", "lstm1")}
    orders = {name: math.log10(before[name] / before["rnn"]) for name in before}
    verdict: Verdict = "agrees" if orders["lstm0"] > 0.8 * orders["lstm1"] else "agrees in part"
    return Claim(
        "Thanks to the gates, above all the forget gate, the LSTM keeps gradients from vanishing.",
        f"From lag {result.lags[0]} to {result.lags[-1]} the untrained RNN's gradient falls to "
        f"{power(before['rnn'])} of itself, that of the LSTM with forget bias 1 to {power(before['lstm1'])}: "
        f"{orders['lstm1']:.0f} orders of magnitude less of a fall. With forget bias 0 it falls to "
        f"{power(before['lstm0'])}, for a gate that starts half open about halves the cell state at every token. So "
        "the forget gate keeps the gradient as far as it is open, first by its bias, then by training: afterwards "
        f"the LSTM's gradient falls to {power(after['lstm1'])} (forget bias 1) and {power(after['lstm0'])} (0) of "
        f"itself, the RNN's to {power(after['rnn'])}.",
        "disagrees" if orders["lstm1"] < 2 else verdict,
    )


def _lstm_explodes(result: MemoryResult) -> Claim:
    largest = max(item.scale for item in result.growth)
    norms = {model: result.grown(model, largest)[-1] for model in ("rnn", "lstm1")}
    first = {model: _first_explosion(result, model) for model in ("rnn", "lstm1")}
    better = first["lstm1"] > first["rnn"] or norms["lstm1"] < norms["rnn"] / EXPLODED
    relieved: Verdict = "agrees" if math.isinf(first["lstm1"]) else "agrees in part"
    return Claim(
        "The LSTM also relieves exploding gradients.",
        "Of these scales of the recurrent weights, the first to make the gradient explode is "
        f"{_explodes(result, 'rnn')} in the RNN, {_explodes(result, 'gru')} in the GRU and "
        f"{_explodes(result, 'lstm1')} in the LSTM. At ×{largest:g} and lag {result.lags[-1]} the norm is "
        f"{power(norms['rnn'])} in the RNN and {power(norms['lstm1'])} in the LSTM"
        + ("." if math.isinf(first["lstm1"]) else ": it explodes too, so LSTMs are trained with clipping as well."),
        relieved if better else "disagrees",
    )


def _clipping(result: MemoryResult) -> Claim:
    free = [run for run in result.clipping if run.clip is None]
    clipped = [run for run in result.clipping if run.clip is not None]
    settings = result.settings
    return Claim(
        "(Not in the text.) Exploding gradients are tamed by clipping their norm.",
        f"An RNN whose recurrent weights stretch by {settings['clipping_scale']:g}, plain SGD: the loss ends at "
        f"{_final_loss(free):.2f} nats without clipping and at {_final_loss(clipped):.2f} with the norm clipped at "
        f"{settings['clip']:g}; guessing gives {math.log(settings['clipping_task']['marks']):.2f}. Norms of up to "
        f"{power(max(max(run.norms) for run in clipped))} were clipped.",
        "not claimed",
    )


def _standard_rnn(result: MemoryResult) -> Claim:
    doubled, plain = result.forced_gates["doubled"], result.forced_gates["plain"]
    return Claim(
        "With the forget gate at 0 and the input and output gates at 1, an LSTM is a standard RNN.",
        "It is the RNN whose activation is tanh(tanh(x)): the cell's own tanh remains. From that RNN the outputs "
        f"differ by at most {power(doubled)}, from one with a single tanh and the same weights by up to {plain:.2f}.",
        "agrees in part" if doubled < 1e-9 < plain else "disagrees",
    )


def _parameters(result: MemoryResult) -> Claim:
    rnn, gru, lstm = (result.parameters[name] for name in ("rnn", "gru", "lstm1"))
    return Claim(
        "An LSTM is far more complex than an RNN and has many more parameters to train.",
        f"Same sizes: {rnn:,} weights in the RNN, {gru:,} in the GRU ({gru / rnn:g} times), {lstm:,} in the LSTM "
        f"({lstm / rnn:g} times: three gates and the candidate, each as large as the RNN).",
        "agrees" if lstm > rnn else "disagrees",
    )


def _fall(norms: Sequence[float]) -> float:
    """The norm at the last lag in parts of that at the first."""
    return norms[-1] / norms[0]


def _rise(result: MemoryResult, model: str, scale: float) -> float:
    return _fall(result.grown(model, scale))


def _first_explosion(result: MemoryResult, model: str) -> float:
    """The smallest scale of the recurrent weights at which the gradient explodes; infinity if none."""
    scales = {item.scale for item in result.growth}
    return min((scale for scale in scales if _rise(result, model, scale) > EXPLODED), default=math.inf)


def _explodes(result: MemoryResult, model: str) -> str:
    """That scale for people."""
    first = _first_explosion(result, model)
    return "none" if math.isinf(first) else f"×{first:g}"


def _final_loss(runs: Sequence[Clipping]) -> float:
    """Mean loss of the last tenth of the steps, nats."""
    return fmean(loss for run in runs for loss in run.losses[-max(1, len(run.losses) // 10) :])


def power(value: float) -> str:
    """A number for people, such as `3.7·10⁻²⁶`; plain between 0.01 and 1000."""
    if value == 0 or 0.01 <= abs(value) < 1000:
        return f"{value:.2g}" if abs(value) < 1 else f"{value:.3g}"
    digits, exponent = f"{value:.1e}".split("e")
    return f"{digits}·10{str(int(exponent)).translate(str.maketrans('-0123456789', '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'))}"
