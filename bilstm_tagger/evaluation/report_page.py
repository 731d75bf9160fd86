"""Pages of errors and of differences: one HTML file without links to others; everything in it is escaped.

Without scripts the page is whole; scripts only hide what was not asked for.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib import resources
from pathlib import Path
from typing import NamedTuple

from bilstm_tagger.document.document import Document
from bilstm_tagger.document.html import COLOURS
from bilstm_tagger.evaluation.confusion import NONE, filled_matrix
from bilstm_tagger.evaluation.scores import Matrix
from bilstm_tagger.io.atomic import atomic_write
from bilstm_tagger.schemes.spans import SpanTuple

__all__ = [
    "Version",
    "article",
    "colours_of",
    "figures",
    "filters",
    "group",
    "matrix",
    "table",
    "write_page",
]

CONTEXT = 40  # tokens that are shown on both sides of what an article is about
_FURTHER = (
    "#aa9cfc",
    "#7aecec",
    "#ff9561",
    "#feca74",
    "#bfeeb7",
    "#f0d0ff",
    "#9cc9cc",
    "#ffeb80",
    "#ff8197",
    "#bfe1d9",
)
_PLAIN = "#ddd"


def write_page(path: str | Path, *, title: str, body: Iterable[str]) -> None:
    """Write a page.

    Args:
        path: where it goes.
        title: its title, as text.
        body: its parts, as HTML.
    """
    template = resources.files("bilstm_tagger.evaluation").joinpath("report.html").read_text("utf-8")
    head, foot = template.replace("{{title}}", escape(title)).split("{{body}}")
    with atomic_write(path) as stream:
        stream.write(head)
        for part in body:
            stream.write(part + "\n")
        stream.write(foot)


def figures(values: Iterable[tuple[str, str]]) -> str:
    """Large numbers in a row, each with what it is below."""
    items = "".join(f"<li><b>{escape(value)}</b><small>{escape(name)}</small></li>" for name, value in values)
    return f'<ul class="figures">{items}</ul>'


def table(header: Sequence[str], rows: Iterable[Sequence[str | int]], *, numbers: int) -> str:
    """A table.

    Args:
        header: names of the columns.
        rows: their cells, as text.
        numbers: from which column on cells are numbers, from 0.
    """

    def cells(row: Sequence[str | int], name: str) -> str:
        shown = [f"{cell:,}" if isinstance(cell, int) else escape(cell) for cell in row]
        styles = [' class="n"' if place >= numbers else "" for place in range(len(row))]
        return "".join(f"<{name}{style}>{cell}</{name}>" for style, cell in zip(styles, shown, strict=True))

    body = "\n".join(f"<tr>{cells(row, 'td')}</tr>" for row in rows)
    head = f"<thead><tr>{cells(header, 'th')}</tr></thead>"
    return f'<div class="scroll"><table>{head}\n<tbody>\n{body}\n</tbody></table></div>'


def matrix(counts: Matrix) -> str:
    """A confusion matrix, cells shaded by their share of the row."""
    rows, columns, cells = filled_matrix(counts)
    head = "".join(f"<th>{escape(name)}</th>" for name in columns)
    body = []
    for name, row in zip(rows, cells, strict=True):
        total = max(sum(row), 1)
        shown = "".join(
            f'<td style="background: rgba(var(--shade), {0.75 * count / total:.3f})"'
            f"{' class=right' if name == other and name != NONE else ''}>{f'{count:,}' if count else ''}</td>"
            for other, count in zip(columns, row, strict=True)
        )
        body.append(f"<tr><th>{escape(name)}</th>{shown}</tr>")
    return (
        f'<div class="scroll"><table class="matrix"><thead><tr><th>gold \\ predicted</th>{head}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table></div>"
    )


def filters(labels: Iterable[str]) -> str:
    """Fields by which articles can be chosen; hidden until a script shows them."""
    options = "".join(f'<option value="{escape(label)}">{escape(label)}</option>' for label in labels)
    return (
        '<div class="filter" hidden><label>label <select><option value="">all</option>'
        f'{options}</select></label><label>text <input type="search"></label></div>'
    )


def group(title: str, articles: Sequence[str], *, note: str = "", is_open: bool = False) -> str:
    """Articles that can be folded away under a title, with their number."""
    more = f" <small>{escape(note)}</small>" if note else ""
    head = f"<summary>{escape(title)} · <output>{len(articles)}</output>{more}</summary>"
    return f"<details{' open' if is_open else ''}>{head}\n" + "\n".join(articles) + "\n</details>"


class Version(NamedTuple):
    """One way to tag a sentence.

    Attributes:
        name: whose it is, such as gold; empty where there is one alone.
        spans: the spans, in tokens of the sentence.
    """

    name: str
    spans: Sequence[SpanTuple]


def article(
    document: Document,
    sentence: int,
    *,
    head: str,
    place: str,
    labels: Iterable[str],
    versions: Sequence[Version],
    focus: Sequence[tuple[int, int]],
    colours: Mapping[str, str],
    only_focus: bool = False,
) -> str:
    """A sentence as several versions tag it, side by side.

    Args:
        document: the document.
        sentence: number of the sentence in it.
        head: what is told above, as HTML.
        place: where the sentence is.
        labels: by which the article can be chosen.
        versions: the ways to tag it.
        focus: what the article is about: first token and token after the last one of each part, in order.
        colours: of the labels.
        only_focus: whether spans elsewhere are not shown.
    """
    shown = "".join(
        f"<div>{f'<h4>{escape(version.name)}</h4>' if version.name else ''}"
        f'<p dir="auto">{_marked(document, sentence, version.spans, focus, colours, only_focus)}</p></div>'
        for version in versions
    )
    chosen = escape(json.dumps([*dict.fromkeys(labels)], ensure_ascii=False))
    return (
        f'<article data-labels="{chosen}"><header>{head}<span class="place">{escape(place)}</span></header>'
        f'<div class="versions">{shown}</div></article>'
    )


def _marked(
    document: Document,
    sentence: int,
    spans: Sequence[SpanTuple],
    focus: Sequence[tuple[int, int]],
    colours: Mapping[str, str],
    only_focus: bool,
) -> str:
    """A sentence with its spans in colour; parts of the focus where none is are underlined."""
    first, last = document.bounds[sentence], document.bounds[sentence + 1]
    low, high = max(0, focus[0][0] - CONTEXT), min(last - first, max(end for _, end in focus) + CONTEXT)
    pieces = [span for span in spans if low <= span[0] and span[1] <= high]
    if only_focus:
        pieces = [span for span in pieces if _touches(span, focus)]
    bare = [(*part, "") for part in focus if not any(_touches(span, [part]) for span in pieces)]
    position = document.starts[first + low]
    parts = ["… "] if low else []
    for start, end, label in sorted([*pieces, *bare]):
        begin, stop = document.starts[first + start], document.ends[first + end - 1]
        parts.append(escape(document.text[position:begin]))
        inner = escape(document.text[max(position, begin) : stop])
        if label:
            here = ' class="here"' if _touches((start, end, label), focus) else ""
            colour = colours.get(label, _PLAIN)
            parts.append(f'<mark{here} style="background: {colour}">{inner}<small>{escape(label)}</small></mark>')
        else:
            parts.append(f"<u>{inner}</u>")
        position = max(position, stop)
    parts.append(escape(document.text[position : document.ends[first + high - 1]]))
    return "".join([*parts, " …" if high < last - first else ""])


def _touches(span: SpanTuple, focus: Sequence[tuple[int, int]]) -> bool:
    return any(span[0] < end and start < span[1] for start, end in focus)


def colours_of(labels: Iterable[str]) -> dict[str, str]:
    """A colour for each label: that of displaCy where it has one, else the next free one."""
    chosen: dict[str, str] = {}
    for label in sorted(set(labels)):
        taken = set(chosen.values())
        free = [colour for colour in _FURTHER if colour not in taken]
        chosen[label] = COLOURS.get(label.upper()) or (free[0] if free else _FURTHER[len(chosen) % len(_FURTHER)])
    return chosen
