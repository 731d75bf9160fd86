"""GUM: names from mentions, which it marks all, named or not.

A name is the run of proper nouns around the head of a mention of a person, an organisation or a place. Events, works
and other things with a name are not told apart from things without, so MISC is not marked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from benchmarks.recipes.text import Sentence, Span, Steps, longest_first

KINDS = {"person": "PER", "organization": "ORG", "place": "LOC"}
PROPER = frozenset(["NNP", "NNPS"])
BETWEEN = {
    "PER": frozenset(["-", "de", "la", "von", "van", "al", "bin", "da", "del"]),
    "ORG": frozenset(["of", "for", "the", "and", "&", "-", "de", "on", "in"]),
    "LOC": frozenset(["of", "the", "-", "&", "de", "la", "and"]),
}
BRACKETS = re.compile(r"\([^()]*\)?|[^()]+\)")


@dataclass(slots=True)
class Token:
    """A word of GUM."""

    word: str
    upos: str
    xpos: str
    entity: str


def read(path: Path, steps: Steps) -> list[tuple[Sentence, list[str]]]:
    """The sentences of a document, with names and universal parts of speech."""
    found = []
    opened: dict[str, list[tuple[int, str, list[int]]]] = {}
    for block in path.read_text("utf-8").split("\n\n"):
        tokens = [_token(line) for line in block.split("\n") if re.match(r"\d+\t", line)]
        if not tokens:
            continue
        opened.clear()
        spans = []
        for start, end, kind, heads in _mentions(tokens, opened):
            if kind not in KINDS:
                steps.count(f"mention of {kind} is not used")
            elif (span := _name(tokens, start, end, KINDS[kind], heads)) is None:
                steps.count("mention that is no name")
            else:
                spans.append(span)
        kept = longest_first(spans)
        steps.count("name within a name left out", len(set(spans)) - len(kept))
        found.append((Sentence([token.word for token in tokens], kept), [token.upos for token in tokens]))
    return found


def _token(line: str) -> Token:
    fields = line.split("\t")
    entity = next((part[7:] for part in fields[9].split("|") if part.startswith("Entity=")), "")
    return Token(fields[1], fields[3], fields[4], entity)


def _mentions(
    tokens: list[Token], opened: dict[str, list[tuple[int, str, list[int]]]]
) -> list[tuple[int, int, str, list[int]]]:
    """Start, end, kind and heads of the mentions that begin and end in a sentence."""
    found = []
    for index, token in enumerate(tokens):
        for bracket in BRACKETS.findall(token.entity):
            parts = bracket.strip("()").split("-")
            if bracket.startswith("("):
                heads = [int(number) for number in parts[5].split(",")] if len(parts) > 5 else [1]
                opened.setdefault(parts[0], []).append((index, parts[1], heads))
            if bracket.endswith(")") and opened.get(parts[0]):
                start, kind, heads = opened[parts[0]].pop()
                found.append((start, index + 1, kind, [start + head - 1 for head in heads]))
    return found


def _name(tokens: list[Token], start: int, end: int, label: str, heads: list[int]) -> Span | None:
    """The proper nouns around the first head of a mention; None if it is no proper noun."""
    head = heads[0] if heads else start
    if not start <= head < end or tokens[head].xpos not in PROPER:
        return None
    first = last = head
    while (step := _next(tokens, first, -1, start, end, label)) is not None:
        first = step
    while (step := _next(tokens, last, 1, start, end, label)) is not None:
        last = step
    return first, last + 1, label


def _next(tokens: list[Token], at: int, direction: int, start: int, end: int, label: str) -> int | None:
    """The next proper noun in a direction, over a few small words between the parts of names."""
    place = at + direction
    for _ in range(3):
        if not start <= place < end:
            return None
        if tokens[place].xpos in PROPER or (tokens[place].xpos == "CD" and direction > 0 and label == "ORG"):
            return place
        if tokens[place].word not in BETWEEN[label]:
            return None
        place += direction
    return None
