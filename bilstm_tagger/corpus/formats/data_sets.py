"""Data sets of the Hugging Face hub (`hf:NAME`) and folders that `datasets` wrote with `save_to_disk`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bilstm_tagger.corpus.formats.table import read_rows
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.settings.read_spec import ReadSpec

if TYPE_CHECKING:
    import pyarrow as pa

PREFIX = "hf:"
# A name may be a folder, also on a drive: hf:C:\data.
_NAME = re.compile(r"hf:((?:[A-Za-z]:[\\/])?[^:@#]+)(?::([^@#]+))?(?:@([^#]+))?(?:#(.+))?")
_SAVED = (("dataset_dict.json",), ("state.json", "dataset_info.json"))
_DEV = ("validation", "dev", "valid", "val")
_BATCH = 500


@dataclass(frozen=True, slots=True)
class DataSet:
    """A data set.

    Attributes:
        name: its name on the hub, or a folder.
        config: which of its configurations.
        revision: branch, tag or commit of its repository.
        split: which of its splits, also a slice such as `train[:10%]`.
        saved: whether it is a folder of `save_to_disk`.
    """

    name: str
    config: str | None = None
    revision: str | None = None
    split: str | None = None
    saved: bool = False


def find(path: str | Path) -> DataSet | None:
    """The data set a path means: `hf:NAME[:CONFIG][@REVISION][#SPLIT]` or a saved `FOLDER[#SPLIT]`.

    Args:
        path: what the user wrote.

    Returns:
        The data set; None if the path is something else.

    Raises:
        CorpusError: if it begins with `hf:` but is not written like this.
    """
    text = str(path)
    if text.startswith(PREFIX):
        parts = _NAME.fullmatch(text)
        if parts is None:
            raise CorpusError(f"{text}: write hf:NAME[:CONFIG][@REVISION][#SPLIT], as in hf:lhoestq/conll2003#train")
        name, config, revision, split = parts.groups()
        return DataSet(name, config, revision, split)
    folder, mark, split = text.rpartition("#")
    if not mark or Path(text).exists():
        folder, split = text, ""
    if any(all(Path(folder, name).is_file() for name in names) for names in _SAVED):
        return DataSet(folder, split=split or None, saved=True)
    return None


def read(path: str | Path, spec: ReadSpec) -> Iterator[Document]:
    """Read the rows of a data set, each a document; it is fetched and cached as `datasets` does.

    Args:
        path: what `find` understands.
        spec: how to read it; columns as in Parquet files, and the split where the path names none.

    Raises:
        CorpusError: it cannot be had, has no such split, or a row does not fit, as `path:row`.
    """
    return read_rows(str(path), _batches(_rows(path, spec)), spec)


def column_names(path: str | Path, spec: ReadSpec) -> list[str]:
    """Give the columns of a data set. Arguments and errors as in `read`."""
    return list(_rows(path, spec).column_names)


def _rows(path: str | Path, spec: ReadSpec) -> Any:
    """The data set itself, one split of it."""
    source = find(path)
    if source is None:
        raise CorpusError(f"{path}: no data set; write hf:NAME or a folder of save_to_disk")
    data = _load(source, str(path))
    if isinstance(data, dict):  # a DatasetDict
        return data[_split(list(data), source.split, spec.split, str(path))]
    if source.saved and source.split:
        raise CorpusError(f"{path}: this folder has no splits; leave out #{source.split}")
    return data


def write(documents: Iterable[Document], stream: Any, *, tasks: Sequence[str] | None = None) -> None:
    """Refuse to write: a data set is fetched, not kept here.

    Raises:
        CorpusError: always.
    """
    raise CorpusError("a data set of the hub cannot be written; write a .parquet file and upload it")


def _load(source: DataSet, path: str) -> Any:
    import datasets

    try:
        if not source.saved:
            return datasets.load_dataset(source.name, source.config, revision=source.revision, split=source.split)
        return datasets.load_from_disk(source.name)
    except RuntimeError as error:
        if "script" not in str(error):
            raise _unloadable(path, error) from None
        raise CorpusError(
            f"{path}: this data set is a program, which `datasets` no longer runs; take a copy as Parquet "
            "(data/README.md names some)"
        ) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, NotImplementedError) as error:
        raise _unloadable(path, error) from None
    except datasets.exceptions.DatasetsError as error:
        raise _unloadable(path, error) from None


def _unloadable(path: str, error: Exception) -> CorpusError:
    reason = " ".join(str(error).split())[:300] or type(error).__name__
    return CorpusError(f"{path}: `datasets` cannot load it: {reason}")


def _split(known: list[str], named: str | None, usual: str, path: str) -> str:
    """The split that was named; else the usual one, or the only one."""
    if named is None:
        usual_names = _DEV if usual in _DEV else (usual,)
        present = next((name for name in usual_names if name in known), None)
        named = present or (known[0] if len(known) == 1 else None)
    if named not in known:
        missing = f"no split {named!r}" if named else f"no split {usual!r}"
        raise CorpusError(f"{path}: {missing}; it has {', '.join(known)}: name one of them behind #")
    return named


def _batches(data: Any) -> Iterator[pa.RecordBatch]:
    for table in data.with_format("arrow").iter(_BATCH):
        yield from table.to_batches()
