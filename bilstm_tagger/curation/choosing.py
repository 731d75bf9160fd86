"""Which sentences to annotate next: those of which a model is least sure, no two of them alike."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise

from bilstm_tagger.corpus.split import sentence_document
from bilstm_tagger.curation.uncertainty import POWER, Doubt, doubts, uncertainty
from bilstm_tagger.document.document import Document
from bilstm_tagger.document.entities import line_finder

__all__ = ["Candidates", "Suggestion"]

POOL = 20  # candidates kept for each sentence that is wanted
FEWEST = 2_000  # candidates that are kept at least
ALIKE = 0.6  # share of common words (Jaccard) from which two sentences are near duplicates
AGAIN = 0.5  # what a doubt counts if it is about words that a chosen sentence has already been chosen for


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A sentence to annotate.

    Attributes:
        document: the sentence as a document of its own, with the tags of the model.
        uncertainty: the mistakes that the model expects in it, in relation to its length.
        start_char: where it begins in the text of its document.
        doubts: what these mistakes would be about.
        line: the line or row of its file that it begins in, as `start_char` counts; None for words without a text.
    """

    document: Document
    uncertainty: float
    start_char: int
    doubts: tuple[Doubt, ...] = ()
    line: int | None = None


class Candidates:
    """The most doubtful sentences of a stream; of all others one number each is kept, to know them again.

    Args:
        count: how many sentences are wanted.
        task: the task with spans whose doubts count.
        power: of the length of a sentence, by which its doubts are divided.

    Attributes:
        sentences: number of sentences that were taken in.
        repeated: number of those that had occurred before.
        annotated: number of those that were annotated already, as `leave_out` was told.
    """

    def __init__(self, count: int, task: str, *, power: float = POWER) -> None:
        self.count = count
        self.power = power
        self.task = task
        self.sentences = 0
        self.repeated = 0
        self.annotated = 0
        self._seen: set[int] = set()
        self._left_out: set[int] = set()
        self._heap: list[tuple[float, int, Suggestion]] = []
        self._size = max(POOL * count, FEWEST)

    def leave_out(self, documents: Iterable[Document]) -> int:
        """Name sentences that are annotated already and are not to be chosen; what is added later is compared.

        A document is compared as a whole too: what was one sentence of a text may be cut into two by itself.

        Args:
            documents: with or without tags.

        Returns:
            How many sentences they have.
        """
        count = 0
        for document in documents:
            parts = [document.words[a:b] for a, b in pairwise(document.bounds) if a < b]
            count += len(parts)
            self._left_out.update(map(_key, parts))
            self._left_out.add(_key(document.words))
        return count

    def add(self, documents: Iterable[Document]) -> None:
        """Take in tagged documents.

        Args:
            documents: with probabilities.
        """
        for document in documents:
            line_of = line_finder(document)
            for number in range(len(document.bounds) - 1):
                first, last = document.bounds[number : number + 2]
                if first == last:
                    continue
                self.sentences += 1
                key = _key(document.words[first:last])
                if key in self._left_out:
                    self.annotated += 1
                    continue
                if key in self._seen:
                    self.repeated += 1
                    continue
                self._seen.add(key)
                self._add(document, number, line_of)

    def _add(self, document: Document, number: int, line_of: Callable[[int], int]) -> None:
        first, last = document.bounds[number : number + 2]
        found = doubts(document, number, self.task)
        score = uncertainty(found, last - first, power=self.power)
        if len(self._heap) == self._size and score <= self._heap[0][0]:
            return
        part = sentence_document(document, number)
        suggestion = Suggestion(part, score, document.starts[first], tuple(found), line_of(first))
        entry = (score, -self.sentences, suggestion)  # of equals the earlier one stays
        if len(self._heap) < self._size:
            heapq.heappush(self._heap, entry)
        else:
            heapq.heapreplace(self._heap, entry)

    def chosen(self) -> list[Suggestion]:
        """The sentences to annotate, the most useful first.

        One after another the most doubtful one is taken. A doubt counts half as much for each sentence that was taken
        before with a doubt about the same words, and what has most words in common with one of those is left out.
        """
        waiting = [(-score, -order, suggestion) for score, order, suggestion in self._heap]
        heapq.heapify(waiting)
        taken: list[Suggestion] = []
        words: list[frozenset[str]] = []
        seen: Counter[str] = Counter()
        while waiting and len(taken) < self.count:
            before, order, suggestion = heapq.heappop(waiting)
            now = -self._worth(suggestion, seen)
            if now > before and waiting and now > waiting[0][0]:
                heapq.heappush(waiting, (now, order, suggestion))  # others come before it now
                continue
            own = frozenset(_bare(suggestion.document.words))
            if any(len(own & other) >= ALIKE * len(own | other) for other in words):
                continue
            taken.append(suggestion)
            words.append(own)
            seen.update({doubt.text for doubt in suggestion.doubts})
        return taken

    def _worth(self, suggestion: Suggestion, seen: Counter[str]) -> float:
        left = [Doubt(each.text, each.probability * AGAIN ** seen[each.text]) for each in suggestion.doubts]
        return uncertainty(left, len(suggestion.document), power=self.power)


def _key(words: Iterable[str]) -> int:
    """A number for the words of a sentence, wherever they are cut."""
    return hash("".join(_bare(words)))


def _bare(words: Iterable[str]) -> list[str]:
    """Words without what makes no difference: case, and which number it is."""
    return ["0" if any(map(str.isdigit, word)) and not any(map(str.isalpha, word)) else word.lower() for word in words]
