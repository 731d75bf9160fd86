"""Scores as tables for the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from bilstm_tagger.wording import counted, percent

if TYPE_CHECKING:
    from bilstm_tagger.evaluation.evaluate import Evaluation
    from bilstm_tagger.evaluation.raw import RawEvaluation, RawScores
    from bilstm_tagger.evaluation.scores import Average, Interval, Matrix, Score, Share, SpanScores, TagScores

TAG_ROWS = 20
CONFUSION_ROWS = 10
CAUTIONS = 8  # labels that are named


def evaluation_view(evaluation: Evaluation) -> RenderableType:
    """All scores of an evaluation, task by task, and its sizes.

    Args:
        evaluation: the evaluation.
    """
    sizes = (
        f"{counted(evaluation.documents, 'document')}, {counted(evaluation.sentences, 'sentence')}, "
        f"{counted(evaluation.tokens, 'token')}"
    )
    if evaluation.seconds is not None:
        sizes += f" in {evaluation.seconds:.1f} s ({evaluation.tokens_per_second:,.0f} tokens/s)"
    views = [scores_view(task, scores) for task, scores in evaluation.tasks.items()]
    return Group(*(part for view in views for part in (view, Text())), Text(sizes, style="dim"))


def raw_view(evaluation: RawEvaluation) -> RenderableType:
    """Scores of raw text, task by task."""
    sizes = f"{counted(evaluation.sentences, 'sentence')}, {counted(evaluation.tokens, 'token')}"
    views = [raw_table(scores, title=task) for task, scores in evaluation.tasks.items()]
    return Group(*views, Text(f"{sizes} in {evaluation.seconds:.1f} s", style="dim"))


def raw_table(scores: RawScores, *, title: str) -> Table:
    """Scores of raw text: one row per label, then all together and the tokens."""
    table = _table(Text.assemble((title, "bold"), " from raw text: both ends, in characters, and label right"), "label")
    for label, score in scores.labels.items():
        _add(table, label, score)
    table.add_section()
    _add(table, "micro", scores.micro, style="bold")
    _add(table, "tokens cut alike", scores.tokens)
    return table


def scores_view(task: str, scores: SpanScores | TagScores) -> RenderableType:
    """The scores of one task: its tables and the lines below them.

    Args:
        task: the name of the task.
        scores: its scores.
    """
    from bilstm_tagger.evaluation.scores import SpanScores

    if isinstance(scores, SpanScores):
        return Group(span_table(scores, title=task), span_lines(scores))
    parts: list[RenderableType] = [tag_lines(scores, title=task), tag_table(scores)]
    if scores.confusions:
        parts.append(confusion_table(scores))
    return Group(*parts)


def span_table(scores: SpanScores, *, title: str) -> Table:
    """Strict scores of spans: one row per label, then the averages."""
    table = _table(
        Text.assemble((title, "bold"), " strict (seqeval): both ends and label right"),
        "label",
        intervals=scores.micro.intervals is not None,
    )
    for label, score in scores.labels.items():
        _add(table, label, score)
    table.add_section()
    _add(table, "micro", scores.micro, style="bold")
    _add(table, "macro", scores.macro)
    _add(table, "weighted", scores.weighted)
    return table


def span_lines(scores: SpanScores) -> Text:
    """Lenient F1, token accuracy and recall on known and unknown words."""
    lenient = scores.conlleval
    between = "" if lenient.intervals is None else f" ({between_ends(lenient.intervals.f1)})"
    lines = [
        f"conlleval (lenient): precision {percent(lenient.precision)}, recall {percent(lenient.recall)}, "
        f"F1 {percent(lenient.f1)}{between}",
        f"token accuracy {percent(scores.accuracy.value)} of {counted(scores.accuracy.total, 'token')}",
    ]
    if scores.known is not None and scores.unknown is not None:
        lines.append(f"spans of known words found: {_share(scores.known)}; with unknown ones: {_share(scores.unknown)}")
    lines.append("errors: " + ", ".join(f"{kind} {count:,}" for kind, count in scores.kinds.items()))
    lines += _cautions(scores.labels)
    return Text("\n".join(lines))


def tag_lines(scores: TagScores, *, title: str) -> Text:
    """Accuracy on all, known and unknown words."""
    lines = []
    if scores.known is not None and scores.unknown is not None:
        lines.append(f"known words {_share(scores.known)}; unknown words {_share(scores.unknown)}")
    if cautions := _cautions(scores.tags):
        lines += cautions
    between = "" if scores.accuracy.interval is None else f" ({between_ends(scores.accuracy.interval)})"
    return Text.assemble(
        (title, "bold"),
        " accuracy ",
        (percent(scores.accuracy.value), "bold"),
        f"{between} of {counted(scores.accuracy.total, 'token')}, macro F1 {percent(scores.macro.f1)}\n",
        "\n".join(lines),
    )


def tag_table(scores: TagScores, *, rows: int = TAG_ROWS) -> Table:
    """Scores of plain tags, the most frequent ones first.

    Args:
        scores: the scores.
        rows: how many tags to show; the caption has the number of the others.
    """
    ranked = sorted(scores.tags.items(), key=lambda item: (-item[1].support, item[0]))
    table = _table(None, "tag", intervals=scores.macro.intervals is not None)
    for tag, score in ranked[:rows]:
        _add(table, tag, score)
    _caption(table, len(ranked) - rows, "rarer tag")
    return table


def confusion_table(scores: TagScores, *, rows: int = CONFUSION_ROWS) -> Table:
    """The most frequent errors on plain tags.

    Args:
        scores: the scores.
        rows: how many errors to show.
    """
    table = plain_table(Text("most frequent errors"), ["gold", "predicted"], ["tokens", "of gold"])
    for gold, predicted, count in scores.confusions[:rows]:
        part = percent(count / scores.tags[gold].support)
        table.add_row(Text(gold), Text(predicted), f"{count:,}", f"{part} %")
    return table


def between_ends(interval: Interval) -> str:
    """An interval between 0 and 1 in percent."""
    return f"{100 * interval.low:.1f} to {100 * interval.high:.1f}"


def matrix_table(matrix: Matrix, *, title: str) -> Table:
    """A confusion matrix: a row per gold label, a column per predicted one; `none` is no span.

    Args:
        matrix: how often each label was predicted for each gold label.
        title: what the labels are of.
    """
    from bilstm_tagger.evaluation.confusion import filled_matrix

    rows, columns, counts = filled_matrix(matrix)
    table = plain_table(Text(title), ["gold \\ predicted"], columns)
    for name, row in zip(rows, counts, strict=True):
        cells = [
            Text(f"{count:,}" if count else "·", "bold" if name == other else "")
            for other, count in zip(columns, row, strict=True)
        ]
        table.add_row(Text(name), *cells)
    return table


def _cautions(scores: Mapping[str, Score]) -> list[str]:
    """One line on the labels whose scores say little."""
    doubtful = [f"{label} ({caution})" for label, score in scores.items() if (caution := score.caution())]
    if not doubtful:
        return []
    more = f" and {len(doubtful) - CAUTIONS} more" if len(doubtful) > CAUTIONS else ""
    return [f"caution: too few to say much of {', '.join(doubtful[:CAUTIONS])}{more}"]


def _table(title: Text | None, kind: str, *, intervals: bool = False) -> Table:
    return plain_table(title, [kind], ["precision", "recall", "F1", *(["95 % of F1"] if intervals else []), "support"])


def plain_table(title: Text | None, names: Sequence[str], figures: Sequence[str]) -> Table:
    """An empty table.

    Args:
        title: what it shows.
        names: headings of its columns of text.
        figures: headings of its columns of numbers, behind these.
    """
    table = Table(title=title, title_justify="left", title_style="", box=box.SIMPLE_HEAD)
    table.caption_justify = "left"
    for name in names:
        table.add_column(name, overflow="fold")
    for figure in figures:
        table.add_column(figure, justify="right", no_wrap=True)
    return table


def _add(table: Table, name: str, score: Score | Average, *, style: str = "") -> None:
    figures: Iterable[str] = [*map(percent, (score.precision, score.recall, score.f1))]
    if score.intervals is not None:
        figures = [*figures, between_ends(score.intervals.f1)]
    # Text, not str: rich would read a label in square brackets as markup.
    table.add_row(Text(name), *figures, f"{score.support:,}", style=style)


def _caption(table: Table, left: int, kind: str) -> None:
    if left > 0:
        table.caption = f"and {counted(left, kind)}; all are in the JSON"


def _share(share: Share) -> str:
    return f"{percent(share.value)} of {share.total:,}" if share.total else "none"
