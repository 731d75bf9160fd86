"""A document as an HTML fragment: its spans in colour, as displaCy shows entities."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator
from typing import NamedTuple

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
FAINTEST = 0.25  # share of its colour that a span of probability 0 keeps

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
        body = _labelled(document.text, (_Piece(*column) for column in columns), marked=False)
    else:
        body = _labelled(document.text, _span_pieces(document), marked=True)
    return f'<div class="bilstm-tagger" style="{_FRAME}">{body}</div>'


class _Piece(NamedTuple):
    """A stretch of text with its label; `alternatives` are the probabilities of labels, if they are known."""

    start: int
    end: int
    label: str
    alternatives: dict[str, float] | None = None


def _span_pieces(document: Columns) -> Iterator[_Piece]:
    """The spans of the first task that has spans, in characters."""
    task = document._span_task()
    if task is not None:
        known = document.probabilities.get(task)
        for start, end, label in document._spans_between(task, 0, len(document.bounds) - 1, offset=0):
            alternatives = None if known is None else known.of_span(start, end)
            yield _Piece(document.starts[start], document.ends[end - 1], label, alternatives)


def _look(piece: _Piece) -> str:
    """Attributes of a marked span: its colour, fainter the less probable it is, and its probabilities to hover for."""
    colour = COLOURS.get(piece.label.upper(), OTHER_COLOUR)
    if piece.alternatives is None or piece.label not in piece.alternatives:
        return f'style="background: {colour}; {_MARK}"'
    full = colour if len(colour) == 7 else "#" + "".join(2 * digit for digit in colour[1:])
    strength = FAINTEST + (1 - FAINTEST) * piece.alternatives[piece.label]
    # Mixed with white, not transparent: the black text stays readable on a dark page.
    mixed = "".join(f"{round(255 + strength * (int(full[at : at + 2], 16) - 255)):02x}" for at in (1, 3, 5))
    told = ", ".join(f"{label} {share:.3f}" for label, share in piece.alternatives.items() if share >= 0.0005)
    return f'title="{html.escape(told)}" style="background: #{mixed}; {_MARK}"'


def _labelled(text: str, pieces: Iterable[_Piece], *, marked: bool) -> str:
    """Escape a text and write a label after each of the pieces."""
    position = 0
    parts = []
    for piece in pieces:
        start, end, label = piece.start, piece.end, piece.label
        parts.append(html.escape(text[position:start]))
        # Words of one multiword token have the same offsets; their text is shown once.
        inner = html.escape(text[max(position, start) : end])
        if marked:
            small = f'<span style="{_LABEL}">{html.escape(label)}</span>'
            parts.append(f"<mark {_look(piece)}>{inner}{small}</mark>")
        else:
            parts.append(f'{inner}<span style="{_TAG}">{html.escape(label)}</span>')
        position = max(position, end)
    parts.append(html.escape(text[position:]))
    return "".join(parts)
