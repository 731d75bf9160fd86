"""Two systems on the same annotated file: models, or files with the tags of any system."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bilstm_tagger.corpus.corpus import Corpus
from bilstm_tagger.corpus.reading import read_corpus
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import ConfigError, CorpusError
from bilstm_tagger.evaluation.bootstrap import (
    RESAMPLES,
    check_resamples,
    draws,
    f1_of,
    interval,
    resampled_counts,
    share_of,
)
from bilstm_tagger.evaluation.counting import score_task, tally_of
from bilstm_tagger.evaluation.errors import judged_cases
from bilstm_tagger.evaluation.evaluate import Columns, read_gold
from bilstm_tagger.evaluation.predictions import Paired, paired, read_gold_file
from bilstm_tagger.evaluation.scores import Interval, SpanScores, TagScores, nothing_to_find
from bilstm_tagger.evaluation.significance import DRAWS, Difference, paired_difference
from bilstm_tagger.evaluation.tally import Tally
from bilstm_tagger.evaluation.trained_on import TrainedOn
from bilstm_tagger.model_folder.find import is_model_folder, seed_folders, shipped_models
from bilstm_tagger.settings.read_spec import ReadSpec
from bilstm_tagger.tagging.opened import opened

if TYPE_CHECKING:
    from bilstm_tagger.tagging.tagger import Tagger

__all__ = ["Compared", "Comparison", "compare"]


@dataclass(frozen=True, slots=True)
class Compared:
    """Two systems on one task.

    Attributes:
        scores: of the first and of the second system.
        difference: the second one's headline score minus the first one's, and whether that can be chance.
        labels: for each label the difference in F1 and its interval.
        found: gold spans, or tokens with the right tag, by which of the systems has them right: both, only the first,
            only the second, neither.
    """

    scores: tuple[SpanScores | TagScores, SpanScores | TagScores]
    difference: Difference
    labels: dict[str, tuple[float, Interval]]
    found: tuple[int, int, int, int]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        value, between, bootstrap, randomisation, is_exact, differing = self.difference
        return {
            "scores": [each.to_json() for each in self.scores],
            "difference": value,
            "interval": list(between),
            "p_bootstrap": bootstrap,
            "p_randomisation": randomisation,
            "p_randomisation_is_exact": is_exact,
            "differing_sentences": differing,
            "labels": {name: {"difference": own, "interval": list(ends)} for name, (own, ends) in self.labels.items()},
            "found": dict(zip(("both", "only_first", "only_second", "neither"), self.found, strict=True)),
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two systems on the same sentences.

    Attributes:
        names: of the systems.
        tasks: what was found for each task that both have.
        notes: what the reader should know.
        gold: the documents with the true tags.
        predicted: the same documents as each of the systems tags them.
    """

    names: tuple[str, str]
    tasks: dict[str, Compared]
    notes: tuple[str, ...]
    gold: Corpus = field(repr=False)
    predicted: tuple[Sequence[Document], Sequence[Document]] = field(repr=False)

    def to_json(self) -> dict[str, Any]:
        """Plain values for machines."""
        tasks = {task: compared.to_json() for task, compared in self.tasks.items()}
        return {"systems": list(self.names), "tasks": tasks, "notes": list(self.notes)}


def compare(
    corpus: str | Path,
    first: Tagger | str | Path,
    second: Tagger | str | Path,
    *,
    gold_columns: Columns | None = None,
    columns: tuple[Mapping[str, int | str] | None, Mapping[str, int | str] | None] = (None, None),
    spec: ReadSpec | None = None,
    resamples: int = DRAWS,
    seed: int = 0,
    device: str = "cpu",
) -> Comparison:
    """Compare two systems on an annotated file.

    Args:
        corpus: the file with the gold tags.
        first: a tagger, a model folder or the name of one that comes with the package, or a file with predicted tags.
        second: the other system.
        gold_columns: where the gold tags are, by task, or just the column if there is one task.
        columns: for each system that is a file where its tags are, by task.
        spec: how the files are read besides.
        resamples: number of draws of each test, at least 100.
        seed: chooses them.
        device: where models compute.

    Raises:
        ConfigError: so few resamples say nothing, a system is neither a model nor a file, or it cannot be told which
            tags belong to which.
        CorpusError: a file cannot be read, or does not have the same words and sentences.
    """
    check_resamples(resamples, or_none=False)
    spec = spec or ReadSpec()
    systems = [_opened(each, device) for each in (first, second)]
    gold, notes = _gold(corpus, systems, gold_columns, spec)
    names = _names(first, second)

    def predictions() -> list[Paired]:
        return [
            _predictions(system, name, gold, corpus, gold_columns, own, spec)
            for system, name, own in zip(systems, names, columns, strict=True)
        ]

    given = predictions()
    others = {
        task: scheme for pair in given for task, scheme in pair.gold.schemes.items() if scheme is not gold.schemes[task]
    }
    if others:  # of predictions that are not all legal, which gold joined
        for task, scheme in others.items():
            gold = gold.settle_as(task, scheme)
        given = predictions()
        _refuse_two_schemes(given, names)
    tasks = [task for task in gold.tasks if all(task in each.gold.tasks for each in given)]
    if not tasks:
        raise ConfigError(f"{first} and {second} have no task in common that {corpus} has gold tags of")
    gold = gold.only(tasks)
    predicted = given[0].predicted, given[1].predicted
    found = {task: _compared(gold, predicted, task, resamples, seed) for task in tasks}
    # Which of the models was trained on the corpus, each tells with its name.
    told = [*(line for line in notes if not isinstance(line, TrainedOn)), *given[0].notes, *given[1].notes]
    return Comparison(
        names=names,
        tasks=found,
        notes=tuple(dict.fromkeys(told + nothing_to_find({task: each.scores[0] for task, each in found.items()}))),
        gold=gold,
        predicted=predicted,
    )


def _refuse_two_schemes(given: Sequence[Paired], names: tuple[str, str]) -> None:
    """Refuse systems whose tags are not all legal, each in another scheme: no gold is in both."""
    one, other = (pair.gold.schemes for pair in given)
    for task in one.keys() & other.keys():
        if one[task] is not other[task]:
            raise CorpusError(
                f"{task}: {names[0]} is in {one[task]} and {names[1]} in {other[task]}, and not all tags of either are "
                "legal; convert one of them into the scheme of the other, with --repair"
            )


def _opened(system: Tagger | str | Path, device: str) -> Tagger | Path:
    """The tagger of a model, or the path of a file with predicted tags."""
    if not isinstance(system, str | Path):
        return opened(system)
    path = Path(system)
    if is_model_folder(path) or (str(system) in shipped_models() and not path.exists()):
        return opened(system, device=device)
    if seeds := seed_folders(path):
        raise ConfigError(
            f"{system}: holds one model per seed, as of `train --seeds`, and one is compared: name one, such as "
            f"{seeds[0][1]}; `results --mean` compares the means of two such folders"
        )
    if not path.is_file():
        known = ", ".join(shipped_models())
        raise ConfigError(
            f"{system}: neither a model folder, nor a model of the package ({known}), nor a file with tags"
        )
    return path


def _names(first: Tagger | str | Path, second: Tagger | str | Path) -> tuple[str, str]:
    """Names of the systems, as short as they can be told apart."""
    paths = [Path(each) if isinstance(each, str | Path) else None for each in (first, second)]
    names = ["tagger" if path is None else path.name for path in paths]
    if names[0] == names[1]:
        names = [f"{name} ({letter})" for name, letter in zip(names, "AB", strict=True)]
    return names[0], names[1]


def _gold(
    path: str | Path, systems: Sequence[Tagger | Path], columns: Columns | None, spec: ReadSpec
) -> tuple[Corpus, list[str]]:
    """The gold tags, read as for the first model that has a task whose column is named, or the first one."""
    taggers = [system for system in systems if not isinstance(system, Path)]
    if taggers:
        tasks = {task for tagger in taggers for task in tagger.tasks}
        if isinstance(columns, Mapping) and (unknown := columns.keys() - tasks):
            raise ConfigError(f"column for task {min(unknown)!r}: the models have only {', '.join(sorted(tasks))}")
        first = next((tagger for tagger in taggers if _own(columns, tagger)), taggers[0])
        return _read_gold(first, path, columns, spec)
    named = {"tags": columns} if isinstance(columns, int | str) else columns
    return read_gold_file(path, named, spec), []


def _own(columns: Columns | None, tagger: Tagger) -> Columns | None:
    """The named columns of the tasks that a model has; None where there are none."""
    if not isinstance(columns, Mapping):
        return columns
    return {task: column for task, column in columns.items() if task in tagger.tasks} or None


def _read_gold(tagger: Tagger, path: str | Path, columns: Columns | None, spec: ReadSpec) -> tuple[Corpus, list[str]]:
    return read_gold(tagger, path, columns=_own(columns, tagger), format=spec.format, reading=_fields(spec))


def _fields(spec: ReadSpec) -> dict[str, Any]:
    """The fields that were given."""
    return spec.model_dump(exclude_defaults=True, exclude={"format"})


def _predictions(
    system: Tagger | Path,
    name: str,
    gold: Corpus,
    path: str | Path,
    gold_columns: Columns | None,
    columns: Mapping[str, int | str] | None,
    spec: ReadSpec,
) -> Paired:
    """The gold documents and what a system says of them."""
    if isinstance(system, Path):
        named = bool(columns or isinstance(gold_columns, Mapping))
        return paired(gold, read_corpus(system, columns, spec=spec), system, named=named)
    own, notes = _read_gold(system, path, gold_columns, spec)
    notes = [TrainedOn(line.file, name) if isinstance(line, TrainedOn) else line for line in notes]
    result = paired(gold, Corpus(system.pipe(own)), name, from_model=True)
    return Paired(result.gold, result.predicted, [*notes, *result.notes])


def _compared(
    gold: Corpus, predicted: tuple[Sequence[Document], Sequence[Document]], task: str, resamples: int, seed: int
) -> Compared:
    one, other = (
        score_task(gold, each, task, known=None, resamples=min(resamples, RESAMPLES), seed=seed) for each in predicted
    )
    tallies = [tally_of(gold, each, task) for each in predicted]
    if isinstance(one, SpanScores):
        counts = [tally.by_sentence().sum(1) for tally in tallies]
        difference = paired_difference(counts[0], counts[1], f1_of, resamples=resamples, seed=seed)
    else:
        first, second = (tally.tokens for tally in tallies)
        difference = paired_difference(first, second, share_of, resamples=resamples, seed=seed)
    return Compared(
        scores=(one, other),
        difference=difference,
        labels=_labels(tallies[0], tallies[1], resamples, seed),
        found=_found(gold, predicted, task),
    )


def _labels(one: Tally, other: Tally, resamples: int, seed: int) -> dict[str, tuple[float, Interval]]:
    """The difference in F1 of each label, and its interval by the paired bootstrap."""
    labels = sorted({*one.labels, *other.labels})
    moved = []
    for block in draws(one.sentences, min(resamples, RESAMPLES), seed=seed):
        first, second = (_f1_of(resampled_counts(block, tally), tally, labels) for tally in (one, other))
        moved.append(second - first)
    first, second = (_f1_of(tally.totals()[None], tally, labels) for tally in (one, other))
    every = np.concatenate(moved)
    return {
        label: (float((second - first)[0, number]), interval(every[:, number])) for number, label in enumerate(labels)
    }


def _f1_of(counts: np.ndarray, tally: Tally, labels: Sequence[str]) -> np.ndarray:
    """F1 of labels from the counts of those of a tally `(draws, labels, 3)`; 0 where a label is not in it."""
    scores = np.zeros((len(counts), len(labels)))
    number = {label: place for place, label in enumerate(labels)}
    places = [number[label] for label in tally.labels]
    scores[:, places] = np.nan_to_num(f1_of(counts))
    return scores


def _found(
    gold: Corpus, predicted: tuple[Sequence[Document], Sequence[Document]], task: str
) -> tuple[int, int, int, int]:
    """How many spans or tokens both systems have right, only one, and neither."""
    right = [
        [case.kind is None for case in judged_cases(gold, each, task) if case.gold is not None] for each in predicted
    ]
    counts = [0, 0, 0, 0]
    for one, other in zip(*right, strict=True):
        counts[2 * (not one) + (not other)] += 1
    return counts[0], counts[1], counts[2], counts[3]
