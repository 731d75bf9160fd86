"""What a file has beside the tasks that were read from it, for commands that write it anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from bilstm_tagger.corpus.convert.not_kept import to_keep
from bilstm_tagger.corpus.convert.tasks import OWN, first_record, is_webanno
from bilstm_tagger.corpus.formats import DATA_SETS, data_sets, format_of, spacy_docbin, webanno
from bilstm_tagger.corpus.formats.records import usual_key
from bilstm_tagger.corpus.formats.token_spans import NAMES, token_record
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.settings.read_spec import ReadSpec

__all__ = ["left_out"]

_NO_TAGS = ", which tags cannot hold)"
# Keys of records that annotation tools write around what is read.
_ENVELOPE = frozenset(["label", "labels", "entities", "annotations", "answer", "data"])


def left_out(source: str | Path, spec: ReadSpec, first: Document) -> list[str]:
    """Tell what a file has beside the tasks that were read: layers, columns and keys, each by its name.

    What a document keeps in its columns is not told here: whether it is lost is seen when the new file is read back.

    Args:
        source: the file, or a data set.
        spec: how it was read, with its columns.
        first: the first document of it.

    Returns:
        A phrase for each kind; empty if there is nothing else.
    """
    known = format_of(source, spec.format)
    read = set(map(str, (spec.columns or {}).values()))
    if known is DATA_SETS:
        names = [name for name in data_sets.column_names(source, spec) if name not in OWN | read]
        left = [name for name in names if not _was_read(name, spec)]
        return _phrase("columns of the data set", dict(zip(left, left, strict=True)), spec)
    if not Path(source).is_file():
        return []
    if is_webanno(source, known.name, encoding=spec.encoding):
        return _phrase("layers", dict(_layers(source, spec)), spec)
    if known.name == "spacy":
        return _phrase("annotations of spaCy", dict(_spacy(source, spec)), spec)
    record = first_record(source, known.name, encoding=spec.encoding, delimiter=spec.delimiter)
    if set(first.columns) & record.keys():
        return []  # a token per row; its columns are kept with the document
    usual = {usual_key(task, record) for task, column in (spec.columns or {}).items() if isinstance(column, int)}
    skipped = OWN | read | usual | _ENVELOPE | {str(spec.text_column), str(spec.word_column)}
    with suppress(CorpusError):  # which reading would have told
        given = token_record(record, str(source))
        skipped |= given.keys.union(NAMES) if given is not None else set()
    further = {key: value for key, value in record.items() if key not in skipped and value is not None}
    tagged = [key for key, value in further.items() if _may_be_tags(value, known.name, len(first))]
    named = [key or "one without a name" for key in further]  # as that of a data frame's index in CSV
    phrases = [f"further keys of the records: {', '.join(named)}"] if further else []
    if tagged:
        phrases[0] += f"; {to_keep(tagged, spec.columns or {})}"
    return phrases + _further_tasks(record.get("tags"), spec)


def _may_be_tags(value: object, format: str, tokens: int) -> bool:
    """Whether the value of a record may be a tag for each token: a list, or what is one in a cell or a column."""
    if isinstance(value, list):
        return len(value) == tokens and all(isinstance(item, str) for item in value)
    return isinstance(value, str) and (value.startswith("[") or format in ("parquet", "arrow"))


def _phrase(what: str, left: Mapping[str, str], spec: ReadSpec) -> list[str]:
    """Tell what was left out, by the names of columns and what is said of each."""
    taggable = [name for name, said in left.items() if not said.endswith(_NO_TAGS)]
    keep = f"; {to_keep(taggable, spec.columns or {})}" if taggable else ""
    return [f"{what}: {', '.join(left.values())}{keep}"] if left else []


def _further_tasks(tags: object, spec: ReadSpec) -> list[str]:
    """Tasks of a record with an object of tags."""
    if not isinstance(tags, dict):
        return []
    if len(tags) == 1 and any(isinstance(column, int) for column in (spec.columns or {}).values()):
        return []  # a number stands for the only one
    read = {*(spec.columns or {}), *(spec.columns or {}).values()}
    return _phrase("tags of the records", {task: task for task in tags if task not in read}, spec)


def _was_read(name: str, spec: ReadSpec) -> bool:
    """Whether a number stands for a column of a data set: that of the task's name, or the usual one."""
    tasks = [task for task, column in (spec.columns or {}).items() if isinstance(column, int)]
    return name in {each for task in tasks for each in (task, f"{task}_tags", "tags")}


def _layers(source: str | Path, spec: ReadSpec) -> Iterator[tuple[str, str]]:
    read = webanno.full_names(source, (spec.columns or {}).values(), encoding=spec.encoding)
    for feature in webanno.features(source, encoding=spec.encoding):
        if str(feature) not in read:
            yield str(feature), f"{feature} ({feature.count:,}{')' if feature.taggable else _NO_TAGS}"


def _spacy(source: str | Path, spec: ReadSpec) -> Iterator[tuple[str, str]]:
    """Kinds of annotation that some document of a DocBin has, in the names that columns go by."""
    read = {spacy_docbin.column_of(task, column) for task, column in (spec.columns or {}).items()}
    for name, count in spacy_docbin.count_annotations(source).items():
        if name not in read:
            yield name, f"{name} ({count:,}{_NO_TAGS if name == 'cats' else ')'}"
