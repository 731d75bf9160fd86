"""Judging an annotated corpus by models that have not seen what they judge."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from bilstm_tagger.corpus.corpus import Corpus
from bilstm_tagger.corpus.split import sentence_document
from bilstm_tagger.curation.opinions import Opinion, opinions
from bilstm_tagger.curation.places import Place, places, rank
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import ConfigError, CorpusError, choose
from bilstm_tagger.io.atomic import atomic_write
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.schemes.spans import SpanTuple
from bilstm_tagger.settings.schema import Settings
from bilstm_tagger.tagging.opened import opened
from bilstm_tagger.tagging.tagger import Tagger
from bilstm_tagger.training.folds import fold_taggers
from bilstm_tagger.training.progress import Progress
from bilstm_tagger.training.sources import read_sources, settle_sources

__all__ = ["Review", "review_by_folds", "review_by_model", "reviewed_task"]

RUN = "review.json"  # in a folder of checkpoints: what they were made from

FoldListener = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Review:
    """What is doubtful in a corpus.

    Attributes:
        corpus: the corpus, its task settled.
        task: the task that was judged.
        ranked: the places where annotation and model disagree, the likeliest errors first, each with its score.
        judged: number of annotated spans that were judged.
        agreed: number of those that the model finds too.
        unknown: number of annotated spans with a label that the model does not know, which were not.
        foreign: number of spans, by label, that the model finds where nothing is annotated and that are not ranked,
            since the corpus never has the label.
    """

    corpus: Corpus
    task: str
    ranked: list[tuple[float, Place]] = field(default_factory=list)
    judged: int = 0
    agreed: int = 0
    unknown: int = 0
    foreign: Counter[str] = field(default_factory=Counter)


def review_by_model(tagger: Tagger | str | Path, corpus: Corpus, task: str) -> Review:
    """Judge a corpus by a model.

    Args:
        tagger: a tagger, or the model folder or name of one, as for `Tagger.load`; it must not have been trained on
            the corpus, or it will find its errors right.
        corpus: the corpus, spelled in the scheme of the tagger.
        task: a task with spans.
    """
    return _review(corpus, task, opinions(opened(tagger), _numbered(corpus), task))


def review_by_folds(
    settings: Settings,
    *,
    folds: int,
    task: str | None = None,
    folder: Path | None = None,
    resume: bool = False,
    progress: Progress | None = None,
    listener: FoldListener | None = None,
) -> Review:
    """Judge the training data of some settings: each fold by a model trained on the others.

    Args:
        settings: those of each training.
        folds: number of folds, at least 2.
        task: a task with spans; the first one if None.
        folder: where the trainings keep their checkpoints, so that an interrupted review can go on; a temporary folder
            if None.
        resume: whether `folder` may hold a review that was interrupted.
        progress: hears of every step and epoch.
        listener: hears of each fold that has been judged, counted from 1.

    Raises:
        ConfigError: `folder` holds a review of other settings or other data, or is not to be resumed.
        CorpusError: there is nothing to judge, or too little to divide.
    """
    sources = settle_sources(settings, read_sources(settings, aside=False))
    known = {name: source.train.schemes[name] for source in sources for name in source.tasks}
    chosen = reviewed_task(known, task)
    source = next(source for source in sources if chosen in source.tasks)
    if folder is not None:
        run = {"settings": settings.model_dump(mode="json"), "data": source.train.digest(), "folds": folds}
        _claim(folder, run, resume=resume)
    # A fold may be too small to tell the scheme, which is known from the whole.
    tasks = {name: each.model_copy(update={"scheme": str(known[name])}) for name, each in settings.tasks.items()}
    only = settings.model_copy(update={"tasks": {name: tasks[name] for name in source.tasks}})
    parts = Corpus(_numbered(source.train), source.train.schemes)
    found: list[Opinion] = []
    runs = fold_taggers(only, [replace(source, train=parts)], folds=folds, folder=folder, progress=progress)
    for number, (tagger, held_out) in enumerate(runs, 1):
        found += opinions(tagger, held_out[0], chosen)
        if listener is not None:
            listener(number)
    found.sort(key=lambda opinion: _numbers(opinion.key))
    return _review(source.train, chosen, found)


def reviewed_task(schemes: Mapping[str, Scheme], task: str | None) -> str:
    """The task to judge: the one that is named, or else the first one with spans.

    Args:
        schemes: the schemes of the tasks that there are.
        task: the name, if there is one.

    Raises:
        ConfigError: there is no such task, or it has no spans.
    """
    spans = [name for name, scheme in schemes.items() if scheme is not Scheme.NONE]
    if not spans or task not in (None, *spans):
        what = "no task has spans" if task is None else f"no task {task!r} with spans"
        known = ", ".join(f"{name} ({scheme})" for name, scheme in schemes.items())
        meant = f"{choose(task, spans)}; " if task and spans else ""
        raise ConfigError(f"{what}, and spans are what is judged; {meant}tasks: {known}; is it the right --column?")
    return task or spans[0]


def _claim(folder: Path, run: dict[str, Any], *, resume: bool) -> None:
    """Refuse checkpoints of another review."""
    path = folder / RUN
    if path.exists():
        if not resume:
            raise ConfigError(f"{folder}: holds a review that was interrupted; --resume continues it, or delete it")
        try:
            same = json.loads(path.read_text("utf-8")) == run
        except ValueError:
            same = False
        if not same:
            raise ConfigError(f"{folder}: holds a review of other data or with other settings; delete it")
        return
    folder.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as stream:
        stream.write(json.dumps(run))


def _numbered(corpus: Iterable[Document]) -> list[Document]:
    """Each sentence with tokens as a document whose `id` tells its place."""
    parts = []
    for number, document in enumerate(corpus):
        for sentence, (first, last) in enumerate(pairwise(document.bounds)):
            if first < last:
                part = sentence_document(document, sentence)
                part.id = f"{number}.{sentence}"
                parts.append(part)
    return parts


def _numbers(key: str) -> tuple[int, ...]:
    return tuple(map(int, key.split(".")))


def _review(corpus: Corpus, task: str, found: Iterable[Opinion]) -> Review:
    judged = list(found)
    labels = {span[2] for opinion in judged for span in opinion.given}
    foreign = [set(_foreign(opinion, labels)) for opinion in judged]
    judged = [
        replace(each, found={span: value for span, value in each.found.items() if span not in spans})
        for each, spans in zip(judged, foreign, strict=True)
    ]
    given = [probability for opinion in judged for probability in opinion.given.values()]
    if not judged:
        raise CorpusError("there is no token to judge")
    ranked = rank([place for opinion in judged for place in places(opinion)])
    unknown = sum(probability is None for probability in given)
    agreed = sum(span in opinion.found for opinion in judged for span in opinion.given)
    counts = Counter(label for spans in foreign for _, _, label in spans)
    return Review(corpus, task, ranked, len(given) - unknown, agreed, unknown, counts)


def _foreign(opinion: Opinion, labels: Collection[str]) -> Iterator[SpanTuple]:
    """Spans of the model apart from all that is annotated, with a label that nobody gave in the corpus."""
    for span in opinion.found:
        start, end, label = span
        if label not in labels and all(end <= other[0] or other[1] <= start for other in opinion.given):
            yield span
