"""Old data mixed into new, so that a model that is trained further does not forget it."""

from __future__ import annotations

import logging
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from bilstm_tagger.corpus import ReadOptions, format_of, read_corpus, stats
from bilstm_tagger.corpus.schemes import resolve
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import ConfigError
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.schemes.spans import convert
from bilstm_tagger.settings.schema import Settings
from bilstm_tagger.vocab.features import feature_columns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bilstm_tagger.tagging.tagger import Tagger
    from bilstm_tagger.training.source import Source

logger = logging.getLogger("bilstm_tagger")


def add_replay(
    settings: Settings, sources: Sequence[Source], schemes: Mapping[str, Scheme], earlier: Tagger | None
) -> None:
    """Adds the documents of `data.replay` to the training documents, spelled in their scheme; dev stays new.

    Args:
        settings: those of the run.
        sources: the corpora of the run; there must be one.
        schemes: for each task how the new data writes spans.
        earlier: the model to start from, which knows the columns of its own data.

    Raises:
        ConfigError: if tasks have corpora of their own.
        CorpusError: if the old data cannot be read.
    """
    if len(sources) != 1:
        raise ConfigError("old data can be replayed where all tasks are read from one corpus; here they have several")
    (source,) = sources
    documents = _read(settings, source, earlier)
    for task in source.tasks:
        _respell(documents, task, schemes[task])
    logger.info("replay: %s mixed into train", stats(documents))
    source.train.extend(documents)
    source.replayed.extend(documents)


def _read(settings: Settings, source: Source, earlier: Tagger | None) -> list[Document]:
    """The old documents: in the new data's format read like it, in another as the earlier model's data."""
    path = str(settings.data.replay)
    new = settings.tasks[source.tasks[0]].train or settings.data.train or ""
    format = settings.data.format if Path(path).suffix == Path(new).suffix else None
    alike = earlier is None or format_of(path, format) is format_of(new, settings.data.format)
    origin = settings if alike or earlier is None else earlier.settings
    columns = {task: origin.tasks[task].column for task in source.tasks if task in origin.tasks}
    if len(columns) < len(source.tasks):
        raise ConfigError(f"{path}: it is of another format than train, so the columns of new tasks are not known")
    return read_corpus(
        path,
        columns,
        format=format,
        names=origin.data.names or None,
        word_column=origin.data.word_column,
        options=ReadOptions.of(settings.data, split="train", features=feature_columns(origin)),
    )


def _respell(documents: Sequence[Document], task: str, target: Scheme) -> None:
    """The tags of a task in the scheme of the new data."""
    found = resolve(documents, task, declared=target if target is Scheme.NONE else None)
    if found is target:
        return
    if found is Scheme.NONE:
        raise ConfigError(f"replay: {task} has {found} tags, the new data {target}; name the column of the tags")
    for document in documents:
        tags = document.tags[task]
        document.tags[task] = [
            tag for start, end in pairwise(document.bounds) for tag in convert(tags[start:end], found, target)
        ]
        document.schemes[task] = target
