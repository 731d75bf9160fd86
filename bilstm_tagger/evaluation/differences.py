"""The sentences on which two systems differ, as a page and as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from bilstm_tagger.document.document import Document
from bilstm_tagger.evaluation import report_page as html
from bilstm_tagger.evaluation.compare import Comparison
from bilstm_tagger.evaluation.pairing import kind_of, pair_spans
from bilstm_tagger.evaluation.partial import comparable_spans
from bilstm_tagger.evaluation.strict import strict_spans
from bilstm_tagger.io.atomic import atomic_write
from bilstm_tagger.io.csv_cells import write_csv
from bilstm_tagger.schemes.grammar import UNKNOWN, Scheme, has_unknown
from bilstm_tagger.schemes.spans import SpanTuple
from bilstm_tagger.wording import percent

__all__ = ["COLUMNS", "Differing", "differing_sentences", "write_differences_csv", "write_differences_page"]

COLUMNS = (
    "task", "better", "errors_first", "errors_second", "gold", "first", "second", "file", "line", "document",
    "sentence", "sentence_text",
)  # fmt: skip


class Differing(NamedTuple):
    """A sentence that two systems tag differently.

    Attributes:
        document: number of the document, from 0.
        sentence: number of the sentence in it, from 0.
        spans: gold spans, and those of the two systems; with plain tags, the tokens that the systems tag differently.
        errors: errors of each system in this sentence.
    """

    document: int
    sentence: int
    spans: tuple[list[SpanTuple], list[SpanTuple], list[SpanTuple]]
    errors: tuple[int, int]

    @property
    def better(self) -> int:
        """Which system has fewer errors: 0 or 1; -1 if they have as many."""
        return -1 if self.errors[0] == self.errors[1] else int(self.errors[1] < self.errors[0])

    @property
    def focus(self) -> list[tuple[int, int]]:
        """Where the systems differ, in tokens of the sentence."""
        apart = sorted(set(self.spans[1]) ^ set(self.spans[2]))
        joined: list[tuple[int, int]] = []
        for start, end, _ in apart:
            if joined and start < joined[-1][1]:
                joined[-1] = joined[-1][0], max(end, joined[-1][1])
            else:
                joined.append((start, end))
        return joined


def differing_sentences(comparison: Comparison, task: str) -> list[Differing]:
    """The sentences of a task on which the systems differ, in order of the text.

    Args:
        comparison: with its documents.
        task: name of the task.
    """
    scheme = comparison.gold.schemes[task]
    partial = has_unknown({tag for document in comparison.gold for tag in document.tags_of(task)})
    found = []
    for number, documents in enumerate(zip(comparison.gold, *comparison.predicted, strict=True)):
        columns = [document.tags_of(task) for document in documents]
        for sentence, (start, end) in enumerate(pairwise(documents[0].bounds)):
            gold, first, second = (column[start:end] for column in columns)
            if first == second:
                continue
            if scheme is Scheme.NONE:
                shown, *pairs = _tokens(gold, first, second, partial=partial)
            else:
                shown, _ = comparable_spans(gold, (), scheme)
                pairs = [comparable_spans(gold, strict_spans(told, scheme), scheme) for told in (first, second)]
            (true, one), (true_too, other) = pairs
            if one != other:
                errors = _errors(true, one, scheme), _errors(true_too, other, scheme)
                found.append(Differing(number, sentence, (shown, one, other), errors))
    return found


def _tokens(
    gold: Sequence[str], first: Sequence[str], second: Sequence[str], *, partial: bool
) -> tuple[list[SpanTuple], *tuple[tuple[list[SpanTuple], list[SpanTuple]], ...]]:
    """The tags of tokens on which the systems differ and whose gold tag is known: gold, and gold with each system."""
    places = [
        place
        for place, (true, one, other) in enumerate(zip(gold, first, second, strict=True))
        if one != other and not (partial and true == UNKNOWN)
    ]
    true, one, other = ([(place, place + 1, tags[place]) for place in places] for tags in (gold, first, second))
    return true, (true, one), (true, other)


def _errors(gold: list[SpanTuple], predicted: list[SpanTuple], scheme: Scheme) -> int:
    pairs = zip(gold, predicted, strict=True) if scheme is Scheme.NONE else pair_spans(gold, predicted)
    return sum(kind_of(*pair) is not None for pair in pairs)


def write_differences_csv(comparison: Comparison, path: str | Path) -> None:
    """Write a row for each sentence on which the systems differ.

    Args:
        comparison: with its documents.
        path: where the file goes.
    """
    with atomic_write(path) as stream:
        write_csv(stream, COLUMNS, _rows(comparison))


def _rows(comparison: Comparison) -> Iterator[list[str | int | None]]:
    for task in comparison.tasks:
        for each in differing_sentences(comparison, task):
            document = comparison.gold[each.document]
            first, last = document.bounds[each.sentence], document.bounds[each.sentence + 1]
            yield [
                task,
                "equal" if each.better < 0 else comparison.names[each.better],
                *each.errors,
                *(
                    "; ".join(f"{' '.join(_text(document, first, span))} = {span[2]}" for span in own)
                    for own in each.spans
                ),
                document.path,
                document.lines[first + each.focus[0][0]] if document.lines is not None else None,
                document.id or each.document + 1,
                each.sentence + 1,
                document.text[document.starts[first] : document.ends[last - 1]],
            ]


def _text(document: Document, first: int, span: SpanTuple) -> list[str]:
    return document.words[first + span[0] : first + span[1]]


def write_differences_page(comparison: Comparison, path: str | Path, *, title: str) -> None:
    """Write a page with the scores and each sentence on which the systems differ.

    Args:
        comparison: with its documents.
        path: where the page goes.
        title: what was compared.
    """
    html.write_page(path, title=title, body=_body(comparison, title))


def _body(comparison: Comparison, title: str) -> Iterator[str]:
    yield f"<h1>{escape(title)}</h1>"
    for note in comparison.notes:
        yield f'<p class="note">{escape(note)}</p>'
    for task, compared in comparison.tasks.items():
        yield f"<section><h2>{escape(task)}</h2>"
        scores = zip(comparison.names, compared.scores, strict=True)
        low, high = compared.difference.interval
        yield html.figures(
            [
                *((name, percent(each.headline)) for name, each in scores),
                (f"difference, 95 %: {100 * low:+.2f} to {100 * high:+.2f}", f"{100 * compared.difference.value:+.2f}"),
                ("p, paired bootstrap", f"{compared.difference.bootstrap:.4f}"),
                ("p, randomisation", f"{compared.difference.randomisation:.4f}"),
            ]
        )
        yield from _list(comparison, task)
        yield "</section>"


def _list(comparison: Comparison, task: str) -> Iterator[str]:
    sentences = differing_sentences(comparison, task)
    labels = sorted({span[2] for each in sentences for own in each.spans for span in own} - {"O"})
    colours = html.colours_of(labels)
    yield html.filters(labels)
    titles = {
        1: f"{comparison.names[1]} is better",
        0: f"{comparison.names[0]} is better",
        -1: "as many errors, others",
    }
    is_first = True
    for better, title in titles.items():
        chosen = [each for each in sentences if each.better == better]
        if chosen:
            made = [_article(comparison, task, each, colours) for each in chosen]
            yield html.group(title, made, is_open=is_first)
            is_first = False


def _article(comparison: Comparison, task: str, each: Differing, colours: dict[str, str]) -> str:
    document = comparison.gold[each.document]
    first = document.bounds[each.sentence]
    errors = ", ".join(f"{name} {count}" for name, count in zip(comparison.names, each.errors, strict=True))
    names = ("gold", *comparison.names)
    return html.article(
        document,
        each.sentence,
        head=f"<span>errors: {escape(errors)}</span>",
        place=document.where(first + each.focus[0][0]),
        labels=[span[2] for own in each.spans for span in own if _is_apart(span, each)],
        versions=[html.Version(name, spans) for name, spans in zip(names, each.spans, strict=True)],
        focus=each.focus,
        colours=colours,
        only_focus=comparison.gold.schemes[task] is Scheme.NONE,
    )


def _is_apart(span: SpanTuple, each: Differing) -> bool:
    return any(span[0] < end and start < span[1] for start, end in each.focus)
