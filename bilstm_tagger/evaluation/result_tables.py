"""A table of results as CSV, Markdown, and LaTeX with booktabs."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Sequence
from decimal import Decimal

from bilstm_tagger.evaluation.results import ABSENT, Outcome, Result, Results
from bilstm_tagger.wording import percent

__all__ = ["RESULT_FORMATS", "text_rows", "to_csv", "to_latex", "to_markdown"]

_LATEX = {
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "–": "--", "±": r"$\pm$",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
}  # fmt: skip


def to_csv(results: Results) -> str:
    """Write results as CSV: scores in percent, of several seeds with deviation and number in columns of their own."""
    several = _several(results)
    header = ["model", *results.settings]
    for column in results.columns:
        header += [column, *([f"{column} deviation", f"{column} seeds"] if several else [])]
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header)
    for row, settings in zip(results.rows, results.cells(), strict=True):
        cells = [row.name, *settings]
        for column in results.columns:
            cells += _csv_cells(row.scores.get(column), several)
        writer.writerow(cells)
    return stream.getvalue()


def _csv_cells(score: Outcome | None, several: bool) -> list[str]:
    if score is None:
        return [""] * (3 if several else 1)
    deviation = "" if score.deviation is None else percent(score.deviation)
    return [percent(score.mean), *([deviation, str(score.runs)] if several else [])]


def to_markdown(results: Results) -> str:
    """Write results as a table of Markdown, the best score of each column in bold."""
    names, figures = _header(results)
    lines = [
        [*map(_markdown, names), *map(_markdown, figures)],
        ["---"] * len(names) + ["---:"] * len(figures),
        *(
            [*map(_markdown, texts), *(f"**{score}**" if best else score for score, best in scores)]
            for texts, scores in _body(results)
        ),
    ]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def to_latex(results: Results) -> str:
    r"""Write results as a `tabular` of LaTeX for the package booktabs, the best score of each column in bold."""
    names, figures = _header(results)
    lines = [[*map(_latex, names), *map(_latex, figures)]]
    lines += [
        [*map(_latex, texts), *(f"\\textbf{{{_latex(score)}}}" if best else _latex(score) for score, best in scores)]
        for texts, scores in _body(results)
    ]
    head, *body = (f"{' & '.join(line)} \\\\\n" for line in lines)
    columns = "l" * len(names) + "r" * len(figures)
    return (
        f"% \\usepackage{{booktabs}}\n\\begin{{tabular}}{{{columns}}}\n\\toprule\n{head}\\midrule\n{''.join(body)}"
        "\\bottomrule\n\\end{tabular}\n"
    )


def _header(results: Results) -> tuple[list[str], list[str]]:
    """The columns of text and those of figures."""
    return ["model", *results.settings], [*results.columns, *(["seeds"] if _several(results) else [])]


def _body(results: Results) -> list[tuple[list[str], list[tuple[str, bool]]]]:
    """The text of each row, and its figures, each with whether it is the best of its column."""
    best = _best(results)
    rows = []
    for row, settings in zip(results.rows, results.cells(), strict=True):
        figures = [(_score(row, column), (row.name, column) in best) for column in results.columns]
        if _several(results):
            figures.append((str(_runs(row)), False))
        rows.append(([row.name, *settings], figures))
    return rows


def _best(results: Results) -> set[tuple[str, str]]:
    """Model and column of the highest scores as they are shown; none in a table of one row."""
    if len(results.rows) < 2:
        return set()
    best = set()
    for column in results.columns:
        shown = {row.name: percent(row.scores[column].mean) for row in results.rows if column in row.scores}
        highest = max(map(Decimal, shown.values()))
        best |= {(name, column) for name, score in shown.items() if Decimal(score) == highest}
    return best


def _several(results: Results) -> bool:
    return any(score.runs > 1 for row in results.rows for score in row.scores.values())


def _runs(row: Result) -> int:
    """The number of seeds of a row: of a score that not all have, its own stands beside it."""
    return max((score.runs for score in row.scores.values()), default=1)


def _score(row: Result, column: str) -> str:
    if column not in row.scores:
        return ABSENT
    score = row.scores[column]
    deviation = "" if score.deviation is None else f" ± {percent(score.deviation)}"
    return percent(score.mean) + deviation + ("" if score.runs == _runs(row) else f" (n={score.runs})")


def _markdown(text: str) -> str:
    return re.sub(r"([\\`*_|<>\[\]])", r"\\\1", " ".join(text.split()))


def _latex(text: str) -> str:
    return "".join(_LATEX.get(sign, sign) for sign in " ".join(text.split()))


#: How a table of results is written, by name of the format.
RESULT_FORMATS: dict[str, Callable[[Results], str]] = {"csv": to_csv, "markdown": to_markdown, "latex": to_latex}


def text_rows(results: Results) -> tuple[Sequence[str], Sequence[str], list[list[str]]]:
    """Give the columns of text, those of figures, and the cells of each row, for a table on a terminal."""
    names, figures = _header(results)
    return names, figures, [[*texts, *(score for score, _ in scores)] for texts, scores in _body(results)]
