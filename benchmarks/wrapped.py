"""How many names over a line end stay in one sentence, and how many items of lists stay apart.

python -m benchmarks.wrapped --data DIR

Texts are made of sentences of CoNLL-2003's development file: a third is prose, a third lists, a third both in turns.
Each is printed as a PDF in a font, size and width drawn by chance, and read back, and wrapped as plain text at several
widths with and without blank lines. Needs reportlab, from the extra `bench`.
"""

from __future__ import annotations

import argparse
import random
import re
import tempfile
import textwrap
from bisect import bisect_left
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any, NamedTuple

TEXTS = 180
FONTS = ("Times-Roman", "Times-Italic", "Helvetica", "Helvetica-Bold", "Vera", "Courier")
WIDTHS = (36, 45, 60, 72, 90)  # characters
LISTS = ("names", "affiliations", "address", "titles", "results", "table", "poem", "contents")
PAIRS = (("whole", "names"), ("apart", "items"), ("left out", "texts"))  # columns of the table


class Sentence(NamedTuple):
    """A sentence as it is written, and its names of several words, as characters."""

    words: list[str]
    text: str
    names: list[tuple[int, int]]


class Block(NamedTuple):
    """A paragraph, or an item of a list."""

    is_item: bool
    text: str
    names: list[tuple[int, int]]


def main() -> None:
    """Make the texts, divide them and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with conll2003/")
    arguments = parser.parse_args()
    sentences = read(arguments.data / "conll2003" / "valid.txt")
    found: dict[str, Counter[str]] = defaultdict(Counter)
    with tempfile.TemporaryDirectory() as name:
        for seed in range(TEXTS):
            draw = random.Random(seed)
            blocks = text_of(sentences, draw, ("prose", "lists", "both")[seed % 3])
            font, text = printed(blocks, Path(name) / "a.pdf", draw)
            count(blocks, text, found["PDF, Courier" if font == "Courier" else "PDF, proportional fonts"])
            for width in WIDTHS:
                for gap in ("\n", "\n\n"):
                    wrapped = (textwrap.fill(each.text, width) + ("\n" if each.is_item else gap) for each in blocks)
                    count(blocks, "".join(wrapped), found["wrapped text"])
    print(table(found))


def table(found: dict[str, Counter[str]]) -> str:
    """What was counted, by kind of text."""
    rows = [
        "| | Names over a line end in one sentence | Items of lists apart | Texts left out |",
        "|---|---:|---:|---:|",
    ]
    for kind, of in sorted(found.items()):
        counts = (share(of[part], of[whole]) for part, whole in PAIRS)
        rows.append(f"| {kind} | {' | '.join(counts)} |")
    return "\n".join(rows)


def share(part: int, whole: int) -> str:
    """A share in percent, and of how many."""
    return f"{100 * part / max(1, whole):.1f} % of {whole:,}"


def read(path: Path) -> list[Sentence]:
    """The sentences of a file."""
    from bilstm_tagger.corpus import read_corpus

    sentences: list[Sentence] = []
    for document in read_corpus(path, {"ner": -1}, format="conll").settle("ner"):
        for sentence in document.sentences:
            words, text, starts = [token.text for token in sentence], "", []
            for word in words:
                text += " " if text and word not in (*",.;:!?)%", "'s", "n't") and not text.endswith("(") else ""
                starts.append(len(text))
                text += word
            ends = [start + len(word) for start, word in zip(starts, words, strict=True)]
            spans = [span for span in sentence.spans_of("ner") if span.end - span.start > 1]
            names = [(starts[span.start], ends[span.end - 1]) for span in spans]
            sentences.append(Sentence(words, text, names))
    return sentences


def text_of(sentences: list[Sentence], draw: random.Random, kind: str) -> list[Block]:
    """Paragraphs and items of lists, drawn by chance."""
    blocks: list[Block] = []
    for _ in range(draw.choice((3, 8, 20))):
        if kind != "lists":
            blocks += [paragraph(sentences, draw) for _ in range(draw.randint(1, 4))]
        if kind != "prose":
            items = items_of(sentences, draw, draw.choice(LISTS), draw.randint(4, 14))
            blocks += [Block(True, item.encode("latin-1", "replace").decode("latin-1"), []) for item in items]
    return blocks


def paragraph(sentences: list[Sentence], draw: random.Random) -> Block:
    """Some sentences one after the other."""
    text, names = "", []
    for each in draw.sample([each for each in sentences if is_prose(each)], draw.randint(2, 6)):
        text += " " if text else ""
        names += [(start + len(text), end + len(text)) for start, end in each.names]
        text += each.text
    return Block(False, text, names)


def is_prose(sentence: Sentence) -> bool:
    """Whether a sentence is no headline and no row."""
    words, text, _ = sentence
    return len(words) >= 14 and words[-1] == "." and text[0].isupper() and not words[0].isupper() and text.isascii()


def items_of(sentences: list[Sentence], draw: random.Random, kind: str, size: int) -> list[str]:
    """The items of a list."""
    prose = [each for each in sentences if is_prose(each)]
    short = [each.text for each in sentences if len(each.words) < 15 and each.words[-1] != "." and len(each.words) > 2]
    names = [each.text[start:end] for each in prose for start, end in each.names]

    def name() -> str:
        return draw.choice(names)

    if kind == "names":
        return [name() for _ in range(size)]
    if kind == "affiliations":
        return [f"{name()}, {name()}, {name()}" for _ in range(size)]
    if kind == "address":
        return [name(), f"{draw.randint(1, 99)} {name().split()[0]} Street", f"{draw.randint(10_000, 99_999)} {name()}"]
    if kind == "titles":
        return [draw.choice(short).title() for _ in range(size)]
    if kind == "results":
        return [draw.choice(short) for _ in range(size)]
    if kind == "table":
        return [f"{name()} {draw.randint(1, 99)} {name()} {draw.uniform(0, 99):.2f}" for _ in range(size)]
    if kind == "poem":
        lines = [" ".join(draw.choice(prose).words[: draw.randint(5, 8)]) for _ in range(size)]
        return [line[0].upper() + line[1:] for line in lines]
    return [f"{name()} and {name()} {'.' * draw.randint(3, 20)} {draw.randint(1, 200)}" for _ in range(size)]


def printed(blocks: list[Block], path: Path, draw: random.Random) -> tuple[str, str]:
    """The font of a PDF of a text, and the text that is read in it."""
    from xml.sax.saxutils import escape

    from reportlab.lib.styles import ParagraphStyle
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate, Paragraph

    from bilstm_tagger.files.office_text import read_pdf
    from bilstm_tagger.files.source import Tally

    pdfmetrics.registerFont(TTFont("Vera", "Vera.ttf"))
    font, size, columns, width = draw.choice(FONTS), draw.choice((9, 10, 11, 12)), draw.choice((1, 1, 2)), 450
    style: Any = ParagraphStyle(
        "text",
        fontName=font,
        fontSize=size,
        leading=size * 1.2,
        alignment=draw.choice((0, 0, 4)),
        spaceAfter=draw.choice((0, 4, 8)),
        firstLineIndent=draw.choice((0, 0, 12)),
    )
    each = width / columns
    frames = [Frame(50 + at * each, 60, each - 10 * (columns - 1), 720, 0, 0, 0, 0) for at in range(columns)]
    document = BaseDocTemplate(str(path), pagesize=(600, 842))
    document.addPageTemplates([PageTemplate(frames=frames)])
    document.build([Paragraph(escape(block.text), style) for block in blocks])
    return font, read_pdf(path, Tally())


def count(blocks: list[Block], text: str, found: Counter[str]) -> None:
    """Count names and items, by characters that are not white space, since line ends stand in place of that.

    A text in which a word is put together that looked divided is left out, and counted.
    """
    from bilstm_tagger.text.line_ends import list_line_ends

    found["texts"] += 1
    if "".join(text.split()) != "".join("".join(block.text.split()) for block in blocks):
        found["left out"] += 1
        return
    seen = [at for at, character in enumerate(text) if not character.isspace()]
    ends = [*list_line_ends(text), *(blank.end() for blank in re.finditer(r"\n[^\S\n]*\n", text))]
    cuts = {bisect_left(seen, end) for end in ends}
    first = 0
    for block, following in zip(blocks, [*blocks[1:], None], strict=True):
        before = [0]
        for character in block.text:
            before.append(before[-1] + (not character.isspace()))
        for start, end in block.names:
            a, b = first + before[start], first + before[end]
            if "\n" in text[seen[a] : seen[b - 1]]:
                found["names"] += 1
                found["whole"] += not any(a < cut < b for cut in cuts)
        first += before[-1]
        if block.is_item and following is not None and following.is_item and block.text[-1] not in ".!?":
            found["items"] += 1
            found["apart"] += first in cuts


if __name__ == "__main__":
    main()
