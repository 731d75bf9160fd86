"""What recipes pass on: sentences of words with tags of names in BIO, by document, and counts of each step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

Span = tuple[int, int, str]


@dataclass(slots=True)
class Sentence:
    """Words, and the names among them.

    Attributes:
        words: the tokens.
        spans: start, end (exclusive) and label of each name, in order and without overlap.
    """

    words: list[str]
    spans: list[Span]

    @property
    def tags(self) -> list[str]:
        """One tag a word, in BIO."""
        tags = ["O"] * len(self.words)
        for start, end, label in self.spans:
            tags[start:end] = [f"B-{label}", *[f"I-{label}"] * (end - start - 1)]
        return tags

    def text(self, span: Span) -> str:
        """The words of a name, joined by blanks."""
        return " ".join(self.words[span[0] : span[1]])


Document = list[Sentence]


class Steps:
    """Counts of what was done, by step, in the order of first use."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def count(self, step: str, times: int = 1) -> None:
        """Note that a step was taken."""
        self.counts[step] += times

    def lines(self) -> Iterator[str]:
        """One line a step."""
        for step, times in self.counts.items():
            yield f"  {step}: {times:,}"


def spans_of(tags: Sequence[str]) -> list[Span]:
    """Read names from tags in BIO, IO or IOB1 as the CoNLL scorer does."""
    spans: list[Span] = []
    before = "O"
    for index, tag in enumerate(tags):
        if tag != "O":
            label = tag[2:]
            if tag[0] == "I" and before[2:] == label:
                spans[-1] = (spans[-1][0], index + 1, label)
            else:
                spans.append((index, index + 1, label))
        before = tag
    return spans


def longest_first(spans: Iterable[Span]) -> list[Span]:
    """Names without overlap, in order: of those that overlap the longest, then the first."""
    taken: set[int] = set()
    kept = []
    for start, end, label in sorted(set(spans), key=lambda span: (span[0] - span[1], span)):
        if start < end and taken.isdisjoint(range(start, end)):
            taken.update(range(start, end))
            kept.append((start, end, label))
    return sorted(kept)


def write_names(path: Path, documents: Iterable[Document]) -> tuple[int, int, int]:
    """Write columns of word and tag; give the numbers of documents, sentences and words."""
    sizes = [0, 0, 0]
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        for document in documents:
            stream.write("-DOCSTART-\tO\n\n")
            sizes[0] += 1
            for sentence in document:
                rows = zip(sentence.words, sentence.tags, strict=True)
                stream.write("".join(f"{word}\t{tag}\n" for word, tag in rows) + "\n")
                sizes[1] += 1
                sizes[2] += len(sentence.words)
    return sizes[0], sizes[1], sizes[2]
