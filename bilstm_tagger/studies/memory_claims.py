"""Common statements about the memory of RNN, LSTM and CNN, beside what the study measured.

The verdicts are computed from the numbers, so they follow the results of a run with other settings.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean

from bilstm_tagger.studies.memory_result import Clipping, MemoryResult
from bilstm_tagger.studies.report import UNDECIDED, Claim, Verdict
from bilstm_tagger.studies.seed_statistics import difference

#: An accuracy at or above this counts as recalled.
RECALLED = 0.99
#: An accuracy at most this far above guessing counts as near chance.
NEAR = 0.05
#: A gradient explodes if it is this many times as large at the last lag as at the first.
EXPLODED = 10.0


def memory_claims(result: MemoryResult) -> list[Claim]:
    """The statements that the study tests, with their measurements and verdicts.

    Args:
        result: the result of the study.
    """
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
        "If the lag between a mark and the answer is long, an LSTM is usually right more often than an RNN.",
        f"Trained on all lags equally often, right answers at lag {result.lags[at]}: LSTM with forget bias 1 "
        f"{shares['lstm1'][at]:.1%}, with forget bias 0 {shares['lstm0'][at]:.1%}, GRU {shares['gru'][at]:.1%}, RNN "
        f"{shares['rnn'][at]:.1%}; guessing gives {result.chance:.1%}. At lag {result.lags[0]} the RNN reaches "
        f"{shares['rnn'][0]:.1%}.",
        "agrees" if apart else "disagrees",
    )


def _theory(result: MemoryResult) -> Claim:
    even, short = (result.accuracy(mixture, "rnn")[-1] for mixture in ("even", "short first"))
    learning_fails = even <= result.chance + NEAR < RECALLED <= short
    conclusion = (
        " So an RNN can store a mark over a long lag, but it does not learn to do so from long lags alone: trained on "
        "short lags first, it also answers the long ones."
    )
    return Claim(
        "In theory an RNN can carry information over any distance; in practice its gradient vanishes or explodes.",
        f"Its gradient at lag {result.lags[-1]} is {power(result.gradient('rnn')[-1])} before training: very small, "
        f"not zero. Trained on all lags equally often it is right in {even:.1%} there, trained mostly on short lags in "
        f"{short:.1%}." + (conclusion if learning_fails else ""),
        "agrees in part" if short > result.chance + NEAR else "agrees",
    )


def _window(result: MemoryResult) -> Claim:
    shares = result.accuracy("even", "cnn")
    count = sum(lag < result.window for lag in result.lags)
    inside, outside = min(shares[:count]), max(shares[count:])
    no_gradient = not any(norm for run in result.runs("even", "cnn") for norm in run.gradient_after[count:])
    exact = inside >= RECALLED and outside <= result.chance + NEAR and no_gradient
    return Claim(
        "A CNN uses only the tokens within its window.",
        f"A window of {result.window} tokens: at lags up to {result.window - 1} at least {inside:.1%} right, from "
        f"lag {result.window} on at most {outside:.1%} ({result.chance:.1%} is guessing). The gradient beyond the "
        f"window is {'exactly 0' if no_gradient else 'not 0'}.",
        "agrees" if exact else "disagrees",
    )


def _wide_window(result: MemoryResult) -> Claim:
    narrow, wide, lstm = result.parameters["cnn"], result.wide_cnn_parameters, result.parameters["lstm1"]
    return Claim(
        "A larger window costs a CNN more computation, so windows stay small.",
        f"Its convolutions have {narrow:,} weights with a window of {result.window} tokens, each used once per token, "
        f"and would have {wide:,} with a window that contains lag {result.lags[-1]}; the LSTM's {lstm:,} weights serve "
        "any lag. Time was not measured.",
        "agrees" if wide > narrow else "disagrees",
    )


def _vanishing(result: MemoryResult) -> Claim:
    rnn, lags = result.gradient("rnn"), result.lags
    middle = len(rnn) // 2
    factors = [(rnn[end] / rnn[start]) ** (1 / (lags[end] - lags[start])) for start, end in ((0, middle), (middle, -1))]
    even = max(factors) < 1 and max(factors) / min(factors) < 1.1
    return Claim(
        "If the gradient is multiplied by a factor below 1 at each step, it shrinks exponentially with their number.",
        f"In the untrained RNN the norm at the mark falls from {power(rnn[0])} at lag {lags[0]} to {power(rnn[-1])} "
        f"at lag {lags[-1]}: by a factor of {factors[0]:.2f} per token up to lag {lags[middle]} and "
        f"{factors[1]:.2f} after that.",
        "agrees" if even else "agrees in part" if rnn[-1] < rnn[0] else "disagrees",
    )


def _exploding(result: MemoryResult) -> Claim:
    scales = sorted({item.scale for item in result.growth})
    tokens = result.lags[-1] - result.lags[0]
    listed = ", ".join(f"{_growth(result, 'rnn', scale) ** (1 / tokens):.2f} at ×{scale:g}" for scale in scales)
    return Claim(
        "Vanishing and exploding have one cause: at every step the gradient is multiplied by the slope of the "
        "activation, and it grows exponentially if that is above 1.",
        f"The RNN's gradient changes by these factors per token, by scale of its recurrent weights: {listed}. The "
        "cause is the same product, but the slope of tanh is never above 1, so the slope can only shrink the gradient. "
        f"Large recurrent weights make it explode (more than {EXPLODED:g} times as large at lag {result.lags[-1]} as "
        f"at lag {result.lags[0]}); the smallest of these scales at which it does: {_explodes(result, 'rnn')}.",
        "agrees in part" if _first_explosion(result, "rnn") < math.inf else "disagrees",
    )


def _gates(result: MemoryResult) -> Claim:
    before = {name: _ratio(result.gradient(name)) for name in ("rnn", "lstm0", "lstm1")}
    after = {name: _ratio(result.gradient(name, after=True)) for name in ("rnn", "lstm0", "lstm1")}
    orders = {name: math.log10(before[name] / before["rnn"]) for name in before}
    verdict: Verdict = "agrees" if orders["lstm0"] > 0.8 * orders["lstm1"] else "agrees in part"
    return Claim(
        "The gates, above all the forget gate, keep the gradients of an LSTM from vanishing.",
        f"Ratio of the gradient at lag {result.lags[-1]} to that at lag {result.lags[0]} before training: RNN "
        f"{power(before['rnn'])}, LSTM with forget bias 1 {power(before['lstm1'])}, which is {orders['lstm1']:.0f} "
        f"orders of magnitude more; with forget bias 0 {power(before['lstm0'])}, because a forget gate that starts at "
        "0.5 about halves the cell state at every token. So the gradient is kept as far as the forget gate is open: at "
        f"first by its bias, later by training. After training: LSTM with forget bias 1 {power(after['lstm1'])}, with "
        f"forget bias 0 {power(after['lstm0'])}, RNN {power(after['rnn'])}.",
        "disagrees" if orders["lstm1"] < 2 else verdict,
    )


def _lstm_explodes(result: MemoryResult) -> Claim:
    largest = max(item.scale for item in result.growth)
    norms = {model: result.grown(model, largest)[-1] for model in ("rnn", "lstm1")}
    first = {model: _first_explosion(result, model) for model in ("rnn", "lstm1")}
    better = first["lstm1"] > first["rnn"] or norms["lstm1"] < norms["rnn"] / EXPLODED
    verdict: Verdict = "agrees" if math.isinf(first["lstm1"]) else "agrees in part"
    return Claim(
        "The gradients of an LSTM explode less.",
        "The smallest of the scales of the recurrent weights at which the gradient explodes is "
        f"{_explodes(result, 'rnn')} in the RNN, {_explodes(result, 'gru')} in the GRU and "
        f"{_explodes(result, 'lstm1')} in the LSTM. At ×{largest:g} and lag {result.lags[-1]} the norm is "
        f"{power(norms['rnn'])} in the RNN and {power(norms['lstm1'])} in the LSTM"
        + ("." if math.isinf(first["lstm1"]) else ": it explodes too, so LSTMs are trained with clipping as well."),
        verdict if better else "disagrees",
    )


def _clipping(result: MemoryResult) -> Claim:
    free = [run for run in result.clipping if run.clip is None]
    clipped = [run for run in result.clipping if run.clip is not None]
    settings = result.settings
    lower = difference([_final_loss([run]) for run in free], [_final_loss([run]) for run in clipped])
    interval = "none with one seed" if lower.interval is None else " to ".join(f"{end:+.2f}" for end in lower.interval)
    verdicts: dict[int, Verdict] = {1: "agrees", 0: UNDECIDED, -1: "disagrees"}
    return Claim(
        "Clipping the norm of exploding gradients makes training succeed.",
        f"An RNN whose recurrent weights start at ×{settings['clipping_scale']:g}, plain SGD: in the last tenth of "
        f"training the loss is {_final_loss(free):.2f} nats without clipping and {_final_loss(clipped):.2f} with the "
        f"norm clipped at {settings['clip']:g} (95 % interval of the difference over the seeds: {interval}); guessing "
        f"gives {math.log(settings['clipping_task']['marks']):.2f}. The largest norm that was clipped is "
        f"{power(max(max(run.norms) for run in clipped))}.",
        verdicts[lower.sign],
    )


def _standard_rnn(result: MemoryResult) -> Claim:
    doubled, plain = result.forced_gates["doubled"], result.forced_gates["plain"]
    return Claim(
        "With the forget gate at 0 and the input and output gates at 1, an LSTM is a standard RNN.",
        "It is an RNN whose activation is tanh(tanh(x)), because the tanh of the cell state remains. Its outputs "
        f"differ from that RNN's by at most {power(doubled)}, from those of an RNN with a single tanh by up to "
        f"{plain:.2f}.",
        "agrees in part" if doubled < 1e-9 < plain else "disagrees",
    )


def _parameters(result: MemoryResult) -> Claim:
    rnn, gru, lstm = (result.parameters[name] for name in ("rnn", "gru", "lstm1"))
    return Claim(
        "An LSTM has many more weights to train than an RNN.",
        f"With the same sizes: {rnn:,} weights in the RNN, {gru:,} in the GRU ({gru / rnn:g} times), {lstm:,} in the "
        f"LSTM ({lstm / rnn:g} times: three gates and the candidate, each as large as the RNN).",
        "agrees" if lstm > rnn else "disagrees",
    )


def _ratio(norms: Sequence[float]) -> float:
    """The ratio of the norm at the last lag to that at the first."""
    return norms[-1] / norms[0]


def _growth(result: MemoryResult, model: str, scale: float) -> float:
    return _ratio(result.grown(model, scale))


def _first_explosion(result: MemoryResult, model: str) -> float:
    """The smallest scale of the recurrent weights at which the gradient explodes; infinity if none."""
    scales = {item.scale for item in result.growth}
    return min((scale for scale in scales if _growth(result, model, scale) > EXPLODED), default=math.inf)


def _explodes(result: MemoryResult, model: str) -> str:
    """The smallest scale at which the gradient explodes, as text."""
    first = _first_explosion(result, model)
    return "none" if math.isinf(first) else f"×{first:g}"


def _final_loss(runs: Sequence[Clipping]) -> float:
    """Mean loss of the last tenth of the steps, nats."""
    return fmean(loss for run in runs for loss in run.losses[-max(1, len(run.losses) // 10) :])


def power(value: float) -> str:
    """A number as text: as `3.7·10⁻²⁶`, or plain between 0.01 and 1000."""
    if value == 0 or 0.01 <= abs(value) < 1000:
        return f"{value:.2g}" if abs(value) < 1 else f"{value:.3g}"
    digits, exponent = f"{value:.1e}".split("e")
    return f"{digits}·10{str(int(exponent)).translate(str.maketrans('-0123456789', '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'))}"
