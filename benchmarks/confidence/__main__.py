r"""Compares ways to calibrate probabilities and to find thresholds, on dev parts alone.

python -m benchmarks.confidence --model models/en-news DIR/conll2003/valid.txt
python -m benchmarks.confidence --model models/en build/corpora/{wikigold,filings,redocred,crossner}-dev.conll \
    --without-misc build/corpora/{twitter,novels,gum}-dev.conll

With one file its documents are split: into five parts by turns, the early and the late half, and those with few and
with many words that training lacks. With several files each is held out in turn, and the last column is the mean.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.confidence.calibrators import CALIBRATORS, Calibrator
from benchmarks.confidence.rules import RULES, Rule, least
from benchmarks.confidence.spans import Spans, error_of, loss_of, spans_of
from bilstm_tagger import Tagger

Split = tuple[Spans, Spans]  # what is fitted on, what it is judged on
LEAST_TEXTS = 3  # the mean is printed of more than these


def main() -> None:
    """Print a table of ways to calibrate, and one of ways to find thresholds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="model folder")
    parser.add_argument("--precision", type=float, default=0.95)
    parser.add_argument("files", type=Path, nargs="+", help="dev files in columns, names in the last one")
    parser.add_argument("--without-misc", type=Path, nargs="+", default=[], help="further files, that mark no MISC")
    arguments = parser.parse_args()
    tagger = Tagger.load(arguments.model)
    texts = {path.stem: spans_of(tagger, path) for path in arguments.files}
    texts |= {path.stem: spans_of(tagger, path, unmarked=("MISC",)) for path in arguments.without_misc}
    splits = dict(_held_out(texts)) if len(texts) > 1 else dict(_within(*texts.values()))
    print_calibrators(splits)
    print()
    print_rules(splits, arguments.precision)


def _held_out(texts: dict[str, Spans]) -> Iterator[tuple[str, list[Split]]]:
    for name, text in texts.items():
        yield name, [(Spans.joined([other for each, other in texts.items() if each != name]), text)]


def _within(text: Spans) -> Iterator[tuple[str, list[Split]]]:
    parts = [text.documents % 5 == number for number in range(5)]
    yield "five parts", [(text.where(~part), text.where(part)) for part in parts]
    late = text.documents >= np.median(text.documents)
    yield "late half", [(text.where(~late), text.where(late))]
    strange = text.strange >= np.median(text.strange)
    yield "many unknown words", [(text.where(~strange), text.where(strange))]


def _head(splits: dict[str, list[Split]], first: str) -> None:
    names = [*splits, *(["mean"] if len(splits) > LEAST_TEXTS else [])]
    print(f"| {first} | {' | '.join(names)} |")
    print(f"|---|{'---:|' * len(names)}")


def _row(name: str, figures: list[tuple[float, ...]], style: str) -> None:
    if len(figures) > LEAST_TEXTS:
        figures = [*figures, tuple(float(np.mean(column)) for column in zip(*figures, strict=True))]
    print(f"| {name} | {' | '.join(style.format(*each) for each in figures)} |", flush=True)


def print_calibrators(splits: dict[str, list[Split]]) -> None:
    """For each way its expected calibration error in percent, and the log loss."""
    _head(splits, "way to calibrate")
    for name, fit in CALIBRATORS.items():
        figures: list[tuple[float, ...]] = []
        for pairs in splits.values():
            told = np.concatenate([fit(own)(other) for own, other in pairs])
            right = np.concatenate([other.right for _, other in pairs])
            figures.append((error_of(told, right), loss_of(told, right)))
        _row(name, figures, "{:.2f}, {:.4f}")


def print_rules(splits: dict[str, list[Split]], precision: float) -> None:
    """For each rule the precision, that of its worst label, and the share of the right spans that stays, in percent."""
    fit = next(iter(CALIBRATORS.values()))
    _head(splits, "rule for thresholds")
    for name, rule in RULES.items():
        figures: list[tuple[float, ...]] = []
        for pairs in splits.values():
            judged = [_kept(rule, fit, *pair, precision) for pair in pairs]
            kept, right, labels = (np.concatenate(columns) for columns in zip(*judged, strict=True))
            worst = min((right[kept & (labels == label)].mean() for label in np.unique(labels[kept])), default=1.0)
            share = right[kept].mean() if kept.any() else 1.0
            figures.append((100 * share, 100 * worst, 100 * right[kept].sum() / right.sum()))
        _row(name, figures, "{:.1f}, {:.1f}, {:.0f}")


def _kept(
    rule: Rule, fit: Calibrator, own: Spans, other: Spans, precision: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which spans of `other` thresholds from `own` keep, whether they are right, and their labels `(spans,)`."""
    calibrated = fit(own)
    told, probabilities = calibrated(own), calibrated(other)
    kept = np.zeros(len(other), np.bool_)
    for label in np.unique(other.labels):
        chosen = own.labels == label
        kept |= (other.labels == label) & (probabilities >= least(rule, own.where(chosen), told[chosen], precision))
    return kept, other.right, other.labels


if __name__ == "__main__":
    main()
