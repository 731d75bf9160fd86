"""The corpora of a run: read as its settings say, repaired, with the schemes of their tasks settled."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from bilstm_tagger.corpus.check.splits import STOCK
from bilstm_tagger.corpus.content import content_of
from bilstm_tagger.corpus.corpus import Corpus
from bilstm_tagger.corpus.formats import unheeded
from bilstm_tagger.corpus.reading import read_corpus
from bilstm_tagger.corpus.spelling import doubts, unknown_tokens
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import ConfigError
from bilstm_tagger.model_folder.build import usable_name
from bilstm_tagger.schemes.grammar import UNKNOWN, Scheme
from bilstm_tagger.settings.read_spec import ReadSpec
from bilstm_tagger.settings.schema import CorpusSettings, Settings, TaskSettings

__all__ = ["Source", "corpora_of", "read_sources", "schemes_of", "settle_sources"]

logger = logging.getLogger("bilstm_tagger")

_SHARED = 0.1  # share of dev in train from which on a warning is due; real corpora repeat a few sentences


@dataclass(frozen=True, slots=True)
class Source:
    """Documents with gold tags of some tasks.

    Attributes:
        tasks: names of the tasks.
        train: training documents; the last ones are those replayed.
        dev: documents that early stopping and the best model are judged on.
        replayed: old documents among them, which an earlier model was trained on.
        options: for each task and each path of its training documents what that corpus does not annotate and how much
            it counts; path "" for all that have none of their own.
        contents: the checksum of each corpus as it was read, by role and path.
    """

    tasks: list[str]
    train: Corpus
    dev: Corpus
    replayed: Corpus = field(default_factory=Corpus)
    options: Mapping[str, Mapping[str, CorpusSettings]] = field(default_factory=dict)
    contents: Mapping[tuple[str, str], str | None] = field(default_factory=dict)

    def option(self, task: str, document: Document) -> CorpusSettings | None:
        """What is special about the corpus of a training document; None if nothing is."""
        options = self.options.get(task, {})
        return options.get(document.path or "", options.get(""))


def read_sources(settings: Settings, *, aside: bool = True) -> list[Source]:
    """Read the corpora of the settings.

    Args:
        settings: those of the run.
        aside: whether a part of train is set aside where there is no dev corpus.

    Raises:
        ConfigError: a task has no training corpus, or a name that torch has other uses for, or a setting of reading
            changes nothing.
        CorpusError: for files that cannot be read.
    """
    _check_names("feature", settings.features)
    if not settings.tasks:
        raise ConfigError("no task: name one in [tasks.NAME], or take a preset that has one")
    _check_names("task", settings.tasks)
    groups: dict[tuple[tuple[str, ...], str | None], list[str]] = {}
    for name, task in settings.tasks.items():
        train, dev = corpora_of(settings, task)
        if not train:
            raise ConfigError(
                f"task {name!r} has no training corpus: set `train` under [data] or [tasks.{name}], or give --train "
                "FILE"
            )
        groups.setdefault((train, dev), []).append(name)
    _refuse_unread(settings)
    _refuse_unheeded(settings, [path for train, dev in groups for path in (*train, dev) if path])
    return [_read(settings, train, dev, names, aside=aside) for (train, dev), names in groups.items()]


def _refuse_unread(settings: Settings) -> None:
    """Refuse shared corpora where all tasks have their own."""
    if not all(task.files for task in settings.tasks.values()):
        return
    task = next(iter(settings.tasks))
    for key in ("train", "dev"):
        if (path := getattr(settings.data, key)) is not None:
            instead = "leave it out"
            if key == "dev":
                instead = (
                    f"set `dev` under [tasks.{task}], or write it behind its training file, --task {task}=TRAIN,DEV"
                )
            raise ConfigError(
                f"data.{key} (or --{key}) is {path}, but no task reads it, since each has its own data; {instead}"
            )


def _refuse_unheeded(settings: Settings, files: Sequence[str]) -> None:
    """Refuse settings of reading that change nothing in any of the files."""
    fields = ReadSpec.from_settings(settings.data, {}, {}).model_dump(exclude_defaults=True)
    if (found := unheeded(files, settings.data.format, fields)) is not None:
        name, formats = found
        raise ConfigError(f"data.{name}: changes nothing in {formats}; leave it out")


def _check_names(kind: str, names: Iterable[str]) -> None:
    for name in names:
        if not usable_name(name):
            raise ConfigError(
                f"a {kind} cannot be named {name!r}, for torch has other uses for it; choose another name"
            )


def corpora_of(settings: Settings, task: TaskSettings) -> tuple[tuple[str, ...], str | None]:
    """Tell where a task's train corpora and dev corpus are: its own, or else those of all tasks.

    A shared dev corpus is not taken for a task with a train corpus of its own: it need not have the task's tags.
    """
    if task.files:
        return task.files, task.dev
    shared = settings.data.train
    return (shared,) if shared else (), task.dev or settings.data.dev


def _read(
    settings: Settings, train_paths: Sequence[str], dev_path: str | None, names: list[str], *, aside: bool
) -> Source:
    tasks = {name: settings.tasks[name] for name in names}
    spec = ReadSpec.from_settings(settings.data, tasks, settings.features)
    options = {name: _options(task) for name, task in tasks.items() if task.corpora or task.unmarked}
    train, contents = _read_all(train_paths, spec)
    if dev_path:
        dev = read_corpus(dev_path, spec=spec.replace(split="validation"))
        _tell_shared(train, dev, dev_path)
        contents["dev", dev_path] = content_of(dev_path, dev)
        return Source(names, train, dev, options=options, contents=contents)
    if not aside:
        return Source(names, train, Corpus(), options=options, contents=contents)
    train, dev = train.set_aside(settings.data.dev_fraction)
    logger.warning(
        "no dev corpus for %s: set aside %d of %d sentences of train",
        ", ".join(names),
        dev.stats().sentences,
        train.stats().sentences + dev.stats().sentences,
    )
    contents["dev", train_paths[0]] = contents["train", train_paths[0]]
    return Source(names, train, dev, options=options, contents=contents)


def _tell_shared(train: Corpus, dev: Corpus, path: str) -> None:
    """Warn of a dev corpus of which much is in train; short sentences, as all texts repeat, count where no other is."""
    sentences = list(_sentences(dev))
    judged = [sentence for sentence in sentences if len(sentence) >= STOCK] or sentences
    there = set(judged).intersection(_sentences(train)) if judged else set()
    count = sum(sentence in there for sentence in judged)
    if count <= _SHARED * len(judged):
        return
    said = "all its sentences are" if count == len(judged) else f"{count:,} of its {len(judged):,} sentences are"
    logger.warning(
        "%s: %s in train too, so scores on dev tell little of new text; bilstm-tagger check TRAIN DEV shows which",
        path,
        said,
    )


def _sentences(corpus: Corpus) -> Iterator[tuple[str, ...]]:
    """The words of each sentence that has any."""
    for document in corpus:
        for start, end in pairwise(document.bounds):
            if start < end:
                yield tuple(document.words[start:end])


def _options(task: TaskSettings) -> dict[str, CorpusSettings]:
    """The options of a task's training corpora by path."""
    shared = CorpusSettings(train="", unmarked=task.unmarked)
    found = {"": shared} if task.unmarked else {}
    for corpus in task.corpora:
        unmarked = (*task.unmarked, *corpus.unmarked)
        found[corpus.train] = CorpusSettings(train=corpus.train, unmarked=unmarked, weight=corpus.weight)
    return found


def _read_all(paths: Sequence[str], spec: ReadSpec) -> tuple[Corpus, dict[tuple[str, str], str | None]]:
    """The documents of all training corpora, and the checksum of each.

    Where there are several corpora, each document knows which it is from.
    """
    corpora = {path: read_corpus(path, spec=spec) for path in paths}
    contents = {("train", path): content_of(path, corpus) for path, corpus in corpora.items()}
    if len(paths) == 1:
        return corpora[paths[0]], contents
    documents: list[Document] = []
    for path in paths:
        for document in corpora[path]:
            document.path = path
            documents.append(document)
    return Corpus(documents), contents


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
        _tell_unknown(train, task)
        if declared is None:
            for _, message in doubts(train, task, train.schemes[task]):
                logger.warning("%s: %s", task, message)
        dev = _settle_task(dev, task, train.schemes[task], role="dev", repair=settings.data.repair)
        if len(dev) and dev.has_spans(task) and _is_bare(dev, task):
            logger.warning("%s: dev has no span to find, so its F1 is 0 in every epoch and cannot tell the best", task)
    return replace(source, train=train, dev=dev)


def _is_bare(corpus: Corpus, task: str) -> bool:
    """Whether no span of a task is annotated."""
    return all(tag in ("O", UNKNOWN) for document in corpus for tag in document.tags_of(task))


def _settle_task(corpus: Corpus, task: str, declared: Scheme | None, *, role: str, repair: bool) -> Corpus:
    if not repair:
        return corpus.settle(task, declared=declared)
    settled, repairs = corpus.repair(task, declared=declared)
    if repairs:
        logger.warning("%s: repaired %s of %s to legal %s", role, repairs, task, settled.schemes[task])
    return settled


def _tell_unknown(corpus: Corpus, task: str) -> None:
    count, first = unknown_tokens(corpus, task)
    if count:
        logger.info(
            "%s: %s of %s training tokens are not annotated (tag %r), the first at %s; the loss leaves them open",
            task,
            f"{count:,}",
            f"{corpus.stats().tokens:,}",
            UNKNOWN,
            first,
        )


def schemes_of(sources: Iterable[Source], tasks: Iterable[str]) -> dict[str, Scheme]:
    """Give for each task, in this order, how its settled training data writes spans."""
    schemes = {task: source.train.schemes[task] for source in sources for task in source.tasks}
    return {task: schemes[task] for task in tasks}
