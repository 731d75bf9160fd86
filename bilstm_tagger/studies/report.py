"""A self-contained HTML report: claims beside measurements, figures inside the page, the command that made it.

One file without scripts or links to other files: it can be mailed, and opened from a disk years later.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Literal

from bilstm_tagger.io.atomic import atomic_write

Verdict = Literal["agrees", "agrees in part", "disagrees", "not claimed"]
#: A sign beside each verdict, so that it is seen without colour.
SIGNS: dict[Verdict, str] = {"agrees": "✓", "agrees in part": "±", "disagrees": "✗", "not claimed": "•"}


@dataclass(frozen=True, slots=True)
class Claim:
    """One thing that is said of these networks, and what was measured.

    Attributes:
        claimed: what the text says, in our words.
        measured: what came out, with numbers.
        verdict: how the two compare; `not claimed` for a finding the text does not speak of.
    """

    claimed: str
    measured: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Image:
    """A figure: its PNG and what it shows."""

    path: Path
    caption: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table: the header, the rows and what they show. Cells are aligned right from the second column on."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str


@dataclass(frozen=True, slots=True)
class Section:
    """A headline with paragraphs and, below them, figures and tables."""

    title: str
    paragraphs: Sequence[str] = ()
    content: Sequence[Image | Table] = ()


STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a }
h1, h2 { line-height: 1.2 } h2 { margin-top: 2.5rem }
table { border-collapse: collapse; width: 100%; margin: 1rem 0 }
caption { caption-side: bottom; text-align: left; color: #444; font-size: .9rem; padding-top: .4rem }
th, td { border-bottom: 1px solid #ccc; padding: .4rem .6rem; text-align: left; vertical-align: top }
.numbers td + td, .numbers th + th { text-align: right; font-variant-numeric: tabular-nums }
.verdict { white-space: nowrap; font-weight: 600 }
figure { margin: 1.5rem 0 } figure img { max-width: 100% } figcaption { color: #444; font-size: .9rem }
code { background: #f2f2f2; padding: .1rem .3rem } .made { color: #444; font-size: .9rem }
@media print { body { max-width: none } figure, tr { break-inside: avoid } }
""".strip()


def write_report(
    path: Path,
    *,
    title: str,
    summary: Sequence[str],
    claims: Iterable[Claim],
    sections: Iterable[Section],
    command: str,
) -> None:
    """Write one HTML page.

    Args:
        path: of the page.
        title: of the page.
        summary: paragraphs at the top.
        claims: shown as one table below the summary.
        sections: figures and tables with their text.
        command: that makes this report again.
    """
    body = [
        f"<h1>{escape(title)}</h1>",
        *_paragraphs(summary),
        f'<p class="made">Made by <code>{escape(command)}</code></p>',
        _claims(claims),
        *(_section(section) for section in sections),
    ]
    page = (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>\n{STYLE}\n</style>\n</head>\n<body>\n"
    )
    with atomic_write(path) as file:
        file.write(page + "\n".join(body) + "\n</body>\n</html>\n")


def _paragraphs(texts: Iterable[str]) -> list[str]:
    return [f"<p>{escape(text)}</p>" for text in texts]


def _claims(claims: Iterable[Claim]) -> str:
    rows = "\n".join(
        f"<tr><td>{escape(claim.claimed)}</td><td>{escape(claim.measured)}</td>"
        f'<td class="verdict">{SIGNS[claim.verdict]} {claim.verdict}</td></tr>'
        for claim in claims
    )
    head = "<thead><tr><th>What is said</th><th>What was measured</th><th>Measurement</th></tr></thead>"
    return f"<h2>Claim by claim</h2>\n<table>\n{head}\n<tbody>\n{rows}\n</tbody>\n</table>"


def _section(section: Section) -> str:
    parts = [f"<h2>{escape(section.title)}</h2>", *_paragraphs(section.paragraphs)]
    parts += [_image(item) if isinstance(item, Image) else _table(item) for item in section.content]
    return "\n".join(parts)


def _image(image: Image) -> str:
    data = base64.b64encode(image.path.read_bytes()).decode("ascii")
    text = escape(image.caption)
    return f'<figure><img alt="{text}" src="data:image/png;base64,{data}"><figcaption>{text}</figcaption></figure>'


def _table(table: Table) -> str:
    head = "".join(f"<th>{escape(cell)}</th>" for cell in table.header)
    rows = "\n".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in table.rows)
    return (
        f'<table class="numbers"><caption>{escape(table.caption)}</caption>\n<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{rows}\n</tbody>\n</table>"
    )
