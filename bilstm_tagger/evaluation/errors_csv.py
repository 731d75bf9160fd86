"""Errors as a table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bilstm_tagger.document.document import Document
from bilstm_tagger.evaluation.errors import Case, errors_of, judged_cases
from bilstm_tagger.evaluation.evaluate import Evaluation
from bilstm_tagger.io.atomic import atomic_write
from bilstm_tagger.io.csv_cells import write_csv
from bilstm_tagger.schemes.spans import SpanTuple

__all__ = ["COLUMNS", "cases_of", "write_errors_csv"]

COLUMNS = (
    "task", "kind", "confidence", "gold", "gold_text", "predicted", "predicted_text", "known_words", "file", "line",
    "document", "sentence", "start", "end", "sentence_text",
)  # fmt: skip


def write_errors_csv(evaluation: Evaluation, path: str | Path) -> None:
    """Write every error as a row; the surest errors of each task are first.

    Args:
        evaluation: with its documents.
        path: where the file goes.
    """
    with atomic_write(path) as stream:
        write_csv(stream, COLUMNS, _rows(evaluation))


def _rows(evaluation: Evaluation) -> Iterator[list[str | int | float | None]]:
    for task in evaluation.tasks:
        for case in errors_of(cases_of(evaluation, task)):
            document = evaluation.gold[case.document]
            first, last = document.bounds[case.sentence], document.bounds[case.sentence + 1]
            start, end, _ = case.span
            line = document.lines[first + start] if document.lines is not None else None
            yield [
                task,
                str(case.kind),
                None if case.confidence is None else round(case.confidence, 6),
                case.gold_label,
                _text(document, first, case.gold),
                case.predicted_label,
                _text(document, first, case.predicted),
                None if case.known is None else "yes" if case.known else "no",
                document.path,
                line,
                document.id or case.document + 1,
                case.sentence + 1,
                start + 1,
                end,
                document.text[document.starts[first] : document.ends[last - 1]],
            ]


def cases_of(evaluation: Evaluation, task: str) -> list[Case]:
    """Gold and predicted spans or tags of a task, right and wrong."""
    return judged_cases(evaluation.gold, evaluation.predicted, task, known=evaluation.known)


def _text(document: Document, first: int, span: SpanTuple | None) -> str:
    return "" if span is None else document.text[document.starts[first + span[0]] : document.ends[first + span[1] - 1]]
