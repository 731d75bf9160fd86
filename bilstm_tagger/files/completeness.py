"""Whether of each file all documents that were read are tagged: nothing is lost without a word."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from bilstm_tagger.errors import TaggerError
from bilstm_tagger.files.inputs import Job
from bilstm_tagger.files.streams import End, Tagged, Untagged


def counted(untagged: Iterable[tuple[Job, Untagged | End]], read: Counter[Job]) -> Iterator[tuple[Job, Untagged | End]]:
    """The first stream; the documents of each file are counted as they are read."""
    for job, item in untagged:
        read[job] += isinstance(item, Untagged)
        yield job, item


def all_there(items: Iterable[tuple[Job, Tagged | End]], read: Counter[Job]) -> Iterator[tuple[Job, Tagged | End]]:
    """The second stream, in which each file must have as many documents at its end as were read of it.

    Raises:
        TaggerError: if one has not; what was written of it does not get its name.
    """
    tagged = 0
    for job, item in items:
        if isinstance(item, Tagged):
            tagged += 1
        else:
            if item.error is None and tagged != read[job]:
                raise TaggerError(f"internal error: {read[job]} documents of {job.path} were read, {tagged} tagged")
            del read[job]
            tagged = 0
        yield job, item
