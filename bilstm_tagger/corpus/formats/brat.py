"""brat: annotations of characters in `.ann` files, each beside the `.txt` that it is about.

Format: https://brat.nlplab.org/standoff.html
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from itertools import accumulate, chain, pairwise
from pathlib import Path

from bilstm_tagger.corpus.formats.char_spans import Aligner
from bilstm_tagger.corpus.formats.marks import Mark, Spot, listed
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.io.reading import open_text, read_text, spelled_out
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.schemes.spans import spans_to_tags
from bilstm_tagger.settings.read_spec import Policy, ReadSpec
from bilstm_tagger.text.tokenizers import get_tokenizer
from bilstm_tagger.wording import counted

__all__ = ["is_folder", "read"]

logger = logging.getLogger("bilstm_tagger")

_NAMED = 5  # texts that a message names


def is_folder(path: str | Path) -> bool:
    """Tell whether a path is a folder with `.ann` files in it or below it."""
    return Path(path).is_dir() and next(Path(path).rglob("*.ann"), None) is not None


def read(path: str | Path, spec: ReadSpec) -> Iterator[Document]:
    """Read an `.ann` file, or all of a folder; each text is a document.

    Spans of several pieces, which tags cannot hold, are one span over all pieces with `misaligned` as `snap` and left
    out with `drop`. Of nested spans the longest is kept with either. Relations, events and notes are counted, and so
    are texts in a folder that have no `.ann` file.

    Args:
        path: the file or folder.
        spec: how to read it; every task has the labels of the spans.

    Raises:
        CorpusError: a text is missing, or a line or span does not fit, as `file:line`.
    """
    files = sorted(Path(path).rglob("*.ann")) if Path(path).is_dir() else [Path(path)]
    bare = _without_annotation(Path(path))
    if bare:
        one, more = "text without an .ann file was left out", "texts without an .ann file were left out"
        said = counted(len(bare), one, more)
        logger.warning("%s: %s: %s", path, said, ", ".join(bare[:_NAMED]) + (", ..." if len(bare) > _NAMED else ""))
    tokenize = get_tokenizer(spec.tokenizer)
    skipped = 0
    in_pieces: list[Spot] = []
    aligner = Aligner(str(path), spec.misaligned)
    for file in files:
        source = file.with_suffix(".txt")
        if not source.is_file():
            raise CorpusError(f"{file}: no {source.name} beside it, the text that it is about")
        text = read_text(source, encoding=spec.encoding)
        document = tokenize(text)
        document.path, document.id = str(source), spelled_out(file.stem)
        ends = list(accumulate(map(len, text.splitlines(keepends=True))))
        document.lines = _lines(document.starts, ends)
        marks, others, pieces = _marks(file, text, spec.encoding, spec.misaligned)
        skipped += others
        in_pieces += pieces
        spans, _ = aligner.lay(marks, text, document.starts, document.ends, Spot(str(file), 1))
        inside = set(chain.from_iterable(range(start + 1, end) for start, end, _ in spans))
        document.bounds = [bound for bound in document.bounds if bound not in inside]
        for task in spec.all_columns():
            document.tags[task] = spans_to_tags(spans, len(document), Scheme.BIO)
            document.schemes[task] = Scheme.BIO
        if not aligner.failed:
            yield document
    aligner.finish()
    if in_pieces:
        joined = spec.misaligned == "snap"
        one, more = ("became one span over all of them",) * 2 if joined else ("was left out", "were left out")
        said = counted(len(in_pieces), f"span of several pieces {one}", f"spans of several pieces {more}")
        logger.warning("%s: %s: %s", path, said, listed(in_pieces, str(path)))
    if skipped:
        one = "line that is no span, such as a relation or a note, was left out"
        more = "lines that are no spans, such as relations and notes, were left out"
        logger.warning("%s: %s", path, counted(skipped, one, more))


def _without_annotation(folder: Path) -> list[str]:
    """The texts in a folder that have no `.ann` file beside them."""
    texts = sorted(folder.rglob("*.txt")) if folder.is_dir() else []
    return [str(text.relative_to(folder)) for text in texts if not text.with_suffix(".ann").is_file()]


def _lines(starts: list[int], ends: list[int]) -> list[int]:
    """The line of the text that each token begins in."""
    lines, line = [], 0
    for start in starts:
        while line < len(ends) - 1 and ends[line] <= start:
            line += 1
        lines.append(line + 1)
    return lines


def _marks(file: Path, text: str, encoding: str | None, policy: Policy) -> tuple[list[Mark], int, list[Spot]]:
    """The spans of a file about a text, how many lines are no spans, and where there are spans of several pieces."""
    marks: list[Mark] = []
    in_pieces: list[Spot] = []
    others = 0
    for number, line in open_text(file, encoding=encoding):
        if not line.startswith("T"):
            others += bool(line.strip())
            continue
        cells = line.split("\t")
        label, _, places = cells[1].partition(" ") if len(cells) > 1 else ("", "", "")
        pieces = [piece.split() for piece in places.split(";")]
        if not label or not all(
            len(piece) == 2 and all(at.isdecimal() and len(at) < 16 for at in piece) for piece in pieces
        ):
            raise CorpusError(f"{file}:{number}: not a span of brat: T1, a tab, LABEL START END, a tab, its text")
        told = cells[2] if len(cells) > 2 else None
        if len(pieces) > 1 and not _joined(pieces, text):
            if policy == "error":
                raise CorpusError(
                    f"{file}:{number}: {label} {told!r} is in {len(pieces)} pieces, and tags hold whole spans: "
                    "--misaligned snap takes all from the first to the last piece, --misaligned drop leaves it out"
                )
            in_pieces.append(Spot(str(file), number))
            if policy == "drop":
                continue
            told = None
        spot = Spot(str(file), number)
        marks.append(Mark(int(pieces[0][0]), int(pieces[-1][1]), label, text=told, spot=spot))
    return marks, others, in_pieces


def _joined(pieces: list[list[str]], text: str) -> bool:
    """Whether there are but line ends between the pieces of a span, which brat cuts there."""
    ends = [(int(left[1]), int(right[0])) for left, right in pairwise(pieces)]
    return all(start <= end and not text[start:end].strip() for start, end in ends)
