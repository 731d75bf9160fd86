"""A document as a piece of HTML: its spans in colour, as displaCy shows entities."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bilstm_tagger.document import Document

# The colours readers know from displaCy's entity view.
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

_MARK = "background: {}; color: #000; padding: 0.2em 0.4em; margin: 0 0.15em; line-height: 1; border-radius: 0.35em;"
_LABEL = "font-size: 0.75em; font-weight: bold; margin-left: 0.5em;"
_TAG = "font-size: 0.65em; color: #777; margin-left: 0.15em;"
_FRAME = "line-height: 2.2; white-space: pre-wrap; overflow-wrap: anywhere;"


def html_fragment(document: Document) -> str:
    """Show a document as HTML: its text with coloured spans, or with small tags where no task has spans.

    Args:
        document: The document.

    Returns:
        One ``div`` with its styles inside; everything from the document is escaped.
    """
    if document.spans or not document.tags or any(document.schemes.get(task, "none") != "none" for task in document.tags):
        pieces = [
            (span.start_char, span.end_char, _MARK.format(COLOURS.get(span.label.upper(), OTHER_COLOUR)), _LABEL, span.label)
            for span in document.spans
        ]
    else:
        columns = zip(document.starts, document.ends, document.tags_of(), strict=True)
        pieces = [(start, end, "", _TAG, tag) for start, end, tag in columns]
    text, position = document.text, 0
    parts = [f'<div class="bilstm-tagger" style="{_FRAME}">']
    for start, end, style, label_style, label in pieces:
        # Words of one multiword token share a stretch of text, which is shown once.
        parts.append(html.escape(text[position:start]))
        inner = html.escape(text[max(position, start) : end])
        small = f'<span style="{label_style}">{html.escape(label)}</span>'
        parts.append(f'<mark style="{style}">{inner}{small}</mark>' if style else inner + small)
        position = max(position, end)
    parts.append(html.escape(text[position:]))
    return "".join(parts) + "</div>"
