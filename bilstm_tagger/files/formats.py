"""Tagged documents written as JSON lines, columns, tables, a web page or coloured text."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BufferedIOBase, RawIOBase
from itertools import groupby
from typing import IO, TYPE_CHECKING, TextIO

from bilstm_tagger.corpus.formats import Writer, conllu, spacy_docbin, table_write
from bilstm_tagger.corpus.formats import columns_write as conll
from bilstm_tagger.corpus.formats.jsonl import to_record
from bilstm_tagger.document.html import COLOURS, OTHER_COLOUR, html_fragment
from bilstm_tagger.errors import ConfigError, choose
from bilstm_tagger.files.entity_tables import (
    counts,
    csv_writer,
    rows,
    table_writer,
    tsv_writer,
    write_counts,
    write_entities,
)
from bilstm_tagger.files.inputs import LineLayout
from bilstm_tagger.files.json_lines import write_jsonl
from bilstm_tagger.files.workbook import workbook_writer
from bilstm_tagger.io.marked import marked_stream
from bilstm_tagger.schemes.grammar import Scheme

if TYPE_CHECKING:
    from rich.text import Text

    from bilstm_tagger.document.document import Document

__all__ = [
    "OUTPUT_FORMATS",
    "OutputFormat",
    "fitting_stream",
    "format_of_suffix",
    "output_format",
    "to_record",
    "write_conll",
    "write_html",
    "write_jsonl",
    "write_text",
]

_PAGE = """<!DOCTYPE html>
<html lang="und">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tagged text</title>
<style>
body { font-family: system-ui, sans-serif; max-width: 50rem; margin: 2rem auto; padding: 0 1rem; }
h2 { font-size: 0.9rem; font-weight: 600; color: #555; border-top: 1px solid #ddd; padding-top: 1rem; }
</style>
</head>
<body>
"""


@dataclass(frozen=True, slots=True)
class OutputFormat:
    """A way to write tagged documents.

    Attributes:
        write: writes documents to a stream, one after another as they come.
        suffix: what is put behind the name of the input.
        binary: whether the stream takes bytes.
        apart: whether documents stand by themselves: several written apart, one behind the other, are the same
            as written together.
        probable: whether it has a place for probabilities.
    """

    write: Writer
    suffix: str
    binary: bool = False
    apart: bool = False
    probable: bool = True


def write_conll(documents: Iterable[Document], stream: TextIO, *, tasks: Sequence[str] | None = None) -> None:
    """Write columns as `columns_write.write` does; lines of tokenised words go without `-DOCSTART-`.

    A file that begins with U+FEFF gets a byte order mark before it, which readers drop in place of it.
    """
    stream = marked_stream(stream)
    for lines, group in groupby(documents, key=lambda document: isinstance(document.layout, LineLayout)):
        for part in ([document] for document in group) if lines else (group,):
            conll.write(part, stream, tasks=tasks)


def write_html(documents: Iterable[Document], stream: TextIO, *, tasks: Sequence[str] | None = None) -> None:
    """Write one self-contained web page with a section for each document."""
    stream.write(_PAGE)
    for document in documents:
        heading = f"<h2>{html.escape(document.id)}</h2>\n" if document.id else ""
        stream.write(f"<section>\n{heading}{html_fragment(_only(document, tasks))}\n</section>\n")
    stream.write("</body>\n</html>\n")


def write_text(documents: Iterable[Document], stream: TextIO, *, tasks: Sequence[str] | None = None) -> None:
    """Write the text with its tags in it, in colour where the stream is a terminal.

    Spans show as `[Ada Lovelace PER]`, or on coloured ground; plain tags, where there are no spans, as
    `word/TAG`.
    """
    from rich.console import Console

    console = Console(file=stream, soft_wrap=True, highlight=False, emoji=False, markup=False)
    for document in documents:
        console.print(_marked(_only(document, tasks), coloured=console.color_system is not None))


def write_named_text(documents: Iterable[Document], stream: TextIO, *, tasks: Sequence[str] | None = None) -> None:
    """Write text as `write_text` does, under the name of each file."""
    for file, group in groupby(documents, key=lambda document: document.path):
        shown = "".join(each if each.isprintable() else "\ufffd" for each in file or "")
        stream.write(f"== {shown} ==\n")
        write_text(group, stream, tasks=tasks)


def _only(document: Document, tasks: Sequence[str] | None) -> Document:
    if tasks is None or list(tasks) == document.tasks:
        return document
    return document.with_tags({task: document.tags_of(task) for task in tasks}, document.schemes)


def _marked(document: Document, *, coloured: bool) -> Text:
    from rich.text import Text

    text, marked, place = document.text, Text(), 0
    if document.tasks and all(document.schemes.get(task, Scheme.NONE) is Scheme.NONE for task in document.tasks):
        for start, end, tag in zip(document.starts, document.ends, document.tags_of(), strict=True):
            # Words of one multiword token share a stretch of text, which is shown once.
            marked.append(text[place : max(place, end)] if start >= place else "").append(f"/{tag}", style="dim cyan")
            place = max(place, end)
    else:
        for span in document.spans:
            marked.append(text[place : span.start_char])
            _append_span(marked, text[max(place, span.start_char) : span.end_char], span.label, coloured=coloured)
            place = max(place, span.end_char)
    return marked.append(text[place:])


def _append_span(marked: Text, text: str, label: str, *, coloured: bool) -> None:
    if not coloured:
        marked.append(f"[{text} {label}]")
        return
    ground = COLOURS.get(label.upper(), OTHER_COLOUR)
    ground = "#dddddd" if ground == "#ddd" else ground  # rich knows only the long form
    marked.append(f" {text} ", style=f"#000000 on {ground}").append(f"{label} ", style=f"bold #444444 on {ground}")


OUTPUT_FORMATS: dict[str, OutputFormat] = {
    "jsonl": OutputFormat(write_jsonl, ".jsonl", apart=True),
    "conll": OutputFormat(write_conll, ".conll", probable=False),
    "conllu": OutputFormat(conllu.write, ".conllu", probable=False),
    "html": OutputFormat(write_html, ".html"),
    "text": OutputFormat(write_text, ".tagged.txt", probable=False),
    "spacy": OutputFormat(spacy_docbin.write, ".spacy", binary=True, probable=False),
    "parquet": OutputFormat(table_write.write_parquet, ".parquet", binary=True),
    "csv": OutputFormat(csv_writer(rows), ".csv"),
    "tsv": OutputFormat(tsv_writer(rows), ".tsv"),
    "xlsx": OutputFormat(workbook_writer(rows), ".xlsx", binary=True),
    "entities": OutputFormat(write_entities, ".entities.jsonl", apart=True),
}
# Other names of formats, and tables of counts, which are of all files together.
_FURTHER: dict[str, OutputFormat] = {
    "json": OUTPUT_FORMATS["jsonl"],
    "named-text": OutputFormat(write_named_text, ".tagged.txt"),
    "table": OutputFormat(table_writer(rows), ".txt"),
    "table-counts": OutputFormat(table_writer(counts), ".txt"),
    "entities-counts": OutputFormat(write_counts, ".jsonl"),
    "csv-counts": OutputFormat(csv_writer(counts), ".csv"),
    "tsv-counts": OutputFormat(tsv_writer(counts), ".tsv"),
    "xlsx-counts": OutputFormat(workbook_writer(counts), ".xlsx", binary=True),
}


def output_format(name: str) -> OutputFormat:
    """The format of that name; `json` is `jsonl`.

    Raises:
        ConfigError: if there is none.
    """
    known = OUTPUT_FORMATS.get(name) or _FURTHER.get(name)
    if known is None:
        raise ConfigError(f"no output format {name!r}; {choose(name, OUTPUT_FORMATS)}")
    return known


def fitting_stream(format: OutputFormat, stream: IO[str] | IO[bytes]) -> IO[str] | IO[bytes]:
    """The stream itself, or the bytes beneath it where the format is binary and the stream takes text.

    Raises:
        ConfigError: if bytes would go to a terminal, or the stream has none.
    """
    if not format.binary or isinstance(stream, (RawIOBase, BufferedIOBase)):
        return stream
    beneath: IO[bytes] | None = getattr(stream, "buffer", None)
    if stream.isatty() or beneath is None:
        raise ConfigError(f"{format.suffix} is binary; write it into a folder (--output) or to a file, not a screen")
    return beneath


def format_of_suffix(suffix: str) -> str | None:
    """The name of the output format that the suffix of a file tells; None if none does.

    Args:
        suffix: with its dot, in any case of letters.
    """
    suffix = suffix.lower()
    suffix = ".jsonl" if suffix in (".json", ".ndjson") else suffix
    return next((name for name, known in OUTPUT_FORMATS.items() if suffix and known.suffix.endswith(suffix)), None)
