"""Confusion matrices as tables and as pictures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bilstm_tagger.evaluation.scores import Matrix, SpanScores, TagScores
from bilstm_tagger.io.atomic import atomic_write
from bilstm_tagger.plots import Heatmap, save_heatmaps

NONE = "none"  # the row and the column of what is no span
_ROOMY = 40  # labels up to which cells are so large that they hold a number


def filled_matrix(matrix: Matrix) -> tuple[list[str], list[str], list[list[int]]]:
    """A confusion matrix with a cell for each pair of labels.

    Args:
        matrix: how often each label was predicted for each gold label; an empty label is no span.

    Returns:
        Names of the rows (gold) and of the columns (predicted), and the counts row by row. Labels are in both;
        `none`, for spans that were missed or invented, is last and only where it is needed.
    """
    labels = sorted({*matrix, *(told for row in matrix.values() for told in row)} - {""})
    rows = [*labels, *([""] if "" in matrix else [])]
    columns = [*labels, *([""] if any("" in row for row in matrix.values()) else [])]
    counts = [[matrix.get(true, {}).get(told, 0) for told in columns] for true in rows]
    return [name or NONE for name in rows], [name or NONE for name in columns], counts


def draw_confusion(tasks: Mapping[str, SpanScores | TagScores], path: str | Path) -> None:
    """Draw the confusion matrix of each task: of each gold label which share was predicted as what.

    Args:
        tasks: the scores of each task.
        path: where the PNG goes.
    """
    maps = []
    for task, scores in tasks.items():
        rows, columns, counts = filled_matrix(scores.matrix)
        shares = [[count / max(sum(row), 1) for count in row] for row in counts]
        names = [f"{name} ({sum(row):,})" for name, row in zip(rows, counts, strict=True)]
        maps.append(
            Heatmap(
                title=task,
                rows=names,
                columns=columns,
                values=shares,
                limits=(0.0, 1.0),
                unit="share of the row",
                axes=("predicted", "gold"),
                cell=0.42 if len(rows) <= _ROOMY else 0.16,
            )
        )
    with atomic_write(path, binary=True) as stream:
        save_heatmaps([[each] for each in maps], stream)
