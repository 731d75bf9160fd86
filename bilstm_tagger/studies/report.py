"""A self-contained HTML report: statements beside measurements, figures, and the command that made it.

The page is one file without scripts or links to other files.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Literal

from bilstm_tagger.io.atomic import atomic_write

Verdict = Literal["agrees", "agrees in part", "disagrees", "not enough to tell", "measured"]
UNDECIDED: Verdict = "not enough to tell"
#: A sign beside each verdict.
SIGNS: dict[Verdict, str] = {
    "agrees": "✓",
    "agrees in part": "±",
    "disagrees": "✗",
    "not enough to tell": "?",
    "measured": "•",
}


@dataclass(frozen=True, slots=True)
class Claim:
    """A statement about these networks, or a question, and what was measured.

    Attributes:
        statement: the statement or question.
        measured: the result, with numbers.
        verdict: whether the result agrees with the statement; `measured` for the answer to a question.
    """

    statement: str
    measured: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Image:
    """A figure.

    Attributes:
        path: the PNG.
        caption: what it shows.
    """

    path: Path
    caption: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table; cells are aligned right from the second column on.

    Attributes:
        header: names of the columns.
        rows: the cells of each row.
        caption: what the table shows.
    """

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the report.

    Attributes:
        title: the heading.
        paragraphs: text below the heading.
        content: figures and tables below the text.
    """

    title: str
    paragraphs: Sequence[str] = ()
    content: Sequence[Image | Table] = ()


# Figures have a white background in dark mode too. On a narrow screen, figures and tables of numbers scroll sideways,
# and the cells of a statement stand below each other.
STYLE = """
:root { color-scheme: light dark; --text: #1a1a1a; --page: #fff; --note: #444; --line: #ccc; --code: #f2f2f2 }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6e6e6; --page: #16181c; --note: #b4b8be; --line: #43474e; --code: #2a2e35 }
}
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem }
body { color: var(--text); background: var(--page) }
h1, h2 { line-height: 1.2 } h2 { margin-top: 2.5rem }
.scroll { overflow-x: auto }
table { border-collapse: collapse; width: 100%; margin: 1rem 0 }
caption { caption-side: bottom; text-align: left }
caption, figcaption, .made { color: var(--note); font-size: .9rem } caption { padding-top: .4rem }
th, td { border-bottom: 1px solid var(--line); padding: .4rem .6rem; text-align: left; vertical-align: top }
.numbers td + td, .numbers th + th { text-align: right; font-variant-numeric: tabular-nums }
.verdict { white-space: nowrap; font-weight: 600 }
figure { margin: 1.5rem 0 } figure img { max-width: 100%; background: #fff }
code { background: var(--code); padding: .1rem .3rem; overflow-wrap: anywhere }
@media (max-width: 40rem) {
  figure img { max-width: none; height: 17rem }
  .numbers td, .numbers th { white-space: nowrap }
  .claims thead { display: none } .claims td { display: block; border: 0; padding: .2rem 0 }
  .claims td:first-child { font-weight: 600; padding-top: .8rem } .claims tr { border-bottom: 1px solid var(--line) }
}
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
        path: where the page goes.
        title: title of the page.
        summary: paragraphs at the top.
        claims: statements and measurements, shown as one table below the summary.
        sections: the parts below the table.
        command: the command that makes this report again.
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
        f"<tr><td>{escape(claim.statement)}</td><td>{escape(claim.measured)}</td>"
        f'<td class="verdict">{SIGNS[claim.verdict]} {claim.verdict}</td></tr>'
        for claim in claims
    )
    head = "<thead><tr><th>Statement or question</th><th>Measurement</th><th>Verdict</th></tr></thead>"
    return f'<h2>Statements and measurements</h2>\n<table class="claims">\n{head}\n<tbody>\n{rows}\n</tbody>\n</table>'


def _section(section: Section) -> str:
    parts = [f"<h2>{escape(section.title)}</h2>", *_paragraphs(section.paragraphs)]
    parts += [_image(item) if isinstance(item, Image) else _table(item) for item in section.content]
    return "\n".join(parts)


def _image(image: Image) -> str:
    data = base64.b64encode(image.path.read_bytes()).decode("ascii")
    text = escape(image.caption)
    picture = f'<div class="scroll"><img alt="{text}" src="data:image/png;base64,{data}"></div>'
    return f"<figure>{picture}<figcaption>{text}</figcaption></figure>"


def _table(table: Table) -> str:
    head = "".join(f"<th>{escape(cell)}</th>" for cell in table.header)
    rows = "\n".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in table.rows)
    return (
        f'<div class="scroll"><table class="numbers"><caption>{escape(table.caption)}</caption>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table></div>"
    )
