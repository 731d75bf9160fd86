"""Writing brat: a folder with a `.txt` and an `.ann` file for each document.

Format: https://brat.nlplab.org/standoff.html
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.schemes.spans import SpanTuple, spans_to_tags
from bilstm_tagger.text.tokenizers import Tokenizer

__all__ = ["only_task", "places", "read_back", "write_folder"]

_UNSAFE = re.compile(r"[^\w.-]+")
_LINE = re.compile(r"[^\r\n]+")


def only_task(document: Document, tasks: Sequence[str] | None) -> str:
    """The first task with spans, the only one that is written.

    Raises:
        CorpusError: if there is none.
    """
    chosen = document.tasks if tasks is None else tasks
    for task in chosen:
        if document.schemes.get(task, Scheme.NONE) is not Scheme.NONE:
            return task
    raise CorpusError(f"brat holds spans, and {', '.join(chosen) or 'no task'} has none; write .jsonl")


def places(documents: Sequence[Document], tasks: Sequence[str]) -> dict[str, str]:
    """Where the only task that is written is.

    Raises:
        CorpusError: no task has spans.
    """
    return {only_task(documents[0], tasks): "spans"}


def write_folder(documents: Iterable[Document], folder: Path, *, tasks: Sequence[str] | None = None) -> None:
    """Write documents into an empty folder, each under its name or number.

    Args:
        documents: what to write, one after another.
        folder: where to.
        tasks: the tasks to write; of these the first with spans is.

    Raises:
        CorpusError: no task has spans, or a label holds white space.
    """
    for number, document in enumerate(documents, 1):
        task = only_task(document, tasks)
        name = _name(document, number)
        (folder / f"{name}.txt").write_text(document.text, "utf-8", newline="")
        (folder / f"{name}.ann").write_text("".join(_lines(document, task)), "utf-8", newline="")


def _name(document: Document, number: int) -> str:
    """A name of its own for the files of a document, in the order of the documents."""
    own = _UNSAFE.sub("_", document.id or "").strip("._")[:80]
    return f"{number:06d}" + (f"-{own}" if own else "")


def _lines(document: Document, task: str) -> Iterator[str]:
    """A line for each span; brat has one piece for each line that a span goes over."""
    for number, span in enumerate(document.spans_of(task), 1):
        if not span.label or len(span.label.split()) != 1 or span.label != span.label.strip():
            where = document.where(span.start)
            raise CorpusError(f"{where}: label {span.label!r} holds white space, which brat cannot; rename it by --map")
        pieces = [
            (span.start_char + found.start(), span.start_char + found.end()) for found in _LINE.finditer(span.text)
        ]
        places = ";".join(f"{start} {end}" for start, end in pieces)
        text = " ".join(document.text[start:end] for start, end in pieces).replace("\t", " ")
        yield f"T{number}\t{span.label} {places}\t{text}\n"


def read_back(
    documents: Sequence[Document], folder: Path, task: str, tokenizer: Tokenizer
) -> tuple[list[Document], bool]:
    """What a folder holds of documents that were written there, laid on their own tokens.

    Args:
        documents: what was written.
        folder: where to.
        task: the task whose spans are there.
        tokenizer: cuts the texts as they will be when they are read.

    Returns:
        The documents, with the sentences that the texts are cut into, and whether the tokens are the same too.
    """
    back = []
    same = True
    for document, file in zip(documents, sorted(folder.glob("*.ann")), strict=True):
        text = file.with_suffix(".txt").read_bytes().decode()
        at_start = {start: token for token, start in enumerate(document.starts)}
        at_end = {end: token + 1 for token, end in enumerate(document.ends)}
        spans: list[SpanTuple] = []
        for line in file.read_bytes().decode().split("\n")[:-1]:
            label, _, pieces = line.split("\t")[1].partition(" ")
            first, *_, last = re.split("[ ;]", pieces)
            spans.append((at_start[int(first)], at_end[int(last)], label))
        cut = tokenizer(text)
        same = same and (cut.words, cut.starts) == (document.words, document.starts)
        bounds = {bisect_left(document.starts, cut.starts[bound]) for bound in cut.bounds if 0 < bound < len(cut)}
        bounds -= {token for first, end, _ in spans for token in range(first + 1, end)}
        tags = spans_to_tags(spans, len(document), Scheme.BIO)
        read = Document(
            document.words, sorted({0, *bounds, len(document)}), text=text, starts=document.starts, ends=document.ends,
            tags={task: tags}, schemes={task: Scheme.BIO}, id=document.id,
        )  # fmt: skip
        back.append(read)
    return back, same
