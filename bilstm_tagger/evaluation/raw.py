"""Scores from raw text: the text of a corpus is cut by the model's own tokeniser, and spans of characters are compared.

What is sent to a tagger is text, not gold tokens. Where a corpus keeps its text, each sentence is the text that it was;
else its words are joined by blanks. Plain tags are compared token by token, a token and its tag being right only if its
ends are right too, as in the shared tasks on raw text (Zeman et al. 2018).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bilstm_tagger.document.document import Document
from bilstm_tagger.document.views import Sentence
from bilstm_tagger.evaluation.evaluate import Columns, Scored, read_gold
from bilstm_tagger.evaluation.partial import comparable_spans
from bilstm_tagger.evaluation.scores import Score
from bilstm_tagger.evaluation.strict import strict_spans
from bilstm_tagger.schemes.grammar import UNKNOWN, Scheme

if TYPE_CHECKING:
    from bilstm_tagger.tagging.tagger import Tagger

Places = set[tuple[int, int, str]]  # start and end (exclusive) in characters of the sentence's text, label or tag


@dataclass(frozen=True, slots=True)
class RawScores:
    """How well the spans, or the tokens with their tags, of raw text were found.

    Attributes:
        scheme: the scheme of the tags; of plain tags each token counts as a span.
        labels: score of each label or tag that is in gold or was predicted, sorted.
        micro: score of all together.
        tokens: how the tokeniser cut the text, against the gold tokens.
    """

    scheme: Scheme
    labels: dict[str, Score]
    micro: Score
    tokens: Score

    @property
    def headline(self) -> float:
        """The one number: micro F1."""
        return self.micro.f1

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "kind": "raw",
            "headline": self.headline,
            "scheme": str(self.scheme),
            "micro": self.micro.to_json(),
            "labels": {label: score.to_json() for label, score in self.labels.items()},
            "tokens": self.tokens.to_json(),
        }


@dataclass(frozen=True, slots=True)
class RawEvaluation(Scored[RawScores]):
    """Scores of a tagger on the text of a corpus."""


def evaluate_raw(
    tagger: Tagger,
    corpus: str | Path | Sequence[Document],
    *,
    columns: Columns | None = None,
    format: str | None = None,
    reading: Mapping[str, Any] | None = None,
) -> RawEvaluation:
    """Tag the text of a corpus, as its words stand there or joined by blanks, and compare characters.

    Arguments and errors as for `evaluate`.
    """
    gold, notes = read_gold(tagger, corpus, columns=columns, format=format, reading=reading)
    start = time.perf_counter()
    predicted = tag_raw(tagger, gold)
    seconds = time.perf_counter() - start
    tasks = {task: score_raw(gold, predicted, task) for task in gold[0].tags}
    sizes = gold.stats()
    return RawEvaluation(tasks, len(gold), sizes.sentences, sizes.tokens, seconds, tuple(notes))


def tag_raw(tagger: Tagger, gold: Sequence[Document]) -> list[Document]:
    """Tag the text of each gold sentence as a text of its own.

    Args:
        tagger: the tagger, which tokenises.
        gold: documents with sentences.

    Returns:
        One document for each sentence that has a token, in order.
    """
    return list(tagger.pipe([text for _, text, _ in _sentences(gold)]))


def score_raw(gold: Sequence[Document], predicted: Sequence[Document], task: str) -> RawScores:
    """Compare what was found in raw text with the gold tags.

    Args:
        gold: documents with the true tags of `task`.
        predicted: what `tag_raw` gave for them.
        task: name of the task.
    """
    support, guessed, correct = Counter[str](), Counter[str](), Counter[str]()
    cut = Counter[str]()
    sentences = list(_sentences(gold))
    for (sentence, _, starts), found in zip(sentences, predicted, strict=True):
        ends = [start + len(word) for start, word in zip(starts, sentence.words, strict=True)]
        tags = sentence.tags(task)
        scheme = sentence.document.schemes.get(task, Scheme.NONE)
        true, other = _comparable(tags, _places_of(found, task), list(zip(starts, ends, strict=True)), scheme)
        support.update(label for _, _, label in true)
        guessed.update(label for _, _, label in other)
        correct.update(label for _, _, label in true & other)
        tokens, others = set(zip(starts, ends, strict=True)), set(zip(found.starts, found.ends, strict=True))
        cut.update(both=len(tokens & others), predicted=len(others), gold=len(tokens))
    labels = {label: Score(correct[label], guessed[label], support[label]) for label in sorted({*guessed, *support})}
    return RawScores(
        scheme=gold[0].schemes.get(task, Scheme.NONE),
        labels=labels,
        micro=Score(correct.total(), guessed.total(), support.total()),
        tokens=Score(cut["both"], cut["predicted"], cut["gold"]),
    )


def _sentences(gold: Sequence[Document]) -> Iterator[tuple[Sentence, str, list[int]]]:
    """Each sentence that has a token, its text, and where its words begin there."""
    for document in gold:
        for sentence in document.sentences:
            if len(sentence):
                first = sentence.start_char
                starts = [start - first for start in document.starts[sentence.start : sentence.end]]
                yield sentence, sentence.text, starts


def _places_of(document: Document, task: str) -> Places:
    found: Places = set()
    for sentence in document.sentences:
        inside = slice(sentence.start, sentence.end)
        scheme = document.schemes.get(task, Scheme.NONE)
        found |= _places(sentence.tags(task), document.starts[inside], document.ends[inside], scheme)
    return found


def _comparable(
    tags: Sequence[str], told: Places, places: Sequence[tuple[int, int]], scheme: Scheme
) -> tuple[Places, Places]:
    """What of a sentence can be compared, where not all is annotated."""
    if scheme is Scheme.NONE:
        unknown = [place for place, tag in zip(places, tags, strict=True) if tag == UNKNOWN]
        true = {(*place, tag) for place, tag in zip(places, tags, strict=True) if tag != UNKNOWN}
        return true, {each for each in told if not any(each[0] < end and start < each[1] for start, end in unknown)}
    true_spans, told_spans = comparable_spans(tags, sorted(told), scheme, places=places)
    return set(true_spans), set(told_spans)


def _places(tags: Sequence[str], starts: Sequence[int], ends: Sequence[int], scheme: Scheme) -> Places:
    """Spans by characters; of plain tags each token."""
    if scheme is Scheme.NONE:
        return set(zip(starts, ends, tags, strict=True))
    return {(starts[start], ends[end - 1], label) for start, end, label in strict_spans(tags, scheme)}
