"""Strict scores of names, and what kind of errors there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Set
from dataclasses import dataclass, field

from benchmarks.recipes.text import Span

KINDS = ("boundary", "type", "missed", "invented")


@dataclass(slots=True)
class Tally:
    """Counts of names.

    Attributes:
        gold: marked names by label.
        guessed: found names by label.
        right: names that are found exactly, by label.
        errors: how many errors of each kind there are.
    """

    gold: Counter[str] = field(default_factory=Counter)
    guessed: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)

    @property
    def f1(self) -> float:
        """Strict F1 in percent over all labels."""
        return _f1(self.right.total(), self.guessed.total(), self.gold.total())

    @property
    def recall(self) -> float:
        """Share of the marked names that are found exactly, in percent."""
        return 100 * self.right.total() / max(self.gold.total(), 1)

    def f1_of(self, label: str) -> float:
        """Strict F1 in percent of one label."""
        return _f1(self.right[label], self.guessed[label], self.gold[label])


def _f1(right: int, guessed: int, gold: int) -> float:
    return 200 * right / max(guessed + gold, 1)


def tally(gold: Iterable[list[Span]], guessed: Iterable[list[Span]], labels: Set[str]) -> Tally:
    """Compare names; found names with a label that is not marked in the text are ignored."""
    found = Tally()
    for true, other in zip(gold, guessed, strict=True):
        _count(found, [span for span in true if span[2] in labels], other, labels)
    return found


def _count(found: Tally, gold: list[Span], other: list[Span], labels: Set[str]) -> None:
    marked = [span for span in other if span[2] in labels]
    found.gold.update(label for _, _, label in gold)
    found.guessed.update(label for _, _, label in marked)
    right = set(gold) & set(marked)
    found.right.update(label for _, _, label in right)
    for span in set(gold) - right:
        near = [each for each in other if _overlap(span, each)]
        same = any(each[:2] == span[:2] for each in near)
        found.errors["type" if same else "boundary" if near else "missed"] += 1
    for span in set(marked) - right:
        if not any(_overlap(span, each) for each in gold):
            found.errors["invented"] += 1


def _overlap(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]
