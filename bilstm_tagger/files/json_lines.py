"""JSON lines of documents of any length: long ones are written in pieces, so that memory stays flat."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TextIO

from bilstm_tagger.corpus.formats.jsonl import lazy_record
from bilstm_tagger.corpus.formats.jsonl import write as write_whole
from bilstm_tagger.document.document import Document

LONG = 100_000  # tokens of a document that is written in pieces
PIECE = 10_000  # items of a list in a piece


def write_jsonl(documents: Iterable[Document], stream: TextIO, *, tasks: Sequence[str] | None = None) -> None:
    """Write the same lines as `corpus.formats.jsonl.write`.

    Args:
        documents: what to write, one after another.
        stream: where to.
        tasks: the tasks to write; by default all of each document.
    """
    for document in documents:
        if len(document) < LONG:
            write_whole([document], stream, tasks=tasks)
        else:
            _write(lazy_record(document, tasks), stream)
            stream.write("\n")


def _write(value: Any, stream: TextIO) -> None:
    """Write a value, lists and iterators a piece at a time."""
    if isinstance(value, dict):
        for number, (key, item) in enumerate(value.items()):
            stream.write(("," if number else "{") + json.dumps(key, ensure_ascii=False) + ":")
            _write(item, stream)
        stream.write("}" if value else "{}")
    elif isinstance(value, (list, Iterator)):
        items, separator = iter(value), ""
        stream.write("[")
        while piece := list(islice(items, PIECE)):
            stream.write(separator + json.dumps(piece, ensure_ascii=False, separators=(",", ":"))[1:-1])
            separator = ","
        stream.write("]")
    else:
        stream.write(json.dumps(value, ensure_ascii=False))
