"""The tags of a record, one for each of its tokens."""

from __future__ import annotations

from itertools import chain
from typing import Any

from bilstm_tagger.corpus.formats.list_cells import ListLike
from bilstm_tagger.corpus.formats.record_words import kind_of, numbers_for_tags
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.schemes.grammar import UNKNOWN
from bilstm_tagger.wording import counted

__all__ = ["checked_tags", "flat_tags"]


def flat_tags(key: str, value: Any, place: str) -> list[Any]:
    """Tags as a list: from a string with spaces, or from those of each sentence."""
    if isinstance(value, ListLike):
        raise CorpusError(f"{place}: {key}: the tags {value.fault}")
    if isinstance(value, str):
        return value.split()
    if value is None:
        raise CorpusError(f"{place}: {key!r} is empty; give a tag for each token, or [] for no spans")
    if not isinstance(value, list | tuple):
        raise CorpusError(f"{place}: {key} is {kind_of(value)}, not a list of tags or spans")
    if value and all(isinstance(item, list | tuple) for item in value):
        return list(chain.from_iterable(value))
    return list(value)


def checked_tags(tags: list[Any], document: Document, task: str, place: str) -> list[str]:
    """Tags, once there is one of each token, a string; a null is that of a token that nobody annotated."""
    if len(tags) != len(document):
        raise CorpusError(
            f"{place}: {counted(len(tags), 'tag')} of task {task!r} for {counted(len(document), 'token')}"
        )
    types = set(map(type, tags))
    if types <= {str} and "" not in tags:
        return tags
    if type(None) in types:
        tags = [UNKNOWN if tag is None else tag for tag in tags]
    for index, tag in enumerate(tags):
        if isinstance(tag, int) and not isinstance(tag, bool):
            raise numbers_for_tags(task, place)
        if not isinstance(tag, str) or not tag:
            what = "empty" if tag == "" else kind_of(tag)
            raise CorpusError(f"{place}: tag {index + 1} of task {task!r} is {what}; every token needs a tag")
    return tags
