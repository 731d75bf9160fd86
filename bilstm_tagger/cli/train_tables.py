"""What `bilstm-tagger train` prints at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

    from bilstm_tagger.tagging.tagger import Tagger
    from bilstm_tagger.training.folds import FoldScores


def summary(tagger: Tagger) -> Table:
    """The best dev score of each task."""
    from rich import box
    from rich.table import Table

    from bilstm_tagger.cli.tables import percent
    from bilstm_tagger.schemes.grammar import Scheme

    table = Table(box=box.SIMPLE_HEAD)
    for name in ("task", "scheme", "measure"):
        table.add_column(name)
    table.add_column("dev", justify="right")
    for task, score in tagger.metrics["dev"].items():
        measure = "accuracy" if tagger.schemes[task] is Scheme.NONE else "strict F1"
        table.add_row(task, str(tagger.schemes[task]), measure, percent(score))
    return table


def before_and_after(task: str, rows: dict[str, dict[str, float]]) -> Table:
    """F1 of each label on dev before and after further training, and the score of all labels."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from bilstm_tagger.cli.tables import percent

    table = Table(title=f"{task} on dev", title_justify="left", title_style="", box=box.SIMPLE_HEAD)
    table.add_column("label")
    for name in ("before", "after", "support"):
        table.add_column(name, justify="right")
    for label, row in rows.items():
        table.add_row(Text(label), percent(row["before"]), percent(row["after"]), f"{row['support']:,.0f}")
    return table


def folds_table(fold_scores: FoldScores) -> Table:
    """Mean and standard deviation of each task, then the scores of its folds."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("task")
    for name in ("mean", "deviation", "folds"):
        table.add_column(name, justify="right")
    for task, scores in fold_scores.tasks.items():
        listed = "  ".join(f"{100 * score:.2f}" for score in scores)
        table.add_row(task, f"{100 * fold_scores.mean(task):.2f}", f"{100 * fold_scores.deviation(task):.2f}", listed)
    return table
