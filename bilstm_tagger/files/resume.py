"""Going on with a run that was interrupted: what it has written stays, the rest is tagged.

A run into a folder leaves a hidden file there while it goes on, which tells what it was asked for; it is removed at
the end if all went well. Output files appear complete or not at all, so one that is newer than this file and than its
input is finished.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from bilstm_tagger.errors import ConfigError
from bilstm_tagger.files.inputs import Job
from bilstm_tagger.io.atomic import atomic_write

NAME = ".bilstm-tagger-run.json"


class Run:
    """A run into a folder.

    Attributes:
        resumed: whether it goes on with one that was interrupted.
    """

    def __init__(self, folder: Path, facts: Mapping[str, Any], *, resume: bool, name: str = NAME) -> None:
        """Look whether there is a run to go on with.

        Args:
            folder: where the output goes.
            facts: what the run is asked for; plain values.
            resume: whether to go on with an interrupted run, if there is one.
            name: of the mark; runs into one folder at the same time have different ones.

        Raises:
            ConfigError: if the interrupted run was asked for something else.
        """
        self._path = folder / name
        self._facts = dict(facts)
        before = _read(self._path) if resume else None
        if before is not None and before != self._facts:
            names = sorted(name for name in before.keys() | facts.keys() if before.get(name) != facts.get(name))
            raise ConfigError(
                f"{folder}: the interrupted run was of another {', '.join(names)}; give the same again, or begin anew "
                "with --force"
            )
        self.resumed = before is not None
        self._began = self._path.stat().st_mtime_ns if self.resumed else 0

    def begin(self) -> None:
        """Leave the mark of a run.

        Raises:
            TaggerError: if the folder cannot be written.
        """
        if not self.resumed:
            with atomic_write(self._path) as stream:
                json.dump(self._facts, stream, ensure_ascii=False)

    def has_finished(self, job: Job, target: Path) -> bool:
        """Whether the interrupted run has written the output of a file, which has not changed since."""
        if not self.resumed:
            return False
        try:
            written, changed = target.stat(), job.path.stat()
        except OSError:
            return False
        return written.st_mtime_ns >= max(self._began, changed.st_mtime_ns)

    def end(self) -> None:
        """Remove the mark: there is nothing to go on with."""
        with suppress(OSError):
            self._path.unlink()


def _read(path: Path) -> dict[str, Any] | None:
    """What an interrupted run was asked for; None if there is none, and nothing if its mark cannot be read."""
    try:
        facts = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError):
        return {}
    return facts if isinstance(facts, dict) else {}
