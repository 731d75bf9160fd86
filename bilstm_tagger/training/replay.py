"""Old data mixed into new, so that a model that is trained further does not forget it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from bilstm_tagger.corpus.content import content_of
from bilstm_tagger.corpus.corpus import Corpus
from bilstm_tagger.corpus.formats import format_of
from bilstm_tagger.corpus.reading import read_corpus
from bilstm_tagger.corpus.trained import spec_as_trained, training_specs
from bilstm_tagger.errors import ConfigError
from bilstm_tagger.settings.schema import Settings
from bilstm_tagger.training.sources import Source

if TYPE_CHECKING:
    from bilstm_tagger.tagging.tagger import Tagger

logger = logging.getLogger("bilstm_tagger")


def add_replay(settings: Settings, sources: Sequence[Source], earlier: Tagger | None) -> list[Source]:
    """Add the documents of `data.replay` to the training documents, spelled in their scheme; dev stays new.

    Args:
        settings: those of the run.
        sources: the corpora of the run, whose schemes are settled; there must be one.
        earlier: the model to start from, which knows the columns of its own data.

    Raises:
        ConfigError: tasks have corpora of their own.
        CorpusError: the old data cannot be read, or has plain tags where the new data has spans.
    """
    if len(sources) != 1:
        raise ConfigError("old data can be replayed where all tasks are read from one corpus; here they have several")
    (source,) = sources
    replayed, path = _read(settings, source.tasks, earlier), str(settings.data.replay)
    contents = {**source.contents, ("replay", path): content_of(path, replayed)}
    for task in source.tasks:
        replayed = replayed.settle_as(task, source.train.schemes[task])
    logger.info("replay: %s mixed into train", replayed.stats())
    return [replace(source, train=source.train + replayed, replayed=replayed, contents=contents)]


def _read(settings: Settings, tasks: Sequence[str], earlier: Tagger | None) -> Corpus:
    """The old documents: in the new data's format read like it, in another as the earlier model's data."""
    path = str(settings.data.replay)
    new = training_specs(settings.data, {task: settings.tasks[task] for task in tasks}, settings.features)
    like_new, _ = spec_as_trained(new, path, split="train")
    if earlier is None:
        columns = {task: settings.tasks[task].column for task in tasks}
        spec, left_out = spec_as_trained(
            new,
            path,
            columns=columns,
            names=settings.data.names,
            word_column=settings.data.word_column,
            split="train",
        )
    elif format_of(path, like_new.format).name == new[tasks[0]].format:
        spec, left_out = spec_as_trained(new, path, split="train")
    else:
        trained = {task: earlier.reading[task] for task in tasks if task in earlier.reading}
        spec, left_out = spec_as_trained(trained, path, format=like_new.format, split="train")
        left_out |= dict.fromkeys(set(tasks) - set(trained), "the earlier model has no such task")
    if left_out:
        raise ConfigError(f"{path}: it is of another format than train, so the columns of new tasks are not known")
    data = settings.data  # raw text becomes tokens as in the new data
    text = {"tokenizer": data.tokenizer, "text_column": data.text_column, "misaligned": data.misaligned}
    return read_corpus(path, spec=spec.model_copy(update=text))
