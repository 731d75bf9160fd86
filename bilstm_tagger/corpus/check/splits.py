"""Sentences that stand more than once, and what later files have that the first one lacks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise

from bilstm_tagger.corpus.check.findings import CheckedFile, Finding, shown
from bilstm_tagger.schemes.grammar import parse
from bilstm_tagger.wording import counted

__all__ = ["check_splits"]

# Shorter sentences are repeated in every language: greetings, headings, "Thank you very much".
STOCK = 8

_Sentence = tuple[str, ...]


def check_splits(files: Sequence[CheckedFile]) -> Iterator[Finding]:
    """Find duplicates inside files, sentences that several files share, and tags the first file lacks.

    Args:
        files: the files; the first is taken for the training data.
    """
    seen = [_sentences(file) for file in files]
    for file, sentences in zip(files, seen, strict=True):
        yield from _duplicates(file, sentences)
    for (first, left), (second, right) in combinations(zip(files, seen, strict=True), 2):
        yield from _leaks(first, left, second, right)
    for file in files[1:]:
        for task in file.tasks:
            if task in files[0].tasks:
                yield from _unknown_tags(files[0], file, task)


def _sentences(file: CheckedFile) -> dict[_Sentence, list[tuple[int, int]]]:
    """Each distinct sentence with its places: document and first token."""
    places: dict[_Sentence, list[tuple[int, int]]] = {}
    for number, document in enumerate(file.corpus):
        for start, end in pairwise(document.bounds):
            if start < end:
                places.setdefault(tuple(document.words[start:end]), []).append((number, start))
    return places


def _where(file: CheckedFile, place: tuple[int, int]) -> str:
    number, start = place
    document = file.corpus[number]
    return document.where(start) if document.path else f"document {number + 1}, {document.where(start)}"


def _duplicates(file: CheckedFile, sentences: dict[_Sentence, list[tuple[int, int]]]) -> Iterator[Finding]:
    twice = {sentence: places for sentence, places in sentences.items() if len(places) > 1}
    for long in (True, False):
        chosen = {sentence: places for sentence, places in twice.items() if (len(sentence) >= STOCK) == long}
        if chosen:
            extra = sum(len(places) - 1 for places in chosen.values())
            repeat = f"{counted(extra, 'sentence')} of {_size(long)} " + ("repeats" if extra == 1 else "repeat")
            examples = (f"{_where(file, places[1])} as {_where(file, places[0])}" for places in chosen.values())
            yield Finding(
                "warning" if long else "info",
                "duplicate",
                f"{file.path}: {repeat} another word for word",
                shown(examples),
            )


def _leaks(
    first: CheckedFile,
    left: dict[_Sentence, list[tuple[int, int]]],
    second: CheckedFile,
    right: dict[_Sentence, list[tuple[int, int]]],
) -> Iterator[Finding]:
    for long in (True, False):
        shared = [sentence for sentence in right if sentence in left and (len(sentence) >= STOCK) == long]
        if shared:
            count = sum(len(right[sentence]) for sentence in shared)
            total = sum(len(places) for sentence, places in right.items() if (len(sentence) >= STOCK) == long)
            share = f"{count:,} of its {counted(total, 'sentence')}"
            message = f"{second.path}: shares {share} of {_size(long)} with {first.path}"
            examples = (f"{_where(second, right[each][0])} as {_where(first, left[each][0])}" for each in shared)
            yield Finding("warning" if long else "info", "leak", message, shown(examples))


def _size(long: bool) -> str:
    return f"{STOCK} or more tokens" if long else f"fewer than {STOCK} tokens"


def _unknown_tags(first: CheckedFile, second: CheckedFile, task: str) -> Iterator[Finding]:
    known, counts = (
        Counter(_name(tag) for document in file.corpus for tag in document.tags_of(task)) for file in (first, second)
    )
    missing = [tag for tag in counts if tag not in known and tag != "O"]
    if missing:
        names = ", ".join(f"{tag!r} ({counts[tag]:,})" for tag in sorted(missing)[:10])
        message = f"{second.path}: {task} has what {first.path} lacks, so that it cannot be learnt: {names}"
        yield Finding("warning", "unknown tag", message)


def _name(tag: str) -> str:
    """The tag without the letter that says where in a span it stands."""
    parsed = parse(tag)
    return tag if parsed is None or not parsed[1] else parsed[1]
