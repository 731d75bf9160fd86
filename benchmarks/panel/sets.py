"""The texts of the panel, each with the names that are marked in it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.recipes import __main__ as recipes
from benchmarks.recipes import gum, readers
from benchmarks.recipes.rules import harmonise
from benchmarks.recipes.text import Document, Sentence, Span, Steps

HERE = Path(__file__).parent
FOUR = frozenset(["PER", "ORG", "LOC", "MISC"])
THREE = FOUR - {"MISC"}


@dataclass(slots=True)
class Item:
    """A sentence, or a whole text that has no gold tokens.

    Attributes:
        text: as it would be sent.
        spans: names by characters of the text.
        words: gold tokens; None where there are none.
        names: names by tokens.
        upos: gold universal parts of speech; None where there are none.
    """

    text: str
    spans: list[Span]
    words: list[str] | None = None
    names: list[Span] = field(default_factory=list)
    upos: list[str] | None = None


@dataclass(slots=True)
class TextSet:
    """One row of the panel.

    Attributes:
        name: in the table.
        items: its sentences or texts.
        labels: the labels that are marked in it; others are ignored. Empty where only parts of speech are.
    """

    name: str
    items: list[Item]
    labels: frozenset[str] = FOUR


def item_of(sentence: Sentence, text: str | None = None, upos: list[str] | None = None) -> Item:
    """A sentence with gold tokens; without a text of its own its words are joined by blanks."""
    starts = _starts(sentence.words, text) if text else None
    if starts is None:
        text = " ".join(sentence.words)
        starts = _starts(sentence.words, text) or []
    spans = [
        (starts[start], starts[end - 1] + len(sentence.words[end - 1]), label) for start, end, label in sentence.spans
    ]
    return Item(text or "", spans, sentence.words, sentence.spans, upos)


def _starts(words: list[str], text: str) -> list[int] | None:
    """Where each word begins in the text; None if the text does not hold them one after the other."""
    starts = []
    at = 0
    for word in words:
        at = text.find(word, at)
        if at < 0:
            return None
        starts.append(at)
        at += len(word)
    return starts


def panel(data: Path, part: str) -> Iterator[TextSet]:
    """The sets of a part, `dev` or `test`.

    Args:
        data: folder with `names/`, `conll2003/` and `ud-english-ewt/`.
        part: `dev` to choose on; `test` to read once.
    """
    names = data / "names"
    conll = data / "conll2003" / {"dev": "valid.txt", "test": "test.txt"}[part]
    yield TextSet("CoNLL-2003, news", _items(readers.read_columns(conll)))
    tweets = recipes.twitter(names, Steps())[part]
    yield TextSet("Broad Twitter", _items(tweets), THREE)
    yield TextSet("Broad Twitter without `@ handle`", _items(map(_without_handles, tweets)), THREE)
    yield TextSet("SEC filings", _items(recipes.filings(names, Steps())[part]))
    if part == "test":
        yield TextSet("UNER English-EWT dev, web", _uner(names), THREE)
        for domain in readers.DOMAINS:
            path = names / "crossner" / f"{domain}-test.tsv"
            yield TextSet(f"CrossNER, {domain}", _items(readers.crossner(path, Steps())))
    else:
        yield TextSet("CrossNER, five domains", _items(recipes.crossner(names, Steps())[part]))
    yield TextSet("GUM, free genres", list(_gum(names, part)), THREE)
    yield TextSet("UD English-EWT", list(_ewt(data, part)), frozenset())
    yield TextSet("own: names with hyphens", list(own("hyphens" if part == "test" else "hyphens-dev")))
    if part == "test":
        yield TextSet("own: texts as people write", list(own("everyday")))


def own(name: str) -> Iterator[Item]:
    """The texts that were written for the panel."""
    for line in (HERE / f"{name}.jsonl").read_text("utf-8").splitlines():
        record = json.loads(line)
        yield Item(record["text"], [(start, end, label) for start, end, label in record["spans"]])


def _items(documents: Iterable[Document]) -> list[Item]:
    return [item_of(sentence) for document in documents for sentence in document]


def _without_handles(document: Document) -> Document:
    """Tweets whose handles are no names and no separate words."""
    found = []
    for sentence in document:
        words: list[str] = []
        tags: list[str] = []
        rows = iter(zip(sentence.words, sentence.tags, strict=True))
        for word, tag in rows:
            after = next(rows, None) if word == "@" else None
            words.append(word if after is None else word + after[0])
            tags.append(tag if after is None else "O")
        found.append(Sentence(words, readers.spans_of(tags)))
    return found


def _uner(names: Path) -> list[Item]:
    return _items(readers.uner(names / "uner-english-ewt" / "dev.iob2"))


def _gum(names: Path, part: str) -> Iterator[Item]:
    for path in recipes.gum_files(names / "gum", part):
        read = gum.read(path, Steps())
        texts = _texts(path.read_text("utf-8"))
        (document,) = harmonise([[sentence for sentence, _ in read]], Steps())
        for sentence, text, (_, upos) in zip(document, texts, read, strict=True):
            yield item_of(sentence, text, upos)


def _ewt(data: Path, part: str) -> Iterator[Item]:
    content = (data / "ud-english-ewt" / f"en_ewt-ud-{part}.conllu").read_text("utf-8")
    for block, text in zip(_blocks(content), _texts(content), strict=True):
        rows = [line.split("\t") for line in block.split("\n") if re.match(r"\d+\t", line)]
        yield item_of(Sentence([row[1] for row in rows], []), text, [row[3] for row in rows])


def _blocks(content: str) -> list[str]:
    return [block for block in content.split("\n\n") if re.search(r"(?m)^\d+\t", block)]


def _texts(content: str) -> list[str]:
    found = []
    for block in _blocks(content):
        match = re.search(r"(?m)^# text = (.*)$", block)
        found.append(match.group(1) if match else "")
    return found


def recased(items: Iterable[Item], change: Callable[[str], str]) -> list[Item]:
    """The items in another case; texts whose length changes with it are left as they are."""
    found = []
    for item in items:
        text = change(item.text)
        words = None if item.words is None else [change(word) for word in item.words]
        found.append(Item(text, item.spans, words, item.names, item.upos) if len(text) == len(item.text) else item)
    return found
