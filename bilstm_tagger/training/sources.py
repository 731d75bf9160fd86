"""The corpora of a run: read as its settings say, repaired, with the schemes of their tasks settled."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import torch

from bilstm_tagger.corpus.corpus import Corpus
from bilstm_tagger.corpus.reading import read_corpus
from bilstm_tagger.corpus.spelling import doubts, unknown_tokens
from bilstm_tagger.errors import ConfigError, CorpusError
from bilstm_tagger.schemes.grammar import UNKNOWN, Scheme
from bilstm_tagger.settings.read_spec import ReadSpec
from bilstm_tagger.settings.schema import Settings, TaskSettings

__all__ = ["Source", "corpora_of", "read_sources", "schemes_of", "settle_sources"]

logger = logging.getLogger("bilstm_tagger")


@dataclass(frozen=True, slots=True)
class Source:
    """Documents with gold tags of some tasks.

    Attributes:
        tasks: names of the tasks.
        train: training documents; the last ones are those replayed.
        dev: documents that early stopping and the best model are judged on.
        replayed: old documents among them, which an earlier model was trained on.
    """

    tasks: list[str]
    train: Corpus
    dev: Corpus
    replayed: Corpus = field(default_factory=Corpus)


def read_sources(settings: Settings, *, aside: bool = True) -> list[Source]:
    """Read the corpora of the settings.

    Args:
        settings: those of the run.
        aside: whether a part of train is set aside where there is no dev corpus.

    Raises:
        ConfigError: a task has no training corpus, or a name that torch has other uses for.
        CorpusError: for files that cannot be read.
    """
    _check_names("feature", settings.features)
    if not settings.tasks:
        raise ConfigError("no task: name one in [tasks.NAME], or take a preset that has one")
    _check_names("task", settings.tasks)
    groups: dict[tuple[str, str | None], list[str]] = {}
    for name, task in settings.tasks.items():
        train, dev = corpora_of(settings, task)
        if train is None:
            raise ConfigError(f"task {name!r} has no training corpus: give --train FILE or tasks.{name}.train")
        groups.setdefault((train, dev), []).append(name)
    return [_read(settings, train, dev, names, aside=aside) for (train, dev), names in groups.items()]


def _check_names(kind: str, names: Iterable[str]) -> None:
    for name in names:
        if not name or "." in name or hasattr(torch.nn.ModuleDict(), name):
            raise ConfigError(
                f"a {kind} cannot be named {name!r}, for torch has other uses for it; choose another name"
            )


def corpora_of(settings: Settings, task: TaskSettings) -> tuple[str | None, str | None]:
    """Tell where a task's train and dev corpora are: its own, or else those of all tasks.

    A shared dev corpus is not taken for a task with a train corpus of its own: it need not have the task's tags.
    """
    return (task.train, task.dev) if task.train else (settings.data.train, task.dev or settings.data.dev)


def _read(settings: Settings, train_path: str, dev_path: str | None, names: list[str], *, aside: bool) -> Source:
    tasks = {name: settings.tasks[name] for name in names}
    spec = ReadSpec.from_settings(settings.data, tasks, settings.features)
    train = read_corpus(train_path, spec=spec)
    if dev_path:
        return Source(names, train, read_corpus(dev_path, spec=spec.replace(split="validation")))
    if not aside:
        return Source(names, train, Corpus())
    train, dev = train.set_aside(settings.data.dev_fraction)
    logger.warning(
        "no dev corpus for %s: set aside %d of %d sentences of train",
        ", ".join(names),
        dev.stats().sentences,
        train.stats().sentences + dev.stats().sentences,
    )
    return Source(names, train, dev)


def settle_sources(settings: Settings, sources: Sequence[Source]) -> list[Source]:
    """Settle the scheme of every task on its training data, and hold dev to it.

    Args:
        settings: those of the run; with `data.repair` impossible tags are made legal first.
        sources: the corpora of the run.

    Raises:
        CorpusError: a tag cannot stand where it stands, with its file and line.
    """
    return [_settle(settings, source) for source in sources]


def _settle(settings: Settings, source: Source) -> Source:
    train, dev = source.train, source.dev
    for task in source.tasks:
        named = settings.tasks[task].scheme
        declared = None if named == "auto" else Scheme(named)
        train = _settle_task(train, task, declared, role="train", repair=settings.data.repair)
        _refuse_unknown(train, task)
        if declared is None:
            for _, message in doubts(train, task, train.schemes[task]):
                logger.warning("%s: %s", task, message)
        dev = _settle_task(dev, task, train.schemes[task], role="dev", repair=settings.data.repair)
    return replace(source, train=train, dev=dev)


def _settle_task(corpus: Corpus, task: str, declared: Scheme | None, *, role: str, repair: bool) -> Corpus:
    if not repair:
        return corpus.settle(task, declared=declared)
    settled, repairs = corpus.repair(task, declared=declared)
    if repairs:
        logger.warning("%s: repaired %s of %s to legal %s", role, repairs, task, settled.schemes[task])
    return settled


def _refuse_unknown(corpus: Corpus, task: str) -> None:
    count, first = unknown_tokens(corpus, task)
    if count:
        raise CorpusError(
            f"{first}: {count:,} of {corpus.stats().tokens:,} tokens are not annotated (tag {UNKNOWN!r}) in task "
            f"{task!r}; annotate them, or leave their sentences out"
        )


def schemes_of(sources: Iterable[Source], tasks: Iterable[str]) -> dict[str, Scheme]:
    """Give for each task, in this order, how its settled training data writes spans."""
    schemes = {task: source.train.schemes[task] for source in sources for task in source.tasks}
    return {task: schemes[task] for task in tasks}
