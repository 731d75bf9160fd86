"""Rules that bring corpora to one convention: nationalities are MISC, titles stand outside of names."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable

from benchmarks.recipes.demonyms import DEMONYMS
from benchmarks.recipes.text import Document, Sentence, Span, Steps, spans_of

_TITLES = """
Mr Mr. Mrs Mrs. Ms Ms. Miss Messrs. Dr Dr. Doctor Prof. Professor Sir Lady Lord Madame Madam Mme Mme. Monsieur M.
Mlle Captain Capt. Colonel Col. General Gen. Major Maj. Lieutenant Lt. Lt Sergeant Sgt. Corporal Private Admiral
Commander President Vice Minister Prime Chancellor Senator Sen. Representative Rep. Congressman Governor Gov. Mayor
Judge Justice Chief Secretary Chairman Director Ambassador Rev. Rev Reverend Father Brother Sister Bishop Archbishop
Cardinal Dean Uncle Aunt Cousin Grandma Grandpa Mistress Master Dame Squire Count Countess Baron Baroness Hon.
Detective Officer Coach Inspector Superintendent Constable Monsignor Nurse Herr Frau Signor Signora Don Doña
Attorney Solicitor
"""
TITLES = frozenset(_TITLES.split())
_NAMES_TOO = """
Christian Norman Roman German Scot Dane French English Welsh Pole Finn Dutch Latin
"""
NAMES_TOO = frozenset(_NAMES_TOO.split())
_SMALL = """
the a an old poor little young dear good my his her our your their this that
"""
SMALL = frozenset(_SMALL.split())
JOINED = re.compile(r"^\w+(?:[-/'’.]\w+)+\.?$")
TOPIC = re.compile(r"^[#$]\w")  # `#London`, which the tokeniser reads as two words


def is_demonym(words: Iterable[str]) -> bool:
    """Whether words name a nationality, a people or a language, such as `South Korean` or `Iraqi - British`."""
    parts = [part for word in words for part in re.split(r"[-–/]", word) if part]
    if not parts or parts[-1] not in DEMONYMS:
        return False
    prefixes = {"North", "South", "East", "West", "Central", "Anglo", "Afro", "Non", "Old", "Middle", "Modern", "Latin"}
    return all(part in DEMONYMS or part in prefixes for part in parts)


def without_titles(sentence: Sentence, span: Span) -> Span | None:
    """The name without articles and titles before it; None if nothing else is there."""
    start, end, label = span
    while start < end:
        word = sentence.words[start]
        if not (word in SMALL or (label == "PER" and (word in TITLES or word == "."))):
            return start, end, label
        start += 1
    return None


def harmonise(documents: Iterable[Document], steps: Steps) -> list[Document]:
    """Nationalities become MISC; articles and titles leave the names."""
    found = []
    for document in documents:
        changed = []
        for sentence in document:
            spans = []
            for span in sentence.spans:
                if _is_nationality(sentence, span):
                    steps.count("nationality made MISC")
                    span = (span[0], span[1], "MISC")
                shorter = without_titles(sentence, span)
                if shorter is None:
                    steps.count("title alone, no name")
                    continue
                steps.count("article or title left out of a name", shorter != span)
                spans.append(shorter)
            changed.append(Sentence(sentence.words, spans))
        found.append(changed)
    return found


def _is_nationality(sentence: Sentence, span: Span) -> bool:
    words = [word.capitalize() if word.isupper() else word for word in sentence.words[span[0] : span[1]]]
    return span[2] in ("LOC", "PER") and is_demonym(words) and not (span[2] == "PER" and set(words) <= NAMES_TOO)


def join_handles(documents: Iterable[Document], steps: Steps, *, seed: int) -> list[Document]:
    """In half of the tweets `@ handle` is one word and no name, as the tokeniser reads raw text."""
    draw = random.Random(seed)
    return [
        [_join_handles(sentence, steps) if draw.random() < 0.5 else sentence for sentence in document]
        for document in documents
    ]


def _join_handles(sentence: Sentence, steps: Steps) -> Sentence:
    words: list[str] = []
    tags: list[str] = []
    pairs = zip(sentence.words, sentence.tags, strict=True)
    for word, tag in pairs:
        if word == "@" and (after := next(pairs, None)) is not None:
            words.append(word + after[0])
            tags.append("O")
            steps.count("handle made one word and no name")
        else:
            words.append(word)
            tags.append(tag)
    return _from_tags(words, tags)


def recut(
    documents: Iterable[Document], split: Callable[[str], list[str]], steps: Steps, *, seed: int, share: float = 0.5
) -> list[Document]:
    """Cut a share of the words that the tokeniser would cut in raw text; tags continue over the parts.

    A word outside of names that has a capital is left whole, since its parts may be names (`London-based`), but for
    topics of tweets (`#London`).
    """
    draw = random.Random(seed)
    cuts: dict[str, list[str]] = {}
    found = []
    for document in documents:
        changed = []
        for sentence in document:
            words: list[str] = []
            tags: list[str] = []
            for word, tag in zip(sentence.words, sentence.tags, strict=True):
                parts = [word]
                if TOPIC.match(word) or (JOINED.match(word) and (tag != "O" or word.islower())):
                    parts = cuts.get(word) or cuts.setdefault(word, split(word))
                if len(parts) > 1 and draw.random() < share:
                    steps.count("word cut as in raw text")
                    words += parts
                    tags += [tag, *[tag.replace("B-", "I-")] * (len(parts) - 1)]
                else:
                    words.append(word)
                    tags.append(tag)
            changed.append(_from_tags(words, tags))
        found.append(changed)
    return found


def resplit(
    documents: Iterable[Document], ends: Callable[[str], list[int]], steps: Steps, *, seed: int, share: float = 0.5
) -> list[Document]:
    """End a share of the sentences where they would end in raw text as well; never inside a name.

    Args:
        documents: to be split.
        ends: character offsets behind the sentences of a text.
        steps: counts the new ends.
        seed: of the drawing.
        share: of the sentences that are looked at.
    """
    draw = random.Random(seed)
    found = []
    for document in documents:
        changed: Document = []
        for sentence in document:
            cuts = _cuts(sentence, ends) if draw.random() < share else []
            steps.count("sentence ended as in raw text", len(cuts))
            for start, end in zip([0, *cuts], [*cuts, len(sentence.words)], strict=True):
                inside = [(a - start, b - start, label) for a, b, label in sentence.spans if start <= a < end]
                changed.append(Sentence(sentence.words[start:end], inside))
        found.append(changed)
    return found


def _cuts(sentence: Sentence, ends: Callable[[str], list[int]]) -> list[int]:
    """Numbers of the words before which a sentence of the raw text begins, without those inside names."""
    starts = {}
    at = 0
    for number, word in enumerate(sentence.words):
        starts[at] = number
        at += len(word) + 1
    inside = {number for start, end, _ in sentence.spans for number in range(start + 1, end)}
    cuts = [starts[end + 1] for end in ends(" ".join(sentence.words)) if end + 1 in starts]
    return [cut for cut in cuts if cut not in inside]


def swap_names(documents: Iterable[Document], steps: Steps, *, seed: int, share: float) -> list[Document]:
    """The sentences with names, a share of their names replaced by others of the same label from the same documents."""
    draw = random.Random(seed)
    documents = list(documents)
    names: dict[str, list[list[str]]] = {}
    for document in documents:
        for sentence in document:
            for start, end, label in sentence.spans:
                names.setdefault(label, []).append(sentence.words[start:end])
    found = []
    for document in documents:
        changed = []
        for sentence in document:
            words: list[str] = []
            spans: list[Span] = []
            at = 0
            for start, end, label in sentence.spans:
                words += sentence.words[at:start]
                name = sentence.words[start:end]
                if draw.random() < share:
                    name = draw.choice(names[label])
                    steps.count("name replaced by another of its label")
                spans.append((len(words), len(words) + len(name), label))
                words += name
                at = end
            changed.append(Sentence(words + sentence.words[at:], spans))
        found.append(changed)
    return found


def _from_tags(words: list[str], tags: list[str]) -> Sentence:
    return Sentence(words, spans_of(tags))
