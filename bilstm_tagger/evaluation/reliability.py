"""Calibration errors and reliability diagrams of taggers on a corpus."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bilstm_tagger.corpus.corpus import Corpus
from bilstm_tagger.evaluation.calibration import (
    Bin,
    Judged,
    calibration_error,
    judged_spans,
    judged_tokens,
    reliability,
)
from bilstm_tagger.schemes.grammar import Scheme

if TYPE_CHECKING:
    from bilstm_tagger.tagging.tagger import Tagger


def judged(tagger: Tagger, gold: Corpus) -> Iterator[tuple[str, str, Judged]]:
    """For each task its tokens and, where it has spans, its spans, all together and by label."""
    predicted = list(tagger.pipe(gold, probabilities=True))
    for task in gold.tasks:
        yield task, "tokens", judged_tokens(gold, predicted, task)
        if tagger.schemes[task] is not Scheme.NONE:
            spans = judged_spans(gold, predicted, task)
            yield task, "spans", spans
            for label in sorted(set(spans.labels)):
                yield task, label, spans.of_label(label)


def calibration_errors(tagger: Tagger, gold: Corpus) -> dict[tuple[str, str], tuple[int, float | None]]:
    """Number of predictions and expected calibration error, by task and `tokens`, `spans` or a label."""
    return {(task, of): (len(each), calibration_error(each)) for task, of, each in judged(tagger, gold)}


def draw_reliability(taggers: Sequence[tuple[str, Tagger]], gold: Corpus, path: str | Path) -> None:
    """Draws a reliability diagram: a panel for the tokens and the spans of each task, a line for each tagger.

    Args:
        taggers: with their names in the legend.
        gold: the corpus.
        path: the PNG file.
    """
    from matplotlib.figure import Figure

    panels: dict[str, dict[str, list[Bin]]] = {}
    for name, tagger in taggers:
        for task, of, each in judged(tagger, gold):
            if of in ("tokens", "spans") and len(each):
                panels.setdefault(f"{task}: {of}", {})[name] = reliability(each)
    figure = Figure(figsize=(0.6 + 3.6 * len(panels), 4.0), layout="constrained")
    for axes, (title, lines) in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True):
        axes.plot([0, 1], [0, 1], color="0.6", linestyle=":", label="right as often as said")
        for number, (name, bins) in enumerate(lines.items()):
            sizes = [12 + 60 * (each.count / max(other.count for other in bins)) ** 0.5 for each in bins]
            x, y = [each.probability for each in bins], [each.right for each in bins]
            colour = ("#d55e00", "#0072b2")[number % 2]
            axes.plot(x, y, color=colour, label=name)
            axes.scatter(x, y, s=sizes, color=colour)
        axes.set_title(title, fontsize=10)
        axes.set_xlabel("probability")
        axes.set_ylabel("share that is right")
        axes.set_xlim(0, 1.02)
        axes.set_ylim(0, 1.02)
        axes.set_aspect("equal")
        axes.legend(fontsize=8, loc="upper left")
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=130, metadata={"Software": None})
