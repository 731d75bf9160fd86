"""Evaluation: a tagger against a corpus with gold tags."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from bilstm_tagger.corpus.corpus import Corpus
from bilstm_tagger.corpus.formats import format_of
from bilstm_tagger.corpus.reading import refuse_empty
from bilstm_tagger.corpus.trained import other_columns, read_available, spec_as_trained
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import ConfigError, CorpusError
from bilstm_tagger.evaluation.bootstrap import RESAMPLES, check_resamples
from bilstm_tagger.evaluation.counting import check_aligned, headline, score_task
from bilstm_tagger.evaluation.partial import unannotated_notes
from bilstm_tagger.evaluation.scores import SpanScores, TagScores, nothing_to_find
from bilstm_tagger.evaluation.trained_on import trained_on
from bilstm_tagger.schemes.grammar import UNKNOWN, Scheme
from bilstm_tagger.tagging.opened import opened
from bilstm_tagger.tagging.warm_up import warm_up
from bilstm_tagger.wording import some_of

if TYPE_CHECKING:
    from bilstm_tagger.tagging.tagger import Tagger

__all__ = ["Columns", "Evaluation", "SpanScores", "TagScores", "evaluate", "headline", "score_task"]

Columns = Mapping[str, int | str] | int | str


_Scores = TypeVar("_Scores", bound="_TaskScores", covariant=True)


class _TaskScores(Protocol):
    """The scores of one task, of whatever kind."""

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        ...


@dataclass(frozen=True, slots=True)
class Scored(Generic[_Scores]):
    """Scores on a corpus, of spans and tags or of raw text.

    Attributes:
        tasks: the scores of each task that the corpus has tags for.
        documents: number of documents.
        sentences: number of sentences.
        tokens: number of tokens.
        seconds: time that tagging took; None if the tags were there already.
        notes: what the reader should know: that the model was trained on the corpus, tasks left out, labels the model
            never saw, tasks without a gold span.
    """

    tasks: Mapping[str, _Scores]
    documents: int
    sentences: int
    tokens: int
    seconds: float | None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Adds the notes that follow from the scores."""
        object.__setattr__(self, "notes", tuple(dict.fromkeys([*self.notes, *nothing_to_find(self.tasks)])))

    @property
    def tokens_per_second(self) -> float | None:
        """The speed of tagging; None if the tags were there already."""
        return None if self.seconds is None else self.tokens / max(self.seconds, 1e-9)

    def to_json(self) -> dict[str, Any]:
        """Plain values for machines."""
        return {
            "tasks": {task: scores.to_json() for task, scores in self.tasks.items()},
            "documents": self.documents,
            "sentences": self.sentences,
            "tokens": self.tokens,
            "seconds": self.seconds,
            "tokens_per_second": self.tokens_per_second,
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True)
class Evaluation(Scored[SpanScores | TagScores]):
    """Scores of a tagger on a corpus.

    Attributes:
        gold: the documents with the true tags.
        predicted: the same documents with the tags that were scored.
        known: the words of the training data; None where they are not known.
    """

    gold: Sequence[Document] = field(default=(), repr=False, compare=False)
    predicted: Sequence[Document] = field(default=(), repr=False, compare=False)
    known: frozenset[str] | None = field(default=None, repr=False, compare=False)


def evaluate(
    tagger: Tagger | str | Path,
    corpus: str | Path | Sequence[Document],
    *,
    columns: Columns | None = None,
    format: str | None = None,
    names: Sequence[str] | None = None,
    word_column: int | str | None = None,
    reading: Mapping[str, Any] | None = None,
    probabilities: bool = False,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Evaluation:
    """Tag a corpus and compare with its gold tags.

    The corpus may spell spans in another scheme than the model's training data.

    Args:
        tagger: a tagger, or the model folder or name of one, as for `Tagger.load`.
        corpus: a file, read as the training data was unless told otherwise, or documents with gold tags.
        columns: where the gold tags are, by task, or just the column if the model has one task.
        format: name of the file's format, if its suffix does not tell it.
        names: names of the file's columns.
        word_column: the column of the words.
        reading: further fields of the file's `ReadSpec`, such as `labels`.
        probabilities: whether gold and predicted tags are to have probabilities, by which errors are sorted.
        resamples: how often sentences are drawn anew for the 95 % intervals of the scores, at least 100; 0 for no
            intervals.
        seed: chooses these draws.

    Returns:
        Scores of all tasks that the corpus has tags for.

    Raises:
        ConfigError: `columns` does not fit the model's tasks, or so few resamples give no interval.
        CorpusError: the corpus cannot be read, or has no gold tags of any of the model's tasks.
    """
    check_resamples(resamples)
    tagger = opened(tagger)
    gold, notes = read_gold(
        tagger, corpus, columns=columns, format=format, names=names, word_column=word_column, reading=reading
    )
    warm_up(tagger)
    start = time.perf_counter()
    predicted = list(tagger.pipe(gold, probabilities=True) if probabilities else tagger.pipe(gold))
    seconds = time.perf_counter() - start
    check_aligned(gold, predicted)
    sizes = gold.stats()
    return Evaluation(
        tasks=_score(tagger, gold, predicted, notes, resamples=resamples, seed=seed),
        documents=len(gold),
        sentences=sizes.sentences,
        tokens=sizes.tokens,
        seconds=seconds,
        notes=tuple(notes),
        gold=list(tagger.probabilities_of(gold)) if probabilities else gold,
        predicted=predicted,
        known=tagger.vocab.known,
    )


def read_gold(
    tagger: Tagger,
    corpus: str | Path | Sequence[Document],
    *,
    columns: Columns | None = None,
    format: str | None = None,
    names: Sequence[str] | None = None,
    word_column: int | str | None = None,
    reading: Mapping[str, Any] | None = None,
) -> tuple[Corpus, list[str]]:
    """Gold tags of a tagger's tasks, spelled in its schemes, and notes: on tasks that are left out, and on a corpus
    that the tagger was trained on.

    Arguments and errors as for `evaluate`.
    """
    if isinstance(corpus, str | Path):
        given = _columns_by_task(tagger, columns)
        documents, told = _read(
            tagger, Path(corpus), columns=given, format=format, names=names, word_column=word_column, reading=reading
        )
    else:
        documents = Corpus(corpus)
        absent = [task for task in tagger.tasks if task not in documents.tasks]
        told = _notes(dict.fromkeys(absent, "not every document has gold tags of it"))
    gold = _gold(tagger, documents)
    if isinstance(corpus, str | Path) and (learnt := trained_on(tagger.info, corpus, documents)):
        told = [learnt, *told]
    return gold, [*told, *unannotated_notes(gold)]


def refuse_strange_labels(tagger: Tagger, gold: Corpus) -> None:
    """Refuse gold tags that say nothing of a model, since it gives none of them.

    Args:
        tagger: the model.
        gold: what `read_gold` gave for it.

    Raises:
        CorpusError: none of the labels, or of the plain tags, of a task is one of the model.
    """
    for task in gold.tasks:
        if gold.schemes[task] is Scheme.NONE:
            there = {tag for document in gold for tag in document.tags_of(task)} - {UNKNOWN}
        else:
            there = {span.label for document in gold for span in document.spans_of(task)}
        known = set(_labels(tagger, task))
        if there and not there & known:
            raise CorpusError(
                f"{task}: the model gives none of the labels here ({some_of(there)}) but {some_of(known)}; name "
                f"another --column, or rename them, --map {min(there)}={min(known)}"
            )


def _labels(tagger: Tagger, task: str) -> list[str]:
    """The labels, of plain tags the tags, that the model gives; that of a span once for each of its tags."""
    tags = tagger.vocab.tags[task]
    return list(tags) if tagger.schemes[task] is Scheme.NONE else [tag[2:] for tag in tags if tag != "O"]


def _columns_by_task(tagger: Tagger, columns: Columns | None) -> dict[str, int | str]:
    """The columns that were named, by task."""
    if columns is None:
        return {}
    if isinstance(columns, int | str):
        if len(tagger.tasks) > 1:
            named = " or ".join(f"{task}={columns}" for task in tagger.tasks)
            raise ConfigError(f"column {columns}: of which task? The model has several, so write {named}")
        return {tagger.tasks[0]: columns}
    for task in columns:
        if task not in tagger.tasks:
            raise ConfigError(f"column for task {task!r}: the model has only {', '.join(tagger.tasks)}")
    return dict(columns)


def _read(
    tagger: Tagger,
    path: Path,
    *,
    columns: Mapping[str, int | str],
    format: str | None,
    names: Sequence[str] | None,
    word_column: int | str | None,
    reading: Mapping[str, Any] | None,
) -> tuple[Corpus, list[str]]:
    """The corpus with the gold tags of all tasks in the file; why others are left out, and what is elsewhere."""
    refuse_empty(path)
    as_trained = partial(spec_as_trained, tagger.reading, path, format=format, names=names, word_column=word_column)
    spec, left_out = as_trained(columns=columns)
    spans = [task for task in tagger.tasks if tagger.schemes[task] is not Scheme.NONE]
    if format_of(path, spec.format).only_spans:
        if len(spans) == 1 and not columns:
            spec, left_out = as_trained(columns={spans[0]: -1})
        left_out |= {task: f"{path.name} has spans alone" for task in left_out if task not in spans}
    spec = spec.replace(**(reading or {}))
    if not spec.columns:
        raise CorpusError(f"{path}: nothing to compare with; {'; '.join(_notes(left_out))}")
    others = other_columns(path, spec, spans=spans)
    others |= {task: [] for task in columns}
    found = read_available(path, spec, required=columns, others=others)
    places = {task: "the last column" if at == -1 else f"column {at}" for task, at in found.elsewhere.items()}
    told = [f"{task} is read from {place}, since nothing is called as in training" for task, place in places.items()]
    return found.corpus, [*_notes(left_out | found.missing), *told]


def _notes(left_out: Mapping[str, str]) -> list[str]:
    return [f"{task} is left out: {reason}" for task, reason in left_out.items()]


def _gold(tagger: Tagger, corpus: Corpus) -> Corpus:
    """The corpus with the tags of the model's tasks alone, spelled in its schemes."""
    if not any(map(len, corpus)):
        raise CorpusError("there is no token to evaluate on")
    tasks = [task for task in tagger.tasks if task in corpus.tasks]
    if not tasks:
        wanted = " or ".join(tagger.tasks)
        raise CorpusError(f"the documents have no gold tags of {wanted}; name their task as the model does")
    gold = corpus.only(tasks)
    for task in tasks:
        gold = gold.settle_as(task, tagger.schemes[task])
    return gold


def _score(
    tagger: Tagger, gold: Corpus, predicted: Sequence[Document], notes: list[str], *, resamples: int, seed: int
) -> dict[str, SpanScores | TagScores]:
    """Scores by task; `notes` learns of gold labels that the model never saw."""
    scores: dict[str, SpanScores | TagScores] = {}
    for task in gold[0].tags:
        labels = _labels(tagger, task)
        scores[task] = score_task(
            gold, predicted, task, known=tagger.vocab.known, labels=labels, resamples=resamples, seed=seed
        )
        if unseen := scores[task].unseen_labels:
            listed = ", ".join(f"{label} ({count})" for label, count in unseen.items())
            notes.append(f"{task}: the model never saw {listed}, which count as missed")
    return scores
