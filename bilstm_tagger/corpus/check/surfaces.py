"""Words that are annotated in one way here and in another way there."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence

from bilstm_tagger.corpus.check.findings import CheckedFile, Finding, shown
from bilstm_tagger.corpus.check.tags import sentence_tags
from bilstm_tagger.document.document import Document
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.schemes.spans import tags_to_spans
from bilstm_tagger.wording import counted

__all__ = ["check_surfaces"]

AROUND = 2  # words on each side that make a context
SURE = 10  # occurrences in one way, from which on a single other one is suspicious

_Surface = tuple[str, ...]
_Place = tuple[Document, int, int]  # document, first token, end


def check_surfaces(files: Sequence[CheckedFile], task: str, scheme: Scheme) -> Iterator[Finding]:
    """Find surfaces with more than one label (or tag), over all files.

    Names do differ with their context, so most are only counted. The same words in the same context, or one
    deviation from an otherwise unanimous annotation, are worth a look.
    """
    uses = _Uses()
    if scheme is Scheme.NONE:
        uses.add_tags(files, task)
    else:
        uses.add_spans(files, task, scheme)
    ambiguous = uses.ambiguous()
    if not ambiguous:
        return
    ranked = sorted(ambiguous, key=lambda surface: -sum(map(len, ambiguous[surface].values())))
    noun = "word" if scheme is Scheme.NONE else "surface"
    message = f"{task}: {counted(len(ranked), noun)} annotated in more than one way"
    yield Finding("info", "ambiguous", message, shown(_summary(surface, ambiguous[surface]) for surface in ranked))
    contradictions = list(filter(None, (_contradiction(surface, ambiguous[surface]) for surface in ranked)))
    if contradictions:
        message = f"{task}: {counted(len(contradictions), noun)} annotated in two ways between the same words"
        yield Finding("warning", "contradiction", message, shown(contradictions))
    if scheme is not Scheme.NONE:  # of plain tags, one in many is as often rare grammar as a slip
        slips = list(filter(None, (_slip(surface, ambiguous[surface]) for surface in ranked)))
        if slips:
            message = (
                f"{task}: {counted(len(slips), noun)} annotated in one way {SURE} times or more and once otherwise"
            )
            yield Finding("warning", "deviation", message, shown(slips))


class _Uses:
    """Where each surface stands, by label."""

    def __init__(self) -> None:
        self.places: dict[_Surface, dict[str, list[_Place]]] = {}

    def add(self, surface: _Surface, label: str, place: _Place) -> None:
        self.places.setdefault(surface, {}).setdefault(label, []).append(place)

    def add_tags(self, files: Sequence[CheckedFile], task: str) -> None:
        """All words that have several tags; places of the others would take much memory."""
        only: dict[str, str] = {}
        several = {
            word
            for file in files
            for document in file.corpus
            for word, tag in zip(document.words, document.tags_of(task), strict=True)
            if only.setdefault(word, tag) != tag
        }
        for file in files:
            for document in file.corpus:
                for index, (word, tag) in enumerate(zip(document.words, document.tags_of(task), strict=True)):
                    if word in several:
                        self.add((word,), tag, (document, index, index + 1))

    def add_spans(self, files: Sequence[CheckedFile], task: str, scheme: Scheme) -> None:
        """All spans, then the same words where no span is."""
        for file in files:
            for document, start, tags in sentence_tags(file.corpus, task):
                for begin, end, label in tags_to_spans(tags, scheme):
                    place = (document, start + begin, start + end)
                    self.add(tuple(document.words[place[1] : place[2]]), label, place)
        sizes: dict[str, set[int]] = {}
        for surface in self.places:
            if len(surface) > 1 or len(surface[0]) > 1:  # a character alone means little
                sizes.setdefault(surface[0], set()).add(len(surface))
        for file in files:
            for document, start, tags in sentence_tags(file.corpus, task):
                self._add_outside(document, start, tags, sizes)

    def _add_outside(self, document: Document, start: int, tags: list[str], sizes: dict[str, set[int]]) -> None:
        for index, tag in enumerate(tags):
            if tag != "O":
                continue
            for size in sizes.get(document.words[start + index], ()):
                first, end = start + index, start + index + size
                surface = tuple(document.words[first:end])
                if surface in self.places and tags[index : index + size] == ["O"] * size:
                    self.add(surface, "O", (document, first, end))

    def ambiguous(self) -> dict[_Surface, dict[str, list[_Place]]]:
        return {surface: by_label for surface, by_label in self.places.items() if len(by_label) > 1}


def _summary(surface: _Surface, by_label: dict[str, list[_Place]]) -> str:
    counts = Counter({label: len(places) for label, places in by_label.items()})
    return f"{' '.join(surface)!r}: " + ", ".join(f"{label} {count:,}" for label, count in counts.most_common(4))


def _contradiction(surface: _Surface, by_label: dict[str, list[_Place]]) -> str | None:
    """The first two places of a surface that differ though the words around are the same."""
    seen: dict[tuple[_Surface, _Surface], tuple[str, _Place]] = {}
    for label, places in by_label.items():
        for place in places:
            other = seen.setdefault(_context(place), (label, place))
            if other[0] != label:
                return f"{' '.join(surface)!r}: {other[0]} {_where(other[1])}, {label} {_where(place)}"
    return None


def _context(place: _Place) -> tuple[_Surface, _Surface]:
    document, first, end = place
    start, stop = _sentence(document, first)
    words = document.words
    return tuple(words[max(first - AROUND, start) : first]), tuple(words[end : min(end + AROUND, stop)])


def _sentence(document: Document, token: int) -> tuple[int, int]:
    number = bisect_right(document.bounds, token)
    return document.bounds[number - 1], document.bounds[number]


def _slip(surface: _Surface, by_label: dict[str, list[_Place]]) -> str | None:
    if len(by_label) != 2:
        return None
    (rare, places), (usual, others) = sorted(by_label.items(), key=lambda item: len(item[1]))
    if len(places) > 1 or len(others) < SURE:
        return None
    return f"{' '.join(surface)!r}: {usual} {len(others):,}, but {rare} {_where(places[0])}"


def _where(place: _Place) -> str:
    return place[0].where(place[1])
