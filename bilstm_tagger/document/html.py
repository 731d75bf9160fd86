"""A document as an HTML fragment: its spans in colour, as displaCy shows entities."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator

from bilstm_tagger.document.columns import Columns
from bilstm_tagger.schemes.grammar import Scheme

# The colours of displaCy's entity view.
COLOURS = {
    "PER": "#aa9cfc",
    "PERSON": "#aa9cfc",
    "ORG": "#7aecec",
    "LOC": "#ff9561",
    "GPE": "#feca74",
    "FAC": "#9cc9cc",
    "NORP": "#c887fb",
    "PRODUCT": "#bfeeb7",
    "EVENT": "#ffeb80",
    "WORK_OF_ART": "#f0d0ff",
    "LAW": "#ff8197",
    "LANGUAGE": "#ff8197",
    "DATE": "#bfe1d9",
    "TIME": "#bfe1d9",
    "MONEY": "#e4e7d2",
    "QUANTITY": "#e4e7d2",
    "ORDINAL": "#e4e7d2",
    "CARDINAL": "#e4e7d2",
    "PERCENT": "#e4e7d2",
    "MISC": "#ddd",
}
OTHER_COLOUR = "#ddd"

_MARK = "color: #000; padding: 0.2em 0.4em; margin: 0 0.15em; line-height: 1; border-radius: 0.35em;"
_LABEL = "font-size: 0.75em; font-weight: bold; margin-left: 0.5em;"
_TAG = "font-size: 0.65em; color: #777; margin-left: 0.15em;"
_FRAME = "line-height: 2.2; white-space: pre-wrap; overflow-wrap: anywhere;"


def html_fragment(document: Columns) -> str:
    """Write a document as HTML: its text with coloured spans, or with small tags if no task has spans.

    Args:
        document: the document.

    Returns:
        one `div` with inline styles; everything from the document is escaped.
    """
    plain = all(document.schemes.get(task, Scheme.NONE) is Scheme.NONE for task in document.tags)
    if plain and document.tags:
        columns = zip(document.starts, document.ends, document.tags_of(), strict=True)
        body = _labelled(document.text, columns, marked=False)
    else:
        body = _labelled(document.text, _span_offsets(document), marked=True)
    return f'<div class="bilstm-tagger" style="{_FRAME}">{body}</div>'


def _span_offsets(document: Columns) -> Iterator[tuple[int, int, str]]:
    """Start, end (in characters) and label of each span of the first task that has spans."""
    task = document._span_task()
    if task is not None:
        for start, end, label in document._spans_between(task, 0, len(document.bounds) - 1, offset=0):
            yield document.starts[start], document.ends[end - 1], label


def _labelled(text: str, pieces: Iterable[tuple[int, int, str]], *, marked: bool) -> str:
    """Escape a text and write a label after each of the pieces `(start, end, label)`; offsets in characters."""
    position = 0
    parts = []
    for start, end, label in pieces:
        parts.append(html.escape(text[position:start]))
        # Words of one multiword token have the same offsets; their text is shown once.
        inner = html.escape(text[max(position, start) : end])
        if marked:
            colour = COLOURS.get(label.upper(), OTHER_COLOUR)
            small = f'<span style="{_LABEL}">{html.escape(label)}</span>'
            parts.append(f'<mark style="background: {colour}; {_MARK}">{inner}{small}</mark>')
        else:
            parts.append(f'{inner}<span style="{_TAG}">{html.escape(label)}</span>')
        position = max(position, end)
    parts.append(html.escape(text[position:]))
    return "".join(parts)
