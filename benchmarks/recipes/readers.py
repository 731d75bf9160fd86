"""Readers of the corpora of names, as they are published; labels become PER, ORG, LOC and MISC."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from benchmarks.recipes.text import Document, Sentence, Span, Steps, longest_first, spans_of

# CrossNER has 39 labels; what is not here is no name (algorithms, fields, tasks, metrics, genres, chemicals).
CROSSNER = {
    **dict.fromkeys(["person", "politician", "writer", "musicalartist", "scientist", "researcher"], "PER"),
    **dict.fromkeys(["organisation", "politicalparty", "band", "university"], "ORG"),
    **dict.fromkeys(["location", "country"], "LOC"),
    **dict.fromkeys(["misc", "event", "election", "award", "conference", "product", "programlang"], "MISC"),
    **dict.fromkeys(["book", "poem", "magazine", "song", "album", "academicjournal", "astronomicalobject"], "MISC"),
}
DOMAINS = ("politics", "science", "music", "literature", "ai")
LITBANK = {"PER": "PER", "ORG": "ORG", "LOC": "LOC", "GPE": "LOC", "FAC": "LOC"}
LONGEST = 120  # words of a sentence of LitBank, some of which are paragraphs
NAMED = {"PER": "PER", "ORG": "ORG", "LOC": "LOC", "MISC": "MISC"}


def read_columns(path: Path, *, separator: str | None = None) -> list[Document]:
    """Documents of a file in columns, the word first and the tag last; `-DOCSTART-` begins a document."""
    documents: list[Document] = [[]]
    words: list[str] = []
    tags: list[str] = []
    for line in [*path.read_text("utf-8").split("\n"), ""]:
        fields = line.rstrip("\r\n").split(separator)
        if line.strip() and fields[0] != "-DOCSTART-":
            words.append(fields[0].strip() or "�")
            tags.append(fields[-1].strip())
            continue
        if words:
            documents[-1].append(Sentence(words, spans_of(tags)))
            words, tags = [], []
        if fields[0:1] == ["-DOCSTART-"]:
            documents.append([])
    return [document for document in documents if document]


def crossner(path: Path, steps: Steps) -> list[Document]:
    """Sentences of one domain, with four labels; each sentence is a document."""
    found = []
    for document in read_columns(path, separator="\t"):
        for sentence in document:
            spans = []
            for start, end, label in sentence.spans:
                if label in CROSSNER:
                    spans.append((start, end, CROSSNER[label]))
                else:
                    steps.count(f"{label} is no name")
            found.append([Sentence(sentence.words, spans)])
    return found


def re_docred(path: Path, steps: Steps) -> list[Document]:
    """Introductions of Wikipedia articles; of names within names the longest is kept."""
    found = []
    for article in json.loads(path.read_text("utf-8")):
        names: list[list[Span]] = [[] for _ in article["sents"]]
        for entity in article["vertexSet"]:
            for mention in entity:
                if mention["type"] in NAMED:
                    names[mention["sent_id"]].append((*mention["pos"], mention["type"]))
                else:
                    steps.count(f"{mention['type']} is no name")
        document = []
        for words, spans in zip(article["sents"], names, strict=True):
            kept = longest_first(spans)
            steps.count("name within a name left out", len(set(spans)) - len(kept))
            document.append(_without_blanks(words, kept))
        found.append(document)
    return found


def _without_blanks(words: list[str], spans: list[Span]) -> Sentence:
    """The sentence without words of white space alone; white space within words is left out."""
    clean = ["".join(word.split()) for word in words]
    before = [0]
    for word in clean:
        before.append(before[-1] + bool(word))
    moved = [(before[start], before[end], label) for start, end, label in spans]
    return Sentence([word for word in clean if word], [span for span in moved if span[0] < span[1]])


def litbank(folder: Path, steps: Steps) -> list[Document]:
    """Beginnings of novels; names are the mentions marked as proper."""
    return [_litbank(path, steps) for path in sorted(folder.glob("*.ann"))]


def _litbank(path: Path, steps: Steps) -> Document:
    text = path.with_suffix(".txt").read_text("utf-8")
    mentions = []
    for line in path.read_text("utf-8").splitlines():
        kind, start, end = line.split("\t")[1].split()
        marked, _, label = kind.partition("_")
        if marked == "PROP" and label in LITBANK:
            mentions.append((int(start), int(end), LITBANK[label]))
        else:
            steps.count("mention that is no name" if marked != "PROP" else f"{label} is not used")
    document = []
    for words, starts, ends in _lines(text):
        spans = []
        for first, last, label in mentions:
            inside = [
                at for at, (start, end) in enumerate(zip(starts, ends, strict=True)) if first < end and start < last
            ]
            if inside:
                spans.append((inside[0], inside[-1] + 1, label))
        kept = longest_first(spans)
        steps.count("name within a name left out", len(set(spans)) - len(kept))
        document.append(Sentence(words, kept))
    return document


def _lines(text: str) -> Iterator[tuple[list[str], list[int], list[int]]]:
    """Words, starts and ends of each line; a long one is cut after a full stop."""
    at = 0
    words: list[str] = []
    starts: list[int] = []
    for line in text.split("\n"):
        place = at
        for word in line.split(" "):
            if word.strip():
                words.append(word)
                starts.append(place)
            place += len(word) + 1
            if len(words) >= LONGEST and word in ".?!;":
                yield words, starts, [start + len(each) for start, each in zip(starts, words, strict=True)]
                words, starts = [], []
        if words:
            yield words, starts, [start + len(each) for start, each in zip(starts, words, strict=True)]
            words, starts = [], []
        at += len(line) + 1


def uner(path: Path) -> list[Document]:
    """Sentences of Universal NER, by document."""
    documents: list[Document] = []
    words: list[str] = []
    tags: list[str] = []
    for line in [*path.read_text("utf-8").split("\n"), ""]:
        if line.startswith("# newdoc") or not documents:
            documents.append([])
        if line and not line.startswith("#"):
            fields = line.split("\t")
            words.append(fields[1])
            tags.append(fields[2])
        elif not line and words:
            documents[-1].append(Sentence(words, spans_of(tags)))
            words, tags = [], []
    return [document for document in documents if document]
