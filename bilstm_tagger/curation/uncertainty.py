"""How unsure a model is of the spans of a sentence.

The measure is the number of mistakes that the model expects to make, by its exact probabilities: a span that it finds
is wrong with one minus its probability, ends included, and a token that it leaves outside belongs to a span with one
minus the probability of `O`. Tokens that are plainly outside add nothing. A measure over all tokens is mostly about
them, such as the probability of the best tag sequence (MNLP; Shen et al. 2018, "Deep active learning for named entity
recognition").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bilstm_tagger.document.document import Document
from bilstm_tagger.schemes.spans import tags_to_spans

__all__ = ["Doubt", "doubts", "uncertainty"]

LEAST = 1e-3  # probability of a mistake under which a token is left out
POWER = 0.25  # of the length; see benchmarks/curation/suggest.py


@dataclass(frozen=True, slots=True)
class Doubt:
    """A mistake that may be there.

    Attributes:
        text: the words it is about, in lower case.
        probability: that the model is wrong about them.
    """

    text: str
    probability: float


def doubts(document: Document, sentence: int, task: str) -> list[Doubt]:
    """The mistakes that a model may have made in a sentence.

    Args:
        document: tagged, with probabilities.
        sentence: number of the sentence.
        task: a task with spans.
    """
    first, last = document.bounds[sentence : sentence + 2]
    words = [word.lower() for word in document.words[first:last]]
    known = document.probabilities[task]
    outside = known.marginals[first:last, known.tags.index("O")].tolist()
    spans = tags_to_spans(document.tags_of(task)[first:last], document.schemes[task])
    inside = {index for start, end, _ in spans for index in range(start, end)}
    found = [
        Doubt(" ".join(words[start:end]), 1 - probability)
        for start, end, label in spans
        if (probability := known.span(first + start, first + end, label)) is not None
    ]
    found += [Doubt(words[index], 1 - out) for index, out in enumerate(outside) if index not in inside]
    return [doubt for doubt in found if doubt.probability >= LEAST]


def uncertainty(found: Sequence[Doubt], length: int, *, power: float = POWER) -> float:
    """The expected mistakes of a sentence in relation to its length.

    Args:
        found: the doubts about it.
        length: its tokens.
        power: of the length. With 1 short sentences win, which teach most per token; with 0 long ones, which teach most
            per sentence.
    """
    return sum(doubt.probability for doubt in found) / float(length**power)
