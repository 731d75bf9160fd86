"""A share of what is to be tagged, for jobs that run on many machines and know nothing of each other.

Of several files each shard takes every so-manieth in the order of their names; a single file is shared out by its
documents. Every file, or document, is in exactly one shard, as long as all shards see the same files. What a shard
saw and did stands in a record beside its output, so that this can be checked.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bilstm_tagger.errors import ConfigError
from bilstm_tagger.files.find_jobs import JobList
from bilstm_tagger.files.inputs import Job
from bilstm_tagger.files.report import FilesReport
from bilstm_tagger.files.streams import End, Untagged
from bilstm_tagger.files.targets import check_targets
from bilstm_tagger.io.atomic import atomic_write


@dataclass(frozen=True, slots=True)
class Shard:
    """One of equal shares.

    Attributes:
        number: which one, counted from 1.
        of: how many there are.
    """

    number: int
    of: int

    @classmethod
    def parse(cls, text: str) -> Shard:
        """The shard that `3/40` names.

        Raises:
            ConfigError: if it names none.
        """
        found = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text.strip(), re.ASCII)
        if found is None or not 1 <= int(found[1]) <= int(found[2]):
            raise ConfigError(f"--shard {text}: write it as 3/40, the third of forty, counted from 1")
        return cls(int(found[1]), int(found[2]))

    @property
    def label(self) -> str:
        """How files of this shard are named."""
        return f"{self.number}-of-{self.of}"

    def has(self, place: int) -> bool:
        """Whether what stands at a place, counted from 0, is in this shard."""
        return place % self.of == self.number - 1

    def files(self, jobs: Sequence[Job]) -> list[Job]:
        """The files of this shard; a single file is one of each shard."""
        if len(jobs) == 1:
            return list(jobs)
        return [job for place, job in enumerate(sorted(jobs, key=lambda job: job.name)) if self.has(place)]

    def documents(self, untagged: Iterable[tuple[Job, Untagged | End]]) -> Iterator[tuple[Job, Untagged | End]]:
        """The documents of this shard, of those of a single file, and the file's end."""
        place = 0
        for job, item in untagged:
            if isinstance(item, End):
                yield job, item
                continue
            if self.has(place):
                yield job, item
            place += 1


def share(jobs: JobList, targets: Mapping[Job, Path], shard: Shard) -> tuple[JobList, dict[Job, Path]]:
    """The files of a shard, and where their output goes: of a single file each shard has an output of its own.

    Args:
        jobs: the files of all shards.
        targets: where the output of each would go without shards; empty if it goes to a stream.
        shard: which one.

    Raises:
        ConfigError: if the output of two files, perhaps of different shards, would have the same name.
    """
    check_targets(targets, force=True)
    mine = shard.files(jobs.jobs)
    kept = {job: targets[job] for job in mine if job in targets}
    if len(jobs.jobs) == 1:
        kept = {job: path.with_suffix(f".{shard.label}{path.suffix}") for job, path in kept.items()}
    return jobs._replace(jobs=mine), kept


class ShardRecord:
    """What stands beside the output of a shard, once all of it is there.

    Args:
        folder: where the output goes.
        shard: which it is of.
        jobs: the files of all shards.
        facts: what the run is asked for; plain values.

    Attributes:
        path: its file.
    """

    def __init__(self, folder: Path, shard: Shard, jobs: Sequence[Job], facts: Mapping[str, Any]) -> None:
        names = "\0".join(sorted(job.name for job in jobs)).encode("utf-8", "surrogateescape")
        self.path = folder / f"shard-{shard.label}.json"
        self._seen = {"inputs": len(jobs), "inputs_sha256": hashlib.sha256(names).hexdigest(), "asked": dict(facts)}

    def is_there(self) -> bool:
        """Whether the shard has been finished, of the same files and with the same options."""
        try:
            known = json.loads(self.path.read_text("utf-8"))
        except (OSError, ValueError):
            return False
        return isinstance(known, dict) and {name: known.get(name) for name in self._seen} == self._seen

    def write(self, report: FilesReport) -> None:
        """Write what was tagged.

        Raises:
            TaggerError: if the folder cannot be written.
        """
        counts = {"files": report.files + report.finished, "documents": report.documents, "tokens": report.tokens}
        with atomic_write(self.path) as stream:
            stream.write(json.dumps({**self._seen, **counts}, ensure_ascii=False, indent=2) + "\n")
