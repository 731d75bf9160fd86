"""Where the output of each file goes, and whether it may go there."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from bilstm_tagger.errors import ConfigError
from bilstm_tagger.files.inputs import Job


def real_path(path: Path) -> Path:
    """The path without links; a link to itself stays as it is, where `Path.resolve` raises."""
    return Path(os.path.realpath(path))


class RealPaths:
    """`real_path` that follows each folder once: of many files in it only the last step is looked up."""

    def __init__(self) -> None:
        self._folders: dict[Path, Path] = {}

    def __call__(self, path: Path) -> Path:
        """The path without links."""
        if path.name in ("", "..") or os.path.islink(path):  # noqa: PTH114 - raises nothing for names that are too long
            return real_path(path)
        folder = self._folders.get(path.parent)
        if folder is None:
            folder = self._folders[path.parent] = real_path(path.parent)
        return folder / path.name


def check_targets(targets: Mapping[Job, Path], *, force: bool, resume: bool = False) -> None:
    """Refuse, before anything is tagged, output that would overwrite a file or meet other output.

    Args:
        targets: where the output of each file goes.
        force: whether files there may be overwritten.
        resume: whether an interrupted run was to go on, and there is none.

    Raises:
        ConfigError: naming the files.
    """
    real = RealPaths()
    inputs = {real(job.path): job for job in targets}
    owners: dict[Path, Job] = {}
    for job, target in targets.items():
        place = real(target)
        if (own := inputs.get(place)) is not None:
            raise ConfigError(f"{own.path}: the tagged {job.path} would overwrite this input; use another --output")
        other = owners.setdefault(place, job)
        if other is not job:
            raise ConfigError(f"{other.path} and {job.path} would both become {target}; tag them into two folders")
    existing = [target for target in targets.values() if os.path.exists(target)]  # noqa: PTH110 - as above
    if existing and not force:
        more = f" and {len(existing) - 1} more" if len(existing) > 1 else ""
        if resume:
            raise ConfigError(
                f"{existing[0]}{more}: there already, and no run was interrupted that could go on; use --force to tag "
                "anew, or another --output"
            )
        raise ConfigError(f"{existing[0]}{more} would be overwritten; use --force or another --output")
