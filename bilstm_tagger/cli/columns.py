"""Values of `--column` and its like: one parser of `[TASK=]COLUMN` for all commands."""

from __future__ import annotations

from collections.abc import Iterable

import typer

from bilstm_tagger.cli.values import column_name

__all__ = ["columns_by_task", "task_columns"]


def task_columns(given: list[str] | None, option: str = "--column") -> dict[str, int | str] | None:
    """Columns by task; a column without a task is a task with its own name, or `tags` if it is a number.

    Args:
        given: values of the flag.
        option: the flag, for the message.

    Raises:
        typer.BadParameter: values are malformed, or tasks would have one name.
    """
    pairs = _pairs(given, option)
    names = [task or (column.lower() if isinstance(column, str) else "tags") for task, column in pairs]
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        alone = [column for (task, column), name in zip(pairs, names, strict=True) if task is None and name in twice]
        hint = f"; {_of_which(alone, option)}" if alone else ""
        raise typer.BadParameter("; ".join(f"task {name!r} is named twice" for name in twice) + hint, param_hint=option)
    return dict(zip(names, (column for _, column in pairs), strict=True)) or None


def columns_by_task(given: list[str] | None, option: str = "--column") -> dict[str, int | str] | int | str | None:
    """One column for the only task, or one for each named task; None if there is none.

    Args:
        given: values of the flag.
        option: the flag, for the message.

    Raises:
        typer.BadParameter: values are malformed, a task is named twice, or one of several columns has no task.
    """
    pairs = _pairs(given, option)
    alone = [column for task, column in pairs if task is None]
    if alone and len(pairs) > 1:
        raise typer.BadParameter(_of_which(alone, option), param_hint=option)
    return alone[0] if alone else task_columns(given, option)


def _pairs(given: list[str] | None, option: str) -> list[tuple[str | None, int | str]]:
    """Task and column of each value; what stands before the first `=` is the task.

    Raises:
        typer.BadParameter: values are malformed; all of them are named.
    """
    cut = [text.partition("=") if "=" in text else (None, "", text) for text in given or []]
    wrong = [text for text, (task, _, column) in zip(given or [], cut, strict=True) if task == "" or not column]
    if wrong:
        raise typer.BadParameter(f"{_listed(wrong)}: write COLUMN or TASK=COLUMN", param_hint=option)
    return [(task, column_name(column)) for task, _, column in cut]


def _of_which(columns: Iterable[int | str], option: str) -> str:
    """What to write for columns that need a task, all of them at once."""
    flags = " ".join(f"{option} TASK={column}" for column in columns)
    return f"for several tasks write TASK=COLUMN each time, with the name of a task for TASK: {flags}"


def _listed(texts: Iterable[str]) -> str:
    return ", ".join(map(repr, texts))
