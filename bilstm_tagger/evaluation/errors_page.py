"""Errors as an HTML page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby
from pathlib import Path

from bilstm_tagger.document.document import Document
from bilstm_tagger.evaluation import report_page as html
from bilstm_tagger.evaluation.breakdown import breakdowns, confused_labels, gains, repeated
from bilstm_tagger.evaluation.errors import Case, errors_of
from bilstm_tagger.evaluation.errors_csv import cases_of
from bilstm_tagger.evaluation.evaluate import Evaluation
from bilstm_tagger.evaluation.pairing import SPAN_ERRORS, ErrorKind
from bilstm_tagger.evaluation.scores import Interval, Score, SpanScores, TagScores
from bilstm_tagger.evaluation.strict import strict_spans
from bilstm_tagger.schemes.grammar import UNKNOWN
from bilstm_tagger.schemes.spans import SpanTuple
from bilstm_tagger.wording import counted, percent

__all__ = ["write_errors_page"]

_MOST_ROWS = 15  # of a table at the top of the page
_EXPLAINED = {
    ErrorKind.LABEL: "the ends are right",
    ErrorKind.ENDS: "the label is right",
    ErrorKind.BOTH: "it overlaps a gold span",
    ErrorKind.MISSED: "nothing was predicted there",
    ErrorKind.INVENTED: "gold has nothing there",
}


def write_errors_page(evaluation: Evaluation, path: str | Path, *, title: str) -> None:
    """Write the page: figures and tables of each task, then every error with its sentence.

    Args:
        evaluation: with its documents.
        path: where the page goes.
        title: what was compared with what.
    """
    html.write_page(path, title=title, body=_body(evaluation, title))


def _body(evaluation: Evaluation, title: str) -> Iterator[str]:
    yield f"<h1>{escape(title)}</h1>"
    sizes = ", ".join(
        [
            counted(evaluation.documents, "document"),
            counted(evaluation.sentences, "sentence"),
            counted(evaluation.tokens, "token"),
        ]
    )
    links = " · ".join(
        f'<a href="#task-{number}">{escape(task)}</a>' for number, task in enumerate(evaluation.tasks, 1)
    )
    yield f'<p class="note">{sizes}. Tasks: {links}</p>'
    for note in evaluation.notes:
        yield f'<p class="note">{escape(note)}</p>'
    for number, (task, scores) in enumerate(evaluation.tasks.items(), 1):
        yield f'<section><h2 id="task-{number}">{escape(task)}</h2>'
        yield from _task(evaluation, task, scores)
        yield "</section>"


def _task(evaluation: Evaluation, task: str, scores: SpanScores | TagScores) -> Iterator[str]:
    cases = cases_of(evaluation, task)
    errors = errors_of(cases)
    spans = isinstance(scores, SpanScores)
    yield html.figures(_figures(scores))
    if not errors:
        yield "<p>There is no error.</p>"
        return
    yield '<div class="side">'
    yield _gains(cases, spans=spans)
    yield _confusions(errors)
    for view, groups in breakdowns(cases, evaluation.gold, spans=spans).items():
        yield _breakdown(view, groups, spans=spans)
    yield _repeated(errors, evaluation.gold)
    yield "</div>"
    yield "<h3>Confusion matrix</h3>" + html.matrix(scores.matrix)
    if spans:
        yield '<p class="note">Spans that overlap are paired; the diagonal holds right labels with wrong ends, too.</p>'
    yield from _list(evaluation, task, errors, spans=spans)


def _figures(scores: SpanScores | TagScores) -> list[tuple[str, str]]:
    if isinstance(scores, TagScores):
        wrong = scores.accuracy.total - scores.accuracy.correct
        return [
            (f"accuracy{_between(scores.accuracy.interval)}", percent(scores.accuracy.value)),
            ("wrong tags", f"{wrong:,}"),
        ]
    between = None if scores.micro.intervals is None else scores.micro.intervals.f1
    kinds = [(kind, f"{count:,}") for kind, count in scores.kinds.items()]
    return [(f"F1{_between(between)}", percent(scores.micro.f1)), *kinds]


def _between(interval: Interval | None) -> str:
    return "" if interval is None else f", 95 %: {100 * interval.low:.1f} to {100 * interval.high:.1f}"


def _gains(cases: Sequence[Case], *, spans: bool) -> str:
    ranked = gains(cases, spans=spans)
    rows = [(gain.label, gain.words, gain.support, gain.errors, f"{100 * gain.points:.2f}") for gain in ranked]
    what = "F1" if spans else "accuracy"
    return (
        "<div><h3>Where the next annotation pays</h3>"
        f'<p class="note">By how many points {what} would rise if all errors of a row were mended.</p>'
        + html.table(("label", "words", "in gold", "errors", "points"), rows[:_MOST_ROWS], numbers=2)
        + _left_out(len(rows))
        + "</div>"
    )


def _left_out(rows: int) -> str:
    return f'<p class="note">And {rows - _MOST_ROWS:,} more.</p>' if rows > _MOST_ROWS else ""


def _confusions(errors: Sequence[Case]) -> str:
    rows = [(true or "none", told or "none", count) for true, told, count in confused_labels(errors)]
    return (
        "<div><h3>Frequent confusions</h3>"
        + html.table(("gold", "predicted", "errors"), rows[:_MOST_ROWS], numbers=2)
        + _left_out(len(rows))
        + "</div>"
    )


def _breakdown(view: str, groups: dict[str, Score], *, spans: bool) -> str:
    if spans:
        header: tuple[str, ...] = ("", "in gold", "precision", "recall", "F1")
        rows: list[tuple[str | int, ...]] = [
            (name, each.support, *map(percent, (each.precision, each.recall, each.f1))) for name, each in groups.items()
        ]
    else:
        header = ("", "tokens", "wrong", "accuracy")
        rows = [
            (name, each.support, each.support - each.correct, percent(each.recall)) for name, each in groups.items()
        ]
    return f"<div><h3>By {escape(view)}</h3>{html.table(header, rows, numbers=1)}</div>"


def _repeated(errors: Sequence[Case], gold: Sequence[Document]) -> str:
    rows = [
        (text, ", ".join(f"{kind} ({count})" for kind, count in kinds.most_common(3)), kinds.total())
        for text, kinds in repeated(errors, gold, most=_MOST_ROWS)
    ]
    if not rows:
        return ""
    shown = html.table(("text", "gold → predicted", "errors"), rows, numbers=2)
    return f"<div><h3>Wrong more than once</h3>{shown}</div>"


def _list(evaluation: Evaluation, task: str, errors: Sequence[Case], *, spans: bool) -> Iterator[str]:
    labels = sorted({label for case in errors for label in (case.gold_label, case.predicted_label)} - {""})
    colours = html.colours_of(labels)
    surest = any(case.confidence is not None for case in errors)
    order = "The errors of which the model was surest are first: look there for wrong gold tags." if surest else ""
    yield f'<h3>All errors</h3><p class="note">{order}</p>'
    yield html.filters(labels)
    if spans:
        groups = [(str(kind), _EXPLAINED[kind], [case for case in errors if case.kind is kind]) for kind in SPAN_ERRORS]
    else:
        groups = _by_confusion(errors)
    sentences = _Sentences(evaluation, task)
    is_first = True
    for title, note, chosen in groups:
        if chosen:
            made = [_article(case, sentences, colours, spans=spans) for case in chosen]
            yield html.group(title, made, note=note, is_open=is_first)
            is_first = False


def _by_confusion(errors: Sequence[Case]) -> list[tuple[str, str, list[Case]]]:
    """Errors on plain tags by gold and predicted tag, the most frequent pair first."""
    ordered = sorted(errors, key=lambda case: (case.gold_label, case.predicted_label))
    pairs = [
        (pair, list(each)) for pair, each in groupby(ordered, lambda case: (case.gold_label, case.predicted_label))
    ]
    pairs.sort(key=lambda item: (-len(item[1]), item[0]))
    return [(f"{true} → {told}", "", chosen) for (true, told), chosen in pairs]


class _Sentences:
    """Gold and predicted spans of the sentences of a task."""

    def __init__(self, evaluation: Evaluation, task: str) -> None:
        self.gold, self.predicted, self.task = evaluation.gold, evaluation.predicted, task

    def versions(self, case: Case, *, spans: bool) -> list[html.Version]:
        if not spans:
            return [html.Version("", [(*case.span[:2], _both_tags(case))])]
        both = (("gold", self.gold, case.gold), ("predicted", self.predicted, case.predicted))
        return [html.Version(name, self._spans(documents, case, own)) for name, documents, own in both]

    def _spans(self, documents: Sequence[Document], case: Case, own: SpanTuple | None) -> list[SpanTuple]:
        document = documents[case.document]
        start, end = document.bounds[case.sentence], document.bounds[case.sentence + 1]
        tags = ["O" if tag == UNKNOWN else tag for tag in document.tags_of(self.task)[start:end]]
        return sorted({*strict_spans(tags, document.schemes[self.task]), *([own] if own else [])})


def _article(case: Case, sentences: _Sentences, colours: dict[str, str], *, spans: bool) -> str:
    document = sentences.gold[case.document]
    first = document.bounds[case.sentence]
    both = [span for span in (case.gold, case.predicted) if span is not None]
    focus = min(span[0] for span in both), max(span[1] for span in both)
    parts = []
    if case.confidence is not None:
        width = f"{100 * case.confidence:.0f}%"
        parts.append(f'<span><span class="sure"><i style="width: {width}"></i></span>{case.confidence:.3f}</span>')
    parts.append(f"<span>{_told(case.gold_label)} → {_told(case.predicted_label)}</span>")
    if case.known is False:
        parts.append('<span class="note">unknown word</span>')
    return html.article(
        document,
        case.sentence,
        head="".join(parts),
        place=document.where(first + focus[0]),
        labels=(case.gold_label, case.predicted_label),
        versions=sentences.versions(case, spans=spans),
        focus=[focus],
        colours=colours | {_both_tags(case): colours[case.span[2]]},
        only_focus=not spans,
    )


def _both_tags(case: Case) -> str:
    return f"{case.gold_label} → {case.predicted_label}"


def _told(label: str) -> str:
    return f"<b>{escape(label)}</b>" if label else "none"
