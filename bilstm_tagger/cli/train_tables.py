"""What `bilstm-tagger train` prints at the end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

    from bilstm_tagger.tagging.tagger import Tagger


def summary(tagger: Tagger, test: Mapping[str, float]) -> Table:
    """The best dev score of each task, and its score on the test file if there is one."""
    from rich import box
    from rich.table import Table

    from bilstm_tagger.schemes.grammar import Scheme
    from bilstm_tagger.wording import percent

    table = Table(box=box.SIMPLE_HEAD)
    for name in ("task", "scheme", "measure"):
        table.add_column(name)
    for name in ("dev", "test") if test else ("dev",):
        table.add_column(name, justify="right")
    for task, score in tagger.metrics["dev"].items():
        measure = "accuracy" if tagger.schemes[task] is Scheme.NONE else "strict F1"
        scores = [percent(score), *([percent(test[task]) if task in test else "–"] if test else [])]
        table.add_row(task, str(tagger.schemes[task]), measure, *scores)
    return table


def before_and_after(task: str, rows: dict[str, dict[str, float]]) -> Table:
    """F1 of each label on dev before and after further training, and the score of all labels."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from bilstm_tagger.wording import percent

    table = Table(title=f"{task} on dev", title_justify="left", title_style="", box=box.SIMPLE_HEAD)
    table.add_column("label")
    for name in ("before", "after", "support"):
        table.add_column(name, justify="right")
    for label, row in rows.items():
        table.add_row(Text(label), percent(row["before"]), percent(row["after"]), f"{row['support']:,.0f}")
    return table
