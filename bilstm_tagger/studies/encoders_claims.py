"""Statements about encoders beside what the study measured.

A comparison counts only if the seeds agree, training has converged and dev is large enough; otherwise the verdict is
"not enough to tell".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from bilstm_tagger.studies.encoders_result import EncodersResult
from bilstm_tagger.studies.report import UNDECIDED, Claim, Verdict
from bilstm_tagger.studies.seed_statistics import Difference, deviation, difference

#: Fewer gold spans (or tokens, for plain tags) on dev do not decide a comparison: each is a point or more.
LEAST_UNITS = 100


@dataclass(frozen=True, slots=True)
class Comparison:
    """The dev scores of two encoders, compared.

    Attributes:
        difference: of the mean scores, with its interval over the seeds.
        doubts: why the difference decides nothing; empty if it does.
    """

    difference: Difference
    doubts: tuple[str, ...]

    @property
    def sign(self) -> int:
        """1 if the first encoder is better, -1 if the second one is, 0 if there is not enough to tell."""
        return 0 if self.doubts else self.difference.sign

    @property
    def words(self) -> str:
        """The comparison as a part of a sentence."""
        points = f"a difference of {100 * self.difference.mean:+.2f} points"
        if self.difference.interval is not None:
            low, high = (100 * end for end in self.difference.interval)
            points += f" (95 % interval over the seeds: {low:+.2f} to {high:+.2f})"
        return points + "".join(f"; {doubt}" for doubt in self.doubts)


def compare(result: EncodersResult, encoder: str, other: str) -> Comparison:
    """Compare the dev scores of two encoders.

    Args:
        result: the study.
        encoder: the first encoder.
        other: the second encoder.
    """
    of_scores = difference(result.scores(encoder), result.scores(other))
    doubts = []
    if of_scores.interval is None:
        doubts.append("with one seed there is no interval; train with more --seeds")
    elif not of_scores.sign:
        doubts.append("the interval contains 0")
    if result.dev_units is not None and result.dev_units < LEAST_UNITS:
        doubts.append(f"dev has only {result.dev_units} gold spans or tokens; at least {LEAST_UNITS} are needed")
    for name in (encoder, other):
        gain = result.late_gain(name)
        if gain and gain >= abs(of_scores.mean):
            doubts.append(
                f"{result.titles[name]} has not converged: its last quarter of epochs gained {100 * gain:.2f} points"
            )
    return Comparison(of_scores, tuple(doubts))


def encoders_claims(result: EncodersResult) -> list[Claim]:
    """Statements about the encoders beside the measurements; only about encoders that were trained."""
    lstm = "lstm-both-concat"
    claims = [
        _better(result, lstm, "rnn-both", "An LSTM usually scores higher than a plain RNN."),
        _better(result, lstm, "cnn", "A CNN uses only the tokens within its window, so an LSTM should score higher."),
        _better(
            result, lstm, "lstm-forward", "A tag depends on words on both sides, so a bidirectional LSTM scores higher."
        ),
        _cost(result, lstm, "rnn-both"),
        _question(
            result, "lstm-both-sum", lstm, "Does it matter whether the two directions are added or concatenated?"
        ),
        _question(result, "gru-both", lstm, "How does a GRU, which has one gate less, compare with an LSTM?"),
    ]
    return [claim for claim in claims if claim is not None]


def undecided(result: EncodersResult) -> str | None:
    """What to do about comparisons that decide nothing; None if all are decided."""
    verdicts = [claim.verdict for claim in encoders_claims(result)]
    if UNDECIDED not in verdicts:
        return None
    return (
        f"{verdicts.count(UNDECIDED)} of {len(verdicts)} comparisons cannot be decided from these runs. More annotated "
        "data, more epochs (--set training.epochs=N) or more seeds (--seeds N) can decide them."
    )


def spread(values: Sequence[float], factor: float, digits: int) -> str:
    """Mean and standard deviation, as `91.23 ± 0.15`; of a single value only the value.

    Args:
        values: the values.
        factor: what they are multiplied by.
        digits: digits after the decimal point.
    """
    error = deviation(values)
    mean = f"{factor * fmean(values):,.{digits}f}"
    return mean if error is None else f"{mean} ± {factor * error:,.{digits}f}"


def _better(result: EncodersResult, encoder: str, other: str, statement: str) -> Claim | None:
    if not {encoder, other} <= result.titles.keys():
        return None
    comparison = compare(result, encoder, other)
    verdicts: dict[int, Verdict] = {1: "agrees", 0: UNDECIDED, -1: "disagrees"}
    return Claim(statement, f"{_both(result, encoder, other)}: {comparison.words}.", verdicts[comparison.sign])


def _question(result: EncodersResult, encoder: str, other: str, question: str) -> Claim | None:
    if not {encoder, other} <= result.titles.keys():
        return None
    comparison = compare(result, encoder, other)
    share = result.parameters(encoder) / result.parameters(other)
    measured = f"{_both(result, encoder, other)}: {comparison.words}. It has {share:.0%} of the weights."
    return Claim(question, measured, "measured" if comparison.sign else UNDECIDED)


def _cost(result: EncodersResult, encoder: str, other: str) -> Claim | None:
    if not {encoder, other} <= result.titles.keys():
        return None
    ratio = result.parameters(encoder) / result.parameters(other)
    weights = [f"{result.parameters(name):,}" for name in (encoder, other)]
    training, tagging = (_speed_ratio(result, other, encoder, tagging=tagging) for tagging in (False, True))
    return Claim(
        "An LSTM costs more than an RNN: it has many more weights and is slower.",
        f"{weights[0]} weights in the encoder against {weights[1]}, {ratio:.2f} times as many. With the RNN the whole "
        f"tagger trains {training:.2f} times and tags {tagging:.2f} times as fast as with the LSTM.",
        "agrees" if ratio > 1 and min(training, tagging) > 1 else "agrees in part" if ratio > 1 else "disagrees",
    )


def _speed_ratio(result: EncodersResult, encoder: str, other: str, *, tagging: bool) -> float:
    return fmean(result.speeds(encoder, tagging=tagging)) / fmean(result.speeds(other, tagging=tagging))


def _both(result: EncodersResult, encoder: str, other: str) -> str:
    parts = [f"{result.titles[name]} {spread(result.scores(name), 100, 2)}" for name in (encoder, other)]
    return " against ".join(parts)
