"""Sentences made from patterns: kinds of text that no free corpus has, with names drawn from lists.

Mail, chat, minutes, invoices, curricula vitae, headlines, results of matches, market reports, subtitles; words that are
names elsewhere (`Bill`, `Grace`); names with hyphens. The patterns were written for this purpose.
"""

from __future__ import annotations

import random
import re
from pathlib import Path

from benchmarks.recipes.lists import Lists
from benchmarks.recipes.text import Document, Sentence, Span, Steps

SEED = 29
EACH = 16  # sentences a pattern

LABELS = {
    **dict.fromkeys(["given", "last", "full", "short"], "PER"),
    **dict.fromkeys(["town", "country", "state", "hyphened_town"], "LOC"),
    **dict.fromkeys(["club", "side", "company", "body", "business", "paper", "hyphened_firm"], "ORG"),
    **dict.fromkeys(["event", "demonym", "pair", "product"], "MISC"),
}

# A file of patterns for each, one a line; tokens are parted by blanks. {kind} is a name; others are words.
KINDS = (
    "mail",
    "chat",
    "minutes",
    "papers",
    "vitae",
    "headlines",
    "matches",
    "news",
    "hyphens",
    "reviews and questions",
    "no names",
    "subtitles",
    "new companies",
)
FOLDER = Path(__file__).parent / "patterns"
ROLES = (
    "manager|engineer|accountant|sales assistant|teacher|nurse|Head of Sales|Project Manager|CEO|Chief Engineer|editor"
)
STREETS = "High Street|Mill Lane|Station Road|Main Street|Park Avenue|Church Road|Elm Street|Bahnhofstrasse|Hill Road"
WEEKDAYS = "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"
MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
SLOT = re.compile(r"\{(\w+)\}")


def everyday(steps: Steps, *, seed: int = SEED) -> list[Document]:
    """Documents of one sentence each, `EACH` for a pattern that has names and two for one without."""
    draw = random.Random(seed)
    lists = Lists(draw)
    documents = []
    for kind in KINDS:
        for pattern in (FOLDER / f"{kind.replace(' ', '-')}.txt").read_text("utf-8").splitlines():
            for _ in range(EACH if any(name in LABELS for name in SLOT.findall(pattern)) else 2):
                documents.append([_dressed(_sentence(pattern, lists), kind, draw)])
                steps.count(f"sentence made: {kind}")
    return documents


def _sentence(pattern: str, lists: Lists) -> Sentence:
    words: list[str] = []
    spans: list[Span] = []
    for token in pattern.split(" "):
        slot = SLOT.search(token)
        if slot is None:
            words.append(token)
            continue
        kind = slot[1]
        if kind in LABELS:
            name = getattr(lists, kind)().split(" ")
            spans.append((len(words), len(words) + len(name), LABELS[kind]))
            words += name
        else:
            words += SLOT.sub(_filler(kind, lists.draw), token).split(" ")
    return Sentence(words, spans)


def _filler(kind: str, draw: random.Random) -> str:
    match kind:
        case "n":
            return str(draw.choice([draw.randint(0, 9), draw.randint(10, 31), draw.randint(32, 4000)]))
        case "year":
            return str(draw.randint(1970, 2026))
        case "time":
            return f"{draw.randint(0, 23):02}:{draw.randint(0, 59):02}"
        case "month":
            return draw.choice(MONTHS.split("|"))
        case "weekday":
            return draw.choice(WEEKDAYS.split("|"))
        case "street":
            return draw.choice(STREETS.split("|"))
    return draw.choice(ROLES.split("|"))


def _dressed(sentence: Sentence, kind: str, draw: random.Random) -> Sentence:
    """As such texts are often set: headlines in capital initials or in capitals, results and names in capitals."""
    chance = draw.random()
    change = None
    if kind == "headlines" and chance < 0.4:
        change = str.capitalize
    elif kind in ("headlines", "matches", "news", "papers") and chance < 0.55:
        change = str.upper
    if change is None:
        return sentence
    inside = {at for start, end, _ in sentence.spans for at in range(start, end)}
    words = [
        word if change is str.capitalize and at in inside else change(word) for at, word in enumerate(sentence.words)
    ]
    return Sentence(words, sentence.spans)
