"""Evaluation: a tagger against a corpus with gold tags."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bilstm_tagger.corpus import DATA_SETS, CorpusFormat, ReadOptions, format_of, read_corpus
from bilstm_tagger.corpus.schemes import resolve
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import ConfigError, CorpusError
from bilstm_tagger.evaluation.counting import check_aligned, headline, score_task
from bilstm_tagger.evaluation.scores import SpanScores, TagScores
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.schemes.spans import convert
from bilstm_tagger.vocab.features import feature_columns

if TYPE_CHECKING:
    from bilstm_tagger.tagging.tagger import Tagger

__all__ = ["Columns", "Evaluation", "SpanScores", "TagScores", "evaluate", "headline", "score_task"]

Columns = Mapping[str, int | str] | int | str


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Scores of a tagger on a corpus.

    Attributes:
        tasks: The scores of each task that the corpus has tags for.
        documents: Number of documents.
        sentences: Number of sentences.
        tokens: Number of tokens.
        seconds: Time that tagging took.
        notes: What the reader should know: tasks left out, labels the model never saw.
    """

    tasks: dict[str, SpanScores | TagScores]
    documents: int
    sentences: int
    tokens: int
    seconds: float
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain values for machines."""
        return {
            "tasks": {task: scores.to_json() for task, scores in self.tasks.items()},
            "documents": self.documents,
            "sentences": self.sentences,
            "tokens": self.tokens,
            "seconds": self.seconds,
            "tokens_per_second": self.tokens / max(self.seconds, 1e-9),
            "notes": list(self.notes),
        }


def evaluate(
    tagger: Tagger,
    corpus: str | Path | Sequence[Document],
    *,
    columns: Columns | None = None,
    format: str | None = None,
    names: Sequence[str] | None = None,
    word_column: int | str | None = None,
) -> Evaluation:
    """Tag a corpus and compare with its gold tags.

    The corpus may spell spans in another scheme than the model's training data.

    Args:
        tagger: The tagger.
        corpus: A file, read as the training data was unless told otherwise, or documents with gold tags.
        columns: Where the gold tags are, by task, or just the column if the model has one task.
        format: Name of the file's format, if its suffix does not tell it.
        names: Names of the file's columns.
        word_column: The column of the words.

    Returns:
        Scores of all tasks that the corpus has tags for.

    Raises:
        ConfigError: `columns` does not fit the model's tasks.
        CorpusError: The corpus cannot be read, or has no gold tags of any of the model's tasks.
    """
    notes: list[str] = []
    if isinstance(corpus, str | Path):
        given = _columns_by_task(tagger, columns)
        layout = _Layout.of(tagger, Path(corpus), format=format, names=names, word_column=word_column)
        documents = layout.read(tagger, given, notes)
    else:
        documents = list(corpus)
        absent = [task for task in tagger.tasks if not all(task in document.tags for document in documents)]
        notes += [f"{task} is left out: not every document has gold tags of it" for task in absent]
    gold = _gold(tagger, documents)
    start = time.perf_counter()
    predicted = list(tagger.pipe(gold))
    seconds = time.perf_counter() - start
    check_aligned(gold, predicted)
    return Evaluation(
        tasks=_score(tagger, gold, predicted, notes),
        documents=len(gold),
        sentences=sum(len(document.bounds) - 1 for document in gold),
        tokens=sum(map(len, gold)),
        seconds=seconds,
        notes=tuple(notes),
    )


def _columns_by_task(tagger: Tagger, columns: Columns | None) -> dict[str, int | str]:
    """The columns that were named, by task."""
    if columns is None:
        return {}
    if isinstance(columns, int | str):
        if len(tagger.tasks) > 1:
            raise ConfigError(f"column {columns}: of which task? The model has {', '.join(tagger.tasks)}")
        return {tagger.tasks[0]: columns}
    for task in columns:
        if task not in tagger.tasks:
            raise ConfigError(f"column for task {task!r}: the model has only {', '.join(tagger.tasks)}")
    return dict(columns)


@dataclass(frozen=True, slots=True)
class _Layout:
    """How a file is read; what was not said is as it was for the training data."""

    path: Path
    format: str | None
    names: Sequence[str] | None
    word_column: int | str
    options: ReadOptions

    @classmethod
    def of(
        cls,
        tagger: Tagger,
        path: Path,
        *,
        format: str | None,
        names: Sequence[str] | None,
        word_column: int | str | None,
    ) -> _Layout:
        data = tagger.settings.data
        trained_on = {file for task in tagger.tasks if (file := _training_file(tagger, task))}
        if format is None and path.suffix in {Path(file).suffix for file in trained_on}:
            format = data.format
        known = format_of(path, format)
        alike = not trained_on or any(_format_of(file, data.format).reads_like(known) for file in trained_on)
        return cls(
            path,
            format,
            names or (data.names if alike else ()) or None,
            (data.word_column if alike else 1) if word_column is None else word_column,
            ReadOptions.of(data, split="test", features=feature_columns(tagger.settings)),
        )

    def read(self, tagger: Tagger, given: Mapping[str, int | str], notes: list[str]) -> list[Document]:
        """The documents with the gold tags of all tasks that are there; `notes` learns of the others."""
        columns = {}
        for task in tagger.tasks:
            if task in given or self._fits(tagger, task):
                columns[task] = given.get(task, tagger.settings.tasks[task].column)
            else:
                notes.append(f"{task} is left out: it was trained on another file format, so name its column")
        if not columns:
            raise CorpusError(f"{self.path}: nothing to compare with; {'; '.join(notes)}")
        try:
            return self._read(columns)
        except CorpusError:
            if len(columns) == 1:
                raise
        self._drop_missing(columns, given, notes)
        return self._read(columns)

    def _fits(self, tagger: Tagger, task: str) -> bool:
        """Whether the task's column in the training data means the same in this file."""
        file = _training_file(tagger, task)
        known = format_of(self.path, self.format)
        return file is None or _format_of(file, tagger.settings.data.format).reads_like(known)

    def _drop_missing(self, columns: dict[str, int | str], given: Mapping[str, int | str], notes: list[str]) -> None:
        """Take out the tasks that the file has no column for, unless that goes for all."""
        missing: dict[str, CorpusError] = {}
        for task, column in columns.items():
            try:
                self._read({task: column})
            except CorpusError as error:
                if task in given:
                    raise
                missing[task] = error
        if len(missing) == len(columns):
            raise next(iter(missing.values()))
        for task, reason in missing.items():
            del columns[task]
            notes.append(f"{task} is left out: {reason}")

    def _read(self, columns: Mapping[str, int | str]) -> list[Document]:
        return read_corpus(
            self.path,
            columns,
            format=self.format,
            names=self.names,
            word_column=self.word_column,
            options=self.options,
        )


def _format_of(file: str, format: str | None) -> CorpusFormat:
    """The format of a training file; one whose name does not tell was a data set in a folder."""
    try:
        return format_of(file, format)
    except CorpusError:
        return DATA_SETS


def _training_file(tagger: Tagger, task: str) -> str | None:
    return tagger.settings.tasks[task].train or tagger.settings.data.train


def _gold(tagger: Tagger, documents: Sequence[Document]) -> list[Document]:
    """The documents with the tags of the model's tasks alone, spelled in its schemes."""
    if not any(map(len, documents)):
        raise CorpusError("there is no token to evaluate on")
    tasks = [task for task in tagger.tasks if all(task in document.tags for document in documents)]
    if not tasks:
        wanted = " or ".join(tagger.tasks)
        raise CorpusError(f"the documents have no gold tags of {wanted}; name their task as the model does")
    gold = [document.with_tags({task: document.tags[task] for task in tasks}, {}) for document in documents]
    for task in tasks:
        _respell(gold, task, tagger.schemes[task])
    return gold


def _respell(documents: Sequence[Document], task: str, target: Scheme) -> None:
    """Check the gold tags of a task and spell them in the model's scheme."""
    try:
        resolve(documents, task, declared=target)
        return
    except CorpusError as error:
        refusal = error
    try:
        source = resolve(documents, task)
    except CorpusError:
        raise refusal from None
    if source is Scheme.NONE:
        first = next(document for document in documents if document.words)
        raise CorpusError(
            f"{first.where(0)}: {task} has spans in {target}, but the tags are plain ones such as "
            f"{first.tags[task][0]!r}; name the column of the spans"
        )
    for document in documents:
        tags, bounds = document.tags[task], document.bounds
        document.tags[task] = [
            tag for start, end in pairwise(bounds) for tag in convert(tags[start:end], source, target)
        ]
        document.schemes[task] = target


def _score(
    tagger: Tagger, gold: Sequence[Document], predicted: Sequence[Document], notes: list[str]
) -> dict[str, SpanScores | TagScores]:
    """Scores by task; `notes` learns of gold labels that the model never saw."""
    scores: dict[str, SpanScores | TagScores] = {}
    for task in gold[0].tags:
        known_tags = tagger.vocab.tags[task]
        if tagger.schemes[task] is not Scheme.NONE:
            known_tags = [tag[2:] for tag in known_tags if tag != "O"]
        scores[task] = score_task(gold, predicted, task, known=tagger.vocab.known, labels=known_tags)
        if unseen := scores[task].unseen_labels:
            listed = ", ".join(f"{label} ({count})" for label, count in unseen.items())
            notes.append(f"{task}: the model never saw {listed}, which count as missed")
    return scores
