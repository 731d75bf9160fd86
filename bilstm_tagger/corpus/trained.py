"""Reading a file as the training data of a model was read."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bilstm_tagger.corpus.corpus import Corpus
from bilstm_tagger.corpus.formats import DATA_SETS, format_called, format_of, format_within
from bilstm_tagger.corpus.formats.standard_fields import field_of
from bilstm_tagger.corpus.reading import read_corpus
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.settings.read_spec import Columns, ReadSpec
from bilstm_tagger.settings.schema import DataSettings, FeatureSettings, TaskSettings

__all__ = [
    "Available",
    "other_columns",
    "read_available",
    "spec_as_trained",
    "training_specs",
    "words_in_format",
    "words_spec",
]


def training_specs(
    data: DataSettings, tasks: Mapping[str, TaskSettings], features: Mapping[str, FeatureSettings]
) -> dict[str, ReadSpec]:
    """Tell for each task of a run how its training data is read.

    Args:
        data: the settings of the corpora.
        tasks: the tasks of the run.
        features: the features of the run.

    Returns:
        By task, each with its one column and with the name of its format, which is `dataset` for data sets. The format
        is None for a task that names no file.
    """
    specs = {}
    for name, task in tasks.items():
        file = next(iter(task.files), data.train)
        spec = ReadSpec.from_settings(data, {name: task}, features)
        format = None if file is None else _format_name(file, data.format, data.names, data.encoding)
        suffix = Path(file).suffix if file and data.format else None
        specs[name] = spec.model_copy(update={"format": format, "suffix": suffix})
    return specs


def _format_name(file: str, format: str | None, names: Sequence[str], encoding: str | None) -> str:
    """The format of a training file; one whose name does not tell was a data set in a folder that may be gone."""
    try:
        known = format_of(file, format)
        return (known if names else format_within(file, known, encoding=encoding)).name
    except CorpusError:
        return DATA_SETS.name


def spec_as_trained(
    trained: Mapping[str, ReadSpec],
    path: str | Path,
    *,
    columns: Columns | None = None,
    format: str | None = None,
    names: Sequence[str] | None = None,
    word_column: int | str | None = None,
    split: str = "test",
) -> tuple[ReadSpec, dict[str, str]]:
    """Tell how to read a file as the training data was; what is named is read as named.

    Args:
        trained: for each task of a model how its training data was read.
        path: the file.
        columns: the columns that were named, by task.
        format: name of the format of the file.
        names: names of its columns.
        word_column: the column of its words.
        split: the split of a data set whose name names none.

    Returns:
        The specification, and for each task that is left out the reason.

    Raises:
        ConfigError: there is no such format.
        CorpusError: the name of the file does not tell its format.
    """
    columns = columns or {}
    if format is None:
        suffix = Path(path).suffix
        format = next((spec.format for spec in trained.values() if spec.suffix == suffix), None)
    by_name = format_of(path, format)
    first = next(iter(trained.values()), ReadSpec())
    known = by_name if names else format_within(path, by_name, encoding=first.encoding)
    alike = {
        task: spec
        for task, spec in trained.items()
        if spec.format is None
        or format_called(spec.format).reads_like(known)
        # Earlier releases wrote down the format that the name of the file told; no number means the same in both.
        or (spec.format == by_name.name and all(isinstance(column, str) for column in (spec.columns or {}).values()))
    }
    base = next(iter(alike.values()), None)
    if base is None:
        base = first.model_copy(update={"names": (), "word_column": 1})
    chosen: dict[str, int | str] = {}
    for task in trained:
        if task in columns:
            chosen[task] = columns[task]
        elif task in alike:
            chosen[task] = (alike[task].columns or {})[task]
        elif known.records or known.named:
            chosen[task] = task  # as in what is written here
    reason = "it was trained on another file format, so name its column, --column"
    left_out = {task: f"{reason} {task}=COLUMN" for task in trained if task not in chosen}
    spec = base.model_copy(update={"format": format, "columns": chosen, "suffix": None, "split": split})
    if not known.records:
        spec = spec.model_copy(update={"text_column": None})
    return spec.replace(names=names or None, word_column=word_column), left_out


class Available(NamedTuple):
    """What a file has of the tasks of a model.

    Attributes:
        corpus: with the tags of all tasks that are in the file.
        missing: for each other task the reason.
        elsewhere: for each task that was not where the training data has it the column it was found in.
    """

    corpus: Corpus
    missing: dict[str, str]
    elsewhere: dict[str, int | str]


def other_columns(path: str | Path, spec: ReadSpec, *, spans: Collection[str]) -> dict[str, list[int | str]]:
    """List where else the tags of a task may be, if they are not where the training data has them.

    A task may have a column of its own name, one with spans also one of their usual names (`ne`). The only task with
    spans may be what a file of records has without naming a task, as for training.

    Args:
        path: the file.
        spec: how it is read, with the columns of the tasks.
        spans: those of the tasks that have spans.
    """
    known = format_within(path, format_of(path, spec.format), encoding=spec.encoding)
    found: dict[str, list[int | str]] = {}
    for task, column in (spec.columns or {}).items():
        names: list[int | str] = []
        if known.records or known.named:
            names.append(task)
            if task in spans and (field := field_of(task)) is not None:
                names += (field.task, *field.names)
        if known.records and list(spans) == [task]:
            names.append(-1)
        found[task] = [name for name in dict.fromkeys(names) if name != column]
    return found


def read_available(
    path: str | Path,
    spec: ReadSpec,
    *,
    required: Collection[str],
    others: Mapping[str, Sequence[int | str]] | None = None,
) -> Available:
    """Read a file with the tags of all tasks that are in it.

    Args:
        path: the file.
        spec: how to read it, with the columns of the tasks.
        required: tasks whose tags must be there.
        others: where else the tags of a task may be, as `other_columns` gives it.

    Raises:
        CorpusError: the tags of a required task, or of all tasks, cannot be read.
    """
    named, others = dict(spec.columns or {}), others or {}
    try:
        return Available(read_corpus(path, spec=spec), {}, {})
    except CorpusError as error:
        again = len(named) > 1 or any(others.values())
        if again and Path(path).exists() and not (Path(path).is_file() or Path(path).is_dir()):
            raise CorpusError(
                f"{error}; a pipe is read once: name the columns that are there, or write a file"
            ) from None
        if not again:
            raise
    missing: dict[str, CorpusError] = {}
    found: dict[str, int | str] = {}
    for task, column in named.items():
        for place in (column, *others.get(task, ())):
            try:
                read_corpus(path, spec=spec.replace(columns={task: place}))
            except CorpusError as error:
                missing.setdefault(task, error)
            else:
                found[task] = place
                missing.pop(task, None)
                break
        if task in missing and task in required:
            raise missing[task]
    if not found:
        raise _none_found(missing)
    elsewhere = {task: column for task, column in found.items() if column != named[task]}
    corpus = read_corpus(path, spec=spec.replace(columns=found))
    return Available(corpus, {task: str(error) for task, error in missing.items()}, elsewhere)


def _none_found(missing: Mapping[str, CorpusError]) -> CorpusError:
    """Why no task is in a file: the reason of the last one, and how each could be named."""
    *others, last = missing
    if not others:
        return missing[last]
    flags = " or ".join(f"--column {task}=COLUMN" for task in missing)
    return CorpusError(f"{missing[last]}; nor are there tags of {' or '.join(others)}; say where they are: {flags}")


def words_spec(
    trained: Mapping[str, ReadSpec], *, text_column: str | None = None, encoding: str | None = None
) -> ReadSpec:
    """Tell how to read what is to be tagged: words and features as in the training data, no tags.

    Args:
        trained: for each task of a model how its training data was read.
        text_column: key or column of the raw text, if another one.
        encoding: encoding of text files, which need not be that of the training data.
    """
    first = next(iter(trained.values()), ReadSpec())
    words = first.model_copy(
        update={
            "format": None,
            "columns": {},
            "suffix": None,
            "split": "train",
            "encoding": encoding,
            "misaligned": "drop",
        }
    )
    return words.replace(text_column=text_column)


def words_in_format(spec: ReadSpec, format: str) -> ReadSpec:
    """Tell how to read the words of a file of a certain format.

    A number means something in CoNLL columns alone, a name everywhere else; a column of words that means nothing in the
    format is the usual one. Names of CoNLL columns become numbers, since files to be tagged need not have all columns.

    Args:
        spec: how words are read, whatever the format.
        format: name of the format.
    """
    word_column, features = spec.word_column, spec.features
    if format == "conll":
        features = {name: _number(column, spec.names) for name, column in features.items()}
        word_column = _number(word_column, spec.names)
    word_column = word_column if isinstance(word_column, int) == (format == "conll") else 1
    update: dict[str, Any] = {"format": format, "columns": {}, "names": (), "word_column": word_column}
    update["features"] = features
    if not format_called(format).records:
        update["text_column"] = None
    return spec.model_copy(update=update)


def _number(column: int | str, names: Sequence[str]) -> int | str:
    return names.index(column) + 1 if isinstance(column, str) and column in names else column
