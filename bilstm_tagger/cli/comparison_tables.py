"""Comparisons of two systems as tables for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from bilstm_tagger.cli.tables import TAG_ROWS, between_ends, plain_table
from bilstm_tagger.wording import percent

if TYPE_CHECKING:
    from bilstm_tagger.evaluation.compare import Compared, Comparison
    from bilstm_tagger.evaluation.scores import Interval, Score, SpanScores, TagScores

_CHANCE = 0.05  # p-value from which on a difference is called possible chance


def comparison_view(comparison: Comparison) -> RenderableType:
    """Both systems' scores by label, their difference, and whether it may be chance.

    Args:
        comparison: the comparison.
    """
    parts: list[RenderableType] = []
    for task, compared in comparison.tasks.items():
        parts += [_table(task, compared), _lines(comparison.names, compared), Text()]
    return Group(*parts)


def _table(task: str, compared: Compared) -> Table:
    table = plain_table(
        Text.assemble((task, "bold"), " F1 by label"), ["label"], ["A", "B", "B - A", "95 %", "support"]
    )
    one, other = map(_by_label, compared.scores)
    support = {label: max(each[label].support for each in (one, other) if label in each) for label in compared.labels}
    ranked = sorted(compared.labels, key=lambda label: (-support[label], label))
    for label in ranked[:TAG_ROWS]:
        scores = [percent(each[label].f1) if label in each else percent(0.0) for each in (one, other)]
        value, between = compared.labels[label]
        table.add_row(Text(label), *scores, f"{100 * value:+.2f}", _signed(between), f"{support[label]:,}")
    if len(ranked) > TAG_ROWS:
        table.caption = f"and {len(ranked) - TAG_ROWS} rarer labels; all are in the JSON"
    return table


def _by_label(scores: SpanScores | TagScores) -> dict[str, Score]:
    from bilstm_tagger.evaluation.scores import SpanScores

    return scores.labels if isinstance(scores, SpanScores) else scores.tags


def _headline(scores: SpanScores | TagScores) -> tuple[str, Interval | None]:
    """What the one number is called, and its interval."""
    from bilstm_tagger.evaluation.scores import SpanScores

    if isinstance(scores, SpanScores):
        return "micro F1", None if scores.micro.intervals is None else scores.micro.intervals.f1
    return "accuracy", scores.accuracy.interval


def _signed(between: Interval) -> str:
    return f"{100 * between.low:+.2f} to {100 * between.high:+.2f}"


def _lines(names: tuple[str, str], compared: Compared) -> Text:
    difference = compared.difference
    both, first, second, neither = compared.found
    exact = " (exact)" if difference.is_exact else ""
    may_be = max(difference.bootstrap, difference.randomisation) >= _CHANCE
    lines = []
    for letter, name, scores in zip("AB", names, compared.scores, strict=True):
        what, between = _headline(scores)
        ends = "" if between is None else f" (95 %: {between_ends(between)})"
        lines.append(f"{letter} {name}: {what} {percent(scores.headline)}{ends}")
    lines += [
        f"B - A: {100 * difference.value:+.2f} (95 %: {_signed(difference.interval)}); p = {difference.bootstrap:.4f} "
        f"by paired bootstrap, {difference.randomisation:.4f} by randomisation{exact}: "
        + ("may be chance" if may_be else "hardly chance"),
        f"right in both {both:,}, only in A {first:,}, only in B {second:,}, in neither {neither:,}; "
        f"sentences with different counts: {difference.differing:,}",
    ]
    return Text("\n".join(lines))
